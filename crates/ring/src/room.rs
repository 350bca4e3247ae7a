//! Writers that wait for room, and readers that tell them of it: the other direction of
//! [`Waiters`](crate::Waiters), by the same rule. Both write first and look second, with a
//! full fence between.

use framelane_layout::sync::{Ordering, fence};
use framelane_layout::topic::Room;

/// The words that waiting writers and their readers share.
#[derive(Clone, Copy, Debug)]
pub struct RoomWaiters<'a>(pub &'a Room);

impl RoomWaiters<'_> {
    /// Writer: says that it waits for reader `entry`, and returns what `wait` needs. How far
    /// the reader is must be looked at once more after this.
    #[must_use]
    pub fn block(&self, entry: u16) -> u32 {
        // ordering: Acquire, pairs with the Release in `unblock`: read before the mark is set,
        // so that news in between make `wait` return at once.
        let seen = self.0.seq.load(Ordering::Acquire);
        // ordering: SeqCst, and the fence: the mark comes before the second look; pairs with
        // the fence in `unblock`.
        self.0.blocked.fetch_or(1 << entry, Ordering::SeqCst);
        fence(Ordering::SeqCst); // ordering: see above
        seen
    }

    /// Reader `entry`: has gone on. Whether a writer waited for that, and is to be woken.
    #[inline]
    #[must_use]
    pub fn unblock(&self, entry: u16) -> bool {
        // ordering: SeqCst fence, pairs with the one in `block`: either the writer sees how far
        // the reader is or the reader sees that it waits.
        fence(Ordering::SeqCst);
        // ordering: Relaxed, after the fence.
        if self.0.blocked.load(Ordering::Relaxed) >> entry & 1 == 0 {
            return false;
        }
        // ordering: Relaxed, only a mark.
        self.0.blocked.fetch_and(!(1 << entry), Ordering::Relaxed);
        // ordering: Release, pairs with the Acquire in `block`.
        self.0.seq.fetch_add(1, Ordering::Release);
        true
    }
}
