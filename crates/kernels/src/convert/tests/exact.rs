//! All values there are.

use super::reference::{rgb_of, yuv_of};
use super::*;

fn through(from: Encoding, to: Encoding, width: u32, bytes: &[u8], how: &Conversion) -> Vec<u8> {
    let row = from.row_bytes(width).unwrap() as usize;
    let height = u32::try_from(bytes.len() / row).unwrap();
    converted(&Picture::of(from, width, height, bytes), to, 0, how).unwrap()
}

fn all_16_bits() -> Vec<u8> {
    (0..=u16::MAX).flat_map(u16::to_ne_bytes).collect()
}

#[test]
fn all_16_bit_values_become_the_nearest_of_8_bits() {
    let got =
        through(Encoding::Mono16, Encoding::Mono8, 256, &all_16_bits(), &Conversion::default());
    for (value, &got) in (0..=u16::MAX).zip(&got) {
        assert_eq!(f64::from(got), (f64::from(value) / 257.0).round(), "{value}");
    }
    let back: Vec<u8> = (0..=255).collect();
    let back = through(Encoding::Mono8, Encoding::Mono16, 256, &back, &Conversion::default());
    let expected: Vec<u8> = (0..=255_u16).flat_map(|value| (value * 257).to_ne_bytes()).collect();
    assert_eq!(back, expected);
}

#[test]
fn floats_next_to_every_half_are_told_from_it() {
    let mut floats = vec![f32::NAN, -f32::NAN, f32::INFINITY, -f32::INFINITY, -0.0, 1e-40, -1e-3];
    floats.extend([f32::MAX, f32::MIN, 1.0, 1.000_001, f32::MIN_POSITIVE, 0.5]);
    for half in 0..=511_u16 {
        let value = f32::from(half) / 510.0;
        floats.extend([value.next_down().next_down(), value.next_down(), value]);
        floats.extend([value.next_up(), value.next_up().next_up()]);
    }
    let bytes: Vec<u8> = floats.iter().flat_map(|value| value.to_ne_bytes()).collect();
    let width = u32::try_from(floats.len()).unwrap();
    let got = through(Encoding::Mono32f, Encoding::Mono8, width, &bytes, &Conversion::default());
    for (value, got) in floats.into_iter().zip(got) {
        let exact = (f64::from(value).clamp(0.0, 1.0) * 255.0 + 0.5).floor();
        assert_eq!(f64::from(got), if value.is_nan() { 0.0 } else { exact }, "{value:e}");
    }
}

#[test]
fn all_floats_of_8_bits_come_back() {
    let all: Vec<u8> = (0..=255).collect();
    let how = Conversion::default();
    let floats = through(Encoding::Mono8, Encoding::Mono32f, 256, &all, &how);
    for (value, float) in (0..=255_u8).zip(floats.as_chunks().0) {
        assert_eq!(f32::from_ne_bytes(*float), f32::from(value) / 255.0);
    }
    assert_eq!(through(Encoding::Mono32f, Encoding::Mono8, 256, &floats, &how), all);
}

