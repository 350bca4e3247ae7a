//! The vision process of the demo: takes each frame of one topic where it lies, writes its
//! edges into a slot of another, and publishes. It ends when its standard input does.

mod edges;

use std::io::Read;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;
use std::{env, io, process, thread};

use framelane::{Encoding, ErrorCode, Image, Result, Topic};

use crate::edges::Edges;

/// How often to look whether it is time to end.
const PATIENCE: Duration = Duration::from_millis(100);

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        eprintln!("usage: framelane-demo-vision INPUT OUTPUT");
        process::exit(2);
    };
    let mut frames = Topic::<Image>::open(input)?;
    let mut edges = Topic::<Image>::open(output)?;
    let mut kernel = Edges::new();
    let end = end_of_input();
    println!("ready");
    while end.try_recv() == Err(TryRecvError::Empty) {
        let frame = match frames.recv(PATIENCE) {
            Ok(frame) => frame,
            Err(error) if error.code() == ErrorCode::Timeout => continue,
            Err(error) => return Err(error),
        };
        let mut picture = edges.loan(frame.width(), frame.height(), Encoding::Mono8)?;
        picture.set_timestamp_ns(frame.timestamp_ns());
        picture.set_frame_id(&frame.frame_id())?;
        let [width, height, step] =
            [frame.width(), frame.height(), frame.step()].map(|size| size as usize);
        kernel.edges(frame.data(), width, height, step, picture.data_mut());
        edges.send(picture)?;
    }
    let stats = frames.stats()?;
    println!("{} received, {} lapped", stats.received, stats.lapped);
    Ok(())
}

/// Says when standard input has ended.
fn end_of_input() -> Receiver<()> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        drop(sender);
    });
    receiver
}
