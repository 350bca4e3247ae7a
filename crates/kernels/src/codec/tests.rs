//! Real pictures through both codecs. What each file holds is known from elsewhere: another
//! decoder's pixels (`rocket.png` are those of `rocket.jpg`) or their CRC-32.

mod bad;
mod kinds;

use Encoding::{Bgr8, Bgra8, Depth16, Mono8, Mono16, Rgb8, Rgb16, Rgba8, Rgba16};

use super::*;

const ROCKET_JPG: &[u8] = include_bytes!("../../../../__test__/data/photos/rocket.jpg");
const ROCKET_PNG: &[u8] = include_bytes!("../../../../__test__/data/photos/rocket.png");
const CAMERA_PNG: &[u8] = include_bytes!("../../../../__test__/data/photos/camera.png");
const HORSE_PNG: &[u8] = include_bytes!("../../../../__test__/data/photos/horse-rgba.png");

/// Pixels with their size and encoding, rows packed.
struct Picture {
    width: u32,
    height: u32,
    encoding: Encoding,
    pixels: Vec<u8>,
}

impl Picture {
    fn raster(&self) -> Raster<'_> {
        let step = self.encoding.row_bytes(self.width).unwrap();
        Raster::new(self.width, self.height, step, self.encoding, &self.pixels).unwrap()
    }

    /// Noise, of which no byte follows from another.
    fn noise(width: u32, height: u32, encoding: Encoding, seed: u64) -> Self {
        let step = encoding.row_bytes(width).unwrap();
        let bytes = encoding.whole(width, height, step).unwrap();
        let mut random = Random(seed);
        let pixels = (0..bytes).map(|_| random.byte()).collect();
        Self { width, height, encoding, pixels }
    }
}

/// A generator of numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap() % end
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

const PADDING: u8 = 0xa5;

/// Decodes with `padding` bytes between the rows, and sees that they stay as they were.
fn decode_padded(file: &[u8], encoding: Encoding, padding: u32) -> Result<Picture, CodecError> {
    let PictureInfo { width, height, .. } = probe(file)?;
    let row = encoding.row_bytes(width).unwrap();
    let mut pixels = vec![PADDING; ((row + padding) * height) as usize];
    let target = RasterMut::new(width, height, row + padding, encoding, &mut pixels);
    decode_into(file, &mut target.unwrap())?;
    let rows = pixels.chunks_exact((row + padding) as usize);
    let (rows, paddings): (Vec<_>, Vec<_>) = rows.map(|all| all.split_at(row as usize)).unzip();
    assert!(paddings.concat().iter().all(|&byte| byte == PADDING), "padding was written");
    Ok(Picture { width, height, encoding, pixels: rows.concat() })
}

fn decode(file: &[u8], encoding: Encoding) -> Picture {
    decode_padded(file, encoding, 0).unwrap()
}

/// Encodes, also from padded rows, which must give the same file.
fn encode_both_ways(picture: &Picture, format: Format, quality: u8) -> Vec<u8> {
    let file = encode(&picture.raster(), format, quality).unwrap();
    let row = picture.raster().row_bytes();
    let padded: Vec<_> =
        picture.pixels.chunks_exact(row).map(|row| [row, &[PADDING; 13]].concat()).collect();
    let padded = padded.concat();
    let (width, height) = (picture.width, picture.height);
    let step = u32::try_from(row + 13).unwrap();
    let raster = Raster::new(width, height, step, picture.encoding, &padded).unwrap();
    assert!(encode(&raster, format, quality).unwrap() == file, "padding changes the file");
    file
}

/// Largest and mean difference of the bytes.
fn difference(a: &[u8], b: &[u8]) -> (u8, f64) {
    assert_eq!(a.len(), b.len());
    let all = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = all.clone().map(u64::from).sum();
    let mean = f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(a.len()).unwrap());
    (all.max().unwrap(), mean)
}

