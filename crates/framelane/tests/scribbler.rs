//! One process writes garbage into the control files of a topic and its pools as fast as it
//! can, while others publish, receive, read every byte of what they get, sleep, wake, open and
//! close. They may see typed errors and counters, and nothing else.
//!
//! `FRAMELANE_SCRIBBLE_SECONDS` is how long each mode lasts, 2 by default. `scripts/fuzz.mjs`
//! runs this under AddressSanitizer.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use framelane::{Ack, Encoding, Image, Options, Overflow, Queue, QueueOptions, Result, Topic};
use framelane_layout::topic::{CELL_BYTES, HEADER_BYTES, TopicGeometry};

/// Modes of the topic, one run each.
const MODES: [&str; 5] = ["drop-oldest", "drop-newest", "block", "queue", "queue-ack"];
const ROLES: [&str; 4] = ["publisher", "subscriber", "both", "scribbler"];
/// No call may take longer, on a machine that does other things as well.
const HANG: Duration = Duration::from_secs(10);
const BACKPRESSURE: &str = "ERR_FRAMELANE_BACKPRESSURE";
const ROLE: &str = "FRAMELANE_SCRIBBLE_ROLE";
const SECONDS: &str = "FRAMELANE_SCRIBBLE_SECONDS";

fn seconds() -> Duration {
    Duration::from_secs(env::var(SECONDS).map_or(2, |text| text.parse().unwrap()))
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// A word as garbage is, or one that looks like what stands there.
    fn word(&mut self) -> u64 {
        let bits = self.below(64);
        match self.below(5) {
            0 => self.roll(),
            1 => u64::MAX << bits,
            2 => u64::MAX >> bits,
            3 => self.below(200),
            _ => (1_u64 << bits).wrapping_add(self.below(3)).wrapping_sub(1),
        }
    }
}

/// What a role has seen, printed as its last line.
#[derive(Default)]
struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn count(&mut self, what: &str, more: u64) {
        *self.0.entry(what.into()).or_default() += more;
    }

    /// The result of a call that began at `start`, its error counted by code.
    fn check<T>(&mut self, start: Instant, result: Result<T>) -> Option<T> {
        assert!(start.elapsed() < HANG, "a call took {:?}", start.elapsed());
        result.inspect_err(|error| self.count(error.code().as_str(), 1)).ok()
    }

    /// A frame, all of it read.
    fn frame(&mut self, frame: Option<Image>) {
        let Some(frame) = frame else { return };
        let sum = frame.data().iter().map(|&byte| u64::from(byte)).sum::<u64>();
        std::hint::black_box((sum, frame.frame_id(), frame.timestamp_ns(), frame.sequence()));
        self.count("received", 1);
    }
}

/// A topic object in one of the modes.
enum Lane {
    Topic(Topic<Image>),
    Queue(Queue<Image>),
}

/// The same call of both.
macro_rules! either {
    ($lane:expr, $inner:ident => $call:expr) => {
        match $lane {
            Lane::Topic($inner) => $call,
            Lane::Queue($inner) => $call,
        }
    };
}

fn open(mode: &str, tally: &mut Tally) -> Option<Lane> {
    let start = Instant::now();
    let topic = |overflow| {
        Topic::open_with("lane", Options { history: 3, depth: 3, overflow }).map(Lane::Topic)
    };
    let queue = |ack| {
        let options = QueueOptions { depth: 3, ack, ..QueueOptions::default() };
        Queue::open_with("lane", options).map(Lane::Queue)
    };
    let lane = match mode {
        "drop-oldest" => topic(Overflow::DropOldest),
        "drop-newest" => topic(Overflow::DropNewest),
        "block" => topic(Overflow::Block),
        "queue" => queue(Ack::Auto),
        "queue-ack" => queue(Ack::Manual),
        other => panic!("{other} is no mode"),
    };
    tally.check(start, lane)
}

