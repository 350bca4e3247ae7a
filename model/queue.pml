/*
 * Queue: consumers that share the frames of a ring, each frame going to one of them.
 *
 * Shows for at-least-once delivery (AT_LEAST_ONCE) that every frame is delivered, and twice only
 * where a consumer died with it; for at-most-once that none is delivered twice, and none left out
 * but where a consumer died with it; that a cell is not overwritten while a consumer has it; and
 * that all of this ends. Stands for ring/queue.rs::{offer, offer_late, take, done,
 * give_back, withdraw, recover}, ring/broadcast.rs::take_over with an offer, and
 * topic/file.rs::{claim_subscriber, bury_subscriber}.
 *
 * A claim word is `position + 1 : who`, 0 FREE, an entry + 1, or DONE. A producer writes FRAMES
 * positions into RING cells, CONSUMERS take them, in any order. Only a cell that is DONE is
 * overwritten. Whoever holds the lock of a dead consumer's entry puts back or drops what it had
 * taken: the next holder of the entry before it consumes, the producer when it wants the cell,
 * and, at least once, the other consumers. LOSSY: the producer drops what nobody has taken. Dead
 * processes come back; PRODUCER_DIES: the producer dies, too, once.
 *
 *   quick: at least once, 2 crashes: AT_LEAST_ONCE=1 CONSUMERS=2 RING=2 FRAMES=3 CRASHES=2
 *   quick: at most once, 2 crashes: CONSUMERS=2 RING=2 FRAMES=3 CRASHES=2
 *   quick: at least once, 1 + 1 crashes:
 *     AT_LEAST_ONCE=1 CONSUMERS=2 RING=1 FRAMES=3 CRASHES=1 PRODUCER_DIES=1
 *   quick: lossy, at most once, 1 + 1 crashes:
 *     CONSUMERS=2 RING=1 FRAMES=3 CRASHES=1 PRODUCER_DIES=1 LOSSY=1
 *   full: at least once, 2 + 1 crashes:
 *     AT_LEAST_ONCE=1 CONSUMERS=2 RING=2 FRAMES=4 CRASHES=2 PRODUCER_DIES=1
 *   full: at most once, 2 + 1 crashes: CONSUMERS=2 RING=2 FRAMES=4 CRASHES=2 PRODUCER_DIES=1
 *   full: lossy, at least once, 2 + 1 crashes:
 *     AT_LEAST_ONCE=1 CONSUMERS=2 RING=2 FRAMES=4 CRASHES=2 PRODUCER_DIES=1 LOSSY=1
 *   full: three consumers, at least once, 1 crash:
 *     AT_LEAST_ONCE=1 CONSUMERS=3 RING=2 FRAMES=3 CRASHES=1
 *   mutant RECOVER_WITHOUT_LOCK: a claim is put back without the lock of its entry
 *   mutant RECOVER_STORES: a claim is put back by a store
 *   mutant OVERWRITE_WITHOUT_DONE: the producer does not wait for DONE
 *   mutant CLAIM_WITHOUT_POSITION (RING=1): the exchange compares `who` only
 *   mutant TAKE_CHECKS_THEN_STORES: a claim is looked at first and stored afterwards
 *   mutant NEW_HOLDER_DOES_NOT_RECOVER: what the predecessor of the entry had stays taken
 *   mutant TAKEOVER_DOES_NOT_OFFER (PRODUCER_DIES=1): the head is helped, the claim is not
 *   mutant TAKEOVER_OFFERS_AGAIN (PRODUCER_DIES=1): an offer that stands already is made again
 *   mutant DROP_STORES (LOSSY=1): a frame is dropped by a store
 */
/* edge: claim-offered */
/* edge: claim-done */
/* edge: claim-again */
#include "common.h"

#define FREE 0
#define DONE 255
#define ALL (BIT(FRAMES) - 1)
#define PRODUCER 255

byte seq[RING];
byte content[RING];       /* n + 1 for position n, 0 while it is written */
byte claim_position[RING];
byte claim_who[RING];
byte head;
byte entry_lock[CONSUMERS];

/* For the assertions: positions done with, delivered, had by a consumer that died, dropped. */
byte done, delivered, died, dropped;
byte finished;

