//! Smallest, largest and mean depth.
//!
//! The loops have independent accumulators, one for each lane of a vector register, and neither
//! branches nor conversions in the middle, so that compilers vectorise them for any processor.

use framelane_layout::Encoding;

use super::{DepthError, metres_of_raw};
use crate::raster::Raster;

/// What the known depths of a picture are, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DepthStatistics {
    /// The smallest.
    pub min: f32,
    /// The largest.
    pub max: f32,
    /// Their mean, within 1e-6 of it.
    pub mean: f64,
}

/// The statistics of all known depths, or `None` where there is none.
///
/// `millimetres_per_unit` counts for `depth16` only.
///
/// # Errors
/// [`Encoding`](DepthError::Encoding) for other pictures than `mono32f` and `depth16`.
pub fn depth_statistics(
    from: &Raster<'_>,
    millimetres_per_unit: f32,
) -> Result<Option<DepthStatistics>, DepthError> {
    let rows: Box<dyn Iterator<Item = &[u8]>> = match from.packed() {
        // Short rows leave much to what is not a whole run.
        Some(all) => Box::new(std::iter::once(all)),
        None => Box::new(from.rows()),
    };
    match from.encoding() {
        Encoding::Mono32f => Ok(of_metres(rows, from)),
        Encoding::Depth16 => Ok(of_raw(rows, millimetres_per_unit)),
        got => Err(DepthError::Encoding { got }),
    }
}

/// Raw values that are looked at side by side, and how often until the lanes are added up.
/// Measured; 2^16 additions would overflow them.
const RAW_LANES: usize = 16;
const RAW_TURNS: usize = 8;

/// The same for floats. Of 8 additions, none loses more than 2^-24 of the sum: 5e-7 together.
const METRE_LANES: usize = 16;
const METRE_TURNS: usize = 8;

struct RawSums {
    /// Of the values plus 0x8000, as signed numbers: SSE2 compares no others.
    max: [i16; RAW_LANES],
    /// Of the values less 1, so that 0 comes last, plus 0x8000.
    min: [i16; RAW_LANES],
    sum: u64,
    known: u64,
}

#[allow(clippy::cast_possible_wrap, reason = "the bits matter, not the number")]
fn raw_run(run: &[[[u8; 2]; RAW_LANES]; RAW_TURNS], sums: &mut RawSums) {
    let (mut max, mut min) = (sums.max, sums.min);
    let mut added = [0_u32; RAW_LANES];
    let mut known = [0_u16; RAW_LANES];
    for turn in run {
        for lane in 0..RAW_LANES {
            let raw = u16::from_ne_bytes(turn[lane]);
            max[lane] = max[lane].max(raw.wrapping_add(0x8000) as i16);
            min[lane] = min[lane].min(raw.wrapping_add(0x7fff) as i16);
            added[lane] += u32::from(raw);
            known[lane] += u16::from(raw != 0);
        }
    }
    (sums.max, sums.min) = (max, min);
    sums.sum += u64::from(added.iter().sum::<u32>());
    sums.known += u64::from(known.iter().sum::<u16>());
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as stated")]
fn of_raw<'a>(rows: impl Iterator<Item = &'a [u8]>, scale: f32) -> Option<DepthStatistics> {
    let mut sums =
        RawSums { max: [i16::MIN; RAW_LANES], min: [i16::MAX; RAW_LANES], sum: 0, known: 0 };
    for row in rows {
        runs(row, |run| raw_run(run, &mut sums));
    }
    let min = sums.min.into_iter().fold(i16::MAX, i16::min).cast_unsigned().wrapping_sub(0x7fff);
    let max = sums.max.into_iter().fold(i16::MIN, i16::max).cast_unsigned().wrapping_sub(0x8000);
    let scaled = |raw| metres_of_raw(raw, scale) as f32;
    // A scale that is no positive number makes no depth of any.
    let usable = sums.known > 0 && scale > 0.0 && scaled(max).is_finite() && scaled(min) > 0.0;
    usable.then(|| DepthStatistics {
        min: scaled(min),
        max: scaled(max),
        mean: sums.sum as f64 / sums.known as f64 * f64::from(scale) / 1000.0,
    })
}

