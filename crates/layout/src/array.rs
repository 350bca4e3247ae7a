//! Where the elements of a strided array lie, computed from numbers that somebody else wrote.

use crate::Dtype;

/// Most dimensions of an array.
pub const DIMS_MAX: usize = 8;

/// The bytes that the elements of an array take, from the lowest to the highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Bytes from the lowest element to that of index 0 in every dimension: not 0 where a
    /// stride is negative.
    pub first: u64,
    /// Bytes from the beginning of the lowest element to the end of the highest; 0: there are
    /// no elements.
    pub bytes: u64,
    /// Number of elements.
    pub elements: u64,
}

/// Where the elements of an array lie, or `None` where they leave `bytes_max` bytes, are more
/// than that many bytes hold without sharing them, or are not aligned to their own size.
///
/// `strides` are bytes and may be negative; `shape` and `strides` are of one length. The
/// second rule keeps what a consumer computes or copies in proportion to the slot.
#[must_use]
pub fn extent(shape: &[u32], strides: &[i64], dtype: Dtype, bytes_max: u64) -> Option<Extent> {
    if shape.len() != strides.len() || shape.len() > DIMS_MAX {
        return None;
    }
    if shape.contains(&0) {
        return Some(Extent::default());
    }
    let item = u64::from(dtype.info().bytes);
    let (mut first, mut last, mut elements) = (0_u64, 0_u64, 1_u64);
    for (&count, &stride) in shape.iter().zip(strides) {
        let reach = stride.unsigned_abs().checked_mul(u64::from(count - 1))?;
        let end = if stride < 0 { &mut first } else { &mut last };
        *end = end.checked_add(reach)?;
        elements = elements.checked_mul(u64::from(count))?;
        // A dimension of one element has no distance to its next: any stride will do.
        if count > 1 && !stride.unsigned_abs().is_multiple_of(alignment(dtype)) {
            return None;
        }
    }
    let bytes = first.checked_add(last)?.checked_add(item)?;
    let sound = bytes <= bytes_max && elements.checked_mul(item)? <= bytes_max;
    sound.then_some(Extent { first, bytes, elements })
}

/// What the address of an element must be a multiple of: that of its parts where it is complex.
fn alignment(dtype: Dtype) -> u64 {
    let bytes = u64::from(dtype.info().bytes);
    if matches!(dtype, Dtype::Complex64 | Dtype::Complex128) { bytes / 2 } else { bytes }
}
