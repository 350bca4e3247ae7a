//! Bad input: every error has its type, and nothing panics.

use framelane_layout::encoding::{ENCODINGS, EncodingInfo};

use super::*;

/// What becomes of `file` if `change` makes its header claim something else.
fn with_png_header(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut file = CAMERA_PNG.to_vec();
    change(&mut file[16..29]);
    let sum = crc(&file[12..29]);
    file[29..33].copy_from_slice(&sum.to_be_bytes());
    file
}

fn with_jpeg_size(width: u16, height: u16) -> Vec<u8> {
    let mut file = ROCKET_JPG.to_vec();
    let frame = file.windows(2).position(|two| matches!(two, [0xff, 0xc0..=0xc2])).unwrap();
    assert_eq!(file[frame + 5..frame + 9], [1, 171, 2, 128]);
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

/// Decodes into a target of the size the file claims; `None` where that is out of reach.
fn try_decode(file: &[u8], encoding: Encoding, before: u8) -> Option<Result<Vec<u8>, CodecError>> {
    let PictureInfo { width, height, .. } = match probe(file) {
        Ok(info) => info,
        Err(error) => return Some(Err(error)),
    };
    let step = encoding.row_bytes(width)?;
    let bytes = usize::try_from(u64::from(step) * u64::from(height)).ok()?;
    if bytes > 4_000_000 {
        return None;
    }
    let mut pixels = vec![before; bytes];
    let mut target = RasterMut::new(width, height, step, encoding, &mut pixels).unwrap();
    Some(decode_into(file, &mut target).map(|()| pixels))
}

#[test]
fn other_files_are_told_apart() {
    let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00";
    for bytes in [&b""[..], b"\xff", b"\xff\xd8", b"\x89PNG\r\n\x1a", gif, b"hello, world"] {
        assert_eq!(probe(bytes), Err(CodecError::NotAPicture));
        let mut pixels = [0; 3];
        let mut target = RasterMut::new(1, 1, 3, Rgb8, &mut pixels).unwrap();
        assert_eq!(decode_into(bytes, &mut target), Err(CodecError::NotAPicture));
    }
    let mut random = Random(5);
    for length in 0..500 {
        let bytes: Vec<u8> = (0..length).map(|_| random.byte()).collect();
        assert!(probe(&bytes).is_err());
    }
}

#[test]
fn parts_of_a_file_are_broken() {
    for file in [ROCKET_JPG, ROCKET_PNG, CAMERA_PNG, HORSE_PNG] {
        let natural = probe(file).unwrap().encoding;
        for percent in 0..100 {
            let part = &file[..file.len() * percent / 100];
            let decoded = try_decode(part, natural, 0).unwrap();
            assert!(decoded.is_err(), "{percent} % of {} bytes", file.len());
        }
        for missing in 1..9 {
            let decoded = try_decode(&file[..file.len() - missing], natural, 0).unwrap();
            assert!(matches!(decoded, Err(CodecError::Broken(_))), "without {missing} bytes");
        }
    }
}

#[test]
fn random_changes_do_no_harm() {
    let small = Picture::noise(40, 30, Rgb8, 6);
    let small_jpeg = encode(&small.raster(), Format::Jpeg, 70).unwrap();
    let small_png = encode(&small.raster(), Format::Png, 0).unwrap();
    let files = [ROCKET_JPG, HORSE_PNG, &small_jpeg, &small_png];
    let mut random = Random(7);
    let (mut good, mut bad) = (0, 0);
    for (file, rounds) in files.into_iter().zip([60, 60, 1500, 1500]) {
        for _ in 0..rounds {
            let mut file = file.to_vec();
            for _ in 0..=random.below(3) {
                // Half of the changes hit the header.
                let end = if random.below(2) == 0 { file.len().min(700) } else { file.len() };
                let at = random.below(end);
                file[at] = random.byte();
            }
            let encoding = [Rgb8, Mono8, Bgra8][random.below(3)];
            let Some(decoded) = try_decode(&file, encoding, 0) else { continue };
            let again = try_decode(&file, encoding, 255).unwrap();
            match (decoded, again) {
                (Ok(pixels), Ok(again)) => {
                    assert!(pixels == again, "a part of the target was left as it was");
                    good += 1;
                }
                (Err(error), Err(again)) => {
                    assert_eq!(error, again);
                    bad += 1;
                }
                (decoded, again) => panic!("{:?}, then {:?}", decoded.err(), again.err()),
            }
        }
    }
    assert!(good > 100 && bad > 100, "{good} decoded, {bad} refused");
}

#[test]
fn a_panic_in_a_decoder_is_an_error() {
    let error = contained::<()>(|| panic!("as decoders do on some files")).unwrap_err();
    assert!(matches!(error, CodecError::Broken(_)));
}

#[test]
fn a_second_scan_is_not_taken_for_the_end() {
    // Start of scan in the middle of the only one: the decoder would stop and say nothing.
    let mut file = ROCKET_JPG.to_vec();
    let scan = file.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let header = file[scan..scan + 14].to_vec();
    let middle = file.len() / 2;
    file.splice(middle..middle, header);
    let decoded = try_decode(&file, Rgb8, 0).unwrap();
    assert_eq!(decoded, Err(CodecError::Broken("it goes on behind its only scan".into())));
}

#[test]
fn data_that_is_no_code_is_broken() {
    // Nothing but ones is no code of any table; the decoder can paint over it and go on.
    let mut file = ROCKET_JPG.to_vec();
    let middle = file.len() / 2;
    file.splice(middle..middle + 200, [0xff, 0].repeat(100));
    let decoded = try_decode(&file, Rgb8, 0).unwrap();
    assert!(matches!(decoded, Err(CodecError::Broken(_))));
}

#[test]
fn a_header_that_can_be_read_in_two_ways_is_broken() {
    // A marker that has no content, by the standard, and that some skip content of. In that
    // content stands a frame of one row more, which the decoder would not write.
    let start = ROCKET_JPG.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    let mut frame = ROCKET_JPG[start..start + 19].to_vec();
    frame[6] += 1;
    let file = [&[0xff, 0xd8, 0xff, 0x01, 0, 21], &frame[..], &ROCKET_JPG[2..]].concat();
    assert_eq!(probe(&file).unwrap().height, 428);
    let decoded = try_decode(&file, Rgb8, 0).unwrap();
    assert!(matches!(decoded, Err(CodecError::Broken(_))));
}

#[test]
fn sizes_of_nothing_are_broken() {
    for file in [
        with_jpeg_size(0, 427),
        with_jpeg_size(640, 0),
        with_png_header(|header| header[..4].fill(0)),
        with_png_header(|header| header[4..8].fill(0)),
    ] {
        let error = probe(&file).unwrap_err();
        assert!(matches!(error, CodecError::Broken(_)), "{error}");
    }
}

#[test]
fn the_target_must_have_the_size_of_the_picture() {
    let mut pixels = vec![0; 640 * 428 * 3];
    for file in [ROCKET_JPG, ROCKET_PNG] {
        for got in [(640, 428), (639, 427), (427, 640), (1, 1)] {
            let mut target = RasterMut::new(got.0, got.1, got.0 * 3, Rgb8, &mut pixels).unwrap();
            let error = decode_into(file, &mut target).unwrap_err();
            assert_eq!(error, CodecError::Size { expected: (640, 427), got });
        }
    }
    let text = CodecError::Size { expected: (640, 427), got: (1, 2) }.to_string();
    assert!(text.contains("640x427") && text.contains("1x2"), "{text}");
}

#[test]
fn targets_that_pixels_cannot_become_are_refused() {
    let grey16 = Picture::noise(4, 2, Mono16, 1);
    let grey16 = encode(&grey16.raster(), Format::Png, 0).unwrap();
    let colours16 = Picture::noise(4, 2, Rgb16, 1);
    let colours16 = encode(&colours16.raster(), Format::Png, 0).unwrap();
    let files = [
        (ROCKET_JPG, 640_u32, 427_u32),
        (CAMERA_PNG, 512, 512),
        (&grey16, 4, 2),
        (&colours16, 4, 2),
    ];
    for (file, width, height) in files {
        let (grey_and_wide, colours_and_wide) = (file == grey16, file == colours16);
        let wide = grey_and_wide || colours_and_wide;
        let mut pixels = vec![0; width as usize * height as usize * 16];
        // What has chroma apart has even sizes only.
        let fits = |info: &EncodingInfo| height.is_multiple_of(info.height_multiple().into());
        for info in ENCODINGS.iter().filter(|info| fits(info)) {
            let encoding = info.encoding;
            let step = encoding.row_bytes(width).unwrap();
            let mut target = RasterMut::new(width, height, step, encoding, &mut pixels).unwrap();
            let possible = match encoding {
                Mono8 | Rgb8 | Bgr8 | Rgba8 | Bgra8 => !wide,
                Mono16 | Depth16 => grey_and_wide,
                Rgb16 | Rgba16 => wide,
                _ => false,
            };
            match decode_into(file, &mut target) {
                Ok(()) => assert!(possible, "{encoding:?}"),
                Err(error) => {
                    assert!(!possible, "{encoding:?}: {error}");
                    let alternative = if wide { "rgba16" } else { "rgb8" };
                    assert!(error.to_string().contains(info.name), "{error}");
                    assert!(error.to_string().contains(alternative), "{error}");
                }
            }
        }
    }
}

#[test]
fn what_a_format_has_not_is_refused() {
    let encode = |encoding, format, quality| {
        encode(&Picture::noise(2, 2, encoding, 1).raster(), format, quality)
    };
    for info in ENCODINGS {
        let both = matches!(info.encoding, Mono8 | Rgb8 | Bgr8 | Rgba8 | Bgra8);
        let png = both || matches!(info.encoding, Mono16 | Depth16 | Rgb16 | Rgba16);
        for (format, possible) in [(Format::Jpeg, both), (Format::Png, png)] {
            let encoded = encode(info.encoding, format, 85);
            assert_eq!(encoded.is_ok(), possible, "{format:?} {}", info.name);
            if let Err(error) = encoded {
                let text = error.to_string();
                assert!(text.contains(info.name) && text.contains("bgra8"), "{text}");
            }
        }
    }
    for quality in [0, 101, 255] {
        let error = encode(Rgb8, Format::Jpeg, quality).unwrap_err();
        assert!(error.to_string().contains("1 to 100"), "{error}");
        // PNG has no quality.
        assert!(encode(Rgb8, Format::Png, quality).is_ok());
    }
    let long = Picture::noise(65_536, 1, Mono8, 1);
    let error = super::encode(&long.raster(), Format::Jpeg, 85).unwrap_err();
    assert!(error.to_string().contains("65536x1"), "{error}");
    assert!(super::encode(&long.raster(), Format::Png, 85).is_ok());
}
