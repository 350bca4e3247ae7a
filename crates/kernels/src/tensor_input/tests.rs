//! Against 64-bit floats, and what must be refused.

use Encoding::{
    Bgr8, Bgra8, Depth16, Mono8, Mono16, Mono32f, Nv12, Rgb8, Rgb16, Rgb32f, Rgba8, Rgba16, Rgba32f,
};

use super::*;
use crate::noise::{Noise, Picture};

const ENCODINGS: [Encoding; 11] =
    [Mono8, Mono16, Mono32f, Rgb8, Bgr8, Rgba8, Bgra8, Rgb16, Rgba16, Rgb32f, Rgba32f];

/// Values of the tensor in the order of [`Layout::Hwc`].
fn reference(from: &Picture, mean: &[f32], std: &[f32]) -> Vec<f64> {
    let (values, [_, _, values_of_pixel]) = from.planes().remove(0);
    let scale = match from.encoding.info().dtype {
        Dtype::Uint8 => 255.0,
        Dtype::Uint16 => 65_535.0,
        _ => 1.0,
    };
    let order: &[usize] = match from.encoding {
        Mono8 | Mono16 | Mono32f => &[0],
        Bgr8 | Bgra8 => &[2, 1, 0],
        _ => &[0, 1, 2],
    };
    let mut results = vec![];
    for pixel in values.chunks(values_of_pixel) {
        for (index, &channel) in order.iter().enumerate() {
            let of = |numbers: &[f32]| f64::from(numbers[index % numbers.len()]);
            results.push((pixel[channel] / scale - of(mean)) / of(std));
        }
    }
    results
}

fn assert_tensor(from: &Picture, layout: Layout, mean: &[f32], std: &[f32]) {
    let expected = reference(from, mean, std);
    let channels = tensor_channels(from.encoding).unwrap();
    let mut got = vec![f32::NAN; expected.len()];
    tensor_input(&from.raster(), &mut got, layout, mean, std).unwrap();
    let pixels = expected.len() / channels;
    for (index, expected) in expected.iter().enumerate() {
        let at = match layout {
            Layout::Hwc => index,
            Layout::Chw => index % channels * pixels + index / channels,
        };
        let (got, bound) = (f64::from(got[at]), 1e-6 * expected.abs());
        let name = format!("{:?} {layout:?} {}x{}", from.encoding, from.width, from.height);
        assert!((got - expected).abs() <= bound, "{name}: {got} for {expected} at {index}");
    }
}

#[test]
fn every_value_is_exact() {
    let mut noise = Noise(21);
    let of_three: [(&[f32], &[f32]); 5] = [
        (&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225]),
        (&[0.0], &[1.0]),
        (&[0.5], &[0.5, 0.25, -3.0]),
        (&[-7.5, 0.001, 1.0], &[1e-3]),
        (&[123.675, 116.28, 103.53], &[58.395, 57.12, 57.375]),
    ];
    for encoding in ENCODINGS {
        for (mean, std) in of_three {
            let channels = tensor_channels(encoding).unwrap();
            let (mean, std) = (&mean[..channels.min(mean.len())], &std[..channels.min(std.len())]);
            for layout in [Layout::Chw, Layout::Hwc] {
                // As many as a group of the loops has, fewer and more.
                for size in [(1, 1), (31, 3), (32, 2), (33, 5), (97, 4)] {
                    let from = Picture::noise(encoding, size, 5, 1, &mut noise);
                    assert_tensor(&from, layout, mean, std);
                }
            }
        }
    }
}

#[test]
fn values_next_to_the_mean_keep_their_digits() {
    let mut noise = Noise(22);
    for encoding in [Mono8, Mono16] {
        for _ in 0..50 {
            let from = Picture::noise(encoding, (256, 4), 0, 0, &mut noise);
            let mean = noise.fraction();
            assert_tensor(&from, Layout::Chw, &[mean], &[0.25]);
        }
    }
}

#[test]
fn colours_come_as_red_green_blue() {
    for (encoding, pixel) in [
        (Rgb8, &[10, 20, 30][..]),
        (Bgr8, &[30, 20, 10]),
        (Rgba8, &[10, 20, 30, 99]),
        (Bgra8, &[30, 20, 10, 99]),
    ] {
        let bytes = [pixel, pixel].concat();
        let step = u32::try_from(bytes.len()).unwrap();
        let from = Raster::new(2, 1, step, encoding, &bytes).unwrap();
        let mut out = [0.0; 6];
        let unit = 1.0 / 255.0;
        tensor_input(&from, &mut out, Layout::Chw, &[0.0], &[unit]).unwrap();
        assert_eq!(out.map(f32::round), [10.0, 10.0, 20.0, 20.0, 30.0, 30.0], "{encoding:?}");
        tensor_input(&from, &mut out, Layout::Hwc, &[0.0], &[unit]).unwrap();
        assert_eq!(out.map(f32::round), [10.0, 20.0, 30.0, 10.0, 20.0, 30.0], "{encoding:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_written() {
    let mut noise = Noise(23);
    let mut refused = |encoding, len, mean: &[f32], std: &[f32]| {
        let from = Picture::noise(encoding, (4, 2), 0, 0, &mut noise);
        let mut out = vec![77.0; len];
        let error = tensor_input(&from.raster(), &mut out, Layout::Chw, mean, std).unwrap_err();
        assert!(out.iter().all(|&value| value == 77.0));
        error
    };
    let length = |got| TensorInputError::Length { expected: 24, got };
    assert_eq!(refused(Rgb8, 23, &[0.0], &[1.0]), length(23));
    assert_eq!(refused(Rgba8, 25, &[0.0], &[1.0]), length(25));
    let count = |of, got| TensorInputError::Count { of, channels: 3, got };
    assert_eq!(refused(Rgba8, 24, &[0.0; 4], &[1.0]), count("mean", 4));
    assert_eq!(refused(Rgb8, 24, &[], &[1.0]), count("mean", 0));
    assert_eq!(refused(Rgb8, 24, &[0.0], &[1.0; 2]), count("std", 2));
    let one = TensorInputError::Count { of: "mean", channels: 1, got: 3 };
    assert_eq!(refused(Mono8, 8, &[0.0; 3], &[1.0]), one);
    for (mean, std, of, index) in [
        ([0.0, f32::NAN, 0.0], [1.0; 3], "mean", 1),
        ([f32::INFINITY, 0.0, 0.0], [1.0; 3], "mean", 0),
        ([0.0; 3], [1.0, 1.0, 0.0], "std", 2),
        ([0.0; 3], [1.0, f32::NAN, 1.0], "std", 1),
        ([0.0; 3], [f32::NEG_INFINITY, 1.0, 1.0], "std", 0),
    ] {
        let error = refused(Rgb8, 24, &mean, &std);
        let place = format!("{of}[{index}]: expected a finite number");
        assert!(error.to_string().starts_with(&place), "{error}");
    }
    for encoding in [Nv12, Depth16, Encoding::Yuyv, Encoding::BayerRggb8] {
        let error = refused(encoding, 24, &[0.0], &[1.0]);
        assert_eq!(error, TensorInputError::Encoding { got: encoding });
        assert!(error.to_string().ends_with("do not hold their own colours"), "{error}");
    }
}
