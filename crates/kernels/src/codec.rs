//! JPEG and PNG, to and from pixels.
//!
//! Decoding writes into memory of the caller. Whatever the bytes are, the answer is a picture
//! or a [`CodecError`]: nothing here panics on bad input, and no memory is taken for a size
//! that a file merely claims. Colour profiles and gamma are ignored, alpha is dropped (not
//! blended) where the target has none, and colour becomes grey by the weights of BT.601.

mod jpeg;
mod markers;
mod pixels;
mod png;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use framelane_layout::Encoding;

pub(crate) use self::pixels::luma;
use crate::raster::{Raster, RasterMut};

/// What the header of a JPEG or PNG says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureInfo {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The encoding that holds its pixels best: `mono8`, `rgb8` or `rgba8`, of 16 bits a channel
    /// `mono16`, `rgb16` or `rgba16`.
    pub encoding: Encoding,
}

/// A file format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lossless; made for speed, not for the smallest file.
    Png,
    /// Lossy, baseline.
    Jpeg,
}

/// Why a picture cannot be decoded or encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// The first bytes are those of neither JPEG nor PNG.
    NotAPicture,
    /// The formats, or this crate, cannot do what was asked.
    Unsupported {
        /// What was asked.
        what: String,
        /// What could be asked instead.
        possible: &'static str,
    },
    /// The target has not the size of the picture. Both are width and height, in pixels.
    Size {
        /// The size of the picture.
        expected: (u32, u32),
        /// The size of the target.
        got: (u32, u32),
    },
    /// The bytes start like a picture and do not go on like one, or end too early.
    Broken(String),
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPicture => {
                write!(f, "neither JPEG nor PNG: expected the bytes of one whole file of these")
            }
            Self::Unsupported { what, possible } => {
                write!(f, "{what} is not possible; possible: {possible}")
            }
            Self::Size { expected: (width, height), got: (target_width, target_height) } => {
                write!(f, "expected a target of the picture's size, {width}x{height} pixels, ")?;
                write!(f, "got one of {target_width}x{target_height}")
            }
            Self::Broken(reason) => write!(f, "the picture is broken: {reason}"),
        }
    }
}

impl std::error::Error for CodecError {}

/// The formats that can be read.
enum Source {
    Jpeg,
    Png,
}

fn source(bytes: &[u8]) -> Result<Source, CodecError> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Ok(Source::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Source::Png),
        _ => Err(CodecError::NotAPicture),
    }
}

/// Runs a decoder. Fuzzers still find panics in JPEG decoders; a file must not end a process.
fn contained<T>(decode: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    // What the closure leaves half-written is only the target, whose pixels mean nothing
    // after an error.
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(CodecError::Broken("the decoder gave up on it".into())))
}

/// Size and natural encoding of the JPEG or PNG in `bytes`, from its header only.
///
/// # Errors
/// [`NotAPicture`](CodecError::NotAPicture), [`Broken`](CodecError::Broken) where the header
/// is, and [`Unsupported`](CodecError::Unsupported) for pictures that cannot be decoded, such
/// as lossless JPEGs.
pub fn probe(bytes: &[u8]) -> Result<PictureInfo, CodecError> {
    contained(|| match source(bytes)? {
        Source::Jpeg => jpeg::probe(bytes),
        Source::Png => png::probe(bytes),
    })
}

/// Decodes the JPEG or PNG in `bytes` into `target`, which must have the picture's size.
///
/// A picture of 8 bits a channel becomes `mono8`, `rgb8`, `bgr8`, `rgba8` or `bgra8`, as the
/// target says; a PNG of 16 bits `rgb16` or `rgba16`, and if it is grey also `mono16` or
/// `depth16`. Into a target with packed rows there is no intermediate picture, unless the
/// channels must be rearranged after decoding.
///
/// # Errors
/// As [`probe`]; also [`Size`](CodecError::Size), `Broken` for pictures that end too early,
/// and `Unsupported` for other target encodings. After an error the pixels of the target are
/// unspecified.
pub fn decode_into(bytes: &[u8], target: &mut RasterMut<'_>) -> Result<(), CodecError> {
    contained(|| match source(bytes)? {
        Source::Jpeg => jpeg::decode(bytes, target),
        Source::Png => png::decode(bytes, target),
    })
}

/// The bytes of a `format` file of this picture. `quality`, 1 to 100, is for JPEG only: 85 is
/// a good choice, below 90 the colours are stored at half the resolution.
///
/// # Errors
/// [`Unsupported`](CodecError::Unsupported) for an encoding or quality the format has not:
/// PNG takes `mono8`, `mono16`, `depth16`, `rgb8`, `bgr8`, `rgba8`, `bgra8`, `rgb16` and
/// `rgba16`; JPEG `mono8`, `rgb8`, `bgr8`, `rgba8` and `bgra8`, without the alpha, up to 65,535
/// pixels a side.
pub fn encode(picture: &Raster<'_>, format: Format, quality: u8) -> Result<Vec<u8>, CodecError> {
    match format {
        Format::Png => png::encode(picture),
        Format::Jpeg => jpeg::encode(picture, quality),
    }
}

fn check_size(expected: (u32, u32), target: &RasterMut<'_>) -> Result<(), CodecError> {
    let got = (target.width(), target.height());
    if expected == got { Ok(()) } else { Err(CodecError::Size { expected, got }) }
}

/// Decoding or encoding `encoding`, which this format cannot.
fn unsupported(action: &str, encoding: Encoding, possible: &'static str) -> CodecError {
    CodecError::Unsupported { what: format!("{action} {}", encoding.info().name), possible }
}
