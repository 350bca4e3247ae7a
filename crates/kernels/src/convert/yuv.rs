//! Luma and two differences of colour to red, green and blue, and back.
//!
//! The weights follow from those of luma, `kr` for red and `kb` for blue (BT.601: 0.299 and
//! 0.114; BT.709: 0.2126 and 0.0722), and from the ranges: limited is 16 to 235 for Y and 16 to
//! 240 for U and V, full is 0 to 255 for all. To colours, 16-bit arithmetic with 6 binary places
//! is off by less than a tenth of a step before it rounds; from colours, 32-bit arithmetic by
//! less than a hundredth.

use super::piece::PIECE;
use super::wide::wide;
use super::{Yuv, YuvMatrix, YuvRange};

/// Weights and offsets, each way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// What Y counts above 1, of 2^15.
    y: i16,
    /// Added to Y, of 2^6: its offset, and what makes the shift at the end round.
    y_offset: i16,
    /// What V counts for red above 2, of 2^14.
    red: i16,
    /// What U counts for green, of 2^14.
    green_u: i16,
    /// What V counts for green, of 2^14.
    green_v: i16,
    /// What U counts for blue above 2, of 2^14.
    blue: i16,
    /// What red, green and blue count for Y, U and V, of 2^16.
    to_yuv: [[i32; 3]; 3],
    /// The offset of Y.
    first: i32,
    /// What Y counts for grey, of 2^16.
    to_grey: i32,
}

impl Weights {
    #[expect(clippy::cast_possible_truncation, reason = "below 2^15 and 2^17")]
    pub(super) fn of(yuv: Yuv) -> Self {
        let (kr, kb) = match yuv.matrix {
            YuvMatrix::Bt601 => (0.299, 0.114),
            YuvMatrix::Bt709 => (0.2126, 0.0722),
        };
        let (first, y_range, uv_range) = match yuv.range {
            YuvRange::Limited => (16, 219.0, 224.0),
            YuvRange::Full => (0, 255.0, 255.0),
        };
        let kg = 1.0 - kr - kb;
        let (for_red, for_blue) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb));
        let (y, uv) = (255.0 / y_range, 255.0 / uv_range);
        let short = |value: f64, one: f64| (value * one).round() as i16;
        let long = |value: f64| (value * 65_536.0).round() as i32;
        // Of blue, so that the three make up the whole, and of green, so that grey has no colour.
        let (red, blue) = (long(kr / y), long(kb / y));
        let u = [-kr / for_blue / uv, 0.0, 0.5 / uv].map(long);
        let v = [0.5 / uv, 0.0, -kb / for_red / uv].map(long);
        Self {
            y: short(y - 1.0, 32_768.0),
            // The products are cut off, which takes a half of 2^-6 on average, twice.
            y_offset: short(0.5 - f64::from(first) * y, 64.0) + 1,
            red: short(for_red * uv - 2.0, 16_384.0),
            green_u: short(-for_blue * kb / kg * uv, 16_384.0),
            green_v: short(-for_red * kr / kg * uv, 16_384.0),
            blue: short(for_blue * uv - 2.0, 16_384.0),
            to_yuv: [
                [red, long(1.0 / y) - red - blue, blue],
                [u[0], -u[0] - u[2], u[2]],
                [v[0], -v[0] - v[2], v[2]],
            ],
            first,
            to_grey: long(y),
        }
    }
}

/// The high half of a product: what a register full of 16-bit values is multiplied with at once.
#[inline(always)]
fn high(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b)) >> 16) as i16
}

/// A value of 2^6, as a byte.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "0 to 255")]
fn byte(value: i16) -> u8 {
    (value >> 6).clamp(0, 255) as u8
}

/// U or V for the two pixels that share it: two 16-bit numbers of native order, each 2^8 times
/// what it is above or below 128. In a register nothing has to change its place for that.
#[inline(always)]
fn for_two(byte: u32) -> [u8; 4] {
    ((byte << 8 | byte << 24) ^ 0x8000_8000).to_ne_bytes()
}

/// The third byte from the right: a sum of 2^16, divided by it.
#[inline(always)]
fn whole(sum: i32) -> u8 {
    sum.clamp(0, 0xff_ffff).to_le_bytes()[2]
}

