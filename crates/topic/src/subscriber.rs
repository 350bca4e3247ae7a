//! The reading end of a topic: take references on what stands in its rings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framelane_layout::sync::Ordering;
use framelane_layout::{Descriptor, ErrorCode};
use framelane_ring::{RECHECK, Read};
use framelane_shm::{Error, Result};

use crate::attached::{Attached, Taken};
use crate::entry::Entry;
use crate::gauge::tell_writers;
use crate::hold::Hold;
use crate::peer::OpenTopic;
use crate::queue::Claimed;
use crate::watch::Watch;

/// A frame taken from a ring.
#[derive(Debug)]
pub struct Received {
    /// Checked for what it says of the slot; what it says of the pixels is for the caller to
    /// check.
    pub descriptor: Descriptor,
    /// The reference on the slot.
    pub hold: Hold,
    /// Frames of the same publisher that were overwritten before this one could be taken.
    pub missed: u64,
    /// In a queue whose frames must be acknowledged, what is to be acknowledged.
    pub claimed: Option<Claimed>,
}

/// A subscriber, or in a queue a consumer. Its cursors are private, and nobody waits for it,
/// unless the topic says that publishers do: then it joins them with the first call that
/// receives.
#[derive(Debug)]
pub struct Subscriber {
    pub(crate) topic: OpenTopic,
    /// Next position in each ring; in a queue the first that is not done.
    pub(crate) cursors: Box<[u64]>,
    /// The ring to look at first, so that publishers take turns.
    pub(crate) turn: u16,
    pub(crate) attached: Attached,
    /// Subscriber entry, taken when it first sleeps or joins.
    pub(crate) entry: Option<Arc<Entry>>,
    /// Frames sent before it came that it wants all the same.
    history: u32,
    /// Whether nothing further is needed before it may receive.
    ready: bool,
    pub(crate) watch: Watch,
    pub(crate) received: u64,
    pub(crate) lapped: u64,
    skipped: u64,
    pub(crate) rejected: u64,
}

impl Subscriber {
    /// Subscribes from now on; the last `history` frames of each publisher come first, as far
    /// as they are still there.
    #[must_use]
    pub fn new(topic: OpenTopic, history: u32) -> Self {
        let mode = topic.mode();
        let cursors = starts(&topic, history);
        Self {
            topic,
            cursors,
            turn: 0,
            attached: Attached::default(),
            entry: None,
            history,
            ready: !mode.is_lossless() && !mode.is_queue(),
            watch: Watch::default(),
            received: 0,
            lapped: 0,
            skipped: 0,
            rejected: 0,
        }
    }

    /// How often the topic's file was found removed, and the topic opened anew.
    #[must_use]
    pub fn reopened(&self) -> u64 {
        self.watch.reopened
    }

    /// What is needed before the first frame, in a topic where it is more than nothing: an
    /// entry, and to join those that publishers wait for.
    #[cold]
    fn make_ready(&mut self) -> Result<()> {
        if let Some(topic) = self.watch.anew(&self.topic)? {
            self.entry = None;
            self.attached.clear();
            // What stands in the new topic came while this subscriber was away.
            self.cursors = vec![0; usize::from(topic.geometry().publishers)].into();
            self.topic = topic;
        }
        let mode = self.topic.mode();
        if mode.is_lossless() {
            let number = self.entry()?.number;
            let topic = &self.topic;
            let joined = topic.lossless().join(number, |ring| topic.ring(ring).head());
            let history = |(&first, ring)| {
                // ordering: Relaxed, a publisher's own word, for people.
                let depth = topic.publisher_row(ring).depth.load(Ordering::Relaxed);
                u64::saturating_sub(first, self.history.min(depth).into())
            };
            self.cursors = joined.iter().zip(0..).map(history).collect();
        } else if mode.is_queue() {
            self.entry()?;
        }
        self.ready = true;
        Ok(())
    }

