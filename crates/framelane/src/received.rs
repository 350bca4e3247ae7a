//! Received frames, whatever their type: who holds them, what they say of themselves.

use std::fmt;

use framelane_layout::slot::FRAME_ID_MAX;
use framelane_layout::{Descriptor, Kind, SlotHeader};
use framelane_topic::{Hold, Result};

use crate::ext::{Ext, read_ext};
use crate::frame::Frame;
use crate::loaned::Loaned;
use crate::shape::Shape;
use crate::token;

/// A received frame: an [`Image`](crate::Image), a [`DepthImage`](crate::DepthImage), a
/// [`PointCloud`](crate::PointCloud) or a [`Message`](crate::Message). Its bytes cannot be
/// written, by nobody, for as long as it lives. A clone is one more reference on the same bytes.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Encoding, Image, Topic};
///
/// let mut topic = Topic::<Image>::open("camera")?;
/// let frame = topic.loan(4, 2, Encoding::Mono8)?;
/// topic.send(frame)?;
/// let image = topic.try_recv()?.expect("it was just sent");
/// let same = image.clone();
/// drop(image);
/// assert_eq!(same.data().len(), 8); // held still
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone)]
pub struct Received<S> {
    hold: Hold,
    /// First byte, in a mapping that lives as long as `hold`.
    pointer: *const u8,
    /// Checked against the slot.
    pub(crate) shape: S,
    sent_ns: u64,
    /// What else a descriptor says, for sending the frame on: three of its words as they came.
    /// A frame is moved about, and many narrow fields are what makes that slow.
    place: u64,
    types: u64,
    payload_bytes: u64,
    missed: u64,
}

// SAFETY: `pointer` is into memory that nobody writes while `hold` lives, and `hold` can be
// sent and shared itself.
unsafe impl<S: Send> Send for Received<S> {}
// SAFETY: as above.
unsafe impl<S: Sync> Sync for Received<S> {}

impl<S: Shape> Frame for Received<S> {
    const KIND: Kind = S::KIND;
    type Loan = Loaned<S>;

    #[inline(always)]
    fn from_received(descriptor: &Descriptor, hold: Hold, missed: u64) -> Result<Option<Self>> {
        let Some(shape) = S::check(descriptor, hold.slot_bytes()) else { return Ok(None) };
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

impl<S: Shape> Received<S> {
    /// The bytes, where they were written; those of a picture from its first pixel to its last.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Message, Topic};
    /// # let mut topic = Topic::<Message>::open("poses")?;
    /// # let mut loan = topic.loan(3, Some("raw"))?;
    /// # loan.copy_from(&[1, 2, 3])?;
    /// # topic.send(loan)?;
    /// let message = topic.try_recv()?.unwrap();
    /// assert_eq!(message.data(), [1, 2, 3]);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn data(&self) -> &[u8] {
        let length = usize::try_from(self.shape.bytes()).unwrap_or(0);
        // SAFETY: the slot has that many bytes (checked on receipt), is mapped for as long as
        // the hold lives, and its owner does not write while we hold it.
        unsafe { std::slice::from_raw_parts(self.pointer, length) }
    }

    /// Nanoseconds since the Unix epoch: when the frame was taken, or sent where nobody said.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// frame.set_timestamp_ns(1_700_000_000_000_000_000);
    /// topic.send(frame)?;
    /// assert_eq!(topic.try_recv()?.unwrap().timestamp_ns(), 1_700_000_000_000_000_000);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn timestamp_ns(&self) -> i64 {
        self.header().stamp_ns
    }

    /// Name of the sensor or coordinate frame; empty where nobody said.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// frame.set_frame_id("camera_left")?;
    /// topic.send(frame)?;
    /// assert_eq!(topic.try_recv()?.unwrap().frame_id(), "camera_left");
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn frame_id(&self) -> String {
        let header = self.header();
        let length = usize::from(header.frame_id_len).min(FRAME_ID_MAX);
        String::from_utf8_lossy(&header.frame_id[..length]).into_owned()
    }

    /// Number given by the device, or by the publisher where there is none: 0, 1, 2 …
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// for _ in 0..2 {
    ///     let frame = topic.loan(4, 2, Encoding::Mono8)?;
    ///     topic.send(frame)?;
    /// }
    /// assert_eq!(topic.try_recv()?.unwrap().sequence(), 0);
    /// assert_eq!(topic.try_recv()?.unwrap().sequence(), 1);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.header().sequence
    }

    /// `CLOCK_MONOTONIC` when it was sent, nanoseconds.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # for _ in 0..2 {
    /// #     let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// #     topic.send(frame)?;
    /// # }
    /// let (one, next) = (topic.try_recv()?.unwrap(), topic.try_recv()?.unwrap());
    /// assert!(one.sent_ns() <= next.sent_ns());
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn sent_ns(&self) -> u64 {
        self.sent_ns
    }

    /// Frames of the same publisher that were gone before this one could be received.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Options, Topic};
    /// let options = Options { depth: 1, ..Options::default() };
    /// let mut topic = Topic::<Image>::open_with("fast", options)?;
    /// for _ in 0..3 {
    ///     let frame = topic.loan(4, 2, Encoding::Mono8)?;
    ///     topic.send(frame)?;
    /// }
    /// assert_eq!(topic.try_recv()?.unwrap().missed(), 2); // one is kept, the last
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The frame's name, a text of 124 ASCII characters that goes wherever text goes. It holds
    /// nothing: [`from_token`](Self::from_token) finds the frame while somebody holds it, this
    /// object, or the publisher for its subscribers.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// use framelane::{Encoding, Image, Topic};
    ///
    /// let mut topic = Topic::<Image>::open("camera.rgb")?;
    /// let frame = topic.loan(64, 48, Encoding::Mono8)?;
    /// topic.send(frame)?;
    /// let image = topic.try_recv()?.expect("it was just sent");
    ///
    /// let token = image.token(); // by socket, argument, file, database …
    /// let same = Image::from_token(&token)?; // … to any process of the directory
    /// assert_eq!(same.data().as_ptr(), image.data().as_ptr());
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn token(&self) -> String {
        token::name(self)
    }

    /// The frame that a token names, whoever made the token, in whatever language. Nothing is
    /// copied.
    ///
    /// ```
    /// use framelane::{ErrorCode, Message};
    ///
    /// let error = Message::from_token("no token").unwrap_err();
    /// assert_eq!(error.code(), ErrorCode::InvalidArgument);
    /// ```
    ///
    /// # Errors
    /// [`Stale`](crate::ErrorCode::Stale) where nobody holds the frame any more, or it lies in
    /// another directory or namespace, or the token moves a hold inside another process;
    /// [`InvalidArgument`](crate::ErrorCode::InvalidArgument) for what is no token, or not of such
    /// a frame; [`Limit`](crate::ErrorCode::Limit) where 32 processes read the publisher's pool
    /// already.
    pub fn from_token(token: &str) -> Result<Self> {
        token::find(token)
    }

    /// A copy of the slot's header.
    pub(crate) fn header(&self) -> SlotHeader {
        self.hold.header()
    }

    /// What the ext block says; nothing where there is none.
    pub(crate) fn ext(&self) -> Ext {
        // The slot is mapped already, so that nothing can fail.
        read_ext(&self.hold).unwrap_or_default()
    }
}

impl<S: Shape> fmt::Debug for Received<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (slot, generation) = (self.hold.slot(), self.reference().1.generation);
        write!(out, "{} slot {slot}#{generation}", self.shape.title())
    }
}
