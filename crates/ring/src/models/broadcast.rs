//! The ring with one writer, and the mask that says which rings there are.

use framelane_layout::Descriptor;
use framelane_layout::descriptor::Cell;
use framelane_layout::sync::{AtomicU64, Ordering, UnsafeCell, fence};
use loom::sync::Arc;
use loom::thread;

use super::{cells, check, frame};
use crate::{Broadcast, Entries, Read};

struct Memory {
    cells: Vec<Cell>,
    head: AtomicU64,
    mask: AtomicU64,
    /// What stands for the bytes of frame 0.
    slot: UnsafeCell<u64>,
}

impl Memory {
    fn new(count: usize) -> Arc<Self> {
        let (head, mask) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { cells: cells(count), head, mask, slot: UnsafeCell::new(0) })
    }

    fn ring(&self) -> Broadcast<'_> {
        Broadcast::new(&self.cells, &self.head)
    }

    fn fill(&self, value: u64) {
        // SAFETY: loom checks that nobody else reaches into the cell.
        self.slot.with_mut(|slot| unsafe { slot.write(value) });
    }

    fn bytes(&self) -> u64 {
        // SAFETY: loom checks that nobody writes into the cell.
        self.slot.with(|slot| unsafe { slot.read() })
    }
}

fn written(n: u64) -> Descriptor {
    Descriptor { seq: 2 * n + 2, ..frame(n + 1) }
}

// edge: cell-complete
#[test]
fn who_reads_a_cell_sees_the_frame_it_names() {
    check(|| {
        let memory = Memory::new(1);
        let writer = memory.clone();
        let writer = thread::spawn(move || {
            writer.fill(7);
            writer.ring().write(0, &frame(1), || {});
        });
        if let Ok(words) = memory.ring().read_words(0) {
            assert_eq!(Descriptor::from_words(words), written(0));
            assert_eq!(memory.bytes(), 7);
        }
        if memory.ring().standing().next().is_some() {
            assert_eq!(memory.bytes(), 7);
        }
        writer.join().unwrap();
    });
}

// edge: cell-odd
#[test]
fn a_descriptor_is_never_mixed_from_two() {
    check(|| {
        let memory = Memory::new(1);
        memory.ring().write(0, &frame(1), || {});
        let writer = memory.clone();
        let writer = thread::spawn(move || writer.ring().write(1, &frame(2), || {}));
        match memory.ring().read_words(0) {
            Ok(words) => assert_eq!(Descriptor::from_words(words), written(0)),
            Err(why) => assert_eq!(why, Read::Lapped, "it was written before"),
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_cell_that_is_emptied_is_whole_or_gone() {
    check(|| {
        let memory = Memory::new(1);
        memory.ring().write(0, &frame(1), || {});
        let holder = memory.clone();
        let holder = thread::spawn(move || holder.ring().retire(0));
        match memory.ring().read_words(0) {
            Ok(words) => assert_eq!(Descriptor::from_words(words), written(0)),
            Err(why) => assert_eq!(why, Read::Lapped, "it was written before"),
        }
        holder.join().unwrap();
    });
}

// edge: head
#[test]
fn what_is_below_the_head_is_there() {
    check(|| {
        let memory = Memory::new(2);
        let writer = memory.clone();
        let writer = thread::spawn(move || {
            writer.ring().write(0, &frame(1), || {});
            writer.ring().write(1, &frame(2), || {});
        });
        let ring = memory.ring();
        if let Some(newest) = ring.head().checked_sub(1) {
            assert_eq!(ring.read_words(newest), Ok(written(newest).to_words()));
        }
        writer.join().unwrap();
    });
}

/// The stores of `Broadcast::write` up to one of them, as a writer that is killed leaves them.
fn write_until(memory: &Memory, n: u64, stores: usize) {
    let words = &memory.cells[0].words;
    let values = frame(n + 1).to_words();
    words[0].store(2 * n + 1, Ordering::Relaxed);
    fence(Ordering::Release);
    for (word, value) in words[1..].iter().zip(&values[1..]).take(stores) {
        word.store(*value, Ordering::Relaxed);
    }
    if stores == words.len() {
        words[0].store(2 * n + 2, Ordering::Release);
    }
}

// A writer dies and another takes over, which is one thread here: the entry's lock orders the
// two. A reader that runs all the time sees a position as one frame, before and after.
#[test]
fn a_position_is_one_frame_whoever_wrote_it() {
    for stores in [0, 3, 7, 8] {
        check(move || {
            let memory = Memory::new(1);
            let successor = memory.clone();
            let successor = thread::spawn(move || {
                write_until(&successor, 0, stores);
                let ring = successor.ring();
                let n = ring.take_over(|_| {});
                assert_eq!(n, u64::from(stores == 8));
                if n == 0 {
                    ring.write(0, &frame(9), || {});
                }
            });
            let wanted = if stores == 8 { frame(1) } else { frame(9) };
            let wanted = Ok(Descriptor { seq: 2, ..wanted }.to_words());
            let first = memory.ring().read_words(0);
            assert!(first == Err(Read::Empty) || first == wanted, "{first:?}");
            if memory.ring().head() > 0 || first == wanted {
                assert_eq!(memory.ring().read_words(0), wanted);
            }
            successor.join().unwrap();
            assert_eq!(memory.ring().head(), 1);
        });
    }
}

// edge: entry-mask
#[test]
fn who_sees_an_entry_sees_where_its_ring_stands() {
    check(|| {
        let memory = Memory::new(1);
        let writer = memory.clone();
        let writer = thread::spawn(move || {
            // The dead predecessor had not moved the head, nor told of its entry.
            write_until(&writer, 0, 8);
            assert_eq!(writer.ring().take_over(|_| {}), 1);
            Entries::new(&writer.mask).announce(3);
        });
        if Entries::new(&memory.mask).taken() == 1 << 3 {
            assert_eq!(memory.ring().head(), 1);
        }
        writer.join().unwrap();
    });
}