wide! {
    /// What Y adds to each colour, of every other byte beginning with the first.
    fn luma_of_pairs(from: &'a [u8], weights: &'a Weights, to: &'a mut [i16]) {
        let &Weights { y: weight, y_offset, .. } = weights;
        for (from, to) in from.as_chunks::<2>().0.iter().zip(to) {
            let y = i16::from(from[0]);
            *to = (y << 6) + high(y << 7, weight) + y_offset;
        }
    }

    /// What Y adds to each colour.
    fn luma_of_plane(from: &'a [u8], weights: &'a Weights, to: &'a mut [i16]) {
        let &Weights { y: weight, y_offset, .. } = weights;
        for (&from, to) in from.iter().zip(to) {
            let y = i16::from(from);
            *to = (y << 6) + high(y << 7, weight) + y_offset;
        }
    }

    /// Red, to which V adds, or blue, to which U does.
    fn outer(luma: &'a [i16], chroma: &'a [u8], weight: i16, to: &'a mut [u8]) {
        for ((&luma, &chroma), to) in luma.iter().zip(chroma.as_chunks().0).zip(to) {
            let value = i16::from_ne_bytes(chroma);
            *to = byte(luma.saturating_add((value >> 1) + high(value, weight)));
        }
    }

    /// Green, to which both add.
    fn green(luma: &'a [i16], u: &'a [u8], v: &'a [u8], weights: &'a Weights, to: &'a mut [u8]) {
        let &Weights { green_u, green_v, .. } = weights;
        let chroma = u.as_chunks().0.iter().zip(v.as_chunks().0);
        for ((&luma, (&u, &v)), to) in luma.iter().zip(chroma).zip(to) {
            let [u, v] = [u, v].map(i16::from_ne_bytes);
            *to = byte(luma.saturating_add(high(u, green_u) + high(v, green_v)));
        }
    }

    /// U and V of pairs, which are every other byte.
    fn chroma_of_pairs(from: &'a [u8], u: &'a mut [u8], v: &'a mut [u8]) {
        let to = u.as_chunks_mut().0.iter_mut().zip(v.as_chunks_mut().0);
        for (from, (u, v)) in from.as_chunks::<2>().0.iter().zip(to) {
            *u = for_two(from[0].into());
            *v = for_two(from[1].into());
        }
    }

    /// U or V of a plane.
    fn chroma_of_plane(from: &'a [u8], to: &'a mut [u8]) {
        for (&from, to) in from.iter().zip(to.as_chunks_mut().0) {
            *to = for_two(from.into());
        }
    }

    /// U and V of Y0 U Y1 V.
    fn chroma_of_yuyv(from: &'a [u8], u: &'a mut [u8], v: &'a mut [u8]) {
        let to = u.as_chunks_mut().0.iter_mut().zip(v.as_chunks_mut().0);
        for (&from, (u, v)) in from.as_chunks().0.iter().zip(to) {
            let four = u32::from_le_bytes(from);
            *u = for_two(four >> 8 & 0xff);
            *v = for_two(four >> 24);
        }
    }

    /// U and V of U Y0 V Y1.
    fn chroma_of_uyvy(from: &'a [u8], u: &'a mut [u8], v: &'a mut [u8]) {
        let to = u.as_chunks_mut().0.iter_mut().zip(v.as_chunks_mut().0);
        for (&from, (u, v)) in from.as_chunks().0.iter().zip(to) {
            let four = u32::from_le_bytes(from);
            *u = for_two(four & 0xff);
            *v = for_two(four >> 16 & 0xff);
        }
    }

    /// Every other byte, beginning with the first.
    fn first_of_pairs(from: &'a [u8], to: &'a mut [u8]) {
        for (from, to) in from.as_chunks::<2>().0.iter().zip(to) {
            *to = from[0];
        }
    }

    /// Grey of Y, in place.
    fn grey(weights: &'a Weights, values: &'a mut [u8]) {
        let &Weights { first, to_grey, .. } = weights;
        for value in values {
            *value = whole((i32::from(*value) - first) * to_grey + 0x8000);
        }
    }

    /// Y of colours.
    fn y_of(r: &'a [u8], g: &'a [u8], b: &'a [u8], weights: &'a Weights, to: &'a mut [u8]) {
        let [red, green, blue] = weights.to_yuv[0];
        let offset = (weights.first << 16) + 0x8000;
        for (((&r, &g), &b), to) in r.iter().zip(g).zip(b).zip(to) {
            let sum = red * i32::from(r) + green * i32::from(g) + blue * i32::from(b);
            *to = whole(sum + offset);
        }
    }

    /// The sums of two pixels beside each other.
    fn pair_sums(from: &'a [u8], to: &'a mut [i16]) {
        for (from, to) in from.as_chunks::<2>().0.iter().zip(to) {
            *to = i16::from(from[0]) + i16::from(from[1]);
        }
    }

    /// Adds those of another row.
    fn add_pair_sums(from: &'a [u8], to: &'a mut [i16]) {
        for (from, to) in from.as_chunks::<2>().0.iter().zip(to) {
            *to += i16::from(from[0]) + i16::from(from[1]);
        }
    }

    /// U or V of sums of 2^`shift` pixels.
    fn chroma_of(sums: &'a [[i16; HALF]; 3], weights: &'a [i32; 3], shift: u32, to: &'a mut [u8]) {
        let &[red, green, blue] = weights;
        // 128, and a half to round.
        let offset = 0x80_8000 << shift;
        let [r, g, b] = sums;
        for (((&r, &g), &b), to) in r.iter().zip(g).zip(b).zip(to) {
            let sum = red * i32::from(r) + green * i32::from(g) + blue * i32::from(b);
            *to = whole((sum + offset) >> shift);
        }
    }

    /// Y0 U Y1 V.
    pub(super) fn join_yuyv(y: &'a [u8], u: &'a [u8], v: &'a [u8], to: &'a mut [u8]) {
        let y = y.as_chunks::<2>().0;
        for (((y, &u), &v), to) in y.iter().zip(u).zip(v).zip(to.as_chunks_mut().0) {
            *to = [y[0], u, y[1], v];
        }
    }

    /// U Y0 V Y1.
    pub(super) fn join_uyvy(y: &'a [u8], u: &'a [u8], v: &'a [u8], to: &'a mut [u8]) {
        let y = y.as_chunks::<2>().0;
        for (((y, &u), &v), to) in y.iter().zip(u).zip(v).zip(to.as_chunks_mut().0) {
            *to = [u, y[0], v, y[1]];
        }
    }

    /// U and V in turns.
    pub(super) fn join_pairs(u: &'a [u8], v: &'a [u8], to: &'a mut [u8]) {
        for ((&u, &v), to) in u.iter().zip(v).zip(to.as_chunks_mut().0) {
            *to = [u, v];
        }
    }
}

