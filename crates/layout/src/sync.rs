//! The one door to atomic operations. Every crate takes its atomics from here and
//! from nowhere else, so that a model checker can be put behind the same names.

pub use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

/// Atomics in the private memory of one process, for its `static`s: never a model's, never a
/// crash point.
pub mod private {
    pub use core::sync::atomic::{AtomicU32, AtomicU64};
}
