//! Topics: where pools and rings meet.
//!
//! A [`Peer`] is what this process has in one directory: its pools, the pools it reads and
//! the topics it has open, each once. A [`Publisher`] moves a loaned slot into its ring; a
//! [`Subscriber`] takes references on what stands there. Frames have no type here; the crate
//! `framelane` gives them one.

mod cleaner;
mod file;
mod hold;
mod peer;
mod publisher;
mod stats;
mod subscriber;

pub use file::TopicFile;
pub use framelane_pool::{OwnHold, OwnPool, ReaderPool, Scrub};
pub use framelane_shm::{Doorbell, Error, Result, check_not_forked, group_id, monotonic_ns};
pub use hold::Hold;
pub use peer::{OpenTopic, Peer, Settings};
pub use publisher::Publisher;
pub use stats::{Holder, PoolView, PublisherView, SubscriberView, TopicStats};
pub use subscriber::{Received, Subscriber};

/// Most frames a publisher can keep and a late joiner can get: the cells of a ring.
pub const DEPTH_MAX: u32 = framelane_layout::topic::CELLS_DEFAULT;
