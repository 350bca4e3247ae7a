/*
 * Wake: a subscriber that goes to sleep while a publisher sends.
 *
 * Shows that no wake-up is lost, on the futex or on a FIFO, while the publisher lives: a lost one
 * is a process that waits for ever. Stands for ring/wait.rs::{announce, withdraw,
 * someone_sleeps, take_marks}, ring/futex.rs and shm/fifo.rs. A FIFO is a doorbell that stays rung until it is read.
 *
 * The publishers send FRAMES frames each to a subscriber on the futex and one on a FIFO, both of
 * which read up to the last. A publisher dies where CRASHES says so; then, and only then, a sleeper
 * may wake by itself: its 100 ms. Stores and loads of one process stay in order but for what the
 * mutants NO_PUBLISHER_FENCE and NO_SUBSCRIBER_FENCE allow: a load before an earlier store.
 *
 *   quick: one publisher: PUBLISHERS=1 FRAMES=2
 *   quick: one publisher, 1 crash: PUBLISHERS=1 FRAMES=2 CRASHES=1
 *   full: one publisher, three frames: PUBLISHERS=1 FRAMES=3
 *   full: two publishers, 1 crash: PUBLISHERS=2 FRAMES=1 CRASHES=1
 *   mutant NO_PUBLISHER_FENCE: `sleepers` may be loaded before the head is stored
 *   mutant NO_SUBSCRIBER_FENCE: the heads may be loaded before the bit is set
 *   mutant NO_SECOND_LOOK: the subscriber sleeps without another look at the heads
 *   mutant COUNT_READ_LATE: `wake_seq` is loaded after the second look
 *   mutant NO_COUNT: `wake_seq` is not raised
 *   mutant CLEARS_AFTERWARDS: the publisher clears all bits after ringing
 */
/* edge: wake-mark */
/* edge: wake-head */
/* edge: wake-count */
#include "common.h"

byte head[PUBLISHERS];
byte sleepers;    /* mask: bit 0 the subscriber on the futex, bit 1 the one on its FIFO */
byte wake_seq;
bool on_futex;    /* sleeps in the kernel */
bool rung;        /* a byte is in the FIFO */
byte due;         /* mask: a publisher died, so this subscriber's 100 ms may be needed */
byte finished;    /* publishers, dead or done */
byte sent;        /* the sum of the heads */

#define STORE(n) atomic { head[me] = n; sent++ }
#ifdef NO_PUBLISHER_FENCE
#define SEND(n) \
  if \
  :: STORE(n); asleep = sleepers \
  :: asleep = sleepers; STORE(n) \
  fi
#else
#define SEND(n) STEP(STORE(n)); asleep = sleepers
#endif
#ifdef CLEARS_AFTERWARDS
#define TAKE bits = sleepers
#define CLEAR sleepers = 0
#else
#define TAKE STEP(atomic { bits = sleepers; sleepers = 0 })
#define CLEAR skip
#endif
#ifdef NO_COUNT
#define COUNT skip
#else
#define COUNT STEP(wake_seq++)
#endif

proctype publisher(byte me) {
  byte n, asleep, bits;

  do
  :: n < FRAMES ->
    n++;
    SEND(n);
    if
    :: asleep != 0 ->
      TAKE;
      COUNT;
      if
      :: HAS(bits, 1) -> STEP(rung = true)
      :: else
      fi;
      if
      :: HAS(bits, 0) -> STEP(on_futex = false)
      :: else
      fi;
      CLEAR;
      bits = 0
    :: else
    fi
  :: else -> break
  od;
  finished++;
  goto end;
#if CRASHES
dead:
  atomic { due = 3; finished++ };
#endif
end: skip
}

/* The heads, one by one. Each only grows, so two equal sums mean that none has moved. */
inline look() {
  news = 0;
  do
  :: i < PUBLISHERS -> news = news + head[i]; i++
  :: atomic { i == PUBLISHERS -> i = 0; break }
  od
}
#ifdef COUNT_READ_LATE
#define EARLY_COUNT skip
#define LATE_COUNT count = wake_seq
#else
#define EARLY_COUNT count = wake_seq
#define LATE_COUNT skip
#endif
#if defined(NO_SECOND_LOOK)
#define ANNOUNCE sleepers = WITH(sleepers, me)
#elif defined(NO_SUBSCRIBER_FENCE)
#define ANNOUNCE \
  if \
  :: sleepers = WITH(sleepers, me); look() \
  :: look(); sleepers = WITH(sleepers, me) \
  fi
#else
#define ANNOUNCE sleepers = WITH(sleepers, me); look()
#endif

/* Asleep with nothing left to see. */
#define OVER finished == PUBLISHERS && got == sent

proctype subscriber(byte me) {
  byte got, news, i, count;

  do
  :: look();
    atomic { got = news; news = 0 };
    EARLY_COUNT;
    ANNOUNCE;
    LATE_COUNT;
    if
    :: news != got
    :: news == got && me == 0 ->
      /* futex wait: sleeps if the count is still the one that was read. */
      if
      :: atomic { wake_seq == count -> on_futex = true };
        if
        :: !on_futex
#if CRASHES
        :: atomic { HAS(due, me) -> due = WITHOUT(due, me); on_futex = false }
#endif
        :: OVER -> break
        fi
      :: wake_seq != count
      fi
    :: news == got && me == 1 ->
      if
      :: atomic { rung -> rung = false }
#if CRASHES
      :: atomic { HAS(due, me) -> due = WITHOUT(due, me) }
#endif
      :: OVER -> break
      fi
    fi;
    atomic { sleepers = WITHOUT(sleepers, me); got = 0; news = 0; count = 0 }
  od
}

init {
  byte i;
  atomic {
    for (i : 0 .. PUBLISHERS - 1) { run publisher(i) };
    run subscriber(0);
    run subscriber(1)
  }
}
