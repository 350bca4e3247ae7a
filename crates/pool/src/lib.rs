//! Slots: who may write one, who looks at one, and when it may be filled again.
//!
//! The process that made a pool owns it ([`OwnPool`]) and alone allocates from it; what it
//! keeps about its slots is private. Everybody else attaches ([`ReaderPool`]) and says with
//! one bit in a slot's shared word that it looks at that slot. A reader's death costs
//! nothing: whoever obtains the lock of its entry clears its bits. An owner's death costs
//! nothing either: the pool stays readable as a relic.

mod hold;
mod local;
mod owner;
mod reader;
pub mod word;

pub use hold::OwnHold;
pub use owner::{OwnPool, PoolStats, Scrub};
pub use reader::{ReaderHold, ReaderPool};

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

/// The pool whose control (`true`) or data file this name is.
#[must_use]
pub fn parse_name(name: &str) -> Option<(u64, bool)> {
    let (digits, kind) = name.strip_prefix("p.")?.split_once('.')?;
    if digits.len() != 16 {
        return None;
    }
    let id = u64::from_str_radix(digits, 16).ok()?;
    match kind {
        "c" => Some((id, true)),
        "d" => Some((id, false)),
        _ => None,
    }
}
