//! Pixel formats: one table, from which every language's table is made.

use crate::dtype::Dtype;

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
    /// Two pixels in four bytes: Y0 U Y1 V. An even width is required.
    Yuv422 = 6,
    /// Grey, 32-bit float.
    Mono32f = 7,
    /// Red, green, blue, 32-bit floats.
    Rgb32f = 8,
    /// Raw sensor mosaic, rows RGRG… and GBGB….
    BayerRggb8 = 9,
    /// Millimetres, 16 bits.
    Depth16 = 10,
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
    /// Bytes a pixel takes, on average.
    pub bytes_per_pixel: u8,
    /// The type of one value.
    pub dtype: Dtype,
    /// The width must be a multiple of this.
    pub width_multiple: u8,
}

const fn row(
    encoding: Encoding,
    name: &'static str,
    channels: u8,
    bytes_per_pixel: u8,
    dtype: Dtype,
    width_multiple: u8,
) -> EncodingInfo {
    EncodingInfo { encoding, name, channels, bytes_per_pixel, dtype, width_multiple }
}

/// Every encoding, in the order of its code.
pub const ENCODINGS: [EncodingInfo; 11] = [
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
];

const _: () = {
    let mut index = 0;
    while index < ENCODINGS.len() {
        let info = &ENCODINGS[index];
        assert!(info.encoding as usize == index);
        assert!(info.bytes_per_pixel.is_multiple_of(info.channels));
        assert!(info.width_multiple.is_power_of_two());
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

    /// Bytes of one row of `width` pixels without padding, or `None` where the width does
    /// not fit the encoding or the number does not fit 32 bits.
    #[must_use]
    pub fn row_bytes(self, width: u32) -> Option<u32> {
        let info = self.info();
        // A power of two, so that no division is needed.
        if width == 0 || width & (u32::from(info.width_multiple) - 1) != 0 {
            return None;
        }
        width.checked_mul(u32::from(info.bytes_per_pixel))
    }
}
