//! Frames of every type between Rust and another language: what one has written the other must
//! read, field by field.
//!
//! ```text
//! conform write image|depth|cloud|message TOPIC
//! conform read image|depth|cloud|message TOPIC COUNT
//! ```
//!
//! `write` sends the frames of `cases.rs` and ends. `read` receives so many frames and prints what
//! it has seen of each, a line of JSON. The other side has cases of its own, written down once
//! more.

mod cases;
mod json;

use std::time::Duration;
use std::{env, process};

use framelane::{DepthImage, Frame, Image, Message, Options, PointCloud, Result, Topic};

use crate::json::Seen;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", "image", name] => cases::images(&mut open(name)?),
        ["write", "depth", name] => cases::depths(&mut open(name)?),
        ["write", "cloud", name] => cases::clouds(&mut open(name)?),
        ["write", "message", name] => cases::messages(&mut open(name)?),
        ["read", kind, name, count] => match (*kind, count.parse()) {
            ("image", Ok(count)) => read::<Image>(name, count),
            ("depth", Ok(count)) => read::<DepthImage>(name, count),
            ("cloud", Ok(count)) => read::<PointCloud>(name, count),
            ("message", Ok(count)) => read::<Message>(name, count),
            _ => usage(),
        },
        _ => usage(),
    }
}

/// All frames are kept for whoever comes late.
fn open<T: Frame>(name: &str) -> Result<Topic<T>> {
    Topic::open_with(name, Options { depth: 64, history: 64, ..Options::default() })
}

fn read<T: Frame + Seen>(name: &str, count: usize) -> Result<()> {
    let mut topic = open::<T>(name)?;
    for _ in 0..count {
        println!("{}", topic.recv(Duration::from_secs(10))?.seen());
    }
    Ok(())
}

fn usage() -> ! {
    eprintln!("usage: conform write KIND TOPIC | conform read KIND TOPIC COUNT");
    process::exit(2)
}
