//! The shared word of a slot.

use framelane_layout::pool::SlotLine;
use framelane_layout::sync::Ordering;
use loom::sync::Arc;
use loom::thread;

use super::{Slot, check, line};
use crate::word::{acquire, generation, recycle, release};

struct Memory {
    line: SlotLine,
    slot: Slot,
}

/// A reader that takes what generation 0 holds, looks at it and gives it back.
fn look(memory: &Memory, reader: u32) {
    if acquire(&memory.line, reader, 0, 0) {
        assert_eq!(memory.slot.read(), 0);
        release(&memory.line, reader);
    }
}

// edge: slot-released
#[test]
fn a_slot_is_not_filled_while_a_reader_looks_at_it() {
    for readers in [1, 2] {
        check(move || {
            let memory = Arc::new(Memory { line: line(0, 0), slot: Slot::new() });
            let threads: Vec<_> = (0..readers)
                .map(|reader| {
                    let memory = memory.clone();
                    thread::spawn(move || look(&memory, reader))
                })
                .collect();
            if recycle(&memory.line, 0) {
                memory.slot.write(1);
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}

// edge: slot-recycled
#[test]
fn who_takes_a_generation_sees_the_whole_fill_count() {
    const LAST: u64 = 0xffff_ffff;
    check(|| {
        let memory = Arc::new(Memory { line: line(LAST, 0), slot: Slot::new() });
        let owner = memory.clone();
        let owner = thread::spawn(move || {
            owner.slot.write(1);
            assert!(recycle(&owner.line, LAST));
        });
        if generation(memory.line.word.load(Ordering::Relaxed)) == 0 {
            assert!(acquire(&memory.line, 3, 0, 1), "the upper bits came before");
            assert_eq!(memory.slot.read(), 1);
        }
        owner.join().unwrap();
    });
}

// A frame that is 2^32 fillings old has the generation and not the upper bits.
#[test]
fn a_frame_of_an_earlier_round_of_generations_is_refused() {
    const LAST: u64 = 0xffff_ffff;
    check(|| {
        let memory = Arc::new(Memory { line: line(LAST, 0), slot: Slot::new() });
        let owner = memory.clone();
        let owner = thread::spawn(move || recycle(&owner.line, LAST));
        assert!(!acquire(&memory.line, 3, 0, 0));
        let recycled = owner.join().unwrap();
        assert!(recycled, "the reader's mark came after, and went");
        assert_eq!(memory.line.word.load(Ordering::Relaxed), 0);
    });
}
