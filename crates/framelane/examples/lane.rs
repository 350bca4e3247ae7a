//! One lane between two processes, in either language.
//!
//! ```text
//! cargo run --example lane -- receive camera.rgb 100
//! cargo run --example lane -- send camera.rgb 100
//! ```
//!
//! The sender makes small pictures whose every byte is the low byte of the frame's number;
//! the receiver checks that, and that none is missing.

use std::time::Duration;
use std::{env, process, thread};

use framelane::{Encoding, Image, Options, Result, Topic};

const PERIOD: Duration = Duration::from_millis(2);

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [verb, name, count] = arguments.as_slice() else { usage() };
    let Ok(count) = count.parse() else { usage() };
    match verb.as_str() {
        "send" => send(name, count),
        "receive" => receive(name, count),
        _ => usage(),
    }
}

fn send(name: &str, count: u64) -> Result<()> {
    // As many frames kept as can be: a receiver that is not scheduled for a moment misses none.
    let options = Options { depth: 64, ..Options::default() };
    let mut topic = Topic::<Image>::open_with(name, options)?;
    for number in 0..count {
        let mut frame = topic.loan(64, 48, Encoding::Rgb8)?;
        frame.data_mut().fill(number.to_le_bytes()[0]);
        frame.set_frame_id("lane")?;
        topic.send(frame)?;
        thread::sleep(PERIOD);
    }
    Ok(())
}

fn receive(name: &str, count: u64) -> Result<()> {
    let mut topic = Topic::<Image>::open(name)?;
    println!("ready");
    for number in 0..count {
        let frame = topic.recv(Duration::from_secs(10))?;
        let wanted = number.to_le_bytes()[0];
        if frame.missed() > 0 || frame.data().iter().any(|&byte| byte != wanted) {
            println!("{frame:?} is not frame {number}: {} missed", frame.missed());
            process::exit(1);
        }
    }
    println!("{count} frames, none missed");
    Ok(())
}

fn usage() -> ! {
    eprintln!("usage: lane send|receive TOPIC COUNT");
    process::exit(2)
}
