//! Rings of descriptors in shared memory, and how a reader of one sleeps and is woken.
//!
//! [`Broadcast`] is written by one publisher and read by any number of subscribers, each
//! with a cursor of its own: publishing costs the same for none and for many. [`Lossless`]
//! lets its publisher wait for them; [`WorkQueue`] gives each frame to one of them.
//! [`Waiters`] and [`RoomWaiters`] keep either side from making a system call while nobody
//! of the other sleeps.

mod broadcast;
mod lossless;
mod queue;
mod room;
mod wait;

pub use broadcast::{Broadcast, Read};
pub use lossless::{Lossless, Slowest};
pub use queue::{Claim, WorkQueue};
pub use room::RoomWaiters;
pub use wait::{RECHECK, Waiters, someone_sleeps};
