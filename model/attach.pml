/*
 * Attach: a pool's two files between their owner, readers and cleaners.
 *
 * Shows that the files of a pool stay while anybody is attached, that no pool goes which a cell
 * names, that whoever finds a pool by a cell can attach to it, and that nothing is left when
 * nobody needs it, wherever anybody dies. Stands for shm/directory.rs::create,
 * pool/owner.rs::create, pool/reader.rs::{attach, open_attached} and topic/cleaner.rs::{clean,
 * remove_pool, remove_lone_data}.
 *
 * One pool: ids are never used twice. The owner makes the files, publishes, and its cell is
 * written over by another's frame at some time. READERS attach and detach; everybody cleans when
 * he is done, and CLEANERS do nothing else. A dead reader or cleaner comes back, up to LIVES
 * lives; the owner does not. Byte 0 of each file is shared or exclusive; a death drops the locks.
 *
 *   quick: one reader, one cleaner, 1 crash: READERS=1 CLEANERS=1 LIVES=2 CRASHES=1
 *   full: two readers, one cleaner, 1 crash: READERS=2 CLEANERS=1 LIVES=1 CRASHES=1
 *   full: one reader, one cleaner, 2 crashes: READERS=1 CLEANERS=1 LIVES=2 CRASHES=2
 *   mutant ATTACH_WITHOUT_LINK_COUNT: a reader does not look whether the file still has its name
 *   mutant CLEANER_SHARES: a cleaner decides under the shared lock
 *   mutant CLEANER_LOOKS_ONCE: the rings are not read again under the lock
 *   mutant LOCK_AFTER_NAME: a file has its name before its owner has the lock
 *   mutant DATA_BEFORE_LOCK: the control file is looked for before the data file is locked
 *   mutant LONE_DATA_STAYS: a data file without a control file is left alone
 */
/* edge: file-named */
/* edge: file-attached */
#include "common.h"

#define PROCESSES (1 + READERS + CLEANERS)
#define CONTROL 0
#define DATA 1

bool linked[2];    /* the file has its name */
byte shared[2];    /* mask: processes with the shared lock on byte 0 */
byte exclusive[2]; /* the process with the exclusive lock, + 1 */
bool named;        /* a cell names the pool */
bool was_named;    /* and had named it */
bool owner_ended;
byte ended;

#define MAY_SHARE(file) (exclusive[file] == 0)
#define MAY_OWN(file) (exclusive[file] == 0 && shared[file] == 0)
#define DROP(file) \
  shared[file] = WITHOUT(shared[file], me); \
  exclusive[file] = (exclusive[file] == me + 1 -> 0 : exclusive[file])
#define DROP_ALL DROP(CONTROL); DROP(DATA)

#ifdef CLEANER_SHARES
#define TRY_OWN(file) MAY_SHARE(file) -> shared[file] = WITH(shared[file], me)
#else
#define TRY_OWN(file) MAY_OWN(file) -> exclusive[file] = me + 1
#endif
#ifdef CLEANER_LOOKS_ONCE
#define STILL_UNNAMED true
#else
#define STILL_UNNAMED !named
#endif
#ifdef DATA_BEFORE_LOCK
#define EARLY_LOOK alone = !linked[CONTROL]
#define LATE_LOOK skip
#else
#define EARLY_LOOK alone = true
#define LATE_LOOK alone = !linked[CONTROL]
#endif
#ifdef LONE_DATA_STAYS
#define DATA_IS_THERE false
#else
#define DATA_IS_THERE linked[DATA]
#endif

/* topic/cleaner.rs::remove_pool, then ::remove_lone_data. A file opened by name stays open. */
inline clean() {
  if
  :: linked[CONTROL] && !named ->
    if
    :: atomic { TRY_OWN(CONTROL) };
      if
      :: linked[CONTROL] ->
        if
        :: STILL_UNNAMED ->
          STEP(atomic { assert(!named); linked[CONTROL] = false });
          STEP(linked[DATA] = false)
        :: else
        fi
      :: else
      fi;
      atomic { DROP(CONTROL) }
    :: else
    fi
  :: else
  fi;
  EARLY_LOOK;
  if
  :: alone && DATA_IS_THERE ->
    if
    :: atomic { TRY_OWN(DATA) };
      LATE_LOOK;
      if
      :: alone && linked[DATA] -> STEP(linked[DATA] = false)
      :: else
      fi;
      atomic { DROP(DATA) }
    :: else
    fi
  :: else
  fi;
  alone = false
}

#ifdef LOCK_AFTER_NAME
#define CREATE(file) \
  STEP(linked[file] = true); \
  STEP(shared[file] = WITH(shared[file], me))
#else
#define CREATE(file) \
  STEP(atomic { linked[file] = true; shared[file] = WITH(shared[file], me) })
#endif

active proctype owner() {
  byte me;
  bool alone;

  CREATE(DATA);
  CREATE(CONTROL);
  assert(linked[CONTROL] && linked[DATA]);
  STEP(atomic { named = true; was_named = true });
  assert(linked[CONTROL] && linked[DATA]);
  STEP(atomic { DROP_ALL });
  clean();
  goto end;
#if CRASHES
dead:
  atomic { DROP_ALL };
#endif
end:
  atomic { owner_ended = true; ended++ }
}

/* Another publisher of the topic. */
active proctype overwriter() {
  do
  :: atomic { named && ended < PROCESSES -> named = false; break }
  :: ended >= PROCESSES -> break
  od
}

#ifdef ATTACH_WITHOUT_LINK_COUNT
#define HAS_NAME true
#else
#define HAS_NAME linked[CONTROL]
#endif

proctype reader(byte me) {
  byte lives;
  bool alone;

alive:
  lives++;
  /* A cell has named it, when it was read. */
  if
  :: was_named
  :: owner_ended && !was_named -> goto nothing
  fi;
again:
  if
  :: linked[CONTROL] ->
    if
    :: atomic { MAY_SHARE(CONTROL) -> shared[CONTROL] = WITH(shared[CONTROL], me) };
      if
      :: HAS_NAME ->
        assert(linked[DATA]);
        assert(linked[CONTROL] && linked[DATA]);
        STEP(atomic { assert(linked[CONTROL] && linked[DATA]); DROP(CONTROL) })
      :: else -> assert(!named); atomic { DROP(CONTROL) }
      fi
    :: exclusive[CONTROL] != 0 -> goto again /* busy */
    fi
  :: else -> assert(!named) /* gone */
  fi;
nothing:
  clean();
  goto end;
#if CRASHES
dead:
  atomic {
    DROP_ALL;
    alone = false;
    if
    :: lives < LIVES -> goto alive
    :: else
    fi };
#endif
end: ended++
}

proctype cleaner(byte me) {
  byte lives;
  bool alone;

alive:
  lives++;
  clean();
  goto end;
#if CRASHES
dead:
  atomic {
    DROP_ALL;
    alone = false;
    if
    :: lives < LIVES -> goto alive
    :: else
    fi };
#endif
end: ended++
}

init {
  byte i;

  atomic {
    for (i : 1 .. READERS) { run reader(i) };
    for (i : READERS + 1 .. READERS + CLEANERS) { run cleaner(i) }
  };
  /* The next opener, which lives, cleans: nothing is left but what a cell names. */
  atomic {
    ended == PROCESSES ->
#if CRASHES
    crashes = 0;
#endif
    run cleaner(PROCESSES) };
  ended == PROCESSES + 1;
  assert(named || !linked[CONTROL] && !linked[DATA])
}
