//! Against 64-bit floats, and against the clouds that another program made of a real depth map.

use Encoding::{Bgra8, Depth16, Mono8, Mono16, Mono32f, Rgb8};

use super::*;
use crate::codec;
use crate::noise::{Noise, PADDING, Picture};
use crate::raster::{Raster, RasterMut};

const DEPTH_PNG: &[u8] = include_bytes!("../../../../__test__/data/stereo/depth-mm.png");
const LEFT_PNG: &[u8] = include_bytes!("../../../../__test__/data/stereo/left.png");
const CLOUD: &[u8] = include_bytes!("../../../../__test__/data/stereo/cloud.pcd");
const ORGANISED: &[u8] = include_bytes!("../../../../__test__/data/stereo/cloud-organised.pcd");

/// The size of the pictures, and of the clouds, which have every third pixel.
const SIZE: (u32, u32) = (741, 500);
const GRID: (u32, u32) = (247, 167);

/// The camera of the grid.
const CAMERA: Pinhole =
    Pinhole { fx: 994.978 / 3.0, fy: 994.978 / 3.0, cx: 311.193 / 3.0, cy: 254.877 / 3.0 };

#[test]
fn all_raw_values_come_back() {
    for scale in [1.0, 0.25, 0.1, 5.0, 1.0 / 3.0] {
        for raw in 0..=u16::MAX {
            let metres = metres_of_raw(raw, scale);
            assert_eq!(raw_of_metres(metres, scale), Some(raw), "{raw} at {scale}");
            #[expect(clippy::cast_possible_truncation, reason = "as users keep it")]
            let short = f64::from(metres as f32);
            assert_eq!(raw_of_metres(short, scale), Some(raw), "{raw} at {scale}, 32 bits");
        }
    }
    assert_eq!(metres_of_raw(1234, 1.0), 1.234);
}

#[test]
fn metres_without_a_raw_value_have_none() {
    for (metres, expected) in [
        (0.0, Some(0)),
        (0.0005, Some(1)),
        (0.0004, Some(0)),
        (65.535, Some(65_535)),
        (65.535_4, Some(65_535)),
        (65.535_6, None),
        (-0.000_1, None),
        (-1.0, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
        (f64::NEG_INFINITY, None),
        (1e300, None),
    ] {
        assert_eq!(raw_of_metres(metres, 1.0), expected, "{metres}");
    }
    for scale in [0.0, -1.0, f32::NAN] {
        assert_eq!(raw_of_metres(1.0, scale), None, "{scale}");
    }
    assert_eq!(raw_of_metres(1.0, 0.25), Some(4000));
}

/// The statistics of these metres.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as stated")]
fn reference(metres: impl Iterator<Item = f64>) -> Option<DepthStatistics> {
    let known: Vec<f64> = metres.filter(|z| z.is_finite() && *z > 0.0).collect();
    let min = known.iter().copied().reduce(f64::min)? as f32;
    let max = known.iter().copied().reduce(f64::max)? as f32;
    Some(DepthStatistics { min, max, mean: known.iter().sum::<f64>() / known.len() as f64 })
}

fn assert_statistics(picture: &Picture, scale: f32) {
    let got = depth_statistics(&picture.raster(), scale).unwrap();
    let unit = if picture.encoding == Depth16 { f64::from(scale) / 1000.0 } else { 1.0 };
    let expected = reference(picture.planes()[0].0.iter().map(|value| value * unit));
    let (Some(got), Some(expected)) = (got, expected) else {
        assert_eq!(got, expected);
        return;
    };
    assert_eq!((got.min, got.max), (expected.min, expected.max));
    let relative = (got.mean - expected.mean).abs() / expected.mean;
    assert!(relative <= 1e-6, "{got:?} for {expected:?}");
}

#[test]
fn statistics_are_those_of_the_known_depths() {
    let mut noise = Noise(11);
    for size in [(640, 480), (1, 1), (127, 3), (128, 1), (129, 2), (5, 77)] {
        for padding in [0, 6] {
            for scale in [1.0, 0.25, 3.0] {
                let raw = Picture::noise(Depth16, size, padding, 1, &mut noise);
                assert_statistics(&raw, scale);
            }
            // A quarter of these is negative.
            assert_statistics(&Picture::noise(Mono32f, size, padding, 1, &mut noise), 1.0);
            let mut bits = Picture::noise(Depth16, (size.0 * 2, size.1), padding, 0, &mut noise);
            // Any bits at all: NaN, infinity, and numbers too large to be added up as floats.
            let (step, bytes) = (bits.step, bits.bytes_mut());
            let any = Raster::new(size.0, size.1, step, Mono32f, bytes).unwrap();
            let values = any.rows().flat_map(|row| row.as_chunks().0.to_vec());
            let values: Vec<f64> = values.map(|bits| f32::from_ne_bytes(bits).into()).collect();
            let got = depth_statistics(&any, 1.0).unwrap();
            let expected = reference(values.into_iter());
            assert_eq!(got.map(|s| (s.min, s.max)), expected.map(|s| (s.min, s.max)));
            let [got, expected] = [got, expected].map(|s| s.map_or(0.0, |s| s.mean));
            assert!((got - expected).abs() <= 1e-6 * expected, "{got} for {expected}");
        }
    }
}

fn of_metres(values: &[f32]) -> Option<DepthStatistics> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    let width = u32::try_from(values.len()).unwrap();
    depth_statistics(&Raster::new(width, 1, 4 * width, Mono32f, &bytes).unwrap(), 1.0).unwrap()
}

