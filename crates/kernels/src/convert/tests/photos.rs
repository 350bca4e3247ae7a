//! Real pictures.

use super::reference::expected;
use super::*;
use crate::codec::decode_into;

const FRAMES: &[u8] = include_bytes!("../../../../../__test__/data/clip/frames-640x360.yuyv");
const FRAME_0: &[u8] = include_bytes!("../../../../../__test__/data/clip/frame0-640x360-rgb.png");
const FRAME_1: &[u8] = include_bytes!("../../../../../__test__/data/clip/frame1-640x360-rgb.png");
const ROCKET: &[u8] = include_bytes!("../../../../../__test__/data/photos/rocket.png");

fn decoded(file: &[u8], width: u32, height: u32) -> Picture {
    let mut picture = Picture::filled(Encoding::Rgb8, width, height, 0, 0);
    decode_into(file, &mut picture.raster_mut()).unwrap();
    picture
}

#[test]
fn frames_of_a_camera_become_the_colours_of_the_reference() {
    let (frames, _) = FRAMES.as_chunks::<460_800>();
    for (frame, file) in frames.iter().zip([FRAME_0, FRAME_1]) {
        let reference = decoded(file, 640, 360);
        for encoding in [Encoding::Yuyv, Encoding::Yuv422] {
            let from = Picture::of(encoding, 640, 360, frame);
            let got = converted(&from, Encoding::Rgb8, 3, &Conversion::default()).unwrap();
            compare(&got, &reference.bytes, 1, &encoding);
        }
    }
}

#[test]
fn demosaiced_photographs_are_what_they_were_nearly() {
    let photo = decoded(ROCKET, 640, 427);
    for info in ENCODINGS.iter().filter(|info| info.name.starts_with("bayer")) {
        let how = Conversion::default();
        let mosaic = converted(&photo, info.encoding, 0, &how).unwrap();
        let mosaic = Picture::of(info.encoding, 640, 427, &mosaic);
        let got = converted(&mosaic, Encoding::Rgb8, 0, &how).unwrap();
        assert!(got == expected(&mosaic, Encoding::Rgb8, &how), "{}", info.name);
        let sum: u64 = got.iter().zip(&photo.bytes).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let count = u64::try_from(got.len()).unwrap();
        // Each line of the rigging is narrower than the mosaic.
        assert!(sum < count * 3, "{}: {sum} of {count} on average", info.name);
    }
}

#[test]
fn a_mosaic_of_one_colour_has_no_seams() {
    let grey = Picture::filled(Encoding::Mono8, 9, 7, 0, 77);
    for info in ENCODINGS.iter().filter(|info| info.name.starts_with("bayer")) {
        let how = Conversion::default();
        let mosaic = converted(&grey, info.encoding, 0, &how).unwrap();
        let mosaic = Picture::of(info.encoding, 9, 7, &mosaic);
        let got = converted(&mosaic, Encoding::Rgb8, 0, &how).unwrap();
        assert!(got.iter().all(|&value| value == 77), "{}", info.name);
    }
}
