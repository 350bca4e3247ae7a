//! How often the owner itself holds a slot.

use framelane_layout::pool::SlotLine;
use loom::sync::Arc;
use loom::thread;

use super::{Slot, check, line};
use crate::private::Private;

struct Memory {
    private: Private,
    line: SlotLine,
    slot: Slot,
}

impl Memory {
    /// A slot on its first loan.
    fn new() -> Arc<Self> {
        let memory = Self { private: Private::default(), line: line(0, 0), slot: Slot::new() };
        assert_eq!(memory.private.start(), 0);
        Arc::new(memory)
    }

    /// Gives a hold back; the last one fills the slot again.
    fn give_back(&self) {
        if self.private.sub() {
            assert!(self.private.recycle(&self.line), "no reader has it");
            self.slot.write(1);
        }
    }
}

// edge: own-last
#[test]
fn a_slot_is_filled_again_after_the_last_hold() {
    check(|| {
        let memory = Memory::new();
        let subscriber = memory.clone();
        let subscriber = thread::spawn(move || {
            if subscriber.private.add(0) {
                assert_eq!(subscriber.slot.read(), 0);
                subscriber.give_back();
            }
        });
        memory.give_back();
        subscriber.join().unwrap();
        assert_eq!(memory.private.fill(), 1);
    });
}

// edge: own-last
#[test]
fn a_slot_goes_round_at_once_when_nobody_else_holds_it() {
    check(|| {
        let memory = Memory::new();
        let subscriber = memory.clone();
        let subscriber = thread::spawn(move || {
            if subscriber.private.add(0) {
                assert_eq!(subscriber.slot.read(), 0);
                subscriber.give_back();
            }
        });
        match memory.private.reuse(&memory.line, 0) {
            Some(generation) => {
                assert_eq!(generation, 1);
                memory.slot.write(1);
            }
            None => memory.give_back(),
        }
        subscriber.join().unwrap();
        assert_eq!(memory.private.fill(), 1);
    });
}

// edge: own-first
#[test]
fn who_takes_a_generation_sees_its_fill_count() {
    check(|| {
        let memory = Memory::new();
        let subscriber = memory.clone();
        let subscriber = thread::spawn(move || {
            if subscriber.private.add(1) {
                assert_eq!(subscriber.private.fill(), 1);
                assert_eq!(subscriber.slot.read(), 5);
            }
        });
        memory.slot.write(5);
        assert!(memory.private.sub());
        assert!(memory.private.recycle(&memory.line));
        assert_eq!(memory.private.start(), 1);
        subscriber.join().unwrap();
    });
}
