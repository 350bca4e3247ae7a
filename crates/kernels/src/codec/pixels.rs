//! Pixels as files hold them, to pixels as the encodings hold them, and back.

use framelane_layout::Encoding;

use crate::raster::{Raster, RasterMut};

/// The channels of a decoded pixel, 8 bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl Channels {
    /// Whether a pixel in memory has these bytes.
    pub(super) fn are(self, order: Order) -> bool {
        matches!(
            (self, order),
            (Self::Grey, Order::Grey) | (Self::Rgb, Order::Rgb) | (Self::Rgba, Order::Rgba)
        )
    }
}

/// The channels of a pixel in memory, 8 bits each: the encodings that turn into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Grey,
    Rgb,
    Bgr,
    Rgba,
    Bgra,
}

impl Order {
    pub(super) fn of(encoding: Encoding) -> Option<Self> {
        match encoding {
            Encoding::Mono8 => Some(Self::Grey),
            Encoding::Rgb8 => Some(Self::Rgb),
            Encoding::Bgr8 => Some(Self::Bgr),
            Encoding::Rgba8 => Some(Self::Rgba),
            Encoding::Bgra8 => Some(Self::Bgra),
            _ => None,
        }
    }
}

/// Writes decoded rows, which are packed, one by one into the rows of `target`.
pub(super) fn fill(target: &mut RasterMut<'_>, decoded: &[u8], row: impl Fn(&[u8], &mut [u8])) {
    let decoded_row_bytes = decoded.len() / target.height() as usize;
    for (from, to) in decoded.chunks_exact(decoded_row_bytes).zip(target.rows_mut()) {
        row(from, to);
    }
}

/// Writes the pixels of `from` into `to`, which has room for as many.
pub(super) fn reorder(from: &[u8], channels: Channels, to: &mut [u8], order: Order) {
    match channels {
        _ if channels.are(order) => to.copy_from_slice(from),
        Channels::Grey => put(from.iter().map(|&g| [g, g, g, 255]), to, order),
        Channels::GreyAlpha => put(each(from).map(|[g, a]| [g, g, g, a]), to, order),
        Channels::Rgb => put(each(from).map(|[r, g, b]| [r, g, b, 255]), to, order),
        Channels::Rgba => put(each(from), to, order),
    }
}

fn put(rgba: impl Iterator<Item = [u8; 4]>, to: &mut [u8], order: Order) {
    match order {
        Order::Grey => store(rgba.map(|[r, g, b, _]| [luma(r, g, b)]), to),
        Order::Rgb => store(rgba.map(|[r, g, b, _]| [r, g, b]), to),
        Order::Bgr => store(rgba.map(|[r, g, b, _]| [b, g, r]), to),
        Order::Rgba => store(rgba, to),
        Order::Bgra => store(rgba.map(|[r, g, b, a]| [b, g, r, a]), to),
    }
}

/// The luma of BT.601, rounded; of grey, that grey.
#[inline(always)]
pub(crate) fn luma(r: u8, g: u8, b: u8) -> u8 {
    // The weights are 0.299, 0.587 and 0.114 of 2^16, and their sum is 2^16.
    let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b);
    // The third byte from the right is the sum divided by 2^16.
    (sum + 0x8000).to_le_bytes()[2]
}

/// Writes 16-bit values with the high byte first, as PNG has them, in the order of this
/// machine, or the other way round.
pub(super) fn swap_wide(from: &[u8], to: &mut [u8]) {
    store(each(from).map(|value| u16::from_be_bytes(value).to_ne_bytes()), to);
}

/// [`swap_wide`] of pixels that get three channels, or with `alpha` four.
pub(super) fn reorder_wide(from: &[u8], channels: Channels, to: &mut [u8], alpha: bool) {
    const OPAQUE: [u8; 2] = [255; 2];
    match channels {
        Channels::Grey => put_wide(wide(from).map(|[g]| [g, g, g, OPAQUE]), to, alpha),
        Channels::GreyAlpha => put_wide(wide(from).map(|[g, a]| [g, g, g, a]), to, alpha),
        Channels::Rgb => put_wide(wide(from).map(|[r, g, b]| [r, g, b, OPAQUE]), to, alpha),
        Channels::Rgba => put_wide(wide(from), to, alpha),
    }
}

/// Pixels of `N` channels, 16 bits each, in the order of this machine.
fn wide<const N: usize>(from: &[u8]) -> impl Iterator<Item = [[u8; 2]; N]> {
    let pixels = from.as_chunks::<2>().0.as_chunks().0;
    pixels.iter().map(|pixel| pixel.map(|value| u16::from_be_bytes(value).to_ne_bytes()))
}

fn put_wide(rgba: impl Iterator<Item = [[u8; 2]; 4]>, to: &mut [u8], alpha: bool) {
    let to = to.as_chunks_mut::<2>().0;
    let channels = if alpha { 4 } else { 3 };
    for (to, pixel) in to.chunks_exact_mut(channels).zip(rgba) {
        to.copy_from_slice(&pixel[..channels]);
    }
}

/// [`swap_wide`] in place.
pub(super) fn swap_wide_in_place(values: &mut [u8]) {
    for value in values.as_chunks_mut::<2>().0 {
        *value = u16::from_be_bytes(*value).to_ne_bytes();
    }
}

/// All rows of `picture` in one slice without padding, each passed through `row`.
pub(super) fn gather(picture: &Raster<'_>, row: impl Fn(&[u8], &mut [u8])) -> Vec<u8> {
    let mut all = vec![0; picture.packed_bytes()];
    for (from, to) in picture.rows().zip(all.chunks_exact_mut(picture.row_bytes())) {
        row(from, to);
    }
    all
}

fn each<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
}

fn store<const N: usize>(pixels: impl Iterator<Item = [u8; N]>, to: &mut [u8]) {
    for (to, pixel) in to.as_chunks_mut().0.iter_mut().zip(pixels) {
        *to = pixel;
    }
}
