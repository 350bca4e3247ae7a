//! How long it takes until the slots of a killed process can be had again.

use std::thread;
use std::time::{Duration, Instant};

use framelane::{Config, Encoding, ErrorCode, Image, Options, Result, Topic, configure};
use rustix::process::Signal;

use crate::child::Child;
use crate::figures::{expect, fail, name};

/// The pool: this many slots, each a frame of 1024 x 1024 RGBA, 4 MiB: 64 MiB.
const SLOTS: u32 = 16;
const SIDE: u32 = 1024;
/// Enough for that pool and its headers, and for no further slot.
const MAX_BYTES: u64 = 65 << 20;
/// What a pool has beyond the frames that a publisher keeps.
const SPARE: u32 = 4;
/// Longest time until a slot can be had.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reader process holds every slot there may be and has looked at every page of them; then it
/// is killed. Time from the signal to the first loan that succeeds, of each of `count` kills.
pub(crate) fn killed(count: u32) -> Result<()> {
    configure(Config { max_bytes: Some(MAX_BYTES), ..Config::default() })?;
    let name = name();
    let options = Options { depth: SLOTS - SPARE, ..Options::default() };
    let mut topic = Topic::<Image>::open_with(&name, options)?;
    let mut times = Vec::new();
    for _ in 0..count {
        let time = kill_one(&mut topic)?;
        times.push(format!("{:.3}", time.as_secs_f64() * 1e3));
    }
    println!(r#"{{"ms":[{}]}}"#, times.join(","));
    Ok(())
}

fn kill_one(topic: &mut Topic<Image>) -> Result<Duration> {
    let mut reader = Child::start()?;
    for index in 0..SLOTS {
        let mut image = topic.loan(SIDE, SIDE, Encoding::Rgba8)?;
        image.data_mut().fill(index.to_le_bytes()[0]);
        topic.send(image)?;
        if index == 0 {
            reader.ask(&format!("open {} 0", topic.name()))?;
        }
        reader.ask("take 1")?;
    }
    let exhausted = topic.loan(SIDE, SIDE, Encoding::Rgba8).map(drop);
    if !exhausted.is_err_and(|error| error.code() == ErrorCode::PoolExhausted) {
        return fail("there is a slot although all are held");
    }
    check_held(topic)?;
    let start = Instant::now();
    reader.signal(Signal::KILL)?;
    loop {
        match topic.loan(SIDE, SIDE, Encoding::Rgba8) {
            Ok(_) => return Ok(start.elapsed()),
            Err(error) if error.code() != ErrorCode::PoolExhausted => return Err(error),
            Err(_) if start.elapsed() > PATIENCE => return fail("no slot comes back"),
            // With one core the dead could not be cleared away otherwise.
            Err(_) => thread::yield_now(),
        }
    }
}

/// The reader, and nobody else, holds all the slots there are.
fn check_held(topic: &Topic<Image>) -> Result<()> {
    let pools = topic.stats()?.topic.pools;
    expect("slots", pools.iter().map(|pool| u64::from(pool.slots)).sum(), SLOTS.into())?;
    let holders = || pools.iter().flat_map(|pool| &pool.holders);
    expect("holders", holders().count() as u64, 1)?;
    expect("slots held", holders().map(|holder| u64::from(holder.slots)).sum(), SLOTS.into())
}