/// CRC-32 as in PNG and zip.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// The red, green, blue and alpha of every pixel.
fn rgba(picture: &Picture) -> Vec<[u8; 4]> {
    let size = usize::from(picture.encoding.info().bytes_per_pixel);
    let pixels = picture.pixels.chunks_exact(size);
    match picture.encoding {
        Rgb8 => pixels.map(|p| [p[0], p[1], p[2], 255]).collect(),
        Bgr8 => pixels.map(|p| [p[2], p[1], p[0], 255]).collect(),
        Rgba8 => pixels.map(|p| [p[0], p[1], p[2], p[3]]).collect(),
        Bgra8 => pixels.map(|p| [p[2], p[1], p[0], p[3]]).collect(),
        other => panic!("{other:?} has no colours"),
    }
}

/// The luma of BT.601, by floating point.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn greys(picture: &Picture) -> Vec<u8> {
    let luma = |r, g, b| 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    rgba(picture).into_iter().map(|[r, g, b, _]: [u8; 4]| luma(r, g, b).round() as u8).collect()
}

#[test]
fn the_header_tells_size_and_encoding() {
    let info = |width, height, encoding| PictureInfo { width, height, encoding };
    assert_eq!(probe(ROCKET_JPG), Ok(info(640, 427, Rgb8)));
    assert_eq!(probe(ROCKET_PNG), Ok(info(640, 427, Rgb8)));
    assert_eq!(probe(CAMERA_PNG), Ok(info(512, 512, Mono8)));
    assert_eq!(probe(HORSE_PNG), Ok(info(400, 328, Rgba8)));
    // The header is enough.
    assert_eq!(probe(&ROCKET_JPG[..785]), Ok(info(640, 427, Rgb8)));
}

#[test]
fn a_png_gives_exactly_its_pixels() {
    assert_eq!(crc(&decode(CAMERA_PNG, Mono8).pixels), 0x59c2_562e);
    assert_eq!(crc(&decode(HORSE_PNG, Rgba8).pixels), 0x627a_fbdf);
    assert_eq!(crc(&decode(ROCKET_PNG, Rgb8).pixels), 0x49cf_24ab);
}

#[test]
fn a_jpeg_gives_the_pixels_of_another_decoder() {
    let expected = decode(ROCKET_PNG, Rgb8);
    let (most, mean) = difference(&decode(ROCKET_JPG, Rgb8).pixels, &expected.pixels);
    assert!(most <= 3 && mean < 1.0, "max {most}, mean {mean}");
    let (most, mean) = difference(&decode(ROCKET_JPG, Mono8).pixels, &greys(&expected));
    // Farther where a colour was out of range: it was cut off before this luma was made of it.
    assert!(most <= 6 && mean < 0.1, "grey: max {most}, mean {mean}");
}

#[test]
fn every_order_of_channels_gives_the_same_colours() {
    for file in [ROCKET_JPG, ROCKET_PNG, HORSE_PNG, CAMERA_PNG] {
        let with_alpha = rgba(&decode(file, Rgba8));
        assert_eq!(rgba(&decode(file, Bgra8)), with_alpha);
        let opaque: Vec<_> = with_alpha.iter().map(|&[r, g, b, _]| [r, g, b, 255]).collect();
        assert_eq!(rgba(&decode(file, Rgb8)), opaque);
        assert_eq!(rgba(&decode(file, Bgr8)), opaque);
        let translucent = with_alpha.iter().filter(|pixel| pixel[3] != 255).count();
        assert_eq!(translucent > 0, file == HORSE_PNG, "{translucent} translucent pixels");
    }
}

#[test]
fn colours_become_grey_by_their_luma() {
    for file in [ROCKET_PNG, HORSE_PNG, CAMERA_PNG] {
        let expected = greys(&decode(file, Rgb8));
        let (most, mean) = difference(&decode(file, Mono8).pixels, &expected);
        assert!(most <= 1 && mean < 0.001, "max {most}, mean {mean}");
    }
}

#[test]
fn padded_targets_get_the_same_rows() {
    for file in [ROCKET_JPG, ROCKET_PNG, HORSE_PNG, CAMERA_PNG] {
        for encoding in [Mono8, Rgb8, Bgr8, Rgba8, Bgra8] {
            let padded = decode_padded(file, encoding, 7).unwrap();
            assert!(padded.pixels == decode(file, encoding).pixels, "{encoding:?}");
        }
    }
}