    /// This subscriber's entry, taken now if it has none.
    pub(crate) fn entry(&mut self) -> Result<&Arc<Entry>> {
        match &mut self.entry {
            Some(entry) => Ok(entry),
            none => Ok(none.insert(Entry::claim(&self.topic)?)),
        }
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &OpenTopic {
        &self.topic
    }

    /// Frames received.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Frames that were gone before they could be taken.
    #[must_use]
    pub fn lapped(&self) -> u64 {
        self.lapped
    }

    /// Frames passed over because only the newest was asked for.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Descriptors that said something impossible.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Counts a received frame whose descriptor turned out to say something impossible.
    pub fn reject(&mut self) {
        self.received -= 1;
        self.count_rejected();
    }

    /// The same for a frame from [`latest`](Self::latest).
    pub fn count_rejected(&mut self) {
        self.rejected += 1;
    }

    /// The next frame, in order for each publisher, publishers taking turns. With `newest`
    /// the newest of a publisher, passing over those before it.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where a pool has 32 reader processes already, and what attaching
    /// to a pool can say. The frame is not lost by it: the next call tries again.
    /// [`ErrorCode::TopicRemoved`] once where the topic's file is gone.
    pub fn receive(&mut self, newest: bool) -> Result<Option<Received>> {
        if !self.ready {
            self.make_ready()?;
        }
        let received = self.receive_in_turn(newest)?;
        if received.is_none() {
            self.found_nothing()?;
        }
        Ok(received)
    }

    #[cold]
    fn found_nothing(&mut self) -> Result<()> {
        let polled = self.watch.polled(&self.topic);
        self.ready &= polled.is_ok();
        polled
    }

    fn receive_in_turn(&mut self, newest: bool) -> Result<Option<Received>> {
        if self.topic.mode().is_queue() {
            return self.consume(newest);
        }
        let mask = self.topic.publishers();
        let publishers = self.topic.geometry().publishers;
        // What one publisher's pool has to say must not hide the frames of the others.
        let mut failed = None;
        for step in 0..publishers {
            let entry = (self.turn + step) % publishers;
            if mask >> entry & 1 == 0 {
                continue;
            }
            match self.receive_from(entry, newest) {
                Ok(Some(received)) => {
                    self.turn = if mask.is_power_of_two() { entry } else { entry + 1 };
                    self.turn %= publishers;
                    return Ok(Some(received));
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    fn receive_from(&mut self, entry: u16, newest: bool) -> Result<Option<Received>> {
        let index = usize::from(entry);
        let mut missed = 0;
        loop {
            let ring = self.topic.ring(entry);
            let (head, capacity) = (ring.head(), ring.capacity());
            let mut position = self.cursors[index];
            if position > head {
                // Positions never go back: somebody scribbled over the head, once or now.
                self.rejected += 1;
                self.cursors[index] = head;
                position = head;
            }
            if position == head {
                self.go_to(entry, head);
                self.lapped = self.lapped.saturating_add(missed);
                return Ok(None);
            }
            let oldest = head.saturating_sub(capacity);
            if position < oldest {
                missed = oldest.saturating_sub(position).saturating_add(missed);
                position = oldest;
            }
            let skipped = if newest { head - 1 - position } else { 0 };
            position += skipped;
            let rejected = self.rejected;
            let found = match ring.read(position) {
                Read::Frame(descriptor) => match self.take(descriptor) {
                    Ok(found) => found,
                    Err(error) => {
                        // The frame is tried again; those before it are gone for good.
                        self.cursors[index] = position - skipped;
                        self.lapped = self.lapped.saturating_add(missed);
                        return Err(error);
                    }
                },
                Read::Lapped => None,
                // The head says it is there: somebody scribbled over the cell.
                Read::Empty => {
                    self.rejected += 1;
                    None
                }
            };
            self.go_to(entry, position + 1);
            self.skipped = self.skipped.saturating_add(skipped);
            match found {
                Some((descriptor, hold)) => {
                    self.lapped = self.lapped.saturating_add(missed);
                    self.received += 1;
                    return Ok(Some(Received { descriptor, hold, missed, claimed: None }));
                }
                None => missed += u64::from(self.rejected == rejected),
            }
        }
    }

    /// Moves the cursor of ring `ring`, and tells publishers that wait for that.
    #[inline]
    fn go_to(&mut self, ring: u16, position: u64) {
        self.cursors[usize::from(ring)] = position;
        if self.topic.mode().is_lossless() {
            self.say_position(ring, position);
        }
    }

    fn say_position(&self, ring: u16, position: u64) {
        let Some(entry) = &self.entry else { return };
        let lossless = self.topic.lossless();
        // What came before it joined was never promised.
        if position > lossless.position(entry.number, ring) {
            lossless.advance(entry.number, ring, position);
            tell_writers(&self.topic, entry.number);
        }
    }

    /// The newest frame that is still there, received before or not. Cursors stay.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub fn latest(&mut self) -> Result<Option<Received>> {
        let mut newest: Option<Received> = None;
        for entry in self.topic.rings_in_use() {
            let ring = self.topic.ring(entry);
            let Some(position) = ring.head().checked_sub(1) else { continue };
            let Read::Frame(descriptor) = ring.read(position) else { continue };
            if newest.as_ref().is_some_and(|seen| seen.descriptor.sent_ns >= descriptor.sent_ns) {
                continue;
            }
            if let Some((descriptor, hold)) = self.take(descriptor)? {
                newest = Some(Received { descriptor, hold, missed: 0, claimed: None });
            }
        }
        Ok(newest)
    }

    /// Takes a reference on what `descriptor` names. `None`: it is gone, or nonsense.
    pub(crate) fn take(&mut self, descriptor: Descriptor) -> Result<Option<(Descriptor, Hold)>> {
        Ok(match self.attached.take(&self.topic, &descriptor)? {
            Taken::Frame(hold) => Some((descriptor, hold)),
            Taken::Gone => None,
            Taken::Nonsense => {
                self.rejected += 1;
                None
            }
        })
    }

    /// Whether a publisher has a frame this subscriber has not looked at.
    #[must_use]
    pub fn has_news(&self) -> bool {
        if self.topic.mode().is_queue() {
            return self.has_work();
        }
        let mask = self.topic.publishers();
        self.cursors.iter().enumerate().any(|(entry, &cursor)| {
            let Ok(entry) = u16::try_from(entry) else { return false };
            mask >> entry & 1 == 1 && self.topic.ring(entry).head() > cursor
        })
    }

    /// Says that this subscriber is about to sleep, to be woken through FIFO `fifo_id`, or
    /// through the futex where that is 0. `None`: a frame is there, it must not sleep.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where 32 subscribers wait already; [`ErrorCode::TopicRemoved`] once
    /// where the topic's file is gone.
    pub fn sleep(&mut self, fifo_id: u64) -> Result<Option<u32>> {
        if !self.ready {
            self.make_ready()?;
        }
        let looked = self.watch.look(&self.topic);
        self.ready &= looked.is_ok();
        looked?;
        let entry = self.entry()?.clone();
        entry.set_bell(fifo_id);
        let seen = self.topic.waiters().announce(entry.number);
        if self.has_news() {
            self.topic.waiters().withdraw(entry.number);
            return Ok(None);
        }
        Ok(Some(seen))
    }

    /// Says that it no longer sleeps.
    pub fn awake(&self) {
        if let Some(entry) = &self.entry {
            self.topic.waiters().withdraw(entry.number);
        }
    }

    /// Blocks until a frame is there, at most `timeout`.
    ///
    /// # Errors
    /// [`ErrorCode::Timeout`], and as [`receive`](Self::receive) and [`sleep`](Self::sleep).
    pub fn receive_blocking(&mut self, timeout: Duration, newest: bool) -> Result<Received> {
        let start = Instant::now();
        loop {
            if let Some(received) = self.receive(newest)? {
                return Ok(received);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                let text = format!("topic {}: no frame in {timeout:?}", self.topic.name());
                return Err(Error::new(ErrorCode::Timeout, text));
            }
            self.sleep_blocking(left)?;
        }
    }

    /// Sleeps until there may be a frame, at most `timeout` and at most [`RECHECK`].
    ///
    /// # Errors
    /// As [`sleep`](Self::sleep).
    pub fn sleep_blocking(&mut self, timeout: Duration) -> Result<()> {
        if let Some(seen) = self.sleep(0)? {
            self.topic.waiters().wait(seen, timeout.min(RECHECK));
            self.awake();
        }
        Ok(())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // Before the topic, whose last user removes what nobody is attached to.
        self.attached.clear();
        self.entry = None;
    }
}

/// Where a subscriber of today begins in each ring: `history` frames back; in a queue with the
/// oldest frame, which may be nobody's yet.
fn starts(topic: &OpenTopic, history: u32) -> Box<[u64]> {
    let history = if topic.mode().is_queue() { u64::MAX } else { history.into() };
    let mask = topic.publishers();
    let start = |entry: u16| {
        let known = mask >> entry & 1 == 1;
        if known { topic.ring(entry).head().saturating_sub(history) } else { 0 }
    };
    (0..topic.geometry().publishers).map(start).collect()
}
