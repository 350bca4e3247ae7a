//! Per-pixel work on plain slices.
//!
//! Nothing in this crate knows of shared memory: a caller lends it the bytes of a picture as
//! a [`Raster`] or a [`RasterMut`], and gets pixels or a typed error back.
#![forbid(unsafe_code)]

pub mod codec;
pub mod convert;
#[cfg(test)]
mod noise;
pub mod raster;
pub mod resize;

pub use codec::{CodecError, Format, PictureInfo, decode_into, encode, probe};
pub use convert::{ColourMap, Conversion, ConvertError, Yuv, YuvMatrix, YuvRange, convert, route};
pub use raster::{Raster, RasterError, RasterMut};
pub use resize::{Filter, ResizeError, Resizer, resize};
