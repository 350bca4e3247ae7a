//! A writer that goes by its readers: joining it, going on, and waiting for room.

use framelane_layout::descriptor::Cell;
use framelane_layout::sync::{AtomicU32, AtomicU64, UnsafeCell};
use framelane_layout::topic::Room;
use loom::sync::Arc;
use loom::thread;

use super::{cells, check, frame};
use crate::{Broadcast, Lossless, RoomWaiters, someone_sleeps};

/// One ring of one cell, so that a second frame is written over the first.
struct Memory {
    cells: Vec<Cell>,
    head: AtomicU64,
    mask: AtomicU32,
    cursors: Vec<AtomicU64>,
    sleepers: AtomicU32,
    room: Room,
    /// What stands for the bytes of the slot that all frames are in.
    slot: UnsafeCell<u64>,
}

impl Memory {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            cells: cells(1),
            head: AtomicU64::new(0),
            mask: AtomicU32::new(0),
            cursors: vec![AtomicU64::new(0)],
            sleepers: AtomicU32::new(0),
            room: Room { seq: AtomicU32::new(0), blocked: AtomicU32::new(0) },
            slot: UnsafeCell::new(0),
        })
    }

    fn ring(&self) -> Broadcast<'_> {
        Broadcast::new(&self.cells, &self.head)
    }

    fn lossless(&self) -> Lossless<'_> {
        Lossless { mask: &self.mask, cursors: &self.cursors, rings: 1 }
    }

    /// Writes position `n` if no reader wants the one that stands there; whether it did.
    fn publish(&self, n: u64) -> bool {
        let lossless = self.lossless();
        if lossless.slowest(0, lossless.readers(), n).is_some() {
            return false;
        }
        // SAFETY: loom checks that nobody else reaches into the cell.
        self.slot.with_mut(|slot| unsafe { slot.write(n) });
        self.ring().write(n, &frame(n), || {});
        someone_sleeps(&self.sleepers);
        true
    }

    /// Reads the frame at `n`, and goes on.
    fn take(&self, n: u64) {
        assert!(self.ring().read_words(n).is_ok(), "position {n} was lost");
        // SAFETY: loom checks that nobody writes into the cell.
        assert_eq!(self.slot.with(|slot| unsafe { slot.read() }), n);
        self.lossless().advance(0, 0, n + 1);
    }
}

// edge: lossless-mark
#[test]
fn who_has_joined_loses_nothing() {
    check(|| {
        let memory = Memory::new();
        let writer = memory.clone();
        let writer = thread::spawn(move || {
            let mut next = 0;
            while next < 3 && writer.publish(next) {
                next += 1;
            }
        });
        let start = memory.lossless().join(0, |_| memory.ring().head())[0];
        if memory.ring().head() > start {
            assert!(memory.ring().read_words(start).is_ok(), "position {start} was lost");
        }
        writer.join().unwrap();
        if memory.ring().head() > start {
            memory.take(start);
        }
    });
}

// edge: lossless-cursor
#[test]
fn what_a_reader_has_gone_past_may_be_written_over() {
    check(|| {
        let memory = Memory::new();
        memory.lossless().join(0, |_| 0);
        assert!(memory.publish(0));
        let reader = memory.clone();
        let reader = thread::spawn(move || reader.take(0));
        memory.publish(1);
        reader.join().unwrap();
    });
}

// edge: room-mark
// edge: room-count
#[test]
fn a_writer_that_waits_is_told() {
    check(|| {
        let memory = Memory::new();
        memory.lossless().join(0, |_| 0);
        assert!(memory.publish(0));
        let reader = memory.clone();
        let reader = thread::spawn(move || {
            reader.lossless().advance(0, 0, 1);
            let _ = RoomWaiters(&reader.room).unblock(0);
        });
        let lossless = memory.lossless();
        let room = RoomWaiters(&memory.room);
        let full = || lossless.slowest(0, lossless.readers(), 1).is_some();
        let seen = room.block(0);
        let sleeps = full();
        reader.join().unwrap();
        if sleeps {
            // It waits while the word is what it has seen, and looks again when it is not.
            assert_ne!(room.block(0), seen, "it would sleep for its whole interval");
        }
        assert!(!full());
    });
}
