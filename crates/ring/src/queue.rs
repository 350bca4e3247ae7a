//! Competing readers of one ring: each position goes to one of them. Beside each cell stands
//! a word that says who has its position, so that what a dead reader had can be offered again.
//!
//! Word: `position + 1 << 8 | who`, where `who` is 0 for nobody yet, `entry + 1` for the
//! reader that has it, and 255 when it is done. With the whole position in the word, an
//! exchange never succeeds on a later one.

use framelane_layout::sync::{AtomicU64, Ordering};

const FREE: u64 = 0;
const DONE: u64 = 255;

/// What a position's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has it yet.
    Free,
    /// The reader of this entry has it.
    Taken(u16),
    /// It is done with.
    Done,
    /// The word is at another position: this one is gone, or not there yet.
    Other,
}

impl Claim {
    /// Whether somebody is still to be done with the position.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Free | Self::Taken(_))
    }
}

/// The claims on one ring, a word for each cell.
#[derive(Clone, Copy, Debug)]
pub struct WorkQueue<'a> {
    claims: &'a [AtomicU64],
}

fn word(position: u64, who: u64) -> u64 {
    position.wrapping_add(1) << 8 | who
}

fn who(entry: u16) -> u64 {
    u64::from(entry) + 1
}

impl<'a> WorkQueue<'a> {
    /// The claims of a ring, as many as it has cells: a power of two.
    #[must_use]
    pub fn new(claims: &'a [AtomicU64]) -> Self {
        debug_assert!(claims.len().is_power_of_two(), "checked with the topic's header");
        Self { claims }
    }

    fn claim(&self, position: u64) -> &'a AtomicU64 {
        #[allow(clippy::cast_possible_truncation, reason = "masked to the number of cells")]
        &self.claims[(position as usize) & (self.claims.len() - 1)]
    }

    /// What `position`'s word says.
    #[must_use]
    pub fn state(&self, position: u64) -> Claim {
        // ordering: Acquire, pairs with the Release of whoever wrote the word: what a reader
        // did with the frame comes before its slot is filled again.
        let word = self.claim(position).load(Ordering::Acquire);
        if word >> 8 != position.wrapping_add(1) & (u64::MAX >> 8) {
            return Claim::Other;
        }
        match word & 255 {
            FREE => Claim::Free,
            who @ 1..=32 => Claim::Taken(u16::try_from(who - 1).unwrap_or(0)),
            _ => Claim::Done,
        }
    }

    /// Writer: offers `position`, whose cell is complete. Before the head moves.
    pub fn offer(&self, position: u64) {
        // ordering: Release, pairs with the Acquire in `take`: the cell comes before.
        self.claim(position).store(word(position, FREE), Ordering::Release);
    }

    /// Writer that took over: offers `position` if its dead predecessor did not get so far.
    pub fn offer_late(&self, position: u64) {
        if self.state(position) == Claim::Other {
            self.offer(position);
        }
    }

    fn change(&self, position: u64, from: u64, to: u64) -> bool {
        let swap = self.claim(position).compare_exchange(
            word(position, from),
            word(position, to),
            // ordering: AcqRel. Acquire pairs with `offer`, and with a reader that gave it
            // back; Release pairs with `state` of the writer and with the next reader.
            Ordering::AcqRel,
            Ordering::Relaxed, // ordering: nothing is read after a failure
        );
        swap.is_ok()
    }

    /// Reader `entry`: takes `position` if nobody has it.
    #[must_use]
    pub fn take(&self, position: u64, entry: u16) -> bool {
        self.change(position, FREE, who(entry))
    }

    /// Reader `entry`: is done with `position`. `false`: it was not its own any more.
    pub fn done(&self, position: u64, entry: u16) -> bool {
        self.change(position, who(entry), DONE)
    }

    /// Reader `entry`: lets others have `position`. `false`: it was not its own any more.
    pub fn give_back(&self, position: u64, entry: u16) -> bool {
        self.change(position, who(entry), FREE)
    }

    /// Writer: withdraws `position` if nobody has it.
    #[must_use]
    pub fn withdraw(&self, position: u64) -> bool {
        self.change(position, FREE, DONE)
    }

    /// Holder of the lock of `entry`, after its reader's death: offers what it had again, or
    /// with `lose` puts an end to it. How many positions there were.
    pub fn recover(&self, entry: u16, lose: bool) -> u32 {
        let to = if lose { DONE } else { FREE };
        let mut recovered = 0;
        for claim in self.claims {
            // ordering: Relaxed, a guess for the exchange in `change`.
            let word = claim.load(Ordering::Relaxed);
            let position = (word >> 8).wrapping_sub(1);
            if word & 255 == who(entry) && self.change(position, who(entry), to) {
                recovered += 1;
            }
        }
        recovered
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn words(count: usize) -> Vec<AtomicU64> {
        (0..count).map(|_| AtomicU64::new(0)).collect()
    }

    #[test]
    fn a_position_goes_to_one_reader_and_is_done_once() {
        let words = words(4);
        let queue = WorkQueue::new(&words);
        assert_eq!(queue.state(5), Claim::Other);
        assert!(!queue.take(5, 0), "not offered yet");
        queue.offer(5);
        assert_eq!(queue.state(5), Claim::Free);
        assert!(queue.take(5, 31));
        assert_eq!(queue.state(5), Claim::Taken(31));
        assert!(!queue.take(5, 0), "taken");
        assert!(!queue.done(5, 0), "not its own");
        assert!(queue.done(5, 31));
        assert_eq!(queue.state(5), Claim::Done);
        assert!(!queue.done(5, 31));
        assert!(!queue.withdraw(5));
        queue.offer(9);
        assert_eq!(queue.state(5), Claim::Other, "a later position stands there");
        assert!(!queue.take(5, 0));
        assert!(queue.withdraw(9));
    }

    #[test]
    fn what_a_dead_reader_had_is_offered_again_or_lost() {
        let words = words(4);
        let queue = WorkQueue::new(&words);
        for position in 0..4 {
            queue.offer(position);
        }
        assert!(queue.take(0, 2) && queue.take(1, 3) && queue.take(2, 2));
        assert_eq!(queue.recover(2, false), 2);
        assert_eq!(queue.state(0), Claim::Free);
        assert_eq!(queue.state(1), Claim::Taken(3));
        assert!(!queue.done(2, 2), "what was taken away cannot be finished");
        assert_eq!(queue.recover(3, true), 1);
        assert_eq!(queue.state(1), Claim::Done);
    }

    #[test]
    fn a_late_offer_leaves_an_early_one_alone() {
        let words = words(2);
        let queue = WorkQueue::new(&words);
        queue.offer_late(0);
        assert_eq!(queue.state(0), Claim::Free);
        assert!(queue.take(0, 1));
        queue.offer_late(0);
        assert_eq!(queue.state(0), Claim::Taken(1));
    }
}
