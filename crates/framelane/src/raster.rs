//! What frames of pixels in rows have in common, images and depth images: their size, their
//! pixels as values, their planes, the camera that took them.

use framelane_kernels::{Raster, RasterMut};
use framelane_layout::ext::Camera;
use framelane_layout::{Chroma, Encoding, ErrorCode};
use framelane_topic::{Error, Result};

use crate::depth::DepthShape;
use crate::element::{Element, values};
use crate::image::ImageMut;
use crate::kernel_error::in_rust;
use crate::loaned::Loaned;
use crate::received::Received;
use crate::shape::Shape;
use crate::validate::ImageShape;

/// The shape of a frame of pixels in rows: that of [`Image`](crate::Image) and of
/// [`DepthImage`](crate::DepthImage).
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{PixelShape, Received};
///
/// /// Of frames of both types.
/// fn aspect<S: PixelShape>(frame: &Received<S>) -> f64 {
///     f64::from(frame.width()) / f64::from(frame.height())
/// }
/// ```
pub trait PixelShape: Shape {
    /// Size and layout of the picture.
    #[doc(hidden)]
    fn picture(&self) -> &ImageShape;
}

impl PixelShape for ImageShape {
    #[inline(always)]
    fn picture(&self) -> &ImageShape {
        self
    }
}

impl PixelShape for DepthShape {
    #[inline(always)]
    fn picture(&self) -> &ImageShape {
        &self.0
    }
}

/// One plane of a picture: all of it, or Y, or U V pairs, or U, or V.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Encoding, Image, Topic};
///
/// let mut topic = Topic::<Image>::open("camera")?;
/// let mut frame = topic.loan(4, 2, Encoding::Nv12)?;
/// frame.fill(&[235_u8, 128, 64])?; // Y, U, V
/// topic.send(frame)?;
/// let image = topic.try_recv()?.unwrap();
/// let [y, uv] = image.planes().try_into().unwrap();
/// assert_eq!((y.width, y.height, y.channels, y.row(1)), (4, 2, 1, Some(&[235_u8; 4][..])));
/// assert_eq!((uv.width, uv.height, uv.channels, uv.data), (2, 1, 2, &[128, 64, 128, 64][..]));
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane<'a> {
    /// Places in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Values that a place has.
    pub channels: u8,
    /// Bytes from one row to the next.
    pub step: usize,
    /// Bytes of a row without padding.
    pub row_bytes: usize,
    /// Bytes from the first to the last.
    pub data: &'a [u8],
}

impl<'a> Plane<'a> {
    /// The bytes of row `y` without padding, or `None` where there are fewer rows.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::I420)?;
    /// frame.fill(&[235_u8, 128, 64])?;
    /// topic.send(frame)?;
    /// let image = topic.try_recv()?.unwrap();
    /// assert_eq!(image.planes()[2].row(0), Some(&[64_u8, 64][..])); // V
    /// assert_eq!(image.planes()[2].row(1), None);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn row(&self, y: u32) -> Option<&'a [u8]> {
        let start = self.step.checked_mul(usize::try_from(y).ok()?)?;
        self.data.get(start..start.checked_add(self.row_bytes)?)
    }
}

/// A picture in the memory of a frame, to be read.
pub(crate) fn raster<'a>(shape: &ImageShape, data: &'a [u8]) -> Result<Raster<'a>> {
    let ImageShape { width, height, step, encoding, .. } = *shape;
    Raster::new(width, height, step, encoding, data).map_err(in_rust)
}

/// The picture of an image on loan, to be written.
pub(crate) fn raster_mut(frame: &mut ImageMut) -> Result<RasterMut<'_>> {
    let ImageShape { width, height, step, encoding, .. } = frame.shape;
    RasterMut::new(width, height, step, encoding, frame.data_mut()).map_err(in_rust)
}

/// Where a plane lies in a picture.
pub(crate) struct Place {
    pub(crate) offset: usize,
    step: usize,
    width: u32,
    height: u32,
    pub(crate) channels: u8,
    row_bytes: usize,
}

impl Place {
    pub(crate) fn bytes(&self) -> usize {
        self.step * (self.height as usize - 1) + self.row_bytes
    }
}

pub(crate) fn places(shape: &ImageShape) -> Vec<Place> {
    let ImageShape { width, height, encoding, step, .. } = *shape;
    let info = encoding.info();
    let row_bytes = encoding.row_bytes(width).unwrap_or(0) as usize;
    let step = step as usize;
    let first = Place { offset: 0, step, width, height, channels: info.channels, row_bytes };
    // All of them were checked when the shape was made: the picture lies in its slot.
    let luma = Place { channels: 1, ..first };
    let (offset, width, height) = (step * height as usize, width / 2, height / 2);
    match info.chroma {
        Chroma::Inline => vec![first],
        Chroma::Pairs => vec![luma, Place { offset, step, width, height, channels: 2, row_bytes }],
        Chroma::Planes => {
            let (step, row_bytes) = (step / 2, row_bytes / 2);
            let last = offset + step * height as usize;
            let half = |offset| Place { offset, step, width, height, channels: 1, row_bytes };
            vec![luma, half(offset), half(last)]
        }
    }
}

