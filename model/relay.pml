/*
 * Relay: a reader that sends the frames of another's pool on in a ring of its own.
 *
 * Shows that a frame never changes while a reader of the relay has it, that no slot is lost
 * whoever dies, and *availability*: while the relay lives, a frame that it keeps can always be
 * acquired, for its bit stands in the owner's pool. Stands for topic/publisher.rs::{publish, keep}
 * with a hold of pool/reader.rs, and for what core.pml stands for.
 *
 * The owner publishes FRAMES frames in one cell and keeps DEPTH; the relay passes on RELAYS of
 * them, keeps RELAY_DEPTH in as many cells, and may pass on the same frame twice; a reader reads
 * READS times from the relay. The relay holds entry 0 of the pool, the reader entry 1. A cell is
 * read and written in one step here: core.pml and order.pml are about that. When the relay is
 * dead its cells go stale, which is no error.
 *
 *   quick: one kept, 1 + 1 crashes:
 *     FRAMES=3 RELAYS=2 READS=1 DEPTH=1 RELAY_DEPTH=1 SLOTS=2 ENTRIES=2 FIXED=1 CRASHES=1
 *     OWNER_DIES=1
 *   full: two kept, 1 + 1 crashes:
 *     FRAMES=4 RELAYS=3 READS=2 DEPTH=1 RELAY_DEPTH=2 SLOTS=3 ENTRIES=2 FIXED=1 CRASHES=1
 *     OWNER_DIES=1
 *   full: one kept, 2 + 1 crashes:
 *     FRAMES=4 RELAYS=3 READS=1 DEPTH=1 RELAY_DEPTH=1 SLOTS=2 ENTRIES=2 FIXED=1 CRASHES=2
 *     OWNER_DIES=1
 *   mutant NO_OWN_BIT: the relay sends descriptors on without a hold
 *   mutant BIT_GOES_WITH_THE_FRAME: the relay lets go when its user does, while the cell stands
 *   mutant BIT_GOES_BEFORE_THE_CELL: the relay lets go of the oldest frame before it is replaced
 *   mutant NO_LOCAL_COUNT: of two holds on one slot the first to go takes the bit
 */
#include "common.h"

/* The owner's cell, the relay's ring: slot, fill count and position of the frame. */
byte cell_slot, cell_fill, cell_frame;
byte ring_slot[RELAY_DEPTH], ring_fill[RELAY_DEPTH], ring_frame[RELAY_DEPTH];
byte ring_seq[RELAY_DEPTH];
byte head;
byte finished;

#define NEVER 255
byte first = NEVER; /* the living relay's first position: what is before it may be stale */

active proctype owner() {
  OWNER_VARIABLES;

  do
  :: n < FRAMES ->
    allocate();
    OWNER_STEP(frame[s] = 0);
    OWNER_STEP(frame[s] = n + 1);
    OWNER_STEP(atomic { cell_slot = s; cell_fill = fill[s]; cell_frame = n + 1 });
    keep();
    n++
  :: else -> break
  od;
  finished == 2;
  audit();
#if OWNER_DIES
owner_dead:
#endif
  owner_leaves()
}

/* pool/local.rs::sub: one of this process's holds goes, with the last one the bit. */
#ifdef NO_LOCAL_COUNT
#define LAST(s) true
#else
#define LAST(s) held[s] == 1
#endif
inline let_go(slot) {
  s = slot;
  if
  :: LAST(s) -> release()
  :: else
  fi;
  held[s] = held[s] - (held[s] > 0 -> 1 : 0)
}

/* The hold on what stood RELAY_DEPTH positions earlier goes when the cell has been replaced. */
inline let_go_of_oldest() {
  if
  :: n - first >= RELAY_DEPTH -> s_sent = s; let_go(kept[n % RELAY_DEPTH]); s = s_sent
  :: else
  fi
}
#if defined(NO_OWN_BIT)
#define ACQUIRE skip
#define BEFORE skip
#define AFTER skip
#elif defined(BIT_GOES_WITH_THE_FRAME)
#define BEFORE skip
#define AFTER let_go(s)
#elif defined(BIT_GOES_BEFORE_THE_CELL)
#define BEFORE let_go_of_oldest()
#define AFTER skip
#else
#define BEFORE skip
#define AFTER let_go_of_oldest()
#endif
#ifndef ACQUIRE
#define ACQUIRE acquire()
#endif

active proctype relay() {
  byte me, e, s, s_sent, fill, number, i, n;
  byte kept[RELAY_DEPTH];
  byte held[SLOTS];

alive:
  claim_entry();
  /* ring/broadcast.rs::take_over */
  n = head;
  if
  :: ring_seq[n % RELAY_DEPTH] == COMPLETE(n) -> n++; STEP(head = n)
  :: else
  fi;
  first = n;
  do
  :: i < RELAYS ->
    i++;
    if
    :: atomic { cell_frame > 0 -> s = cell_slot; fill = cell_fill; number = cell_frame }
    :: owner_gone && cell_frame == 0 -> goto missed
    fi;
    if
    :: held[s] == 0 -> ACQUIRE
    :: else /* pool/local.rs::add: held, so it is the same frame */
    fi;
    assert(frame[s] == number);
    held[s]++;
    BEFORE;
    STEP(atomic {
      ring_slot[n % RELAY_DEPTH] = s;
      ring_fill[n % RELAY_DEPTH] = fill;
      ring_frame[n % RELAY_DEPTH] = number;
      ring_seq[n % RELAY_DEPTH] = COMPLETE(n) });
    STEP(head = n + 1);
    AFTER;
    kept[n % RELAY_DEPTH] = s;
    n++;
missed:
    atomic { s = 0; s_sent = 0; fill = 0; number = 0 }
  :: else -> break
  od;
  /* Closes: lets go of all that it keeps. */
  first = NEVER;
  do
  :: s < SLOTS ->
    if
    :: held[s] > 0 -> release()
    :: else
    fi;
    s++
  :: else -> break
  od;
  finished++;
  goto end;
#if CRASHES
dead:
  atomic {
    entry_lock[e] = 0;
    first = NEVER;
    e = 0; s = 0; s_sent = 0; fill = 0; number = 0;
    for (n : 0 .. SLOTS - 1) { held[n] = 0 }
    for (n : 0 .. RELAY_DEPTH - 1) { kept[n] = 0 }
    n = 0;
    if
    :: goto alive
    :: finished++
    fi
  };
#endif
end: skip
}

active proctype reader() {
  byte me = 1, e, s, fill, number, i, p;

alive:
  claim_entry();
  do
  :: i < READS ->
    i++;
    if
    :: head > 0 -> p = head - 1
    :: head == 0 && finished > 0 -> goto nothing
    fi;
    atomic {
      if
      :: ring_seq[p % RELAY_DEPTH] == COMPLETE(p) ->
        s = ring_slot[p % RELAY_DEPTH];
        fill = ring_fill[p % RELAY_DEPTH];
        number = ring_frame[p % RELAY_DEPTH]
      :: else -> goto nothing /* lapped */
      fi };
    acquire();
    assert(frame[s] == number);
    assert(frame[s] == number);
    release();
    goto nothing;
missed:
    /* Availability. */
    assert(p < first || head - p > RELAY_DEPTH);
nothing:
    atomic { s = 0; fill = 0; number = 0; p = 0 }
  :: else -> break
  od;
  finished++;
  goto end;
#if CRASHES
dead:
  atomic {
    entry_lock[e] = 0;
    e = 0; s = 0; fill = 0; number = 0; p = 0;
    if
    :: goto alive
    :: finished++
    fi
  };
#endif
end: skip
}
