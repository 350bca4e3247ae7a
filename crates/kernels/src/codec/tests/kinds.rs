//! The kinds of JPEG and PNG that the photographs are not.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::*;

/// A PNG that is made here, not by [`encode`].
fn png(
    colours: ::png::ColorType,
    depth: ::png::BitDepth,
    rows: &[u8],
    (width, height): (u32, u32),
    set: impl FnOnce(&mut ::png::Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, width, height);
    encoder.set_color(colours);
    encoder.set_depth(depth);
    set(&mut encoder);
    encoder.write_header().unwrap().write_image_data(rows).unwrap();
    file
}

#[test]
fn palettes_and_few_bits_become_8_bits() {
    use ::png::{BitDepth, ColorType};
    const PALETTE: &[u8] = &[1, 2, 3, 40, 50, 60];
    // Two pixels to the row, one bit each: entries 1 and 0, then 0 and 1.
    let rows = [0b1000_0000, 0b0100_0000];
    let file = png(ColorType::Indexed, BitDepth::One, &rows, (2, 2), |encoder| {
        encoder.set_palette(PALETTE);
    });
    assert_eq!(probe(&file).unwrap().encoding, Rgb8);
    assert_eq!(decode(&file, Bgr8).pixels, [60, 50, 40, 3, 2, 1, 3, 2, 1, 60, 50, 40]);

    let file = png(ColorType::Indexed, BitDepth::One, &rows, (2, 2), |encoder| {
        encoder.set_palette(PALETTE);
        encoder.set_trns(&[77][..]);
    });
    assert_eq!(probe(&file).unwrap().encoding, Rgba8);
    assert_eq!(decode(&file, Rgba8).pixels[..8], [40, 50, 60, 255, 1, 2, 3, 77]);

    let file = png(ColorType::Grayscale, BitDepth::Four, &[0x0f, 0x81], (2, 2), |_| {});
    assert_eq!(probe(&file).unwrap().encoding, Mono8);
    assert_eq!(decode(&file, Mono8).pixels, [0, 255, 136, 17]);
    assert_eq!(decode(&file, Rgb8).pixels[6..], [136, 136, 136, 17, 17, 17]);
}

#[test]
fn grey_with_alpha_becomes_colour_with_alpha() {
    use ::png::{BitDepth, ColorType};
    let rows = [9, 100, 200, 0];
    let file = png(ColorType::GrayscaleAlpha, BitDepth::Eight, &rows, (2, 1), |_| {});
    assert_eq!(probe(&file).unwrap().encoding, Rgba8);
    assert_eq!(decode(&file, Rgba8).pixels, [9, 9, 9, 100, 200, 200, 200, 0]);
    assert_eq!(decode(&file, Mono8).pixels, [9, 200]);
}

#[test]
fn wide_colours_become_16_bits() {
    use ::png::{BitDepth, ColorType};
    let wide = |values: &[u16]| values.iter().flat_map(|value| value.to_be_bytes()).collect();
    let cases: [(ColorType, Encoding, &[u16], [u16; 4]); 4] = [
        (ColorType::Grayscale, Mono16, &[0x0102], [0x0102, 0x0102, 0x0102, 65_535]),
        (ColorType::GrayscaleAlpha, Rgba16, &[0x0102, 9], [0x0102, 0x0102, 0x0102, 9]),
        (ColorType::Rgb, Rgb16, &[0x0102, 3, 0xff00], [0x0102, 3, 0xff00, 65_535]),
        (ColorType::Rgba, Rgba16, &[0x0102, 3, 0xff00, 5], [0x0102, 3, 0xff00, 5]),
    ];
    for (colours, natural, values, expected) in cases {
        // Two rows of two pixels, all the same.
        let rows: Vec<u8> = wide(&values.repeat(4));
        let file = png(colours, BitDepth::Sixteen, &rows, (2, 2), |_| {});
        assert_eq!(probe(&file).unwrap().encoding, natural);
        for (encoding, channels) in [(Rgb16, 3), (Rgba16, 4)] {
            let pixel: Vec<u8> =
                expected[..channels].iter().flat_map(|v| v.to_ne_bytes()).collect();
            for padding in [0, 6] {
                let pixels = decode_padded(&file, encoding, padding).unwrap().pixels;
                assert_eq!(pixels, pixel.repeat(4), "{colours:?} {encoding:?}");
            }
        }
    }
}

/// 5x5, grey, in the seven passes of Adam7; the pixel at x, y is 16 y + 3 x + 1.
const INTERLACED: [u8; 101] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x05, 0x08, 0x00, 0x00, 0x00, 0x01, 0xdf, 0x03, 0x49,
    0xaf, 0x00, 0x00, 0x00, 0x2c, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x60, 0x64, 0xe0, 0x65,
    0x70, 0xf4, 0x65, 0x60, 0x67, 0x70, 0x67, 0x50, 0x54, 0xd7, 0x65, 0x60, 0xe1, 0x62, 0x50, 0xd1,
    0x62, 0x70, 0xf1, 0x62, 0x10, 0x14, 0x11, 0x97, 0x92, 0x65, 0x30, 0x34, 0x31, 0xb7, 0xb2, 0x05,
    0x00, 0x39, 0xde, 0x03, 0xd0, 0xad, 0x09, 0x2f, 0x97, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

#[test]
fn interlaced_pictures_come_out_whole() {
    let expected: Vec<u8> = (0..25).map(|at| at / 5 * 16 + at % 5 * 3 + 1).collect();
    assert_eq!(decode(&INTERLACED, Mono8).pixels, expected);
    assert_eq!(decode_padded(&INTERLACED, Mono8, 3).unwrap().pixels, expected);
    let red = |pixel: &[u8]| pixel[0];
    let pixels = decode(&INTERLACED, Rgb8).pixels;
    assert_eq!(pixels.chunks_exact(3).map(red).collect::<Vec<_>>(), expected);
}