fn send(lane: &mut Lane, dice: &mut Dice, tally: &mut Tally) {
    let width = [16, 64, 200][usize::try_from(dice.below(3)).unwrap()];
    let loan =
        tally.check(Instant::now(), either!(lane, inner => inner.loan(width, 48, Encoding::Rgb8)));
    let Some(mut image) = loan else { return };
    image.data_mut().fill(u8::try_from(dice.below(256)).unwrap());
    image.set_frame_id("cam").unwrap();
    let (start, patience) = (Instant::now(), Duration::from_millis(2));
    let sent = match dice.below(4) {
        0 => either!(lane, inner => inner.send_when_ready(image, patience)),
        _ => either!(lane, inner => inner.send(image)),
    };
    if tally.check(start, sent).is_some() {
        tally.count("sent", 1);
    }
}

fn receive(lane: &mut Lane, dice: &mut Dice, tally: &mut Tally) {
    match lane {
        Lane::Topic(topic) => receive_from_topic(topic, dice, tally),
        Lane::Queue(queue) => receive_from_queue(queue, dice, tally),
    }
}

fn receive_from_queue(queue: &mut Queue<Image>, dice: &mut Dice, tally: &mut Tally) {
    let start = Instant::now();
    let got = match dice.below(4) {
        0 => queue.recv(Duration::from_millis(5)).map(Some),
        _ => queue.try_recv(),
    };
    let Some(job) = tally.check(start, got).flatten() else { return };
    let sum = job.data().iter().map(|&byte| u64::from(byte)).sum::<u64>();
    std::hint::black_box((sum, job.frame_id(), job.timestamp_ns(), job.sequence()));
    tally.count("received", 1);
    match dice.below(8) {
        0 => tally.count("given back", 1),
        _ => tally.count("acknowledged", u64::from(job.ack())),
    }
}

fn receive_from_topic(topic: &mut Topic<Image>, dice: &mut Dice, tally: &mut Tally) {
    let start = Instant::now();
    let got = match dice.below(8) {
        0 => topic.newest(),
        1 => topic.latest(),
        2 => topic.recv(Duration::from_millis(5)).map(Some),
        3 => topic.recv_newest(Duration::from_millis(1)).map(Some),
        _ => topic.try_recv(),
    };
    let frame = tally.check(start, got).flatten();
    tally.frame(frame);
}

/// Publishes, receives or does both until time is up, opening and closing as it goes.
fn work(mode: &str, sends: bool, receives: bool) {
    let (mut dice, mut tally) = (Dice(u64::from(std::process::id()) << 20 | 1), Tally::default());
    let start = Instant::now();
    while start.elapsed() < seconds() {
        let Some(mut lane) = open(mode, &mut tally) else { continue };
        for _ in 0..dice.below(3000) {
            if sends {
                send(&mut lane, &mut dice, &mut tally);
            }
            if receives {
                receive(&mut lane, &mut dice, &mut tally);
            }
            if dice.below(100) == 0 {
                thread::sleep(Duration::from_micros(200));
            }
        }
        if let Some(stats) = tally.check(Instant::now(), either!(&lane, inner => inner.stats())) {
            tally.count("rejected", stats.rejected);
            tally.count("lapped", stats.lapped.min(1 << 32));
            tally.count("dropped", stats.dropped);
        }
        tally.count("opened", 1);
    }
    println!("{ROLE} {:?}", tally.0);
}

/// The control files that are there now.
fn control_files() -> Vec<(bool, File)> {
    let Ok(entries) = fs::read_dir(folder(&env::var("FRAMELANE_NAMESPACE").unwrap())) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let wanted = name.starts_with("t.") || name.ends_with(".c");
            let file = File::options().read(true).write(true).open(path).ok()?;
            wanted.then_some((name.starts_with("t."), file))
        })
        .collect()
}

