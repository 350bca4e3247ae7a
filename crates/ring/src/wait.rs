//! Sleeping and waking. A subscriber says in shared memory that it sleeps; a publisher looks
//! at that one word and does nothing more while it is zero.
//!
//! Both sides write first and look second, with a full fence between, so at least one sees
//! the other. A waker that dies in between costs the sleeper its re-check interval.

use std::time::Duration;

use framelane_layout::sync::{AtomicU32, Ordering, fence};
use framelane_layout::topic::SubscriberRow;

/// Longest sleep without looking again.
pub const RECHECK: Duration = Duration::from_millis(100);

/// The words that sleepers and wakers share.
#[derive(Clone, Copy, Debug)]
pub struct Waiters<'a> {
    /// Bit `j`: subscriber entry `j` sleeps.
    pub sleepers: &'a AtomicU32,
    /// Raised at each wake-up; the futex.
    pub wake_seq: &'a AtomicU32,
    /// The rows of the subscriber entries.
    pub rows: &'a [SubscriberRow],
}

/// Publisher: whether a subscriber sleeps and must be woken, asked after the head has moved.
#[inline]
#[must_use]
pub fn someone_sleeps(sleepers: &AtomicU32) -> bool {
    // ordering: SeqCst fence, pairs with the one in `announce`: either the sleeper sees the
    // new head or we see its mark.
    fence(Ordering::SeqCst);
    // ordering: Relaxed, after the fence.
    sleepers.load(Ordering::Relaxed) != 0
}

impl Waiters<'_> {
    /// Subscriber: says that entry `entry` is about to sleep, and returns what `wait` needs.
    /// The heads must be looked at once more after this.
    #[must_use]
    pub fn announce(&self, entry: u16) -> u32 {
        // ordering: Acquire, pairs with the Release in `take_marks`: read before the mark is set,
        // so that a wake-up in between makes `wait` return at once.
        let seen = self.wake_seq.load(Ordering::Acquire);
        // ordering: SeqCst, and the fence: the mark comes before the look at the heads; pairs
        // with the fence in `someone_sleeps`.
        self.sleepers.fetch_or(1 << entry, Ordering::SeqCst);
        fence(Ordering::SeqCst); // ordering: see above
        seen
    }

    /// Subscriber: no longer sleeps.
    pub fn withdraw(&self, entry: u16) {
        // ordering: Relaxed, a mark left standing costs the publisher one wake-up.
        self.sleepers.fetch_and(!(1 << entry), Ordering::Relaxed);
    }

    /// Subscriber: says through which FIFO entry `entry`, just taken, is woken; 0: the futex.
    pub fn set_bell(&self, entry: u16, fifo_id: u64) {
        // ordering: Release, pairs with the Acquire in `take_marks`: the row and the FIFO are
        // there.
        self.rows[usize::from(entry)].fifo_id.store(fifo_id, Ordering::Release);
    }

    /// Takes the marks of the sleepers, raises the futex, and rings the `bell` of those that
    /// have one; whether there are others.
    pub(crate) fn take_marks(&self, mut bell: impl FnMut(u64)) -> bool {
        // ordering: AcqRel, takes the marks; Acquire, pairs with `announce` for the rows.
        let bits = self.sleepers.swap(0, Ordering::AcqRel);
        // ordering: Release, pairs with the Acquire in `announce`.
        self.wake_seq.fetch_add(1, Ordering::Release);
        let asleep = self.rows.iter().enumerate().filter(|(entry, _)| bits >> entry & 1 == 1);
        let mut on_futex = false;
        for (_, row) in asleep {
            // ordering: Acquire, pairs with the Release in `set_bell`.
            match row.fifo_id.load(Ordering::Acquire) {
                0 => on_futex = true,
                id => bell(id),
            }
        }
        on_futex
    }
}