/// Pairs of pixels in a piece.
pub(super) const HALF: usize = PIECE / 2;

/// Where the bytes of one part of a row are: those of its first plane, and of the planes of
/// chroma, if it has them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Yuyv(&'a [u8]),
    Uyvy(&'a [u8]),
    Pairs(&'a [u8], &'a [u8]),
    Planes(&'a [u8], &'a [u8], &'a [u8]),
}

/// The grey of a part.
pub(super) fn read_grey(part: Part<'_>, weights: &Weights, to: &mut [u8]) {
    match part {
        Part::Yuyv(pixels) => first_of_pairs(pixels, to),
        // Without the first byte, each Y is the first of a pair; the last has none.
        Part::Uyvy(pixels) => {
            first_of_pairs(&pixels[1..], to);
            to[pixels.len() / 2 - 1] = pixels[pixels.len() - 1];
        }
        Part::Pairs(y, _) | Part::Planes(y, _, _) => to.copy_from_slice(y),
    }
    grey(weights, to);
}

/// What is only needed while a piece is made.
pub(super) struct Scratch {
    u: [u8; 2 * PIECE],
    v: [u8; 2 * PIECE],
    luma: [i16; PIECE],
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self { u: [0; 2 * PIECE], v: [0; 2 * PIECE], luma: [0; PIECE] }
    }
}

/// The colours of a part. Pixels that share U and V get the same.
pub(super) fn read(
    part: Part<'_>,
    weights: &Weights,
    scratch: &mut Scratch,
    [r, g, b]: [&mut [u8]; 3],
) {
    let count = r.len();
    let Scratch { u, v, luma } = scratch;
    let (u, v) = (&mut u[..count * 2], &mut v[..count * 2]);
    let luma = &mut luma[..count];
    match part {
        Part::Yuyv(pixels) => {
            chroma_of_yuyv(pixels, u, v);
            luma_of_pairs(pixels, weights, luma);
        }
        Part::Uyvy(pixels) => {
            chroma_of_uyvy(pixels, u, v);
            luma_of_pairs(&pixels[1..], weights, luma);
            let last = &pixels[pixels.len() - 1..];
            luma_of_plane(last, weights, &mut luma[count - 1..]);
        }
        Part::Pairs(y, pairs) => {
            chroma_of_pairs(pairs, u, v);
            luma_of_plane(y, weights, luma);
        }
        Part::Planes(y, u_plane, v_plane) => {
            chroma_of_plane(u_plane, u);
            chroma_of_plane(v_plane, v);
            luma_of_plane(y, weights, luma);
        }
    }
    outer(luma, v, weights.red, r);
    green(luma, u, v, weights, g);
    outer(luma, u, weights.blue, b);
}

/// Y of colours.
pub(super) fn write_luma([r, g, b]: [&[u8]; 3], weights: &Weights, to: &mut [u8]) {
    y_of(r, g, b, weights, to);
}

/// U and V of the colours of one row, or of two, each for the mean of the two or four pixels
/// that share it.
pub(super) fn write_chroma(
    row: [&[u8]; 3],
    below: Option<[&[u8]; 3]>,
    weights: &Weights,
    sums: &mut [[i16; HALF]; 3],
    [u, v]: [&mut [u8]; 2],
) {
    for (from, to) in row.into_iter().zip(&mut *sums) {
        pair_sums(from, to);
    }
    for (from, to) in below.into_iter().flatten().zip(&mut *sums) {
        add_pair_sums(from, to);
    }
    let shift = if below.is_some() { 2 } else { 1 };
    chroma_of(sums, &weights.to_yuv[1], shift, u);
    chroma_of(sums, &weights.to_yuv[2], shift, v);
}
