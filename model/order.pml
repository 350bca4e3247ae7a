/*
 * Order: the cell and the slot word on a machine that reorders relaxed accesses.
 *
 * Shows that the fences and orders of the code are enough: a reader accepts no mixed descriptor and
 * sees no frame change, though each process carries out its loads and stores in any order that its
 * fences, Acquires and Releases allow. Memory is one for all (multi-copy atomic: x86, arm64), and a
 * store does not run ahead of the condition that it depends on. Stands for
 * ring/broadcast.rs::{write, read} and pool/word.rs::{acquire, release, recycle}, edges
 * `cell-complete`, `cell-odd`, `slot-recycled` and `slot-released`.
 *
 * The owner sends FRAMES frames, in two slots and RING cells, each as soon as it can recycle
 * one; a descriptor has two words, a frame two parts. The reader reads READS times. EARLY_READS:
 * the reader may look at a frame before the exchange that acquires it, which does no harm, since
 * the exchange proves that the frame had not changed.
 *
 *   quick: one cell: FRAMES=4 RING=1 READS=2
 *   quick: early reads: FRAMES=3 RING=1 READS=2 EARLY_READS=1
 *   full: two cells: FRAMES=6 RING=2 READS=2 EARLY_READS=1
 *   mutant NO_RELEASE_FENCE: write does without the fence after the odd mark
 *   mutant NO_ACQUIRE_FENCE: read does without the fence before its second look
 *   mutant RELAXED_COMPLETE: the even mark is Relaxed
 *   mutant RELAXED_FIRST_LOOK: the first look at `seq` is Relaxed
 *   mutant RELAXED_RELEASE: a reader gives back its bit Relaxed
 */
/* edge: cell-odd */
#include "common.h"

byte seq[RING], word_slot[RING], word_fill[RING];
byte generation[2];
bool looked_at[2]; /* the reader's bit */
byte left[2], right[2]; /* the parts of a frame: n + 1 */
byte head;

/* An access that has not been made may be made when `ready` is true. */
#define MAY(done, ready) !done && (ready) -> done = true

#ifdef NO_RELEASE_FENCE
#define FENCED_BY_ODD true
#else
#define FENCED_BY_ODD odd
#endif
#ifdef RELAXED_COMPLETE
#define FRAME_IS_THERE odd
#else
#define FRAME_IS_THERE odd && slot_word && fill_word && left_part && right_part
#endif
#ifdef RELAXED_FIRST_LOOK
#define FIRST_LOOKED true
#else
#define FIRST_LOOKED first
#endif
#ifdef NO_ACQUIRE_FENCE
#define WORDS_READ first
#else
#define WORDS_READ first && slot_word && fill_word
#endif
#if EARLY_READS
#define MAY_READ_FRAME slot_word
#else
#define MAY_READ_FRAME acquired
#endif
#ifdef RELAXED_RELEASE
#define FRAME_READ acquired
#else
#define FRAME_READ acquired && left_part && right_part
#endif

active proctype owner() {
  byte n, s;
  bool left_part, right_part, odd, slot_word, fill_word, even;

  do
  :: n < FRAMES ->
    /* A slot never used, or one recycled: an exchange, AcqRel, which nothing passes. */
    if
    :: atomic { n < 2 -> s = n }
    :: n >= 2 ->
      if
      :: atomic { !looked_at[0] -> s = 0; generation[0]++ }
      :: atomic { !looked_at[1] -> s = 1; generation[1]++ }
      fi
    fi;
    do
    :: atomic { MAY(left_part, true); left[s] = n + 1 }
    :: atomic { MAY(right_part, true); right[s] = n + 1 }
    :: atomic { MAY(odd, true); seq[n % RING] = WRITING(n) }
    :: atomic { MAY(slot_word, FENCED_BY_ODD); word_slot[n % RING] = s }
    :: atomic { MAY(fill_word, FENCED_BY_ODD); word_fill[n % RING] = generation[s] }
    :: atomic { MAY(even, FRAME_IS_THERE); seq[n % RING] = COMPLETE(n) }
    :: atomic {
        left_part && right_part && odd && slot_word && fill_word && even ->
        left_part = false; right_part = false; odd = false;
        slot_word = false; fill_word = false; even = false; break }
    od;
    head = n + 1;
    n++
  :: else -> break
  od
}

active proctype reader() {
  byte reads, p, before, after, s, fill, l, r;
  bool first, slot_word, fill_word, second, acquired, left_part, right_part, released;

  do
  :: reads < READS ->
    reads++;
    if
    :: atomic { head > 0 -> p = head - 1 }
    :: p = head /* may come while the reader looks: Broadcast::read does not ask for the head */
    fi;
    do
    :: atomic { MAY(first, true); before = seq[p % RING] }
    :: atomic { MAY(slot_word, FIRST_LOOKED); s = word_slot[p % RING] }
    :: atomic { MAY(fill_word, FIRST_LOOKED); fill = word_fill[p % RING] }
    :: atomic { MAY(second, WORDS_READ); after = seq[p % RING] }
    :: atomic {
        first && slot_word && fill_word && second && !acquired ->
        if
        :: before == COMPLETE(p) && after == before && generation[s] == fill ->
          looked_at[s] = true;
          acquired = true
        :: else -> break /* missed */
        fi }
    :: atomic { MAY(left_part, MAY_READ_FRAME); l = left[s] }
    :: atomic { MAY(right_part, MAY_READ_FRAME); r = right[s] }
    :: atomic { MAY(released, FRAME_READ); looked_at[s] = false }
    :: atomic {
        acquired && left_part && right_part && released ->
        assert(l == p + 1 && r == p + 1);
        break }
    od;
    atomic {
      first = false; slot_word = false; fill_word = false; second = false; acquired = false;
      left_part = false; right_part = false; released = false;
      p = 0; before = 0; after = 0; s = 0; fill = 0; l = 0; r = 0 }
  :: else -> break
  od
}
