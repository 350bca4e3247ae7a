//! The reading end of a topic: take references on what stands in its rings.

use std::sync::Arc;
use std::time::Duration;

use framelane_layout::Descriptor;
use framelane_layout::sync::Ordering;
use framelane_layout::topic::Mode;
use framelane_ring::{RECHECK, Read};
use framelane_shm::{Result, check_not_forked};

use crate::attached::{Attached, Outcome};
use crate::entry::Entry;
use crate::gauge::tell_writers;
use crate::hold::Hold;
use crate::peer::OpenTopic;
use crate::queue::Claimed;
use crate::watch::Watch;

/// A frame taken from a ring.
#[derive(Debug)]
pub struct Received<'a> {
    /// Checked for what it says of the slot; what it says of the pixels is for the caller to
    /// check. The subscriber's own copy, which the next frame overwrites.
    pub descriptor: &'a Descriptor,
    /// The reference on the slot.
    pub hold: Hold,
    /// Frames of the same publisher that were overwritten before this one could be taken.
    pub missed: u64,
    /// In a queue whose frames must be acknowledged, what is to be acknowledged.
    pub claimed: Option<Claimed>,
}

/// A frame taken, whose descriptor stands in the subscriber.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) hold: Hold,
    pub(crate) missed: u64,
    pub(crate) claimed: Option<Claimed>,
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
    /// The descriptor read last: it is copied once, out of shared memory.
    pub(crate) descriptor: Descriptor,
    /// Which topic this is, so that an ordinary one does no more than it needs.
    pub(crate) mode: Mode,
    /// Whether [`receive_in_order`](Self::receive_in_order) may be tried.
    ordinary: bool,
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
            descriptor: Descriptor::default(),
            mode,
            ordinary: !mode.is_lossless() && !mode.is_queue(),
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
        check_not_forked()?;
        self.reopen()?;
        if self.mode.is_lossless() {
            let number = self.entry()?.number;
            let topic = &self.topic;
            let joined = topic.lossless().join(number, |ring| topic.ring(ring).head());
            let history = |(&first, ring)| {
                // ordering: Relaxed, a publisher's own word, for people.
                let depth = topic.publisher_row(ring).depth.load(Ordering::Relaxed);
                u64::saturating_sub(first, self.history.min(depth).into())
            };
            self.cursors = joined.iter().zip(0..).map(history).collect();
        } else if self.mode.is_queue() {
            self.entry()?;
        }
        self.ready = true;
        Ok(())
    }

    /// Leaves the topic, if it was found to be removed, for the one of its name that is there now.
    fn reopen(&mut self) -> Result<()> {
        let Some(topic) = self.watch.anew(&self.topic)? else { return Ok(()) };
        self.watch.has_anew();
        self.entry = None;
        self.attached.clear();
        // What stands in the new topic came while this subscriber was away.
        self.cursors = vec![0; usize::from(topic.geometry().publishers)].into();
        self.topic = topic;
        self.ready = self.ordinary;
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
    /// [`Limit`] where a pool has 32 reader processes already, and what attaching
    /// to a pool can say. The frame is not lost by it: the next call tries again.
    /// [`TopicRemoved`] once where the topic's file is gone.
    ///
    /// [`Limit`]: framelane_layout::ErrorCode::Limit
    /// [`TopicRemoved`]: framelane_layout::ErrorCode::TopicRemoved
    pub fn receive(&mut self, newest: bool) -> Result<Option<Received<'_>>> {
        if !self.ready {
            self.make_ready()?;
        }
        let taken = if self.mode.is_queue() {
            self.consume(newest)?
        } else {
            self.receive_in_turn(newest)?
        };
        let Some(Taken { hold, missed, claimed }) = taken else {
            self.found_nothing()?;
            return Ok(None);
        };
        self.received += 1;
        Ok(Some(Received { descriptor: &self.descriptor, hold, missed, claimed }))
    }

    /// The next frame in the one case that is the rule: a topic that has had one publisher, a
    /// frame that is there, in the pool of the one before. Everything in registers, for copying
    /// it about costs more than the rest. The head is not asked: a cell that is complete is a
    /// frame, and if its publisher dies before it says so, the next one does. The descriptor is
    /// given as its words, which whoever keeps it can store as they are. `None`: nothing was done,
    /// ask [`receive`](Self::receive).
    #[inline(always)]
    pub fn receive_in_order(&mut self) -> Option<([u64; 8], Hold)> {
        let mask = self.topic.ring_mask();
        if !(self.ordinary && self.ready && mask.is_power_of_two()) {
            return None;
        }
        let entry = ring_of(mask);
        let cursor = self.cursors.get_mut(usize::from(entry))?;
        let words = self.topic.ring(entry).read_words(*cursor).ok()?;
        let descriptor = Descriptor::from_words(words);
        let hold = self.attached.take_known(self.topic.kind(), &descriptor)?;
        *cursor = cursor.wrapping_add(1);
        self.received += 1;
        Some((words, hold))
    }

    /// Undoes the last [`receive_in_order`](Self::receive_in_order), whose hold is dropped:
    /// [`receive`](Self::receive) comes to the same frame.
    #[cold]
    pub fn take_back(&mut self) {
        let entry = ring_of(self.topic.ring_mask());
        if let Some(cursor) = self.cursors.get_mut(usize::from(entry)) {
            *cursor = cursor.wrapping_sub(1);
        }
        self.received -= 1;
    }

    fn found_nothing(&mut self) -> Result<()> {
        // A forked child finds no publisher: only then is it looked at what it is.
        check_not_forked()?;
        let polled = self.watch.polled(&self.topic);
        self.ready &= polled.is_ok();
        polled
    }

    fn receive_in_turn(&mut self, newest: bool) -> Result<Option<Taken>> {
        let mask = self.topic.ring_mask();
        // What one publisher's pool has to say must not hide the frames of the others.
        let mut failed = None;
        for entry in rings_from(mask, self.turn) {
            match self.receive_from(entry, newest) {
                Ok(Some(taken)) => {
                    self.turn = entry + 1;
                    return Ok(Some(taken));
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    fn receive_from(&mut self, entry: u16, newest: bool) -> Result<Option<Taken>> {
        let index = usize::from(entry);
        let mut missed = 0_u64;
        let mut taken = None;
        // More steps than a ring has positions are taken only where somebody scribbles over its
        // head all the time; the next call goes on.
        for _ in 0..=2 * self.topic.ring(entry).capacity() {
            let ring = self.topic.ring(entry);
            let (head, capacity) = (ring.head(), ring.capacity());
            let mut position = self.cursors[index];
            // A frame can have been taken before the head said that it is there.
            if position > head.saturating_add(1) {
                // Positions never go back: somebody scribbled over the head, once or now.
                self.rejected += 1;
                position = head;
            }
            if position >= head {
                self.go_to(entry, position);
                break;
            }
            let oldest = head.saturating_sub(capacity);
            if position < oldest {
                missed = oldest.saturating_sub(position).saturating_add(missed);
                position = oldest;
            }
            let skipped = if newest { head - 1 - position } else { 0 };
            position += skipped;
            let outcome = match ring.read(position, &mut self.descriptor) {
                Read::Frame => self.attached.take(&self.topic, &self.descriptor),
                Read::Lapped => Ok(Outcome::Gone),
                // The head says it is there: somebody scribbled over the cell.
                Read::Empty => Ok(Outcome::Nonsense),
            };
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(error) => {
                    // The frame is tried again; those before it are gone for good.
                    self.cursors[index] = position - skipped;
                    self.lapped = self.lapped.saturating_add(missed);
                    return Err(error);
                }
            };
            self.go_to(entry, position + 1);
            self.skipped = self.skipped.saturating_add(skipped);
            match outcome {
                Outcome::Frame(hold) => {
                    taken = Some(Taken { hold, missed, claimed: None });
                    break;
                }
                outcome => missed = missed.saturating_add(self.count_lost(&outcome)),
            }
        }
        self.lapped = self.lapped.saturating_add(missed);
        Ok(taken)
    }

    /// Counts a descriptor that led to no frame; how many frames were missed by it.
    fn count_lost(&mut self, outcome: &Outcome) -> u64 {
        let nonsense = matches!(outcome, Outcome::Nonsense);
        self.rejected += u64::from(nonsense);
        u64::from(!nonsense)
    }

    /// Moves the cursor of ring `ring`, and tells publishers that wait for that.
    #[inline]
    fn go_to(&mut self, ring: u16, position: u64) {
        self.cursors[usize::from(ring)] = position;
        if self.mode.is_lossless() {
            self.say_position(ring, position);
        }
    }

    fn say_position(&self, ring: u16, position: u64) {
        let Some(entry) = &self.entry else { return };
        let lossless = self.topic.lossless();
        let said = lossless.position(entry.number, ring);
        // What came before it joined was never promised. What is ahead of the ring was scribbled,
        // here or over the head: while it stands, no publisher waits for this subscriber.
        if position > said || said > self.topic.ring(ring).head() {
            lossless.advance(entry.number, ring, position);
            tell_writers(&self.topic, entry.number);
        }
    }

    /// The newest frame that is still there, received before or not. Cursors stay.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub fn latest(&mut self) -> Result<Option<Received<'_>>> {
        check_not_forked()?;
        self.reopen()?;
        // Also where it finds something: it finds the last frame of a removed topic for ever.
        let polled = self.watch.polled(&self.topic);
        self.ready &= polled.is_ok();
        polled?;
        let mut newest: Option<(Descriptor, Hold)> = None;
        for entry in self.topic.rings_in_use() {
            let ring = self.topic.ring(entry);
            let Some(position) = ring.head().checked_sub(1) else { continue };
            let mut descriptor = Descriptor::default();
            if ring.read(position, &mut descriptor) != Read::Frame
                || newest.as_ref().is_some_and(|(seen, _)| seen.sent_ns >= descriptor.sent_ns)
            {
                continue;
            }
            match self.attached.take(&self.topic, &descriptor)? {
                Outcome::Frame(hold) => newest = Some((descriptor, hold)),
                Outcome::Gone => {}
                Outcome::Nonsense => self.rejected += 1,
            }
        }
        let Some((descriptor, hold)) = newest else { return Ok(None) };
        self.descriptor = descriptor;
        let descriptor = &self.descriptor;
        Ok(Some(Received { descriptor, hold, missed: 0, claimed: None }))
    }

    /// Whether a publisher has a frame this subscriber has not looked at.
    #[must_use]
    pub fn has_news(&self) -> bool {
        if self.mode.is_queue() {
            return self.has_work();
        }
        let mask = self.topic.ring_mask();
        self.cursors.iter().enumerate().any(|(entry, &cursor)| {
            let Ok(entry) = u16::try_from(entry) else { return false };
            mask >> entry & 1 == 1 && self.topic.ring(entry).head() > cursor
        })
    }

    /// Says that this subscriber is about to sleep, to be woken through FIFO `fifo_id`, or
    /// through the futex where that is 0. `None`: a frame is there, it must not sleep.
    ///
    /// # Errors
    /// [`Limit`] where 32 subscribers wait already; [`TopicRemoved`] once
    /// where the topic's file is gone.
    ///
    /// [`Limit`]: framelane_layout::ErrorCode::Limit
    /// [`TopicRemoved`]: framelane_layout::ErrorCode::TopicRemoved
    pub fn sleep(&mut self, fifo_id: u64) -> Result<Option<u32>> {
        if !self.ready {
            self.make_ready()?;
        }
        let looked = self.watch.look(&self.topic);
        self.ready &= looked.is_ok();
        looked?;
        let (received, lapped, rejected) = (self.received, self.lapped, self.rejected);
        let entry = self.entry()?;
        entry.set_bell(fifo_id);
        entry.count(received, lapped, rejected);
        let number = entry.number;
        let seen = self.topic.waiters().announce(number);
        if self.has_news() {
            self.topic.waiters().withdraw(number);
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
        if let Some(entry) = self.entry.take() {
            entry.count(self.received, self.lapped, self.rejected);
        }
    }
}

/// The ring of a mask with one bit.
fn ring_of(mask: u64) -> u16 {
    u16::try_from(mask.trailing_zeros()).unwrap_or(u16::MAX)
}

/// The rings of a mask, beginning with number `first`.
pub(crate) fn rings_from(mask: u64, first: u16) -> impl Iterator<Item = u16> {
    let below = (1_u64 << (first % 64)).wrapping_sub(1);
    let (mut later, mut earlier) = (mask & !below, mask & below);
    std::iter::from_fn(move || {
        let rest = if later == 0 { &mut earlier } else { &mut later };
        let next = (*rest != 0).then(|| ring_of(*rest));
        *rest &= rest.wrapping_sub(1);
        next
    })
}

/// Where a subscriber of today begins in each ring: `history` frames back. In a queue at the
/// beginning: what nobody has taken waits for whoever comes.
fn starts(topic: &OpenTopic, history: u32) -> Box<[u64]> {
    let mask = topic.ring_mask();
    let start = |entry: u16| {
        let known = mask >> entry & 1 == 1 && !topic.mode().is_queue();
        if known { topic.ring(entry).head().saturating_sub(u64::from(history)) } else { 0 }
    };
    (0..topic.geometry().publishers).map(start).collect()
}
