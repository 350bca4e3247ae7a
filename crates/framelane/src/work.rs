//! Work on the pixels of images, straight into a slot on loan: another encoding, another size, the
//! input of a model.

use framelane_kernels::{
    ColourMap, Conversion, Filter, Layout, Raster, Yuv, convert, resize, tensor_input,
};
use framelane_layout::{Encoding, ErrorCode};
use framelane_topic::{Error, Result};

use crate::image::{ImageMut, MATRICES, RANGES, code_of, named};
use crate::kernel_error::in_rust;
use crate::loaned::Loaned;
use crate::raster::{PixelShape, raster, raster_mut};
use crate::received::Received;
use crate::validate::ImageShape;

/// What [`convert_into`](Received::convert_into) is told beside the two pictures.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{ColourMap, ConvertOptions, Encoding, Image, Topic};
///
/// let mut topic = Topic::<Image>::open("camera")?;
/// let mut depth = topic.loan(2, 1, Encoding::Depth16)?;
/// depth.copy_from(&[500_u16, 4000].map(u16::to_ne_bytes).concat())?;
/// let mut picture = topic.loan(2, 1, Encoding::Rgb8)?;
/// let how = ConvertOptions {
///     depth_range_mm: Some((500, 4000)),
///     colour_map: ColourMap::Turbo,
///     ..ConvertOptions::default()
/// };
/// depth.convert_into(&mut picture, &how)?;
/// assert_ne!(picture.pixel::<u8>(0, 0), picture.pixel::<u8>(1, 0));
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConvertOptions {
    /// What Y, U and V mean: those of the source, where it has them, else those of the target.
    /// `None`: what that frame says, and BT.601 of limited range where it says nothing.
    pub yuv: Option<Yuv>,
    /// From `Depth16`: the distances at both ends of the colours, raw units, which are millimetres
    /// at a depth scale of 1; `None`: the smallest and the largest above 0 of the picture. To
    /// `Depth16`: what black and white become; `None`: 0 and 65,535.
    pub depth_range_mm: Option<(u16, u16)>,
    /// What stands for distances of `Depth16` in `Rgb8`, `Bgr8` and `Rgba8`.
    pub colour_map: ColourMap,
}

/// Matrix and range of Y, U and V as a header has them; 0 where nobody said.
type Colours = [u8; 2];

fn is_yuv(encoding: Encoding) -> bool {
    use Encoding::{I420, Nv12, Uyvy, Yuv422, Yuyv};
    matches!(encoding, Yuv422 | Yuyv | Uyvy | Nv12 | I420)
}

/// What such codes mean.
fn meaning(colours: Colours) -> Result<Yuv> {
    let usual = Yuv::default();
    let range = named(&RANGES, colours[1]).unwrap_or(usual.range);
    let matrix = match colours[0] {
        0 => usual.matrix,
        code => named(&MATRICES, code).ok_or_else(|| {
            let text = format!(
                "the frame's colours have the matrix {code}; known are BT.601 and BT.709, and \
                 `yuv` says which to take"
            );
            Error::new(ErrorCode::NoConversion, text)
        })?,
    };
    Ok(Yuv { matrix, range })
}

/// What a conversion takes Y, U and V for, and what its target says of itself afterwards.
fn plan(
    (from, said): (Encoding, Colours),
    (to, said_of_target): (Encoding, Colours),
    asked: Option<Yuv>,
) -> Result<(Yuv, Colours)> {
    let codes = |yuv: Yuv| [code_of(&MATRICES, &yuv.matrix), code_of(&RANGES, &yuv.range)];
    let or_said = |said| asked.map_or_else(|| meaning(said), Ok);
    match (is_yuv(from), is_yuv(to)) {
        // Copied, whatever they mean.
        (true, true) => Ok((Yuv::default(), asked.map_or(said, codes))),
        (true, false) => Ok((or_said(said)?, [0; 2])),
        (false, true) => or_said(said_of_target).map(|yuv| (yuv, codes(yuv))),
        (false, false) => Ok((Yuv::default(), [0; 2])),
    }
}

