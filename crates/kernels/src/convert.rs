//! Pictures from one encoding to another.
//!
//! Every encoding becomes `rgb8`, `rgba8`, `bgr8` and `mono8`, and those four become every
//! encoding. One pass from source to target: what lies between fits the fastest cache.
//!
//! 8 and 16 bits are parts of 255 and 65,535; floats are 0.0 to 1.0. Alpha is dropped, not
//! blended, where the target has none, and opaque where the source has none. Grey is the luma
//! of BT.601 as [`decode_into`](crate::decode_into) has it, of colours that have been rounded
//! to 8 bits; of YUV it is Y, scaled to 0 to 255.

mod bayer;
mod colours;
mod depth;
mod packed;
mod piece;
mod read;
#[cfg(test)]
mod tests;
mod wide;
mod write;
mod yuv;

use std::fmt;

use framelane_layout::{Chroma, Encoding};

use self::piece::{Kind, PIECE, Piece};
use self::read::Reader;
use self::write::Writer;
use crate::raster::{Raster, RasterMut};

/// Which weights luma has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum YuvMatrix {
    /// ITU-R BT.601: red 0.299, green 0.587, blue 0.114. What cameras send.
    #[default]
    Bt601,
    /// ITU-R BT.709: red 0.2126, green 0.7152, blue 0.0722. What HD video has.
    Bt709,
}

/// Which bytes stand for black and white.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum YuvRange {
    /// Y 16 to 235, U and V 16 to 240.
    #[default]
    Limited,
    /// 0 to 255, as in JPEG.
    Full,
}

/// What the bytes of a YUV encoding mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Yuv {
    /// The weights of luma.
    pub matrix: YuvMatrix,
    /// The bytes of black and white.
    pub range: YuvRange,
}

/// What stands for distances, from near to far. Unknown ones are black.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourMap {
    /// Dark to bright: 1 to 255.
    #[default]
    Grey,
    /// Blue over green to red. By Google.
    Turbo,
    /// Violet over green to yellow, evenly brighter. By matplotlib.
    Viridis,
}

/// What a conversion has to know beside the two pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// The source's, where the source is YUV; the target's, where that is.
    pub yuv: Yuv,
    /// From `depth16`: the distances at both ends, in millimetres; those beyond are taken for
    /// the ends. `None`: the smallest and the largest above 0 of the picture; where they are
    /// the same, the middle stands for both. To `depth16`: what black and white become; `None`:
    /// 0 and 65,535.
    pub depth_range_mm: Option<(u16, u16)>,
    /// What stands for distances in `rgb8`, `bgr8` and `rgba8`; in `mono8` it is always grey.
    pub colour_map: ColourMap,
}

/// Why a picture cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvertError {
    /// There is no conversion in one step.
    NoConversion {
        /// The encoding of the source.
        from: Encoding,
        /// That of the target.
        to: Encoding,
        /// An encoding that the one can be converted to, and the other from.
        via: Encoding,
    },
    /// The target has not the size of the source. Both are width and height, in pixels.
    Size {
        /// The size of the source.
        expected: (u32, u32),
        /// The size of the target.
        got: (u32, u32),
    },
    /// The near end of [`Conversion::depth_range_mm`] lies behind the far end.
    DepthRange {
        /// Both ends, in millimetres.
        got: (u16, u16),
    },
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConversion { from, to, .. } => {
                let [from, to] = [from, to].map(|encoding| encoding.info().name);
                write!(f, "no conversion from '{from}' to '{to}': expected one of the two to be ")?;
                write!(f, "'rgb8', 'rgba8', 'bgr8' or 'mono8'")
            }
            Self::Size { expected: (width, height), got: (target_width, target_height) } => {
                write!(f, "expected a target of the picture's size, {width}x{height} pixels, ")?;
                write!(f, "got one of {target_width}x{target_height}; resize in a step of its own")
            }
            Self::DepthRange { got: (near, far) } => {
                write!(f, "expected a range of depth from near to far, in millimetres, ")?;
                write!(f, "got {near} to {far}; exchange the two")
            }
        }
    }
}

impl std::error::Error for ConvertError {}

