/*
 * Lossless: a publisher that waits for subscribers that must not miss a frame.
 *
 * Shows that from joining to leaving a subscriber sees every position, however it joins, leaves,
 * dies and comes back; that a dead one is cleared away and a living one never is; and that nobody
 * waits for ever. Stands for ring/lossless.rs::{join, leave, advance, slowest},
 * ring/room.rs::{block, unblock}, topic/gauge.rs::{lossless_room, tell_writers} and
 * topic/publisher.rs::await_room.
 *
 * SUBSCRIBERS processes join up to LIVES times each, read what they like and leave; the publisher
 * sends FRAMES frames into RING cells. A frame is a position here. A dead subscriber comes back
 * or does not; PUBLISHER_DIES: the publisher dies, once, and comes back. A waker that dies between
 * moving its cursor and waking leaves a sleeper to its own 100 ms; only then may it wake by itself.
 *
 *   quick: one subscriber, 1 + 1 crashes:
 *     SUBSCRIBERS=1 LIVES=2 RING=2 FRAMES=4 CRASHES=1 PUBLISHER_DIES=1
 *   quick: one cell, 1 crash: SUBSCRIBERS=1 LIVES=2 RING=1 FRAMES=3 CRASHES=1
 *   full: two subscribers, 1 crash: SUBSCRIBERS=2 LIVES=1 RING=2 FRAMES=4 CRASHES=1
 *   full: two subscribers, 1 + 1 crashes:
 *     SUBSCRIBERS=2 LIVES=1 RING=2 FRAMES=3 CRASHES=1 PUBLISHER_DIES=1
 *   mutant INFINITY_FIRST: join enters with a cursor that limits nobody, then sets it
 *   mutant CURSOR_ONCE: join loads the head before its bit stands, and not again
 *   mutant CLEAR_WITHOUT_LOCK (RING=1): the publisher lets go of a dead one's lock before clearing
 *     its bit
 *   mutant NO_DEATH_TEST: the publisher only waits
 *   mutant NO_LAST_LOOK: the publisher does not look again after saying that it waits
 *   mutant ROOM_READ_LATE: the publisher loads `room_seq` after its last look
 *   mutant SLEEP_ON_ANOTHER (SUBSCRIBERS=2): it sleeps though the slowest is another by then
 *   mutant LEAVE_WITHOUT_WAKING: a subscriber that leaves does not wake the publisher
 *   mutant CURSOR_BEFORE_READING: a cursor moves before its frame is held
 */
/* edge: lossless-mark */
/* edge: lossless-cursor */
/* edge: room-mark */
/* edge: room-count */
#include "common.h"

#define UNLIMITED 255
#define PUBLISHER 255

byte seq[RING];
byte head;
byte lossless;               /* mask: these subscribers must not miss a frame */
byte cursor[SUBSCRIBERS];    /* their next positions */
byte entry_lock[SUBSCRIBERS];
byte blocked;                /* mask: the publisher waits for these */
byte room_seq;               /* futex */
bool timeout_due;            /* a death may have taken a wake-up with it */
bool finished;               /* the publisher has sent everything */

#if PUBLISHER_DIES
bool publisher_died;
#define PUBLISHER_DIE atomic { !publisher_died -> publisher_died = true; goto publisher_dead }
#define PUBLISHER_STEP(...) if :: __VA_ARGS__ :: PUBLISHER_DIE fi
#else
#define PUBLISHER_STEP(...) __VA_ARGS__
#endif

/* The slowest of the mask, or the head; each word is loaded by itself. */
inline look_for_room() {
  mask = lossless;
  least = n;
  slowest = 0;
  do
  :: j < SUBSCRIBERS ->
    atomic {
      if
      :: HAS(mask, j) && cursor[j] < least -> least = cursor[j]; slowest = j
      :: else
      fi;
      j++ }
  :: atomic { j == SUBSCRIBERS -> j = 0; break }
  od
}
#define ROOM (n - least < RING)

#ifdef NO_DEATH_TEST
#define DEAD(j) false
#else
#define DEAD(j) entry_lock[j] == 0
#endif
#ifdef CLEAR_WITHOUT_LOCK
#define CLEAR(j) entry_lock[j] = 0; PUBLISHER_STEP(lossless = WITHOUT(lossless, j))
#else
#define CLEAR(j) PUBLISHER_STEP(lossless = WITHOUT(lossless, j)); entry_lock[j] = 0
#endif
#ifdef ROOM_READ_LATE
#define EARLY_LOOK skip
#define LATE_LOOK seen = room_seq
#else
#define EARLY_LOOK seen = room_seq
#define LATE_LOOK skip
#endif
/* Sleeps only if the slowest is still the one that lives and has been told. */
#ifdef SLEEP_ON_ANOTHER
#define CHANGED false
#else
#define CHANGED slowest != told
#endif
#ifdef NO_LAST_LOOK
#define LAST_LOOK skip
#else
#define LAST_LOOK look_for_room()
#endif