#[test]
fn what_is_no_depth_does_not_count() {
    let none = [0.0, -0.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -3.0];
    assert_eq!(of_metres(&none), None);
    let tiny = f32::from_bits(1);
    for (one, other) in [(2.0, 4.0), (tiny, 1.0), (1.0, f32::MAX), (f32::MAX, f32::MAX)] {
        let mut values = none.repeat(5);
        values.extend([other, one]);
        let mean = (f64::from(one) + f64::from(other)) / 2.0;
        let got = of_metres(&values).unwrap();
        assert_eq!((got.min, got.max), (one, other));
        assert!((got.mean - mean).abs() <= mean * 1e-6, "{got:?}");
    }
    let many = of_metres(&[f32::MAX; 500]).unwrap();
    assert_eq!(many.mean, f64::from(f32::MAX));
    let raw = [0_u8; 600];
    let raw = Raster::new(300, 1, 600, Depth16, &raw).unwrap();
    assert_eq!(depth_statistics(&raw, 1.0), Ok(None));
    let full = [255_u8; 600];
    let full = Raster::new(300, 1, 600, Depth16, &full).unwrap();
    let all = DepthStatistics { min: 65.535, max: 65.535, mean: 65.535 };
    assert_eq!(depth_statistics(&full, 1.0), Ok(Some(all)));
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert_eq!(depth_statistics(&full, scale), Ok(None), "{scale}");
    }
}

fn decoded(file: &[u8], encoding: Encoding) -> Vec<u8> {
    let step = encoding.row_bytes(SIZE.0).unwrap();
    let mut pixels = vec![0; (step * SIZE.1) as usize];
    let mut target = RasterMut::new(SIZE.0, SIZE.1, step, encoding, &mut pixels).unwrap();
    codec::decode_into(file, &mut target).unwrap();
    pixels
}

/// Every third pixel of every third row.
fn grid<const N: usize>(pixels: &[u8]) -> Vec<u8> {
    let rows = pixels.as_chunks::<N>().0.chunks(SIZE.0 as usize).step_by(3);
    rows.flat_map(|row| row.iter().step_by(3)).flatten().copied().collect()
}

/// The four floats of each point, as bytes, in a PCD file.
fn points(file: &[u8]) -> &[u8] {
    let start = file.windows(12).position(|text| text == b"DATA binary\n").unwrap() + 12;
    &file[start..]
}

fn floats(bytes: &[u8]) -> Vec<[f32; 4]> {
    let values = bytes.as_chunks().0.as_chunks().0.iter();
    values.map(|point: &[[u8; 4]; 4]| point.map(f32::from_ne_bytes)).collect()
}

/// Equal within `bound` of the distance, and the colour in all bits.
fn assert_points(got: &[u8], expected: &[u8], bound: f32) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in floats(got).iter().zip(floats(expected)) {
        assert_eq!(got[3].to_bits(), expected[3].to_bits());
        for (got, value) in got[..3].iter().zip(&expected[..3]) {
            let close = (got - value).abs() <= bound * value.abs();
            assert!(close || (got.is_nan() && value.is_nan()), "{got} for {value}");
        }
    }
}

fn both_arrangements(depth: &Raster<'_>, colour: &Raster<'_>, bound: f32) {
    let mut out = vec![0; 16 * (GRID.0 * GRID.1) as usize];
    let organised = Arrangement::Organised;
    let all = depth_to_points(depth, 1.0, &CAMERA, Some(colour), organised, &mut out);
    assert_eq!(all, Ok(247 * 167));
    assert_points(&out, points(ORGANISED), bound);
    assert_eq!(known_depths(depth), Ok(38_198));
    let mut out = vec![PADDING; 16 * 38_198 + 5];
    let dense = Arrangement::Dense;
    let known = depth_to_points(depth, 1.0, &CAMERA, Some(colour), dense, &mut out);
    assert_eq!(known, Ok(38_198));
    assert_points(&out[..16 * 38_198], points(CLOUD), bound);
    assert_eq!(out[16 * 38_198..], [PADDING; 5]);
}