/// Where the values of a pixel begin; `None` outside the picture, for values of another type and
/// for pictures in planes.
pub(crate) fn pixel_at<T: Element>(shape: &ImageShape, x: u32, y: u32) -> Option<(usize, usize)> {
    let info = shape.encoding.info();
    let inside = x < shape.width && y < shape.height;
    if !inside || info.dtype != T::DTYPE || info.chroma != Chroma::Inline {
        return None;
    }
    let bytes = usize::from(info.bytes_per_pixel);
    Some((y as usize * shape.step as usize + x as usize * bytes, bytes))
}

/// Where a row of the first plane begins, and its bytes; as [`pixel_at`].
pub(crate) fn row_at<T: Element>(shape: &ImageShape, y: u32) -> Option<(usize, usize)> {
    let sound = y < shape.height && shape.encoding.info().dtype == T::DTYPE;
    let bytes = sound.then(|| shape.encoding.row_bytes(shape.width))?;
    Some((y as usize * shape.step as usize, bytes? as usize))
}

pub(crate) fn of_type<T: Element>(shape: &ImageShape) -> Option<()> {
    (shape.encoding.info().dtype == T::DTYPE).then_some(())
}

/// The same for frames received and on loan; `$received` is the line of an example that gives one.
macro_rules! readable {
    ($frame:ident, $received:literal) => {
        impl<S: PixelShape> $frame<S> {
            /// Pixels in a row.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let frame = topic.loan(4, 2, Encoding::Mono8)?; // width before height
            #[doc = $received]
            /// assert_eq!(frame.width(), 4);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn width(&self) -> u32 {
                self.shape.picture().width
            }

            /// Rows.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let frame = topic.loan(4, 2, Encoding::Mono8)?;
            #[doc = $received]
            /// assert_eq!(frame.height(), 2);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn height(&self) -> u32 {
                self.shape.picture().height
            }

            /// Format of the pixels; of depth images `Mono32f` or `Depth16`.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let frame = topic.loan(4, 2, Encoding::Bgr8)?;
            #[doc = $received]
            /// assert_eq!(frame.encoding().info().name, "bgr8");
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn encoding(&self) -> Encoding {
                self.shape.picture().encoding
            }

            /// Bytes from one row to the next, in the first plane.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let frame = topic.loan(4, 2, Encoding::Rgb8)?;
            #[doc = $received]
            /// assert_eq!(frame.step(), 12); // no padding
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn step(&self) -> u32 {
                self.shape.picture().step
            }

            /// All values of the picture, from the first to the last; those of padding between
            /// rows, which only others make, are among them. `None` for another type than the
            /// encoding's.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(2, 2, Encoding::Mono16)?;
            /// frame.fill(&[1000_u16])?;
            #[doc = $received]
            /// assert_eq!(frame.values::<u16>(), Some(&[1000; 4][..]));
            /// assert_eq!(frame.values::<u8>(), None);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn values<T: Element>(&self) -> Option<&[T]> {
                of_type::<T>(self.shape.picture())?;
                values(self.data())
            }

            /// The values of the pixel in column `x` of row `y`. `None` outside the picture, for
            /// another type than the encoding's, and for pictures in planes, which have
            /// [`planes`](Self::planes).
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(4, 2, Encoding::Rgb8)?;
            /// frame.fill(&[0_u8, 0, 0])?;
            /// frame.set_pixel(3, 1, &[255_u8, 128, 0])?;
            #[doc = $received]
            /// assert_eq!(frame.pixel::<u8>(3, 1), Some(&[255, 128, 0][..]));
            /// assert_eq!(frame.pixel::<u8>(4, 1), None);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn pixel<T: Element>(&self, x: u32, y: u32) -> Option<&[T]> {
                let (start, bytes) = pixel_at::<T>(self.shape.picture(), x, y)?;
                values(self.data().get(start..start + bytes)?)
            }

            /// The values of row `y`, in the first plane, without padding. `None` where there are
            /// fewer rows and for another type than the encoding's.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(2, 2, Encoding::Mono32f)?;
            /// frame.row_mut(0).unwrap().copy_from_slice(&[0.0_f32, 0.5]);
            #[doc = $received]
            /// assert_eq!(frame.row(0), Some(&[0.0_f32, 0.5][..]));
            /// assert_eq!(frame.row::<f32>(2), None);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn row<T: Element>(&self, y: u32) -> Option<&[T]> {
                let (start, bytes) = row_at::<T>(self.shape.picture(), y)?;
                values(self.data().get(start..start + bytes)?)
            }

            /// The rows of the first plane in order, as bytes without padding.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(2, 2, Encoding::Mono8)?;
            /// frame.copy_from(&[1, 2, 3, 4])?;
            #[doc = $received]
            /// assert_eq!(frame.rows().collect::<Vec<_>>(), [[1, 2], [3, 4]]);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
                let first = self.planes().into_iter().next();
                first
                    .into_iter()
                    .flat_map(|plane| (0..plane.height).filter_map(move |y| plane.row(y)))
            }

            /// The planes: one, or Y and U V pairs (`nv12`), or Y, U and V (`i420`).
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let frame = topic.loan(4, 2, Encoding::I420)?;
            #[doc = $received]
            /// let sizes: Vec<_> = frame.planes().iter().map(|p| (p.width, p.height)).collect();
            /// assert_eq!(sizes, [(4, 2), (2, 1), (2, 1)]);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn planes(&self) -> Vec<Plane<'_>> {
                let data = self.data();
                let plane = |place: Place| Plane {
                    width: place.width,
                    height: place.height,
                    channels: place.channels,
                    step: place.step,
                    row_bytes: place.row_bytes,
                    data: data.get(place.offset..place.offset + place.bytes()).unwrap_or_default(),
                };
                places(self.shape.picture()).into_iter().map(plane).collect()
            }

            /// A copy of the pixels of a part, rows without padding, plane after plane: `width` x
            /// `height` pixels from column `x`, row `y` on.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, ErrorCode, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(3, 2, Encoding::Mono8)?;
            /// frame.copy_from(&[1, 2, 3, 4, 5, 6])?;
            #[doc = $received]
            /// assert_eq!(frame.roi(1, 0, 2, 2)?, [2, 3, 5, 6]);
            /// assert_eq!(frame.roi(2, 0, 2, 2).unwrap_err().code(), ErrorCode::InvalidSize);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// [`ErrorCode::InvalidSize`] for a part that is empty, leaves the picture, or does not
            /// fit the encoding: those with half the colours begin and end at even columns, those
            /// in planes at even rows, too.
            pub fn roi(&self, x: u32, y: u32, width: u32, height: u32) -> Result<Vec<u8>> {
                check_part(self.shape.picture(), [x, y, width, height])?;
                let mut out = Vec::new();
                for plane in self.planes() {
                    // 1, or 2 for planes of half the size.
                    let ratio = self.width() / plane.width;
                    let place = plane.row_bytes / plane.width as usize;
                    let columns =
                        (x / ratio) as usize * place..((x + width) / ratio) as usize * place;
                    for row in y / ratio..(y + height) / ratio {
                        let bytes = plane.row(row).and_then(|row| row.get(columns.clone()));
                        out.extend_from_slice(bytes.unwrap_or_default());
                    }
                }
                Ok(out)
            }

            /// The camera that took the picture, or `None` where nobody said.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Camera, Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(4, 2, Encoding::Mono8)?;
            /// let camera = Camera::pinhole(4, 2, 3.0, 3.0, 1.5, 0.5);
            /// frame.set_camera(&camera)?;
            #[doc = $received]
            /// assert_eq!(frame.camera(), Some(camera));
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn camera(&self) -> Option<Camera> {
                self.ext().camera
            }

            /// Millimetres that a unit of `Depth16` stands for: 1 where nobody said.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Encoding, Image, Topic};
            /// # let mut topic = Topic::<Image>::open("camera")?;
            /// let mut frame = topic.loan(4, 2, Encoding::Depth16)?;
            /// frame.set_depth_scale(0.25)?;
            #[doc = $received]
            /// assert_eq!(frame.depth_scale(), 0.25);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn depth_scale(&self) -> f32 {
                let scale = self.header_scale();
                if scale.is_finite() && scale > 0.0 { scale } else { 1.0 }
            }
        }
    };
}

