//! Slots: who may write one, who looks at one, and when it may be filled again.
//!
//! The process that made a pool owns it ([`OwnPool`]) and alone allocates from it; what it
//! keeps about its slots is private. Everybody else attaches ([`ReaderPool`]) and says with
//! one bit in a slot's shared word that it looks at that slot. A reader's death costs
//! nothing: whoever obtains the lock of its entry clears its bits. An owner's death costs
//! nothing either: the pool stays readable as a relic.

mod hold;
mod local;
#[cfg(loom)]
mod models;
mod owner;
mod private;
mod reader;
mod sight;
mod wipe;
pub mod word;

pub use framelane_layout::name::parse_pool as parse_name;
pub use hold::OwnHold;
pub use owner::{OwnPool, PoolStats};
pub use reader::{FrameAccess, ReaderHold, ReaderPool};
pub use sight::PoolSight;
pub use wipe::Scrub;

/// Name of a pool's control file.
#[must_use]
pub fn control_name(id: u64) -> String {
    format!("p.{id:016x}.c")
}

/// Name of a pool's data file.
#[must_use]
pub fn data_name(id: u64) -> String {
    format!("p.{id:016x}.d")
}
