//! The pixels of a picture as models take them: 32-bit floats, normalised, by channel or pixel.

mod convert;
#[cfg(test)]
mod tests;

use std::fmt;

use framelane_layout::{Dtype, Encoding};

use crate::raster::Raster;

/// In which order the values of a tensor lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Channel, row, column: all of red, then all of green, then all of blue.
    Chw,
    /// Row, column, channel: as in pictures.
    Hwc,
}

/// Why a picture cannot be made into a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorInputError {
    /// Pixels of this encoding do not hold their own colours.
    Encoding {
        /// The encoding of the picture.
        got: Encoding,
    },
    /// The tensor has not one value for each channel of each pixel.
    Length {
        /// Values that the picture makes.
        expected: usize,
        /// Values of the tensor.
        got: usize,
    },
    /// Neither one mean, or deviation, for all channels nor one for each.
    Count {
        /// `mean` or `std`.
        of: &'static str,
        /// How many channels there are.
        channels: usize,
        /// How many were given.
        got: usize,
    },
    /// A mean that is not finite, or a deviation that is 0 or not finite.
    Value {
        /// `mean` or `std`.
        of: &'static str,
        /// The one of these that it is.
        index: usize,
        /// The number.
        got: f32,
    },
}

impl fmt::Display for TensorInputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding { got } => {
                let name = got.info().name;
                write!(f, "{name} cannot be made into a tensor: its pixels do not hold their ")?;
                write!(f, "own colours")
            }
            Self::Length { expected, got } => {
                write!(f, "expected a tensor of {expected} values, got one of {got}")
            }
            Self::Count { of, channels: 1, got } => {
                write!(f, "{of}: expected 1 number, got {got}")
            }
            Self::Count { of, channels, got } => {
                write!(f, "{of}: expected 1 number or {channels}, got {got}")
            }
            Self::Value { of, index, got } => {
                let expected =
                    if *of == "std" { "a finite number that is not 0" } else { "a finite number" };
                write!(f, "{of}[{index}]: expected {expected}, got {got}")
            }
        }
    }
}

impl std::error::Error for TensorInputError {}

/// How many channels the tensor of a picture has: 1 of grey, 3 of colours, without alpha.
///
/// # Errors
/// [`Encoding`](TensorInputError::Encoding) for those of which there is none: `yuv422`, `yuyv`,
/// `uyvy`, `nv12`, `i420`, Bayer, and `depth16`, whose values are no brightness.
pub fn tensor_channels(encoding: Encoding) -> Result<usize, TensorInputError> {
    match encoding {
        Encoding::Mono8 | Encoding::Mono16 | Encoding::Mono32f => Ok(1),
        Encoding::Rgb8
        | Encoding::Bgr8
        | Encoding::Rgba8
        | Encoding::Bgra8
        | Encoding::Rgb16
        | Encoding::Rgba16
        | Encoding::Rgb32f
        | Encoding::Rgba32f => Ok(3),
        got => Err(TensorInputError::Encoding { got }),
    }
}

/// Writes `(value / scale - mean) / std` of every channel of every pixel into `out`: red, green
/// and blue in this order, whatever theirs is in memory, and without alpha. The scale is 255
/// for 8 bits, 65,535 for 16 bits and 1 for floats. `mean` and `std` are one number for all
/// channels, or one for each in the order of `out`. Within 1e-6 of the exact value, relative to
/// it.
///
/// # Errors
/// Where the picture has no such channels (see [`tensor_channels`]), `out` is not exactly as
/// long as there are values, or `mean` and `std` are not as many numbers or not such that
/// something can be divided by them. Then nothing has been written.
pub fn tensor_input(
    from: &Raster<'_>,
    out: &mut [f32],
    layout: Layout,
    mean: &[f32],
    std: &[f32],
) -> Result<(), TensorInputError> {
    let encoding = from.encoding();
    let channels = tensor_channels(encoding)?;
    let expected = from.width() as usize * from.height() as usize * channels;
    if out.len() != expected {
        return Err(TensorInputError::Length { expected, got: out.len() });
    }
    let normal = normal(encoding, channels, mean, std)?;
    match (encoding.info().dtype, encoding.info().channels) {
        (Dtype::Uint8, 1) => convert::picture::<u8, 1>(from, out, layout, &normal),
        (Dtype::Uint8, 3) => convert::picture::<u8, 3>(from, out, layout, &normal),
        (Dtype::Uint8, _) => convert::picture::<u8, 4>(from, out, layout, &normal),
        (Dtype::Uint16, 1) => convert::picture::<u16, 1>(from, out, layout, &normal),
        (Dtype::Uint16, 3) => convert::picture::<u16, 3>(from, out, layout, &normal),
        (Dtype::Uint16, _) => convert::picture::<u16, 4>(from, out, layout, &normal),
        (_, 1) => convert::picture::<f32, 1>(from, out, layout, &normal),
        (_, 3) => convert::picture::<f32, 3>(from, out, layout, &normal),
        _ => convert::picture::<f32, 4>(from, out, layout, &normal),
    }
    Ok(())
}

/// What makes a value of one channel: `((value - whole) - part) * factor`.
///
/// The mean, in units of the picture, is taken off in two parts. Of the first, a whole number,
/// the difference is exact; a sum of products would lose all digits of values near the mean.
#[derive(Clone, Copy, Debug, Default)]
struct Normal {
    /// Which channel of the pixel it is.
    channel: usize,
    whole: f32,
    part: f32,
    factor: f32,
}

impl Normal {
    #[inline(always)]
    fn of(self, value: f32) -> f32 {
        ((value - self.whole) - self.part) * self.factor
    }
}

/// One for each channel of the tensor.
#[allow(clippy::cast_possible_truncation, reason = "32-bit floats are what is computed with")]
fn normal(
    encoding: Encoding,
    channels: usize,
    mean: &[f32],
    std: &[f32],
) -> Result<[Normal; 3], TensorInputError> {
    check("mean", channels, mean, |mean| mean.is_finite())?;
    check("std", channels, std, |std| std.is_finite() && std != 0.0)?;
    let scale = match encoding.info().dtype {
        Dtype::Uint8 => 255.0,
        Dtype::Uint16 => 65_535.0,
        _ => 1.0,
    };
    let blue_first = matches!(encoding, Encoding::Bgr8 | Encoding::Bgra8);
    let mut normal = [Normal::default(); 3];
    for (index, normal) in normal.iter_mut().take(channels).enumerate() {
        let of = |numbers: &[f32]| f64::from(numbers[index % numbers.len()]);
        let middle = of(mean) * scale;
        // Floats are of any size: their mean is taken off as it is.
        let whole = if scale == 1.0 { middle as f32 } else { middle.round() as f32 };
        *normal = Normal {
            channel: if blue_first { 2 - index } else { index },
            whole,
            part: (middle - f64::from(whole)) as f32,
            factor: (1.0 / (scale * of(std))) as f32,
        };
    }
    Ok(normal)
}

fn check(
    of: &'static str,
    channels: usize,
    numbers: &[f32],
    usable: impl Fn(f32) -> bool,
) -> Result<(), TensorInputError> {
    if numbers.len() != 1 && numbers.len() != channels {
        return Err(TensorInputError::Count { of, channels, got: numbers.len() });
    }
    match numbers.iter().position(|&number| !usable(number)) {
        Some(index) => Err(TensorInputError::Value { of, index, got: numbers[index] }),
        None => Ok(()),
    }
}
