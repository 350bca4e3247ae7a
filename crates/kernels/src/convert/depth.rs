//! Distances to brightness or colours, and brightness to distances.

use super::Conversion;
use super::colours::table;
use super::packed::nearest as whole;
use super::wide::wide;
use crate::raster::Raster;

/// How distances become 0 to 255.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    nearest: u16,
    farthest: u16,
    map: Option<&'static [u32; 256]>,
}

impl Scale {
    /// As `how` says, or from the nearest to the farthest of the picture, where some are known.
    pub(super) fn of(from: &Raster<'_>, how: &Conversion) -> Self {
        let range = how.depth_range_mm;
        let (nearest, farthest) = range.unwrap_or_else(|| {
            from.rows().fold((u16::MAX, 0), |(nearest, farthest), row| {
                let mut found = [nearest, farthest];
                extremes(row, &mut found);
                (found[0], found[1])
            })
        });
        Self { nearest, farthest, map: table(how.colour_map) }
    }

    /// What the value at the near end becomes, and what a millimetre adds.
    fn line(&self, first: f64) -> (f64, f64) {
        if self.nearest >= self.farthest {
            return (128.0, 0.0);
        }
        (first, (255.0 - first) / (f64::from(self.farthest) - f64::from(self.nearest)))
    }

    /// Brightness; 0 where the distance is unknown, 1 to 255 elsewhere.
    pub(super) fn read_grey(&self, from: &[u8], to: &mut [u8]) {
        levels(from, self, self.line(1.0), to);
    }

    /// Whether there is more than brightness to read.
    pub(super) fn has_colours(&self) -> bool {
        self.map.is_some()
    }

    /// Colours; black where the distance is unknown.
    pub(super) fn read(&self, from: &[u8], [r, g, b]: [&mut [u8]; 3]) {
        levels(from, self, self.line(0.0), r);
        let Some(map) = self.map else { return };
        let to = r.iter_mut().zip(g).zip(b);
        for (from, ((r, g), b)) in from.as_chunks::<2>().0.iter().zip(to) {
            let colour = if *from == [0; 2] { 0 } else { map[usize::from(*r)] };
            [_, *r, *g, *b] = colour.to_be_bytes();
        }
    }
}

wide! {
    /// The smallest and the largest value above 0 of a row and of those before.
    fn extremes(from: &'a [u8], found: &'a mut [u16; 2]) {
        let [nearest, farthest] = *found;
        // With 1 taken away, 0 is the largest value.
        let (mut nearest, mut farthest) = (nearest.wrapping_sub(1), farthest);
        for &from in from.as_chunks().0 {
            let value = u16::from_ne_bytes(from);
            nearest = nearest.min(value.wrapping_sub(1));
            farthest = farthest.max(value);
        }
        *found = [nearest.wrapping_add(1), farthest];
    }

    /// Where between nearest and farthest each value is, halves up; 0 where it is 0.
    fn levels(from: &'a [u8], scale: &'a Scale, line: (f64, f64), to: &'a mut [u8]) {
        let &Scale { nearest, farthest, .. } = scale;
        let (first, factor) = line;
        // More than what the factor may lack, so that halves are rounded up. What is no half is
        // farther than 2^-17 from one.
        let first = first + 1e-9;
        for (&from, to) in from.as_chunks().0.iter().zip(to) {
            let value = u16::from_ne_bytes(from);
            let above = value.max(nearest).min(farthest).wrapping_sub(nearest);
            let level = whole(f64::from(above) * factor + first);
            *to = if value == 0 { 0 } else { level };
        }
    }

    /// Brightness to a distance, halves up.
    fn distances(from: &'a [u8], range: (u16, u16), to: &'a mut [u8]) {
        let (nearest, farthest) = range;
        let span = u32::from(farthest - nearest);
        for (&from, to) in from.iter().zip(to.as_chunks_mut().0) {
            let above = (u32::from(from) * span * 2 + 255) / 510;
            #[expect(clippy::cast_possible_truncation, reason = "at most the span")]
            let above = above as u16;
            *to = (nearest + above).to_ne_bytes();
        }
    }
}

/// Distances of brightness: from nearest to farthest, or over all 16 bits.
pub(super) fn write(from: &[u8], range: Option<(u16, u16)>, to: &mut [u8]) {
    distances(from, range.unwrap_or((0, u16::MAX)), to);
}
