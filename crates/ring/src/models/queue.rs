//! Competing readers of one ring.

use framelane_layout::sync::{AtomicU64, UnsafeCell};
use loom::sync::Arc;
use loom::thread;

use super::check;
use crate::{Claim, WorkQueue};

struct Memory {
    claims: Vec<AtomicU64>,
    /// What stands for the bytes of the frame at position 0.
    slot: UnsafeCell<u64>,
}

impl Memory {
    fn new() -> Arc<Self> {
        Arc::new(Self { claims: vec![AtomicU64::new(0)], slot: UnsafeCell::new(0) })
    }

    fn queue(&self) -> WorkQueue<'_> {
        WorkQueue::new(&self.claims)
    }

    fn fill(&self, value: u64) {
        // SAFETY: loom checks that nobody else reaches into the cell.
        self.slot.with_mut(|slot| unsafe { slot.write(value) });
    }

    /// What reader `entry` does: `true` where it got the frame and read it.
    fn read_as(&self, entry: u16) -> bool {
        let taken = self.queue().take(0, entry);
        if taken {
            // SAFETY: loom checks that nobody writes into the cell.
            assert_eq!(self.slot.with(|slot| unsafe { slot.read() }), 7);
        }
        taken
    }
}

// edge: claim-offered
#[test]
fn what_is_offered_goes_to_one_reader_and_is_there() {
    check(|| {
        let memory = Memory::new();
        let (writer, other) = (memory.clone(), memory.clone());
        let writer = thread::spawn(move || {
            writer.fill(7);
            writer.queue().offer(0);
        });
        let other = thread::spawn(move || other.read_as(1));
        let mine = memory.read_as(0);
        let theirs = other.join().unwrap();
        writer.join().unwrap();
        assert!(!(mine && theirs));
    });
}

// edge: claim-done
#[test]
fn what_is_done_with_may_be_written_over() {
    check(|| {
        let memory = Memory::new();
        memory.fill(7);
        memory.queue().offer(0);
        let reader = memory.clone();
        let reader = thread::spawn(move || {
            if reader.read_as(3) {
                assert!(reader.queue().done(0, 3));
            }
        });
        if memory.queue().state(0) == Claim::Done {
            memory.fill(8);
        }
        reader.join().unwrap();
    });
}

// edge: claim-again
#[test]
fn what_was_given_back_was_let_go_of() {
    check(|| {
        let memory = Memory::new();
        memory.fill(7);
        memory.queue().offer(0);
        assert!(memory.read_as(0));
        let first = memory.clone();
        let first = thread::spawn(move || {
            // SAFETY: loom checks that nobody writes into the cell.
            assert_eq!(first.slot.with(|slot| unsafe { slot.read() }), 7);
            assert!(first.queue().give_back(0, 0));
        });
        if memory.queue().take(0, 1) {
            // Nobody may write here, but what was read before is over: loom would see it.
            memory.fill(9);
        }
        first.join().unwrap();
    });
}

// A dead reader's position is recovered by two at once, while a third finds it free.
#[test]
fn what_is_recovered_goes_to_one_reader() {
    check(|| {
        let memory = Memory::new();
        memory.fill(7);
        memory.queue().offer(0);
        assert!(memory.queue().take(0, 5));
        let other = memory.clone();
        let other = thread::spawn(move || other.read_as(1));
        let recovered = memory.queue().recover(5, false);
        assert_eq!(recovered, 1);
        let mine = memory.read_as(0);
        assert_eq!(u8::from(mine) + u8::from(other.join().unwrap()), 1);
    });
}
