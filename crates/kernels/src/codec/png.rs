//! PNG, by the crate `png`.

use std::borrow::Cow;
use std::io::Cursor;

use framelane_layout::Encoding;
use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter, Reader, Transformations};

use super::pixels::{Channels, Order, fill, gather, reorder, swap_wide, swap_wide_in_place};
use super::{CodecError, PictureInfo, check_size, unsupported};
use crate::raster::{Raster, RasterMut};

const POSSIBLE_8: &str = "mono8, rgb8, bgr8, rgba8, bgra8";
const POSSIBLE_16: &str = "mono16, depth16";
const POSSIBLE: &str = "mono8, mono16, depth16, rgb8, bgr8, rgba8, bgra8";

type PngReader<'a> = Reader<Cursor<&'a [u8]>>;

impl From<png::DecodingError> for CodecError {
    fn from(error: png::DecodingError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<png::EncodingError> for CodecError {
    fn from(error: png::EncodingError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// What the decoder yields for each pixel.
enum Decoded {
    Narrow(Channels),
    /// Grey, 16 bits, the high byte first.
    Wide,
}

/// A decoder that has read everything before the pixels. It reserves a few rows, and refuses
/// those of more than its limit of 64 MiB.
fn open(bytes: &[u8]) -> Result<PngReader<'_>, CodecError> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    // Palettes and grey of less than 8 bits become 8 bits, a transparent colour alpha.
    decoder.set_transformations(Transformations::EXPAND);
    Ok(decoder.read_info()?)
}

fn decoded(reader: &PngReader<'_>) -> Result<Decoded, CodecError> {
    match reader.output_color_type() {
        (ColorType::Grayscale, BitDepth::Sixteen) => Ok(Decoded::Wide),
        (colours, BitDepth::Sixteen) => Err(CodecError::Unsupported {
            what: format!("decoding a PNG of 16-bit {colours:?}"),
            possible: "8 bits a channel, or 16 bits grey without alpha",
        }),
        (ColorType::Grayscale, _) => Ok(Decoded::Narrow(Channels::Grey)),
        (ColorType::GrayscaleAlpha, _) => Ok(Decoded::Narrow(Channels::GreyAlpha)),
        (ColorType::Rgb | ColorType::Indexed, _) => Ok(Decoded::Narrow(Channels::Rgb)),
        (ColorType::Rgba, _) => Ok(Decoded::Narrow(Channels::Rgba)),
    }
}

pub(super) fn probe(bytes: &[u8]) -> Result<PictureInfo, CodecError> {
    let reader = open(bytes)?;
    let (width, height) = reader.info().size();
    let encoding = match decoded(&reader)? {
        Decoded::Narrow(Channels::Grey) => Encoding::Mono8,
        Decoded::Narrow(Channels::Rgb) => Encoding::Rgb8,
        Decoded::Narrow(Channels::GreyAlpha | Channels::Rgba) => Encoding::Rgba8,
        Decoded::Wide => Encoding::Mono16,
    };
    Ok(PictureInfo { width, height, encoding })
}

pub(super) fn decode(bytes: &[u8], target: &mut RasterMut<'_>) -> Result<(), CodecError> {
    let mut reader = open(bytes)?;
    check_size(reader.info().size(), target)?;
    let encoding = target.encoding();
    match (decoded(&reader)?, Order::of(encoding)) {
        (Decoded::Narrow(channels), Some(order)) => {
            if channels.are(order)
                && let Some(pixels) = target.packed_mut()
            {
                return read(&mut reader, pixels);
            }
            let all = read_all(&mut reader)?;
            fill(target, &all, |from, to| reorder(from, channels, to, order));
        }
        (Decoded::Wide, _) if matches!(encoding, Encoding::Mono16 | Encoding::Depth16) => {
            if let Some(pixels) = target.packed_mut() {
                read(&mut reader, pixels)?;
                swap_wide_in_place(pixels);
                return Ok(());
            }
            fill(target, &read_all(&mut reader)?, swap_wide);
        }
        (Decoded::Narrow(_), None) => {
            return Err(unsupported("decoding a PNG of 8 bits to", encoding, POSSIBLE_8));
        }
        (Decoded::Wide, _) => {
            return Err(unsupported("decoding a PNG of 16 bits to", encoding, POSSIBLE_16));
        }
    }
    Ok(())
}

/// Reads the picture, the first of an animation, and everything behind it: the check sums
/// and the end mark tell a whole file from a part of one.
fn read(reader: &mut PngReader<'_>, pixels: &mut [u8]) -> Result<(), CodecError> {
    reader.next_frame(pixels)?;
    Ok(reader.finish()?)
}

fn read_all(reader: &mut PngReader<'_>) -> Result<Vec<u8>, CodecError> {
    let bytes = reader.output_buffer_size();
    let bytes = bytes.ok_or_else(|| CodecError::Broken("it exceeds the address space".into()))?;
    let mut all = vec![0; bytes];
    read(reader, &mut all)?;
    Ok(all)
}

pub(super) fn encode(picture: &Raster<'_>) -> Result<Vec<u8>, CodecError> {
    use Encoding::{Bgr8, Bgra8, Depth16, Mono8, Mono16, Rgb8, Rgba8};
    let colours = match picture.encoding() {
        Mono8 | Mono16 | Depth16 => ColorType::Grayscale,
        Rgb8 | Bgr8 => ColorType::Rgb,
        Rgba8 | Bgra8 => ColorType::Rgba,
        other => return Err(unsupported("encoding a PNG from", other, POSSIBLE)),
    };
    let mut depth = BitDepth::Eight;
    let pixels = match (picture.encoding(), picture.packed()) {
        (Mono16 | Depth16, _) => {
            depth = BitDepth::Sixteen;
            Cow::Owned(gather(picture, swap_wide))
        }
        // The way from BGR to RGB is that from RGB to BGR.
        (Bgr8, _) => {
            Cow::Owned(gather(picture, |from, to| reorder(from, Channels::Rgb, to, Order::Bgr)))
        }
        (Bgra8, _) => {
            Cow::Owned(gather(picture, |from, to| reorder(from, Channels::Rgba, to, Order::Bgra)))
        }
        (_, Some(pixels)) => Cow::Borrowed(pixels),
        (_, None) => Cow::Owned(gather(picture, |from, to| to.copy_from_slice(from))),
    };
    write(picture, colours, depth, &pixels)
}

fn write(
    picture: &Raster<'_>,
    colours: ColorType,
    depth: BitDepth,
    pixels: &[u8],
) -> Result<Vec<u8>, CodecError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, picture.width(), picture.height());
    encoder.set_color(colours);
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Fastest);
    // Takes a little longer than `Up` and saves an eighth of the file; choosing a filter for
    // every row saves nothing more.
    encoder.set_filter(Filter::Paeth);
    // All rows at once, even where they had to be gathered: row by row takes longer, and has
    // no way back where compression makes noise larger.
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
