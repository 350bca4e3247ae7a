//! The reading end of a topic: take references on what stands in its rings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framelane_layout::descriptor::PAYLOAD_MAX;
use framelane_layout::sync::Ordering;
use framelane_layout::{Descriptor, ErrorCode};
use framelane_pool::{OwnPool, ReaderPool};
use framelane_ring::{RECHECK, Read};
use framelane_shm::{Error, Result, check_not_forked, monotonic_ns, process_name};

use crate::hold::Hold;
use crate::peer::OpenTopic;

/// Pools whose attachment a subscriber keeps. A publisher has one for each size of frames.
const POOLS_KEPT: usize = 64;

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
}

#[derive(Debug)]
enum Pool {
    Own(Arc<OwnPool>),
    Reader(Arc<ReaderPool>),
}

/// A subscriber. Its cursors are private: nobody waits for it.
#[derive(Debug)]
pub struct Subscriber {
    topic: OpenTopic,
    /// Next position in each ring.
    cursors: Box<[u64]>,
    /// The ring to look at first, so that publishers take turns.
    turn: u16,
    /// Attached pools, the one used last in front.
    pools: Vec<(u64, Pool)>,
    /// Subscriber entry, taken when it first sleeps.
    entry: Option<u16>,
    received: u64,
    lapped: u64,
    skipped: u64,
    rejected: u64,
}

impl Subscriber {
    /// Subscribes from now on; the last `history` frames of each publisher come first, as far
    /// as they are still there.
    #[must_use]
    pub fn new(topic: OpenTopic, history: u32) -> Self {
        let publishers = topic.geometry().publishers;
        // ordering: Acquire, pairs with the Release in `Publisher::claim`.
        let mask = topic.shared().publishers.0.mask.load(Ordering::Acquire);
        let start = |entry: u16| {
            let known = mask >> entry & 1 == 1;
            if known { topic.ring(entry).head().saturating_sub(u64::from(history)) } else { 0 }
        };
        let cursors = (0..publishers).map(start).collect();
        Self {
            topic,
            cursors,
            turn: 0,
            pools: Vec::new(),
            entry: None,
            received: 0,
            lapped: 0,
            skipped: 0,
            rejected: 0,
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

    fn mask(&self) -> u64 {
        // ordering: Acquire, pairs with the Release in `Publisher::claim`.
        self.topic.shared().publishers.0.mask.load(Ordering::Acquire)
    }

    /// The next frame, in order for each publisher, publishers taking turns. With `newest`
    /// the newest of a publisher, passing over those before it.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where a pool has 32 reader processes already, and what attaching
    /// to a pool can say. The frame is not lost by it: the next call tries again.
    pub fn receive(&mut self, newest: bool) -> Result<Option<Received>> {
        let mask = self.mask();
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
        // A forked child finds no publisher: only then is it looked at what it is.
        failed.map_or_else(|| check_not_forked().map(|()| None), Err)
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
            self.cursors[index] = position + 1;
            self.skipped = self.skipped.saturating_add(skipped);
            match found {
                Some((descriptor, hold)) => {
                    self.lapped = self.lapped.saturating_add(missed);
                    self.received += 1;
                    return Ok(Some(Received { descriptor, hold, missed }));
                }
                None => missed += u64::from(self.rejected == rejected),
            }
        }
    }

    /// The newest frame that is still there, received before or not. Cursors stay.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub fn latest(&mut self) -> Result<Option<Received>> {
        check_not_forked()?;
        let mask = self.mask();
        let mut newest: Option<Received> = None;
        for entry in (0..self.topic.geometry().publishers).filter(|&entry| mask >> entry & 1 == 1) {
            let ring = self.topic.ring(entry);
            let Some(position) = ring.head().checked_sub(1) else { continue };
            let Read::Frame(descriptor) = ring.read(position) else { continue };
            if newest.as_ref().is_some_and(|seen| seen.descriptor.sent_ns >= descriptor.sent_ns) {
                continue;
            }
            if let Some((descriptor, hold)) = self.take(descriptor)? {
                newest = Some(Received { descriptor, hold, missed: 0 });
            }
        }
        Ok(newest)
    }