/// Where the files of a namespace are.
fn folder(namespace: &str) -> PathBuf {
    let user = fs::metadata("/proc/self").unwrap().uid();
    Path::new("/dev/shm").join(format!("framelane-{user}")).join(namespace)
}

/// Writes garbage, a different sort every few milliseconds, with times of peace between.
fn scribble() {
    let (mut dice, start) = (Dice(0x9e37_79b9_7f4a_7c15), Instant::now());
    let mut tally = Tally::default();
    while start.elapsed() < seconds() {
        let sort = dice.below(8);
        let files = control_files();
        let until = Instant::now() + Duration::from_millis(2 + dice.below(20));
        while Instant::now() < until {
            if sort == 7 || files.is_empty() {
                thread::sleep(Duration::from_millis(2));
                continue;
            }
            for _ in 0..50 {
                let (is_topic, file) =
                    &files[usize::try_from(dice.below(files.len() as u64)).unwrap()];
                if *is_topic {
                    topic_word(file, sort, &mut dice)
                } else {
                    pool_word(file, &mut dice)
                }
            }
            tally.count("scribbles", 50);
        }
    }
    println!("{ROLE} {:?}", tally.0);
}

/// Writes into a topic: anywhere, into the shared words, the rows, a cell, or a descriptor that
/// is right but for one word; into cursors and claims.
fn topic_word(file: &File, sort: u64, dice: &mut Dice) {
    let geometry = TopicGeometry::DEFAULT;
    let bytes = file.metadata().map_or(geometry.bytes(), |stat| stat.len());
    // Behind the rings a queue has its claims.
    let claims = geometry.bytes();
    let ring = geometry.ring_offset(u16::try_from(dice.below(3)).unwrap());
    let cell = ring + CELL_BYTES * dice.below(geometry.cells.into());
    let (at, value) = match sort {
        0 => (256 + dice.below((bytes - 256) / 8) * 8, dice.word()),
        1 => (256 + dice.below(48) * 8, dice.word()),
        2 => (HEADER_BYTES + dice.below(3) * 128, dice.word()),
        3 => (cell + 8 * dice.below(8), dice.word()),
        4 => return plausible(file, ring, cell, dice),
        5 => (geometry.cursors_offset() + dice.below(4) * 128 + dice.below(3) * 8, dice.word()),
        _ if bytes > claims => (claims + dice.below(3 * 64) * 8, claim(dice)),
        _ => return plausible(file, ring, cell, dice),
    };
    let _ = file.write_all_at(&value.to_le_bytes(), at);
}

/// A claim on one of the first positions by one of the first consumers, or garbage.
fn claim(dice: &mut Dice) -> u64 {
    let word =
        (dice.below(2000) << 8) | [0, 1, 2, 3, 32, 255][usize::try_from(dice.below(6)).unwrap()];
    if dice.below(4) == 0 { dice.word() } else { word }
}

fn plausible(file: &File, ring: u64, cell: u64, dice: &mut Dice) {
    let mut words = [0; 64];
    if file.read_exact_at(&mut words, cell).is_err() {
        return;
    }
    let at = usize::try_from(8 * (1 + dice.below(7))).unwrap();
    let byte = at + usize::try_from(dice.below(8)).unwrap();
    if dice.below(2) == 0 {
        words[byte] = u8::try_from(dice.below(256)).unwrap();
    } else {
        words[at..at + 8].copy_from_slice(&dice.word().to_le_bytes());
    }
    let mut head = [0; 8];
    let place = TopicGeometry::DEFAULT;
    let entry = (ring - place.ring_offset(0)) / (CELL_BYTES * u64::from(place.cells));
    let _ = file.read_exact_at(&mut head, HEADER_BYTES + 128 * entry);
    let position = u64::from_le_bytes(head).wrapping_add(dice.below(2));
    words[..8].copy_from_slice(&position.wrapping_mul(2).wrapping_add(2).to_le_bytes());
    let _ = file.write_all_at(&words, ring + CELL_BYTES * (position % u64::from(place.cells)));
    if dice.below(4) == 0 {
        let next = position.wrapping_add(1).to_le_bytes();
        let _ = file.write_all_at(&next, HEADER_BYTES + 128 * entry);
    }
}

