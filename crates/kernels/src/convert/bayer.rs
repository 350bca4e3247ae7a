//! Sensor mosaics, in which each pixel has one colour.
//!
//! A pixel keeps the colour it has. Each of the other two is the mean, rounded, of the nearest
//! pixels that have it: two beside or above each other, four at the sides, or four at the
//! corners, as many of them as lie in the picture. Where none does, in pictures of one row or
//! one column, it is the pixel's own value.

use framelane_layout::Encoding;

use super::packed::narrowed;
use super::piece::PIECE;
use super::wide::wide;
use crate::raster::Raster;

/// Where in each two by two pixels red is, and whether a value has 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mosaic {
    red_x: usize,
    red_y: usize,
    pub(super) wide: bool,
}

impl Mosaic {
    pub(super) fn of(encoding: Encoding) -> Option<Self> {
        let (red_x, red_y, wide) = match encoding {
            Encoding::BayerRggb8 => (0, 0, false),
            Encoding::BayerGrbg8 => (1, 0, false),
            Encoding::BayerGbrg8 => (0, 1, false),
            Encoding::BayerBggr8 => (1, 1, false),
            Encoding::BayerRggb16 => (0, 0, true),
            Encoding::BayerGrbg16 => (1, 0, true),
            Encoding::BayerGbrg16 => (0, 1, true),
            Encoding::BayerBggr16 => (1, 1, true),
            _ => return None,
        };
        Some(Self { red_x, red_y, wide })
    }

    fn has_red(self, y: usize) -> bool {
        y % 2 == self.red_y
    }

    /// Whether the pixels of this row that are not green are at odd places.
    fn odd(self, y: usize) -> usize {
        if self.has_red(y) { self.red_x } else { 1 - self.red_x }
    }
}

/// In every other place all bits, beginning with the first.
static EVEN: [u16; PIECE + 1] = {
    let mut even = [0; PIECE + 1];
    let mut at = 0;
    while at <= PIECE {
        even[at] = u16::MAX;
        at += 2;
    }
    even
};

#[inline(always)]
fn choose(mask: u16, a: u16, b: u16) -> u16 {
    a & mask | b & !mask
}

/// A row of values, from the one before the first that is wanted to the one behind the last.
type Row = [u16; PIECE + 2];

/// The three rows that a row is made of.
struct Rows {
    above: Row,
    middle: Row,
    below: Row,
}

/// A loop over a row's neighbourhoods. `$sum` has room for four values.
macro_rules! demosaic {
    ($rows:ident, $even:ident, $to:ident, $sum:ident, $narrow:expr) => {{
        let count = $even.len();
        let Rows { above, middle, below } = $rows;
        let (above, middle, below) =
            (&above[..count + 2], &middle[..count + 2], &below[..count + 2]);
        let [own, green, other] = $to;
        let windows = above.windows(3).zip(middle.windows(3)).zip(below.windows(3));
        let to = own.iter_mut().zip(green).zip(other);
        for ((((a, m), b), &even), ((own, green), other)) in windows.zip($even).zip(to) {
            let value = |value: u16| $sum::from(value);
            let sides = value(m[0]) + value(m[2]);
            let ends = value(a[1]) + value(b[1]);
            let corners = value(a[0]) + value(a[2]) + value(b[0]) + value(b[2]);
            let [beside, upright, cross, corners] = [
                ((sides + 1) >> 1) as u16,
                ((ends + 1) >> 1) as u16,
                ((sides + ends + 2) >> 2) as u16,
                ((corners + 2) >> 2) as u16,
            ];
            *own = $narrow(choose(even, m[1], beside));
            *green = $narrow(choose(even, cross, m[1]));
            *other = $narrow(choose(even, corners, upright));
        }
    }};
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "a mean of 8 bits")]
fn as_byte(value: u16) -> u8 {
    value as u8
}

