//! Every filter and encoding against sums of products in 64-bit floats, pixel by pixel.

use Encoding::{
    Bgr8, Bgra8, Depth16, I420, Mono8, Mono16, Mono32f, Nv12, Rgb8, Rgb16, Rgb32f, Rgba8, Rgba16,
    Rgba32f,
};

use super::*;
use crate::noise::{Noise, Picture};

const ENCODINGS: [Encoding; 13] =
    [Mono8, Mono16, Rgb8, Bgr8, Rgba8, Bgra8, Mono32f, Rgb32f, Rgb16, Rgba16, Rgba32f, Nv12, I420];
const FILTERS: [Filter; 3] = [Filter::Nearest, Filter::Bilinear, Filter::Area];

/// What each source pixel counts for target pixel `x`, in one direction.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn weights(filter: Filter, x: usize, from: usize, to: usize) -> Vec<f64> {
    let scale = from as f64 / to as f64;
    let centre = (x as f64 + 0.5) * scale;
    let weight = |s: usize| {
        let left = s as f64;
        match filter {
            Filter::Nearest => f64::from(u8::from((2 * x + 1) * from / (2 * to) == s)),
            Filter::Bilinear => (1.0 - (left + 0.5 - centre).abs() / scale.max(1.0)).max(0.0),
            Filter::Area => {
                let end = (left + 1.0).min((x as f64 + 1.0) * scale);
                (end - left.max(x as f64 * scale)).max(0.0)
            }
        }
    };
    let weights: Vec<f64> = (0..from).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// A plane in another size.
fn reference(
    (values, [width, height, channels]): &(Vec<f64>, [usize; 3]),
    [to_width, to_height]: [usize; 2],
    filter: Filter,
) -> Vec<f64> {
    let columns: Vec<_> = (0..to_width).map(|x| weights(filter, x, *width, to_width)).collect();
    let mut results = vec![];
    for y in 0..to_height {
        let rows = weights(filter, y, *height, to_height);
        let down: Vec<f64> = (0..width * channels)
            .map(|i| (0..*height).map(|y| rows[y] * values[y * width * channels + i]).sum())
            .collect();
        for column in &columns {
            let across = |c| (0..*width).map(|x| column[x] * down[x * channels + c]).sum::<f64>();
            results.extend((0..*channels).map(across));
        }
    }
    results
}

fn assert_resized(from: &Picture, to: &mut Picture, filter: Filter) {
    let name = format!(
        "{:?} {filter:?} {}x{} to {}x{}, steps {} and {}",
        from.encoding, from.width, from.height, to.width, to.height, from.step, to.step
    );
    resize(&from.raster(), &mut to.raster_mut(), filter).unwrap();
    let bound = match (filter, from.encoding.info().dtype) {
        (Filter::Nearest, _) => 0.0,
        (_, Dtype::Float32) => 1e-5,
        _ => 1.0,
    };
    for (from, (got, [width, height, _])) in from.planes().iter().zip(to.planes()) {
        let expected = reference(from, [width, height], filter);
        assert_eq!(got.len(), expected.len());
        for (index, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let expected = if bound == 1.0 { expected.round() } else { *expected };
            assert!((got - expected).abs() <= bound, "{name}: {got} for {expected} at {index}");
        }
    }
    to.assert_untouched_between_rows();
}

/// A size of at most this, even where the encoding has planes.
fn size(noise: &mut Noise, most: u32, encoding: Encoding) -> (u32, u32) {
    let multiple = u32::from(encoding.info().width_multiple);
    let mut side = || (1 + noise.below(most / multiple)) * multiple;
    (side(), side())
}

#[test]
fn every_filter_gives_the_weighted_average() {
    let mut noise = Noise(1);
    for encoding in ENCODINGS {
        for filter in FILTERS {
            for _ in 0..12 {
                let (before, after) =
                    (size(&mut noise, 70, encoding), size(&mut noise, 40, encoding));
                // An even step for planes; not always one of whole pixels, nor aligned ones.
                let mut padding = || 2 * noise.below(9);
                let (of_from, of_to) = (padding(), padding());
                let shift = noise.below(4) as usize;
                let from = Picture::noise(encoding, before, of_from, shift, &mut noise);
                let mut to = Picture::empty(encoding, after, of_to, shift / 2);
                assert_resized(&from, &mut to, filter);
            }
        }
    }
}

#[test]
fn odd_ratios_and_single_pixels() {
    let mut noise = Noise(2);
    let sizes = [
        ((1, 1), (1, 1)),
        ((1, 1), (7, 5)),
        ((7, 5), (1, 1)),
        ((101, 3), (33, 31)),
        ((3, 101), (31, 33)),
        ((64, 64), (63, 65)),
        ((60, 40), (20, 20)),
        ((20, 20), (60, 40)),
        ((20, 30), (20, 7)),
        ((20, 30), (7, 30)),
    ];
    for (before, after) in sizes {
        for encoding in ENCODINGS.into_iter().filter(|one| one.info().width_multiple == 1) {
            for filter in FILTERS {
                let from = Picture::noise(encoding, before, 5, 1, &mut noise);
                assert_resized(&from, &mut Picture::empty(encoding, after, 3, 3), filter);
            }
        }
    }
}

