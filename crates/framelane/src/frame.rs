//! What a type of frames must be able to do for topics to carry it.

use framelane_layout::{Descriptor, Kind};
use framelane_topic::{Hold, OwnHold, Result};

/// A type of frames that topics carry.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Frame, Topic};
///
/// /// Of any type.
/// fn first<T: Frame>(name: &str) -> framelane::Result<Option<T>> {
///     Topic::<T>::open(name)?.try_recv()
/// }
/// assert!(first::<framelane::Image>("camera")?.is_none());
/// # Ok::<(), framelane::Error>(())
/// ```
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
