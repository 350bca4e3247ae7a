//! A picture in another size.
//!
//! The result goes straight into the rows of the target. Every plane of a picture in planes is
//! resized by itself, with chroma values taken to be in the middle of the pixels they are for.
//! Alpha is a channel like the others: colours are not weighted with it.

mod average;
mod bilinear;
mod nearest;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;

use framelane_layout::{Chroma, Dtype, Encoding};

use crate::raster::{Raster, RasterMut};

/// How the pixels of the target come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The source pixel under the centre of the target pixel, `floor((x + 0.5) * from / to)`.
    /// Nothing is averaged.
    Nearest,
    /// Enlarged, the four source pixels around the centre of the target pixel, weighted by
    /// their distance. Made smaller, the weights reach as far as the pixels of the target lie
    /// apart, which is also known as a triangle filter with antialiasing: as the bilinear of
    /// Pillow and libvips, and not that of OpenCV, which always takes four pixels.
    Bilinear,
    /// The exact average of the source area that a target pixel covers, with parts of pixels
    /// counted as parts: OpenCV's `INTER_AREA` where the picture is made smaller. Enlarged,
    /// most target pixels lie within one source pixel and are it, as with `Nearest`; one that
    /// lies across a border has parts of both.
    Area,
}

/// Why a picture cannot be resized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeError {
    /// Source and target are of different encodings.
    Encodings {
        /// That of the source.
        from: Encoding,
        /// That of the target.
        to: Encoding,
    },
    /// Distances cannot be averaged.
    Depth {
        /// The filter asked for.
        filter: Filter,
    },
    /// Pixels of this encoding depend on where they are.
    Unsupported {
        /// The encoding of both pictures.
        encoding: Encoding,
    },
}

impl fmt::Display for ResizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encodings { from, to } => {
                let (from, to) = (from.info().name, to.info().name);
                write!(f, "resizing keeps the encoding: expected a target of {from}, got {to}")
            }
            Self::Depth { filter } => {
                let filter = format!("{filter:?}").to_lowercase();
                write!(f, "depth16 cannot be resized with {filter}: the average of two ")?;
                write!(f, "distances is the distance of nothing; use nearest")
            }
            Self::Unsupported { encoding } => {
                let name = encoding.info().name;
                write!(f, "{name} cannot be resized: its pixels have different colours by ")?;
                write!(f, "their place")
            }
        }
    }
}

impl std::error::Error for ResizeError {}

/// Resizes, and keeps the memory it needs for that from picture to picture: lists of positions,
/// and, where a filter works in two passes, the rows between the two.
#[derive(Debug, Default)]
pub struct Resizer {
    nearest: nearest::Nearest,
    bilinear: bilinear::Bilinear,
    average: average::Average,
}

impl Resizer {
    /// One without any memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `from` into `to`, in the size of that. Both may have padding between their rows,
    /// and in the target it stays as it is. Values of 8 and 16 bits are within 1 of the exact ones
    /// rounded, floats within 1e-5 of the largest value that went into them.
    ///
    /// # Errors
    /// Where the encodings differ, where it is not one of pixels that stand for themselves
    /// (`yuv422`, `yuyv`, `uyvy`, Bayer), and for `depth16` with another filter than nearest.
    pub fn resize(
        &mut self,
        from: &Raster<'_>,
        to: &mut RasterMut<'_>,
        filter: Filter,
    ) -> Result<(), ResizeError> {
        let encoding = from.encoding();
        check(encoding, to.encoding(), filter)?;
        let (from_size, to_size) = ((from.width(), from.height()), (to.width(), to.height()));
        let planes = from.split().into_iter().zip(to.split_mut());
        for (index, ((from, from_step), (to, to_step))) in planes.enumerate() {
            let Some((pixel, divisor)) = plane(encoding, index) else { break };
            let part = |(width, height)| (width / divisor, height / divisor);
            let from = Plane::new(from, from_step, part(from_size), pixel);
            let mut to = PlaneMut::new(to, to_step, part(to_size), pixel);
            if (from.width, from.height) == (to.width, to.height) {
                from.rows().zip(to.rows()).for_each(|(from, to)| to.copy_from_slice(from));
                continue;
            }
            match filter {
                Filter::Nearest => self.nearest.resize(&from, &mut to),
                Filter::Bilinear => self.bilinear.resize(&from, &mut to),
                Filter::Area => self.average.resize(&from, &mut to, average::Kind::Area),
            }
        }
        Ok(())
    }
}

