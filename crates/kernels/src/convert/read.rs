//! From any encoding.

use framelane_layout::Encoding;

use super::Conversion;
use super::bayer;
use super::depth::Scale;
use super::packed::{from_floats, narrow, split_fourth, split3, split4};
use super::piece::{Kind, PIECE, Piece};
use super::yuv::{self, Part, Weights};
use crate::raster::Raster;

/// A picture that is read piece by piece.
pub(super) struct Reader<'a> {
    encoding: Encoding,
    planes: Planes<'a>,
    /// What is needed of it.
    wanted: Kind,
    source: Source<'a>,
    /// Pixels of 8 bits a channel.
    bytes: [u8; 4 * PIECE],
}

/// What else has to be known.
enum Source<'a> {
    Packed,
    Yuv(Weights, Box<yuv::Scratch>),
    Mosaic(bayer::Source<'a>),
    Depth(Scale),
}

impl<'a> Reader<'a> {
    pub(super) fn new(from: &Raster<'a>, wanted: Kind, how: &Conversion) -> Self {
        use Encoding::{Depth16, I420, Nv12, Uyvy, Yuv422, Yuyv};
        let encoding = from.encoding();
        let source = match encoding {
            Yuv422 | Yuyv | Uyvy | Nv12 | I420 => {
                Source::Yuv(Weights::of(how.yuv), Box::new(yuv::Scratch::new()))
            }
            Depth16 => Source::Depth(Scale::of(from, how)),
            _ => bayer::Source::of(from).map_or(Source::Packed, Source::Mosaic),
        };
        Self { encoding, planes: from.split(), wanted, source, bytes: [0; 4 * PIECE] }
    }

    /// Fills `piece` with what is at `x` of row `y`, and says what it has.
    pub(super) fn read(&mut self, x: usize, y: usize, piece: &mut Piece) -> Kind {
        let size = usize::from(self.encoding.info().bytes_per_pixel);
        let from = row(&self.planes, 0, y, x * size, piece.count() * size);
        match &mut self.source {
            Source::Packed => self.packed(from, piece),
            Source::Mosaic(mosaic) => {
                mosaic.read(x, y, piece.colours_mut());
                Kind::Colour
            }
            Source::Depth(scale) if self.wanted == Kind::Grey || !scale.has_colours() => {
                scale.read_grey(from, piece.grey());
                Kind::Grey
            }
            Source::Depth(scale) => {
                scale.read(from, piece.colours_mut());
                Kind::Colour
            }
            Source::Yuv(weights, scratch) => {
                let part = part(self.encoding, &self.planes, (x, y), from);
                if self.wanted == Kind::Grey {
                    yuv::read_grey(part, weights, piece.grey());
                    return Kind::Grey;
                }
                yuv::read(part, weights, scratch, piece.colours_mut());
                Kind::Colour
            }
        }
    }

    fn packed(&mut self, from: &[u8], piece: &mut Piece) -> Kind {
        use Encoding::{Mono16, Mono32f, Rgb16, Rgb32f, Rgba16, Rgba32f};
        let count = piece.count() * usize::from(self.encoding.info().channels);
        let from = match self.encoding {
            Mono16 | Rgb16 | Rgba16 => {
                narrow(from, &mut self.bytes[..count]);
                &self.bytes[..count]
            }
            Mono32f | Rgb32f | Rgba32f => {
                from_floats(from, &mut self.bytes[..count]);
                &self.bytes[..count]
            }
            _ => from,
        };
        self.split(from, piece)
    }

    /// Takes apart what has 8 bits a channel.
    fn split(&self, from: &[u8], piece: &mut Piece) -> Kind {
        let blue_first = matches!(self.encoding, Encoding::Bgr8 | Encoding::Bgra8);
        let kind = Kind::of(self.encoding);
        if kind == Kind::Grey {
            piece.grey().copy_from_slice(from);
            return kind;
        }
        let [mut r, g, mut b] = piece.colours_mut();
        if blue_first {
            (r, b) = (b, r);
        }
        if kind == Kind::Colour {
            split3(from, r, g, b);
            return kind;
        }
        split4(from, r, g, b);
        if self.wanted != Kind::Alpha {
            return Kind::Colour;
        }
        split_fourth(from, piece.alpha());
        kind
    }
}

type Planes<'a> = [(&'a [u8], u32); 3];

/// Bytes of row `y` of a plane, from `at`.
fn row<'a>(planes: &Planes<'a>, plane: usize, y: usize, at: usize, count: usize) -> &'a [u8] {
    let (pixels, step) = planes[plane];
    &pixels[y * step as usize + at..][..count]
}

/// Part of a row with its U and V, as the encoding has them.
fn part<'a>(
    encoding: Encoding,
    planes: &Planes<'a>,
    (x, y): (usize, usize),
    from: &'a [u8],
) -> Part<'a> {
    let chroma = |plane, at, count| row(planes, plane, y / 2, at, count);
    let half = from.len() / 2;
    match encoding {
        Encoding::Uyvy => Part::Uyvy(from),
        Encoding::Nv12 => Part::Pairs(from, chroma(1, x, from.len())),
        Encoding::I420 => Part::Planes(from, chroma(1, x / 2, half), chroma(2, x / 2, half)),
        _ => Part::Yuyv(from),
    }
}
