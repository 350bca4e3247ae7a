//! Pictures for tests: values that are the same in every run, in rows of any step.

use framelane_layout::{Dtype, Encoding};

use crate::raster::{Raster, RasterMut};

/// A byte that tests find again where nothing may be written.
pub(crate) const PADDING: u8 = 0xa5;

/// A generator of numbers (xorshift).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() >> 40).unwrap() % end
    }

    /// From 0 to below 1, in steps of 2^-24.
    pub(crate) fn fraction(&mut self) -> f32 {
        f32::from_bits(u32::try_from(self.next() >> 41).unwrap() | 0x3f80_0000) - 1.0
    }
}

/// A picture in memory that begins anywhere, with padding, but none after the last row.
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) encoding: Encoding,
    pub(crate) step: u32,
    start: usize,
    bytes: Vec<u8>,
}

impl Picture {
    /// All bytes are [`PADDING`]. `shift` bytes lie before the first row.
    pub(crate) fn empty(
        encoding: Encoding,
        (width, height): (u32, u32),
        padding: u32,
        shift: usize,
    ) -> Self {
        let step = encoding.row_bytes(width).unwrap() + padding;
        let span = usize::try_from(encoding.span(width, height, step).unwrap()).unwrap();
        let bytes = vec![PADDING; span + shift + 8];
        // So that the shift tells whether values are aligned.
        let start = bytes.as_ptr().align_offset(8) + shift;
        Self { width, height, encoding, step, start, bytes }
    }

    /// Noise; floats from -0.25 to 0.75.
    pub(crate) fn noise(
        encoding: Encoding,
        size: (u32, u32),
        padding: u32,
        shift: usize,
        noise: &mut Noise,
    ) -> Self {
        let mut picture = Self::empty(encoding, size, padding, shift);
        let start = picture.start;
        if encoding.info().dtype == Dtype::Float32 {
            for y in 0..picture.height as usize {
                let row = picture.start + y * picture.step as usize;
                let values = usize::from(encoding.info().channels) * picture.width as usize;
                for to in picture.bytes[row..].as_chunks_mut().0.iter_mut().take(values) {
                    *to = (noise.fraction() - 0.25).to_ne_bytes();
                }
            }
        } else {
            picture.bytes[start..].fill_with(|| noise.next().to_be_bytes()[0]);
        }
        picture
    }

    fn end(&self) -> usize {
        let span = self.encoding.span(self.width, self.height, self.step).unwrap();
        self.start + usize::try_from(span).unwrap()
    }

    pub(crate) fn raster(&self) -> Raster<'_> {
        let bytes = &self.bytes[self.start..self.end()];
        Raster::new(self.width, self.height, self.step, self.encoding, bytes).unwrap()
    }

    /// From the first to the last row.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let end = self.end();
        &mut self.bytes[self.start..end]
    }

    pub(crate) fn raster_mut(&mut self) -> RasterMut<'_> {
        let end = self.end();
        let bytes = &mut self.bytes[self.start..end];
        RasterMut::new(self.width, self.height, self.step, self.encoding, bytes).unwrap()
    }

    /// Fills every row of every plane, and sees that nothing was written anywhere else.
    pub(crate) fn assert_untouched_between_rows(&mut self) {
        for row in self.rows() {
            self.bytes[row].fill(PADDING);
        }
        assert!(self.bytes.iter().all(|&byte| byte == PADDING), "padding was written");
    }

    /// Where the rows of all planes are.
    fn rows(&self) -> Vec<std::ops::Range<usize>> {
        let mut rows = vec![];
        let planes = self.encoding.planes(self.height, self.step).unwrap();
        let row_bytes = self.encoding.row_bytes(self.width).unwrap();
        for (index, plane) in planes.iter().enumerate().filter(|(_, plane)| plane.step > 0) {
            let count = if index == 0 { self.height } else { self.height / 2 };
            let half = self.encoding == Encoding::I420 && index > 0;
            let bytes = if half { row_bytes / 2 } else { row_bytes } as usize;
            for y in 0..count {
                let row = self.start + (plane.offset + y * plane.step) as usize;
                rows.push(row..row + bytes);
            }
        }
        rows
    }

    /// The values of every plane from left to right and top to bottom, with the plane's width,
    /// height and channels.
    pub(crate) fn planes(&self) -> Vec<(Vec<f64>, [usize; 3])> {
        let info = self.encoding.info();
        let mut planes: Vec<(Vec<f64>, [usize; 3])> = vec![];
        let full = [self.width as usize, self.height as usize];
        let halves = full.map(|size| size / 2);
        let shapes = match self.encoding {
            Encoding::Nv12 => vec![(full, 1), (halves, 2)],
            Encoding::I420 => vec![(full, 1), (halves, 1), (halves, 1)],
            _ => vec![(full, usize::from(info.channels))],
        };
        let mut rows = self.rows().into_iter();
        for ([width, height], channels) in shapes {
            let rows = rows.by_ref().take(height).map(|row| values(info.dtype, &self.bytes[row]));
            planes.push((rows.flatten().collect(), [width, height, channels]));
        }
        planes
    }
}

fn values(dtype: Dtype, row: &[u8]) -> Vec<f64> {
    match dtype {
        Dtype::Uint8 => row.iter().map(|&value| value.into()).collect(),
        Dtype::Uint16 => {
            row.as_chunks().0.iter().map(|&value| u16::from_ne_bytes(value).into()).collect()
        }
        _ => row.as_chunks().0.iter().map(|&value| f32::from_ne_bytes(value).into()).collect(),
    }
}