wide! {
    /// The row's own colour, green, and the other one, where no value has more than 8 bits.
    fn demosaic8(rows: &'a Rows, even: &'a [u16], to: [&'a mut [u8]; 3]) {
        demosaic!(rows, even, to, u16, as_byte);
    }

    /// The same of 16 bits.
    #[expect(clippy::cast_possible_truncation, reason = "a mean of 16 bits")]
    fn demosaic16(rows: &'a Rows, even: &'a [u16], to: [&'a mut [u8]; 3]) {
        demosaic!(rows, even, to, u32, narrowed);
    }

    fn load8(from: &'a [u8], to: &'a mut [u16]) {
        for (&from, to) in from.iter().zip(to) {
            *to = u16::from(from);
        }
    }

    fn load16(from: &'a [u8], to: &'a mut [u16]) {
        for (&from, to) in from.as_chunks().0.iter().zip(to) {
            *to = u16::from_ne_bytes(from);
        }
    }

    /// Values of two rows in turns.
    fn alternate(first: &'a [u8], second: &'a [u8], to: &'a mut [u8]) {
        let pairs = first.as_chunks::<2>().0.iter().zip(second.as_chunks::<2>().0);
        for ((first, second), to) in pairs.zip(to.as_chunks_mut().0) {
            *to = [first[0], second[1]];
        }
    }
}

/// A mosaic to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    mosaic: Mosaic,
    width: usize,
    height: usize,
    step: usize,
    pixels: &'a [u8],
}

impl<'a> Source<'a> {
    pub(super) fn of(from: &Raster<'a>) -> Option<Self> {
        let mosaic = Mosaic::of(from.encoding())?;
        let (width, height) = (from.width() as usize, from.height() as usize);
        let [(pixels, step), ..] = from.split();
        Some(Self { mosaic, width, height, step: step as usize, pixels })
    }

    /// Red, green and blue of a part of a row, which begins at an even place.
    pub(super) fn read(&self, x: usize, y: usize, [r, g, b]: [&mut [u8]; 3]) {
        let (own, other) = if self.mosaic.has_red(y) { (r, b) } else { (b, r) };
        let count = own.len();
        let mut edges = 0..0;
        if y == 0 || y + 1 == self.height {
            edges = 0..count;
        } else {
            let rows = Rows {
                above: self.row(x, y - 1, count),
                middle: self.row(x, y, count),
                below: self.row(x, y + 1, count),
            };
            let even = &EVEN[self.mosaic.odd(y)..][..count];
            let to = [&mut *own, &mut *g, &mut *other];
            if self.mosaic.wide {
                demosaic16(&rows, even, to);
            } else {
                demosaic8(&rows, even, to);
            }
        }
        let left = (x == 0).then_some(0);
        let right = (x + count == self.width).then_some(count - 1);
        for at in edges.chain(left).chain(right) {
            [own[at], g[at], other[at]] = self.pixel(x + at, y);
        }
    }

    /// The values of a row, with those before and behind where there are some.
    fn row(&self, x: usize, y: usize, count: usize) -> Row {
        let mut row = [0; PIECE + 2];
        let first = x.saturating_sub(1);
        let to = &mut row[first + 1 - x..count + 2];
        let end = (x + count + 1).min(self.width);
        let row_at = y * self.step;
        if self.mosaic.wide {
            load16(&self.pixels[row_at + first * 2..row_at + end * 2], to);
        } else {
            load8(&self.pixels[row_at + first..row_at + end], to);
        }
        row
    }

    fn value(&self, x: usize, y: usize) -> u32 {
        let row = &self.pixels[y * self.step..];
        if self.mosaic.wide {
            u32::from(u16::from_ne_bytes([row[x * 2], row[x * 2 + 1]]))
        } else {
            u32::from(row[x])
        }
    }

    /// The row's own colour, green, and the other one, of any pixel, also at an edge.
    #[cold]
    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let own = self.value(x, y);
        let mean = |sides: &[(usize, usize)]| {
            // Places count from the pixel up and to the left, so that none is negative.
            let there = |&(dx, dy): &(usize, usize)| {
                let (x, y) = ((x + dx).checked_sub(1)?, (y + dy).checked_sub(1)?);
                (x < self.width && y < self.height).then(|| self.value(x, y))
            };
            let values = sides.iter().filter_map(there);
            let (sum, count) = values.fold((0, 0), |(sum, count), value| (sum + value, count + 1));
            (sum + count / 2_u32).checked_div(count).unwrap_or(own)
        };
        let (beside, upright) = ([(0, 1), (2, 1)], [(1, 0), (1, 2)]);
        let (cross, corners) = ([(0, 1), (2, 1), (1, 0), (1, 2)], [(0, 0), (2, 0), (0, 2), (2, 2)]);
        let colours = if x % 2 == self.mosaic.odd(y) {
            [own, mean(&cross), mean(&corners)]
        } else {
            [mean(&beside), own, mean(&upright)]
        };
        colours.map(|value| {
            let value = u16::try_from(value).unwrap_or(u16::MAX);
            if self.mosaic.wide { narrowed(value) } else { as_byte(value) }
        })
    }
}

/// The mosaic of colours, 8 bits a value, of a part of row `y`.
pub(super) fn write(mosaic: Mosaic, y: usize, [r, g, b]: [&[u8]; 3], to: &mut [u8]) {
    let own = if mosaic.has_red(y) { r } else { b };
    let (first, second) = if mosaic.odd(y) == 0 { (own, g) } else { (g, own) };
    alternate(first, second, to);
    // The last one has no pair where their number is odd.
    if let ([.., last], Some(to)) = (first, to.last_mut())
        && first.len() % 2 == 1
    {
        *to = *last;
    }
}
