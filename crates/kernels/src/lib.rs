//! Per-pixel work on plain slices.
//!
//! Nothing in this crate knows of shared memory: a caller lends it the bytes of a picture as
//! a [`Raster`] or a [`RasterMut`], or those of a point cloud, and gets pixels, points or a
//! typed error back.
#![forbid(unsafe_code)]

pub mod codec;
pub mod convert;
pub mod depth;
#[cfg(test)]
mod noise;
pub mod points;
pub mod raster;
pub mod resize;
pub mod tensor_input;

pub use codec::{CodecError, Format, PictureInfo, decode_into, encode, probe};
pub use convert::{ColourMap, Conversion, ConvertError, Yuv, YuvMatrix, YuvRange, convert, route};
pub use depth::{
    Arrangement, DepthError, DepthStatistics, Pinhole, depth_statistics, depth_to_points,
    known_depths, metres_of_raw, raw_of_metres,
};
pub use points::{
    Cloud, CloudError, CloudFormat, CloudInfo, CloudStyle, FIELDS_MAX, PointField, decode_cloud,
    encode_cloud, probe_cloud,
};
pub use raster::{Raster, RasterError, RasterMut};
pub use resize::{Filter, ResizeError, Resizer, resize};
pub use tensor_input::{Layout, TensorInputError, tensor_channels, tensor_input};
