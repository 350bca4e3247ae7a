//! Pixel formats: one table, from which every language's table is made.

use crate::dtype::Dtype;
use crate::slot::{PLANES_MAX, Plane};

/// How the pixels of an image are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// Grey, 8 bits.
    Mono8 = 0,
    /// Grey, 16 bits.
    Mono16 = 1,
    /// Red, green, blue, 8 bits each.
    Rgb8 = 2,
    /// Blue, green, red, 8 bits each.
    Bgr8 = 3,
    /// Red, green, blue, alpha, 8 bits each.
    Rgba8 = 4,
    /// Blue, green, red, alpha, 8 bits each.
    Bgra8 = 5,
    /// Two pixels in four bytes: Y0 U Y1 V. An even width is required. The same layout as
    /// [`Yuyv`](Self::Yuyv), by another name.
    Yuv422 = 6,
    /// Grey, 32-bit float.
    Mono32f = 7,
    /// Red, green, blue, 32-bit floats.
    Rgb32f = 8,
    /// Raw sensor mosaic, rows RGRG… and GBGB….
    BayerRggb8 = 9,
    /// Millimetres, 16 bits.
    Depth16 = 10,
    /// Two pixels in four bytes: Y0 U Y1 V. An even width is required.
    Yuyv = 11,
    /// Two pixels in four bytes: U Y0 V Y1. An even width is required.
    Uyvy = 12,
    /// A plane of Y, then one of U V pairs at half the width and height, which must be even.
    Nv12 = 13,
    /// A plane of Y, then one of U and one of V at half the width and height, which must be even.
    I420 = 14,
    /// Red, green, blue, 16 bits each.
    Rgb16 = 15,
    /// Red, green, blue, alpha, 16 bits each.
    Rgba16 = 16,
    /// Raw sensor mosaic, rows BGBG… and GRGR….
    BayerBggr8 = 17,
    /// Raw sensor mosaic, rows GBGB… and RGRG….
    BayerGbrg8 = 18,
    /// Raw sensor mosaic, rows GRGR… and BGBG….
    BayerGrbg8 = 19,
    /// As [`BayerRggb8`](Self::BayerRggb8), 16 bits.
    BayerRggb16 = 20,
    /// As [`BayerBggr8`](Self::BayerBggr8), 16 bits.
    BayerBggr16 = 21,
    /// As [`BayerGbrg8`](Self::BayerGbrg8), 16 bits.
    BayerGbrg16 = 22,
    /// As [`BayerGrbg8`](Self::BayerGrbg8), 16 bits.
    BayerGrbg16 = 23,
    /// Red, green, blue, alpha, 32-bit floats.
    Rgba32f = 24,
}

/// Where an encoding has its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chroma {
    /// In the pixels, or there are none: one plane.
    Inline,
    /// In a second plane, U and V in turns, one pair for two by two pixels.
    Pairs,
    /// In a second plane for U and a third for V, one of each for two by two pixels. Their rows
    /// are half a step apart.
    Planes,
}

