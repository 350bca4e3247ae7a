//! A ring with one writer. Each cell is a seqlock whose sequence word says exactly which
//! position it holds, so a reader needs no claim and a writer never waits.

use framelane_layout::Descriptor;
use framelane_layout::descriptor::Cell;
use framelane_layout::sync::{AtomicU64, Ordering, fence};

/// What stands at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// A descriptor. It was read whole, and must be checked before it is believed.
    Frame,
    /// A later one: the reader was lapped.
    Lapped,
    /// Nothing yet.
    Empty,
}

/// Ring and head of one publisher entry.
#[derive(Clone, Copy, Debug)]
pub struct Broadcast<'a> {
    cells: &'a [Cell],
    head: &'a AtomicU64,
}

/// The sequence word of a cell that holds position `n`.
fn complete(n: u64) -> u64 {
    n.wrapping_mul(2).wrapping_add(2)
}

impl<'a> Broadcast<'a> {
    /// A ring over these cells, whose number is a power of two.
    #[must_use]
    pub fn new(cells: &'a [Cell], head: &'a AtomicU64) -> Self {
        debug_assert!(cells.len().is_power_of_two(), "checked with the topic's header");
        Self { cells, head }
    }

    /// Number of cells.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.cells.len() as u64
    }

    fn cell(&self, n: u64) -> &'a Cell {
        #[allow(clippy::cast_possible_truncation, reason = "masked to the number of cells")]
        &self.cells[(n as usize) & (self.cells.len() - 1)]
    }

    /// Position of the next frame.
    #[must_use]
    pub fn head(&self) -> u64 {
        // ordering: Acquire, pairs with the Release of `head` in `write`: the cell before it
        // is complete.
        self.head.load(Ordering::Acquire)
    }

    /// Publisher: writes `descriptor` at position `n`, which must be the head. `offer` runs
    /// when the cell is complete and before the head says so.
    #[inline(always)]
    pub fn write(&self, n: u64, descriptor: &Descriptor, offer: impl FnOnce()) {
        let [sequence, words @ ..] = &self.cell(n).words;
        // ordering: Relaxed, the odd mark; the fence below puts it before the words.
        sequence.store(complete(n).wrapping_sub(1), Ordering::Relaxed);
        // ordering: Release fence, pairs with the Acquire fence in `read`: a reader that saw
        // one of the words below sees the odd mark, too.
        fence(Ordering::Release);
        for (word, value) in words.iter().zip(&descriptor.to_words()[1..]) {
            // ordering: Relaxed, between the two stores of `sequence`.
            word.store(*value, Ordering::Relaxed);
        }
        // ordering: Release, pairs with the first Acquire in `read`: words and frame come
        // before the mark.
        sequence.store(complete(n), Ordering::Release);
        offer();
        // ordering: Release, pairs with the Acquire in `head`.
        self.head.store(n.wrapping_add(1), Ordering::Release);
    }

    /// New holder of the entry: where to go on. A predecessor that died between its last two
    /// stores is helped, or its frame would share a position with ours; `offer` runs as in
    /// [`write`](Self::write), with the position.
    #[must_use]
    pub fn take_over(&self, offer: impl FnOnce(u64)) -> u64 {
        let n = self.head();
        // ordering: Acquire, pairs with the Release of `sequence` in `write`.
        let sequence = self.cell(n).words[0].load(Ordering::Acquire);
        if sequence != complete(n) || cfg!(feature = "bug-no-help") {
            return n;
        }
        offer(n);
        // ordering: Release, as in `write`.
        self.head.store(n.wrapping_add(1), Ordering::Release);
        n.wrapping_add(1)
    }

    /// Holder of the entry: empties the cell that holds position `n`, by the one store that
    /// begins the next writing of the cell. Its words stay: with a change of them at a position
    /// that a reader has seen complete, the reader could take half of each.
    pub fn retire(&self, n: u64) {
        let next = complete(n.wrapping_add(self.capacity()));
        if cfg!(feature = "bug-tombstone-rewrite") {
            // ordering: none that would help: the words change under a number that stands.
            self.cell(n).words.iter().skip(1).for_each(|word| word.store(0, Ordering::Relaxed));
        }
        // ordering: Release; a reader between its two loads sees another number, and refuses.
        self.cell(n).words[0].store(next.wrapping_sub(1), Ordering::Release);
    }

    /// Subscriber: what stands at position `n`; a descriptor is put into `copy`.
    pub fn read(&self, n: u64, copy: &mut Descriptor) -> Read {
        match self.read_words(n) {
            Ok(words) => {
                *copy = Descriptor::from_words(words);
                Read::Frame
            }
            Err(why) => why,
        }
    }

    /// The same as the words of the descriptor, or why there is none.
    #[inline(always)]
    pub fn read_words(&self, n: u64) -> Result<[u64; 8], Read> {
        let [sequence, words @ ..] = &self.cell(n).words;
        // ordering: Acquire, pairs with the Release of `sequence` in `write`.
        let before = sequence.load(Ordering::Acquire);
        if before != complete(n) {
            return Err(if before < complete(n) { Read::Empty } else { Read::Lapped });
        }
        // ordering: Relaxed, between the two loads of `sequence`.
        let [a, b, c, d, e, f, g] = words.each_ref().map(|word| word.load(Ordering::Relaxed));
        // ordering: Acquire fence, pairs with the Release fence in `write`: had one of the
        // words come from a later writing, the load below would see its odd mark.
        fence(Ordering::Acquire);
        // ordering: Relaxed, after the fence.
        if sequence.load(Ordering::Relaxed) != before && !cfg!(feature = "bug-no-recheck") {
            return Err(Read::Lapped);
        }
        Ok([before, a, b, c, d, e, f, g])
    }

    /// Every descriptor that stands in the ring now, for whoever asks which pools are named.
    pub fn standing(&self) -> impl Iterator<Item = Descriptor> + use<'a> {
        self.cells.iter().filter_map(|cell| {
            // ordering: Acquire, pairs with the Release of `sequence` in `write`.
            let sequence = cell.words[0].load(Ordering::Acquire);
            let whole = sequence != 0 && sequence.is_multiple_of(2);
            // ordering: Relaxed; a torn copy names a pool that is named anyway, before or after.
            let words = cell.words.each_ref().map(|word| word.load(Ordering::Relaxed));
            whole.then(|| Descriptor::from_words(words))
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn cells(count: usize) -> Vec<Cell> {
        (0..count).map(|_| Cell { words: Default::default() }).collect()
    }

    fn frame(number: u64) -> Descriptor {
        Descriptor { pool_id: number, slot: 3, sent_ns: number * 7, ..Descriptor::default() }
    }

    fn read(ring: &Broadcast<'_>, n: u64) -> Read {
        ring.read(n, &mut Descriptor::default())
    }

    #[test]
    fn reads_what_was_written_and_knows_early_from_late() {
        let (cells, head) = (cells(4), AtomicU64::new(0));
        let ring = Broadcast::new(&cells, &head);
        assert_eq!(read(&ring, 0), Read::Empty);
        for n in 0..6 {
            ring.write(n, &frame(n + 1), || {});
        }
        assert_eq!(ring.head(), 6);
        assert_eq!(read(&ring, 0), Read::Lapped);
        assert_eq!(read(&ring, 1), Read::Lapped);
        for n in 2..6 {
            let mut seen = Descriptor::default();
            assert_eq!(ring.read(n, &mut seen), Read::Frame);
            assert_eq!(seen, Descriptor { seq: 2 * n + 2, ..frame(n + 1) });
        }
        assert_eq!(read(&ring, 6), Read::Empty);
        assert_eq!(ring.standing().count(), 4);
    }

    #[test]
    fn a_cell_that_is_being_written_is_never_a_frame() {
        let (cells, head) = (cells(4), AtomicU64::new(0));
        let ring = Broadcast::new(&cells, &head);
        ring.write(0, &frame(1), || {});
        cells[0].words[0].store(2 * 4 + 1, Ordering::Relaxed);
        assert_eq!(read(&ring, 0), Read::Lapped);
        assert_eq!(read(&ring, 4), Read::Empty);
    }

    #[test]
    fn a_successor_helps_the_head_of_a_publisher_that_died_before_moving_it() {
        let (cells, head) = (cells(4), AtomicU64::new(0));
        let ring = Broadcast::new(&cells, &head);
        assert_eq!(ring.take_over(|_| {}), 0);
        ring.write(0, &frame(1), || {});
        ring.write(1, &frame(2), || {});
        head.store(1, Ordering::Relaxed);
        assert_eq!(ring.take_over(|_| {}), 2);
        assert_eq!(ring.head(), 2);
        assert_eq!(ring.take_over(|_| {}), 2);
    }

    #[test]
    fn a_retired_cell_is_lapped_for_its_readers_and_empty_for_the_next() {
        let (cells, head) = (cells(4), AtomicU64::new(0));
        let ring = Broadcast::new(&cells, &head);
        (0..4).for_each(|n| ring.write(n, &frame(n + 1), || {}));
        ring.retire(1);
        assert_eq!(read(&ring, 1), Read::Lapped);
        assert_eq!(read(&ring, 5), Read::Empty);
        assert_eq!(ring.standing().count(), 3, "it names no pool any more");
        assert_eq!(ring.take_over(|_| {}), 4);
        (4..6).for_each(|n| ring.write(n, &frame(n + 1), || {}));
        assert!(matches!(read(&ring, 5), Read::Frame));
    }

    #[test]
    fn two_threads_never_see_a_mixed_descriptor() {
        let (cells, head) = (cells(2), AtomicU64::new(0));
        let ring = Broadcast::new(&cells, &head);
        std::thread::scope(|scope| {
            scope.spawn(|| (0..200_000).for_each(|n| ring.write(n, &frame(n + 1), || {})));
            let mut seen = 0_u64;
            let mut n = 0;
            while n < 199_999 {
                n = ring.head().saturating_sub(1);
                let mut got = Descriptor::default();
                if ring.read(n, &mut got) == Read::Frame {
                    assert_eq!(got, Descriptor { seq: 2 * n + 2, ..frame(n + 1) });
                    seen += 1;
                }
            }
            assert!(seen > 0, "some reads succeed");
        });
    }
}
