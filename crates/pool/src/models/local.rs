//! How often a process holds a slot of another's pool.

use framelane_layout::pool::SlotLine;
use framelane_layout::sync::Ordering;
use loom::sync::Arc;
use loom::thread;

use super::{Slot, check, line};
use crate::local::LocalCount;
use crate::word;

struct Memory {
    count: LocalCount,
    line: SlotLine,
    slot: Slot,
    /// Written by whoever takes or gives back the bit for the process.
    bit: Slot,
}

impl Memory {
    fn new() -> Arc<Self> {
        let (slot, bit) = (Slot::new(), Slot::new());
        Arc::new(Self { count: LocalCount::default(), line: line(0, 0), slot, bit })
    }

    fn add(&self) -> bool {
        self.count.add(0, || {
            self.bit.write(1);
            word::acquire(&self.line, 0, 0, 0)
        })
    }

    fn sub(&self) {
        self.count.sub(|| {
            self.bit.write(0);
            word::release(&self.line, 0);
        });
    }
}

// edge: local-last
#[test]
fn the_bit_goes_when_the_last_thread_is_done() {
    check(|| {
        let memory = Memory::new();
        let thread = memory.clone();
        let thread = thread::spawn(move || {
            if thread.add() {
                assert_eq!(thread.slot.read(), 0);
                thread.sub();
            }
        });
        if memory.add() {
            assert_eq!(memory.slot.read(), 0);
            memory.count.again();
            memory.sub();
            memory.sub();
        }
        // The owner: the bit is the only thing it knows of the two.
        if word::recycle(&memory.line, 0) {
            memory.slot.write(1);
        }
        thread.join().unwrap();
        assert_eq!(memory.count.count(), 0);
        assert_eq!(word::holders(&memory.line), 0);
    });
}

// edge: local-first
#[test]
fn who_joins_a_hold_sees_what_its_first_holder_saw() {
    check(|| {
        let memory = Memory::new();
        let first = memory.clone();
        let first = thread::spawn(move || {
            first.slot.write(1);
            assert!(first.add());
        });
        let mut alone = false;
        let joined = memory.count.add(0, || false) || {
            alone = true;
            false
        };
        if joined {
            assert_eq!(memory.slot.read(), 1);
        }
        first.join().unwrap();
        assert!(joined || alone);
        let holds = memory.count.count();
        assert_eq!(holds, 1 + u64::from(joined));
        assert_eq!(word::readers(memory.line.word.load(Ordering::Relaxed)), 1);
    });
}