#[test]
fn all_distances_lie_on_a_line_between_the_ends() {
    let ranges = [None, Some((2110, 5017)), Some((1, 255)), Some((0, 65_535)), Some((700, 700))];
    for depth_range_mm in ranges {
        let how =
            Conversion { depth_range_mm, colour_map: ColourMap::Viridis, ..Default::default() };
        let grey = through(Encoding::Depth16, Encoding::Mono8, 256, &all_16_bits(), &how);
        let colours = through(Encoding::Depth16, Encoding::Rgb8, 256, &all_16_bits(), &how);
        let (near, far) = depth_range_mm.unwrap_or((1, u16::MAX));
        assert_eq!((grey[0], &colours[..3]), (0, &[0; 3][..]), "unknown is black");
        let (near, far) = (f64::from(near), f64::from(far));
        for value in 1..=u16::MAX {
            // Of 1, where it is in the middle of a single value.
            let part = if near == far { 0.5 } else { (f64::from(value) - near) / (far - near) };
            let part = part.clamp(0.0, 1.0);
            let at = usize::from(value);
            assert_eq!(f64::from(grey[at]), (1.5 + part * 254.0).floor(), "{value}");
            let [_, colour @ ..] = colours::table(ColourMap::Viridis)
                .unwrap()
                .get(usize::from(half_up(part * 255.0)))
                .unwrap()
                .to_be_bytes();
            assert_eq!(colours[at * 3..at * 3 + 3], colour, "{value}");
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn half_up(value: f64) -> u8 {
    (value + 0.5).floor() as u8
}

#[test]
fn a_picture_of_one_distance_is_in_the_middle() {
    let bytes = [0_u16, 900, 900, 0].map(u16::to_ne_bytes).concat();
    let how = Conversion { colour_map: ColourMap::Turbo, ..Conversion::default() };
    assert_eq!(through(Encoding::Depth16, Encoding::Mono8, 4, &bytes, &how), [0, 128, 128, 0]);
    let colours = through(Encoding::Depth16, Encoding::Rgb8, 4, &bytes, &how);
    assert_eq!(colours[..6], [0, 0, 0, 164, 252, 60]);
    // Nothing is known.
    assert_eq!(through(Encoding::Depth16, Encoding::Mono8, 4, &[0; 8], &how), [0; 4]);
}

#[test]
fn maps_have_the_colours_their_authors_gave_them() {
    let at = |map, at: usize| colours::table(map).unwrap()[at];
    let viridis = [0, 128, 255].map(|place| at(ColourMap::Viridis, place));
    assert_eq!(viridis, [0x44_01_54, 0x21_91_8c, 0xfd_e7_25]);
    let mut last = 30;
    for colour in colours::table(ColourMap::Viridis).unwrap() {
        let [_, r, g, b] = colour.to_be_bytes();
        let grey = crate::codec::luma(r, g, b);
        assert!(grey >= last && grey - last < 3, "{colour:06x} is no even step");
        last = grey;
    }
    let turbo = [0, 128, 255].map(|place| at(ColourMap::Turbo, place));
    assert_eq!(turbo, [0x30_12_3b, 0xa4_fc_3c, 0x7a_04_03]);
    for map in [ColourMap::Turbo, ColourMap::Viridis] {
        for two in colours::table(map).unwrap().windows(2) {
            let [a, b] = [two[0], two[1]].map(u32::to_be_bytes);
            let steps = a.into_iter().zip(b).map(|(a, b)| a.abs_diff(b));
            assert!(steps.max() < Some(10), "{:06x} and {:06x} are apart", two[0], two[1]);
        }
    }
}

#[test]
fn all_of_yuv_is_within_1_of_the_reference() {
    for yuv in all_yuv() {
        let how = Conversion { yuv, ..Conversion::default() };
        let (mut most, mut different) = (0, 0);
        for u in 0..=255_u8 {
            let pair = |v| (0..128_u8).flat_map(move |y| [y * 2, u, y * 2 + 1, v]);
            let bytes: Vec<u8> = (0..=255).flat_map(pair).collect();
            let mut to = Picture::filled(Encoding::Rgb8, 256, 256, 0, 0);
            let from = Picture::of(Encoding::Yuyv, 256, 256, &bytes);
            convert(&from.raster(), &mut to.raster_mut(), &how).unwrap();
            for (v, row) in (0..=255).zip(to.bytes.chunks_exact(256 * 3)) {
                for (y, got) in (0..=255).zip(row.as_chunks::<3>().0) {
                    let expected = rgb_of([y, u, v], yuv);
                    for (a, b) in got.iter().zip(expected) {
                        most = most.max(a.abs_diff(b));
                        different += u32::from(*a != b);
                    }
                }
            }
        }
        let share = f64::from(different) / f64::from(3 << 24);
        assert!(most <= 1 && share < 0.01, "{yuv:?}: off by {most}, {share}");
    }
}

#[test]
fn colours_become_yuv_within_1_of_the_reference() {
    for yuv in all_yuv() {
        let how = Conversion { yuv, ..Conversion::default() };
        let values = || (0..=255_u8).step_by(3);
        let colours: Vec<_> = values()
            .flat_map(|r| values().flat_map(move |g| values().map(move |b| [r, g, b])))
            .collect();
        let doubled: Vec<u8> = colours.iter().flat_map(|&colour| [colour; 2].concat()).collect();
        let got = through(Encoding::Rgb8, Encoding::Uyvy, 172, &doubled, &how);
        let expected: Vec<u8> = colours
            .iter()
            .flat_map(|&colour| {
                let [y, u, v] = yuv_of(&[colour], yuv);
                [u, y, v, y]
            })
            .collect();
        compare(&got, &expected, 1, &yuv);
    }
}

#[test]
fn all_of_y_becomes_grey_and_comes_back() {
    for yuv in all_yuv() {
        let how = Conversion { yuv, ..Conversion::default() };
        let bytes: Vec<u8> = (0..=255).flat_map(|y| [y, 17]).collect();
        let got = through(Encoding::Yuyv, Encoding::Mono8, 256, &bytes, &how);
        for (y, &got) in (0..=255_u8).zip(&got) {
            let exact = match yuv.range {
                YuvRange::Limited => (f64::from(y) - 16.0) * 255.0 / 219.0,
                YuvRange::Full => f64::from(y),
            };
            assert_eq!(got, half_up(exact.clamp(0.0, 255.0)), "{yuv:?} {y}");
        }
        let greys: Vec<u8> = (0..=255).collect();
        let there = through(Encoding::Mono8, Encoding::Yuyv, 256, &greys, &how);
        assert!(there.as_chunks::<2>().0.iter().all(|pair| pair[1] == 128), "grey has no colour");
        let back = through(Encoding::Yuyv, Encoding::Mono8, 256, &there, &how);
        assert!(back.iter().zip(&greys).all(|(a, b)| a.abs_diff(*b) <= 1), "{yuv:?}");
    }
}

#[test]
fn alpha_is_kept_where_both_have_it() {
    use Encoding::{Bgra8, Rgba8, Rgba16, Rgba32f};
    let bytes: Vec<u8> = (0..=255).flat_map(|value| [value, 9, !value, value ^ 0x55]).collect();
    for other in [Bgra8, Rgba16, Rgba32f] {
        let there = through(Rgba8, other, 16, &bytes, &Conversion::default());
        assert_eq!(through(other, Rgba8, 16, &there, &Conversion::default()), bytes, "{other:?}");
    }
}