active proctype publisher() {
  byte n, least, mask, slowest, told, j, seen;

#if PUBLISHER_DIES
alive:
  n = head;
  if
  :: seq[n % RING] == COMPLETE(n) -> n++; PUBLISHER_STEP(head = n)
  :: else
  fi;
#endif
  do
  :: n < FRAMES ->
    do
    :: mask = lossless;
      /* `least` is kept from one frame to the next: cursors only grow. */
      if
      :: mask == 0 || ROOM -> break
      :: else
      fi;
      look_for_room();
      if
      :: ROOM -> break
      :: else
      fi;
      if
      :: atomic { DEAD(slowest) -> entry_lock[slowest] = PUBLISHER };
        CLEAR(slowest)
      :: atomic { !(DEAD(slowest)) -> EARLY_LOOK };
        PUBLISHER_STEP(blocked = WITH(blocked, slowest));
        told = slowest;
        LAST_LOOK;
        LATE_LOOK;
        if
        :: ROOM -> break
        :: !(ROOM) && CHANGED
        :: !(ROOM) && !(CHANGED) ->
          if
          :: room_seq != seen
          :: atomic { timeout_due -> timeout_due = false }
          fi
        fi;
        atomic { told = 0; seen = 0 }
      fi
    od;
    atomic { mask = 0; slowest = 0; told = 0; seen = 0 };
    PUBLISHER_STEP(seq[n % RING] = WRITING(n));
    PUBLISHER_STEP(seq[n % RING] = COMPLETE(n));
    PUBLISHER_STEP(head = n + 1);
    n++
  :: else -> break
  od;
  finished = true;
  goto end;
#if PUBLISHER_DIES
publisher_dead:
  atomic {
    for (j : 0 .. SUBSCRIBERS - 1) {
      if
      :: entry_lock[j] == PUBLISHER -> entry_lock[j] = 0
      :: else
      fi };
    n = 0; least = 0; mask = 0; slowest = 0; told = 0; j = 0; seen = 0;
    goto alive
  };
#endif
end: skip
}

/* After each move of a cursor: wakes a publisher that waits for this subscriber. */
inline wake() {
  if
  :: HAS(blocked, me) ->
    STEP(blocked = WITHOUT(blocked, me));
    STEP(room_seq++)
  :: else
  fi
}
#ifdef LEAVE_WITHOUT_WAKING
#define WAKE_AT_LEAVING skip
#else
#define WAKE_AT_LEAVING wake()
#endif
#ifdef INFINITY_FIRST
#define FIRST_CURSOR UNLIMITED
#else
#define FIRST_CURSOR at
#endif
#ifdef CURSOR_ONCE
#define SECOND_HEAD at
#else
#define SECOND_HEAD head
#endif
#ifdef CURSOR_BEFORE_READING
#define READ_BEFORE(c) skip
#define READ_AFTER(c) assert(seq[c % RING] == COMPLETE(c))
#else
#define READ_BEFORE(c) assert(seq[c % RING] == COMPLETE(c))
#define READ_AFTER(c) skip
#endif

proctype subscriber(byte me) {
  byte lives, at;
  bool stays;

alive:
  do
  :: lives < LIVES ->
    lives++;
    /* Join. */
    atomic { entry_lock[me] == 0 -> entry_lock[me] = me + 1 };
    at = head;
    STEP(cursor[me] = FIRST_CURSOR);
    STEP(lossless = WITH(lossless, me));
    at = SECOND_HEAD;
    STEP(cursor[me] = at);
    wake();
    if
    :: stays = true
    :: stays = false
    fi;
    do
    :: head > at ->
      READ_BEFORE(at);
      STEP(atomic { READ_BEFORE(at); cursor[me] = at + 1 });
      READ_AFTER(at);
      at++;
      wake()
    :: !stays || finished && head == at -> break
    od;
    /* Leave. */
    STEP(lossless = WITHOUT(lossless, me));
    WAKE_AT_LEAVING;
    atomic { entry_lock[me] = 0; at = 0; stays = false }
  :: break
  od;
  goto end;
#if CRASHES
dead:
  atomic {
    entry_lock[me] = 0;
    timeout_due = true;
    at = 0; stays = false;
    goto alive
  };
#endif
end: skip
}

init {
  byte i;
  atomic {
    for (i : 0 .. SUBSCRIBERS - 1) { run subscriber(i) }
  }
}
