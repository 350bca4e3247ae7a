//! The writing end of a topic: loan a slot, fill it, publish it.

use std::collections::VecDeque;

use framelane_layout::descriptor::flags;
use framelane_layout::sync::Ordering;
use framelane_layout::{ABI_MINOR, Descriptor, ErrorCode};
use framelane_pool::{OwnHold, OwnPool, word};
use framelane_ring::someone_sleeps;
use framelane_shm::{
    Error, Result, check_not_forked, epoch_ns, is_forked, monotonic_ns, process_name,
};

use crate::peer::{OpenTopic, Peer};

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
    /// What the ring keeps, oldest first. Which cell a frame stands in does not matter here:
    /// a cell whose frame was let go is refused by its generation.
    kept: VecDeque<OwnHold>,
    /// A slot that went round at once, still warm.
    spare: Option<OwnHold>,
    sent: u64,
    evicted_early: u64,
    /// Flags of the next frame only.
    once: u8,
    epoch: Epoch,
}

/// The Unix epoch on the monotonic clock, so that a frame costs one reading of a clock. Read
/// anew once a second, for the two drift apart and can be set apart.
#[derive(Debug, Default)]
struct Epoch {
    offset_ns: i64,
    read_ns: u64,
}

impl Epoch {
    /// How long a reading holds.
    const FRESH_NS: u64 = 1_000_000_000;

    /// Nanoseconds since the epoch at `now_ns` of the monotonic clock.
    fn at(&mut self, now_ns: u64) -> i64 {
        if self.read_ns == 0 || now_ns.wrapping_sub(self.read_ns) > Self::FRESH_NS {
            self.read(now_ns);
        }
        now_ns.cast_signed().wrapping_add(self.offset_ns)
    }

    #[cold]
    fn read(&mut self, now_ns: u64) {
        self.offset_ns = epoch_ns().wrapping_sub(now_ns.cast_signed());
        self.read_ns = now_ns;
    }
}

impl Publisher {
    /// Takes a publisher entry, a dead publisher's if there is one, and goes on where its
    /// ring stood. `depth` is how many frames are kept for slow subscribers, 0 for the
    /// default: 8, or 4 for frames above a mebibyte.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where all entries are taken.
    pub fn claim(topic: OpenTopic, depth: u32) -> Result<Self> {
        let next = std::cell::Cell::new(0);
        let entry = topic.claim_publisher(|entry| next.set(topic.ring(entry).take_over()))?;
        let row = topic.publisher_row(entry);
        // ordering: Relaxed, for people, as the next.
        row.pid.store(std::process::id(), Ordering::Relaxed);
        // ordering: Relaxed, for people.
        row.since_ns.store(monotonic_ns(), Ordering::Relaxed);
        // ordering: Relaxed, for people.
        row.evicted_early.store(0, Ordering::Relaxed);
        // ordering: Relaxed, for people.
        row.depth.store(0, Ordering::Relaxed);
        row.name.set(&process_name());
        let publishers = &topic.shared().publishers.0;
        // ordering: Relaxed, for people.
        publishers.epoch.fetch_add(1, Ordering::Relaxed);
        // ordering: Release, pairs with the Acquire in `Subscriber::receive`. A subscriber
        // that does not see the bit sees no frame of the ring, and its cursor is zero.
        publishers.mask.fetch_or(1 << entry, Ordering::Release);
        let next = next.get();
        let kept = topic.peer().unpark(topic.name(), entry);
        let once = if next == 0 { 0 } else { flags::FIRST };
        Ok(Self {
            topic,
            entry,
            next,
            depth,
            depth_said: 0,
            kept,
            spare: None,
            sent: 0,
            evicted_early: 0,
            once,
            epoch: Epoch::default(),
        })
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

    fn depth_for(&self, bytes: u64) -> u32 {
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
        // One that does not suit is let go of before another is looked for.
        if let Some(spare) = self.spare.take()
            && Peer::suits(spare.pool().geometry().slot_stride, bytes)
        {
            spare.will_write(bytes);
            return Ok(spare);
        }
        self.allocate(bytes)
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
        let suits = |hold: &OwnHold| Peer::suits(hold.pool().geometry().slot_stride, bytes);
        let index = self.kept.iter().position(suits).unwrap_or(0);
        if self.kept.remove(index).is_none() {
            return false;
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

    /// Publishes the frame in `hold`, whose header says what it is; `descriptor` says the
    /// same, and which slot it is in and when it was sent is filled in here. A sequence number
    /// of zero becomes the position in the ring, a time stamp of zero the time of sending;
    /// the time stamp is returned.
    #[inline]
    pub fn publish(&mut self, mut hold: OwnHold, descriptor: &mut Descriptor) -> i64 {
        let fill = hold.fill();
        let n = self.next;
        let sent_ns = monotonic_ns();
        // SAFETY: on loan until the write to the ring below.
        unsafe { hold.clear_beyond(descriptor.payload_bytes) };
        // SAFETY: on loan until the write to the ring below; whoever filled it in is done.
        let header = unsafe { hold.header_mut() };
        header.fill = fill;
        if header.stamp_ns == 0 {
            header.stamp_ns = self.epoch.at(sent_ns);
        }
        if header.sequence == 0 {
            header.sequence = n;
        }
        let stamp_ns = header.stamp_ns;
        descriptor.seq = n.wrapping_mul(2).wrapping_add(2);
        descriptor.pool_id = hold.pool().id();
        descriptor.generation = hold.generation();
        descriptor.slot = hold.slot();
        descriptor.gen_hi = word::fill_hi(fill);
        descriptor.abi_minor = ABI_MINOR;
        descriptor.flags |= std::mem::take(&mut self.once);
        descriptor.sent_ns = sent_ns;
        self.topic.ring(self.entry).write(n, descriptor);
        if someone_sleeps(&self.topic.shared().sleepers.0) {
            let peer = self.topic.peer();
            self.topic.waiters().wake(peer.directory(), peer.ringer());
        }
        self.next = n.wrapping_add(1);
        self.sent += 1;
        self.keep(hold, descriptor.payload_bytes);
        stamp_ns
    }

    /// Moves the hold of a loan to the ring, and lets go of what is beyond `depth`.
    fn keep(&mut self, hold: OwnHold, bytes: u64) {
        self.kept.push_back(hold);
        let depth = self.depth_for(bytes);
        if self.depth_said != depth {
            self.depth_said = depth;
            // ordering: Relaxed, for people.
            self.topic.publisher_row(self.entry).depth.store(depth, Ordering::Relaxed);
        }
        while self.kept.len() > depth as usize {
            let reused = self.kept.pop_front().and_then(OwnHold::reuse);
            if reused.is_some() {
                self.spare = reused;
            }
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if is_forked() {
            return;
        }
        // Before the topic, whose last user removes what nobody is attached to.
        self.spare = None;
        let kept = std::mem::take(&mut self.kept);
        self.topic.peer().park(self.topic.name(), self.entry, kept);
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
