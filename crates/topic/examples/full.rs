//! Shared memory that is full: every refusal is an error with a code, nothing is left of what was
//! refused, and no byte that was promised is missing. Run on a small tmpfs of its own, by
//! `__test__/process/full.spec.ts`:
//!
//! - `full fit DIR SLOTS BYTES yes|no`: a pool of that size, all of it backed, can be had or not
//! - `full fill DIR BYTES LEAST NAMESPACE`: at least so many slots of that size can be loaned
//! - `full grow DIR`: a pool that grows while memory ends at each of its pages in turn

use std::env;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use framelane_layout::topic::Mode;
use framelane_layout::{Descriptor, ErrorCode, Kind, PAGE};
use framelane_pool::{OwnHold, OwnPool, Scrub};
use framelane_shm::{Directory, Error};
use framelane_topic::{Peer, Publisher, Settings, Subscriber};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A frame of ten pages; a pool for `depth` 4 has eight slots, five of them backed at once.
const BYTES: u64 = 10 * PAGE - 100;
const DEPTH: u32 = 4;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["fit", dir, slots, bytes, fits] => {
            fit(Path::new(dir), slots.parse()?, bytes.parse()?, fits == "yes")
        }
        ["fill", dir, bytes, least, namespace] => {
            fill(dir.into(), bytes.parse()?, least.parse()?, namespace)
        }
        ["grow", dir] => grow(Path::new(dir)),
        _ => Err("full fit|fill|grow DIR …".into()),
    }
}

fn fit(dir: &Path, slots: u32, bytes: u64, fits: bool) -> Outcome {
    for _ in 0..3 {
        let directory = Directory::open(dir, "fit")?;
        match OwnPool::create(&directory, slots, bytes, slots, Scrub::Off, || ()) {
            Ok(pool) => {
                assert!(fits, "a pool can be had that does not fit");
                let holds: Vec<_> =
                    (0..slots).filter_map(|_| pool.allocate().ok().flatten()).collect();
                assert_eq!(holds.len(), slots as usize);
                for hold in &holds {
                    write(hold, 7, bytes);
                }
                assert!(holds.iter().all(|hold| is_whole(hold, 7, bytes)));
                for name in directory.names()? {
                    directory.unlink(&name)?;
                }
            }
            Err(error) => {
                assert!(!fits, "{error}");
                expect_full(&error);
                assert_eq!(directory.names()?, Vec::<String>::new(), "files are left");
            }
        }
        directory.remove_if_empty();
    }
    assert_eq!(fs::read_dir(dir)?.count(), 0, "directories are left");
    Ok(())
}

fn fill(dir: PathBuf, bytes: u64, least: usize, namespace: &str) -> Outcome {
    let peer = open(dir, namespace)?;
    for _ in 0..2 {
        let mut holds = Vec::new();
        let error = loop {
            match peer.allocate(bytes, 0) {
                Ok(Some(hold)) => {
                    write(&hold, holds.len(), bytes);
                    holds.push(hold);
                }
                Ok(None) => return Err("maxBytes was reached before the end of memory".into()),
                Err(error) => break error,
            }
        };
        expect_full(&error);
        println!("{} slots, then: {error}", holds.len());
        assert!(holds.len() >= least, "{} slots", holds.len());
        let whole = |(value, hold)| is_whole(hold, value, bytes);
        assert!(holds.iter().enumerate().all(whole), "one wrote over another");
    }
    Ok(())
}

fn grow(dir: &Path) -> Outcome {
    let ballast = Ballast::new(dir)?;
    let (mut refused, mut counts) = (0, Vec::new());
    for pages in 0..130 {
        ballast.leave(dir, pages)?;
        let peer = open(dir.into(), &format!("grow{pages}"))?;
        match peer.open_topic("lane", Kind::Image, Mode::default()) {
            Ok(_) => {}
            Err(error) => {
                expect_full(&error);
                assert_eq!(peer.directory().names()?, Vec::<String>::new(), "files are left");
                refused += 1;
            }
        }
        counts.push(grow_once(dir, &ballast, &peer, pages)?);
    }
    println!("{refused} topics refused; slots loaned before memory ended, by pages: {counts:?}");
    assert!(counts.is_sorted() && refused > 0);
    for slots in 0..=8 {
        assert!(counts.contains(&slots), "memory never ended after {slots} slots");
    }
    Ok(())
}

