//! Depth images: `mono32f` holds metres, `depth16` raw units of some millimetres each.
//!
//! A depth is known where it is finite and greater than zero. Everything else is no depth: 0,
//! negative numbers, infinity and NaN.

mod points;
mod statistics;
#[cfg(test)]
mod tests;

use std::fmt;

use framelane_layout::Encoding;

pub use points::{Arrangement, Pinhole, depth_to_points, known_depths};
pub use statistics::{DepthStatistics, depth_statistics};

/// Why a picture cannot be taken for depths, or not be made into points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepthError {
    /// Neither `mono32f` nor `depth16`.
    Encoding {
        /// The encoding of the picture.
        got: Encoding,
    },
    /// The colours are not `rgb8`, `bgr8`, `rgba8` or `bgra8`.
    Colour {
        /// The encoding of the colours.
        got: Encoding,
    },
    /// The colours are of another size. Both are width and height, in pixels.
    Size {
        /// That of the depths.
        expected: (u32, u32),
        /// That of the colours.
        got: (u32, u32),
    },
    /// There is no room for the points.
    Room {
        /// Bytes that they take.
        expected: usize,
        /// Bytes of the target.
        got: usize,
    },
}

impl fmt::Display for DepthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding { got } => {
                let name = got.info().name;
                write!(f, "{name} holds no depths: expected mono32f (metres) or depth16")
            }
            Self::Colour { got } => {
                let name = got.info().name;
                write!(f, "points cannot have colours from {name}: expected rgb8, bgr8, rgba8 ")?;
                write!(f, "or bgra8")
            }
            Self::Size { expected: (width, height), got: (colour_width, colour_height) } => {
                write!(f, "expected colours of the size of the depths, {width}x{height} pixels, ")?;
                write!(f, "got {colour_width}x{colour_height}; resize first")
            }
            Self::Room { expected, got } => {
                write!(f, "too little room for the points: expected {expected} bytes, got {got}")
            }
        }
    }
}

impl std::error::Error for DepthError {}

/// The metres of a raw value, of which one is `millimetres_per_unit`.
#[must_use]
pub fn metres_of_raw(raw: u16, millimetres_per_unit: f32) -> f64 {
    f64::from(raw) * f64::from(millimetres_per_unit) / 1000.0
}

/// The raw value nearest to some metres, a half rounded up; `None` where there is none, for
/// numbers that are negative, not finite, or more than 65,535 units.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked first")]
pub fn raw_of_metres(metres: f64, millimetres_per_unit: f32) -> Option<u16> {
    let units = (metres * 1000.0 / f64::from(millimetres_per_unit)).round();
    // What rounds to 0 from below is negative all the same. NaN is in no range.
    let fits = metres >= 0.0 && (0.0..=f64::from(u16::MAX)).contains(&units);
    fits.then_some(units as u16)
}
