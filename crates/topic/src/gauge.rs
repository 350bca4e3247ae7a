//! How far a publisher may write, in a topic where it goes by its readers.

use framelane_layout::sync::Ordering;
use framelane_layout::topic::{Overflow, SUBSCRIBERS_MAX};
use framelane_ring::{Claim, Slowest};
use framelane_shm::Result;

use crate::file::TopicFile;
use crate::peer::OpenTopic;

/// How often a publisher looks again after it found a dead reader: once for each there can be,
/// and once more.
const LOOKS: u32 = SUBSCRIBERS_MAX as u32 + 1;

/// What a publisher knows of its readers.
#[derive(Debug)]
pub(crate) struct Gauge {
    /// Frames from this position on are wanted still. All of them may be, where nobody is
    /// asked: `u64::MAX`.
    pub(crate) needed: u64,
    /// The readers that `needed` was found with.
    readers: u32,
}

/// Whether there is room for one more frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is.
    Free,
    /// There is not, for want of this reader; in a queue, of any.
    Full(Option<u16>),
}

impl Gauge {
    /// For a publisher that goes on at `next`.
    pub(crate) fn new(topic: &OpenTopic, next: u64) -> Self {
        let mode = topic.mode();
        let needed = if mode.is_lossless() {
            0
        } else if mode.is_queue() {
            next.saturating_sub(topic.geometry().cells.into())
        } else {
            u64::MAX
        };
        Self { needed, readers: 0 }
    }

    /// Whether position `next` of ring `ring` may be written while `depth` frames may be
    /// unread. In a queue that drops the oldest, drops it; how many is added to `dropped`.
    pub(crate) fn room(
        &mut self,
        topic: &OpenTopic,
        ring: u16,
        next: u64,
        depth: u32,
        dropped: &mut u64,
    ) -> Result<Room> {
        if topic.mode().is_queue() {
            self.queue_room(topic, ring, next, depth, dropped)
        } else {
            self.lossless_room(topic, ring, next, depth)
        }
    }

    /// Looks from which position on frames are wanted now. Who cannot be asked is taken to live.
    pub(crate) fn look(&mut self, topic: &OpenTopic, ring: u16, next: u64) {
        if topic.mode().is_lossless() {
            // No room for a depth of nothing: everybody is looked at, and the dead are buried.
            let _ = self.lossless_room(topic, ring, next, 0);
        } else if topic.mode().is_queue() {
            let queue = topic.queue(ring);
            for position in self.needed..next {
                if let Claim::Taken(entry) = queue.state(position)
                    && topic.bury_subscriber(entry).unwrap_or(false)
                {
                    tell_writers(topic, entry);
                }
            }
            let waits = |position: &u64| queue.state(*position).is_open();
            self.needed = (self.needed..next).find(waits).unwrap_or(next);
        }
    }

    fn lossless_room(
        &mut self,
        topic: &OpenTopic,
        ring: u16,
        next: u64,
        depth: u32,
    ) -> Result<Room> {
        let lossless = topic.lossless();
        // Each look finds another one dead, unless somebody scribbles over the marks all the time.
        for _ in 0..LOOKS {
            let readers = lossless.readers();
            let most = depth.min(topic.geometry().cells);
            let room = |needed: u64| next.saturating_sub(needed) < u64::from(most);
            // Cursors only go on, so what was found with the same readers still holds.
            if readers == self.readers && room(self.needed) {
                return Ok(Room::Free);
            }
            let slowest = lossless.slowest(ring, readers, next);
            self.readers = readers;
            self.needed = slowest.map_or(next, |slowest| slowest.position);
            let Some(Slowest { entry, .. }) = slowest.filter(|_| !room(self.needed)) else {
                return Ok(Room::Free);
            };
            if !topic.bury_subscriber(entry)? {
                return Ok(Room::Full(Some(entry)));
            }
            tell_writers(topic, entry);
        }
        Ok(Room::Full(None))
    }

