//! Sleeping and waking, without the kernel's part: who waits on a futex goes on when the word
//! is another one than it has seen.

use framelane_layout::descriptor::Cell;
use framelane_layout::sync::{AtomicU32, AtomicU64, Ordering, UnsafeCell};
use framelane_layout::topic::SubscriberRow;
use loom::sync::Arc;
use loom::thread;

use super::{cells, check, frame};
use crate::{Broadcast, Waiters, someone_sleeps};

struct Memory {
    cells: Vec<Cell>,
    head: AtomicU64,
    sleepers: AtomicU32,
    wake_seq: AtomicU32,
    rows: [SubscriberRow; 1],
    /// What the sleeper wrote before it said that it sleeps.
    left: UnsafeCell<u64>,
}

impl Memory {
    fn new(sleepers: u32) -> Arc<Self> {
        Arc::new(Self {
            cells: cells(1),
            head: AtomicU64::new(0),
            sleepers: AtomicU32::new(sleepers),
            wake_seq: AtomicU32::new(0),
            rows: [SubscriberRow::default()],
            left: UnsafeCell::new(0),
        })
    }

    fn ring(&self) -> Broadcast<'_> {
        Broadcast::new(&self.cells, &self.head)
    }

    fn waiters(&self) -> Waiters<'_> {
        Waiters { sleepers: &self.sleepers, wake_seq: &self.wake_seq, rows: &self.rows }
    }
}

// edge: wake-mark
// edge: wake-head
// edge: wake-count
#[test]
fn nobody_sleeps_through_a_frame() {
    check(|| {
        let memory = Memory::new(0);
        let publisher = memory.clone();
        let publisher = thread::spawn(move || {
            publisher.ring().write(0, &frame(1), || {});
            if someone_sleeps(&publisher.sleepers) {
                assert!(publisher.waiters().take_marks(|_| {}), "it waits on the futex");
            }
        });
        let seen = memory.waiters().announce(0);
        let sleeps = memory.ring().head() == 0;
        publisher.join().unwrap();
        if sleeps {
            assert_ne!(memory.wake_seq.load(Ordering::Relaxed), seen, "it sleeps on");
        }
    });
}

// edge: wake-count
#[test]
fn a_wake_up_before_the_wait_is_noticed() {
    check(|| {
        let memory = Memory::new(0);
        let publisher = memory.clone();
        let publisher = thread::spawn(move || publisher.waiters().take_marks(|_| {}));
        let seen = memory.waiters().announce(0);
        if publisher.join().unwrap() {
            assert_ne!(memory.wake_seq.load(Ordering::Relaxed), seen, "it sleeps on");
        }
    });
}

// edge: sleeper-mark
#[test]
fn who_takes_a_mark_sees_what_the_sleeper_did() {
    check(|| {
        let memory = Memory::new(0);
        let publisher = memory.clone();
        let publisher = thread::spawn(move || {
            if publisher.waiters().take_marks(|_| {}) {
                // SAFETY: loom checks that nobody writes into the cell.
                publisher.left.with(|left| assert_eq!(unsafe { left.read() }, 5));
            }
        });
        // SAFETY: loom checks that nobody else reaches into the cell.
        memory.left.with_mut(|left| unsafe { left.write(5) });
        let _ = memory.waiters().announce(0);
        publisher.join().unwrap();
    });
}

// edge: sleeper-row
#[test]
fn who_rings_a_bell_finds_its_row_complete() {
    check(|| {
        // The mark is one that a dead holder of the entry left.
        let memory = Memory::new(1);
        let publisher = memory.clone();
        let publisher = thread::spawn(move || {
            publisher.waiters().take_marks(|id| {
                assert_eq!(id, 9);
                assert_eq!(publisher.rows[0].pid.load(Ordering::Relaxed), 77);
            });
        });
        memory.rows[0].pid.store(77, Ordering::Relaxed);
        memory.waiters().set_bell(0, 9);
        publisher.join().unwrap();
    });
}
