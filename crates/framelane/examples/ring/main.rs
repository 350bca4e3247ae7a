//! Rings the doorbells of another process, in shuffled order and at a fixed pace, and says when
//! and at what cost, as one line of JSON: `benchmark/doorbell.ts` joins it with what was heard.
//!
//! ```text
//! cargo run --release --example ring -- 1000 500 fifo:/dev/shm/a socket:/dev/shm/b
//! ```
//!
//! The first argument is the pace in hertz, the second how often each bell rings. `topic:NAME`
//! is a frame sent on a topic. Times are nanoseconds of `CLOCK_MONOTONIC`.

mod bell;

use std::error::Error;
use std::time::Duration;
use std::{env, thread};

use framelane::raw::monotonic_ns;

use bell::Bell;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [hertz, count, bells @ ..] = &arguments[..] else {
        return Err("usage: ring HERTZ COUNT KIND:PATH ...".into());
    };
    let (hertz, count): (u64, usize) = (hertz.parse()?, count.parse()?);
    let mut bells = bells.iter().map(|bell| Bell::open(bell)).collect::<Result<Vec<_>>>()?;
    let order = order(bells.len(), count);
    let mut rings = Vec::with_capacity(order.len());
    let mut due = monotonic_ns();
    for number in order {
        due = (due + 1_000_000_000 / hertz).max(monotonic_ns());
        thread::sleep(Duration::from_nanos(due.saturating_sub(monotonic_ns())));
        let bell = &mut bells[number];
        bell.prepare()?;
        let at = monotonic_ns();
        bell.ring()?;
        rings.push((number, at, monotonic_ns() - at));
    }
    let rings: Vec<String> =
        rings.iter().map(|(number, at, cost)| format!("[{number},{at},{cost}]")).collect();
    println!("[{}]", rings.join(","));
    Ok(())
}

/// Each of `bells` numbers `count` times. All of them come once before one comes again.
fn order(bells: usize, count: usize) -> Vec<usize> {
    let mut state = monotonic_ns() | 1;
    let mut below = |limit: usize| {
        // xorshift64: any order will do that does not repeat itself.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap_or(0)
    };
    let mut order = Vec::with_capacity(bells * count);
    for _ in 0..count {
        let mut turn: Vec<usize> = (0..bells).collect();
        for last in (1..bells).rev() {
            turn.swap(last, below(last + 1));
        }
        order.extend(turn);
    }
    order
}
