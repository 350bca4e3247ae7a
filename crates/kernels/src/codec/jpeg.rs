//! JPEG. Decoding by `zune-jpeg`, encoding by `jpeg-encoder`.

use std::borrow::Cow;

use jpeg_encoder::{ColorType, Encoder};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::markers::Frame;
use super::pixels::{Channels, Order, fill, gather, reorder};
use super::{CodecError, PictureInfo, check_size, unsupported};
use crate::raster::{Raster, RasterMut};

const POSSIBLE: &str = "mono8, rgb8, bgr8, rgba8, bgra8";

type Decoder<'a> = JpegDecoder<ZCursor<&'a [u8]>>;

impl From<DecodeErrors> for CodecError {
    fn from(error: DecodeErrors) -> Self {
        Self::Broken(error.to_string())
    }
}

/// A decoder that has read the header, and has reserved nothing for the pixels yet.
fn open<'a>(
    bytes: &'a [u8],
    frame: &Frame,
    colours: ColorSpace,
) -> Result<Decoder<'a>, CodecError> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(colours)
        // The decoder's own limit is smaller than what a JPEG can be.
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        // Else it paints what is missing grey and says nothing.
        .set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers()?;
    let shape = decoder.info().map(|info| (info.width, info.height, info.components));
    if shape != Some(frame.shape()) {
        return Err(CodecError::Broken("its header can be read in two ways".into()));
    }
    Ok(decoder)
}

pub(super) fn probe(bytes: &[u8]) -> Result<PictureInfo, CodecError> {
    Ok(Frame::find(bytes)?.info())
}

pub(super) fn decode(bytes: &[u8], target: &mut RasterMut<'_>) -> Result<(), CodecError> {
    let frame = Frame::find(bytes)?;
    let PictureInfo { width, height, .. } = frame.info();
    check_size((width, height), target)?;
    let order = Order::of(target.encoding())
        .ok_or_else(|| unsupported("decoding a JPEG to", target.encoding(), POSSIBLE))?;
    frame.check_scans(bytes)?;

    let mut decoder = open(bytes, &frame, colours(order))?;
    if can_decode_to(&decoder, &frame, order) {
        if let Some(pixels) = target.packed_mut() {
            return Ok(decoder.decode_into(pixels)?);
        }
        let mut decoded = vec![0; target.packed_bytes()];
        decoder.decode_into(&mut decoded)?;
        fill(target, &decoded, |from, to| to.copy_from_slice(from));
    } else {
        let decoded = open(bytes, &frame, ColorSpace::RGB)?.decode()?;
        fill(target, &decoded, |from, to| reorder(from, Channels::Rgb, to, order));
    }
    Ok(())
}

fn colours(order: Order) -> ColorSpace {
    match order {
        Order::Grey => ColorSpace::Luma,
        Order::Rgb => ColorSpace::RGB,
        Order::Bgr => ColorSpace::BGR,
        Order::Rgba => ColorSpace::RGBA,
        Order::Bgra => ColorSpace::BGRA,
    }
}

/// Whether the decoder itself gets from the colours of this picture to this order. It turns
/// everything into RGB, but only what nearly every JPEG holds into the others.
fn can_decode_to(decoder: &Decoder<'_>, frame: &Frame, order: Order) -> bool {
    match (decoder.input_colorspace(), order) {
        (_, Order::Rgb) => true,
        (Some(ColorSpace::YCbCr | ColorSpace::Luma), Order::Grey) => frame.grey_can_be_taken_out(),
        (Some(ColorSpace::Luma), _) => order == Order::Rgba,
        (colours, _) => colours == Some(ColorSpace::YCbCr),
    }
}

pub(super) fn encode(picture: &Raster<'_>, quality: u8) -> Result<Vec<u8>, CodecError> {
    let colours = match Order::of(picture.encoding()) {
        Some(Order::Grey) => ColorType::Luma,
        Some(Order::Rgb) => ColorType::Rgb,
        Some(Order::Bgr) => ColorType::Bgr,
        Some(Order::Rgba) => ColorType::Rgba,
        Some(Order::Bgra) => ColorType::Bgra,
        None => return Err(unsupported("encoding a JPEG from", picture.encoding(), POSSIBLE)),
    };
    if !(1..=100).contains(&quality) {
        let what = format!("encoding a JPEG of quality {quality}");
        return Err(CodecError::Unsupported { what, possible: "1 to 100" });
    }
    let sides = (u16::try_from(picture.width()), u16::try_from(picture.height()));
    let (Ok(width), Ok(height)) = sides else {
        let what = format!("encoding a JPEG of {}x{} pixels", picture.width(), picture.height());
        return Err(CodecError::Unsupported { what, possible: "up to 65535x65535 pixels" });
    };
    let pixels = match picture.packed() {
        Some(pixels) => Cow::Borrowed(pixels),
        None => Cow::Owned(gather(picture, |from, to| to.copy_from_slice(from))),
    };
    let mut file = Vec::new();
    Encoder::new(&mut file, quality)
        .encode(&pixels, width, height, colours)
        .map_err(|error| CodecError::Broken(error.to_string()))?;
    Ok(file)
}
