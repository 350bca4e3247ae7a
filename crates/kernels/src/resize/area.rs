//! The average of the source area that each target pixel covers.
//!
//! First down, then across: the source rows under a target row are added up with their weights
//! into one row of floats, and of that the pixels under each target pixel.

use framelane_layout::Dtype;

use super::{Plane, PlaneMut};

/// More additions than this into one float would show.
const RUN: usize = 64;

/// The row between the two passes, and where the target's pixels begin and end in it.
#[derive(Debug, Default)]
pub(super) struct Area {
    row: Vec<f32>,
    run: Vec<f32>,
    columns: Vec<Span>,
}

impl Area {
    pub(super) fn resize(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        self.columns.clear();
        self.columns.extend((0..to.width).map(|x| Span::new(x, from.width, to.width)));
        match from.pixel.dtype {
            Dtype::Uint8 => self.planes::<u8>(from, to),
            Dtype::Uint16 => self.planes::<u16>(from, to),
            Dtype::Float32 => self.planes::<f32>(from, to),
            other => unreachable!("no encoding has values of {}", other.info().name),
        }
    }

    fn planes<T: Value>(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        match from.pixel.channels {
            1 => self.rows::<T, 1>(from, to),
            2 => self.rows::<T, 2>(from, to),
            3 => self.rows::<T, 3>(from, to),
            _ => self.rows::<T, 4>(from, to),
        }
    }

    fn rows<T: Value, const C: usize>(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        self.row.resize(from.width * C, 0.0);
        let height = to.height;
        for (y, to) in to.rows().enumerate() {
            self.down::<T>(from, Span::new(y, from.height, height));
            let pixels = self.row.as_chunks::<C>().0;
            let averages = self.columns.iter().map(|span| across(pixels, *span));
            T::store(averages, to);
        }
    }

    /// The weighted sum of the rows of a span.
    fn down<T: Value>(&mut self, from: &Plane<'_>, span: Span) {
        T::add::<true>(from.row(span.first), span.head, &mut self.row);
        if span.last == span.first {
            return;
        }
        for start in (span.first + 1..span.last).step_by(RUN) {
            let rows = start..span.last.min(start + RUN);
            if span.last - span.first <= RUN {
                rows.for_each(|y| T::add::<false>(from.row(y), span.body, &mut self.row));
                continue;
            }
            self.run.clear();
            self.run.resize(self.row.len(), 0.0);
            rows.for_each(|y| T::add::<false>(from.row(y), span.body, &mut self.run));
            self.row.iter_mut().zip(&self.run).for_each(|(sum, run)| *sum += run);
        }
        T::add::<false>(from.row(span.last), span.tail, &mut self.row);
    }
}

/// The weighted sum of the pixels of a span.
fn across<const C: usize>(pixels: &[[f32; C]], span: Span) -> [f32; C] {
    let mut sums = pixels[span.first].map(|value| value * span.head);
    if span.last == span.first {
        return sums;
    }
    for run in pixels[span.first + 1..span.last].chunks(RUN) {
        let mut of_run = [0.0; C];
        for pixel in run {
            (0..C).for_each(|c| of_run[c] += pixel[c]);
        }
        (0..C).for_each(|c| sums[c] += of_run[c] * span.body);
    }
    (0..C).for_each(|c| sums[c] += pixels[span.last][c] * span.tail);
    sums
}

/// The source pixels, in one direction, under one target pixel, and what each of them counts.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: usize,
    last: usize,
    head: f32,
    /// Of those between the first and the last.
    body: f32,
    tail: f32,
}

impl Span {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a weight")]
    fn new(index: usize, from: usize, to: usize) -> Self {
        // In units of which a source pixel has `to`, and a target pixel `from`. Both are below
        // 2^32, so that nothing overflows.
        let (start, end) = (index as u64 * from as u64, (index as u64 + 1) * from as u64);
        let (first, last) = (start / to as u64, (end - 1) / to as u64);
        let weight = |length: u64| (length as f64 / from as f64) as f32;
        let head_end = end.min((first + 1) * to as u64);
        Self {
            first: first as usize,
            last: last as usize,
            head: weight(head_end - start),
            body: weight(to as u64),
            tail: weight(end - last * to as u64),
        }
    }
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
