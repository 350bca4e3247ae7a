//! Atomics whose every store and read-modify-write is a crash point: a place in the source,
//! told to a hook that may end the process there.

extern crate std;

use core::panic::Location;
use core::sync::atomic::Ordering;
use std::sync::OnceLock;

/// On which side of the operation the hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The operation is about to run.
    Before,
    /// The operation has run.
    After,
}

/// What is called at each point.
pub type Hook = fn(&'static Location<'static>, Side);

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Calls `hook` at every point from now on. The first call counts; whether this was it.
pub fn set_hook(hook: Hook) -> bool {
    HOOK.set(hook).is_ok()
}

fn pass(point: &'static Location<'static>, side: Side) {
    if let Some(hook) = HOOK.get() {
        hook(point, side);
    }
}

/// Stands in front of a system call or of a plain write that others see the effect of.
#[track_caller]
pub fn step() {
    pass(Location::caller(), Side::Before);
}

macro_rules! point {
    ($operation:expr) => {{
        let point = Location::caller();
        pass(point, Side::Before);
        let result = $operation;
        pass(point, Side::After);
        result
    }};
}

macro_rules! atomic {
    ($name:ident, $value:ty) => {
        /// An atomic of `core` with the same layout, whose changes are crash points.
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name(core::sync::atomic::$name);

        impl $name {
            /// As that of `core`.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self(core::sync::atomic::$name::new(value))
            }

            /// What it wraps.
            #[must_use]
            pub const fn inner(&self) -> &core::sync::atomic::$name {
                &self.0
            }

            /// As that of `core`; not a point, for it changes nothing.
            #[must_use]
            pub fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }

            /// As that of `core`; a point.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                point!(self.0.store(value, order));
            }

            /// As that of `core`; a point.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                point!(self.0.swap(value, order))
            }

            /// As that of `core`; a point.
            #[track_caller]
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                point!(self.0.fetch_add(value, order))
            }

            /// As that of `core`; a point.
            #[track_caller]
            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                point!(self.0.fetch_sub(value, order))
            }

            /// As that of `core`; a point.
            #[track_caller]
            pub fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                point!(self.0.fetch_or(value, order))
            }

            /// As that of `core`; a point.
            #[track_caller]
            pub fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                point!(self.0.fetch_and(value, order))
            }

            /// As that of `core`; a point.
            #[track_caller]
            pub fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                point!(self.0.fetch_max(value, order))
            }

            /// As that of `core`; a point, whether it succeeds or not.
            ///
            /// # Errors
            /// What stands there, where that is not `old`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                old: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                point!(self.0.compare_exchange(old, new, success, failure))
            }

            /// As that of `core`; a point, whether it succeeds or not.
            ///
            /// # Errors
            /// What stands there, where that is not `old`, or `old` at times.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                old: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                point!(self.0.compare_exchange_weak(old, new, success, failure))
            }
        }
    };
}

atomic!(AtomicU8, u8);
atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