#[test]
fn rows_that_must_be_copied_are_resized_band_by_band() {
    let mut noise = Noise(3);
    // More than two bands, of 1 MiB each, that do not end together with the picture.
    let from = Picture::noise(Rgb8, (1500, 700), 1, 0, &mut noise);
    let mut padded = Picture::empty(Rgb8, (37, 301), 2, 0);
    resize(&from.raster(), &mut padded.raster_mut(), Filter::Bilinear).unwrap();
    let whole = Picture::noise(Rgb8, (1500, 700), 0, 0, &mut Noise(3));
    let packed: Vec<u8> = from.raster().rows().flatten().copied().collect();
    let mut target = Picture::empty(Rgb8, (37, 301), 0, 0);
    let at_once = Raster::new(1500, 700, whole.step, Rgb8, &packed).unwrap();
    resize(&at_once, &mut target.raster_mut(), Filter::Bilinear).unwrap();
    assert!(target.planes()[0].0 == padded.planes()[0].0);
    padded.assert_untouched_between_rows();
}

#[test]
fn a_long_sum_loses_nothing() {
    let mut noise = Noise(4);
    for encoding in [Mono16, Mono32f, Mono8] {
        let from = Picture::noise(encoding, (3000, 2), 0, 0, &mut noise);
        assert_resized(&from, &mut Picture::empty(encoding, (1, 1), 0, 0), Filter::Area);
        let from = Picture::noise(encoding, (2, 3000), 0, 0, &mut noise);
        assert_resized(&from, &mut Picture::empty(encoding, (1, 1), 0, 0), Filter::Area);
    }
}

#[test]
fn the_same_size_is_a_copy() {
    let mut noise = Noise(5);
    for encoding in ENCODINGS {
        for filter in FILTERS {
            let from = Picture::noise(encoding, (14, 6), 4, 1, &mut noise);
            let mut to = Picture::empty(encoding, (14, 6), 2, 0);
            resize(&from.raster(), &mut to.raster_mut(), filter).unwrap();
            assert!(from.planes() == to.planes(), "{encoding:?} {filter:?}");
            to.assert_untouched_between_rows();
        }
    }
}

#[test]
fn one_resizer_serves_pictures_of_all_kinds() {
    let mut noise = Noise(6);
    let mut resizer = Resizer::new();
    for _ in 0..60 {
        let encoding = ENCODINGS[noise.below(13) as usize];
        let filter = FILTERS[noise.below(3) as usize];
        let (before, after) = (size(&mut noise, 50, encoding), size(&mut noise, 50, encoding));
        let from = Picture::noise(encoding, before, 2, 1, &mut noise);
        let mut kept = Picture::empty(encoding, after, 6, 0);
        let mut new = Picture::empty(encoding, after, 6, 0);
        resizer.resize(&from.raster(), &mut kept.raster_mut(), filter).unwrap();
        Resizer::new().resize(&from.raster(), &mut new.raster_mut(), filter).unwrap();
        assert!(kept.planes() == new.planes(), "{encoding:?} {filter:?}");
    }
}

#[test]
fn alpha_is_a_channel_like_the_others() {
    // A transparent red beside an opaque blue: the colour of the transparent one counts.
    let pixels = [255, 0, 0, 0, 0, 0, 255, 255];
    let from = Raster::new(2, 1, 8, Rgba8, &pixels).unwrap();
    for filter in [Filter::Bilinear, Filter::Area] {
        let mut result = [0; 4];
        let mut to = RasterMut::new(1, 1, 4, Rgba8, &mut result).unwrap();
        resize(&from, &mut to, filter).unwrap();
        assert_eq!(result, [128, 0, 128, 128], "{filter:?}");
    }
}

#[test]
fn distances_are_picked_and_never_averaged() {
    let from = Picture::noise(Depth16, (31, 17), 2, 0, &mut Noise(7));
    let mut to = Picture::empty(Depth16, (13, 23), 2, 0);
    assert_resized(&from, &mut to, Filter::Nearest);
    for filter in [Filter::Bilinear, Filter::Area] {
        let error = resize(&from.raster(), &mut to.raster_mut(), filter).unwrap_err();
        assert_eq!(error, ResizeError::Depth { filter });
        assert!(error.to_string().contains("use nearest"), "{error}");
    }
    to.assert_untouched_between_rows();
}

#[test]
fn what_cannot_be_resized_says_why() {
    let mut noise = Noise(8);
    let possible = [&ENCODINGS[..], &[Depth16]].concat();
    for info in &framelane_layout::encoding::ENCODINGS {
        let encoding = info.encoding;
        if possible.contains(&encoding) {
            continue;
        }
        let from = Picture::noise(encoding, (8, 8), 0, 0, &mut noise);
        for filter in FILTERS {
            let mut to = Picture::empty(encoding, (4, 4), 0, 0);
            let error = resize(&from.raster(), &mut to.raster_mut(), filter).unwrap_err();
            assert_eq!(error, ResizeError::Unsupported { encoding });
            let name = info.name;
            let text = format!("{name} cannot be resized: its pixels have different colours");
            assert!(error.to_string().starts_with(&text), "{error}");
        }
    }
    let from = Picture::noise(Rgb8, (8, 8), 0, 0, &mut noise);
    let mut to = Picture::empty(Bgr8, (4, 4), 0, 0);
    let error = resize(&from.raster(), &mut to.raster_mut(), Filter::Area).unwrap_err();
    assert_eq!(error, ResizeError::Encodings { from: Rgb8, to: Bgr8 });
    assert!(error.to_string().ends_with("expected a target of rgb8, got bgr8"), "{error}");
}
