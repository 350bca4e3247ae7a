//! A typed topic: send frames, receive frames.

use std::time::Duration;

use framelane_layout::{Descriptor, Encoding, ErrorCode, Kind};
use framelane_topic::{DEPTH_MAX, OwnHold, Publisher, Received, Subscriber, TopicStats};
use framelane_topic::{Error, Result, check_not_forked};

use crate::config;
use crate::image::{Image, ImageMut};
use crate::validate::ImageShape;

/// A type of frames that topics carry.
pub trait Frame: Sized {
    /// Its kind, the same for every frame of a topic.
    const KIND: Kind;
    /// What it is before it is sent.
    type Loan: Loan;

    /// Gives a received frame its type. `None`: its descriptor says something impossible.
    ///
    /// # Errors
    /// The memory cannot be mapped.
    fn from_received(received: Received) -> Result<Option<Self>>;
}

/// A frame that is being made.
pub trait Loan {
    /// What is published: the slot with its header written, and what is in it.
    fn into_parts(self) -> (OwnHold, Descriptor);
}

/// How a topic is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Frames that this publisher keeps for slow subscribers, up to 64; 0: 8, or 4 for
    /// frames above a mebibyte.
    pub depth: u32,
    /// Frames sent before this subscriber came that it gets all the same, up to 64, as far
    /// as they are still there.
    pub history: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { depth: 0, history: 1 }
    }
}

/// Counters of a topic object, and what its topic looks like from here.
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
    /// Publishers, subscribers, pools.
    pub topic: TopicStats,
}

/// A named channel of frames of one type. Every subscriber sees every frame of a publisher
/// in order; one that is too slow is lapped and told so.
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
    /// # Errors
    /// [`ErrorCode::InvalidName`], [`ErrorCode::TopicMismatch`] where it carries another
    /// type, and what shared memory can say.
    pub fn open(name: &str) -> Result<Self> {
        Self::open_with(name, Options::default())
    }

    /// As [`open`](Self::open), with options.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`ErrorCode::InvalidArgument`] for options out of range.
    pub fn open_with(name: &str, options: Options) -> Result<Self> {
        if options.depth > DEPTH_MAX || options.history > DEPTH_MAX {
            let text = format!("depth and history are at most {DEPTH_MAX}, got {options:?}");
            return Err(Error::new(ErrorCode::InvalidArgument, text));
        }
        let topic = config::current()?.open_topic(name, T::KIND)?;
        let subscriber = Subscriber::new(topic, options.history);
        Ok(Self { subscriber, publisher: None, options, frame: std::marker::PhantomData })
    }

    /// The topic's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.subscriber.topic().name()
    }

    #[inline(always)]
    fn publisher(&mut self) -> Result<&mut Publisher> {
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
    /// # Errors
    /// [`ErrorCode::Limit`] where this is the first frame, loaned from another topic, and all
    /// publisher entries are taken.
    #[inline(always)]
    pub fn send(&mut self, loan: T::Loan) -> Result<()> {
        check_not_forked()?;
        let (hold, mut descriptor) = loan.into_parts();
        self.publisher()?.publish(hold, &mut descriptor);
        Ok(())
    }

    /// The next frame, if there is one.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where 32 processes read the publisher's pool already.
    pub fn try_recv(&mut self) -> Result<Option<T>> {
        self.next(false)
    }

    /// The newest frame not received before, if there is one; those before it are counted as
    /// skipped.
    ///
    /// # Errors
    /// As [`try_recv`](Self::try_recv).
    pub fn newest(&mut self) -> Result<Option<T>> {
        self.next(true)
    }

    fn next(&mut self, newest: bool) -> Result<Option<T>> {
        while let Some(received) = self.subscriber.receive(newest)? {
            if let Some(frame) = T::from_received(received)? {
                return Ok(Some(frame));
            }
            self.subscriber.reject();
        }
        Ok(None)
    }

    /// Blocks until there is a frame, at most `timeout`.
    ///
    /// # Errors
    /// [`ErrorCode::Timeout`], [`ErrorCode::Limit`] where 32 subscribers wait already, and as
    /// [`try_recv`](Self::try_recv).
    pub fn recv(&mut self, timeout: Duration) -> Result<T> {
        self.blocking(timeout, false)
    }

    /// Blocks until there is a frame and takes the newest.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_newest(&mut self, timeout: Duration) -> Result<T> {
        self.blocking(timeout, true)
    }

    fn blocking(&mut self, timeout: Duration, newest: bool) -> Result<T> {
        loop {
            let received = self.subscriber.receive_blocking(timeout, newest)?;
            if let Some(frame) = T::from_received(received)? {
                return Ok(frame);
            }
            self.subscriber.reject();
        }
    }

    /// The newest frame that is still there, received before or not.
    ///
    /// # Errors
    /// As [`try_recv`](Self::try_recv).
    pub fn latest(&mut self) -> Result<Option<T>> {
        let Some(received) = self.subscriber.latest()? else { return Ok(None) };
        let frame = T::from_received(received)?;
        if frame.is_none() {
            self.subscriber.count_rejected();
        }
        Ok(frame)
    }

    /// Counters, and the topic as seen from here.
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
            topic: TopicStats::of(self.subscriber.topic())?,
        })
    }
}

impl Topic<Image> {
    /// A slot for an image of this size, on loan; what stands in it is unspecified.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidSize`] where a size is zero or does not fit the encoding,
    /// [`ErrorCode::PoolExhausted`] and [`ErrorCode::NoSpace`] where no slot can be had.
    #[inline(always)]
    pub fn loan(&mut self, width: u32, height: u32, encoding: Encoding) -> Result<ImageMut> {
        let Some(shape) = ImageShape::packed(height, width, encoding) else {
            return Err(not_a_size(width, height, encoding));
        };
        let hold = self.publisher()?.loan(shape.bytes)?;
        Ok(ImageMut::new(hold, shape))
    }
}

#[cold]
fn not_a_size(width: u32, height: u32, encoding: Encoding) -> Error {
    let text = format!("{width}x{height} {} is not a size", encoding.info().name);
    Error::new(ErrorCode::InvalidSize, text)
}
