/*
 * Local counts: threads of one process that share one reader bit, and threads of the owner's own
 * process that use none.
 *
 * Shows that a frame never changes while any thread has it, that the bit stands exactly while one
 * has, and that a slot is free at the end. Stands for pool/local.rs::{add, again, sub}, with
 * pool/word.rs::{acquire, release} behind them, and for pool/owner.rs::acquire and
 * pool/private.rs::{sub, reuse} on the owner's private word.
 *
 * One slot, filled FILLS times; THREADS readers add, clone and drop holds LOOKS times each;
 * OWN_THREADS subscribers in the owner's process do the same. A descriptor may be old. A process
 * dies as a whole, which core.pml is about.
 *
 *   quick: one thread, one of the owner: THREADS=1 OWN_THREADS=1 FILLS=3 LOOKS=2
 *   quick: two threads: THREADS=2 OWN_THREADS=0 FILLS=2 LOOKS=2
 *   full: two threads, two of the owner: THREADS=2 OWN_THREADS=2 FILLS=2 LOOKS=1
 *   full: two threads, one of the owner: THREADS=2 OWN_THREADS=1 FILLS=3 LOOKS=2
 *   mutant NO_LOCK (THREADS=2 OWN_THREADS=0): the count moves without covering what is done to the
 *     shared word
 *   mutant NO_GENERATION (THREADS=2 OWN_THREADS=0): a thread joins the holds on another frame of
 *     the slot
 *   mutant COUNT_BEFORE_BIT (THREADS=2 OWN_THREADS=0): the count is one before the shared word is
 *     acquired
 *   mutant OWN_FROM_ZERO (OWN_THREADS=2): a subscriber of the owner's joins a count of zero
 *   mutant OWN_WITHOUT_GENERATION (OWN_THREADS=2): it joins whatever frame is there
 *   mutant OWN_LOADS_THEN_STORES (OWN_THREADS=2): it adds without an exchange
 */
#include "common.h"

/* The shared word, the slot, the descriptor in the ring: generation + 1, 0 for none. */
byte generation;
bool reader_bit;
byte frame; /* generation + 1, 0 while it is written */
byte cell;

/* pool/local.rs: the word of the reader process. */
byte local_generation, local_count;
bool locked;

/* pool/private.rs::Private, and which list the slot is in. */
byte own_generation, own_count;
mtype = { in_use, draining, free };
mtype slot = in_use;

byte finished;

/* pool/owner.rs::put_back and ::collect_drained */
inline recycle() {
  atomic {
    if
    :: !reader_bit -> generation++; slot = free
    :: else -> slot = draining
    fi }
}

/* pool/hold.rs::drop */
inline give_back() {
  atomic {
    assert(own_count > 0);
    own_count--;
    last = own_count == 0 };
  if
  :: last -> recycle()
  :: else
  fi
}

active proctype owner() {
  byte fills;
  bool last;

  own_count = 1;
  do
  :: fills < FILLS ->
    fills++;
    frame = 0;
    frame = generation + 1;
    cell = generation + 1;
    if
    :: atomic { own_count == 1 -> own_count = 0 };
      /* pool/hold.rs::reuse */
      atomic {
        last = !reader_bit;
        if
        :: last -> generation++
        :: else
        fi };
      if
      :: last -> atomic { own_generation = generation; own_count = 1 }; goto warm
      :: else -> own_count = 1
      fi
    :: true
    fi;
    give_back();
    /* pool/owner.rs::allocate */
    do
    :: slot == free -> break
    :: slot == draining && !reader_bit -> recycle()
    od;
    atomic { slot = in_use; own_generation = generation; own_count = 1 };
warm:
    last = false
  :: else -> break
  od;
  finished == THREADS + OWN_THREADS;
  assert(!reader_bit && !locked && local_count == 0 && own_count == 1)
}

