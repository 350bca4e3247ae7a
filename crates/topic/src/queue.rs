//! The consumer's side of a queue: each frame goes to one of those that compete for it.

use std::sync::Arc;

use framelane_layout::topic::Delivery;
use framelane_ring::{Claim, Read};
use framelane_shm::{Result, is_forked};

use crate::attached::Outcome;
use crate::entry::Entry;
use crate::gauge::tell_writers;
use crate::subscriber::{Subscriber, Taken, rings_from};

/// A position that this process has taken and must acknowledge. Dropping it without that
/// offers the frame again.
#[derive(Debug)]
pub struct Claimed {
    entry: Arc<Entry>,
    ring: u16,
    position: u64,
    open: bool,
}

impl Claimed {
    /// Is done with the frame: no other consumer gets it. `false`: the topic was removed, or
    /// somebody scribbled over the claim.
    pub fn acknowledge(mut self) -> bool {
        self.open = false;
        let done = self.entry.topic.queue(self.ring).done(self.position, self.entry.number);
        tell_writers(&self.entry.topic, self.entry.number);
        done
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if self.open && !is_forked() {
            let topic = &self.entry.topic;
            topic.queue(self.ring).give_back(self.position, self.entry.number);
            topic.waiters().wake(topic.peer().directory(), topic.peer().ringer());
        }
    }
}

impl Subscriber {
    /// The next frame that nobody has; with `newest` the newest of a publisher.
    #[inline(never)]
    pub(crate) fn consume(&mut self, newest: bool) -> Result<Option<Taken>> {
        // What one publisher's pool has to say must not hide the frames of the others.
        let mut failed = None;
        for ring in rings_from(self.topic.ring_mask(), self.turn) {
            match self.consume_from(ring, newest) {
                Ok(Some(taken)) => {
                    self.turn = ring + 1;
                    return Ok(Some(taken));
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    fn consume_from(&mut self, ring: u16, newest: bool) -> Result<Option<Taken>> {
        // More positions than the ring has are open only where somebody scribbles over the claims
        // all the time; the next call goes on.
        for _ in 0..=self.topic.ring(ring).capacity() {
            let Some(position) = self.claim_next(ring, newest)? else { break };
            let entry = self.entry()?.clone();
            let outcome = match self.topic.ring(ring).read(position, &mut self.descriptor) {
                Read::Frame => self.attached.take(&self.topic, &self.descriptor),
                // Somebody scribbled over the cell: as long as the position is claimed, its
                // publisher leaves it alone.
                Read::Lapped | Read::Empty => Ok(Outcome::Nonsense),
            };
            let once = self.mode.delivery == Delivery::AtMostOnce;
            let mut claimed = Some(Claimed { entry, ring, position, open: true });
            // What cannot be had now is offered again by the claim that is dropped.
            let outcome = outcome?;
            if once || !matches!(outcome, Outcome::Frame(_)) {
                claimed.take().map(Claimed::acknowledge);
            }
            match outcome {
                Outcome::Frame(hold) => return Ok(Some(Taken { hold, missed: 0, claimed })),
                Outcome::Gone => self.lapped += 1,
                Outcome::Nonsense => self.rejected += 1,
            }
        }
        Ok(None)
    }

    /// Takes a position of ring `ring` that nobody has, the oldest or the newest.
    fn claim_next(&mut self, ring: u16, newest: bool) -> Result<Option<u64>> {
        let number = self.entry()?.number;
        let (positions, queue) = (self.open_positions(ring), self.topic.queue(ring));
        // Those done with at the beginning are never looked at again.
        self.cursors[usize::from(ring)] = positions
            .clone()
            .find(|&position| queue.state(position).is_open())
            .unwrap_or(positions.end);
        let positions = self.cursors[usize::from(ring)]..positions.end;
        let take = |position: &u64| queue.take(*position, number);
        Ok(if newest { positions.rev().find(take) } else { positions.into_iter().find(take) })
    }

    /// The positions of ring `ring` that may be open.
    fn open_positions(&self, ring: u16) -> std::ops::Range<u64> {
        let broadcast = self.topic.ring(ring);
        let head = broadcast.head();
        let oldest = head.saturating_sub(broadcast.capacity());
        // A cursor ahead of the head is one of a head that was scribbled over.
        let cursor = Some(self.cursors[usize::from(ring)]).filter(|&cursor| cursor <= head);
        cursor.unwrap_or(0).max(oldest)..head
    }

    /// Whether `entry` is this consumer's, and it has acknowledged all it has taken: each claim
    /// keeps a reference on the entry.
    fn has_none_open(&self, entry: u16) -> bool {
        let own = self.entry.as_ref().filter(|own| own.number == entry);
        own.is_some_and(|own| Arc::strong_count(own) == 1)
    }

    /// Whether a position is open that nobody has, after what dead consumers had has been given
    /// back.
    pub(crate) fn has_work(&self) -> bool {
        self.topic.rings_in_use().any(|ring| {
            let queue = self.topic.queue(ring);
            self.open_positions(ring).any(|position| match queue.state(position) {
                Claim::Free => true,
                // Somebody scribbled over the claim: publishers would wait for it.
                Claim::Taken(entry) if self.has_none_open(entry) => {
                    queue.give_back(position, entry)
                }
                // Asked before each sleep only; who cannot be asked is taken to live.
                Claim::Taken(entry) => {
                    let buried = self.topic.bury_subscriber(entry).unwrap_or(false);
                    if buried {
                        tell_writers(&self.topic, entry);
                    }
                    buried && queue.state(position) == Claim::Free
                }
                Claim::Done | Claim::Other => false,
            })
        })
    }
}
