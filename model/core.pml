/*
 * Core: an owner that publishes and recycles, readers that acquire and release.
 *
 * Shows that a frame never changes while a reader has it, that a descriptor is never a mixture,
 * that no slot is lost, and with SIZING that `depth + loan + borrows` slots are enough.
 * Stands for pool/word.rs::{acquire, release, recycle, scrub}, pool/owner.rs::{allocate,
 * put_back, scrub_dead}, pool/reader.rs::claim_entry, ring/broadcast.rs::{write, read} and
 * topic/publisher.rs::{keep, evict}.
 *
 * READERS processes read READS times each, from FRAMES frames in a ring of RING cells of which
 * the owner keeps DEPTH, in SLOTS slots. The owner takes the lowest free slot; ANY_SLOT: any. A
 * reader takes any free entry of ENTRIES; FIXED: its own. A dead reader comes back, or does not.
 * OWNER_DIES: the owner may die, too, once. WRAP: a word has two generations only, so that all
 * beyond the first two frames of a slot needs `fill_hi`. Slot and fill count are read apart from
 * each other, though one word of a descriptor has both: any two words may be torn.
 *
 *   quick: one reader, any slot, 1 + 1 crashes:
 *     READERS=1 READS=2 FRAMES=4 RING=2 DEPTH=2 SLOTS=3 ENTRIES=2 ANY_SLOT=1 CRASHES=1
 *     OWNER_DIES=1
 *   quick: one reader, 3 crashes:
 *     READERS=1 READS=2 FRAMES=4 RING=2 DEPTH=1 SLOTS=2 ENTRIES=2 CRASHES=3
 *   quick: two readers, 1 crash:
 *     READERS=2 READS=1 FRAMES=3 RING=1 DEPTH=1 SLOTS=2 ENTRIES=2 CRASHES=1
 *   quick: wrap, 1 crash:
 *     READERS=1 READS=2 FRAMES=6 RING=2 DEPTH=1 SLOTS=2 ENTRIES=1 FIXED=1 CRASHES=1 WRAP=1
 *   quick: sizing: READERS=2 READS=2 FRAMES=3 RING=1 DEPTH=1 SLOTS=4 ENTRIES=2 FIXED=1 SIZING=1
 *   full: two readers, 2 + 1 crashes:
 *     READERS=2 READS=2 FRAMES=4 RING=2 DEPTH=2 SLOTS=3 ENTRIES=2 CRASHES=2 OWNER_DIES=1
 *   full: two readers, any slot, 1 crash:
 *     READERS=2 READS=1 FRAMES=4 RING=2 DEPTH=2 SLOTS=3 ENTRIES=2 ANY_SLOT=1 CRASHES=1
 *   full: two readers, depth below ring, 1 crash:
 *     READERS=2 READS=2 FRAMES=5 RING=2 DEPTH=1 SLOTS=3 ENTRIES=2 FIXED=1 CRASHES=1
 *   full: three readers, 1 crash:
 *     READERS=3 READS=1 FRAMES=4 RING=1 DEPTH=1 SLOTS=2 ENTRIES=3 FIXED=1 CRASHES=1
 *   full: two readers, wrap, 1 crash:
 *     READERS=2 READS=1 FRAMES=6 RING=2 DEPTH=1 SLOTS=2 ENTRIES=2 FIXED=1 CRASHES=1 WRAP=1
 *   full: sizing: READERS=2 READS=2 FRAMES=7 RING=2 DEPTH=2 SLOTS=5 ENTRIES=2 FIXED=1 SIZING=1
 *   mutant NO_GENERATION: acquire does not compare the generation
 *   mutant ACQUIRE_CHECKS_THEN_SETS: acquire compares first and sets the bit afterwards
 *   mutant RECYCLE_CHECKS_THEN_STORES: recycle looks at the bits first and stores afterwards
 *   mutant RECYCLE_KEEPS_GENERATION: recycle leaves the generation as it is
 *   mutant RECYCLE_IGNORES_READERS: recycle does not look at the bits
 *   mutant NO_ODD_MARK: write begins with the words
 *   mutant NO_SECOND_LOOK: read does not load `seq` again
 *   mutant SCRUB_WITHOUT_LOCK: the owner scrubs an entry whose lock it has not
 *   mutant CLAIM_WITHOUT_SCRUB: a new holder leaves the bits of the dead one
 *   mutant RELEASE_CLEARS_ALL (READERS=2 READS=1 FIXED=1): release clears the bits of all readers
 *   mutant RELEASE_LOADS_THEN_STORES (READERS=2 READS=1 FIXED=1): release is no read-modify-write
 *   mutant NO_FILL_HI (FRAMES=6 DEPTH=1 SLOTS=2 ENTRIES=1 WRAP=1): acquire does not compare
 *     `fill_hi`
 *   mutant FILL_HI_AFTER_WORD (FRAMES=6 DEPTH=1 SLOTS=2 ENTRIES=1 WRAP=1): recycle stores
 *     `fill_hi` last
 *   mutant ONE_SLOT_LESS (READERS=2 FRAMES=5 RING=1 DEPTH=1 CRASHES=0 OWNER_DIES=0 SIZING=1): the
 *     bound is tight
 */
