//! Weighted averages of source pixels, in 32-bit floats.
//!
//! First down, then across: the source rows under a target row are added up with their weights
//! into one row of floats, and of that the pixels under each target pixel.

use std::ops::Range;

use framelane_layout::Dtype;

use super::{Plane, PlaneMut};

/// More additions than this into one float would show.
const RUN: usize = 64;

/// What the source pixels count for a target pixel.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// As much as the target pixel covers of them.
    Area,
    /// The less the farther they are from its centre.
    Bilinear,
}

/// The row between the two passes, and the weights.
#[derive(Debug, Default)]
pub(super) struct Average {
    row: Vec<f32>,
    run: Vec<f32>,
    columns: Weights,
    rows: Weights,
}

impl Average {
    pub(super) fn resize(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>, kind: Kind) {
        self.columns.set(kind, from.width, to.width);
        self.rows.set(kind, from.height, to.height);
        match from.pixel.dtype {
            Dtype::Uint8 => self.planes::<u8>(from, to),
            Dtype::Uint16 => self.planes::<u16>(from, to),
            Dtype::Float32 => self.planes::<f32>(from, to),
            other => unreachable!("no encoding has values of {}", other.info().name),
        }
    }

    fn planes<T: Value>(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        match from.pixel.channels {
            1 => self.picture::<T, 1>(from, to),
            2 => self.picture::<T, 2>(from, to),
            3 => self.picture::<T, 3>(from, to),
            _ => self.picture::<T, 4>(from, to),
        }
    }

    fn picture<T: Value, const C: usize>(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        self.row.resize(from.width * C, 0.0);
        for (span, to) in self.rows.spans.iter().zip(to.rows()) {
            let weights = &self.rows.all[span.weights.clone()];
            down::<T>(from, span.first, weights, &mut self.row, &mut self.run);
            let pixels = self.row.as_chunks::<C>().0;
            let averages = self.columns.spans.iter().map(|span| {
                let weights = &self.columns.all[span.weights.clone()];
                across(&pixels[span.first..], weights)
            });
            T::store(averages, to);
        }
    }
}

/// The weighted sum of rows, into `sums`; `run` is room for parts of it.
fn down<T: Value>(
    from: &Plane<'_>,
    first: usize,
    weights: &[f32],
    sums: &mut [f32],
    run: &mut Vec<f32>,
) {
    T::add::<true>(from.row(first), weights[0], sums);
    let add = |weights: &[f32], y: usize, sums: &mut [f32]| {
        for (weight, y) in weights.iter().zip(y..) {
            T::add::<false>(from.row(y), *weight, sums);
        }
    };
    if weights.len() <= RUN {
        return add(&weights[1..], first + 1, sums);
    }
    for (weights, y) in weights[1..].chunks(RUN).zip((first + 1..).step_by(RUN)) {
        run.clear();
        run.resize(sums.len(), 0.0);
        add(weights, y, run);
        sums.iter_mut().zip(&*run).for_each(|(sum, run)| *sum += run);
    }
}

/// The weighted sum of pixels.
fn across<const C: usize>(pixels: &[[f32; C]], weights: &[f32]) -> [f32; C] {
    let mut sums = [0.0; C];
    for (weights, pixels) in weights.chunks(RUN).zip(pixels.chunks(RUN)) {
        let mut run = [0.0; C];
        for (weight, pixel) in weights.iter().zip(pixels) {
            (0..C).for_each(|c| run[c] += pixel[c] * weight);
        }
        (0..C).for_each(|c| sums[c] += run[c]);
    }
    sums
}

/// For each target pixel, in one direction, the first source pixel that counts, and the weights
/// of this and the following ones. Their sum is 1.
#[derive(Debug, Default)]
struct Weights {
    spans: Vec<Span>,
    all: Vec<f32>,
}

#[derive(Debug)]
struct Span {
    first: usize,
    weights: Range<usize>,
}

impl Weights {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "weights")]
    fn set(&mut self, kind: Kind, from: usize, to: usize) {
        self.spans.clear();
        self.all.clear();
        for index in 0..to {
            let covered = match kind {
                Kind::Area => covered(index, from, to),
                Kind::Bilinear => reached(index, from, to),
            };
            let weight = |pixel| match kind {
                Kind::Area => overlap(index, pixel, from, to),
                Kind::Bilinear => closeness(index, pixel, from, to),
            };
            let sum: f64 = covered.clone().map(weight).sum();
            let start = self.all.len();
            self.all.extend(covered.clone().map(|pixel| (weight(pixel) / sum) as f32));
            self.spans.push(Span { first: covered.start, weights: start..self.all.len() });
        }
    }
}

/// The source pixels that a target pixel covers, if only in part. Sizes are below 2^32, so that
/// nothing overflows.
fn covered(index: usize, from: usize, to: usize) -> Range<usize> {
    index * from / to..((index + 1) * from).div_ceil(to)
}

/// How much of a source pixel a target pixel covers, in units of which a source pixel has `to`.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
fn overlap(index: usize, pixel: usize, from: usize, to: usize) -> f64 {
    let end = ((pixel + 1) * to).min((index + 1) * from);
    (end - (pixel * to).max(index * from)) as f64
}

/// The centre of a target pixel in source pixels, and how far it reaches.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
fn centre(index: usize, from: usize, to: usize) -> (f64, f64) {
    let scale = from as f64 / to as f64;
    ((index as f64 + 0.5) * scale, scale.max(1.0))
}

/// The source pixels whose centres are that near.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
fn reached(index: usize, from: usize, to: usize) -> Range<usize> {
    let (centre, reach) = centre(index, from, to);
    let first = (centre - reach - 0.5).max(0.0).ceil();
    first as usize..from.min((centre + reach + 0.5).floor() as usize)
}

/// 1 at the centre and 0 where a target pixel does not reach any more.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
fn closeness(index: usize, pixel: usize, from: usize, to: usize) -> f64 {
    let (centre, reach) = centre(index, from, to);
    (1.0 - (pixel as f64 + 0.5 - centre).abs() / reach).max(0.0)
}

/// A value as it lies in memory.
trait Value {
    /// Adds the values of a row, each with this weight, or, the first time, sets their sums.
    fn add<const FIRST: bool>(row: &[u8], weight: f32, sums: &mut [f32]);

    /// Writes pixels into a row, rounded if need be.
    fn store<const C: usize>(pixels: impl Iterator<Item = [f32; C]>, row: &mut [u8]);
}

macro_rules! value {
    ($type:ident, $round:expr) => {
        impl Value for $type {
            fn add<const FIRST: bool>(row: &[u8], weight: f32, sums: &mut [f32]) {
                let values = row.as_chunks().0;
                for (sum, value) in sums.iter_mut().zip(values) {
                    let part = f32::from(Self::from_ne_bytes(*value)) * weight;
                    *sum = if FIRST { part } else { *sum + part };
                }
            }

            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
            fn store<const C: usize>(pixels: impl Iterator<Item = [f32; C]>, row: &mut [u8]) {
                const BYTES: usize = size_of::<$type>();
                let row = row.as_chunks_mut::<BYTES>().0.as_chunks_mut::<C>().0;
                for (to, pixel) in row.iter_mut().zip(pixels) {
                    *to = pixel.map(|value| (($round)(value) as Self).to_ne_bytes());
                }
            }
        }
    };
}

// What is cut off after adding a half has been rounded.
value!(u8, |value: f32| value + 0.5);
value!(u16, |value: f32| value + 0.5);
value!(f32, |value: f32| value);
