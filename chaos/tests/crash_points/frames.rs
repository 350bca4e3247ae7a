//! Frames whose every word tells which frame it belongs to, and the stock-taking of slots.

use std::slice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use framelane_layout::{Descriptor, Kind};
use framelane_topic::{Hold, OwnHold, OwnPool, Peer, Publisher, Received, Subscriber};

/// A memory page, the size of the smallest slot.
pub(crate) const PAGE: u64 = 4096;
/// Words of a frame that are written and compared, from its start.
const WORDS: usize = 64;

fn word(number: u64, index: usize) -> u64 {
    (number ^ (index as u64) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Fills a slot with frame `number`.
pub(crate) fn fill(hold: &mut OwnHold, number: u64) {
    let words = hold.pointer().cast::<u64>();
    for index in 0..WORDS {
        // SAFETY: below a page, and the slot is on loan to this process.
        unsafe { words.wrapping_add(index).write(word(number, index)) };
    }
    // SAFETY: not published, and this is the only reference to the header.
    let header = unsafe { hold.header_mut() };
    // Zero would let `publish` choose.
    (header.sequence, header.stamp_ns) = (number + 1, 1);
}

/// The descriptor of frame `number`.
pub(crate) fn descriptor(number: u64, bytes: u64) -> Descriptor {
    let bits = |shift: u32| u32::try_from(number >> shift & 0xffff).unwrap();
    Descriptor {
        kind: Kind::Image as u8,
        payload_bytes: bytes,
        dims: [bits(0), bits(16), bits(32)],
        ..Descriptor::default()
    }
}

/// Sends frame `number`, of `bytes` bytes; gives the pool it is in.
pub(crate) fn send(publisher: &mut Publisher, number: u64, bytes: u64) -> Arc<OwnPool> {
    let mut hold = publisher.loan(bytes).unwrap();
    let pool = hold.pool().clone();
    fill(&mut hold, number);
    publisher.publish(hold, &mut descriptor(number, bytes));
    pool
}

/// A received frame, apart from the subscriber it came through.
pub(crate) struct Frame {
    pub(crate) descriptor: Descriptor,
    pub(crate) hold: Hold,
}

impl From<Received<'_>> for Frame {
    fn from(received: Received<'_>) -> Self {
        Self { descriptor: *received.descriptor, hold: received.hold }
    }
}

/// The next frame, if there is one.
pub(crate) fn take(subscriber: &mut Subscriber) -> Option<Frame> {
    subscriber.receive(false).unwrap().map(Frame::from)
}

/// The next frame, or the newest, which comes within `timeout`.
pub(crate) fn wait_for(subscriber: &mut Subscriber, timeout: Duration, newest: bool) -> Frame {
    let start = Instant::now();
    loop {
        if let Some(received) = subscriber.receive(newest).unwrap() {
            return received.into();
        }
        let left = timeout.saturating_sub(start.elapsed());
        assert!(!left.is_zero(), "no frame in {timeout:?}");
        subscriber.sleep_blocking(left).unwrap();
    }
}

/// Which frame this is; its bytes must be those of that frame.
pub(crate) fn check(received: &Frame) -> u64 {
    let [low, middle, high] = received.descriptor.dims.map(u64::from);
    let number = low | middle << 16 | high << 32;
    let words = received.hold.pointer().unwrap().cast::<u64>();
    // SAFETY: below a page, and under a hold nobody changes it: that is what is tested here.
    let words = unsafe { slice::from_raw_parts(words, WORDS) };
    for (index, &found) in words.iter().enumerate() {
        assert_eq!(found, word(number, index), "frame {number} is torn at word {index}");
    }
    assert_eq!(received.hold.header().sequence, number + 1, "frame {number} has a foreign header");
    number
}

/// Every slot of this process's pools can be had again. `pool` is one of them; nobody in this
/// process or another one that lives holds any of its slots.
pub(crate) fn take_stock(peer: &Peer, pool: &Arc<OwnPool>) {
    let mut holds = Vec::new();
    while let Some(hold) = peer.allocate(PAGE, 1).unwrap() {
        holds.push(hold);
    }
    let mut pools: Vec<_> = holds.iter().map(|hold| hold.pool().clone()).collect();
    pools.push(pool.clone());
    for pool in &pools {
        let had = holds.iter().filter(|hold| hold.pool().id() == pool.id()).count();
        let all = pool.geometry().slot_count as usize;
        assert_eq!(had, all, "slots of pool {:016x} are lost", pool.id());
        assert_eq!(pool.stats().draining, 0);
    }
}
