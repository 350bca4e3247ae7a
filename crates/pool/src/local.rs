//! How often this process holds a slot. The shared word has one bit for the whole process;
//! the count behind it is here.
//!
//! Word: `generation << 32 | locked << 31 | count`. The lock covers the two transitions that
//! touch the shared word, 0 to 1 and 1 to 0; all others are one exchange.

#[cfg(not(loom))]
use crossbeam_utils::Backoff;
use framelane_layout::sync::{AtomicU64, Ordering};

#[cfg(loom)]
use crate::models::Backoff;

const LOCKED: u64 = 1 << 31;
const COUNT: u64 = LOCKED - 1;

/// The count of one slot.
#[derive(Debug, Default)]
pub(crate) struct LocalCount(AtomicU64);

impl LocalCount {
    /// Adds one hold of `generation`. The first one runs `acquire`, which says whether the
    /// slot could be taken; so does this.
    pub(crate) fn add(&self, generation: u32, acquire: impl Fn() -> bool) -> bool {
        let backoff = Backoff::new();
        // ordering: Relaxed, only a first guess for the exchanges below.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if word & LOCKED != 0 {
                backoff.snooze();
                // ordering: Relaxed, another guess.
                word = self.0.load(Ordering::Relaxed);
                continue;
            }
            let first = word & COUNT == 0;
            if !first && (word >> 32) != u64::from(generation) {
                // This process holds another filling of the slot, so ours is long gone.
                return false;
            }
            let next = if first { LOCKED } else { word + 1 };
            // ordering: Acquire, pairs with the Release stores below: the thread that took
            // the slot saw the frame, and so do we.
            let swap = self.0.compare_exchange_weak(
                word,
                next,
                Ordering::Acquire,
                Ordering::Relaxed, // ordering: another guess
            );
            match swap {
                Ok(_) if first => return self.first(generation, acquire),
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    fn first(&self, generation: u32, acquire: impl Fn() -> bool) -> bool {
        let taken = acquire();
        let word = if taken { u64::from(generation) << 32 | 1 } else { 0 };
        // ordering: Release, pairs with the Acquire in `add` of the next holder.
        self.0.store(word, Ordering::Release);
        taken
    }

    /// Adds one hold for somebody who has one: the shared word is not looked at.
    pub(crate) fn again(&self) {
        // ordering: Relaxed; the caller's hold keeps the slot, and the lock is not taken while
        // the count is above zero.
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        debug_assert!(before & COUNT != 0 && before & LOCKED == 0, "the caller has a hold");
    }

    /// Takes one hold away. The last one runs `release`.
    pub(crate) fn sub(&self, release: impl Fn()) {
        let backoff = Backoff::new();
        // ordering: Relaxed, only a first guess for the exchange below.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            // Held by us, so the count cannot be zero, nor is a 0-to-1 transition running;
            // a lock seen here is the one of a release that another thread won.
            if word & LOCKED != 0 {
                backoff.snooze();
                // ordering: Relaxed, another guess.
                word = self.0.load(Ordering::Relaxed);
                continue;
            }
            debug_assert!(word & COUNT != 0, "one more release than acquires");
            let last = word & COUNT == 1;
            let next = if last { LOCKED } else { word - 1 };
            // ordering: AcqRel. Release: our reads of the frame come before the last
            // holder's `release`; Acquire: as the last holder we see the others' decrements.
            let swap = self.0.compare_exchange_weak(
                word,
                next,
                Ordering::AcqRel,
                Ordering::Relaxed, // ordering: another guess
            );
            match swap {
                Ok(_) if last => break,
                Ok(_) => return,
                Err(seen) => word = seen,
            }
        }
        release();
        // ordering: Release, pairs with the Acquire in `add` of the next first holder.
        self.0.store(0, Ordering::Release);
    }

    /// Holds at this moment.
    pub(crate) fn count(&self) -> u64 {
        // ordering: Relaxed, a snapshot.
        let word = self.0.load(Ordering::Relaxed);
        if word & LOCKED != 0 { 1 } else { word & COUNT }
    }
}
