//! Images: [`ImageMut`] is on loan and can be written, [`Image`] was received and cannot.

use std::fmt;

use framelane_kernels::{Format, Raster, RasterMut, decode_into, encode};
use framelane_layout::slot::FRAME_ID_MAX;
use framelane_layout::{Descriptor, Encoding, ErrorCode, Kind};
use framelane_topic::{Error, Result};
use framelane_topic::{Hold, OwnHold};

use crate::header::{Said, begin_header, complete_header};
use crate::kernel_error::codec_error;
use crate::token;
use crate::topic::{Frame, Loan};
use crate::validate::{ImageShape, check_image};

/// An image that is being made: a slot on loan. [`Topic::send`](crate::Topic::send)
/// publishes it; dropping it gives the slot back.
#[derive(Debug)]
pub struct ImageMut {
    hold: OwnHold,
    shape: ImageShape,
}

impl ImageMut {
    #[inline(always)]
    pub(crate) fn new(mut hold: OwnHold, shape: ImageShape) -> Self {
        // SAFETY: just loaned, and nobody else has the hold.
        begin_header(unsafe { hold.header_mut() });
        Self { hold, shape }
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.shape.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.shape.height
    }

    /// Format of the pixels.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.shape.encoding
    }

    /// Bytes from one row to the next.
    #[must_use]
    pub fn step(&self) -> u32 {
        self.shape.step
    }

    /// The pixels. What stands there in the beginning is unspecified.
    #[must_use]
    pub fn data_mut(&mut self) -> &mut [u8] {
        let length = usize::try_from(self.shape.bytes).unwrap_or(usize::MAX);
        // SAFETY: the slot is mapped for as long as the hold lives and has that many bytes;
        // it is on loan to this object alone, which is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.hold.pointer(), length) }
    }

    /// Names the sensor or coordinate frame, at most 63 bytes.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidLength`] for a longer one.
    pub fn set_frame_id(&mut self, frame_id: &str) -> Result<()> {
        let bytes = frame_id.as_bytes();
        if bytes.len() > FRAME_ID_MAX {
            let text = format!("a frame id has at most {FRAME_ID_MAX} bytes, got {}", bytes.len());
            return Err(Error::new(ErrorCode::InvalidLength, text));
        }
        // SAFETY: on loan to this object, which has the only hold and is borrowed mutably.
        let header = unsafe { self.hold.header_mut() };
        header.frame_id[..bytes.len()].copy_from_slice(bytes);
        header.frame_id_len = u8::try_from(bytes.len()).unwrap_or(0);
        Ok(())
    }

    /// Sets the time stamp, nanoseconds since the Unix epoch. Without one, or with 0, a frame
    /// carries the time at which it was sent.
    #[inline]
    pub fn set_timestamp_ns(&mut self, timestamp_ns: i64) {
        // SAFETY: on loan to this object, which has the only hold and is borrowed mutably.
        unsafe { self.hold.header_mut() }.stamp_ns = timestamp_ns;
    }

    /// Decodes a JPEG or PNG picture of this image's size straight into the slot.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidSize`] for a picture of another size, [`ErrorCode::Codec`] for what
    /// cannot be decoded into this encoding.
    pub fn decode(&mut self, picture: &[u8]) -> Result<()> {
        let ImageShape { width, height, step, encoding, .. } = self.shape;
        let target = RasterMut::new(width, height, step, encoding, self.data_mut());
        decode_into(picture, &mut target.map_err(codec_error)?).map_err(codec_error)
    }
}

impl Loan for ImageMut {
    #[inline(always)]
    fn into_parts(self) -> (OwnHold, Descriptor) {
        let Self { mut hold, shape } = self;
        let mut descriptor = Descriptor::default();
        shape.describe(&mut descriptor);
        // SAFETY: on loan to this object, which had the only hold.
        complete_header(unsafe { hold.header_mut() }, &mut descriptor, Said::default());
        (hold, descriptor)
    }
}

/// A received image. Its bytes cannot be written, by nobody, for as long as it lives. A
/// clone is one more reference on the same bytes.
#[derive(Clone)]
pub struct Image {
    hold: Hold,
    /// First byte, in a mapping that lives as long as `hold`.
    pointer: *const u8,
    /// Checked against the slot.
    shape: ImageShape,
    sent_ns: u64,
    /// What else a descriptor says, for sending the frame on: three of its words as they came.
    /// An image is moved about, and many narrow fields are what makes that slow.
    place: u64,
    types: u64,
    payload_bytes: u64,
    missed: u64,
}

// SAFETY: `pointer` is into memory that nobody writes while `hold` lives, and `hold` can be
// sent and shared itself.
unsafe impl Send for Image {}
// SAFETY: as above.
unsafe impl Sync for Image {}