impl Chroma {
    /// How many planes there are.
    #[must_use]
    pub const fn planes(self) -> u8 {
        match self {
            Self::Inline => 1,
            Self::Pairs => 2,
            Self::Planes => 3,
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct EncodingInfo {
    /// The encoding itself; its discriminant is the code in shared memory.
    pub encoding: Encoding,
    /// The name users write.
    pub name: &'static str,
    /// Values a pixel has.
    pub channels: u8,
    /// Bytes that a pixel takes in a row of the first plane.
    pub bytes_per_pixel: u8,
    /// The type of one value.
    pub dtype: Dtype,
    /// The width must be a multiple of this, and so must the height where there are several
    /// planes.
    pub width_multiple: u8,
    /// Where the colours are.
    pub chroma: Chroma,
}

impl EncodingInfo {
    /// Bits of a pixel on average, those of all planes together.
    #[must_use]
    pub const fn bits_per_pixel(&self) -> u8 {
        match self.chroma {
            Chroma::Inline => self.bytes_per_pixel * 8,
            Chroma::Pairs | Chroma::Planes => self.bytes_per_pixel * 12,
        }
    }

    /// The height must be a multiple of this.
    #[must_use]
    pub const fn height_multiple(&self) -> u8 {
        match self.chroma {
            Chroma::Inline => 1,
            Chroma::Pairs | Chroma::Planes => 2,
        }
    }
}

const fn row(
    encoding: Encoding,
    name: &'static str,
    channels: u8,
    bytes_per_pixel: u8,
    dtype: Dtype,
    width_multiple: u8,
) -> EncodingInfo {
    let chroma = match encoding {
        Encoding::Nv12 => Chroma::Pairs,
        Encoding::I420 => Chroma::Planes,
        _ => Chroma::Inline,
    };
    EncodingInfo { encoding, name, channels, bytes_per_pixel, dtype, width_multiple, chroma }
}

/// Every encoding, in the order of its code.
pub const ENCODINGS: [EncodingInfo; 25] = [
    row(Encoding::Mono8, "mono8", 1, 1, Dtype::Uint8, 1),
    row(Encoding::Mono16, "mono16", 1, 2, Dtype::Uint16, 1),
    row(Encoding::Rgb8, "rgb8", 3, 3, Dtype::Uint8, 1),
    row(Encoding::Bgr8, "bgr8", 3, 3, Dtype::Uint8, 1),
    row(Encoding::Rgba8, "rgba8", 4, 4, Dtype::Uint8, 1),
    row(Encoding::Bgra8, "bgra8", 4, 4, Dtype::Uint8, 1),
    row(Encoding::Yuv422, "yuv422", 2, 2, Dtype::Uint8, 2),
    row(Encoding::Mono32f, "mono32f", 1, 4, Dtype::Float32, 1),
    row(Encoding::Rgb32f, "rgb32f", 3, 12, Dtype::Float32, 1),
    row(Encoding::BayerRggb8, "bayer_rggb8", 1, 1, Dtype::Uint8, 1),
    row(Encoding::Depth16, "depth16", 1, 2, Dtype::Uint16, 1),
    row(Encoding::Yuyv, "yuyv", 2, 2, Dtype::Uint8, 2),
    row(Encoding::Uyvy, "uyvy", 2, 2, Dtype::Uint8, 2),
    row(Encoding::Nv12, "nv12", 3, 1, Dtype::Uint8, 2),
    row(Encoding::I420, "i420", 3, 1, Dtype::Uint8, 2),
    row(Encoding::Rgb16, "rgb16", 3, 6, Dtype::Uint16, 1),
    row(Encoding::Rgba16, "rgba16", 4, 8, Dtype::Uint16, 1),
    row(Encoding::BayerBggr8, "bayer_bggr8", 1, 1, Dtype::Uint8, 1),
    row(Encoding::BayerGbrg8, "bayer_gbrg8", 1, 1, Dtype::Uint8, 1),
    row(Encoding::BayerGrbg8, "bayer_grbg8", 1, 1, Dtype::Uint8, 1),
    row(Encoding::BayerRggb16, "bayer_rggb16", 1, 2, Dtype::Uint16, 1),
    row(Encoding::BayerBggr16, "bayer_bggr16", 1, 2, Dtype::Uint16, 1),
    row(Encoding::BayerGbrg16, "bayer_gbrg16", 1, 2, Dtype::Uint16, 1),
    row(Encoding::BayerGrbg16, "bayer_grbg16", 1, 2, Dtype::Uint16, 1),
    row(Encoding::Rgba32f, "rgba32f", 4, 16, Dtype::Float32, 1),
];

const _: () = {
    let mut index = 0;
    while index < ENCODINGS.len() {
        let info = &ENCODINGS[index];
        assert!(info.encoding as usize == index);
        assert!(matches!(info.bytes_per_pixel, 1 | 2 | 3 | 4 | 6 | 8 | 12 | 16));
        assert!(info.width_multiple.is_power_of_two());
        assert!(info.chroma.planes() as usize <= PLANES_MAX);
        index += 1;
    }
};

impl Encoding {
    /// The encoding of this code, or `None` for a code this release does not know.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        ENCODINGS.get(usize::from(code)).map(|row| row.encoding)
    }

    /// The encoding of this name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        ENCODINGS.iter().find(|row| row.name == name).map(|row| row.encoding)
    }

    /// This encoding's row of the table.
    #[must_use]
    pub fn info(self) -> &'static EncodingInfo {
        &ENCODINGS[self as usize]
    }

