//! A typed topic: send frames, receive frames.

use std::time::{Duration, Instant};

use framelane_layout::topic::{Delivery, Mode, Overflow};
use framelane_layout::{Descriptor, ErrorCode};
use framelane_topic::{Claimed, DEPTH_MAX, Hold, Publisher, Received, Subscriber, TopicStats};
use framelane_topic::{Error, Result, check_not_forked};

use crate::config;
use crate::frame::{Frame, Loan};

/// How a topic is opened.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Image, Options, Overflow, Topic};
///
/// let options = Options { depth: 4, history: 0, overflow: Overflow::Block };
/// let topic = Topic::<Image>::open_with("lossless", options)?;
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Frames that this publisher keeps for slow subscribers, up to 64; 0: 8, or 4 for
    /// frames above a mebibyte.
    pub depth: u32,
    /// Frames sent before this subscriber came that it gets all the same, up to 64, as far
    /// as they are still there.
    pub history: u32,
    /// What happens to a frame for which a subscriber has no room: the same for everyone who
    /// opens the topic. With [`Overflow::DropOldest`] publishers go by nobody. With the others
    /// they keep to what their subscribers have taken, up to `depth` frames behind; then a
    /// topic object subscribes with its first call that receives, not when it is opened.
    pub overflow: Overflow,
}

impl Default for Options {
    fn default() -> Self {
        Self { depth: 0, history: 1, overflow: Overflow::DropOldest }
    }
}

/// Counters of a topic object, and what its topic looks like from here.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Encoding, Image, Topic};
///
/// let mut topic = Topic::<Image>::open("camera")?;
/// let frame = topic.loan(640, 480, Encoding::Rgb8)?;
/// topic.send(frame)?;
/// let stats = topic.stats()?;
/// assert_eq!((stats.sent, stats.received, stats.topic.publishers.len()), (1, 0, 1));
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stats {
    /// Frames sent by this object.
    pub sent: u64,
    /// Frames received by this object.
    pub received: u64,
    /// Frames that were gone before this object could take them.
    pub lapped: u64,
    /// Frames passed over by [`Topic::newest`].
    pub skipped: u64,
    /// Descriptors that said something impossible.
    pub rejected: u64,
    /// Frames this object let go before its depth said so, because memory ran short.
    pub evicted_early: u64,
    /// Frames that were dropped because there was no room for them.
    pub dropped: u64,
    /// How often the topic's file was found removed and the topic opened anew.
    pub reopened: u64,
    /// Publishers, subscribers, pools.
    pub topic: TopicStats,
}

/// A named channel of frames of one type. Every subscriber sees every frame of a publisher
/// in order; one that is too slow is lapped and told so.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Encoding, Image, Topic};
///
/// let mut camera = Topic::<Image>::open("camera")?;
/// let mut viewer = Topic::<Image>::open("camera")?; // in any process
/// let frame = camera.loan(640, 480, Encoding::Rgb8)?;
/// camera.send(frame)?;
/// assert_eq!(viewer.try_recv()?.unwrap().width(), 640);
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Debug)]
pub struct Topic<T: Frame> {
    subscriber: Subscriber,
    /// Taken by the first loan or send.
    publisher: Option<Publisher>,
    options: Options,
    frame: std::marker::PhantomData<fn() -> T>,
}

impl<T: Frame> Topic<T> {
    /// Opens the topic `name`, making it where it is missing. Subscription starts here.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// use framelane::{DepthImage, ErrorCode, Image, Topic};
    ///
    /// let topic = Topic::<Image>::open("robot/camera.left")?;
    /// let other = Topic::<DepthImage>::open("robot/camera.left").unwrap_err();
    /// assert_eq!(other.code(), ErrorCode::TopicMismatch);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidName`], [`ErrorCode::TopicMismatch`] where it carries another
    /// type, and what shared memory can say.
    pub fn open(name: &str) -> Result<Self> {
        Self::open_with(name, Options::default())
    }

    /// As [`open`](Self::open), with options.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// use framelane::{Image, Options, Topic};
    ///
    /// // No frame that was sent before.
    /// let options = Options { history: 0, ..Options::default() };
    /// let topic = Topic::<Image>::open_with("camera", options)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`ErrorCode::InvalidArgument`] for options out of range.
    pub fn open_with(name: &str, options: Options) -> Result<Self> {
        Self::open_as(name, options, Delivery::Broadcast)
    }

