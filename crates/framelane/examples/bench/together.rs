//! What publishing costs while another process publishes, too.

use std::hint::black_box;

use framelane::raw::monotonic_ns;
use framelane::{Image, Result, Topic};

use crate::child::Child;
use crate::figures::{STAMP, expect, median, name, per_call, send};

const TURNS: u32 = 10;
const WARM_UP: u32 = 1000;

/// The cycle of loan and send in this process alone; while another process does the same on the
/// same topic as fast as it can; and while another does it on a topic of its own, which shows
/// what of it is the machine. The clock is read in each of the three, too.
pub(crate) fn together(count: u32) -> Result<()> {
    let name = name();
    let mut topic = Topic::<Image>::open(&name)?;
    let mut others = [
        None,
        Some(Child::with_topic(&name, 0)?),
        Some(Child::with_topic(&format!("{name}.other"), 0)?),
    ];
    let calls = count.div_ceil(TURNS);
    let mut clock = [const { Vec::new() }; 3];
    let mut publish = [const { Vec::new() }; 3];
    for turn in 0..TURNS as usize {
        for index in 0..others.len() {
            let index = (index + turn) % others.len();
            let other = &mut others[index];
            if let Some(other) = other {
                other.ask("publish")?;
            }
            per_call(WARM_UP, || send(&mut topic, STAMP))?;
            clock[index].push(per_call(calls, || Ok(_ = black_box(monotonic_ns())))?);
            publish[index].push(per_call(calls, || send(&mut topic, STAMP))?);
            if let Some(other) = other {
                // Ends the order before, which answers once more.
                other.ask("rest")?;
                other.hear()?;
            }
        }
    }
    expect("publishers", topic.stats()?.topic.publishers.len() as u64, 2)?;
    let figure = |index: usize, which: &mut [Vec<f64>; 3]| median(&mut which[index]);
    let [alone, same, own] = [0, 1, 2].map(|index| {
        let (clock, publish) = (figure(index, &mut clock), figure(index, &mut publish));
        format!(r#"{{"clock":{clock:.2},"publish":{publish:.2}}}"#)
    });
    println!(r#"{{"alone":{alone},"sameTopic":{same},"ownTopics":{own}}}"#);
    Ok(())
}
