//! The consumer's side of a queue: each frame goes to one of those that compete for it.

use std::sync::Arc;

use framelane_layout::topic::Delivery;
use framelane_ring::{Claim, Read};
use framelane_shm::Result;

use crate::entry::Entry;
use crate::gauge::tell_writers;
use crate::subscriber::{Received, Subscriber};

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
        if self.open {
            let topic = &self.entry.topic;
            topic.queue(self.ring).give_back(self.position, self.entry.number);
            topic.waiters().wake(topic.peer().directory(), topic.peer().ringer());
        }
    }
}

impl Subscriber {
    /// The next frame that nobody has; with `newest` the newest of a publisher.
    pub(crate) fn consume(&mut self, newest: bool) -> Result<Option<Received>> {
        let publishers = self.topic.geometry().publishers;
        let mask = self.topic.publishers();
        for step in 0..publishers {
            let ring = (self.turn + step) % publishers;
            if mask >> ring & 1 == 0 {
                continue;
            }
            if let Some(received) = self.consume_from(ring, newest)? {
                self.turn = (ring + 1) % publishers;
                return Ok(Some(received));
            }
        }
        Ok(None)
    }

    fn consume_from(&mut self, ring: u16, newest: bool) -> Result<Option<Received>> {
        while let Some(position) = self.claim_next(ring, newest)? {
            let number = self.entry()?.number;
            let found = match self.topic.ring(ring).read(position) {
                Read::Frame(descriptor) => match self.take(descriptor) {
                    Ok(found) => found,
                    Err(error) => {
                        self.topic.queue(ring).give_back(position, number);
                        return Err(error);
                    }
                },
                // Somebody scribbled over the cell: as long as the position is claimed, its
                // publisher leaves it alone.
                Read::Lapped | Read::Empty => {
                    self.rejected += 1;
                    None
                }
            };
            let once = self.topic.mode().delivery == Delivery::AtMostOnce;
            if once || found.is_none() {
                self.topic.queue(ring).done(position, number);
                tell_writers(&self.topic, number);
            }
            let Some((descriptor, hold)) = found else {
                self.lapped += 1;
                continue;
            };
            self.received += 1;
            let entry = self.entry()?.clone();
            let claimed = (!once).then_some(Claimed { entry, ring, position, open: true });
            return Ok(Some(Received { descriptor, hold, missed: 0, claimed }));
        }
        Ok(None)
    }

    /// Takes a position of ring `ring` that nobody has, the oldest or the newest.
    fn claim_next(&mut self, ring: u16, newest: bool) -> Result<Option<u64>> {
        let number = self.entry()?.number;
        let (positions, queue) = (self.open_positions(ring), self.topic.queue(ring));
        let done = |position: u64| matches!(queue.state(position), Claim::Done | Claim::Other);
        // Those done with at the beginning are never looked at again.
        self.cursors[usize::from(ring)] =
            positions.clone().find(|&position| !done(position)).unwrap_or(positions.end);
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

    /// Whether a position is open that nobody has, after what dead consumers had has been given
    /// back.
    pub(crate) fn has_work(&self) -> bool {
        self.topic.rings_in_use().any(|ring| {
            let queue = self.topic.queue(ring);
            self.open_positions(ring).any(|position| match queue.state(position) {
                Claim::Free => true,
                // Asked before each sleep only; who cannot be asked is taken to live.
                Claim::Taken(entry) => {
                    self.topic.bury_subscriber(entry).unwrap_or(false)
                        && queue.state(position) == Claim::Free
                }
                Claim::Done | Claim::Other => false,
            })
        })
    }
}
