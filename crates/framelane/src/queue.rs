//! Sharing work: each frame goes to one of the processes that compete for it.

use std::fmt;
use std::ops::Deref;
use std::time::{Duration, Instant};

use framelane_layout::topic::{Delivery, Overflow};
use framelane_topic::{Claimed, Result};

use crate::frame::Frame;
use crate::topic::{Options, Stats, Topic};

/// When a frame of a queue is done with.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Ack, Image, Queue, QueueOptions};
///
/// let options = QueueOptions { ack: Ack::Manual, ..QueueOptions::default() };
/// let jobs = Queue::<Image>::open_with("jobs", options)?;
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ack {
    /// When it is received: nobody gets it twice, and a consumer that dies takes it along.
    #[default]
    Auto,
    /// When [`Job::ack`] is called: what a consumer has not acknowledged when it dies or drops
    /// the job goes to another one.
    Manual,
}

/// How a queue is opened.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Image, Overflow, Queue, QueueOptions};
///
/// let options = QueueOptions { overflow: Overflow::DropOldest, ..QueueOptions::default() };
/// let jobs = Queue::<Image>::open_with("newest", options)?;
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct QueueOptions {
    /// Frames of this publisher that may wait, up to 64; 0: 8, or 4 for frames above a
    /// mebibyte.
    pub depth: u32,
    /// What happens to a frame when that many wait: the same for everyone who opens the queue.
    pub overflow: Overflow,
    /// When a frame is done with: the same for everyone who opens the queue.
    pub ack: Ack,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { depth: 0, overflow: Overflow::Block, ack: Ack::Auto }
    }
}

/// A named channel in which each frame goes to exactly one of the consumers, whichever comes
/// first. Any number of processes may send, up to 32 topic objects may receive.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Encoding, Image, Queue};
///
/// let mut jobs = Queue::<Image>::open("jobs")?;
/// let frame = jobs.loan(4, 2, Encoding::Mono8)?;
/// jobs.send(frame)?;
/// assert!(jobs.try_recv()?.is_some());
/// assert!(jobs.try_recv()?.is_none()); // each goes to one consumer
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Debug)]
pub struct Queue<T: Frame>(Topic<T>);

impl<T: Frame> Queue<T> {
    /// Opens the queue `name`, making it where it is missing.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Image, Queue};
    /// let jobs = Queue::<Image>::open("jobs")?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Topic::open`].
    pub fn open(name: &str) -> Result<Self> {
        Self::open_with(name, QueueOptions::default())
    }

    /// As [`open`](Self::open), with options.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Image, Queue, QueueOptions};
    /// let options = QueueOptions { depth: 2, ..QueueOptions::default() };
    /// let jobs = Queue::<Image>::open_with("jobs", options)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Topic::open_with`].
    pub fn open_with(name: &str, options: QueueOptions) -> Result<Self> {
        let QueueOptions { depth, overflow, ack } = options;
        let delivery = match ack {
            Ack::Auto => Delivery::AtMostOnce,
            Ack::Manual => Delivery::AtLeastOnce,
        };
        Topic::open_as(name, Options { depth, history: 0, overflow }, delivery).map(Self)
    }

