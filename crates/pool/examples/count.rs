//! What it costs to take a slot and give it back, beside a plain shared count, as one line of
//! JSON.
//!
//! ```text
//! cargo run --release -p framelane-pool --example count -- 1000000
//! ```
//!
//! Figures are nanoseconds for both steps together, on words that are aligned alike and that
//! no other thread touches. A plain count is what a process that dies in between leaves wrong
//! for ever. `npm run bench` runs it again and again and takes the medians.

use std::hint::black_box;
use std::time::Instant;
use std::{env, process};

use framelane_layout::pool::SlotLine;
use framelane_layout::sync::{AtomicU32, AtomicU64, Ordering};
use framelane_pool::word;

/// The two take turns, so that a disturbance of the machine meets both.
const TURNS: u32 = 21;
/// As the fourth reader would see a slot in its seventh use.
const READER: u32 = 3;
const GENERATION: u32 = 7;

/// As wide as a slot line.
#[repr(C, align(64))]
struct Count {
    holds: AtomicU64,
}

fn main() {
    let count = env::args().nth(1).and_then(|count| count.parse().ok());
    let Some(count) = count else {
        eprintln!("usage: count COUNT");
        process::exit(2)
    };
    let line =
        SlotLine { word: AtomicU64::new(u64::from(GENERATION) << 32), fill_hi: AtomicU32::new(0) };
    let plain = Count { holds: AtomicU64::new(1) };
    let calls = u32::div_ceil(count, TURNS);
    let (mut slots, mut counts) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        slots.push(per_call(calls, || take_and_give(black_box(&line))));
        counts.push(per_call(calls, || up_and_down(black_box(&plain))));
    }
    assert_eq!(word::holders(&line), 0, "all was given back");
    let [slot, plain] = [slots, counts].map(median);
    println!(r#"{{"slot":{slot:.2},"plain":{plain:.2}}}"#);
}

/// What a reader does, but for its own count of holds.
#[inline(always)]
fn take_and_give(line: &SlotLine) {
    let taken = word::acquire(line, black_box(READER), black_box(GENERATION), black_box(0));
    assert!(black_box(taken), "the slot holds this generation");
    word::release(line, black_box(READER));
}

/// What counting holds in one shared number takes.
#[inline(always)]
fn up_and_down(count: &Count) {
    // ordering: Acquire, as taking a reference must be; its other side would be a Release below.
    let before = count.holds.fetch_add(black_box(1), Ordering::Acquire);
    assert!(black_box(before) > 0, "somebody holds it");
    // ordering: Release, as giving one back must be, before an Acquire of whoever is last.
    black_box(count.holds.fetch_sub(black_box(1), Ordering::Release));
}

fn per_call(calls: u32, call: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