#if PRODUCER_DIES
bool producer_died;
#define PRODUCER_DIE atomic { !producer_died -> producer_died = true; goto producer_dead }
#define PRODUCER_STEP(...) if :: __VA_ARGS__ :: PRODUCER_DIE fi
#else
#define PRODUCER_STEP(...) __VA_ARGS__
#endif

/* What becomes of a claim whose holder is dead. */
#if AT_LEAST_ONCE
#define PUT_BACK(i) claim_who[i] = FREE
#else
#define PUT_BACK(i) claim_who[i] = DONE; done = WITH(done, claim_position[i] - 1)
#endif
#ifdef RECOVER_WITHOUT_LOCK
#define MAY_LOCK(entry) true
#define LOCK(entry, holder) skip
#define UNLOCK(entry) skip
#else
#define MAY_LOCK(entry) entry_lock[entry] == 0
#define LOCK(entry, holder) entry_lock[entry] = holder
#define UNLOCK(entry) entry_lock[entry] = 0
#endif
#ifdef RECOVER_STORES
#define STILL(i, position, who) true
#else
#define STILL(i, position, who) claim_position[i] == position && claim_who[i] == who
#endif

/* Cell `i` holds `position`, taken by `who`, as seen when the lock of `who` was to be had. */
#define TAKEN(i) (claim_who[i] != FREE && claim_who[i] != DONE)
#define ABANDONED(i) TAKEN(i) && MAY_LOCK(claim_who[i] - 1)
#define SEE(cell) i = cell; position = claim_position[i]; who = claim_who[i]
#define RECOVER(SOME_STEP, holder) \
  if \
  :: atomic { MAY_LOCK(who - 1) -> LOCK(who - 1, holder) }; \
    SOME_STEP(atomic { \
      if \
      :: STILL(i, position, who) -> PUT_BACK(i) \
      :: else \
      fi }); \
    UNLOCK(who - 1) \
  :: else \
  fi; \
  atomic { i = 0; position = 0; who = 0 }

#ifdef OVERWRITE_WITHOUT_DONE
#define HAS_ROOM true
#else
#define HAS_ROOM \
  (n < RING || claim_who[n % RING] == DONE && claim_position[n % RING] == n + 1 - RING)
#endif
#ifdef DROP_STORES
#define STILL_FREE true
#else
#define STILL_FREE claim_who[i] == FREE
#endif
#ifdef TAKEOVER_OFFERS_AGAIN
#define OFFERED(n) false
#else
#define OFFERED(n) claim_position[n % RING] == n + 1
#endif
#ifdef TAKEOVER_DOES_NOT_OFFER
#define OFFER(n) skip
#else
#define OFFER(n) claim_position[n % RING] = n + 1; claim_who[n % RING] = FREE
#endif

active proctype producer() {
  byte n, i, position, who;

#if PRODUCER_DIES
alive:
  /* ring/broadcast.rs::take_over, with a claim: offered unless that was done. */
  n = head;
  if
  :: seq[n % RING] == COMPLETE(n) ->
    PRODUCER_STEP(atomic {
      if
      :: OFFERED(n) -> skip
      :: else -> OFFER(n)
      fi });
    n++;
    PRODUCER_STEP(head = n)
  :: else
  fi;
#endif
  do
  :: n < FRAMES ->
    do
    :: HAS_ROOM -> break
#if LOSSY
    :: atomic { n >= RING && claim_who[n % RING] == FREE -> i = n % RING };
      PRODUCER_STEP(atomic {
        if
        :: STILL_FREE ->
          claim_who[i] = DONE;
          dropped = WITH(dropped, claim_position[i] - 1);
          done = WITH(done, claim_position[i] - 1)
        :: else
        fi })
#endif
    :: atomic { n >= RING && ABANDONED(n % RING) -> SEE(n % RING) };
      RECOVER(PRODUCER_STEP, PRODUCER)
    od;
    PRODUCER_STEP(atomic { seq[n % RING] = WRITING(n); content[n % RING] = 0 });
    PRODUCER_STEP(atomic { content[n % RING] = n + 1; seq[n % RING] = COMPLETE(n) });
    PRODUCER_STEP(atomic { claim_position[n % RING] = n + 1; claim_who[n % RING] = FREE });
    PRODUCER_STEP(head = n + 1);
    n++
  :: else -> break
  od;
  goto end;
#if PRODUCER_DIES
producer_dead:
  atomic {
    for (i : 0 .. CONSUMERS - 1) {
      if
      :: entry_lock[i] == PRODUCER -> entry_lock[i] = 0
      :: else
      fi };
    n = 0; i = 0; position = 0; who = 0;
    goto alive
  };
#endif
end: skip
}

