//! The writing end of a topic: loan a slot, fill it, publish it.

use std::time::{Duration, Instant};

use framelane_layout::descriptor::flags;
use framelane_layout::sync::Ordering;
use framelane_layout::topic::{Overflow, SUBSCRIBERS_MAX};
use framelane_layout::{ABI_MINOR, Descriptor, ErrorCode};
use framelane_pool::{OwnHold, OwnPool, word};
use framelane_ring::someone_sleeps;
use framelane_shm::{Error, Result, check_not_forked, is_forked, monotonic_ns};

use crate::epoch::Epoch;
use crate::gauge::{Gauge, Room};
use crate::hold::Hold;
use crate::kept::KeptFrames;
use crate::peer::{OpenTopic, Peer};
use crate::takeover::{retire_cells, take_over, unparked};
use crate::watch::Watch;

/// Frames kept for slow subscribers where nobody said how many.
const DEPTH: u32 = 8;
/// The same for frames above a mebibyte.
const DEPTH_LARGE: u32 = 4;
const LARGE: u64 = 1 << 20;

/// A publisher entry of a topic, held by this object alone.
#[derive(Debug)]
pub struct Publisher {
    topic: OpenTopic,
    entry: u16,
    /// Position of the next frame.
    next: u64,
    /// Asked for; 0: decided by the size of the frames.
    depth: u32,
    /// What stands in the publisher's row, for people.
    depth_said: u32,
    kept: KeptFrames,
    gauge: Gauge,
    watch: Watch,
    /// When [`admit`](Self::admit) must do more than look at the clock; 0: each time.
    ask_ns: u64,
    sent_ns: u64,
    sent: u64,
    dropped: u64,
    evicted_early: u64,
    /// Flags of the next frame only.
    once: u8,
    epoch: Epoch,
}

impl Publisher {
    /// Takes a publisher entry, a dead publisher's if there is one, and goes on where its
    /// ring stood. `depth` is how many frames are kept for slow subscribers, 0 for the
    /// default: 8, or 4 for frames above a mebibyte.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where all entries are taken.
    pub fn claim(topic: OpenTopic, depth: u32) -> Result<Self> {
        let (entry, next) = take_over(&topic)?;
        let kept = unparked(&topic, entry, next);
        let gauge = Gauge::new(&topic, next);
        let once = if next == 0 { 0 } else { flags::FIRST };
        let publisher = Self {
            topic,
            entry,
            next,
            depth,
            depth_said: 0,
            kept,
            gauge,
            watch: Watch::default(),
            ask_ns: 0,
            sent_ns: 0,
            sent: 0,
            dropped: 0,
            evicted_early: 0,
            once,
            epoch: Epoch::default(),
        };
        retire_cells(&publisher.topic, entry, next);
        Ok(publisher)
    }

    /// Which publisher entry this is.
    #[must_use]
    pub fn entry(&self) -> u16 {
        self.entry
    }

    /// Frames published by this object.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Frames let go before `depth` said so, because memory ran short.
    #[must_use]
    pub fn evicted_early(&self) -> u64 {
        self.evicted_early
    }