    /// Bytes of one row of `width` pixels without padding, in the first plane, or `None` where
    /// the width does not fit the encoding or the number does not fit 32 bits.
    #[must_use]
    pub fn row_bytes(self, width: u32) -> Option<u32> {
        let info = self.info();
        // A power of two, so that no division is needed.
        if width == 0 || width & (u32::from(info.width_multiple) - 1) != 0 {
            return None;
        }
        width.checked_mul(u32::from(info.bytes_per_pixel))
    }

    /// Bytes from the first to the last of a picture whose rows are `step` bytes apart, or
    /// `None` where the size does not fit the encoding, rows would overlap, a plane would begin
    /// beyond 4 GiB, or the number does not fit 64 bits.
    #[must_use]
    #[inline]
    pub fn span(self, width: u32, height: u32, step: u32) -> Option<u64> {
        let row = self.row_bytes(width).filter(|&row| row <= step)?;
        let before = u64::from(step).checked_mul(u64::from(height.checked_sub(1)?))?;
        let first = before.checked_add(u64::from(row))?;
        match self.info().chroma {
            Chroma::Inline => Some(first),
            _ => self.span_with_chroma(height, step, row),
        }
    }

    #[cold]
    fn span_with_chroma(self, height: u32, step: u32, row: u32) -> Option<u64> {
        let chroma = self.info().chroma;
        if !height.is_multiple_of(2) || (chroma == Chroma::Planes && !step.is_multiple_of(2)) {
            return None;
        }
        self.planes(height, step)?;
        let luma = u64::from(step).checked_mul(u64::from(height))?;
        let (step, rows) = (u64::from(step), u64::from(height / 2));
        // Below 2^63: the step of 32 bits times at most 2^32 rows, and half of that.
        Some(match chroma {
            Chroma::Planes => luma + step / 2 * (2 * rows - 1) + u64::from(row / 2),
            _ => luma + step * (rows - 1) + u64::from(row),
        })
    }

    /// Bytes of a picture whose rows are `step` bytes apart, padding behind the last one
    /// included: what one is sent as. `None` as [`span`](Self::span).
    #[must_use]
    pub fn whole(self, width: u32, height: u32, step: u32) -> Option<u64> {
        self.span(width, height, step)?;
        let luma = u64::from(step) * u64::from(height);
        Some(if self.info().chroma == Chroma::Inline { luma } else { luma / 2 * 3 })
    }

    /// Where the planes of such a picture are; zeros beyond their number. `None` where one
    /// begins beyond 4 GiB.
    #[must_use]
    pub fn planes(self, height: u32, step: u32) -> Option<[Plane; PLANES_MAX]> {
        let mut planes = [Plane::default(); PLANES_MAX];
        planes[0].step = step;
        let chroma = self.info().chroma;
        if chroma == Chroma::Inline {
            return Some(planes);
        }
        let offset = step.checked_mul(height)?;
        if chroma == Chroma::Pairs {
            planes[1] = Plane { offset, step };
            return Some(planes);
        }
        planes[1] = Plane { offset, step: step / 2 };
        let third = offset.checked_add((step / 2).checked_mul(height / 2)?)?;
        planes[2] = Plane { offset: third, step: step / 2 };
        Some(planes)
    }
}