    /// Takes a reference on what `descriptor` names. `None`: it is gone, or nonsense.
    fn take(&mut self, descriptor: Descriptor) -> Result<Option<(Descriptor, Hold)>> {
        let pool = match self.pool(descriptor.pool_id) {
            Ok(Some(pool)) => pool,
            Ok(None) => return Ok(None),
            Err(error) if is_nonsense(&error) => {
                self.rejected += 1;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let (stride, hold) = match pool {
            Pool::Own(pool) => {
                (pool.geometry().slot_stride, pool.acquire(&descriptor).map(Hold::Own))
            }
            Pool::Reader(pool) => {
                (pool.geometry().slot_stride, pool.acquire(&descriptor).map(Hold::Reader))
            }
        };
        let Some(hold) = hold else { return Ok(None) };
        let sound = descriptor.kind == self.topic.kind() as u8
            && descriptor.payload_bytes <= PAYLOAD_MAX.min(stride);
        if !sound {
            self.rejected += 1;
            return Ok(None);
        }
        Ok(Some((descriptor, hold)))
    }

    fn pool(&mut self, id: u64) -> Result<Option<&Pool>> {
        if self.pools.first().is_none_or(|&(first, _)| first != id) {
            if let Some(index) = self.pools.iter().position(|&(known, _)| known == id) {
                self.pools.swap(0, index);
            } else {
                let Some(pool) = self.find_pool(id)? else { return Ok(None) };
                self.forget_relics();
                self.pools.truncate(POOLS_KEPT - 1);
                self.pools.insert(0, (id, pool));
            }
        }
        Ok(self.pools.first().map(|(_, pool)| pool))
    }

    fn find_pool(&self, id: u64) -> Result<Option<Pool>> {
        let peer = self.topic.peer();
        if let Some(pool) = peer.own_pool(id) {
            return Ok(Some(Pool::Own(pool)));
        }
        Ok(peer.reader_pool(id)?.map(Pool::Reader))
    }

    /// Detaches from pools that this topic no longer names and that will never be filled
    /// again, or that are ours and mapped anyway, so that a publisher which restarts often
    /// does not pile up memory.
    fn forget_relics(&mut self) {
        let mask = self.mask();
        let rings = (0..self.topic.geometry().publishers).filter(|&entry| mask >> entry & 1 == 1);
        let named: Vec<u64> = rings
            .flat_map(|entry| self.topic.ring(entry).standing())
            .map(|descriptor| descriptor.pool_id)
            .collect();
        self.pools.retain(|(id, pool)| {
            let relic = match pool {
                Pool::Own(_) => true,
                // Who cannot be asked is taken to live.
                Pool::Reader(pool) => !pool.owner_lives().unwrap_or(true),
            };
            !relic || named.contains(id)
        });
    }

    /// Whether a publisher has a frame this subscriber has not looked at.
    #[must_use]
    pub fn has_news(&self) -> bool {
        let mask = self.mask();
        self.cursors.iter().enumerate().any(|(entry, &cursor)| {
            let Ok(entry) = u16::try_from(entry) else { return false };
            mask >> entry & 1 == 1 && self.topic.ring(entry).head() > cursor
        })
    }

    /// Says that this subscriber is about to sleep, to be woken through FIFO `fifo_id`, or
    /// through the futex where that is 0. `None`: a frame is there, it must not sleep.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where 32 subscribers wait already.
    pub fn sleep(&mut self, fifo_id: u64) -> Result<Option<u32>> {
        let entry = match self.entry {
            Some(entry) => entry,
            None => self.claim_entry(fifo_id)?,
        };
        let seen = self.topic.waiters().announce(entry);
        if self.has_news() {
            self.topic.waiters().withdraw(entry);
            return Ok(None);
        }
        Ok(Some(seen))
    }

    /// Says that it no longer sleeps.
    pub fn awake(&self) {
        if let Some(entry) = self.entry {
            self.topic.waiters().withdraw(entry);
        }
    }

    fn claim_entry(&mut self, fifo_id: u64) -> Result<u16> {
        let topic = &self.topic;
        let entry = topic.claim_subscriber(|entry| topic.waiters().withdraw(entry))?;
        let row = &topic.subscriber_rows()[usize::from(entry)];
        // ordering: Relaxed, for people, as the next.
        row.pid.store(std::process::id(), Ordering::Relaxed);
        // ordering: Relaxed, for people.
        row.since_ns.store(monotonic_ns(), Ordering::Relaxed);
        row.name.set(&process_name());
        // ordering: Release, pairs with the Acquire in `Waiters::wake`.
        row.fifo_id.store(fifo_id, Ordering::Release);
        self.entry = Some(entry);
        Ok(entry)
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
            if let Some(seen) = self.sleep(0)? {
                self.topic.waiters().wait(seen, left.min(RECHECK));
                self.awake();
            }
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        // Before the topic, whose last user removes what nobody is attached to.
        self.pools.clear();
        if let Some(entry) = self.entry {
            self.topic.release_subscriber(entry);
        }
    }
}

/// Whether a pool is refused for what its file says, and not for want of something.
fn is_nonsense(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::Corrupt | ErrorCode::LayoutVersion)
}
