//! Topics: where pools and rings meet.
//!
//! A [`Peer`] is what this process has in one directory: its pools, the pools it reads and
//! the topics it has open, each once. A [`Publisher`] moves a loaned slot into its ring; a
//! [`Subscriber`] takes references on what stands there. Frames have no type here; the crate
//! `framelane` gives them one.

mod attached;
mod cleaner;
mod entry;
mod epoch;
mod file;
mod gauge;
mod hold;
mod inspect;
mod kept;
mod named;
mod peer;
mod publisher;
mod queue;
mod roll;
mod stats;
mod subscriber;
mod takeover;
mod watch;

pub use file::TopicFile;
pub use framelane_pool::{FrameAccess, OwnHold, OwnPool, ReaderPool, Scrub};
pub use framelane_shm::{Death, deaths_noticed, deaths_since};
pub use framelane_shm::{Doorbell, Error, Place, Result, monotonic_ns, place_of, topic_tag};
pub use framelane_shm::{check_not_forked, group_id, random_id};
pub use hold::Hold;
pub use inspect::{Inspection, PoolSeen, ReaderSeen, SlotSeen, SlotState, TopicSeen};
pub use peer::{OpenTopic, Peer, Settings};
pub use publisher::Publisher;
pub use queue::Claimed;
pub use stats::{Holder, PoolView, PublisherView, SubscriberView, TopicStats};
pub use subscriber::{Received, Subscriber};

/// Most frames a publisher can keep and a late joiner can get: the cells of a ring.
pub const DEPTH_MAX: u32 = framelane_layout::topic::CELLS_DEFAULT;
