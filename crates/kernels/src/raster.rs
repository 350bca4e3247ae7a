//! A picture in somebody else's memory: a slice, and how its rows lie in it.

use std::fmt;

use framelane_layout::slot::{PLANES_MAX, Plane};
use framelane_layout::{Chroma, Encoding};

/// Why a slice cannot be taken for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RasterError {
    /// Width or height is 0 or does not fit the encoding, a row has more than 2^32 - 1 bytes, or
    /// a plane would begin beyond 4 GiB or, at an odd step, between two bytes.
    Size {
        /// Pixels in a row, as given.
        width: u32,
        /// Rows, as given.
        height: u32,
        /// The encoding, as given.
        encoding: Encoding,
    },
    /// The step is shorter than a row, so that rows would overlap.
    Step {
        /// Bytes of a row.
        expected: u32,
        /// Bytes from row to row, as given.
        got: u32,
    },
    /// The slice ends before the last row does.
    Length {
        /// Bytes the rows take, without the padding of the last; all but a little of the
        /// address space where the number itself does not fit.
        expected: usize,
        /// Bytes of the slice.
        got: usize,
    },
}

impl fmt::Display for RasterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { width, height, encoding } => {
                let info = encoding.info();
                let (name, columns) = (info.name, info.width_multiple);
                write!(f, "{width}x{height} is no size of a {name} picture: ")?;
                write!(f, "expected a width that is a multiple of {columns} and not 0, ")?;
                match (info.chroma, info.height_multiple()) {
                    (Chroma::Inline, _) => {
                        write!(f, "rows below 4 GiB, and a height that is not 0")
                    }
                    (chroma, rows) => {
                        write!(f, "a height that is a multiple of {rows} and not 0, ")?;
                        let even = if chroma == Chroma::Planes { "an even step, " } else { "" };
                        write!(f, "{even}and planes that begin within 4 GiB")
                    }
                }
            }
            Self::Step { expected, got } => {
                write!(f, "the step is too short: expected at least {expected} bytes, got {got}")
            }
            Self::Length { expected, got } => {
                write!(f, "too few pixels: expected at least {expected} bytes, got {got}")
            }
        }
    }
}

impl std::error::Error for RasterError {}

/// Bytes of one row without padding, once everything has been found to fit together.
fn check(
    width: u32,
    height: u32,
    step: u32,
    encoding: Encoding,
    got: usize,
) -> Result<usize, RasterError> {
    let size = RasterError::Size { width, height, encoding };
    let row = encoding.row_bytes(width).ok_or(size)?;
    if step < row {
        return Err(RasterError::Step { expected: row, got: step });
    }
    let expected = encoding.span(width, height, step).ok_or(size)?;
    // Where `usize` is narrower it saturates, and no slice is that long.
    let expected = usize::try_from(expected).unwrap_or(usize::MAX);
    if got < expected {
        return Err(RasterError::Length { expected, got });
    }
    usize::try_from(row).map_err(|_| size)
}

/// A picture to read.
#[derive(Clone, Copy, Debug)]
pub struct Raster<'a> {
    width: u32,
    height: u32,
    step: u32,
    encoding: Encoding,
    row_bytes: usize,
    pixels: &'a [u8],
}

/// A picture to write. Bytes between the rows are never touched.
#[derive(Debug)]
pub struct RasterMut<'a> {
    width: u32,
    height: u32,
    step: u32,
    encoding: Encoding,
    row_bytes: usize,
    pixels: &'a mut [u8],
}

macro_rules! shared_accessors {
    () => {
        /// Pixels in a row, 1 or more.
        #[must_use]
        pub fn width(&self) -> u32 {
            self.width
        }

        /// Rows, 1 or more.
        #[must_use]
        pub fn height(&self) -> u32 {
            self.height
        }

        /// Bytes from the start of a row to the start of the next.
        #[must_use]
        pub fn step(&self) -> u32 {
            self.step
        }

        /// How a pixel is laid out.
        #[must_use]
        pub fn encoding(&self) -> Encoding {
            self.encoding
        }

        /// Bytes of one row without padding.
        #[must_use]
        pub fn row_bytes(&self) -> usize {
            self.row_bytes
        }

        /// Bytes of all rows of all planes without padding.
        #[must_use]
        pub fn packed_bytes(&self) -> usize {
            // Does not overflow: the slice is at least that long.
            let luma = self.row_bytes * self.height as usize;
            if self.encoding.info().chroma == Chroma::Inline { luma } else { luma / 2 * 3 }
        }

        /// Whether there is no padding between the rows.
        #[must_use]
        pub fn is_packed(&self) -> bool {
            self.step as usize == self.row_bytes || self.height == 1
        }

        /// Where each plane begins, and which step it has; zeros beyond their number.
        fn planes(&self) -> [Plane; PLANES_MAX] {
            // There are some, as `check` has found.
            self.encoding.planes(self.height, self.step).unwrap_or_default()
        }
    };
}

