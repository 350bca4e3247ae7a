//! The weighted average of the source pixels around each target pixel: of 8-bit values by a
//! library with SIMD, of the others as every average.
//!
//! The library takes packed rows. Others are copied, some at a time.

use std::ops::Range;

use framelane_layout::Dtype;
use framelane_resample::{Resampler, Source};

use super::average::{Average, Kind};
use super::{Plane, PlaneMut};

/// As many bytes are copied at a time, about.
const COPIED: usize = 1 << 20;

/// The library's own memory, and rows that had to be copied.
#[derive(Debug, Default)]
pub(super) struct Bilinear {
    resampler: Resampler,
    from: Vec<u8>,
    to: Vec<u8>,
    average: Average,
}

impl Bilinear {
    pub(super) fn resize(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        match (from.pixel.dtype, from.pixel.channels) {
            (Dtype::Uint8, 1 | 3 | 4) => self.bands(from, to),
            _ => self.average.resize(from, to, Kind::Bilinear),
        }
    }

    /// All rows of the target: at once where they and the source's are packed, else in bands.
    fn bands(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        let scale = Scale { from: from.height, to: to.height };
        let packed = from.is_packed();
        let mut y = 0;
        while y < to.height {
            let whole = packed && to.is_packed();
            let rows = y..if whole { to.height } else { scale.band(y, from.row_bytes()) };
            y = rows.end;
            self.band(from, to, scale, rows);
        }
    }

    /// Some of the target's rows.
    fn band(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>, scale: Scale, rows: Range<usize>) {
        let source = scale.under(&rows);
        let (top, tall) = scale.part(&rows, &source);
        let bytes = if from.is_packed() {
            &from.bytes[source.start * from.step..]
        } else {
            &*copy(&mut self.from, from, source.clone())
        };
        let (width, height) = (pixels(from.width), pixels(source.len()));
        let (packed, row_bytes) = (to.is_packed(), to.row_bytes());
        let results = if packed {
            &mut to.bytes[rows.start * row_bytes..]
        } else {
            room(&mut self.to, rows.len() * row_bytes)
        };
        let source = Source { bytes, width, height, top, tall };
        let size = (pixels(to.width), pixels(rows.len()));
        self.resampler.bilinear(from.pixel.channels, source, results, size);
        if !packed {
            let results = self.to.chunks_exact(row_bytes);
            let targets = to.rows().skip(rows.start).take(rows.len());
            results.zip(targets).for_each(|(row, to)| to.copy_from_slice(row));
        }
    }
}

/// Heights, and which source rows matter to which target rows.
#[derive(Clone, Copy)]
struct Scale {
    from: usize,
    to: usize,
}

impl Scale {
    /// Source rows for a target row.
    fn ratio(self) -> f64 {
        count(self.from) / count(self.to)
    }

    /// All source rows with a weight in one of these target rows; perhaps one or two more.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
    fn under(self, rows: &Range<usize>) -> Range<usize> {
        let reach = self.ratio().max(1.0) + 1.0;
        let first = (count(rows.start) + 0.5) * self.ratio() - reach;
        let end = (count(rows.end) - 0.5) * self.ratio() + reach;
        let whole = |y: f64| y.clamp(0.0, count(self.from)) as usize;
        whole(first.floor())..whole(end.ceil())
    }

    /// Where the band that begins at `y` ends.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number")]
    fn band(self, y: usize, row_bytes: usize) -> usize {
        let rows = count(COPIED) / (count(row_bytes) * self.ratio());
        self.to.min(y + (rows as usize).max(4))
    }

    /// The part of the source rows that lies exactly under the target rows: top and height.
    fn part(self, rows: &Range<usize>, source: &Range<usize>) -> (f64, f64) {
        let top = count(rows.start * self.from) / count(self.to) - count(source.start);
        let tall = count(rows.len() * self.from) / count(self.to);
        (top, tall.min(count(source.len()) - top))
    }
}

/// A number of pixels or bytes, all of which a float holds exactly, as it is below 2^53.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Some rows one behind the other, in memory that is kept.
fn copy<'a>(kept: &'a mut Vec<u8>, from: &Plane<'_>, rows: Range<usize>) -> &'a mut [u8] {
    let row_bytes = from.row_bytes();
    let copies = room(kept, rows.len() * row_bytes);
    for (y, copy) in rows.zip(copies.chunks_exact_mut(row_bytes)) {
        copy.copy_from_slice(from.row(y));
    }
    copies
}

/// So many bytes of memory that is kept.
fn room(kept: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    if kept.len() < bytes {
        kept.resize(bytes, 0);
    }
    &mut kept[..bytes]
}

fn pixels(number: usize) -> u32 {
    u32::try_from(number).expect("sizes are 32-bit numbers")
}
