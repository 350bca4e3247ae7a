//! Time stamps for frames whose sender gives none.

use framelane_shm::epoch_ns;

/// The Unix epoch on the monotonic clock, so that a frame costs one reading of a clock. Read
/// anew once a second, for the two drift apart and can be set apart.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    offset_ns: i64,
    read_ns: u64,
}

impl Epoch {
    /// How long a reading holds.
    const FRESH_NS: u64 = 1_000_000_000;

    /// Nanoseconds since the epoch at `now_ns` of the monotonic clock.
    pub(crate) fn at(&mut self, now_ns: u64) -> i64 {
        if self.read_ns == 0 || now_ns.wrapping_sub(self.read_ns) > Self::FRESH_NS {
            self.read(now_ns);
        }
        now_ns.cast_signed().wrapping_add(self.offset_ns)
    }

    #[cold]
    fn read(&mut self, now_ns: u64) {
        self.offset_ns = epoch_ns().wrapping_sub(now_ns.cast_signed());
        self.read_ns = now_ns;
    }
}
