//! What publishing and receiving cost through the public API, as one line of JSON.
//!
//! ```text
//! cargo run --release --example bench -- publish 1000000
//! cargo run --release --example bench -- receive 1000000
//! ```
//!
//! All figures are nanoseconds per call, the mean of as many calls as the last argument says.
//! `npm run bench` runs both again and again and takes the medians.

use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, process};

use framelane::raw::monotonic_ns;
use framelane::{Encoding, Error, ErrorCode, Image, Options, Result, Topic};

const WIDTH: u32 = 64;
const HEIGHT: u32 = 48;
/// What is compared takes turns, so that a disturbance of the machine meets all of it.
const TURNS: u32 = 20;
/// Frames sent before they are received: as many as a ring keeps.
const BATCH: u32 = 64;
/// Every how many batches the bytes are looked at.
const CHECK_EVERY: u32 = 1000;
/// A time stamp like any other; 0 lets `send` read the clock of the epoch.
const STAMP: i64 = 1_700_000_000_000_000_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [verb, count] = arguments.as_slice() else { usage() };
    let Ok(count) = count.parse() else { usage() };
    match verb.as_str() {
        "publish" => publish(count),
        "receive" => receive(count),
        _ => usage(),
    }
}

/// Loan and send, nobody attached to the pool and nobody asleep, beside one reading of the
/// clock that `send` reads.
fn publish(count: u32) -> Result<()> {
    let mut topic = Topic::<Image>::open(&name())?;
    let calls = count.div_ceil(TURNS);
    let (mut clock, mut stamped, mut unstamped) = (0.0, 0.0, 0.0);
    for turn in 0..=TURNS {
        let times = [
            per_call(calls, || Ok(_ = black_box(monotonic_ns())))?,
            per_call(calls, || send(&mut topic, STAMP))?,
            per_call(calls, || send(&mut topic, 0))?,
        ];
        // The first turn warms up.
        if turn > 0 {
            clock += times[0];
            stamped += times[1];
            unstamped += times[2];
        }
    }
    let sent = u64::from(calls) * u64::from(TURNS + 1) * 2;
    expect("frames sent", topic.stats()?.sent, sent)?;
    check_newest(&mut topic, sent)?;
    let [clock, stamped, unstamped] = [clock, stamped, unstamped].map(|sum| sum / f64::from(TURNS));
    println!(r#"{{"clock":{clock:.2},"publish":{stamped:.2},"publishUnstamped":{unstamped:.2}}}"#);
    Ok(())
}

/// Mean time of a call in nanoseconds.
fn per_call(calls: u32, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..calls {
        call()?;
    }
    Ok(nanoseconds(start.elapsed()) / f64::from(calls))
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn send(topic: &mut Topic<Image>, timestamp_ns: i64) -> Result<()> {
    let mut image = topic.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
    image.set_timestamp_ns(timestamp_ns);
    topic.send(image)
}

/// The last of `sent` frames can be received, and so can the bytes of one more.
fn check_newest(topic: &mut Topic<Image>, sent: u64) -> Result<()> {
    let missing = || Error::new(ErrorCode::Internal, "the last frame is not there");
    expect("number of the last frame", topic.latest()?.ok_or_else(missing)?.sequence(), sent - 1)?;
    send_filled(topic, 42)?;
    let image = topic.latest()?.ok_or_else(missing)?;
    expect("bytes that are right", right_bytes(&image, 42), bytes())
}

fn send_filled(topic: &mut Topic<Image>, value: u8) -> Result<()> {
    let mut image = topic.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
    image.set_timestamp_ns(STAMP);
    image.data_mut().fill(value);
    topic.send(image)
}

fn right_bytes(image: &Image, value: u8) -> u64 {
    image.data().iter().map(|&byte| u64::from(byte == value)).sum()
}

fn bytes() -> u64 {
    u64::from(WIDTH) * u64::from(HEIGHT) * 3
}

/// `try_recv` and drop. Frames are sent in batches that are not timed; every thousandth batch
/// is not timed either, but looked at.
fn receive(count: u32) -> Result<()> {
    let name = name();
    let options = Options { depth: BATCH, ..Options::default() };
    let mut sender = Topic::<Image>::open_with(&name, options)?;
    let mut receiver = Topic::<Image>::open(&name)?;
    let batches = count.div_ceil(BATCH);
    let mut time = Duration::ZERO;
    // The first batches warm up.
    for batch in 0..batches + CHECK_EVERY {
        for _ in 0..BATCH {
            send(&mut sender, STAMP)?;
        }
        let start = Instant::now();
        for _ in 0..BATCH {
            let frame = receiver.try_recv()?;
            if frame.is_none() {
                return Err(Error::new(ErrorCode::Internal, "a frame is missing"));
            }
        }
        if batch >= CHECK_EVERY {
            time += start.elapsed();
        }
        if batch % CHECK_EVERY == 0 {
            check_batch(&mut sender, &mut receiver)?;
        }
    }
    let stats = receiver.stats()?;
    expect("frames received", stats.received, sender.stats()?.sent)?;
    expect("frames lapped", stats.lapped, 0)?;
    let receive = nanoseconds(time) / f64::from(batches * BATCH);
    println!(r#"{{"receive":{receive:.2}}}"#);
    Ok(())
}

/// One batch whose bytes are looked at.
fn check_batch(sender: &mut Topic<Image>, receiver: &mut Topic<Image>) -> Result<()> {
    for value in 0..BATCH {
        send_filled(sender, value.to_le_bytes()[0])?;
    }
    for value in 0..BATCH {
        let image = receiver.recv(Duration::ZERO)?;
        expect("bytes that are right", right_bytes(&image, value.to_le_bytes()[0]), bytes())?;
    }
    Ok(())
}

fn expect(what: &str, got: u64, wanted: u64) -> Result<()> {
    if got == wanted {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Internal, format!("{what}: {got} instead of {wanted}")))
}

fn name() -> String {
    format!("bench.{}", process::id())
}

fn usage() -> ! {
    eprintln!("usage: bench publish|receive COUNT");
    process::exit(2)
}