    /// The queue's name.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Image, Queue};
    /// assert_eq!(Queue::<Image>::open("jobs")?.name(), "jobs");
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Puts a frame into the queue. Never waits, copies nothing.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Queue};
    /// let mut jobs = Queue::<Image>::open("jobs")?;
    /// let frame = jobs.loan(4, 2, Encoding::Mono8)?;
    /// jobs.send(frame)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Backpressure`](crate::ErrorCode::Backpressure) where the queue blocks and is full, and as
    /// [`Topic::send`].
    pub fn send(&mut self, loan: T::Loan) -> Result<()> {
        self.0.send(loan)
    }

    /// Puts a frame into the queue as soon as there is room, at most after `timeout`.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Queue};
    /// let mut jobs = Queue::<Image>::open("jobs")?;
    /// let frame = jobs.loan(4, 2, Encoding::Mono8)?;
    /// jobs.send_when_ready(frame, std::time::Duration::from_secs(1))?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_when_ready(&mut self, loan: T::Loan, timeout: Duration) -> Result<()> {
        self.0.send_when_ready(loan, timeout)
    }

    /// Puts a received frame into the queue without a copy, see [`Topic::relay`].
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Queue, Topic};
    /// # let mut camera = Topic::<Image>::open("camera")?;
    /// # let frame = camera.loan(4, 2, Encoding::Mono8)?;
    /// # camera.send(frame)?;
    /// let mut jobs = Queue::<Image>::open("jobs")?;
    /// let image = camera.try_recv()?.unwrap();
    /// jobs.relay(&image)?;
    /// assert!(jobs.try_recv()?.is_some());
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn relay(&mut self, frame: &T) -> Result<()> {
        self.0.relay(frame)
    }

    /// The next frame that no other consumer has, if there is one.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Queue};
    /// # let mut jobs = Queue::<Image>::open("jobs")?;
    /// # let frame = jobs.loan(4, 2, Encoding::Mono8)?;
    /// # jobs.send(frame)?;
    /// let job = jobs.try_recv()?.unwrap();
    /// assert_eq!(job.width(), 4);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Topic::try_recv`]; [`Limit`](crate::ErrorCode::Limit) where 32 consumers have joined
    /// already.
    pub fn try_recv(&mut self) -> Result<Option<Job<T>>> {
        let next = self.0.next_claimed()?;
        Ok(next.map(|(frame, claimed)| Job { frame, claimed }))
    }

    /// Blocks until there is a frame, at most `timeout`.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Queue};
    /// # let mut jobs = Queue::<Image>::open("jobs")?;
    /// # let frame = jobs.loan(4, 2, Encoding::Mono8)?;
    /// # jobs.send(frame)?;
    /// let job = jobs.recv(std::time::Duration::from_secs(1))?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Timeout`](crate::ErrorCode::Timeout), and as [`try_recv`](Self::try_recv).
    pub fn recv(&mut self, timeout: Duration) -> Result<Job<T>> {
        let start = Instant::now();
        loop {
            if let Some(job) = self.try_recv()? {
                return Ok(job);
            }
            self.0.sleep(start, timeout)?;
        }
    }

    /// What lends slots.
    pub(crate) fn topic(&mut self) -> &mut Topic<T> {
        &mut self.0
    }

    /// Counters, and the queue as seen from here.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Queue};
    /// # let mut jobs = Queue::<Image>::open("jobs")?;
    /// # let frame = jobs.loan(4, 2, Encoding::Mono8)?;
    /// # jobs.send(frame)?;
    /// assert_eq!(jobs.stats()?.sent, 1);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Topic::stats`].
    pub fn stats(&self) -> Result<Stats> {
        self.0.stats()
    }
}

/// A frame that this consumer has and no other. In a queue with [`Ack::Manual`], dropping it
/// without [`ack`](Self::ack) gives it to another.
///
/// ```
/// # framelane::doc::begin();
/// # use framelane::{Ack, Encoding, Image, Queue, QueueOptions};
/// # let options = QueueOptions { ack: Ack::Manual, ..QueueOptions::default() };
/// # let mut jobs = Queue::<Image>::open_with("jobs", options)?;
/// # let frame = jobs.loan(4, 2, Encoding::Mono8)?;
/// # jobs.send(frame)?;
/// drop(jobs.try_recv()?); // not acknowledged …
/// assert!(jobs.try_recv()?.is_some()); // … so it comes again
/// # Ok::<(), framelane::Error>(())
/// ```
pub struct Job<T> {
    frame: T,
    claimed: Option<Claimed>,
}

impl<T> Job<T> {
    /// Is done with the frame: nobody else gets it. `false` where it was somebody else's
    /// already, because the queue had been removed meanwhile.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Ack, Encoding, Image, Queue, QueueOptions};
    /// # let options = QueueOptions { ack: Ack::Manual, ..QueueOptions::default() };
    /// # let mut jobs = Queue::<Image>::open_with("jobs", options)?;
    /// # let frame = jobs.loan(4, 2, Encoding::Mono8)?;
    /// # jobs.send(frame)?;
    /// let job = jobs.try_recv()?.unwrap();
    /// assert!(job.ack());
    /// assert!(jobs.try_recv()?.is_none());
    /// # Ok::<(), framelane::Error>(())
    /// ```
    pub fn ack(mut self) -> bool {
        self.claimed.take().is_none_or(Claimed::acknowledge)
    }
}

impl<T> Deref for Job<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.frame
    }
}

impl<T: fmt::Debug> fmt::Debug for Job<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.frame.fmt(out)
    }
}
