//! To any encoding.

use framelane_layout::{Chroma, Encoding};

use super::bayer::{self, Mosaic};
use super::packed::{join3, join4, to_floats, widen};
use super::piece::{PIECE, Piece};
use super::yuv::{self, HALF, Weights};
use super::{Conversion, depth};
use crate::raster::RasterMut;

/// A picture that is written piece by piece.
pub(super) struct Writer<'a> {
    encoding: Encoding,
    planes: Planes<'a>,
    weights: Weights,
    mosaic: Option<Mosaic>,
    depth_range_mm: Option<(u16, u16)>,
    scratch: Scratch,
}

/// What is only needed while a piece is written.
struct Scratch {
    bytes: [u8; 4 * PIECE],
    u: [u8; HALF],
    v: [u8; HALF],
    sums: [[i16; HALF]; 3],
}

struct Planes<'a>([(&'a mut [u8], usize); 3]);

impl Planes<'_> {
    /// Bytes of row `y` of a plane, from `at`.
    fn row(&mut self, plane: usize, y: usize, at: usize, count: usize) -> &mut [u8] {
        let (pixels, step) = &mut self.0[plane];
        &mut pixels[y * *step + at..][..count]
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(to: &'a mut RasterMut<'_>, how: &Conversion) -> Self {
        let encoding = to.encoding();
        Self {
            encoding,
            planes: Planes(to.split_mut().map(|(pixels, step)| (pixels, step as usize))),
            weights: Weights::of(how.yuv),
            mosaic: Mosaic::of(encoding),
            depth_range_mm: how.depth_range_mm,
            scratch: Scratch {
                bytes: [0; 4 * PIECE],
                u: [0; HALF],
                v: [0; HALF],
                sums: [[0; HALF]; 3],
            },
        }
    }

    /// How many rows are written at once.
    pub(super) fn rows(&self) -> usize {
        usize::from(self.encoding.info().height_multiple())
    }

    /// Writes [`rows`](Self::rows) pieces at `x`, of row `y` and those below it.
    pub(super) fn write(&mut self, x: usize, y: usize, pieces: &[Piece; 2]) {
        use Encoding::{Uyvy, Yuv422, Yuyv};
        let [piece, below] = pieces;
        match self.encoding.info().chroma {
            Chroma::Inline if matches!(self.encoding, Yuyv | Yuv422 | Uyvy) => {
                self.write_422(x, y, piece);
            }
            Chroma::Inline => self.write_packed(x, y, piece),
            _ => self.write_420(x, y, piece, below),
        }
    }

    fn write_422(&mut self, x: usize, y: usize, piece: &Piece) {
        let count = piece.count();
        let Scratch { bytes, u, v, sums } = &mut self.scratch;
        let (luma, u, v) = (&mut bytes[..count], &mut u[..count / 2], &mut v[..count / 2]);
        yuv::write_luma(piece.colours(), &self.weights, luma);
        yuv::write_chroma(piece.colours(), None, &self.weights, sums, [u, v]);
        let to = self.planes.row(0, y, x * 2, count * 2);
        if self.encoding == Encoding::Uyvy {
            yuv::join_uyvy(luma, u, v, to);
        } else {
            yuv::join_yuyv(luma, u, v, to);
        }
    }

    fn write_420(&mut self, x: usize, y: usize, piece: &Piece, below: &Piece) {
        let count = piece.count();
        for (y, piece) in (y..).zip([piece, below]) {
            let to = self.planes.row(0, y, x, count);
            yuv::write_luma(piece.colours(), &self.weights, to);
        }
        let Scratch { u, v, sums, .. } = &mut self.scratch;
        let (u, v) = (&mut u[..count / 2], &mut v[..count / 2]);
        let below = Some(below.colours());
        yuv::write_chroma(piece.colours(), below, &self.weights, sums, [u, v]);
        if self.encoding == Encoding::Nv12 {
            yuv::join_pairs(u, v, self.planes.row(1, y / 2, x, count));
        } else {
            self.planes.row(1, y / 2, x / 2, count / 2).copy_from_slice(u);
            self.planes.row(2, y / 2, x / 2, count / 2).copy_from_slice(v);
        }
    }

    fn write_packed(&mut self, x: usize, y: usize, piece: &Piece) {
        use Encoding::{Depth16, Mono8, Mono16, Mono32f, Rgb16, Rgb32f, Rgba16, Rgba32f};
        let info = self.encoding.info();
        let (size, count) = (usize::from(info.bytes_per_pixel), piece.count());
        let to = self.planes.row(0, y, x * size, count * size);
        let [grey, ..] = piece.all();
        let bytes = &mut self.scratch.bytes[..count * usize::from(info.channels)];
        match (self.encoding, self.mosaic) {
            (_, Some(mosaic)) if mosaic.wide => {
                bayer::write(mosaic, y, piece.colours(), bytes);
                widen(bytes, to);
            }
            (_, Some(mosaic)) => bayer::write(mosaic, y, piece.colours(), to),
            (Mono8, _) => to.copy_from_slice(grey),
            (Mono16, _) => widen(grey, to),
            (Mono32f, _) => to_floats(grey, to),
            (Depth16, _) => depth::write(grey, self.depth_range_mm, to),
            (Rgb16 | Rgba16, _) => {
                join(self.encoding, piece, bytes);
                widen(bytes, to);
            }
            (Rgb32f | Rgba32f, _) => {
                join(self.encoding, piece, bytes);
                to_floats(bytes, to);
            }
            _ => join(self.encoding, piece, to),
        }
    }
}

/// Puts the channels together, 8 bits each.
fn join(encoding: Encoding, piece: &Piece, to: &mut [u8]) {
    let [r, g, b, alpha] = piece.all();
    match encoding {
        Encoding::Bgr8 => join3(b, g, r, to),
        Encoding::Bgra8 => join4(b, g, r, alpha, to),
        _ if encoding.info().channels == 4 => join4(r, g, b, alpha, to),
        _ => join3(r, g, b, to),
    }
}