/* edge: slot-recycled */
/* edge: slot-released */
#include "common.h"

#ifdef ONE_SLOT_LESS
#undef SLOTS
#define SLOTS 3
#endif

/* The ring. */
byte seq[RING];
byte cell_slot[RING];
byte cell_fill[RING];
byte head;

byte finished; /* readers that read no more */

active proctype owner() {
  OWNER_VARIABLES;

  do
  :: n < FRAMES ->
    allocate();
    OWNER_STEP(frame[s] = 0);
    OWNER_STEP(frame[s] = n + 1);
    /* ring/broadcast.rs::write */
#ifndef NO_ODD_MARK
    OWNER_STEP(seq[n % RING] = WRITING(n));
#endif
    OWNER_STEP(cell_slot[n % RING] = s);
    OWNER_STEP(cell_fill[n % RING] = fill[s]);
    OWNER_STEP(seq[n % RING] = COMPLETE(n));
    OWNER_STEP(head = n + 1);
    keep();
    n++
  :: else -> break
  od;

  finished == READERS;
  audit();
#if OWNER_DIES
owner_dead:
#endif
  owner_leaves()
}

proctype reader(byte me) {
  byte e, i, p, s, fill;
#ifdef RELEASE_LOADS_THEN_STORES
  byte word;
#endif

alive:
  claim_entry();
  do
  :: i < READS ->
    i++;
    if
    :: head > 0 -> p = head - 1
    :: owner_gone && head == 0 -> goto missed
    fi;
    /* ring/broadcast.rs::read */
    if
    :: seq[p % RING] != COMPLETE(p) -> goto missed
    :: else
    fi;
    s = cell_slot[p % RING];
    fill = cell_fill[p % RING];
#ifndef NO_SECOND_LOOK
    if
    :: seq[p % RING] != COMPLETE(p) -> goto missed
    :: else
    fi;
#endif
    acquire();
    /* The first look at the frame and the last: nothing ever becomes p + 1 again. */
    assert(frame[s] == p + 1);
    assert(frame[s] == p + 1);
    release();
missed:
    atomic { s = 0; p = 0; fill = 0 }
  :: else -> break
  od;
  finished++;
  atomic { owner_gone -> entry_lock[e] = 0; goto end };
#if CRASHES
dead:
  atomic {
    entry_lock[e] = 0;
    e = 0; s = 0; p = 0; fill = 0;
    if
    :: goto alive
    :: finished++
    fi
  };
#endif
end: skip
}

init {
  byte i;
  atomic {
    do
    :: i < READERS -> run reader(i); i++
    :: else -> break
    od }
}
