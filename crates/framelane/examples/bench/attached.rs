//! What publishing costs while other processes are attached that do not sleep.

use std::hint::black_box;

use framelane::raw::monotonic_ns;
use framelane::{Image, Result, Topic};

use crate::child::{Child, ask_all};
use crate::figures::{STAMP, expect, median, name, per_call, send};

/// How many are attached, in turn.
const STEPS: [usize; 4] = [0, 1, 4, 16];
const TURNS: u32 = 10;
/// Frames that are not measured: caches see who came and went.
const WARM_UP: u32 = 1000;

/// The cycle of loan and send. An attached process has received a frame from this pool, has
/// given it back and neither polls nor sleeps on the topic. Every turn they come one by one,
/// and go one by one in the next, with the same publisher, pool and slots.
pub(crate) fn attached(count: u32) -> Result<()> {
    let name = name();
    let mut topic = Topic::<Image>::open(&name)?;
    let mut children = Vec::new();
    for _ in 0..STEPS[STEPS.len() - 1] {
        children.push(Child::start()?);
    }
    let calls = count.div_ceil(TURNS);
    let mut clock = Vec::new();
    let mut publish = [const { Vec::new() }; STEPS.len()];
    let mut now = 0;
    for turn in 0..TURNS {
        for index in 0..STEPS.len() {
            let index = if turn % 2 == 0 { index } else { STEPS.len() - 1 - index };
            attach(&mut topic, &mut children, now, STEPS[index])?;
            now = STEPS[index];
            per_call(WARM_UP, || send(&mut topic, STAMP))?;
            clock.push(per_call(calls, || Ok(_ = black_box(monotonic_ns())))?);
            publish[index].push(per_call(calls, || send(&mut topic, STAMP))?);
            check(&mut topic, &mut children[..now])?;
        }
    }
    let clock = median(&mut clock);
    let publish = publish.map(|mut times| format!("{:.2}", median(&mut times)));
    println!(r#"{{"clock":{clock:.2},"publish":[{}]}}"#, publish.join(","));
    Ok(())
}

/// Lets as many come or go as are missing or too many.
fn attach(
    topic: &mut Topic<Image>,
    children: &mut [Child],
    now: usize,
    wanted: usize,
) -> Result<()> {
    if wanted < now {
        return ask_all(&mut children[wanted..now], "close");
    }
    send(topic, STAMP)?;
    let coming = &mut children[now..wanted];
    ask_all(coming, &format!("open {} 0", topic.name()))?;
    ask_all(coming, "take 1")?;
    ask_all(coming, "drop")
}

/// All of `children` can hold a slot of the pool, and nobody else does.
fn check(topic: &mut Topic<Image>, children: &mut [Child]) -> Result<()> {
    ask_all(children, "take 1")?;
    let pools = topic.stats()?.topic.pools;
    expect("pools", pools.len() as u64, 1)?;
    // This process is one of them, with what its ring keeps.
    expect("holders", pools[0].holders.len() as u64, children.len() as u64 + 1)?;
    ask_all(children, "drop")
}
