//! The one door to atomic operations. Every crate takes its atomics from here and from
//! nowhere else, so that something else can be put behind the same names:
//!
//! - as a rule the atomics of `core`, unchanged;
//! - with `--cfg loom` those of the model checker loom, for the models beside the code;
//! - with the feature `crash-points` wrappers that call a hook before and after each store
//!   and each read-modify-write, for the test that kills a process at every one of them.
//!
//! What a process does to shared memory by other means than atomics, a system call or a plain
//! write, has a [`step`] in front of it and is a crash point through that.

#[cfg(not(loom))]
mod cell;
#[cfg(all(feature = "crash-points", not(loom)))]
mod points;

#[cfg(not(any(loom, feature = "crash-points")))]
pub use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};
#[cfg(not(loom))]
pub use core::sync::atomic::{Ordering, fence};

#[cfg(not(loom))]
pub use cell::UnsafeCell;
#[cfg(all(feature = "crash-points", not(loom)))]
pub use points::{AtomicU8, AtomicU32, AtomicU64, Hook, Side, set_hook, step};

#[cfg(loom)]
pub use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence},
    thread::yield_now,
};

/// Stands in front of a system call or of a plain write that others see the effect of: a crash
/// point where the feature of that name is on, nothing otherwise.
#[cfg(any(loom, not(feature = "crash-points")))]
#[inline(always)]
pub fn step() {}

/// The word as the kernel's futex calls want it.
#[cfg(not(any(loom, feature = "crash-points")))]
#[inline(always)]
#[must_use]
pub fn futex_word(word: &AtomicU32) -> &core::sync::atomic::AtomicU32 {
    word
}

/// The word as the kernel's futex calls want it.
#[cfg(all(feature = "crash-points", not(loom)))]
#[must_use]
pub fn futex_word(word: &AtomicU32) -> &core::sync::atomic::AtomicU32 {
    word.inner()
}

/// Atomics in the private memory of one process, for its `static`s: never a model's, never a
/// crash point.
pub mod private {
    pub use core::sync::atomic::{AtomicU32, AtomicU64};
}