#[test]
fn png_loses_nothing() {
    for encoding in [Mono8, Mono16, Rgb8, Bgr8, Rgba8, Bgra8, Depth16, Rgb16, Rgba16] {
        let mut pictures = vec![
            Picture::noise(97, 31, encoding, 1),
            Picture::noise(1, 1, encoding, 2),
            Picture::noise(1, 50, encoding, 3),
        ];
        if !matches!(encoding, Mono16 | Depth16 | Rgb16 | Rgba16) {
            pictures.push(decode(ROCKET_PNG, encoding));
            pictures.push(decode(HORSE_PNG, encoding));
        }
        for picture in pictures {
            let file = encode_both_ways(&picture, Format::Png, 0);
            for padding in [0, 5] {
                let back = decode_padded(&file, encoding, padding).unwrap();
                assert!(back.pixels == picture.pixels, "{encoding:?}");
            }
        }
    }
}

#[test]
fn png_holds_red_first_and_high_bytes_first() {
    let picture = Picture { width: 1, height: 1, encoding: Bgra8, pixels: vec![10, 20, 30, 40] };
    let file = encode(&picture.raster(), Format::Png, 0).unwrap();
    assert_eq!(decode(&file, Rgba8).pixels, [30, 20, 10, 40]);

    let pixels = [0x1234_u16, 7].map(u16::to_ne_bytes).concat();
    let picture = Picture { width: 2, height: 1, encoding: Depth16, pixels };
    let file = encode(&picture.raster(), Format::Png, 0).unwrap();
    assert_eq!(probe(&file).unwrap().encoding, Mono16);
    let mut stored = [0; 4];
    let decoder = ::png::Decoder::new(std::io::Cursor::new(&file[..]));
    decoder.read_info().unwrap().next_frame(&mut stored).unwrap();
    assert_eq!(stored, [0x12, 0x34, 0, 7]);
    let back = decode(&file, Mono16);
    assert_eq!(back.pixels, picture.pixels);

    let pixels = [0x1234_u16, 7, 0xfedc].map(u16::to_ne_bytes).concat();
    let picture = Picture { width: 1, height: 1, encoding: Rgb16, pixels };
    let file = encode(&picture.raster(), Format::Png, 0).unwrap();
    let mut stored = [0; 6];
    let decoder = ::png::Decoder::new(std::io::Cursor::new(&file[..]));
    decoder.read_info().unwrap().next_frame(&mut stored).unwrap();
    assert_eq!(stored, [0x12, 0x34, 0, 7, 0xfe, 0xdc]);
}

#[test]
fn noise_does_not_grow_in_a_png() {
    for encoding in [Mono8, Mono16, Rgb8, Bgra8] {
        let noise = Picture::noise(200, 100, encoding, 9);
        let file = encode(&noise.raster(), Format::Png, 0).unwrap();
        assert!(file.len() < noise.pixels.len() + 500, "{} bytes", file.len());
    }
}

#[test]
fn jpeg_keeps_the_picture_nearly() {
    let original = decode(ROCKET_PNG, Rgb8);
    let mut sizes = vec![];
    for (quality, worst) in [(30, 5.0), (85, 3.0), (100, 0.7)] {
        let file = encode_both_ways(&original, Format::Jpeg, quality);
        let (_, mean) = difference(&decode(&file, Rgb8).pixels, &original.pixels);
        assert!(mean < worst, "quality {quality}: mean {mean}");
        sizes.push(file.len());
    }
    assert!(sizes.is_sorted() && sizes[0] * 5 < sizes[2], "{sizes:?}");

    let grey = decode(CAMERA_PNG, Mono8);
    let file = encode_both_ways(&grey, Format::Jpeg, 95);
    assert_eq!(probe(&file).unwrap().encoding, Mono8);
    let (_, mean) = difference(&decode(&file, Mono8).pixels, &grey.pixels);
    assert!(mean < 1.5, "grey: mean {mean}");
}

#[test]
fn the_order_of_channels_does_not_show_in_a_jpeg() {
    let file = |encoding| encode_both_ways(&decode(HORSE_PNG, encoding), Format::Jpeg, 90);
    let rgb = file(Rgb8);
    assert!(file(Bgr8) == rgb && file(Rgba8) == rgb && file(Bgra8) == rgb);
}