/// Leaves `pages` pages beside an open topic; how many slots could be loaned.
fn grow_once(
    dir: &Path,
    ballast: &Ballast,
    peer: &Arc<Peer>,
    pages: u64,
) -> Result<usize, Box<dyn std::error::Error>> {
    ballast.leave(dir, 1000)?;
    let topic = peer.open_topic("lane", Kind::Image, Mode::default())?;
    let mut publisher = Publisher::claim(topic.clone(), DEPTH)?;
    let mut subscriber = Subscriber::new(topic, 0);
    ballast.leave(dir, pages)?;
    let mut loans = Vec::new();
    // Not beyond the first pool: that one ends at each of its slots in turn.
    while loans.len() < 8 {
        match publisher.loan(BYTES) {
            Ok(loan) => {
                write(&loan, loans.len(), BYTES);
                loans.push(loan);
            }
            Err(error) => {
                expect_full(&error);
                // The same again: an error that comes twice has left nothing.
                expect_full(&publisher.loan(BYTES).err().ok_or("memory from nowhere")?);
                break;
            }
        }
    }
    let whole = |(value, hold)| is_whole(hold, value, BYTES);
    assert!(loans.iter().enumerate().all(whole), "one wrote over another");
    let count = loans.len();
    for loan in loans {
        publish(&mut publisher, loan);
        assert!(subscriber.receive(false)?.is_some());
    }
    ballast.leave(dir, 1000)?;
    for _ in 0..20 {
        let loan = publisher.loan(BYTES)?;
        write(&loan, 1, BYTES);
        publish(&mut publisher, loan);
        assert!(subscriber.receive(false)?.is_some(), "the topic does not go on");
    }
    Ok(count)
}

fn open(dir: PathBuf, namespace: &str) -> Result<Arc<Peer>, Error> {
    let namespace = namespace.to_owned();
    Peer::open(&Settings { dir, namespace, ..Settings::default() })
}

fn publish(publisher: &mut Publisher, loan: OwnHold) {
    let mut descriptor =
        Descriptor { kind: Kind::Image as u8, payload_bytes: BYTES, ..Descriptor::default() };
    publisher.publish(loan, &mut descriptor);
}

fn write(hold: &OwnHold, value: usize, bytes: u64) {
    let length = usize::try_from(bytes).unwrap_or(0);
    // SAFETY: on loan, and its slot has that many bytes.
    unsafe { hold.pointer().write_bytes(byte(value), length) };
}

fn is_whole(hold: &OwnHold, value: usize, bytes: u64) -> bool {
    let length = usize::try_from(bytes).unwrap_or(0);
    // SAFETY: the slot is on loan to this program, which does not write now.
    let slot = unsafe { std::slice::from_raw_parts(hold.pointer(), length) };
    slot[0] == byte(value) && slot[1..] == slot[..length - 1]
}

fn byte(value: usize) -> u8 {
    u8::try_from(value % 250 + 1).unwrap_or(0)
}

fn expect_full(error: &Error) {
    assert_eq!(error.code(), ErrorCode::NoSpace, "{error}");
}

/// A file that takes what is not to be left.
struct Ballast(File);

impl Ballast {
    fn new(dir: &Path) -> std::io::Result<Self> {
        let path = dir.join("ballast");
        Ok(Self(OpenOptions::new().create_new(true).write(true).open(path)?))
    }

    /// Makes the file as large as it must be for `pages` pages to be free.
    fn leave(&self, dir: &Path, pages: u64) -> Outcome {
        self.0.set_len(0)?;
        let free = free_bytes(dir)?;
        let bytes = free.checked_sub(pages * PAGE).ok_or("the file system is too small")?;
        if bytes > 0 {
            let bytes = i64::try_from(bytes)?;
            // SAFETY: an open descriptor.
            let code = unsafe { libc::fallocate(self.0.as_raw_fd(), 0, 0, bytes) };
            assert_eq!(code, 0, "the ballast does not fit");
        }
        assert_eq!(free_bytes(dir)?, pages * PAGE);
        Ok(())
    }
}

fn free_bytes(dir: &Path) -> Result<u64, Box<dyn std::error::Error>> {
    let path = std::ffi::CString::new(dir.as_os_str().as_encoded_bytes())?;
    // SAFETY: plain integers, for which zeros are values.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: a path and room for the answer.
    let code = unsafe { libc::statvfs(path.as_ptr(), &raw mut stat) };
    assert_eq!(code, 0, "statvfs");
    Ok(stat.f_bfree * stat.f_frsize)
}