#[test]
fn points_are_those_of_the_real_clouds() {
    let colours = grid::<3>(&decoded(LEFT_PNG, Rgb8));
    let colour = Raster::new(GRID.0, GRID.1, GRID.0 * 3, Rgb8, &colours).unwrap();
    // The clouds' own depth, rounded to a float. Twice rounded is within two steps of a float.
    let metres =
        floats(points(ORGANISED)).iter().flat_map(|p| p[2].to_ne_bytes()).collect::<Vec<_>>();
    let depth = Raster::new(GRID.0, GRID.1, GRID.0 * 4, Mono32f, &metres).unwrap();
    both_arrangements(&depth, &colour, 2.4e-7);
    // Millimetres: half of one in at least 2.1 m.
    let raw = grid::<2>(&decoded(DEPTH_PNG, Depth16));
    let depth = Raster::new(GRID.0, GRID.1, GRID.0 * 2, Depth16, &raw).unwrap();
    both_arrangements(&depth, &colour, 0.000_5 / 2.1);
    // The order of the channels in memory makes no difference.
    let bgra: Vec<u8> =
        colours.as_chunks().0.iter().flat_map(|&[r, g, b]: &[u8; 3]| [b, g, r, 7]).collect();
    let colour = Raster::new(GRID.0, GRID.1, GRID.0 * 4, Bgra8, &bgra).unwrap();
    both_arrangements(&depth, &colour, 0.000_5 / 2.1);
}

#[test]
fn points_are_computed_as_stated() {
    let mut noise = Noise(12);
    let depth = Picture::noise(Depth16, (19, 7), 3, 1, &mut noise);
    let camera = Pinhole { fx: 500.0, fy: 300.0, cx: 9.5, cy: -2.0 };
    let mut out = vec![0; 12 * 19 * 7];
    let organised = Arrangement::Organised;
    let all = depth_to_points(&depth.raster(), 0.5, &camera, None, organised, &mut out);
    assert_eq!(all, Ok(19 * 7));
    let mut values = out.as_chunks().0.iter().map(|&bytes| f32::from_ne_bytes(bytes));
    for (index, raw) in (0_u32..).zip(&depth.planes()[0].0) {
        let z = raw * 0.5 / 1000.0;
        let x = (f64::from(index % 19) - 9.5) * z / 500.0;
        let y = (f64::from(index / 19) + 2.0) * z / 300.0;
        for expected in [x, y, z] {
            #[expect(clippy::cast_possible_truncation, reason = "as points are")]
            let expected = expected as f32;
            assert_eq!(values.next(), Some(expected));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_written() {
    let mut noise = Noise(13);
    let mut picture = |encoding, size| Picture::noise(encoding, size, 0, 0, &mut noise);
    let (depth, wide) = (picture(Depth16, (4, 3)), picture(Mono16, (4, 3)));
    let (small, grey, colour) =
        (picture(Rgb8, (4, 2)), picture(Mono8, (4, 3)), picture(Rgb8, (4, 3)));
    let refused = |depth: &Picture, colour: Option<&Picture>, bytes| {
        let mut out = vec![PADDING; bytes];
        let colour = colour.map(Picture::raster);
        let arrangement = Arrangement::Organised;
        let depth = depth.raster();
        let done = depth_to_points(&depth, 1.0, &CAMERA, colour.as_ref(), arrangement, &mut out);
        assert!(out.iter().all(|&byte| byte == PADDING));
        done.unwrap_err()
    };
    assert_eq!(refused(&wide, None, 144), DepthError::Encoding { got: Mono16 });
    let size = DepthError::Size { expected: (4, 3), got: (4, 2) };
    assert_eq!(refused(&depth, Some(&small), 192), size);
    assert_eq!(refused(&depth, Some(&grey), 192), DepthError::Colour { got: Mono8 });
    assert_eq!(refused(&depth, None, 143), DepthError::Room { expected: 144, got: 143 });
    assert_eq!(refused(&depth, Some(&colour), 191), DepthError::Room { expected: 192, got: 191 });
    let other = DepthError::Encoding { got: Mono16 };
    assert_eq!(known_depths(&wide.raster()), Err(other));
    assert_eq!(depth_statistics(&wide.raster(), 1.0), Err(other));
    assert!(other.to_string().contains("mono16 holds no depths"), "{other}");
}