#if defined(CLAIM_WITHOUT_POSITION)
#define MAY_TAKE claim_who[i] == FREE
#elif defined(TAKE_CHECKS_THEN_STORES)
#define MAY_TAKE true
#else
#define MAY_TAKE claim_who[i] == FREE && claim_position[i] == position
#endif
#define OFFERED_IN(i) claim_who[i] == FREE && claim_position[i] > 0

#if AT_LEAST_ONCE
#define MAY_COME_AGAIN HAS(died, position - 1)
#define MAY_BE_MISSING 0
#else
#define MAY_COME_AGAIN false
#define MAY_BE_MISSING died
#endif
inline deliver() {
  assert(!HAS(delivered, position - 1) || MAY_COME_AGAIN);
  delivered = WITH(delivered, position - 1)
}

/* Before the delivery at most once, after it at least once. */
inline acknowledge() {
  assert(claim_position[i] == position && claim_who[i] == e + 1 && content[i] == position);
  claim_who[i] = DONE;
  done = WITH(done, position - 1)
}

proctype consumer(byte me) {
  byte e, i, position, who;
  bool has; /* took `position` and has not come to the end of it */

alive:
  do
  :: atomic { entry_lock[e] == 0 -> entry_lock[e] = me + 1; break }
  :: e = (e + 1) % CONSUMERS
  od;
#ifndef NEW_HOLDER_DOES_NOT_RECOVER
  do
  :: i < RING ->
    STEP(atomic {
      if
      :: claim_who[i] == e + 1 -> PUT_BACK(i)
      :: else
      fi;
      i++ })
  :: atomic { i == RING -> i = 0; break }
  od;
#endif
look:
  if
  :: atomic { OFFERED_IN(0) -> i = 0; position = claim_position[0] }
#if RING > 1
  :: atomic { OFFERED_IN(1) -> i = 1; position = claim_position[1] }
#endif
#if AT_LEAST_ONCE
  :: atomic { ABANDONED(0) -> SEE(0) }; RECOVER(STEP, me + 1); goto look
#if RING > 1
  :: atomic { ABANDONED(1) -> SEE(1) }; RECOVER(STEP, me + 1); goto look
#endif
#endif
  :: done == ALL -> goto over
  fi;
  STEP(atomic {
    if
    :: MAY_TAKE -> claim_who[i] = e + 1; has = true
    :: else
    fi });
  if
  :: has ->
    /* Reads the cell, acquires the slot. */
    assert(content[i] == position);
#if AT_LEAST_ONCE
    if
    :: STEP(atomic { deliver() });
      STEP(atomic { acknowledge(); has = false })
    :: STEP(atomic { claim_who[i] = FREE; has = false }) /* gives it back */
    fi
#else
    STEP(atomic { acknowledge() });
    STEP(atomic { deliver(); has = false })
#endif
  :: else
  fi;
  atomic { i = 0; position = 0 };
  goto look;
over:
  atomic { entry_lock[e] = 0; finished++; goto end };
#if CRASHES
dead:
  atomic {
    if
    :: has -> died = WITH(died, position - 1)
    :: else
    fi;
    for (e : 0 .. CONSUMERS - 1) {
      if
      :: entry_lock[e] == me + 1 -> entry_lock[e] = 0
      :: else
      fi };
    e = 0; i = 0; position = 0; who = 0; has = false;
    goto alive
  };
#endif
end: skip
}

init {
  byte i;
  atomic {
    for (i : 0 .. CONSUMERS - 1) { run consumer(i) }
  };
  finished == CONSUMERS;
  assert((delivered | dropped | MAY_BE_MISSING) == ALL)
}
