//! Round trips of small frames between two processes that never sleep.

use std::hint::spin_loop;
use std::time::Instant;

use framelane::{Encoding, Image, Result, Topic};

use crate::child::Child;
use crate::figures::{HEIGHT, WIDTH, expect, median, name, nanoseconds};

const WARM_UP: u32 = 50_000;
/// Round trips whose time is taken together; the figure is the median of these, since either
/// process may lose its core for a while.
const BATCH: u32 = 1000;

/// The same as `benchmark/spins/round-trip.ts` does it in JavaScript: each side takes the memory
/// for its next frame after it has sent one, and gives back what it has received after it has
/// answered.
pub(crate) fn round_trip(count: u32) -> Result<()> {
    let name = name();
    let mut out = Topic::<Image>::open(&name)?;
    let mut back = Topic::<Image>::open(&back_of(&name))?;
    let mut other = Child::with_topic(&name, 0)?;
    other.tell(&format!("answer {}", WARM_UP + count))?;
    // It says so when it has begun to look for frames.
    other.hear()?;
    exchange(&mut out, &mut back, WARM_UP)?;
    let mut times = Vec::new();
    for _ in 0..count / BATCH {
        let start = Instant::now();
        exchange(&mut out, &mut back, BATCH)?;
        times.push(nanoseconds(start.elapsed()) / f64::from(BATCH));
    }
    let time = median(&mut times);
    other.hear()?;
    expect("frames lapped", back.stats()?.lapped, 0)?;
    println!(r#"{{"roundTrip":{time:.1}}}"#);
    Ok(())
}

/// The topic of the answers to what goes over `name`.
pub(crate) fn back_of(name: &str) -> String {
    format!("{name}.back")
}

fn exchange(out: &mut Topic<Image>, back: &mut Topic<Image>, count: u32) -> Result<()> {
    let mut next = out.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
    for _ in 0..count {
        out.send(next)?;
        next = out.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
        drop(receive(back)?);
    }
    Ok(())
}

/// The next frame, looked for all the time.
fn receive(topic: &mut Topic<Image>) -> Result<Image> {
    loop {
        if let Some(image) = topic.try_recv()? {
            return Ok(image);
        }
        spin_loop();
    }
}

/// The other side: answers `count` frames of `there`.
pub(crate) fn answer(there: &mut Topic<Image>, back: &mut Topic<Image>, count: u32) -> Result<()> {
    let mut next = back.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
    for _ in 0..count {
        let image = receive(there)?;
        back.send(next)?;
        drop(image);
        next = back.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
    }
    expect("frames lapped", there.stats()?.lapped, 0)
}