#if THREADS
/* What the first holder's two writes leave, before and after the shared word; the last's. */
#if defined(NO_LOCK) || defined(COUNT_BEFORE_BIT)
#define FIRST_BEGINS local_count = 1; local_generation = wanted
#define FIRST_ENDS skip
#else
#define FIRST_BEGINS locked = true
#define FIRST_ENDS atomic { locked = false; local_count = 1; local_generation = wanted }
#endif
#ifdef NO_LOCK
#define LAST_BEGINS local_count = 0
#define LAST_ENDS skip
#else
#define LAST_BEGINS locked = true
#define LAST_ENDS atomic { locked = false; local_count = 0 }
#endif
#ifdef NO_GENERATION
#define ANOTHER false
#else
#define ANOTHER local_generation != wanted
#endif

/* pool/local.rs::add */
inline add() {
  atomic {
    !locked;
    if
    :: local_count > 0 && ANOTHER -> goto refused
    :: local_count > 0 && !(ANOTHER) -> local_count++
    :: local_count == 0 -> alone = true; FIRST_BEGINS
    fi };
  if
  :: alone ->
    atomic {
      if
      :: generation == wanted -> reader_bit = true
      :: else -> alone = false
      fi };
    if
    :: alone -> alone = false; FIRST_ENDS
    :: else -> atomic { locked = false; local_count = 0; goto refused }
    fi
  :: else
  fi
}

/* pool/local.rs::sub */
inline sub() {
  atomic {
    !locked;
    assert(local_count > 0);
    if
    :: local_count > 1 -> local_count--
    :: local_count == 1 -> alone = true; LAST_BEGINS
    fi };
  if
  :: alone -> alone = false; reader_bit = false; LAST_ENDS
  :: else
  fi
}

proctype thread() {
  byte looks, wanted, holds;
  bool alone, cloned;

  do
  :: looks < LOOKS ->
    looks++;
    atomic { cell > 0 -> wanted = cell - 1 };
    add();
    holds = 1;
    do
    :: holds == 1 && !cloned -> /* pool/local.rs::again */
      atomic { assert(local_count > 0 && !locked); local_count++; holds++; cloned = true }
    :: holds > 0 ->
      assert(frame == wanted + 1);
      sub();
      holds--
    :: holds == 0 -> break
    od;
refused:
    atomic { wanted = 0; cloned = false }
  :: else -> break
  od;
  finished++
}
#endif

#if OWN_THREADS
#ifdef OWN_FROM_ZERO
#define HELD true
#else
#define HELD own_count > 0
#endif
#ifdef OWN_WITHOUT_GENERATION
#define MINE true
#else
#define MINE own_generation == wanted
#endif

#ifdef OWN_LOADS_THEN_STORES
#define JOIN count = own_count
#define JOINED own_count = count + 1
#else
#define JOIN own_count++
#define JOINED skip
#endif

proctype own_thread() {
  byte looks, wanted, holds, count;
  bool last, cloned;

  do
  :: looks < LOOKS ->
    looks++;
    atomic { cell > 0 -> wanted = cell - 1 };
    /* pool/owner.rs::acquire */
    atomic {
      if
      :: HELD && MINE -> JOIN
      :: else -> goto refused
      fi };
    JOINED;
    holds = 1;
    do
    :: holds == 1 && !cloned -> /* pool/hold.rs::clone */
      atomic { assert(own_count > 0); own_count++; holds++; cloned = true }
    :: holds > 0 ->
      assert(frame == wanted + 1);
      give_back();
      holds--
    :: holds == 0 -> break
    od;
refused:
    atomic { wanted = 0; last = false; cloned = false }
  :: else -> break
  od;
  finished++
}
#endif

init {
  byte i;
  atomic {
#if THREADS
    for (i : 1 .. THREADS) { run thread() };
#endif
#if OWN_THREADS
    for (i : 1 .. OWN_THREADS) { run own_thread() };
#endif
    i = 0
  }
}