    fn queue_room(
        &mut self,
        topic: &OpenTopic,
        ring: u16,
        next: u64,
        depth: u32,
        dropped: &mut u64,
    ) -> Result<Room> {
        let queue = topic.queue(ring);
        let waits = |position: &u64| queue.state(*position).is_open();
        let mut buried = 0_u32;
        // Each look finds a frame to drop or another one dead, unless somebody scribbles over the
        // claims all the time.
        for _ in 0..LOOKS + topic.geometry().cells {
            self.needed = (self.needed..next).find(waits).unwrap_or(next);
            let cells_left = next - self.needed < topic.geometry().cells.into();
            let waiting = (self.needed..next).filter(waits).count() as u64;
            if cells_left && waiting < u64::from(depth) {
                return Ok(Room::Free);
            }
            let taken_by = (self.needed..next).find_map(|position| match queue.state(position) {
                Claim::Taken(entry) if buried >> entry & 1 == 0 => Some(entry),
                _ => None,
            });
            if let Some(entry) = taken_by {
                // Once each: what a dead one had may have been taken again by a living one.
                buried |= 1 << entry;
                if topic.bury_subscriber(entry)? {
                    tell_writers(topic, entry);
                }
            } else if topic.mode().overflow != Overflow::DropOldest {
                return Ok(Room::Full(None));
            } else if (self.needed..next).any(|position| queue.withdraw(position)) {
                *dropped += 1;
            } else {
                // All of them are in somebody's hands, which only the cells limit.
                return Ok(if cells_left { Room::Free } else { Room::Full(None) });
            }
        }
        Ok(Room::Full(None))
    }

    /// Asks to be told when there may be room, after [`room`](Self::room) said that there is
    /// none for want of `reader`: through FIFO `fifo_id`, or through the futex, for which is
    /// what comes back. There must be asked once more after this.
    pub(crate) fn block(topic: &OpenTopic, reader: Option<u16>, ring: u16, fifo_id: u64) -> u32 {
        // ordering: Release, pairs with the exchange in `wake_writers`.
        topic.publisher_row(ring).fifo_id.store(fifo_id, Ordering::Release);
        topic.room().block(reader.unwrap_or(0))
    }
}

/// Whether a subscriber that must not be lapped, or a consumer, has yet to take `position` of
/// ring `ring`. Who cannot be asked is taken to live.
pub(crate) fn is_wanted(topic: &TopicFile, ring: u16, position: u64) -> bool {
    let mode = topic.mode();
    let bury = |entry| topic.bury_subscriber(entry).unwrap_or(false);
    if mode.is_queue() {
        let queue = topic.queue(ring);
        if let Claim::Taken(entry) = queue.state(position) {
            bury(entry);
        }
        return queue.state(position).is_open();
    }
    let (lossless, next) = (topic.lossless(), topic.ring(ring).head());
    let slowest = || lossless.slowest(ring, lossless.readers(), next);
    if !mode.is_lossless() {
        return false;
    }
    for _ in 0..LOOKS {
        let Some(slowest) = slowest().filter(|slowest| slowest.position <= position) else {
            return false;
        };
        if !bury(slowest.entry) {
            return true;
        }
    }
    true
}

/// Tells writers that wait for `reader`, or in a queue for anybody, that it has gone on.
#[inline]
pub(crate) fn tell_writers(topic: &OpenTopic, reader: u16) {
    let reader = if topic.mode().is_queue() { 0 } else { reader };
    if topic.room().unblock(reader) {
        wake_writers(topic);
    }
}

#[cold]
fn wake_writers(topic: &OpenTopic) {
    topic.room().wake();
    for entry in topic.rings_in_use() {
        // ordering: Acquire, pairs with the Release in `block`; emptied, so that a bell is rung
        // once.
        let fifo_id = topic.publisher_row(entry).fifo_id.swap(0, Ordering::Acquire);
        if fifo_id != 0 {
            let peer = topic.peer();
            // A bell that cannot be rung leaves its owner to its own re-check.
            let _ = peer.ringer().ring(peer.directory(), fifo_id);
        }
    }
}