#[test]
fn of_an_animation_the_first_picture_is_decoded() {
    for (width, whole) in [(2, true), (1, false)] {
        let mut file = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(::png::ColorType::Grayscale);
        encoder.set_animated(2, 0).unwrap();
        let mut writer = encoder.write_header().unwrap();
        // By the standard the first picture fills the whole.
        writer.set_frame_dimension(width, 1).unwrap();
        writer.write_image_data(&[5, 6][..width as usize]).unwrap();
        writer.write_image_data(&[7, 8][..width as usize]).unwrap();
        writer.finish().unwrap();
        let decoded = decode_padded(&file, Mono8, 0);
        match decoded {
            Ok(picture) => assert!(whole && picture.pixels == [5, 6]),
            Err(error) => assert!(!whole && matches!(error, CodecError::Broken(_)), "{error}"),
        }
    }
}

/// `rocket.png` as a JPEG that is made here, not by [`encode`].
fn jpeg(
    sampling: SamplingFactor,
    set: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
) -> (Picture, Vec<u8>) {
    let picture = decode(ROCKET_PNG, Rgb8);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 95);
    encoder.set_sampling_factor(sampling);
    set(&mut encoder);
    let (width, height) = (picture.width.try_into().unwrap(), picture.height.try_into().unwrap());
    encoder.encode(&picture.pixels, width, height, ColorType::Rgb).unwrap();
    (picture, file)
}

#[test]
fn every_sampling_of_colours_is_decoded() {
    use SamplingFactor as S;
    for sampling in [S::R_4_4_4, S::R_4_2_2, S::R_4_4_0, S::R_4_2_0] {
        for (progressive, restart_interval) in [(false, 0), (false, 5), (true, 0)] {
            let (original, file) = jpeg(sampling, |encoder| {
                encoder.set_progressive(progressive);
                encoder.set_restart_interval(restart_interval);
            });
            let (_, mean) = difference(&decode(&file, Rgb8).pixels, &original.pixels);
            assert!(mean < 3.0, "{sampling:?} {progressive}: mean {mean}");
            let (_, mean) = difference(&decode(&file, Mono8).pixels, &greys(&original));
            assert!(mean < 1.0, "{sampling:?} {progressive}: grey: mean {mean}");
            assert!(rgba(&decode(&file, Bgra8)) == rgba(&decode(&file, Rgb8)));
        }
    }
}

#[test]
fn what_would_be_decoded_wrongly_is_refused() {
    // The encoder writes one scan for each component when it optimises its tables.
    let (_, file) =
        jpeg(SamplingFactor::R_4_2_0, |encoder| encoder.set_optimized_huffman_tables(true));
    let error = decode_padded(&file, Rgb8, 0).err().unwrap();
    assert!(error.to_string().contains("baseline JPEG of several scans"), "{error}");

    // The first component's sampling, made coarser than the others'.
    let (_, mut file) = jpeg(SamplingFactor::R_4_4_4, |_| {});
    let frame = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    assert_eq!(file[frame + 11..frame + 18], [0x11, 0, 1, 0x11, 1, 2, 0x11]);
    file[frame + 14] = 0x22;
    let error = probe(&file).unwrap_err();
    assert!(error.to_string().contains("sampling"), "{error}");

    for (at, value, word) in [(4, 12, "12 bits a channel"), (1, 0xc3, "lossless")] {
        let (_, mut file) = jpeg(SamplingFactor::R_4_4_4, |_| {});
        file[frame + at] = value;
        let error = probe(&file).unwrap_err();
        assert!(matches!(error, CodecError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn the_colours_of_print_are_decoded() {
    let cases = [
        ([0, 0, 0, 0], [255, 255, 255]),
        ([0, 0, 255, 0], [255, 255, 0]),
        ([0, 0, 0, 255], [0; 3]),
    ];
    for (inks, expected) in cases {
        let mut file = Vec::new();
        let encoder = Encoder::new(&mut file, 100);
        encoder.encode(&inks.repeat(10 * 10), 10, 10, ColorType::Cmyk).unwrap();
        let picture = decode(&file, Rgb8);
        assert!(difference(&picture.pixels, &expected.repeat(10 * 10)).0 <= 2, "{inks:?}");
        assert!(rgba(&decode(&file, Bgra8)) == rgba(&picture));
        let grey = greys(&picture);
        assert!(difference(&decode(&file, Mono8).pixels, &grey).0 <= 1);
    }
}

#[test]
fn grey_jpegs_become_colour() {
    let file = encode(&decode(CAMERA_PNG, Mono8).raster(), Format::Jpeg, 90).unwrap();
    let grey = decode(&file, Mono8).pixels;
    for encoding in [Rgb8, Bgr8, Rgba8, Bgra8] {
        let expected: Vec<_> = grey.iter().map(|&g| [g, g, g, 255]).collect();
        assert!(rgba(&decode(&file, encoding)) == expected, "{encoding:?}");
    }
}

#[test]
fn one_picture_is_decoded_of_a_file_of_many() {
    let many = [ROCKET_JPG, ROCKET_JPG].concat();
    assert!(decode(&many, Rgb8).pixels == decode(ROCKET_JPG, Rgb8).pixels);
    // What stands behind the end, as cameras leave it, does no harm.
    let padded = [ROCKET_JPG, &[0; 99]].concat();
    assert!(decode(&padded, Rgb8).pixels == decode(ROCKET_JPG, Rgb8).pixels);
}
