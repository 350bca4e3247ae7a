//! Every pair of encodings against a reference that computes with 64-bit floats, pixel by
//! pixel, in pictures whose rows are apart.

mod exact;
mod pairs;
mod photos;
mod reference;

use std::ops::Range;

use framelane_layout::encoding::ENCODINGS;
use framelane_layout::{Chroma, Encoding};

use super::*;

/// A generator of numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() >> 32).unwrap() % end
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A picture whose rows are `step` bytes apart.
#[derive(Clone, Debug)]
struct Picture {
    width: u32,
    height: u32,
    step: u32,
    encoding: Encoding,
    bytes: Vec<u8>,
}

impl Picture {
    /// Every byte is `fill`.
    fn filled(encoding: Encoding, width: u32, height: u32, padding: u32, fill: u8) -> Self {
        let step = encoding.row_bytes(width).unwrap() + padding;
        let bytes =
            vec![fill; usize::try_from(encoding.span(width, height, step).unwrap()).unwrap()];
        Self { width, height, step, encoding, bytes }
    }

    /// Noise, with what is special among its values.
    fn noise(encoding: Encoding, (width, height): (u32, u32), padding: u32, seed: u64) -> Self {
        let mut picture = Self::filled(encoding, width, height, padding, 0);
        let mut random = Random(seed);
        picture.bytes.iter_mut().for_each(|byte| *byte = random.byte());
        match bytes_of_value(encoding) {
            4 => picture.bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|value| {
                let usual = f32::from(random.byte()) / 200.0 - 0.1;
                // One in 16 stays what it is: any float.
                if random.below(16) > 0 {
                    *value = (usual + f32::from(random.byte()) / 60_000.0).to_ne_bytes();
                }
            }),
            2 => picture.bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|value| {
                if random.below(16) == 0 {
                    *value = [0; 2];
                }
            }),
            _ => {}
        }
        picture
    }

    /// Packed rows that hold `bytes`.
    fn of(encoding: Encoding, width: u32, height: u32, bytes: &[u8]) -> Self {
        let mut picture = Self::filled(encoding, width, height, 0, 0);
        picture.bytes.copy_from_slice(bytes);
        picture
    }

    /// Where in the bytes rows are, plane by plane.
    fn rows(&self) -> Vec<Range<usize>> {
        let (step, height) = (self.step as usize, self.height as usize);
        let row = self.encoding.row_bytes(self.width).unwrap() as usize;
        let plane = |at: usize, step: usize, row: usize, rows: usize| {
            (0..rows).map(move |y| at + y * step..at + y * step + row)
        };
        let (luma, half) = (step * height, height / 2);
        let mut rows: Vec<_> = plane(0, step, row, height).collect();
        match self.encoding.info().chroma {
            Chroma::Inline => {}
            Chroma::Pairs => rows.extend(plane(luma, step, row, half)),
            Chroma::Planes => {
                rows.extend(plane(luma, step / 2, row / 2, half));
                rows.extend(plane(luma + step / 2 * half, step / 2, row / 2, half));
            }
        }
        rows
    }

    /// All rows without what lies between them.
    fn packed(&self) -> Vec<u8> {
        self.rows().into_iter().flat_map(|row| self.bytes[row].to_vec()).collect()
    }

    fn raster(&self) -> Raster<'_> {
        Raster::new(self.width, self.height, self.step, self.encoding, &self.bytes).unwrap()
    }

    fn raster_mut(&mut self) -> RasterMut<'_> {
        let Self { width, height, step, encoding, .. } = *self;
        RasterMut::new(width, height, step, encoding, &mut self.bytes).unwrap()
    }
}