readable!(Received, "# topic.send(frame)?; let frame = topic.try_recv()?.unwrap();");
readable!(Loaned, "# let frame = frame;");

impl<S: PixelShape> Received<S> {
    fn header_scale(&self) -> f32 {
        self.header().depth_scale
    }
}

impl<S: PixelShape> Loaned<S> {
    fn header_scale(&self) -> f32 {
        self.said().depth_scale
    }
}

fn check_part(shape: &ImageShape, part: [u32; 4]) -> Result<()> {
    let [x, y, width, height] = part;
    let info = shape.encoding.info();
    let even = |from: u32, count: u32, of: u8| {
        from.is_multiple_of(of.into()) && count.is_multiple_of(of.into())
    };
    let inside = |from: u32, count: u32, all: u32| {
        count > 0 && from.checked_add(count).is_some_and(|end| end <= all)
    };
    let sound = inside(x, width, shape.width)
        && inside(y, height, shape.height)
        && even(x, width, info.width_multiple)
        && even(y, height, info.height_multiple());
    if sound {
        return Ok(());
    }
    let text = format!(
        "{width}x{height} at ({x}, {y}) is no part of {}x{} {}",
        shape.width, shape.height, info.name
    );
    Err(Error::new(ErrorCode::InvalidSize, text))
}
