//! The loops. Pixels go through in groups of a fixed size, so that compilers vectorise what is
//! done with a group: first its values become floats where they are, then channels are taken
//! out of these.

use super::{Layout, Normal};
use crate::raster::Raster;

/// Pixels of a group.
const GROUP: usize = 32;

/// A value as it lies in memory.
pub(super) trait Value: Copy + Default {
    fn float(self) -> f32;
    /// The values of a row.
    fn values(row: &[u8], group: &mut [Self]);
    const BYTES: usize;
}

macro_rules! value {
    ($type:ident) => {
        impl Value for $type {
            const BYTES: usize = size_of::<$type>();

            #[inline(always)]
            fn float(self) -> f32 {
                f32::from(self)
            }

            #[inline(always)]
            fn values(row: &[u8], group: &mut [Self]) {
                let values = row.as_chunks().0.iter().map(|&bytes| Self::from_ne_bytes(bytes));
                group.iter_mut().zip(values).for_each(|(to, value)| *to = value);
            }
        }
    };
}

value!(u8);
value!(u16);
value!(f32);

/// All rows of a picture whose pixels have `C` values.
pub(super) fn picture<T: Value, const C: usize>(
    from: &Raster<'_>,
    out: &mut [f32],
    layout: Layout,
    normal: &[Normal; 3],
) {
    let width = from.width() as usize;
    match (layout, C) {
        (_, 1) => {
            for (row, out) in from.rows().zip(out.chunks_exact_mut(width)) {
                groups::<T, 1>(row, width, |group, at, count| {
                    let values = group.as_flattened();
                    for (to, value) in out[at..at + count].iter_mut().zip(values) {
                        *to = normal[0].of(*value);
                    }
                });
            }
        }
        (Layout::Hwc, _) => {
            for (row, out) in from.rows().zip(out.chunks_exact_mut(width * 3)) {
                let out = out.as_chunks_mut::<3>().0;
                groups::<T, C>(row, width, |group, at, count| {
                    for (to, pixel) in out[at..at + count].iter_mut().zip(group) {
                        *to = normal.map(|normal| normal.of(pixel[normal.channel]));
                    }
                });
            }
        }
        (Layout::Chw, _) => {
            let plane = width * from.height() as usize;
            for (index, row) in from.rows().enumerate() {
                groups::<T, C>(row, width, |group, at, count| {
                    let at = index * width + at;
                    for (normal, plane) in normal.iter().zip(out.chunks_exact_mut(plane)) {
                        channel(group, &mut plane[at..at + count], *normal);
                    }
                });
            }
        }
    }
}

/// One channel of a group.
#[inline(always)]
fn channel<const C: usize>(group: &[[f32; C]; GROUP], out: &mut [f32], normal: Normal) {
    if let Ok(out) = <&mut [f32; GROUP]>::try_from(&mut *out) {
        for i in 0..GROUP {
            out[i] = normal.of(group[i][normal.channel]);
        }
    } else {
        out.iter_mut().zip(group).for_each(|(to, pixel)| *to = normal.of(pixel[normal.channel]));
    }
}

/// Calls with the values of a group of pixels as floats, where it begins, and how many they are.
#[inline(always)]
fn groups<T: Value, const C: usize>(
    row: &[u8],
    width: usize,
    mut each: impl FnMut(&[[f32; C]; GROUP], usize, usize),
) {
    let mut floats = [[0.0; C]; GROUP];
    let mut values = [[T::default(); C]; GROUP];
    for at in (0..width).step_by(GROUP) {
        let count = GROUP.min(width - at);
        let bytes = &row[at * C * T::BYTES..][..count * C * T::BYTES];
        T::values(bytes, values.as_flattened_mut());
        let pairs = floats.as_flattened_mut().iter_mut().zip(values.as_flattened());
        pairs.for_each(|(to, value)| *to = value.float());
        each(&floats, at, count);
    }
}
