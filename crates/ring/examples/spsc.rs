//! What a value costs through `Spsc`, beside what one would use instead, as one line of JSON.
//!
//! ```text
//! cargo run --release -p framelane-ring --example spsc -- 1000000
//! ```
//!
//! Figures are nanoseconds per value, the mean of as many values as the argument says: `alone`
//! one thread pushes and pops in turn, `across` one thread pushes what another pops.
//! `npm run bench` runs it again and again and takes the medians.

use std::hint::black_box;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;
use std::{env, process, thread};

use crossbeam_queue::ArrayQueue;
use crossbeam_utils::Backoff;
use framelane_ring::{Consumer, Producer, Spsc};

const CAPACITY: usize = 64;

/// An end that takes values; `false`: full.
trait Push: Send {
    fn push(&mut self, value: u64) -> bool;
}

/// An end that gives values.
trait Pop: Send {
    fn pop(&mut self) -> Option<u64>;
}

impl Push for Producer<u64> {
    fn push(&mut self, value: u64) -> bool {
        Producer::push(self, value).is_ok()
    }
}

impl Pop for Consumer<u64> {
    fn pop(&mut self) -> Option<u64> {
        Consumer::pop(self)
    }
}

impl Push for &ArrayQueue<u64> {
    fn push(&mut self, value: u64) -> bool {
        ArrayQueue::push(self, value).is_ok()
    }
}

impl Pop for &ArrayQueue<u64> {
    fn pop(&mut self) -> Option<u64> {
        ArrayQueue::pop(self)
    }
}

impl Push for SyncSender<u64> {
    fn push(&mut self, value: u64) -> bool {
        self.try_send(value).is_ok()
    }
}

impl Pop for Receiver<u64> {
    fn pop(&mut self) -> Option<u64> {
        self.try_recv().ok()
    }
}

fn main() {
    let count = env::args().nth(1).and_then(|count| count.parse().ok());
    let Some(count) = count else {
        eprintln!("usage: spsc COUNT");
        process::exit(2)
    };
    let queue = ArrayQueue::new(CAPACITY);
    let mut figures = Vec::new();
    let (push, pop) = Spsc::new(CAPACITY);
    figures.push(("spsc", measure(push, pop, count)));
    figures.push(("arrayQueue", measure(&queue, &queue, count)));
    let (push, pop) = sync_channel(CAPACITY);
    figures.push(("syncChannel", measure(push, pop, count)));
    let figures: Vec<String> = figures
        .into_iter()
        .map(|(name, (alone, across))| {
            format!(r#""{name}":{{"alone":{alone:.2},"across":{across:.2}}}"#)
        })
        .collect();
    println!("{{{}}}", figures.join(","));
}

fn measure(mut push: impl Push, mut pop: impl Pop, count: u64) -> (f64, f64) {
    alone(&mut push, &mut pop, count / 10);
    (alone(&mut push, &mut pop, count), across(&mut push, &mut pop, count))
}

fn alone(push: &mut impl Push, pop: &mut impl Pop, count: u64) -> f64 {
    let start = Instant::now();
    for value in 0..count {
        assert!(push.push(black_box(value)), "there is room");
        assert_eq!(black_box(pop.pop()), Some(value), "values come in order");
    }
    per_value(start, count)
}

fn across(push: &mut impl Push, pop: &mut impl Pop, count: u64) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            for value in 0..count {
                let backoff = Backoff::new();
                while !push.push(value) {
                    backoff.snooze();
                }
            }
        });
        for value in 0..count {
            let backoff = Backoff::new();
            let popped = loop {
                match pop.pop() {
                    Some(popped) => break popped,
                    None => backoff.snooze(),
                }
            };
            assert_eq!(popped, value, "values come in order");
        }
    });
    per_value(start, count)
}

#[allow(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn per_value(start: Instant, count: u64) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / count as f64
}