/// Converts into rows that are `padding` bytes apart, and sees that what lies between them
/// stays, and that nothing else does.
fn converted(
    from: &Picture,
    encoding: Encoding,
    padding: u32,
    how: &Conversion,
) -> Result<Vec<u8>, ConvertError> {
    let mut results = vec![];
    for fill in [0xa5, 0x5a] {
        let mut to = Picture::filled(encoding, from.width, from.height, padding, fill);
        convert(&from.raster(), &mut to.raster_mut(), how)?;
        results.push(to.packed());
        for row in to.rows() {
            to.bytes[row].fill(fill);
        }
        assert!(to.bytes.iter().all(|&byte| byte == fill), "bytes between rows were written");
    }
    assert!(results[0] == results[1], "{encoding:?}: some bytes were not written");
    Ok(results.remove(0))
}

/// Every way in which a YUV encoding can be meant.
fn all_yuv() -> impl Iterator<Item = Yuv> {
    let matrices = [YuvMatrix::Bt601, YuvMatrix::Bt709];
    matrices
        .into_iter()
        .flat_map(|matrix| [YuvRange::Limited, YuvRange::Full].map(|range| Yuv { matrix, range }))
}

fn bytes_of_value(encoding: Encoding) -> u8 {
    encoding.info().dtype.info().bytes
}

fn is_yuv(encoding: Encoding) -> bool {
    use Encoding::{I420, Nv12, Uyvy, Yuv422, Yuyv};
    matches!(encoding, Yuv422 | Yuyv | Uyvy | Nv12 | I420)
}

/// Sees that no value is farther than `tolerance` from what is expected. Of many, few may differ
/// at all: where most do, something is wrong with rounding.
fn compare(got: &[u8], expected: &[u8], tolerance: u8, what: &dyn std::fmt::Debug) {
    assert_eq!(got.len(), expected.len(), "{what:?}");
    let differences = got.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
    let most = differences.clone().max().unwrap();
    assert!(most <= tolerance, "{what:?}: off by {most}");
    let many = differences.filter(|&difference| difference > 0).count();
    assert!(many * 50 <= got.len() + 1000, "{what:?}: {many} of {} differ", got.len());
}

#[test]
fn the_errors_say_what_was_expected() {
    use Encoding::{BayerRggb8, Bgra8, Depth16, Mono16, Mono32f, Nv12, Rgb32f, Rgba16, Yuyv};
    for (from, to, expected) in [
        (Yuyv, Nv12, Encoding::Rgb8),
        (BayerRggb8, Rgb32f, Encoding::Rgb8),
        (Mono16, Mono32f, Encoding::Mono8),
        (Depth16, Mono16, Encoding::Mono8),
        (Bgra8, Rgba16, Encoding::Rgba8),
        (Bgra8, Rgb32f, Encoding::Rgb8),
    ] {
        let error = route(from, to).unwrap_err();
        assert_eq!(error, ConvertError::NoConversion { from, to, via: expected });
        assert!(route(from, expected).is_ok() && route(expected, to).is_ok());
    }
    let text = route(Yuyv, Nv12).unwrap_err().to_string();
    assert!(text.starts_with("no conversion from 'yuyv' to 'nv12': expected"), "{text}");
    assert!(text.ends_with("'rgb8', 'rgba8', 'bgr8' or 'mono8'"), "{text}");

    let from = Picture::filled(Encoding::Mono8, 4, 3, 0, 1);
    let mut to = Picture::filled(Encoding::Rgb8, 3, 4, 0, 9);
    let error = convert(&from.raster(), &mut to.raster_mut(), &Conversion::default()).unwrap_err();
    assert_eq!(error, ConvertError::Size { expected: (4, 3), got: (3, 4) });
    assert!(error.to_string().contains("4x3 pixels, got one of 3x4"), "{error}");

    let from = Picture::filled(Depth16, 3, 4, 0, 1);
    let how = Conversion { depth_range_mm: Some((9, 8)), ..Conversion::default() };
    let error = convert(&from.raster(), &mut to.raster_mut(), &how).unwrap_err();
    assert_eq!(error, ConvertError::DepthRange { got: (9, 8) });
    assert!(error.to_string().contains("got 9 to 8; exchange"), "{error}");
    assert!(to.bytes.iter().all(|&byte| byte == 9), "changed in spite of an error");
}
