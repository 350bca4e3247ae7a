/*
 * Table: lock bytes between the threads of one process and between processes.
 *
 * Shows that a byte has one holder at a time though the kernel grants it to every thread of a
 * process that asks through one description; that an unlock never drops another thread's lock;
 * that `is_held` never calls a living holder dead; and that no byte is lost. Stands for
 * shm/file.rs::{claim, borrow, release, is_held} and the set of bytes beside the descriptor.
 *
 * Process 1 has THREADS threads and one description, process 2 one thread and a description of its
 * own. Each thread uses one byte TURNS times: claims it and gives it back, borrows it, or asks
 * whether it is held. CRASHES: process 1 dies, with all its threads, and its locks fall.
 *
 *   quick: two threads: THREADS=2 TURNS=2 CRASHES=0
 *   quick: two threads, 1 crash: THREADS=2 TURNS=2 CRASHES=1
 *   full: three threads, 1 crash: THREADS=3 TURNS=2 CRASHES=1
 *   mutant NO_TABLE: only the kernel is asked
 *   mutant NO_MUTEX: set and kernel are asked one after the other, with nothing around it
 *   mutant SET_AFTER_MUTEX: claim notes the byte after it has let go of the mutex
 *   mutant HELD_ASKS_KERNEL_ONLY: `is_held` does not look into the set
 */
/* edge: entry-lock */
#include "common.h"

byte kernel;   /* the process whose description has the byte; 0: none */
bool noted[3]; /* the byte is in this process's set */
bool mutex[3]; /* this process's mutex is taken */
byte has[3];   /* for the assertions: threads of this process that believe they have the byte */
bool process_died;

#ifdef NO_MUTEX
#define ENTER skip
#define LEAVE skip
#else
#define ENTER atomic { !mutex[process] -> mutex[process] = true }
#define LEAVE mutex[process] = false
#endif
#ifdef NO_TABLE
#define NOTED false
#define HELD_HERE false
#elif defined(HELD_ASKS_KERNEL_ONLY)
#define NOTED noted[process]
#define HELD_HERE false
#else
#define NOTED noted[process]
#define HELD_HERE noted[process]
#endif
#ifdef SET_AFTER_MUTEX
#define NOTE_INSIDE skip
#define NOTE_OUTSIDE noted[process] = true
#else
#define NOTE_INSIDE noted[process] = true
#define NOTE_OUTSIDE skip
#endif

/* The kernel grants a byte to the description that has it already. */
inline lock() {
  atomic {
    granted = kernel == 0 || kernel == process;
    if
    :: granted ->
      kernel = process;
      has[process]++;
      assert(has[1] + has[2] == 1)
    :: else
    fi }
}

inline unlock() {
  atomic {
    assert(kernel == process);
    has[process]--;
    kernel = 0 }
}

inline claim_and_release() {
  ENTER;
  if
  :: !NOTED -> lock()
  :: NOTED
  fi;
  if
  :: granted -> NOTE_INSIDE; LEAVE; NOTE_OUTSIDE;
    /* Much later: */
    ENTER;
    noted[process] = false;
    unlock();
    LEAVE
  :: else -> LEAVE
  fi
}

inline borrow() {
  ENTER;
  if
  :: !NOTED -> lock()
  :: NOTED
  fi;
  if
  :: granted -> unlock()
  :: else
  fi;
  LEAVE
}

inline is_held() {
  ENTER;
  atomic {
    held = HELD_HERE;
    if
    :: !held && (kernel == 0 || kernel == process) -> assert(has[1] + has[2] == 0)
    :: else
    fi };
  LEAVE
}

byte done;

proctype thread(byte process) {
  byte turns;
  bool granted, held;

  {
    do
    :: turns < TURNS ->
      turns++;
      if
      :: claim_and_release()
      :: borrow()
      :: is_held()
      fi;
      atomic { granted = false; held = false }
    :: else -> break
    od
#if CRASHES
  } unless { process == 1 && process_died }
#else
  }
#endif
  ;
  done++
}

#if CRASHES
/* Process 1 dies, or lives to its end. */
active proctype kernel_at_death() {
  if
  :: atomic {
      process_died = true;
      kernel = (kernel == 1 -> 0 : kernel);
      has[1] = 0 }
  :: done > THREADS
  fi
}
#endif

init {
  byte i;
  atomic {
    for (i : 1 .. THREADS) { run thread(1) };
    run thread(2)
  };
  done == THREADS + 1;
  assert(kernel == 0)
}
