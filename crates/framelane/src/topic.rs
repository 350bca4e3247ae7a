//! A typed topic: send frames, receive frames.

use std::time::{Duration, Instant};

use framelane_layout::topic::{Delivery, Mode, Overflow};
use framelane_layout::{Descriptor, ErrorCode, Kind};
use framelane_topic::{
    Claimed, DEPTH_MAX, Hold, OwnHold, Publisher, Received, Subscriber, TopicStats,
};
use framelane_topic::{Error, Result, check_not_forked};

use crate::config;

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
    fn from_received(descriptor: &Descriptor, hold: Hold, missed: u64) -> Result<Option<Self>>;

    /// One more reference on it, and the descriptor it was received with.
    fn reference(&self) -> (Hold, Descriptor);
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
