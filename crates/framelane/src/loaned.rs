//! Frames on loan, whatever their type: who has the slot, what is said of them.

use framelane_layout::slot::FRAME_ID_MAX;
use framelane_layout::{Descriptor, ErrorCode};
use framelane_topic::{Error, OwnHold, Result};

use crate::ext::{Ext, own_ext, write_ext};
use crate::frame::Loan;
use crate::header::{Said, begin_header, complete_header, said_in};
use crate::shape::Shape;

/// A frame that is being made: a slot on loan, as an [`ImageMut`](crate::ImageMut), a
/// [`DepthImageMut`](crate::DepthImageMut), a [`PointCloudMut`](crate::PointCloudMut) or a
/// [`MessageMut`](crate::MessageMut). [`Topic::send`](crate::Topic::send) publishes it; dropping it
/// gives the slot back.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Encoding, Image, ImageMut, Topic};
///
/// let mut topic = Topic::<Image>::open("camera")?;
/// let mut frame: ImageMut = topic.loan(4, 2, Encoding::Mono8)?;
/// frame.data_mut().fill(128);
/// topic.send(frame)?;
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Debug)]
pub struct Loaned<S> {
    hold: OwnHold,
    pub(crate) shape: S,
    /// Something stands in the header that is rarely said; else it is written when it is sent, and
    /// an image whose sender says nothing costs nothing for it.
    spoken: bool,
}

impl<S: Shape> Loaned<S> {
    #[inline(always)]
    pub(crate) fn new(mut hold: OwnHold, shape: S) -> Self {
        // SAFETY: just loaned, and nobody else has the hold.
        begin_header(unsafe { hold.header_mut() });
        Self { hold, shape, spoken: false }
    }

    /// The bytes. What stands there in the beginning is unspecified.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Rgb8)?;
    /// frame.data_mut()[..3].copy_from_slice(&[255, 0, 0]);
    /// assert_eq!(frame.data_mut().len(), 4 * 2 * 3);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn data_mut(&mut self) -> &mut [u8] {
        let length = usize::try_from(self.shape.bytes()).unwrap_or(usize::MAX);
        // SAFETY: the slot is mapped for as long as the hold lives and has that many bytes;
        // it is on loan to this object alone, which is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.hold.pointer(), length) }
    }

    /// The bytes, to be read.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// frame.data_mut()[0] = 9;
    /// assert_eq!(frame.data()[0], 9);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn data(&self) -> &[u8] {
        let length = usize::try_from(self.shape.bytes()).unwrap_or(usize::MAX);
        // SAFETY: as above, borrowed for reading.
        unsafe { std::slice::from_raw_parts(self.hold.pointer(), length) }
    }

    /// Copies the whole frame in: as many bytes as it has, rows without padding, in the machine's
    /// byte order.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, ErrorCode, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(2, 1, Encoding::Rgb8)?;
    /// frame.copy_from(&[255, 0, 0, 0, 0, 255])?;
    /// assert_eq!(frame.copy_from(&[0; 5]).unwrap_err().code(), ErrorCode::InvalidLength);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidLength`] for any other number of them.
    pub fn copy_from(&mut self, bytes: &[u8]) -> Result<()> {
        let (expected, got) = (self.data().len(), bytes.len());
        if expected != got {
            let text = format!("{} takes {expected} bytes, got {got}", self.shape.title());
            return Err(Error::new(ErrorCode::InvalidLength, text));
        }
        self.data_mut().copy_from_slice(bytes);
        Ok(())
    }

    /// Names the sensor or coordinate frame, at most 63 bytes.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, ErrorCode, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(2, 1, Encoding::Rgb8)?;
    /// frame.set_frame_id("camera_left")?;
    /// let error = frame.set_frame_id(&"long".repeat(16)).unwrap_err();
    /// assert_eq!(error.code(), ErrorCode::InvalidLength);
    /// # Ok::<(), framelane::Error>(())
    /// ```
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
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Message, Topic};
    /// # let mut camera = Topic::<Image>::open("camera")?;
    /// # let mut detections = Topic::<Message>::open("detections")?;
    /// # let frame = camera.loan(2, 1, Encoding::Rgb8)?;
    /// # camera.send(frame)?;
    /// let image = camera.try_recv()?.unwrap();
    /// let mut found = detections.loan(2, Some("json"))?;
    /// found.copy_from(b"[]")?;
    /// found.set_timestamp_ns(image.timestamp_ns()); // belongs to that image
    /// detections.send(found)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[inline]
    pub fn set_timestamp_ns(&mut self, timestamp_ns: i64) {
        // SAFETY: on loan to this object, which has the only hold and is borrowed mutably.
        unsafe { self.hold.header_mut() }.stamp_ns = timestamp_ns;
    }

    /// What is said of the frame so far.
    pub(crate) fn said(&self) -> Said {
        if self.spoken { said_in(&self.hold.header()) } else { Said::default() }
    }

    /// Says something else of the frame.
    pub(crate) fn say(&mut self, change: impl FnOnce(&mut Said)) {
        let mut said = self.said();
        change(&mut said);
        // SAFETY: on loan to this object, which has the only hold and is borrowed mutably.
        let header = unsafe { self.hold.header_mut() };
        said.write(header);
        self.spoken = true;
    }

    /// Writes an ext block in place of the one before.
    pub(crate) fn write_ext(&mut self, ext: &Ext) -> Result<()> {
        let bytes = self.shape.bytes();
        // SAFETY: on loan to this object, whose slices end with the payload.
        let ext_offset = unsafe { write_ext(&mut self.hold, bytes, ext) }?;
        self.say(|said| said.ext_offset = ext_offset);
        Ok(())
    }

    /// What the ext block says so far.
    pub(crate) fn ext(&self) -> Ext {
        own_ext(&self.hold, self.said().ext_offset, self.shape.bytes())
    }
}

impl<S: Shape> Loan for Loaned<S> {
    #[inline(always)]
    fn into_parts(self) -> (OwnHold, Descriptor) {
        let Self { mut hold, shape, spoken } = self;
        let mut descriptor = Descriptor::default();
        shape.describe(&mut descriptor);
        // SAFETY: on loan to this object, which had the only hold.
        let header = unsafe { hold.header_mut() };
        let said = if spoken { said_in(header) } else { Said::default() };
        complete_header(header, &mut descriptor, said);
        (hold, descriptor)
    }
}