impl<'a> Raster<'a> {
    /// `height` rows of `width` pixels, each row starting `step` bytes after the one before.
    ///
    /// # Errors
    /// Where the size does not fit the encoding, `step` is shorter than a row, or `pixels`
    /// ends before the last row does. The padding of the last row may be missing, and bytes
    /// after it are ignored.
    pub fn new(
        width: u32,
        height: u32,
        step: u32,
        encoding: Encoding,
        pixels: &'a [u8],
    ) -> Result<Self, RasterError> {
        let row_bytes = check(width, height, step, encoding, pixels.len())?;
        Ok(Self { width, height, step, encoding, row_bytes, pixels })
    }

    shared_accessors!();

    /// The bytes of each plane, with its step: Y, then U V or U and V where there are some. Of
    /// one plane, the second and third are empty.
    #[must_use]
    pub fn split(&self) -> [(&'a [u8], u32); 3] {
        let [first, second, third, _] = self.planes();
        let (u, v) = (second.offset as usize, third.offset as usize);
        match self.encoding.info().chroma {
            Chroma::Inline => [(self.pixels, first.step), (&[], 0), (&[], 0)],
            Chroma::Pairs => {
                let (luma, pairs) = self.pixels.split_at(u);
                [(luma, first.step), (pairs, second.step), (&[], 0)]
            }
            Chroma::Planes => {
                let (luma, rest) = self.pixels.split_at(u);
                let (u, v) = rest.split_at(v - u);
                [(luma, first.step), (u, second.step), (v, third.step)]
            }
        }
    }

    /// The rows of the first plane from top to bottom, without padding.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let row_bytes = self.row_bytes;
        let rows = self.pixels.chunks(self.step as usize).take(self.height as usize);
        rows.map(move |row| &row[..row_bytes])
    }

    /// The whole picture, all of its planes, as one slice, or `None` where there is padding
    /// between the rows.
    #[must_use]
    pub fn packed(&self) -> Option<&'a [u8]> {
        self.is_packed().then(|| &self.pixels[..self.packed_bytes()])
    }
}

impl<'a> RasterMut<'a> {
    /// `height` rows of `width` pixels, each row starting `step` bytes after the one before.
    ///
    /// # Errors
    /// As [`Raster::new`].
    pub fn new(
        width: u32,
        height: u32,
        step: u32,
        encoding: Encoding,
        pixels: &'a mut [u8],
    ) -> Result<Self, RasterError> {
        let row_bytes = check(width, height, step, encoding, pixels.len())?;
        Ok(Self { width, height, step, encoding, row_bytes, pixels })
    }

    shared_accessors!();

    /// As [`Raster::split`], to write.
    #[must_use]
    pub fn split_mut(&mut self) -> [(&mut [u8], u32); 3] {
        let [first, second, third, _] = self.planes();
        let (u, v) = (second.offset as usize, third.offset as usize);
        match self.encoding.info().chroma {
            Chroma::Inline => [(self.pixels, first.step), (&mut [], 0), (&mut [], 0)],
            Chroma::Pairs => {
                let (luma, pairs) = self.pixels.split_at_mut(u);
                [(luma, first.step), (pairs, second.step), (&mut [], 0)]
            }
            Chroma::Planes => {
                let (luma, rest) = self.pixels.split_at_mut(u);
                let (u, v) = rest.split_at_mut(v - u);
                [(luma, first.step), (u, second.step), (v, third.step)]
            }
        }
    }

