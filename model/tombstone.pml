/*
 * Tombstone: a successor retires the cells that name old pools of its entry.
 *
 * Shows that a reader never accepts a mixture of a retired cell, that a position only ever has one
 * frame, that after a takeover the cells name at most the newest dead pool besides the holder's
 * own, that the cleaner then removes the others and never one that a cell names, and that `seq`
 * never goes back. Stands for ring/broadcast.rs::{write, take_over, retire, read, standing},
 * topic/publisher.rs::retire_cells and topic/cleaner.rs::{clean, all_named}.
 *
 * A tombstone on position p is one store: `seq` = 2(p + K) + 1, the mark of the frame that comes
 * next in this cell; the words stay. A holder's pool has the holder's number; it dies, CRASHES
 * times, and the next one comes. A cleaner looks at every pool, ROUNDS times. It sees a dead
 * pool's lock free, which a living holder's is not.
 *
 *   quick: three holders: READS=1 RING=2 FRAMES=3 CRASHES=2 ROUNDS=1
 *   full: four holders: READS=1 RING=2 FRAMES=3 CRASHES=3 ROUNDS=1
 *   full: four cells: READS=1 RING=4 FRAMES=4 CRASHES=2 ROUNDS=1
 *   mutant REWRITES_WORDS: the words are cleared at the cell's own position
 *   mutant NO_TOMBSTONES: the successor leaves old cells as they are
 *   mutant RETIRES_BEFORE_HELPING: the cell that the head does not cover yet is retired with others
 *   mutant RETIRES_NEWEST: the newest dead pool's cells are retired, too
 *   mutant CLEANER_COUNTS_ODD_CELLS: a retired cell still names its pool
 *   mutant CLEANER_LOOKS_ONCE: the rings are not read again under the lock
 */
#include "common.h"

#define NOBODY 255
#define POOLS (CRASHES + 2) /* numbered from 1 */

byte seq[RING], pool[RING], number[RING]; /* cells: words 0 and 1, and one of the others */
byte head;
byte holder = NOBODY;    /* the living holder's number, which is also its pool's */
byte linked;             /* mask: the files of these pools are there */
byte seen[FRAMES + 1]; /* what the first reader of a position found */
bool finished;

#define STANDS(i) (seq[i] != 0 && seq[i] % 2 == 0)
#define NAMES(i, p) (STANDS(i) && pool[i] == p)
#define POSITION(sequence) ((sequence) / 2 - 1)
/* No `seq` ever goes back. */
#define STORE_SEQ(i, value) atomic { assert((value) >= seq[i]); seq[i] = value }

/* ring/broadcast.rs::take_over */
inline take_over() {
  n = head;
  if
  :: seq[n % RING] == COMPLETE(n) -> n++; STEP(head = n)
  :: else
  fi
}

/* topic/publisher.rs::retire_cells: what names any pool but the newest dead one. */
#if defined(NO_TOMBSTONES)
#define OLD(p) false
#elif defined(RETIRES_NEWEST)
#define OLD(p) true
#else
#define OLD(p) p != newest
#endif
#ifdef REWRITES_WORDS
#define RETIRE(i) \
  STEP(seq[i] = seq[i] - 1); \
  STEP(pool[i] = 0); \
  STEP(number[i] = 0); \
  STEP(seq[i] = seq[i] + 1)
#else
#define RETIRE(i) STEP(STORE_SEQ(i, WRITING(POSITION(seq[i]) + RING)))
#endif
inline retire() {
  newest = (n > 0 -> pool[(n - 1) % RING] : 0);
  do
  :: i < RING && STANDS(i) && OLD(pool[i]) -> RETIRE(i); i++
  :: i < RING && !(STANDS(i) && OLD(pool[i])) -> i++
  :: i == RING -> i = 0; break
  od
}
#ifdef RETIRES_BEFORE_HELPING
#define BEGIN n = head; retire(); take_over()
#else
#define BEGIN take_over(); retire()
#endif

active proctype publisher() {
  byte n, i, sent, life, newest;

alive:
  atomic { life++; holder = life; linked = WITH(linked, life) };
  BEGIN;
  /* The newest frame stands, and no cell names an older pool. */
  atomic {
    assert(n == 0 || seq[(n - 1) % RING] == COMPLETE(n - 1));
    for (i : 0 .. RING - 1) { assert(!STANDS(i) || pool[i] == newest) };
    i = 0;
    newest = 0 };
  do
  :: sent < FRAMES ->
    sent++;
    STEP(STORE_SEQ(n % RING, WRITING(n)));
    STEP(pool[n % RING] = life);
    STEP(number[n % RING] = 16 * life + sent);
    STEP(STORE_SEQ(n % RING, COMPLETE(n)));
    STEP(head = n + 1);
    n++
  :: break
  od;
  finished = true;
  goto end;
dead:
  atomic { holder = NOBODY; n = 0; i = 0; newest = 0; goto alive };
end: skip
}

active proctype reader() {
  byte reads, p, before, first, second;

  do
  :: reads < READS ->
    reads++;
    if
    :: head > 0 -> p = head - 1
    :: head > 1 -> p = head - 2
    :: p = head
    fi;
    before = seq[p % RING];
    if
    :: before == COMPLETE(p) ->
      first = pool[p % RING];
      second = number[p % RING];
      if
      :: seq[p % RING] == before ->
        atomic {
          assert(second / 16 == first);
          assert(seen[p] == 0 || seen[p] == second);
          seen[p] = second }
      :: else
      fi
    :: else
    fi;
    atomic { p = 0; before = 0; first = 0; second = 0 }
  :: else -> break
  od
}

#ifdef CLEANER_COUNTS_ODD_CELLS
#define COUNTS(i) seq[i] != 0
#else
#define COUNTS(i) STANDS(i)
#endif

/* topic/cleaner.rs::all_named, for pool `q`. */
inline look_for_name() {
  do
  :: i < RING ->
    counts = COUNTS(i);
    if
    :: counts && pool[i] == q -> named = true
    :: else
    fi;
    i++
  :: atomic { i == RING -> i = 0; counts = false; break }
  od
}

#ifdef CLEANER_LOOKS_ONCE
#define LOOK_AGAIN skip
#else
#define LOOK_AGAIN look_for_name()
#endif

/* topic/cleaner.rs::remove_pool, for every pool; the alive byte of a dead holder's is free. */
inline clean() {
  do
  :: q < POOLS && !HAS(linked, q) -> q++
  :: q < POOLS && HAS(linked, q) ->
    named = false;
    look_for_name();
    if
    :: !named && holder != q ->
      LOOK_AGAIN;
      atomic {
        if
        :: !named ->
          for (i : 0 .. RING - 1) { assert(!NAMES(i, q)) };
          i = 0;
          linked = WITHOUT(linked, q)
        :: else
        fi }
    :: else
    fi;
    q++
  :: q == POOLS -> q = 1; break
  od
}

active proctype cleaner() {
  byte rounds, q = 1, i;
  bool named, counts;

  do
  :: rounds < ROUNDS || rounds == ROUNDS && finished -> rounds++; clean()
  :: rounds > ROUNDS -> break
  od;
  /* The last round with the last holder alive: what is left of the dead is named. */
  atomic {
    for (q : 1 .. POOLS - 1) {
      named = !HAS(linked, q) || q == holder;
      for (i : 0 .. RING - 1) { named = named || NAMES(i, q) };
      assert(named) }
  }
}
