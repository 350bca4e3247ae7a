//! The two clocks. No decision about safety is made by either.

use rustix::time::{ClockId, Timespec, clock_gettime};

const NS: i64 = 1_000_000_000;

fn nanoseconds(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(NS).saturating_add(time.tv_nsec)
}

/// `CLOCK_MONOTONIC` in nanoseconds, the clock of `sent_ns`.
#[must_use]
#[allow(clippy::cast_sign_loss, reason = "the monotonic clock starts at zero")]
pub fn monotonic_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic)) as u64
}

/// Nanoseconds since the Unix epoch, the clock of a frame's time stamp.
#[must_use]
pub fn epoch_ns() -> i64 {
    nanoseconds(clock_gettime(ClockId::Realtime))
}
