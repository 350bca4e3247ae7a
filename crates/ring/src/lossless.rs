//! A ring whose writer waits for its readers. Each reader publishes how far it has read; the
//! writer goes no further than its depth beyond the slowest of them.
//!
//! Who joins while the writer runs sets its cursor, then its mark, then its cursor again. The
//! writer publishes its head, then looks at the marks. With a full fence between on both
//! sides, either the writer sees the mark or the reader's second look sees the head.

use framelane_layout::sync::{AtomicU32, AtomicU64, Ordering, fence};

/// The words that a topic's writers and its lossless readers share.
#[derive(Clone, Copy, Debug)]
pub struct Lossless<'a> {
    /// Bit `j`: reader `j` must not be lapped.
    pub mask: &'a AtomicU32,
    /// For each reader a row of cursors, one for each ring: the next position it wants.
    pub cursors: &'a [AtomicU64],
    /// Rings, the length of a row.
    pub rings: u16,
}

/// The reader that is furthest behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowest {
    /// Its entry.
    pub entry: u16,
    /// The next position it wants.
    pub position: u64,
}

impl<'a> Lossless<'a> {
    fn index(&self, entry: u16, ring: u16) -> usize {
        usize::from(entry) * usize::from(self.rings) + usize::from(ring)
    }

    fn cursor(&self, entry: u16, ring: u16) -> &'a AtomicU64 {
        &self.cursors[self.index(entry, ring)]
    }

    /// Reader, holding entry `entry`: joins, and returns the position in each ring from which
    /// on nothing is lost. `head` says where a ring stands.
    pub fn join(&self, entry: u16, head: impl Fn(u16) -> u64) -> Box<[u64]> {
        for ring in 0..self.rings {
            // ordering: Relaxed, before the mark below; a writer that sees the mark sees it.
            self.cursor(entry, ring).store(head(ring), Ordering::Relaxed);
        }
        // ordering: SeqCst, and the fence: the mark comes before the second look at the heads;
        // pairs with the fence of `someone_sleeps`, which a writer passes before `readers`.
        self.mask.fetch_or(1 << entry, Ordering::SeqCst);
        fence(Ordering::SeqCst); // ordering: see above
        let second = |ring| {
            if cfg!(feature = "bug-join-once") {
                return self.position(entry, ring);
            }
            let position = head(ring);
            // ordering: Release, pairs with the Acquire in `slowest`.
            self.cursor(entry, ring).store(position, Ordering::Release);
            position
        };
        (0..self.rings).map(second).collect()
    }

    /// Holder of entry `entry`, its own or a dead reader's: nobody waits for it any more.
    pub fn leave(&self, entry: u16) {
        // ordering: Release; writers that wait for this reader are told after this.
        self.mask.fetch_and(!(1 << entry), Ordering::Release);
    }

    /// Reader: wants `position` next. Writers that wait are told after this.
    #[inline]
    pub fn advance(&self, entry: u16, ring: u16, position: u64) {
        // ordering: Release, pairs with the Acquire in `slowest`: the reference on the frame
        // was taken before.
        self.cursor(entry, ring).store(position, Ordering::Release);
    }

    /// Reader: what it published last.
    #[must_use]
    pub fn position(&self, entry: u16, ring: u16) -> u64 {
        // ordering: Relaxed, its own word.
        self.cursor(entry, ring).load(Ordering::Relaxed)
    }

    /// The readers that must not be lapped. A writer that sees the same mask as before needs
    /// no new [`slowest`](Self::slowest) until it runs into the old one.
    #[inline]
    #[must_use]
    pub fn readers(&self) -> u32 {
        // ordering: Acquire, pairs with the mark in `join`: the reader's first cursor is there.
        self.mask.load(Ordering::Acquire)
    }

    /// Writer of `ring`: who of `readers` is furthest behind `next`, if anybody is.
    #[must_use]
    pub fn slowest(&self, ring: u16, readers: u32, next: u64) -> Option<Slowest> {
        let entries = (0..32_u16).filter(|entry| readers >> entry & 1 == 1);
        let behind = entries.filter_map(|entry| {
            // A mark of a row that does not exist is nobody's.
            let cursor = self.cursors.get(self.index(entry, ring))?;
            // ordering: Acquire, pairs with the Release in `join` and `advance`.
            let position = cursor.load(Ordering::Acquire);
            // A cursor ahead of the ring is scribbled over, and holds up nobody.
            (position < next).then_some(Slowest { entry, position })
        });
        behind.min_by_key(|slowest| slowest.position)
    }
}