struct MetreSums {
    max: [f32; METRE_LANES],
    /// As a run's `below`.
    min: [f32; METRE_LANES],
    sum: [f64; METRE_LANES],
    known: u64,
}

fn metre_run(run: &[[[u8; 4]; METRE_LANES]; METRE_TURNS], sums: &mut MetreSums) {
    let (mut max, mut min) = (sums.max, sums.min);
    let mut added = [0_f32; METRE_LANES];
    let mut known = [0_u32; METRE_LANES];
    for turn in run {
        for lane in 0..METRE_LANES {
            let metres = f32::from_ne_bytes(turn[lane]);
            // 0 for whatever is no depth; written so that each line is one instruction or two.
            let finite = if metres < f32::INFINITY { metres } else { 0.0 };
            let depth = if finite > 0.0 { finite } else { 0.0 };
            added[lane] += depth;
            known[lane] += u32::from(depth > 0.0);
            max[lane] = if depth > max[lane] { depth } else { max[lane] };
            // Numbers greater than zero have the order of their bits; one below those of 0 is
            // NaN, which is less than nothing.
            let below = f32::from_bits(depth.to_bits().wrapping_sub(1));
            min[lane] = if below < min[lane] { below } else { min[lane] };
        }
    }
    (sums.max, sums.min) = (max, min);
    for (sum, added) in sums.sum.iter_mut().zip(added) {
        *sum += f64::from(added);
    }
    sums.known += u64::from(known.iter().sum::<u32>());
}

#[allow(clippy::cast_precision_loss, reason = "pictures have fewer than 2^53 pixels")]
fn of_metres<'a>(
    rows: impl Iterator<Item = &'a [u8]>,
    from: &Raster<'_>,
) -> Option<DepthStatistics> {
    let (max, min) = ([0.0; METRE_LANES], [f32::INFINITY; METRE_LANES]);
    let mut sums = MetreSums { max, min, sum: [0.0; METRE_LANES], known: 0 };
    for row in rows {
        runs(row, |run| metre_run(run, &mut sums));
    }
    let max = sums.max.into_iter().fold(0.0, f32::max);
    let below = sums.min.into_iter().fold(f32::INFINITY, f32::min);
    let mut sum: f64 = sums.sum.iter().sum();
    if sum.is_infinite() {
        // Where some are so large that already a few of them are no float.
        sum = from
            .rows()
            .flat_map(metres)
            .filter(|&z| z > 0.0 && z < f32::INFINITY)
            .map(f64::from)
            .sum();
    }
    let min = f32::from_bits(below.to_bits().wrapping_add(1));
    (sums.known > 0).then(|| DepthStatistics { min, max, mean: sum / sums.known as f64 })
}

fn metres(row: &[u8]) -> impl Iterator<Item = f32> {
    row.as_chunks().0.iter().map(|&value| f32::from_ne_bytes(value))
}

/// Calls with all values of a row, the last time filled up with zeros.
fn runs<const N: usize, const LANES: usize, const TURNS: usize>(
    row: &[u8],
    mut each: impl FnMut(&[[[u8; N]; LANES]; TURNS]),
) {
    let whole = row.as_chunks::<N>().0.as_chunks::<LANES>().0.as_chunks::<TURNS>().0;
    whole.iter().for_each(&mut each);
    let rest = &row[size_of_val(whole)..];
    if !rest.is_empty() {
        let mut last = [[[0; N]; LANES]; TURNS];
        last.as_flattened_mut().as_flattened_mut()[..rest.len()].copy_from_slice(rest);
        each(&last);
    }
}