/// Writes into a pool: reader rows, slot words, the high halves of fill counts.
fn pool_word(file: &File, dice: &mut Dice) {
    // Seldom: a slot whose word says another generation is lost to its owner.
    if dice.below(50) != 0 {
        return;
    }
    let at = match dice.below(3) {
        0 => 1024 + dice.below(256) * 8,
        1 => 4096 + 64 * dice.below(16),
        _ => 4096 + 64 * dice.below(16) + 8,
    };
    if at < file.metadata().map_or(0, |stat| stat.len()) {
        let _ = file.write_all_at(&dice.word().to_le_bytes(), at);
    }
}

/// What a child process does; nothing in the process that runs the tests.
#[test]
fn role() {
    let Ok(text) = env::var(ROLE) else { return };
    let (role, mode) = text.split_once(' ').unwrap();
    match role {
        "publisher" => work(mode, true, false),
        "subscriber" => work(mode, false, true),
        "both" => work(mode, true, true),
        _ => scribble(),
    }
}

fn spawn(role: &str, mode: &str, namespace: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "role", "--nocapture"])
        .env(ROLE, format!("{role} {mode}"))
        .env("FRAMELANE_NAMESPACE", namespace)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a role and gives its figures.
fn finish(role: &str, mut child: Child, deadline: Instant) -> BTreeMap<String, u64> {
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            panic!("{role} hangs:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let (out, err) = (output.stdout, output.stderr);
    let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert!(output.status.success(), "{role} ends with {}:\n{out}\n{err}", output.status);
    let line = out.lines().find_map(|line| line.split_once(ROLE)).expect(&out).1.to_owned();
    println!("{role}:{line}");
    let figures = line.trim().trim_matches(['{', '}']);
    let pairs = figures.split(", ").filter_map(|pair| pair.split_once(": "));
    pairs.map(|(name, count)| (name.trim_matches('"').into(), count.parse().unwrap())).collect()
}

#[test]
fn garbage_in_control_words_is_counted_and_never_believed() {
    for mode in MODES {
        let namespace = format!("scribbler-{}", std::process::id());
        // Not in this process: `configure` and the environment are for one namespace.
        let children = ROLES.map(|role| (role, spawn(role, mode, &namespace)));
        let deadline = Instant::now() + seconds() + 3 * HANG;
        let seen = children.map(|(role, child)| (role, finish(role, child, deadline)));
        let figure = |name: &str| seen.iter().filter_map(|(_, seen)| seen.get(name)).sum::<u64>();
        let of_mode: &[&str] = match mode {
            "drop-oldest" => &["lapped"],
            "drop-newest" => &["dropped"],
            "block" => &[BACKPRESSURE],
            "queue" => &[BACKPRESSURE, "acknowledged"],
            _ => &[BACKPRESSURE, "acknowledged", "given back"],
        };
        let always = ["sent", "received", "rejected", "opened", "scribbles"];
        for name in always.iter().chain(of_mode) {
            assert!(figure(name) > 0, "{mode}: nothing was {name}: {seen:?}");
        }
        // Whoever comes next finds a clean place, and leaves one.
        let quiet = spawn("both", mode, &namespace);
        let after = finish("after", quiet, Instant::now() + seconds() + 3 * HANG);
        assert!(after.get("received").is_some_and(|&count| count > 0), "{mode}: {after:?}");
        assert!(after.get("sent").is_some_and(|&count| count > 100), "{mode}: {after:?}");
        assert_eq!(after.get("rejected").copied().unwrap_or(0), 0, "{mode}: {after:?}");
        let left = folder(&namespace);
        assert!(!left.exists(), "{mode}: files are left in {}", left.display());
    }
}