    pub(crate) fn open_as(name: &str, options: Options, delivery: Delivery) -> Result<Self> {
        if options.depth > DEPTH_MAX || options.history > DEPTH_MAX {
            let text = format!("depth and history are at most {DEPTH_MAX}, got {options:?}");
            return Err(Error::new(ErrorCode::InvalidArgument, text));
        }
        let mode = Mode { overflow: options.overflow, delivery };
        let topic = config::current()?.open_topic(name, T::KIND, mode)?;
        let subscriber = Subscriber::new(topic, options.history);
        Ok(Self { subscriber, publisher: None, options, frame: std::marker::PhantomData })
    }

    /// The topic's name.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Image, Topic};
    /// assert_eq!(Topic::<Image>::open("camera")?.name(), "camera");
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.subscriber.topic().name()
    }

    #[inline(always)]
    pub(crate) fn publisher(&mut self) -> Result<&mut Publisher> {
        match &mut self.publisher {
            Some(publisher) => Ok(publisher),
            none => {
                let topic = self.subscriber.topic().clone();
                Ok(none.insert(Publisher::claim(topic, self.options.depth)?))
            }
        }
    }

    /// Publishes a frame. Never waits, copies nothing.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// frame.fill(&[128_u8])?;
    /// topic.send(frame)?; // it is everybody's now
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::Backpressure`] where the topic blocks and a subscriber has no room: the loan
    /// is given back, [`send_when_ready`](Self::send_when_ready) waits instead.
    /// [`ErrorCode::TopicRemoved`] once where the topic's file was removed.
    /// [`ErrorCode::Limit`] where this is the first frame, loaned from another topic, and all
    /// publisher entries are taken.
    #[inline(always)]
    pub fn send(&mut self, loan: T::Loan) -> Result<()> {
        check_not_forked()?;
        let (hold, mut descriptor) = loan.into_parts();
        let publisher = self.publisher()?;
        if publisher.admit(descriptor.payload_bytes)? {
            publisher.publish(hold, &mut descriptor);
        }
        Ok(())
    }

    /// Publishes a frame as soon as every subscriber has room, at most after `timeout`.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Options, Overflow, Topic};
    /// # use std::time::Duration;
    /// let options = Options { overflow: Overflow::Block, ..Options::default() };
    /// let mut topic = Topic::<Image>::open_with("lossless", options)?;
    /// let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// topic.send_when_ready(frame, Duration::from_secs(1))?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send), [`ErrorCode::Backpressure`] where there was no room in time.
    pub fn send_when_ready(&mut self, loan: T::Loan, timeout: Duration) -> Result<()> {
        check_not_forked()?;
        let (hold, mut descriptor) = loan.into_parts();
        let publisher = self.publisher()?;
        publisher.wait_for_room(descriptor.payload_bytes, timeout)?;
        if publisher.admit(descriptor.payload_bytes)? {
            publisher.publish(hold, &mut descriptor);
        }
        Ok(())
    }

    /// Publishes a received frame on this topic, too, without a copy. The frame lives for as
    /// long as this object keeps it, or anybody who received it here; who was too slow when it
    /// goes is told so.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// let mut chosen = Topic::<Image>::open("camera.chosen")?;
    /// let image = topic.try_recv()?.unwrap();
    /// chosen.relay(&image)?;
    /// assert_eq!(chosen.try_recv()?.unwrap().data().as_ptr(), image.data().as_ptr());
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn relay(&mut self, frame: &T) -> Result<()> {
        check_not_forked()?;
        let (hold, descriptor) = frame.reference();
        let publisher = self.publisher()?;
        if publisher.admit(descriptor.payload_bytes)? {
            publisher.relay(hold, &descriptor);
        }
        Ok(())
    }

    /// The next frame, if there is one.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// assert!(topic.try_recv()?.is_some());
    /// assert!(topic.try_recv()?.is_none());
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where 32 processes read the publisher's pool already.
    pub fn try_recv(&mut self) -> Result<Option<T>> {
        self.next(false)
    }

    /// The newest frame not received before, if there is one; those before it are counted as
    /// skipped.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// assert_eq!(topic.newest()?.unwrap().sequence(), 1); // the second of two
    /// assert_eq!(topic.stats()?.skipped, 1);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_recv`](Self::try_recv).
    pub fn newest(&mut self) -> Result<Option<T>> {
        self.next(true)
    }

    /// One place where a frame is made, for the quick and the long way to it: its many fields stay
    /// in registers until whoever asked for it has a place for it.
    #[inline(always)]
    fn next(&mut self, newest: bool) -> Result<Option<T>> {
        // A ring full of nonsense is passed over in one call; an unending stream of it is not.
        for _ in 0..=DEPTH_MAX {
            let in_order = if newest { None } else { self.subscriber.receive_in_order() };
            let (descriptor, hold, missed) = match in_order {
                Some((words, hold)) => (Descriptor::from_words(words), hold, 0),
                None => match self.take_late(newest) {
                    Ok(Some(taken)) => taken,
                    Ok(None) => return Ok(None),
                    Err(error) => return Err(error),
                },
            };
            match T::from_received(&descriptor, hold, missed) {
                Ok(Some(frame)) => return Ok(Some(frame)),
                Ok(None) => self.subscriber.reject(),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    #[inline(never)]
    fn take_late(&mut self, newest: bool) -> Result<Option<(Descriptor, Hold, u64)>> {
        let received = self.subscriber.receive(newest)?;
        Ok(received.map(|Received { descriptor, hold, missed, .. }| (*descriptor, hold, missed)))
    }

    /// The next frame of a queue, and the claim on it where it must be acknowledged.
    pub(crate) fn next_claimed(&mut self) -> Result<Option<(T, Option<Claimed>)>> {
        for _ in 0..=DEPTH_MAX {
            let Some(received) = self.subscriber.receive(false)? else { break };
            let Received { descriptor, hold, missed, claimed } = received;
            if let Some(frame) = T::from_received(descriptor, hold, missed)? {
                return Ok(Some((frame, claimed)));
            }
            // Nobody can use it: offered again, it would go round for ever.
            claimed.map(Claimed::acknowledge);
            self.subscriber.reject();
        }
        Ok(None)
    }

    /// Blocks until there is a frame, at most `timeout`.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// use std::time::Duration;
    /// # use framelane::ErrorCode;
    ///
    /// let image = topic.recv(Duration::from_secs(1))?;
    /// let late = topic.recv(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(late.code(), ErrorCode::Timeout);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::Timeout`], [`ErrorCode::Limit`] where 32 subscribers wait already, and as
    /// [`try_recv`](Self::try_recv).
    pub fn recv(&mut self, timeout: Duration) -> Result<T> {
        self.blocking(timeout, false)
    }

    /// Blocks until there is a frame and takes the newest.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// let image = topic.recv_newest(std::time::Duration::from_secs(1))?;
    /// assert_eq!(image.sequence(), 1);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_newest(&mut self, timeout: Duration) -> Result<T> {
        self.blocking(timeout, true)
    }

    fn blocking(&mut self, timeout: Duration, newest: bool) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Some(frame) = self.next(newest)? {
                return Ok(frame);
            }
            self.sleep(start, timeout)?;
        }
    }

    /// Sleeps until there may be a frame, at most until `timeout` has passed since `start`.
    ///
    /// # Errors
    /// [`ErrorCode::Timeout`] where it has.
    pub(crate) fn sleep(&mut self, start: Instant, timeout: Duration) -> Result<()> {
        let left = timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            let text = format!("topic {}: no frame in {timeout:?}", self.name());
            return Err(Error::new(ErrorCode::Timeout, text));
        }
        self.subscriber.sleep_blocking(left)
    }

    /// The newest frame that is still there, received before or not.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// assert!(topic.latest()?.is_some());
    /// assert!(topic.latest()?.is_some()); // again: nothing was received
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_recv`](Self::try_recv).
    pub fn latest(&mut self) -> Result<Option<T>> {
        let Some(received) = self.subscriber.latest()? else { return Ok(None) };
        let frame = T::from_received(received.descriptor, received.hold, 0)?;
        if frame.is_none() {
            self.subscriber.count_rejected();
        }
        Ok(frame)
    }

    /// Counters, and the topic as seen from here.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// # let frame = topic.loan(4, 2, Encoding::Mono8)?;
    /// # topic.send(frame)?;
    /// let stats = topic.stats()?;
    /// assert_eq!((stats.sent, stats.dropped, stats.rejected), (1, 0, 0));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// The operating system refuses to say who lives.
    pub fn stats(&self) -> Result<Stats> {
        let publisher = self.publisher.as_ref();
        Ok(Stats {
            sent: publisher.map_or(0, Publisher::sent),
            received: self.subscriber.received(),
            lapped: self.subscriber.lapped(),
            skipped: self.subscriber.skipped(),
            rejected: self.subscriber.rejected(),
            evicted_early: publisher.map_or(0, Publisher::evicted_early),
            dropped: publisher.map_or(0, Publisher::dropped),
            reopened: self.subscriber.reopened() + publisher.map_or(0, Publisher::reopened),
            topic: TopicStats::of(self.subscriber.topic())?,
        })
    }
}