/// Whether there is a conversion in one step.
///
/// # Errors
/// [`NoConversion`](ConvertError::NoConversion), which names an encoding between the two.
pub fn route(from: Encoding, to: Encoding) -> Result<(), ConvertError> {
    use Encoding::{Bgr8, Mono8, Rgb8, Rgba8};
    let common = |encoding| matches!(encoding, Rgb8 | Rgba8 | Bgr8 | Mono8);
    if common(from) || common(to) || same(from, to) {
        return Ok(());
    }
    // What keeps most of both.
    let via = match (Kind::of(from), Kind::of(to)) {
        (Kind::Grey, Kind::Grey) => Mono8,
        (Kind::Alpha, Kind::Alpha) => Rgba8,
        _ => Rgb8,
    };
    Err(ConvertError::NoConversion { from, to, via })
}

/// Whether the two encodings are the same bytes.
fn same(from: Encoding, to: Encoding) -> bool {
    let one = |encoding| if encoding == Encoding::Yuv422 { Encoding::Yuyv } else { encoding };
    one(from) == one(to)
}

/// Writes the picture `from` into `to`, in the encoding that `to` has. Bytes between the rows
/// of `to` stay as they are.
///
/// U and V are those of the pixels that share them, without interpolation; written, they are
/// of the mean of those pixels. Mosaics are demosaiced bilinearly.
///
/// # Errors
/// As [`route`]; also [`Size`](ConvertError::Size) and
/// [`DepthRange`](ConvertError::DepthRange). `to` is unchanged then.
pub fn convert(
    from: &Raster<'_>,
    to: &mut RasterMut<'_>,
    how: &Conversion,
) -> Result<(), ConvertError> {
    route(from.encoding(), to.encoding())?;
    let (expected, got) = ((from.width(), from.height()), (to.width(), to.height()));
    if expected != got {
        return Err(ConvertError::Size { expected, got });
    }
    if let Some(got) = how.depth_range_mm.filter(|(near, far)| near > far) {
        return Err(ConvertError::DepthRange { got });
    }
    if same(from.encoding(), to.encoding()) {
        copy(from, to);
    } else if let Some(row) = packed::between(from.encoding(), to.encoding()) {
        from.rows().zip(to.rows_mut()).for_each(|(from, to)| row(from, to));
    } else {
        in_pieces(from, to, how);
    }
    Ok(())
}

/// Copies all planes.
fn copy(from: &Raster<'_>, to: &mut RasterMut<'_>) {
    let height = from.height() as usize;
    let row_bytes = from.row_bytes();
    let chroma = from.encoding().info().chroma;
    let (chroma_bytes, chroma_rows) = match chroma {
        Chroma::Inline => (0, 0),
        Chroma::Pairs => (row_bytes, height / 2),
        Chroma::Planes => (row_bytes / 2, height / 2),
    };
    let sizes = [(row_bytes, height), (chroma_bytes, chroma_rows), (chroma_bytes, chroma_rows)];
    for (((from, step), (to, to_step)), (bytes, rows)) in
        from.split().into_iter().zip(to.split_mut()).zip(sizes).take(chroma.planes().into())
    {
        let from = from.chunks(step as usize).take(rows);
        for (from, to) in from.zip(to.chunks_mut(to_step as usize)) {
            to[..bytes].copy_from_slice(&from[..bytes]);
        }
    }
}

fn in_pieces(from: &Raster<'_>, to: &mut RasterMut<'_>, how: &Conversion) {
    let (width, height) = (from.width() as usize, from.height() as usize);
    let wanted = Kind::of(to.encoding());
    let mut reader = Reader::new(from, wanted, how);
    let mut writer = Writer::new(to, how);
    // Rows that share U and V are written together.
    let rows = writer.rows();
    let mut pieces = [Piece::new(), Piece::new()];
    for y in (0..height).step_by(rows) {
        for x in (0..width).step_by(PIECE) {
            for (y, piece) in (y..).zip(&mut pieces[..rows]) {
                piece.resize(PIECE.min(width - x));
                let kind = reader.read(x, y, piece);
                piece.become_kind(kind, wanted);
            }
            writer.write(x, y, &pieces);
        }
    }
}
