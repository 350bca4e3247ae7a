//! Bilinear resizing of packed 8-bit pixels, by `fast_image_resize`.
//!
//! A crate for one function, because the library's code is made anew in whatever crate calls
//! it, for each kind of pixel and each kind of view. It takes the compiler a minute, which
//! should not be one of each change to the kernels. So, too, there are only the three kinds of
//! pixels that matter most.
#![forbid(unsafe_code)]

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions};

/// Keeps the memory it needs from call to call: the rows between the two passes.
#[derive(Debug, Default)]
pub struct Resampler {
    resizer: fast_image_resize::Resizer,
}

/// What is to be resized: width and height of the packed pixels in memory, and the top and
/// height of the part that becomes the target. Pixels above and below the part count where the
/// filter reaches them.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Values of the pixels, without padding.
    pub bytes: &'a [u8],
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Where the part begins, in rows.
    pub top: f64,
    /// The height of the part, in rows.
    pub tall: f64,
}

impl Resampler {
    /// Fills `to`, packed rows of `width` by `height` pixels of 1, 3 or 4 channels. The filter is
    /// a triangle that, where the picture becomes smaller, is as much wider.
    ///
    /// # Panics
    /// Where there are fewer bytes than pixels, the part is not within the source, or for
    /// another number of channels.
    pub fn bilinear(
        &mut self,
        channels: usize,
        from: Source<'_>,
        to: &mut [u8],
        (width, height): (u32, u32),
    ) {
        match channels {
            1 => self.typed::<U8>(from, to, width, height),
            3 => self.typed::<U8x3>(from, to, width, height),
            4 => self.typed::<U8x4>(from, to, width, height),
            other => unreachable!("pixels of {other} channels were to go another way"),
        }
    }

    fn typed<P: PixelTrait>(&mut self, from: Source<'_>, to: &mut [u8], width: u32, height: u32) {
        const { assert!(align_of::<P>() == 1, "bytes are aligned anywhere") };
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .use_alpha(false)
            .crop(0.0, from.top, f64::from(from.width), from.tall);
        let source = TypedImageRef::<P>::from_buffer(from.width, from.height, from.bytes);
        let target = TypedImage::<P>::from_buffer(width, height, to);
        let (source, mut target) = (source.expect(ENOUGH), target.expect(ENOUGH));
        let done = self.resizer.resize_typed(&source, &mut target, &options);
        done.expect("the part lies within the source");
    }
}

const ENOUGH: &str = "as many bytes as pixels take";
