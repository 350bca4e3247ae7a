//! Rings of descriptors in shared memory, and how a reader of one sleeps and is woken.
//!
//! [`Broadcast`] is written by one publisher and read by any number of subscribers, each
//! with a cursor of its own: publishing costs the same for none and for many. [`Waiters`]
//! keeps the publisher from making a system call while nobody sleeps.

mod broadcast;
mod entries;
#[cfg(not(loom))]
mod futex;
mod wait;

pub use broadcast::{Broadcast, Read};
pub use entries::Entries;
pub use wait::{RECHECK, Waiters, someone_sleeps};
