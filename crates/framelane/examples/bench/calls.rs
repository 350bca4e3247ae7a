//! What a call costs in one thread of one process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use framelane::raw::monotonic_ns;
use framelane::{Image, Options, Result, Topic};

use crate::figures::{
    BATCH, STAMP, bytes, expect, fail, name, nanoseconds, per_call, right_bytes, send, send_filled,
};

/// What is compared takes turns, so that a disturbance of the machine meets all of it.
const TURNS: u32 = 20;
/// Every how many batches the bytes are looked at.
const CHECK_EVERY: u32 = 1000;

/// Loan and send, nobody attached to the pool and nobody asleep, beside one reading of the
/// clock that `send` reads.
pub(crate) fn publish(count: u32) -> Result<()> {
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

/// The last of `sent` frames can be received, and so can the bytes of one more.
fn check_newest(topic: &mut Topic<Image>, sent: u64) -> Result<()> {
    expect("number of the last frame", latest(topic)?.sequence(), sent - 1)?;
    send_filled(topic, 42)?;
    expect("bytes that are right", right_bytes(&latest(topic)?, 42), bytes())
}

fn latest(topic: &mut Topic<Image>) -> Result<Image> {
    topic.latest()?.map_or_else(|| fail("the last frame is not there"), Ok)
}

/// `try_recv` and drop. Frames are sent in batches that are not timed; every thousandth batch
/// is not timed either, but looked at.
pub(crate) fn receive(count: u32) -> Result<()> {
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
                return fail("a frame is missing");
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
