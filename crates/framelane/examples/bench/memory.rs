//! How much memory a topic takes.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;
use std::{fs, thread};

use framelane::raw::current;
use framelane::{Encoding, Image, Options, Result, Topic};

use crate::child::Child;
use crate::figures::{expect, fail, name, refused};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
const DEPTH: u32 = 2;
/// What passes between two frames.
const PAUSE: Duration = Duration::from_millis(4);

/// `count` frames of 1080p rgb8 to one subscriber that always has the newest and gives it back
/// for the next. In bytes: a frame; the most that the files took while it went on, of memory and
/// by their size; and how much shared memory the publisher has mapped in at the end.
pub(crate) fn memory(count: u32) -> Result<()> {
    let name = name();
    let options = Options { depth: DEPTH, ..Options::default() };
    let mut topic = Topic::<Image>::open_with(&name, options)?;
    let mut subscriber = Child::with_topic(&name, 0)?;
    let (mut resident, mut apparent, mut frame) = (0, 0, 0);
    for index in 0..count {
        let mut image = topic.loan(WIDTH, HEIGHT, Encoding::Rgb8)?;
        frame = image.data_mut().len();
        image.data_mut().fill(index.to_le_bytes()[0]);
        topic.send(image)?;
        subscriber.ask("follow")?;
        thread::sleep(PAUSE);
        let (blocks, sizes) = files()?;
        (resident, apparent) = (resident.max(blocks), apparent.max(sizes));
    }
    expect("frames sent", topic.stats()?.sent, count.into())?;
    let mapped = mapped_in()?;
    println!(
        r#"{{"frame":{frame},"resident":{resident},"apparent":{apparent},"mapped":{mapped}}}"#
    );
    Ok(())
}

/// What all files of this process's directory take: bytes of memory, and their sizes.
fn files() -> Result<(u64, u64)> {
    let mut sum = (0, 0);
    for entry in fs::read_dir(current()?.directory().path()).map_err(refused)? {
        let file = entry.and_then(|entry| entry.metadata()).map_err(refused)?;
        // The unit of `blocks` is 512 bytes, whatever the file system.
        sum = (sum.0 + file.blocks() * 512, sum.1 + file.size());
    }
    Ok(sum)
}

/// Bytes of shared memory among the resident memory of this process.
fn mapped_in() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").map_err(refused)?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssShmem:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes
        .map_or_else(|| fail("the kernel does not say RssShmem"), |kilobytes| Ok(kilobytes << 10))
}
