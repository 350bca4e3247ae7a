/*
 * Takeover: one publisher entry, held by one process after another.
 *
 * Shows that a position only ever has one frame, that no position below the head is empty, and
 * that a descriptor is never a mixture, wherever the holders die. Stands for
 * ring/broadcast.rs::{write, take_over, read} under topic/file.rs::claim_publisher.
 *
 * The holders send up to FRAMES frames in all into RING cells; a crash is the end of one and the
 * beginning of the next. Each frame has a number of its own, in both of its words. READERS
 * processes read READS times each, at the newest position, the one before it, or the next, which
 * need not be there: Broadcast::read does not ask for the head.
 *
 *   quick: two deaths: READERS=1 READS=2 RING=2 FRAMES=3 CRASHES=2
 *   full: two readers, three deaths: READERS=2 READS=2 RING=2 FRAMES=3 CRASHES=3
 *   mutant NO_HELP: the successor begins at the head, whatever stands there
 *   mutant ALWAYS_HELPS: the successor moves the head, whatever stands there
 *   mutant HEAD_FIRST: write moves the head before the cell is complete
 */
/* edge: cell-complete */
/* edge: head */
/* edge: entry-lock */
#include "common.h"

byte seq[RING], first_word[RING], second_word[RING];
byte head;
byte frames;                /* the last frame's number */
byte seen[FRAMES + 1];    /* what the first reader of a position found */

#if defined(NO_HELP)
#define HELP(n) false
#elif defined(ALWAYS_HELPS)
#define HELP(n) true
#else
#define HELP(n) seq[n % RING] == COMPLETE(n)
#endif
#ifdef HEAD_FIRST
#define BEFORE(n) STEP(head = n + 1)
#define AFTER(n) skip
#else
#define BEFORE(n) skip
#define AFTER(n) STEP(head = n + 1)
#endif

active proctype publisher() {
  byte n, sent;

alive:
  n = head;
  if
  :: HELP(n) -> n++; STEP(head = n)
  :: else
  fi;
  do
  :: sent < FRAMES ->
    sent++;
    frames++;
    STEP(seq[n % RING] = WRITING(n));
    STEP(first_word[n % RING] = frames);
    STEP(second_word[n % RING] = frames);
    BEFORE(n);
    STEP(seq[n % RING] = COMPLETE(n));
    AFTER(n);
    n++
  :: break
  od;
  goto end;
#if CRASHES
dead:
  n = 0;
  goto alive;
#endif
end: skip
}

proctype reader() {
  byte reads, p, before, first, second;
  bool below; /* the head is above it */

  do
  :: reads < READS ->
    reads++;
    if
    :: atomic { head > 0 -> p = head - 1; below = true }
    :: atomic { head > 1 -> p = head - 2; below = true }
    :: p = head
    fi;
    before = seq[p % RING];
    assert(before >= COMPLETE(p) || !below);
    if
    :: before == COMPLETE(p) ->
      first = first_word[p % RING];
      second = second_word[p % RING];
      if
      :: seq[p % RING] == before ->
        atomic {
          assert(first == second);
          assert(seen[p] == 0 || seen[p] == first);
          seen[p] = first }
      :: else
      fi
    :: else
    fi;
    atomic { p = 0; before = 0; first = 0; second = 0; below = false }
  :: else -> break
  od
}

init {
  byte i;
  atomic {
    for (i : 1 .. READERS) { run reader() }
  }
}
