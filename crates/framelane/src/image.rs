//! Images: [`ImageMut`] is on loan and can be written, [`Image`] was received and cannot.

use framelane_kernels::{Format, Yuv, YuvMatrix, YuvRange, decode_into, encode};
use framelane_topic::Result;

use crate::kernel_error::in_rust;
use crate::loaned::Loaned;
use crate::raster::{raster, raster_mut};
use crate::received::Received;
use crate::validate::ImageShape;

/// An image that is being made. [`Topic::send`](crate::Topic::send) publishes it; dropping it
/// gives the slot back. See [`Loaned`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Encoding, Image, Topic};
///
/// let mut topic = Topic::<Image>::open("camera")?;
/// let mut frame = topic.loan(640, 480, Encoding::Rgb8)?;
/// frame.fill(&[0_u8, 0, 255])?;
/// topic.send(frame)?;
/// # Ok::<(), framelane::Error>(())
/// ```
pub type ImageMut = Loaned<ImageShape>;

/// A received image. See [`Received`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// # use framelane::{Encoding, Image, Topic};
/// # let mut topic = Topic::<Image>::open("camera")?;
/// # let mut frame = topic.loan(640, 480, Encoding::Rgb8)?;
/// # frame.fill(&[0_u8, 0, 255])?;
/// # topic.send(frame)?;
/// let image = topic.try_recv()?.expect("it was just sent");
/// assert_eq!((image.width(), image.height()), (640, 480));
/// assert_eq!(image.pixel::<u8>(639, 479), Some(&[0, 0, 255][..]));
/// # Ok::<(), framelane::Error>(())
/// ```
pub type Image = Received<ImageShape>;

pub(crate) const MATRICES: [(u8, YuvMatrix); 2] = [(1, YuvMatrix::Bt601), (2, YuvMatrix::Bt709)];
pub(crate) const RANGES: [(u8, YuvRange); 2] = [(1, YuvRange::Full), (2, YuvRange::Limited)];

pub(crate) fn named<T: Copy>(table: &[(u8, T)], code: u8) -> Option<T> {
    table.iter().find(|row| row.0 == code).map(|row| row.1)
}

pub(crate) fn code_of<T: PartialEq>(table: &[(u8, T)], value: &T) -> u8 {
    table.iter().find(|row| row.1 == *value).map_or(0, |row| row.0)
}

impl Received<ImageShape> {
    /// Which weights luma has in a picture of Y, U and V. `None` where nobody said, or said one
    /// that this release does not know.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic, Yuv, YuvMatrix, YuvRange};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Nv12)?;
    /// frame.set_yuv(Yuv { matrix: YuvMatrix::Bt709, range: YuvRange::Limited });
    /// topic.send(frame)?;
    /// assert_eq!(topic.try_recv()?.unwrap().yuv_matrix(), Some(YuvMatrix::Bt709));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn yuv_matrix(&self) -> Option<YuvMatrix> {
        named(&MATRICES, self.header().colour_matrix)
    }

    /// Which bytes stand for black and white in a picture of Y, U and V. `None` where nobody said.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic, Yuv, YuvMatrix, YuvRange};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Yuyv)?;
    /// frame.set_yuv(Yuv { range: YuvRange::Full, ..Yuv::default() });
    /// topic.send(frame)?;
    /// assert_eq!(topic.try_recv()?.unwrap().yuv_range(), Some(YuvRange::Full));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn yuv_range(&self) -> Option<YuvRange> {
        named(&RANGES, self.header().colour_range)
    }

    /// The picture as a file; `quality` is for JPEG, 1 to 100.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Format, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Rgb8)?;
    /// frame.fill(&[255_u8, 0, 0])?;
    /// topic.send(frame)?;
    /// let png = topic.try_recv()?.unwrap().encode(Format::Png, 0)?;
    /// assert_eq!(png[1..4], *b"PNG");
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Codec`](crate::ErrorCode::Codec) where the format cannot carry the encoding.
    pub fn encode(&self, format: Format, quality: u8) -> Result<Vec<u8>> {
        encode(&raster(&self.shape, self.data())?, format, quality).map_err(in_rust)
    }
}

impl Loaned<ImageShape> {
    /// Says what the bytes of a picture of Y, U and V mean.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic, Yuv, YuvMatrix, YuvRange};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(1920, 1080, Encoding::Nv12)?;
    /// frame.set_yuv(Yuv { matrix: YuvMatrix::Bt709, range: YuvRange::Limited }); // HD video
    /// # Ok::<(), framelane::Error>(())
    /// ```
    pub fn set_yuv(&mut self, yuv: Yuv) {
        self.say(|said| {
            said.colour_matrix = code_of(&MATRICES, &yuv.matrix);
            said.colour_range = code_of(&RANGES, &yuv.range);
        });
    }

    /// Decodes a JPEG or PNG picture of this image's size straight into the slot.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Format, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let mut frame = topic.loan(4, 2, Encoding::Rgb8)?;
    /// # frame.fill(&[255_u8, 0, 0])?;
    /// # topic.send(frame)?;
    /// # let png = topic.try_recv()?.unwrap().encode(Format::Png, 0)?;
    /// let mut frame = topic.loan(4, 2, Encoding::Rgb8)?;
    /// frame.decode(&png)?;
    /// assert_eq!(frame.pixel::<u8>(3, 1), Some(&[255, 0, 0][..]));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidSize`](crate::ErrorCode::InvalidSize) for a picture of another size,
    /// [`Codec`](crate::ErrorCode::Codec) for what cannot be decoded into this encoding.
    pub fn decode(&mut self, picture: &[u8]) -> Result<()> {
        decode_into(picture, &mut raster_mut(self)?).map_err(in_rust)
    }
}
