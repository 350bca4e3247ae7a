//! What only the owner of a pool knows of a slot: how often this process holds it, how often it
//! has been filled, and how much of it.
//!
//! Word: `generation << 32 | count`. The one who brings the count to zero has the slot alone
//! until it is on a list again, behind a mutex, or held anew.

use framelane_layout::pool::SlotLine;
use framelane_layout::sync::{AtomicU64, Ordering};

use crate::word;

const COUNT: u64 = 0xffff_ffff;

/// The owner's counts of one slot.
#[derive(Debug, Default)]
pub(crate) struct Private {
    /// `generation << 32 | holds of this process`, the ring's among them.
    word: AtomicU64,
    /// How often the slot has been filled; written by whoever brought the count to zero.
    fill: AtomicU64,
    /// Bytes from the slot's first on that may be other than zero; written by whoever has it
    /// alone.
    dirty: AtomicU64,
}

impl Private {
    /// How often the slot has been filled, for whoever has a hold or has the slot alone.
    pub(crate) fn fill(&self) -> u64 {
        // ordering: Relaxed; the caller's hold keeps it where it is.
        self.fill.load(Ordering::Relaxed)
    }

    /// How many bytes from the slot's first on may be other than zero, for whoever has it alone.
    #[inline(always)]
    pub(crate) fn dirty(&self) -> u64 {
        // ordering: Relaxed; whoever has the slot alone got it through an exchange on its count
        // or the mutex of the lists, and with it what the one before wrote here.
        self.dirty.load(Ordering::Relaxed)
    }

    /// Notes how many they are.
    #[inline(always)]
    pub(crate) fn set_dirty(&self, bytes: u64) {
        // ordering: Relaxed, as in `dirty`.
        self.dirty.store(bytes, Ordering::Relaxed);
    }

    /// The first hold on a slot that the caller has alone, and whose shared word already stands
    /// at its next generation; gives that.
    pub(crate) fn start(&self) -> u32 {
        let fill = self.fill();
        // ordering: Release, pairs with the Acquire in `add`; nobody else has the slot.
        self.word.store(fill << 32 | 1, Ordering::Release);
        word::generation(fill << 32)
    }

    /// One more hold on the frame of this generation. `false`: it is gone.
    pub(crate) fn add(&self, generation: u32) -> bool {
        // ordering: Relaxed, only a first guess for the exchange below.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word >> 32 != u64::from(generation) || word & COUNT == 0 {
                return false;
            }
            // ordering: Acquire, pairs with the Release in `start` and `reuse`: the count was
            // above zero, so the frame of this generation is there.
            let swap = self.word.compare_exchange_weak(
                word,
                word + 1,
                Ordering::Acquire,
                Ordering::Relaxed, // ordering: another guess
            );
            match swap {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    /// One more hold for somebody who has one.
    pub(crate) fn again(&self) {
        // ordering: Relaxed; the caller's own hold keeps the slot where it is.
        self.word.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a hold off; whether it was the last.
    pub(crate) fn sub(&self) -> bool {
        // ordering: AcqRel. Release: what we did with the frame comes before the slot is
        // filled again; Acquire: as the last one we see what the others did.
        let before = self.word.fetch_sub(1, Ordering::AcqRel);
        debug_assert!(before & COUNT != 0, "one more release than holds");
        before & COUNT == 1
    }

    /// The last hold on `generation` becomes the first one on the next, whose generation this
    /// gives. `None`, and nothing has changed: there are other holds, or readers look at the
    /// slot.
    #[inline]
    pub(crate) fn reuse(&self, line: &SlotLine, generation: u32) -> Option<u32> {
        // ordering: Acquire, pairs with the Release in `sub`: as the last one we see what the
        // others did. The exchange fails if another holds the slot, too.
        let alone = u64::from(generation) << 32 | 1;
        let swap = self.word.compare_exchange(
            alone,
            alone - 1,
            Ordering::Acquire,
            Ordering::Relaxed, // ordering: nothing is read after a failure
        );
        if swap.is_err() {
            return None;
        }
        if self.recycle(line) {
            return Some(self.start());
        }
        // Readers look at it. Put the count back for `sub` to take.
        // ordering: Relaxed; at a count of zero nobody else touches the word.
        self.word.store(alone, Ordering::Relaxed);
        None
    }

    /// Moves a slot that this process no longer holds to its next generation. `false`: readers
    /// look at it.
    #[inline]
    pub(crate) fn recycle(&self, line: &SlotLine) -> bool {
        // Written here only, whose calls for one slot follow each other by the exchange on the
        // count or by the mutex of the lists.
        let fill = self.fill();
        let recycled = word::recycle(line, fill);
        if recycled {
            // ordering: Relaxed, as said above.
            self.fill.store(fill.wrapping_add(1), Ordering::Relaxed);
        }
        recycled
    }

    /// Whether this process has several holds on the slot.
    pub(crate) fn is_shared(&self) -> bool {
        // ordering: Relaxed, for this process's own bookkeeping.
        self.word.load(Ordering::Relaxed) & COUNT > 1
    }
}
