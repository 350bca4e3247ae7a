/*
 * What the models share: crashes, sets of bits, the sequence word of a cell.
 *
 * A crash is SIGKILL. It is possible before each shared write, read-modify-write and lock
 * operation, which are written STEP(...): a crash after one of them is a crash before the next,
 * and reading leaves nothing behind. The kernel then drops the locks of the dead process (label
 * `dead`), and everything else stays as it is. CRASHES says how many there may be in a search.
 */
#if CRASHES
byte crashes = CRASHES;
#define DIE atomic { crashes > 0 -> crashes--; goto dead }
#define STEP(...) if :: __VA_ARGS__ :: DIE fi
#else
#define STEP(...) __VA_ARGS__
#endif

/* Sets of small numbers, for the halves of words that are masks. */
#define BIT(i) (1 << (i))
#define HAS(set, i) (((set) >> (i)) & 1)
#define WITH(set, i) ((set) | BIT(i))
#define WITHOUT(set, i) ((set) & ~BIT(i))

/* ring/broadcast.rs::complete, and the odd mark before it. */
#define COMPLETE(n) (2 * (n) + 2)
#define WRITING(n) (2 * (n) + 1)

#ifdef SLOTS
/*
 * A pool, as the models of frames use it: pool/word.rs and what owner and readers do with it. The
 * owner has OWNER_VARIABLES and, where it may die, the label `owner_dead`; a reader has the
 * variables me, e, s and fill, and the label `missed`.
 */
#if WRAP
#define GENERATIONS 2
#else
#define GENERATIONS 256
#endif
#define LOW(fill) ((fill) % GENERATIONS)
#define HIGH(fill) ((fill) / GENERATIONS)
#define ALL (BIT(SLOTS) - 1)
#define OWNER 255

byte generation[SLOTS]; /* high half of a slot's word */
byte readers[SLOTS];    /* low half: bit r, reader entry r looks at it */
byte fill_hi[SLOTS];
byte frame[SLOTS];      /* what the slot holds: n + 1 for frame n, 0 while it is written */

byte entry_lock[ENTRIES]; /* 0: free, else the holder */
bool owner_gone;          /* dead, or done with its audit */

#if OWNER_DIES
bool owner_died;
#define OWNER_DIE atomic { !owner_died -> owner_died = true; goto owner_dead }
#define OWNER_STEP(...) if :: __VA_ARGS__ :: OWNER_DIE fi
#else
#define OWNER_STEP(...) __VA_ARGS__
#endif

/* `n` is the next position; the frames from `oldest` on are kept. */
#ifdef RECYCLE_CHECKS_THEN_STORES
bool unused;
#endif
#define OWNER_VARIABLES \
  byte n, s, r, seen, oldest; \
  byte free = ALL, draining; \
  byte fill[SLOTS], kept[DEPTH]

/* pool/word.rs::recycle: moves draining slot `s` to the free ones if no reader looks at it. */
#if defined(RECYCLE_IGNORES_READERS)
#define UNUSED(s) true
#elif defined(RECYCLE_CHECKS_THEN_STORES)
#define UNUSED(s) unused
#else
#define UNUSED(s) readers[s] == 0
#endif
#ifdef RECYCLE_KEEPS_GENERATION
#define NEXT(fill) fill
#else
#define NEXT(fill) fill + 1
#endif

inline recycle(s) {
#ifdef RECYCLE_CHECKS_THEN_STORES
  unused = readers[s] == 0;
#endif
#if WRAP && !defined(FILL_HI_AFTER_WORD)
  OWNER_STEP(fill_hi[s] = HIGH(fill[s] + 1));
#endif
  OWNER_STEP(atomic {
    if
    :: UNUSED(s) ->
      fill[s] = NEXT(fill[s]);
      generation[s] = LOW(fill[s]);
      readers[s] = 0;
      draining = WITHOUT(draining, s);
      free = WITH(free, s)
    :: else
    fi });
#if WRAP && defined(FILL_HI_AFTER_WORD)
  OWNER_STEP(fill_hi[s] = HIGH(fill[s]));
#endif
}

/* pool/owner.rs::collect_drained */
inline collect_drained() {
  do
  :: atomic { s < SLOTS && HAS(draining, s) -> skip }; recycle(s); s++
  :: atomic { s < SLOTS && !HAS(draining, s) -> s++ }
  :: atomic { s == SLOTS -> s = 0; break }
  od
}

/* pool/owner.rs::scrub_dead: entries that draining slots name and whose lock can be had. */
#ifdef SCRUB_WITHOUT_LOCK
#define CAN_BORROW(r) true
#define BORROW(r) skip
#define GIVE_BACK(r) skip
#else
#define CAN_BORROW(r) entry_lock[r] == 0
#define BORROW(r) entry_lock[r] = OWNER
#define GIVE_BACK(r) entry_lock[r] = 0
#endif