    /// Frames dropped because there was no room for them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How often the topic's file was found removed, and the topic opened anew.
    #[must_use]
    pub fn reopened(&self) -> u64 {
        self.watch.reopened
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &OpenTopic {
        &self.topic
    }

    /// How many frames of this size are kept.
    #[must_use]
    pub fn depth_for(&self, bytes: u64) -> u32 {
        match self.depth {
            0 if bytes > LARGE => DEPTH_LARGE,
            0 => DEPTH,
            depth => depth,
        }
    }

    /// A slot for a frame of `bytes` bytes; what stands in it is unspecified.
    ///
    /// # Errors
    /// [`ErrorCode::PoolExhausted`] where every slot is in use and none may be made,
    /// [`ErrorCode::NoSpace`] where shared memory is full.
    #[inline(always)]
    pub fn loan(&mut self, bytes: u64) -> Result<OwnHold> {
        check_not_forked()?;
        if self.watch.is_removed() {
            // Before a slot is taken of a pool that nobody can find any more.
            self.reopen()?;
        }
        // One that does not suit is let go of before another is looked for.
        match self.kept.take_spare(bytes) {
            Some(spare) => {
                spare.will_write(bytes);
                Ok(spare)
            }
            None => self.allocate(bytes),
        }
    }

    #[inline(never)]
    fn allocate(&mut self, bytes: u64) -> Result<OwnHold> {
        loop {
            let allocated = self.topic.peer().allocate(bytes, self.depth_for(bytes));
            match allocated {
                Ok(Some(hold)) => return Ok(hold),
                Ok(None) if self.evict(bytes) => {}
                Ok(None) => return Err(self.exhausted(bytes)),
                Err(error) if error.code() == ErrorCode::NoSpace && self.evict(bytes) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets go of the oldest kept frame before its time, of one in a slot of this size if there
    /// is one; whether there was any. For when memory runs short.
    pub fn evict(&mut self, bytes: u64) -> bool {
        if self.topic.mode().is_queue() && self.drop_done() {
            return true;
        }
        if !self.kept.evict(bytes, self.gauge.needed) {
            // What was wanted when room was last asked for may have been taken since.
            self.gauge.look(&self.topic, self.entry, self.next);
            if !self.kept.evict(bytes, self.gauge.needed) {
                return false;
            }
        }
        self.evicted_early += 1;
        let row = self.topic.publisher_row(self.entry);
        // ordering: Relaxed, a counter for people.
        row.evicted_early.store(self.evicted_early, Ordering::Relaxed);
        true
    }

    fn exhausted(&self, bytes: u64) -> Error {
        let pools = self.topic.peer().own_pools();
        let suiting = pools.iter().filter(|pool| Peer::suits(pool.geometry().slot_stride, bytes));
        let holders: Vec<String> = suiting.flat_map(|pool| holders(pool)).collect();
        let held = if holders.is_empty() { "this process".into() } else { holders.join(", ") };
        let text = format!(
            "topic {}: every slot for {bytes} bytes is in use (held by {held}); release frames \
             or raise maxBytes",
            self.topic.name()
        );
        Error::new(ErrorCode::PoolExhausted, text)
    }

    /// Whether a frame of `bytes` bytes may be published now. `false`: it is dropped, and counted
    /// as that.
    ///
    /// # Errors
    /// [`ErrorCode::Backpressure`] where a subscriber that must not lose frames has not taken
    /// those before; [`ErrorCode::TopicRemoved`] once where the topic's file is gone.
    #[inline(always)]
    pub fn admit(&mut self, bytes: u64) -> Result<bool> {
        // The clock is the one the last frame was stamped with: one reading a frame.
        if self.sent_ns < self.ask_ns { Ok(true) } else { self.ask(bytes) }
    }

    #[inline(never)]
    fn ask(&mut self, bytes: u64) -> Result<bool> {
        check_not_forked()?;
        self.reopen()?;
        if monotonic_ns() >= self.watch.due_ns() {
            self.watch.look(&self.topic)?;
        }
        let mode = self.topic.mode();
        if !mode.is_queue() && !mode.is_lossless() {
            self.ask_ns = self.watch.due_ns();
            return Ok(true);
        }
        match self.room(bytes)? {
            Room::Free => Ok(true),
            Room::Full(_) if mode.overflow == Overflow::DropNewest => {
                self.dropped += 1;
                Ok(false)
            }
            Room::Full(reader) => Err(self.backpressure(reader)),
        }
    }

    fn room(&mut self, bytes: u64) -> Result<Room> {
        let depth = self.depth_for(bytes);
        let dropped = &mut self.dropped;
        self.gauge.room(&self.topic, self.entry, self.next, depth, dropped)
    }

    /// Leaves the topic, if it was found to be removed, for the one of its name that is there now.
    #[inline(never)]
    fn reopen(&mut self) -> Result<()> {
        let Some(topic) = self.watch.anew(&self.topic)? else { return Ok(()) };
        let (entry, next) = take_over(&topic)?;
        self.watch.has_anew();
        self.topic.release_publisher(self.entry);
        // Their slots may be in pools that nobody can find any more.
        self.kept = unparked(&topic, entry, next);
        self.gauge = Gauge::new(&topic, next);
        (self.topic, self.entry, self.next) = (topic, entry, next);
        (self.depth_said, self.ask_ns) = (0, 0);
        self.once = if next == 0 { 0 } else { flags::FIRST };
        retire_cells(&self.topic, entry, next);
        Ok(())
    }

    #[cold]
    fn backpressure(&self, reader: Option<u16>) -> Error {
        let who = match reader {
            Some(reader) => {
                let row = &self.topic.subscriber_rows()[usize::from(reader)];
                let pid = row.pid.load(Ordering::Relaxed); // ordering: for people
                format!("{} (pid {pid}) has", crate::stats::text(&row.name))
            }
            None => "its consumers have".into(),
        };
        let text = format!(
            "topic {}: {who} not taken the frames before this one; wait for room, or read faster",
            self.topic.name()
        );
        Error::new(ErrorCode::Backpressure, text)
    }

    /// Asks to be told when there may be room for a frame of `bytes` bytes, through FIFO
    /// `fifo_id`, or through the futex where that is 0. `None`: there is room already.
    ///
    /// # Errors
    /// As [`admit`](Self::admit), but for a full ring.
    pub fn await_room(&mut self, bytes: u64, fifo_id: u64) -> Result<Option<u32>> {
        check_not_forked()?;
        self.reopen()?;
        let looked = self.watch.look(&self.topic);
        if looked.is_err() {
            self.ask_ns = 0;
        }
        looked?;
        let mode = self.topic.mode();
        if mode.overflow != Overflow::Block {
            return Ok(None);
        }
        let mut asked = None;
        for _ in 0..=SUBSCRIBERS_MAX {
            let Room::Full(reader) = self.room(bytes)? else { return Ok(None) };
            // Only the reader that was asked tells: where the second look names another one, that
            // one is asked, too.
            if let Some((first, seen)) = asked
                && first == reader
            {
                return Ok(Some(seen));
            }
            let seen = Gauge::block(&self.topic, reader, self.entry, fifo_id);
            asked = Some((reader, seen));
        }
        // Somebody scribbles over the cursors. What is not told is seen when it is looked again.
        Ok(asked.map(|(_, seen)| seen))
    }

    /// Blocks until a frame of `bytes` bytes may be published, at most `timeout`.
    ///
    /// # Errors
    /// [`ErrorCode::Backpressure`] where there was no room in time, and as
    /// [`admit`](Self::admit).
    pub fn wait_for_room(&mut self, bytes: u64, timeout: Duration) -> Result<()> {
        let start = Instant::now();
        while let Some(seen) = self.await_room(bytes, 0)? {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return self.admit(bytes).map(drop);
            }
            self.topic.room().wait(seen, left);
        }
        Ok(())
    }

    /// Publishes the frame in `hold`, whose header says what it is; `descriptor` says the
    /// same, and which slot it is in and when it was sent is filled in here. A sequence number
    /// of zero becomes the position in the ring, a time stamp of zero the time of sending;
    /// the time stamp is returned. The frame must have been [admitted](Self::admit).
    #[inline(always)]
    pub fn publish(&mut self, mut hold: OwnHold, descriptor: &mut Descriptor) -> i64 {
        let fill = hold.fill();
        let sent_ns = monotonic_ns();
        // SAFETY: on loan until the write to the ring below; whoever filled it in is done.
        let ext_offset = unsafe { hold.header_mut() }.ext_offset;
        // Whoever writes an ext block fills up the slot.
        let covered = if ext_offset == 0 {
            descriptor.payload_bytes
        } else {
            hold.pool().geometry().slot_stride
        };
        // SAFETY: on loan until the write to the ring below.
        unsafe { hold.clear_beyond(covered) };
        // SAFETY: on loan until the write to the ring below; whoever filled it in is done.
        let header = unsafe { hold.header_mut() };
        header.fill = fill;
        if header.stamp_ns == 0 {
            header.stamp_ns = self.epoch.at(sent_ns);
        }
        if header.sequence == 0 {
            header.sequence = self.next;
        }
        let stamp_ns = header.stamp_ns;
        descriptor.pool_id = hold.pool().id();
        descriptor.generation = hold.generation();
        descriptor.slot = hold.slot();
        descriptor.gen_hi = word::fill_hi(fill);
        descriptor.abi_minor = ABI_MINOR;
        self.write(Hold::Own(hold), descriptor, sent_ns);
        stamp_ns
    }

    /// Publishes a frame once more that has been published before, here or elsewhere: `hold` is
    /// a reference of this process's own, `descriptor` what was received with it. Nothing is
    /// copied; the frame's header stays what its first publisher wrote. The frame must have
    /// been [admitted](Self::admit).
    pub fn relay(&mut self, hold: Hold, descriptor: &Descriptor) {
        let mut descriptor = *descriptor;
        descriptor.flags &= !flags::FIRST;
        descriptor.flags |= flags::RELAYED;
        self.write(hold, &mut descriptor, monotonic_ns());
    }

    #[inline(always)]
    fn write(&mut self, hold: Hold, descriptor: &mut Descriptor, sent_ns: u64) {
        let n = self.next;
        descriptor.seq = n.wrapping_mul(2).wrapping_add(2);
        descriptor.flags |= std::mem::take(&mut self.once);
        descriptor.sent_ns = sent_ns;
        self.sent_ns = sent_ns;
        let topic = &self.topic;
        let offer = || {
            if topic.mode().is_queue() {
                topic.queue(self.entry).offer(n);
            }
        };
        topic.ring(self.entry).write(n, descriptor, offer);
        if someone_sleeps(&topic.shared().sleepers.0) {
            topic.waiters().wake(topic.peer().directory(), topic.peer().ringer());
        }
        self.next = n.wrapping_add(1);
        self.sent += 1;
        self.keep(hold, descriptor.payload_bytes);
    }

    /// Moves the hold of a frame to the ring, and lets go of what is beyond `depth`.
    #[inline(always)]
    fn keep(&mut self, hold: Hold, bytes: u64) {
        self.kept.push(self.next.wrapping_sub(1), hold);
        let depth = self.depth_for(bytes);
        if self.depth_said != depth {
            self.depth_said = depth;
            // ordering: Relaxed, for people.
            self.topic.publisher_row(self.entry).depth.store(depth, Ordering::Relaxed);
        }
        if self.topic.mode().is_queue() {
            self.drop_done();
        } else {
            self.kept.trim(depth, self.gauge.needed);
        }
    }

    /// In a queue: lets go of what is done with, for nobody comes late to that; whether there was
    /// any.
    #[inline(never)]
    fn drop_done(&mut self) -> bool {
        let queue = self.topic.queue(self.entry);
        self.kept.keep_only(|n| queue.state(n).is_open())
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if is_forked() {
            return;
        }
        // Before the topic, whose last user removes what nobody is attached to.
        let kept = self.kept.park();
        self.topic.peer().park(&self.topic, self.entry, kept);
        self.topic.release_publisher(self.entry);
    }
}

/// The readers that hold slots of `pool`, and how many each.
fn holders(pool: &OwnPool) -> Vec<String> {
    crate::stats::holders(pool.lines(), pool.reader_rows())
        .into_iter()
        .map(|holder| format!("{} (pid {}): {}", holder.process, holder.pid, holder.slots))
        .collect()
}
