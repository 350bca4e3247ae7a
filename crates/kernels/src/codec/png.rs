//! PNG, by the crate `png`.

use std::borrow::Cow;
use std::io::Cursor;

use framelane_layout::Encoding;
use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter, Reader, Transformations};

use super::pixels::{
    Channels, Order, fill, gather, reorder, reorder_wide, swap_wide, swap_wide_in_place,
};
use super::{CodecError, PictureInfo, check_size, unsupported};
use crate::raster::{Raster, RasterMut};

const POSSIBLE_8: &str = "mono8, rgb8, bgr8, rgba8, bgra8";
const POSSIBLE_16: &str = "mono16, depth16, rgb16, rgba16";
const POSSIBLE_COLOURS_16: &str = "rgb16, rgba16";
const POSSIBLE: &str = "mono8, mono16, depth16, rgb8, bgr8, rgba8, bgra8, rgb16, rgba16";

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
    /// 8 bits a channel.
    Narrow(Channels),
    /// 16 bits a channel, the high byte first.
    Wide(Channels),
}

/// A decoder that has read everything before the pixels. It reserves a few rows, and refuses
/// those of more than its limit of 64 MiB.
fn open(bytes: &[u8]) -> Result<PngReader<'_>, CodecError> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    // Palettes and grey of less than 8 bits become 8 bits, a transparent colour alpha.
    decoder.set_transformations(Transformations::EXPAND);
    Ok(decoder.read_info()?)
}

fn decoded(reader: &PngReader<'_>) -> Decoded {
    let (colours, depth) = reader.output_color_type();
    let channels = match colours {
        ColorType::Grayscale => Channels::Grey,
        ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        ColorType::Rgb | ColorType::Indexed => Channels::Rgb,
        ColorType::Rgba => Channels::Rgba,
    };
    if depth == BitDepth::Sixteen { Decoded::Wide(channels) } else { Decoded::Narrow(channels) }
}

pub(super) fn probe(bytes: &[u8]) -> Result<PictureInfo, CodecError> {
    let reader = open(bytes)?;
    let (width, height) = reader.info().size();
    let encoding = match decoded(&reader) {
        Decoded::Narrow(Channels::Grey) => Encoding::Mono8,
        Decoded::Narrow(Channels::Rgb) => Encoding::Rgb8,
        Decoded::Narrow(Channels::GreyAlpha | Channels::Rgba) => Encoding::Rgba8,
        Decoded::Wide(Channels::Grey) => Encoding::Mono16,
        Decoded::Wide(Channels::Rgb) => Encoding::Rgb16,
        Decoded::Wide(Channels::GreyAlpha | Channels::Rgba) => Encoding::Rgba16,
    };
    Ok(PictureInfo { width, height, encoding })
}

pub(super) fn decode(bytes: &[u8], target: &mut RasterMut<'_>) -> Result<(), CodecError> {
    let mut reader = open(bytes)?;
    check_size(reader.info().size(), target)?;
    let encoding = target.encoding();
    match (decoded(&reader), Order::of(encoding)) {
        (Decoded::Narrow(channels), Some(order)) => {
            if channels.are(order)
                && let Some(pixels) = target.packed_mut()
            {
                return read(&mut reader, pixels);
            }
            let all = read_all(&mut reader)?;
            fill(target, &all, |from, to| reorder(from, channels, to, order));
            Ok(())
        }
        (Decoded::Narrow(_), None) => {
            Err(unsupported("decoding a PNG of 8 bits to", encoding, POSSIBLE_8))
        }
        (Decoded::Wide(channels), _) => decode_wide(&mut reader, channels, target),
    }
}

fn decode_wide(
    reader: &mut PngReader<'_>,
    channels: Channels,
    target: &mut RasterMut<'_>,
) -> Result<(), CodecError> {
    use Encoding::{Depth16, Mono16, Rgb16, Rgba16};
    let encoding = target.encoding();
    match (channels, encoding) {
        (Channels::Grey, Mono16 | Depth16) | (Channels::Rgb, Rgb16) | (Channels::Rgba, Rgba16) => {
            if let Some(pixels) = target.packed_mut() {
                read(reader, pixels)?;
                swap_wide_in_place(pixels);
                return Ok(());
            }
            fill(target, &read_all(reader)?, swap_wide);
        }
        (_, Rgb16 | Rgba16) => {
            let alpha = encoding == Rgba16;
            fill(target, &read_all(reader)?, |from, to| reorder_wide(from, channels, to, alpha));
        }
        (Channels::Grey, _) => {
            return Err(unsupported("decoding a PNG of 16 bits to", encoding, POSSIBLE_16));
        }
        _ => {
            let action = "decoding a PNG of 16-bit colours to";
            return Err(unsupported(action, encoding, POSSIBLE_COLOURS_16));
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
    use Encoding::{Bgr8, Bgra8, Depth16, Mono8, Mono16, Rgb8, Rgb16, Rgba8, Rgba16};
    let colours = match picture.encoding() {
        Mono8 | Mono16 | Depth16 => ColorType::Grayscale,
        Rgb8 | Bgr8 | Rgb16 => ColorType::Rgb,
        Rgba8 | Bgra8 | Rgba16 => ColorType::Rgba,
        other => return Err(unsupported("encoding a PNG from", other, POSSIBLE)),
    };
    let mut depth = BitDepth::Eight;
    let pixels = match (picture.encoding(), picture.packed()) {
        (Mono16 | Depth16 | Rgb16 | Rgba16, _) => {
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