    /// The rows of the first plane from top to bottom, without padding.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let row_bytes = self.row_bytes;
        let rows = self.pixels.chunks_mut(self.step as usize).take(self.height as usize);
        rows.map(move |row| &mut row[..row_bytes])
    }

    /// The whole picture as one slice, or `None` where there is padding between the rows.
    #[must_use]
    pub fn packed_mut(&mut self) -> Option<&mut [u8]> {
        let packed_bytes = self.packed_bytes();
        self.is_packed().then(|| &mut self.pixels[..packed_bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_fit_no_encoding_are_refused() {
        let bytes = [0; 64];
        for (width, height, encoding) in [
            (0, 4, Encoding::Mono8),
            (4, 0, Encoding::Mono8),
            (3, 2, Encoding::Yuv422),
            (u32::MAX, 1, Encoding::Rgb8),
        ] {
            let error = Raster::new(width, height, u32::MAX, encoding, &bytes).unwrap_err();
            assert_eq!(error, RasterError::Size { width, height, encoding });
        }
    }

    #[test]
    fn planes_that_begin_beyond_4_gib_are_refused() {
        for encoding in [Encoding::Nv12, Encoding::I420] {
            let (width, height) = (1 << 16, 1 << 16);
            let error = check(width, height, width, encoding, usize::MAX).unwrap_err();
            assert_eq!(error, RasterError::Size { width, height, encoding });
            assert!(error.to_string().contains("begin within 4 GiB"), "{error}");
            let half = check(width, height / 2, width, encoding, usize::MAX);
            assert_eq!(half, Ok(1 << 16));
        }
        assert!(check(1 << 16, 1 << 16, 1 << 16, Encoding::Mono8, usize::MAX).is_ok());
    }

    #[test]
    fn the_error_says_which_sizes_there_are() {
        let text = |width, height, step, encoding| {
            Raster::new(width, height, step, encoding, &[0; 64]).unwrap_err().to_string()
        };
        assert!(text(4, 3, 4, Encoding::Nv12).contains("a height that is a multiple of 2"));
        assert!(text(4, 4, 5, Encoding::I420).contains("an even step"));
        let grey = text(0, 3, 4, Encoding::Mono8);
        assert!(grey.ends_with("rows below 4 GiB, and a height that is not 0"), "{grey}");
    }

    #[test]
    fn the_step_must_hold_a_row_and_the_slice_all_rows() {
        let bytes = [0; 64];
        let new = |height, step, len| Raster::new(5, height, step, Encoding::Rgb8, &bytes[..len]);
        let short = RasterError::Step { expected: 15, got: 14 };
        assert_eq!(new(2, 14, 64).unwrap_err(), short);
        // The last row needs no padding after it.
        assert!(new(3, 20, 55).is_ok());
        let short = RasterError::Length { expected: 55, got: 54 };
        assert_eq!(new(3, 20, 54).unwrap_err(), short);
        let huge = new(u32::MAX, u32::MAX, 64).unwrap_err();
        assert!(matches!(huge, RasterError::Length { got: 64, .. }), "{huge}");
    }

    #[test]
    fn rows_leave_the_padding_out() {
        let mut bytes: Vec<u8> = (0..11).collect();
        let raster = Raster::new(3, 3, 4, Encoding::Mono8, &bytes).unwrap();
        let rows: Vec<_> = raster.rows().collect();
        assert_eq!(rows, [&[0, 1, 2], &[4, 5, 6], &[8, 9, 10]]);
        assert_eq!(raster.packed(), None);
        let mut raster = RasterMut::new(3, 3, 4, Encoding::Mono8, &mut bytes).unwrap();
        assert_eq!(raster.packed_mut(), None);
        raster.rows_mut().for_each(|row| row.fill(99));
        assert_eq!(bytes, [99, 99, 99, 3, 99, 99, 99, 7, 99, 99, 99]);
    }

    #[test]
    fn planes_lie_behind_each_other_at_their_steps() {
        let mut bytes: Vec<u8> = (0..60).collect();
        let (width, height) = (4, 4);
        let pairs = Raster::new(width, height, 6, Encoding::Nv12, &bytes).unwrap();
        assert_eq!(pairs.split()[1], (&bytes[24..], 6));
        let planes = Raster::new(width, height, 6, Encoding::I420, &bytes).unwrap();
        let [(y, _), (u, step), (v, _)] = planes.split();
        assert_eq!((y.len(), u[0], u.len(), v[0], step), (24, 24, 6, 30, 3));
        // The last row needs no padding after it, as in one plane.
        let enough = |encoding, len| Raster::new(width, height, 6, encoding, &bytes[..len]);
        assert!(enough(Encoding::Nv12, 34).is_ok() && enough(Encoding::Nv12, 33).is_err());
        assert!(enough(Encoding::I420, 35).is_ok() && enough(Encoding::I420, 34).is_err());
        assert!(Raster::new(4, 3, 4, Encoding::Nv12, &bytes).is_err(), "an odd height");
        assert!(Raster::new(4, 4, 5, Encoding::I420, &bytes).is_err(), "an odd step");
        let mut target = RasterMut::new(width, height, 4, Encoding::I420, &mut bytes).unwrap();
        target.split_mut().into_iter().for_each(|(plane, _)| plane[0] = 99);
        assert_eq!(target.packed_mut().map(|bytes| bytes.len()), Some(24));
        assert_eq!([bytes[0], bytes[16], bytes[20]], [99; 3]);
    }

    #[test]
    fn packed_is_exact() {
        let mut bytes = [7; 20];
        let raster = Raster::new(3, 3, 3, Encoding::Mono8, &bytes).unwrap();
        assert_eq!(raster.packed().map(<[u8]>::len), Some(9));
        assert_eq!(raster.rows().count(), 3);
        // One row is packed whatever its step.
        let mut raster = RasterMut::new(3, 1, 9, Encoding::Mono8, &mut bytes).unwrap();
        assert_eq!(raster.packed_mut().map(|bytes| bytes.len()), Some(3));
    }
}
