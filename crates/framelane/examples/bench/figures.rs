//! What all measurements share: the frame, the clock, what must hold, what the middle is.

use std::process;
use std::time::{Duration, Instant};

use framelane::{Encoding, Error, ErrorCode, Image, Result, Topic};

pub(crate) const WIDTH: u32 = 64;
pub(crate) const HEIGHT: u32 = 48;
/// Frames sent before they are received: as many as a ring keeps.
pub(crate) const BATCH: u32 = 64;
/// A time stamp like any other; 0 lets `send` read the clock of the epoch.
pub(crate) const STAMP: i64 = 1_700_000_000_000_000_000;

/// A small frame whose pixels are left as they are.
pub(crate) fn send(topic: &mut Topic<Image>, timestamp_ns: i64) -> Result<()> {
    let mut image = topic.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
    image.set_timestamp_ns(timestamp_ns);
    topic.send(image)
}

/// A small frame whose every byte is `value`.
pub(crate) fn send_filled(topic: &mut Topic<Image>, value: u8) -> Result<()> {
    let mut image = topic.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
    image.set_timestamp_ns(STAMP);
    image.data_mut().fill(value);
    topic.send(image)
}

/// How many bytes of `image` are `value`.
pub(crate) fn right_bytes(image: &Image, value: u8) -> u64 {
    image.data().iter().map(|&byte| u64::from(byte == value)).sum()
}

/// Bytes of a small frame.
pub(crate) fn bytes() -> u64 {
    u64::from(WIDTH) * u64::from(HEIGHT) * 3
}

/// Mean time of a call in nanoseconds.
pub(crate) fn per_call(calls: u32, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..calls {
        call()?;
    }
    Ok(nanoseconds(start.elapsed()) / f64::from(calls))
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// The middle of `values`, of which there must be some.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn expect(what: &str, got: u64, wanted: u64) -> Result<()> {
    if got == wanted { Ok(()) } else { fail(&format!("{what}: {got} instead of {wanted}")) }
}

/// Something is not as it must be, so that no figure means anything.
pub(crate) fn fail<T>(text: &str) -> Result<T> {
    Err(Error::new(ErrorCode::Internal, text))
}

/// What the operating system refuses.
pub(crate) fn refused(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::System, error.to_string())
}

/// A topic that no other run has.
pub(crate) fn name() -> String {
    format!("bench.{}", process::id())
}