fn convert_picture(
    picture: &Raster<'_>,
    said: Colours,
    target: &mut ImageMut,
    how: &ConvertOptions,
) -> Result<()> {
    let own = target.colours();
    let (from, to) = ((picture.encoding(), said), (target.shape.encoding, own));
    let (yuv, colours) = plan(from, to, how.yuv)?;
    let ConvertOptions { depth_range_mm, colour_map, .. } = *how;
    let how = Conversion { yuv, depth_range_mm, colour_map };
    convert(picture, &mut raster_mut(target)?, &how).map_err(in_rust)?;
    if colours != own {
        target.say(|said| [said.colour_matrix, said.colour_range] = colours);
    }
    Ok(())
}

/// The same for frames received and on loan.
macro_rules! readable {
    ($frame:ident, $received:literal) => {
        impl<S: PixelShape> $frame<S> {
            /// Writes the picture into an image of the same size, in the encoding that it has.
            /// Every encoding becomes `Rgb8`, `Rgba8`, `Bgr8` and `Mono8`, and those four become
            /// every encoding. A target of Y, U and V says afterwards what its bytes mean. Time
            /// stamp, frame id and camera are the sender's to set.
            ///
            /// Raw distances get a colour map; metres are values like those of any `Mono32f`, of
            /// which 1.0 is white.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{ConvertOptions, Encoding, ErrorCode, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(4, 2, Encoding::Yuyv)?;
            /// frame.copy_from(&[235, 128].repeat(8))?; // white, of limited range
            #[doc = $received]
            /// let mut picture = topic.loan(4, 2, Encoding::Rgb8)?;
            /// frame.convert_into(&mut picture, &ConvertOptions::default())?;
            /// assert_eq!(picture.pixel::<u8>(3, 1), Some(&[255, 255, 255][..]));
            ///
            /// let mut other = topic.loan(4, 2, Encoding::I420)?;
            /// let error = frame.convert_into(&mut other, &ConvertOptions::default()).unwrap_err();
            /// assert_eq!(error.code(), ErrorCode::NoConversion); // by Rgb8
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// [`ErrorCode::NoConversion`] where there is none in one step, and for a matrix of Y,
            /// U and V that is not known; [`ErrorCode::InvalidSize`] for a target of another size;
            /// [`ErrorCode::InvalidArgument`] for a range of depth whose ends are exchanged. The
            /// target is unchanged then.
            pub fn convert_into(&self, target: &mut ImageMut, how: &ConvertOptions) -> Result<()> {
                let picture = raster(self.shape.picture(), self.data())?;
                convert_picture(&picture, self.colours(), target, how)
            }
        }

        impl $frame<ImageShape> {
            /// Writes the picture into an image of the same encoding, in the size that it has; what
            /// its Y, U and V mean goes with it.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Filter, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(4, 2, Encoding::Mono8)?;
            /// frame.copy_from(&[10, 20, 50, 50, 30, 40, 50, 50])?;
            #[doc = $received]
            /// let mut small = topic.loan(2, 1, Encoding::Mono8)?;
            /// frame.resize_into(&mut small, Filter::Area)?;
            /// assert_eq!(small.data(), [25, 50]); // averages
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// [`ErrorCode::InvalidEncoding`] where the encodings differ, and for `Yuv422`, `Yuyv`,
            /// `Uyvy` and Bayer, whose pixels do not stand for themselves;
            /// [`ErrorCode::InvalidArgument`] for `Depth16` with another filter than nearest.
            pub fn resize_into(&self, target: &mut ImageMut, filter: Filter) -> Result<()> {
                let picture = raster(&self.shape, self.data())?;
                let said = self.colours();
                resize(&picture, &mut raster_mut(target)?, filter).map_err(in_rust)?;
                if target.colours() != said {
                    target.say(|it| [it.colour_matrix, it.colour_range] = said);
                }
                Ok(())
            }

            /// Writes the picture as models take it: `(value / scale - mean) / std` of red, green
            /// and blue, or of grey, whatever their order in memory and without alpha. The scale
            /// is 255 for 8 bits, 65,535 for 16 bits and 1 for floats. `out` has a value for each
            /// channel, 3 or 1, of each pixel; `mean` and `std` are one number for all channels or
            /// one for each.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, TensorLayout, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(2, 1, Encoding::Bgr8)?;
            /// frame.fill(&[0_u8, 51, 255])?; // blue first
            #[doc = $received]
            /// let mut input = [0.0; 3 * 2];
            /// frame.tensor_input(&mut input, TensorLayout::Chw, &[0.5], &[0.5])?;
            /// assert_eq!(input, [1.0, 1.0, -0.6, -0.6, -1.0, -1.0]); // red first
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// [`ErrorCode::InvalidEncoding`] for those whose pixels do not hold their own colours,
            /// of Y, U and V and Bayer, and for `Depth16`; [`ErrorCode::InvalidLength`] for `out`
            /// of another length; [`ErrorCode::InvalidArgument`] for another number of means or
            /// deviations, and where nothing can be divided by them. Nothing is written then.
            pub fn tensor_input(
                &self,
                out: &mut [f32],
                layout: Layout,
                mean: &[f32],
                std: &[f32],
            ) -> Result<()> {
                let picture = raster(&self.shape, self.data())?;
                tensor_input(&picture, out, layout, mean, std).map_err(in_rust)
            }
        }
    };
}

