/*
 * Name: a topic's file, which is opened or made, removed, and made again under the same name.
 *
 * Shows that all who use a topic at one time use the same file, and that it keeps its name as long
 * as one of them does; and that none is left at the end. Stands for shm/directory.rs::{create,
 * open_file}, topic/file.rs::open and topic/cleaner.rs::remove_topic.
 *
 * PROCESSES open the topic, or make it where there is none, use it, close it and clean, LIVES
 * times each. A crash is the end of a life. Files are numbered in the order of their making; the
 * link count of one is above 0 while the name leads to it. Byte 0 is shared or exclusive.
 *
 *   quick: two processes, 1 crash: PROCESSES=2 LIVES=2 CRASHES=1
 *   quick: three processes: PROCESSES=3 LIVES=1 CRASHES=1
 *   full: three processes, two lives, 1 crash: PROCESSES=3 LIVES=2 CRASHES=1
 *   mutant CLEANER_WITHOUT_LINK_COUNT (PROCESSES=3 LIVES=1): a cleaner does not look whether the
 *     file has its name
 *   mutant ATTACH_WITHOUT_LINK_COUNT: nor does who opens
 *   mutant CLEANER_SHARES: a cleaner decides under the shared lock
 *   mutant LINK_COUNT_BEFORE_LOCK (PROCESSES=3 LIVES=1): a cleaner looks at the link count too
 *     early
 *   mutant LOCK_AFTER_NAME: a file has its name before its maker has the lock
 *   mutant NAME_IS_TAKEN_OVER: a maker replaces the file of another that was faster
 */
/* edge: file-named */
/* edge: file-attached */
#include "common.h"

#define FILES (PROCESSES * PROCESSES * LIVES + 1)

byte name;             /* the file that it leads to; 0: none */
byte made;             /* files so far */
byte shared[FILES];    /* mask: processes with the shared lock on byte 0 */
byte exclusive[FILES]; /* the process with the exclusive lock, + 1 */
byte ended;

#if CRASHES
#define DIED crashes < CRASHES
#else
#define DIED false
#endif
#define DROP(file) \
  shared[file] = WITHOUT(shared[file], me); \
  exclusive[file] = (exclusive[file] == me + 1 -> 0 : exclusive[file])
#define SHARE(file) shared[file] = WITH(shared[file], me)

#ifdef LOCK_AFTER_NAME
#define LOCK_BEFORE skip
#define LOCK_AFTER STEP(SHARE(file))
#else
#define LOCK_BEFORE SHARE(file)
#define LOCK_AFTER skip
#endif
#ifdef NAME_IS_TAKEN_OVER
#define MAY_NAME true
#else
#define MAY_NAME name == 0
#endif
#ifdef ATTACH_WITHOUT_LINK_COUNT
#define ATTACHED true
#else
#define ATTACHED name == file
#endif

/* shm/directory.rs: opens what is there, or makes it. */
inline open_or_create() {
  do
  :: atomic { name != 0 -> file = name };
    if
    :: atomic { exclusive[file] == 0 -> SHARE(file) };
      if
      :: ATTACHED -> break
      :: else -> atomic { DROP(file); file = 0 }
      fi
    :: atomic { exclusive[file] != 0 -> file = 0 } /* busy */
    fi
  :: atomic { name == 0 -> made++; file = made; LOCK_BEFORE };
    STEP(atomic {
      if
      :: MAY_NAME -> name = file; had_none = true
      :: else -> DROP(file); file = 0
      fi });
    if
    :: had_none -> had_none = false; LOCK_AFTER; break
    :: else
    fi
  od
}

#ifdef CLEANER_SHARES
#define TRY_OWN(file) exclusive[file] == 0 -> SHARE(file)
#else
#define TRY_OWN(file) exclusive[file] == 0 && shared[file] == 0 -> exclusive[file] = me + 1
#endif
#if defined(CLEANER_WITHOUT_LINK_COUNT)
#define EARLY_LOOK true
#define LATE_LOOK true
#elif defined(LINK_COUNT_BEFORE_LOCK)
#define EARLY_LOOK name == file
#define LATE_LOOK true
#else
#define EARLY_LOOK true
#define LATE_LOOK name == file
#endif

/* topic/cleaner.rs::remove_topic: unlinks whatever the name leads to. */
inline clean() {
  if
  :: atomic { name != 0 -> file = name };
    if
    :: !(EARLY_LOOK)
    :: EARLY_LOOK ->
      if
      :: atomic { TRY_OWN(file) };
        if
        :: LATE_LOOK -> STEP(name = 0)
        :: else
        fi;
        atomic { DROP(file) }
      :: else
      fi
    fi
  :: name == 0
  fi
}

proctype process(byte me) {
  byte lives, file;
  bool had_none;

alive:
  do
  :: lives < LIVES ->
    lives++;
    open_or_create();
    assert(name == file);
    STEP(atomic { assert(name == file); DROP(file); file = 0 });
    clean();
    file = 0
  :: else -> break
  od;
  goto end;
#if CRASHES
dead:
  atomic {
    if
    :: file != 0 -> DROP(file)
    :: else
    fi;
    file = 0; had_none = false;
    goto alive };
#endif
end: ended++
}

init {
  byte i;

  atomic {
    for (i : 0 .. PROCESSES - 1) { run process(i) }
  };
  /* Nothing is left, but for a process that died where it would have cleaned. */
  ended == PROCESSES;
  assert(name == 0 || DIED)
}