/// [`Resizer::resize`], with one `Resizer` for each thread.
///
/// # Errors
/// As there.
pub fn resize(
    from: &Raster<'_>,
    to: &mut RasterMut<'_>,
    filter: Filter,
) -> Result<(), ResizeError> {
    thread_local!(static RESIZER: RefCell<Resizer> = RefCell::default());
    RESIZER.with_borrow_mut(|resizer| resizer.resize(from, to, filter))
}

fn check(from: Encoding, to: Encoding, filter: Filter) -> Result<(), ResizeError> {
    if from != to {
        return Err(ResizeError::Encodings { from, to });
    }
    match from {
        Encoding::Depth16 if filter != Filter::Nearest => Err(ResizeError::Depth { filter }),
        Encoding::Yuv422
        | Encoding::Yuyv
        | Encoding::Uyvy
        | Encoding::BayerRggb8
        | Encoding::BayerBggr8
        | Encoding::BayerGbrg8
        | Encoding::BayerGrbg8
        | Encoding::BayerRggb16
        | Encoding::BayerBggr16
        | Encoding::BayerGbrg16
        | Encoding::BayerGrbg16 => Err(ResizeError::Unsupported { encoding: from }),
        _ => Ok(()),
    }
}

/// What a pixel of a plane consists of.
#[derive(Clone, Copy, Debug)]
struct Pixel {
    dtype: Dtype,
    /// 1 to 4.
    channels: usize,
}

impl Pixel {
    fn bytes(self) -> usize {
        usize::from(self.dtype.info().bytes) * self.channels
    }
}

/// The pixels of the plane with this index, and by what its size is smaller than the picture's.
fn plane(encoding: Encoding, index: usize) -> Option<(Pixel, u32)> {
    let info = encoding.info();
    let pixel = |channels| Pixel { dtype: info.dtype, channels };
    match (info.chroma, index) {
        (Chroma::Inline, 0) => Some((pixel(usize::from(info.channels)), 1)),
        (Chroma::Pairs | Chroma::Planes, 0) => Some((pixel(1), 1)),
        (Chroma::Pairs, 1) => Some((pixel(2), 2)),
        (Chroma::Planes, 1 | 2) => Some((pixel(1), 2)),
        _ => None,
    }
}

/// One plane to read. Of a single row the step is the length of the row.
struct Plane<'a> {
    bytes: &'a [u8],
    step: usize,
    width: usize,
    height: usize,
    pixel: Pixel,
}

/// One plane to write.
struct PlaneMut<'a> {
    bytes: &'a mut [u8],
    step: usize,
    width: usize,
    height: usize,
    pixel: Pixel,
}

/// Step and length of a row, width and height.
fn measures(step: u32, (width, height): (u32, u32), pixel: Pixel) -> [usize; 4] {
    let (width, height) = (width as usize, height as usize);
    let row_bytes = width * pixel.bytes();
    let step = if height == 1 { row_bytes } else { step as usize };
    [step, row_bytes, width, height]
}

impl<'a> Plane<'a> {
    fn new(bytes: &'a [u8], step: u32, size: (u32, u32), pixel: Pixel) -> Self {
        let [step, _, width, height] = measures(step, size, pixel);
        Self { bytes, step, width, height, pixel }
    }

    fn is_packed(&self) -> bool {
        self.step == self.row_bytes()
    }

    fn row_bytes(&self) -> usize {
        self.width * self.pixel.bytes()
    }

    fn row(&self, y: usize) -> &'a [u8] {
        &self.bytes[y * self.step..][..self.row_bytes()]
    }

    fn rows(&self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.height).map(|y| self.row(y))
    }
}

impl<'a> PlaneMut<'a> {
    fn new(bytes: &'a mut [u8], step: u32, size: (u32, u32), pixel: Pixel) -> Self {
        let [step, _, width, height] = measures(step, size, pixel);
        Self { bytes, step, width, height, pixel }
    }

    fn is_packed(&self) -> bool {
        self.step == self.row_bytes()
    }

    fn row_bytes(&self) -> usize {
        self.width * self.pixel.bytes()
    }

    fn rows(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let row_bytes = self.row_bytes();
        let rows = self.bytes.chunks_mut(self.step).take(self.height);
        rows.map(move |row| &mut row[..row_bytes])
    }
}
