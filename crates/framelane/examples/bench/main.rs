//! What the public API costs, as one line of JSON.
//!
//! ```text
//! cargo run --release --example bench -- publish 1000000
//! cargo run --release --example bench -- attached 1000000
//! ```
//!
//! The first argument says what is measured, the second how often. Figures are nanoseconds
//! unless they say otherwise. `npm run bench` runs all of it again and again and takes the
//! medians; `benchmark/README.md` tells what each figure is.

mod attached;
mod calls;
mod child;
mod feed;
mod figures;
mod killed;
mod memory;
mod obey;
mod round_trip;
mod sleeping;
mod stopped;
mod together;

use std::{env, process};

use framelane::Result;

const VERBS: &str = "publish|receive|feed|attached|together|sleeping|stopped|killed|memory|\
    round-trip COUNT, or obey";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments == ["obey"] {
        return obey::obey();
    }
    let [verb, count] = arguments[..] else { usage() };
    let Ok(count) = count.parse() else { usage() };
    match verb {
        "publish" => calls::publish(count),
        "receive" => calls::receive(count),
        "feed" => feed::feed(count),
        "attached" => attached::attached(count),
        "together" => together::together(count),
        "sleeping" => sleeping::sleeping(count),
        "stopped" => stopped::stopped(count),
        "killed" => killed::killed(count),
        "memory" => memory::memory(count),
        "round-trip" => round_trip::round_trip(count),
        _ => usage(),
    }
}

fn usage() -> ! {
    eprintln!("usage: bench {VERBS}");
    process::exit(2)
}
