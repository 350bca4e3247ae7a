//! Values beside each other: channels apart and together, and values of other widths.

use framelane_layout::Encoding;

use super::wide::wide;
use crate::codec::luma;

wide! {
    /// The channels of pixels that have three, each on its own.
    pub(super) fn split3(from: &'a [u8], a: &'a mut [u8], b: &'a mut [u8], c: &'a mut [u8]) {
        for (((&from, a), b), c) in from.as_chunks().0.iter().zip(a).zip(b).zip(c) {
            [*a, *b, *c] = from;
        }
    }

    /// The first three channels of pixels that have four.
    pub(super) fn split4(from: &'a [u8], a: &'a mut [u8], b: &'a mut [u8], c: &'a mut [u8]) {
        for (((&from, a), b), c) in from.as_chunks::<4>().0.iter().zip(a).zip(b).zip(c) {
            [*a, *b, *c, _] = from;
        }
    }

    /// The last channel of pixels that have four.
    pub(super) fn split_fourth(from: &'a [u8], to: &'a mut [u8]) {
        for (from, to) in from.as_chunks::<4>().0.iter().zip(to) {
            *to = from[3];
        }
    }

    /// Pixels of three channels.
    pub(super) fn join3(a: &'a [u8], b: &'a [u8], c: &'a [u8], to: &'a mut [u8]) {
        for (((&a, &b), &c), to) in a.iter().zip(b).zip(c).zip(to.as_chunks_mut().0) {
            *to = [a, b, c];
        }
    }

    /// Pixels of four channels.
    pub(super) fn join4(a: &'a [u8], b: &'a [u8], c: &'a [u8], d: &'a [u8], to: &'a mut [u8]) {
        let to = to.as_chunks_mut().0;
        for ((((&a, &b), &c), &d), to) in a.iter().zip(b).zip(c).zip(d).zip(to) {
            *to = [a, b, c, d];
        }
    }

    /// The grey of colours; `r` becomes grey.
    pub(super) fn greys(r: &'a mut [u8], g: &'a [u8], b: &'a [u8]) {
        for ((r, &g), &b) in r.iter_mut().zip(g).zip(b) {
            *r = luma(*r, g, b);
        }
    }

    /// 16 bits, native order, to 8: the nearest of 0 to 255 for 0 to 65,535.
    pub(super) fn narrow(from: &'a [u8], to: &'a mut [u8]) {
        for (&from, to) in from.as_chunks().0.iter().zip(to) {
            *to = narrowed(u16::from_ne_bytes(from));
        }
    }

    /// 8 bits to 16 of native order: 255 becomes 65,535.
    pub(super) fn widen(from: &'a [u8], to: &'a mut [u8]) {
        // Both bytes are the value, in either order.
        for (&from, to) in from.iter().zip(to.as_chunks_mut().0) {
            *to = [from, from];
        }
    }

    /// 0.0 to 1.0 to 0 to 255, halves up, what lies outside to the nearest, and NaN to 0.
    pub(super) fn from_floats(from: &'a [u8], to: &'a mut [u8]) {
        for (&from, to) in from.as_chunks().0.iter().zip(to) {
            // Exact, of 24 bits and 8, so that halves can be told from what is next to them: by
            // more than 2^-33. A little more than half is rounded up.
            let value = f64::from(f32::from_ne_bytes(from)) * 255.0;
            let value = if value > 0.0 { value } else { 0.0 };
            let value = if value < 255.0 { value } else { 255.0 };
            *to = nearest(value + HALF_OF_LAST);
        }
    }

    /// 0 to 255 to 0.0 to 1.0: the floats next to the 255th parts.
    pub(super) fn to_floats(from: &'a [u8], to: &'a mut [u8]) {
        for (&from, to) in from.iter().zip(to.as_chunks_mut().0) {
            *to = (f32::from(from) / 255.0).to_ne_bytes();
        }
    }
}

/// Reads one row and writes another.
pub(super) type RowLoop = for<'a> fn(&'a [u8], &'a mut [u8]);

/// What turns rows of one encoding into those of another that has the same channels in other
/// numbers.
pub(super) fn between(from: Encoding, to: Encoding) -> Option<RowLoop> {
    use Encoding::{Mono8, Mono16, Mono32f, Rgb8, Rgb16, Rgb32f, Rgba8, Rgba16, Rgba32f};
    let row: RowLoop = match (from, to) {
        (Mono16, Mono8) | (Rgb16, Rgb8) | (Rgba16, Rgba8) => narrow,
        (Mono8, Mono16) | (Rgb8, Rgb16) | (Rgba8, Rgba16) => widen,
        (Mono32f, Mono8) | (Rgb32f, Rgb8) | (Rgba32f, Rgba8) => from_floats,
        (Mono8, Mono32f) | (Rgb8, Rgb32f) | (Rgba8, Rgba32f) => to_floats,
        _ => return None,
    };
    Some(row)
}

/// The nearest of 0 to 255 for 0 to 65,535. There are no halves: 257 is odd.
#[inline(always)]
pub(super) fn narrowed(value: u16) -> u8 {
    // The third byte from the right is the sum divided by 2^16.
    (u32::from(value) * 255 + 32_895).to_le_bytes()[2]
}

/// 2^-34.
const HALF_OF_LAST: f64 = 1.0 / 17_179_869_184.0;

/// The whole number next to a value of 0 to 255 that is not between two of them.
#[inline(always)]
pub(super) fn nearest(value: f64) -> u8 {
    // From 2^52 on floats are whole numbers, whose last bits are the number. A conversion would
    // first look whether it fits, value by value.
    (value + 4_503_599_627_370_496.0).to_bits().to_le_bytes()[0]
}