inline scrub_dead() {
  do
  :: r < ENTRIES ->
    atomic {
      seen = 0;
      do
      :: s < SLOTS -> seen = seen | (HAS(draining, s) -> readers[s] : 0); s++
      :: else -> s = 0; break
      od;
      if
      :: HAS(seen, r) && CAN_BORROW(r) -> BORROW(r)
      :: else -> goto next_entry
      fi };
    do
    :: s < SLOTS -> OWNER_STEP(atomic { readers[s] = WITHOUT(readers[s], r); s++ })
    :: atomic { s == SLOTS -> s = 0; break }
    od;
    GIVE_BACK(r);
next_entry:
    r++
  :: atomic { r == ENTRIES -> r = 0; break }
  od
}

/* topic/publisher.rs::evict: the oldest frame goes. */
inline evict() {
  atomic { s = kept[oldest % DEPTH]; oldest++; draining = WITH(draining, s) };
  recycle(s);
  s = 0
}

/* pool/owner.rs::allocate and topic/publisher.rs::allocate: `s` becomes a free slot. */
#if ANY_SLOT
#define MAY_PASS(s) free >> (s + 1) != 0
#else
#define MAY_PASS(s) !HAS(free, s)
#endif

inline allocate() {
  do
  :: collect_drained();
#if CRASHES
    if
    :: free == 0 -> scrub_dead(); collect_drained()
    :: else
    fi;
#endif
#if SIZING
    assert(free != 0);
    break
#else
    if
    :: free != 0 -> break
    :: free == 0 && oldest < n -> evict()
    :: free == 0 && oldest == n /* POOL_EXHAUSTED, until a reader lets go */
    fi
#endif
  od;
  atomic {
    do
    :: HAS(free, s) -> free = WITHOUT(free, s); break
    :: MAY_PASS(s) -> s++
    od }
}

/* topic/publisher.rs::keep: the loan's hold goes to the ring, what is beyond DEPTH goes. */
inline keep() {
  if
  :: n - oldest == DEPTH ->
    atomic {
      seen = s;
      s = kept[oldest % DEPTH];
      oldest++;
      kept[n % DEPTH] = seen;
      seen = 0;
      draining = WITH(draining, s) };
    recycle(s)
  :: else -> kept[n % DEPTH] = s
  fi;
  s = 0
}

/* With all frames let go and the dead scrubbed, every slot is free. */
inline audit() {
  do
  :: oldest < n -> evict()
  :: else -> break
  od;
#if CRASHES
  scrub_dead();
#endif
  collect_drained();
  assert(free == ALL)
}

/* The owner's locks fall: byte 1, and that of the entry it was scrubbing. */
inline owner_leaves() {
  atomic {
    owner_gone = true;
#if OWNER_DIES
    r = 0;
    do
    :: r < ENTRIES && entry_lock[r] == OWNER -> entry_lock[r] = 0; r++
    :: r < ENTRIES && entry_lock[r] != OWNER -> r++
    :: r == ENTRIES -> break
    od
#endif
  }
}

/* Takes a free entry, as pool/reader.rs::claim_entry does. */
inline claim_entry() {
#if FIXED
  atomic { entry_lock[me] == 0 -> entry_lock[me] = me + 1; e = me };
#else
  do
  :: atomic { entry_lock[e] == 0 -> entry_lock[e] = me + 1; break }
  :: e = (e + 1) % ENTRIES
  od;
#endif
#ifndef CLAIM_WITHOUT_SCRUB
  do
  :: s < SLOTS -> STEP(atomic { readers[s] = WITHOUT(readers[s], e); s++ })
  :: atomic { s == SLOTS -> s = 0; break }
  od
#endif
}

/* pool/word.rs::release */
inline release() {
#if defined(RELEASE_CLEARS_ALL)
  readers[s] = 0
#elif defined(RELEASE_LOADS_THEN_STORES)
  word = readers[s];
  readers[s] = WITHOUT(word, e)
#else
  STEP(readers[s] = WITHOUT(readers[s], e))
#endif
}

/* pool/word.rs::acquire */
#ifdef NO_GENERATION
#define SAME(a, b) true
#else
#define SAME(a, b) a == b
#endif

inline acquire() {
#ifdef ACQUIRE_CHECKS_THEN_SETS
  if
  :: generation[s] != LOW(fill) -> goto missed
  :: else
  fi;
  readers[s] = WITH(readers[s], e);
#else
  STEP(atomic {
    if
    :: SAME(generation[s], LOW(fill)) -> readers[s] = WITH(readers[s], e)
    :: else -> goto missed
    fi });
#endif
#if WRAP && !defined(NO_FILL_HI)
  if
  :: fill_hi[s] != HIGH(fill) -> release(); goto missed
  :: else
  fi
#endif
}
#endif