readable!(Received, "# topic.send(frame)?; let frame = topic.try_recv()?.unwrap();");
readable!(Loaned, "# let frame = frame;");

impl<S: PixelShape> Received<S> {
    fn colours(&self) -> Colours {
        let header = self.header();
        [header.colour_matrix, header.colour_range]
    }
}

impl<S: PixelShape> Loaned<S> {
    fn colours(&self) -> Colours {
        let said = self.said();
        [said.colour_matrix, said.colour_range]
    }
}

#[cfg(test)]
mod tests {
    use framelane_kernels::{YuvMatrix, YuvRange};

    use super::*;

    const BT2020: Colours = [3, 0];
    const HD: Yuv = Yuv { matrix: YuvMatrix::Bt709, range: YuvRange::Full };
    const CODES_OF_HD: Colours = [2, 1];

    #[test]
    fn colours_are_the_sources_then_the_targets() {
        let (rgb, yuv) = (Encoding::Rgb8, Encoding::Nv12);
        let usual = (Yuv::default(), [1, 2]);
        assert_eq!(plan((yuv, CODES_OF_HD), (rgb, [1, 1]), None).unwrap(), (HD, [0, 0]));
        assert_eq!(plan((rgb, [1, 1]), (yuv, CODES_OF_HD), None).unwrap(), (HD, CODES_OF_HD));
        assert_eq!(plan((rgb, CODES_OF_HD), (yuv, [0, 0]), None).unwrap(), usual);
        assert_eq!(plan((rgb, [0, 0]), (yuv, [1, 2]), Some(HD)).unwrap(), (HD, CODES_OF_HD));
        assert_eq!(plan((yuv, [1, 2]), (rgb, [0, 0]), Some(HD)).unwrap(), (HD, [0, 0]));
        assert_eq!(plan((rgb, CODES_OF_HD), (rgb, CODES_OF_HD), None).unwrap().1, [0, 0]);
    }

    #[test]
    fn a_matrix_that_is_not_known_is_copied_and_not_converted() {
        let (rgb, yuv) = ((Encoding::Rgb8, [0, 0]), (Encoding::Yuyv, BT2020));
        let error = plan(yuv, rgb, None).unwrap_err();
        assert_eq!(error.code(), ErrorCode::NoConversion);
        assert!(error.to_string().contains("matrix 3"), "{error}");
        assert_eq!(plan(yuv, rgb, Some(HD)).unwrap().0, HD, "where somebody says better");
        assert_eq!(plan(yuv, (Encoding::Yuyv, [1, 1]), None).unwrap().1, BT2020);
    }
}