impl Frame for Image {
    const KIND: Kind = Kind::Image;
    type Loan = ImageMut;

    #[inline(always)]
    fn from_received(descriptor: &Descriptor, hold: Hold, missed: u64) -> Result<Option<Self>> {
        let Some(shape) = check_image(descriptor, hold.slot_bytes()) else { return Ok(None) };
        let pointer = hold.pointer()?;
        let [_, _, place, sent_ns, types, payload_bytes, _, _] = descriptor.to_words();
        Ok(Some(Self { hold, pointer, shape, sent_ns, place, types, payload_bytes, missed }))
    }

    fn reference(&self) -> (Hold, Descriptor) {
        let (hold, mut shape) = (self.hold.clone(), Descriptor::default());
        self.shape.describe(&mut shape);
        let [.., dims, step] = shape.to_words();
        let words = [hold.pool_id(), self.place, self.sent_ns, self.types, self.payload_bytes];
        let [pool, place, sent, types, bytes] = words;
        (hold, Descriptor::from_words([0, pool, place, sent, types, bytes, dims, step]))
    }
}

impl Image {
    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.shape.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.shape.height
    }

    /// Format of the pixels.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.shape.encoding
    }

    /// Bytes from one row to the next.
    #[must_use]
    pub fn step(&self) -> u32 {
        self.shape.step
    }

    /// The pixels, where they were written.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        let length = usize::try_from(self.shape.bytes).unwrap_or(0);
        // SAFETY: the slot has that many bytes (checked on receipt), is mapped for as long as
        // the hold lives, and its owner does not write while we hold it.
        unsafe { std::slice::from_raw_parts(self.pointer, length) }
    }

    /// Nanoseconds since the Unix epoch: when the frame was taken, or sent where nobody said.
    #[must_use]
    pub fn timestamp_ns(&self) -> i64 {
        self.hold.header().stamp_ns
    }

    /// Name of the sensor or coordinate frame.
    #[must_use]
    pub fn frame_id(&self) -> String {
        let header = self.hold.header();
        let length = usize::from(header.frame_id_len).min(FRAME_ID_MAX);
        String::from_utf8_lossy(&header.frame_id[..length]).into_owned()
    }

    /// Number given by the device, or by the publisher where there is none.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.hold.header().sequence
    }

    /// `CLOCK_MONOTONIC` when it was sent, nanoseconds.
    #[must_use]
    pub fn sent_ns(&self) -> u64 {
        self.sent_ns
    }

    /// Frames of the same publisher that were gone before this one could be received.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The image's name, a text of 124 ASCII characters that goes wherever text goes. It holds
    /// nothing: [`from_token`](Self::from_token) finds the image while somebody holds it, this
    /// object, or the publisher for its subscribers.
    ///
    /// ```
    /// use framelane::{Config, Encoding, Image, Topic, configure};
    ///
    /// # fn main() -> framelane::Result<()> {
    /// # let namespace = Some(format!("doc-{}", std::process::id()));
    /// # configure(Config { namespace, ..Config::default() })?;
    /// let mut topic = Topic::<Image>::open("camera.rgb")?;
    /// let frame = topic.loan(64, 48, Encoding::Mono8)?;
    /// topic.send(frame)?;
    /// let image = topic.try_recv()?.expect("it was just sent");
    ///
    /// let token = image.token(); // by socket, argument, file, database …
    /// let same = Image::from_token(&token)?; // … to any process of the directory
    /// assert_eq!(same.data().as_ptr(), image.data().as_ptr());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn token(&self) -> String {
        token::name(self)
    }

    /// The image that a token names, whoever made the token, in whatever language. Nothing is
    /// copied.
    ///
    /// # Errors
    /// [`ErrorCode::Stale`] where nobody holds the image any more, or it lies in another
    /// directory or namespace, or the token moves a hold inside another process;
    /// [`ErrorCode::InvalidArgument`] for what is no token, or not of an image;
    /// [`ErrorCode::Limit`] where 32 processes read the publisher's pool already.
    pub fn from_token(token: &str) -> Result<Self> {
        token::find(token)
    }

    /// The picture as a file.
    ///
    /// # Errors
    /// [`ErrorCode::Codec`] where the format cannot carry the encoding.
    pub fn encode(&self, format: Format, quality: u8) -> Result<Vec<u8>> {
        let (width, height) = (self.width(), self.height());
        let picture = Raster::new(width, height, self.step(), self.shape.encoding, self.data());
        encode(&picture.map_err(codec_error)?, format, quality).map_err(codec_error)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = (self.width(), self.height());
        let (slot, generation) = (self.hold.slot(), self.reference().1.generation);
        let encoding = self.encoding().info().name;
        write!(out, "Image {width}x{height} {encoding} slot {slot}#{generation}")
    }
}
