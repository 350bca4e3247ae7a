//! Rings of descriptors in shared memory, and how a reader of one sleeps and is woken.
//!
//! Three rings, by who may miss what:
//!
//! - [`Broadcast`], in shared memory: one writer, any number of readers, and every reader sees
//!   every descriptor unless it is lapped. Each has a cursor of its own, so that writing costs
//!   the same for none and for many. With [`Lossless`] its writer waits for them. For topics.
//! - [`WorkQueue`], in shared memory: readers share the descriptors, each goes to one of them.
//!   For work that is to be done once.
//! - [`Spsc`], in the memory of one process: one thread to one other, any type, full is an
//!   error and nothing is lost. For a thread that must not wait, as one that serves a device.
//!
//! [`Waiters`] and [`RoomWaiters`] keep either side of a `Broadcast` from making a system call
//! while nobody of the other sleeps, and [`Entries`] says which of a topic's rings to read.

mod broadcast;
mod entries;
#[cfg(not(loom))]
mod futex;
mod lossless;
#[cfg(all(test, loom))]
mod models;
mod queue;
mod room;
mod spsc;
mod wait;

pub use broadcast::{Broadcast, Read};
pub use entries::Entries;
pub use lossless::{Lossless, Slowest};
pub use queue::{Claim, WorkQueue};
pub use room::RoomWaiters;
pub use spsc::{Consumer, Producer, Spsc};
pub use wait::{RECHECK, Waiters, someone_sleeps};
