//! Which rings of a topic to read: one bit for each publisher entry that was ever taken.

use framelane_layout::sync::{AtomicU64, Ordering};

/// The publisher mask of a topic.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a>(&'a AtomicU64);

impl<'a> Entries<'a> {
    /// The entries that `mask` says were taken.
    #[must_use]
    pub fn new(mask: &'a AtomicU64) -> Self {
        Self(mask)
    }

    /// Publisher: ring `entry` is to be read from now on. Bits are never cleared.
    pub fn announce(&self, entry: u16) {
        // ordering: Release, pairs with the Acquire in `taken`. A subscriber that does not see
        // the bit sees no frame of the ring, and its cursor is zero.
        self.0.fetch_or(1 << entry, Ordering::Release);
    }

    /// Subscriber: bit `i` is set where ring `i` is to be read.
    #[inline]
    #[must_use]
    pub fn taken(&self) -> u64 {
        // ordering: Acquire, pairs with the Release in `announce`: a head that was moved before
        // is seen.
        self.0.load(Ordering::Acquire)
    }
}
