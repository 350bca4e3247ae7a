//! A small program of hostile writes into the words of a running topic and its pool, with
//! publishing and receiving between them: nothing may panic, and nothing may be left.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use framelane::raw::{
    Claimed, ImageShape, OpenTopic, Peer, Publisher, Received, Said, Settings, Subscriber,
    TopicStats, check_image, complete_header,
};
use framelane_layout::topic::{CELL_BYTES, HEADER_BYTES, Mode, SHARED_OFFSET, TopicGeometry};
use framelane_layout::{Descriptor, Encoding, Kind};

use super::files::Place;
use super::{Input, MODES, touch};

/// Steps of a program that are looked at.
const STEPS: usize = 48;
/// Where each of the shared words of a topic is.
const SHARED: [u64; 7] = [0x100, 0x108, 0x140, 0x180, 0x1c0, 0x200, 0x204];

/// Publisher and subscribers of one topic, as two processes would have them.
struct Pair {
    topic: OpenTopic,
    publisher: Option<Publisher>,
    /// In the owner's process, and as if in another.
    subscribers: [Subscriber; 2],
    /// What the first of them has taken of a queue and not acknowledged.
    claimed: Vec<Claimed>,
    geometry: TopicGeometry,
    control: File,
    pool: Option<File>,
    path: PathBuf,
}

/// Steps of 12 bytes each: what to do, two small numbers, a large one. All of them in a topic
/// of each mode.
pub(super) fn program(data: &[u8]) -> bool {
    MODES.map(|mode| run(data, mode)).contains(&true)
}

fn run(data: &[u8], mode: Mode) -> bool {
    let place = Place::new("program");
    let path = place.path.clone();
    let elsewhere = Settings {
        // Another spelling of the same directory: a second copy of the library, as it were.
        dir: "/dev/shm/../shm".into(),
        namespace: path.file_name().unwrap().to_str().unwrap().into(),
        max_bytes: 1 << 20,
        ..Settings::default()
    };
    let other = Peer::open(&elsewhere).unwrap();
    assert!(!std::sync::Arc::ptr_eq(&other, place.peer()), "two spellings are two peers");
    let topic = place.peer().open_topic("lane", Kind::Image, mode).unwrap();
    let far = other.open_topic("lane", Kind::Image, mode).unwrap();
    let mut pair = Pair {
        publisher: Some(Publisher::claim(topic.clone(), 2).unwrap()),
        subscribers: [Subscriber::new(topic.clone(), 1), Subscriber::new(far, 1)],
        control: File::options().read(true).write(true).open(path.join("t.lane")).unwrap(),
        claimed: Vec::new(),
        geometry: TopicGeometry::of(mode),
        pool: None,
        path: path.clone(),
        topic,
    };
    pair.publish();
    let mut input = Input(data);
    for _ in 0..STEPS {
        if input.0.is_empty() {
            break;
        }
        let (what, small, middle, large) = (input.u8(), input.u8(), input.u16(), input.u64());
        pair.step(what, small, middle, large);
    }
    let received = pair.subscribers.iter().map(Subscriber::received).sum::<u64>();
    drop(pair);
    drop(other);
    assert_eq!(place.leave(), Vec::<String>::new(), "files are left");
    received > 0
}

impl Pair {
    fn step(&mut self, what: u8, small: u8, middle: u16, large: u64) {
        let which = usize::from(small & 1);
        match what % 20 {
            0 => self.write_topic(SHARED_OFFSET + u64::from(middle) % self.words() * 8, large),
            1 => self.write_topic(HEADER_BYTES + 128 * u64::from(small % 16), large),
            2 => self.write_topic(self.cell(small & 1, middle) + 8 * u64::from(small >> 5), large),
            3 => self.write_topic(SHARED[usize::from(small) % SHARED.len()], large),
            4 => self.write_pool(4096 + 64 * u64::from(middle % 16) + u64::from(small & 8), large),
            5 => self.plausible(small, middle, large),
            6 => self.publish(),
            7 => self.look(which, |subscriber| subscriber.receive(false).ok().flatten()),
            8 => self.look(which, |subscriber| subscriber.receive(true).ok().flatten()),
            9 => self.look(which, |subscriber| subscriber.latest().ok().flatten()),
            10 => drop(TopicStats::of(self.subscribers[which].topic())),
            11 => {
                let _ = self.subscribers[which].sleep(u64::from(small >> 1).wrapping_mul(large));
                self.subscribers[which].awake();
            }
            12 => {
                let topic = self.subscribers[which].topic().clone();
                self.subscribers[which] = Subscriber::new(topic, middle.into());
            }
            13 => {
                self.publisher = None;
                self.publisher = Publisher::claim(self.topic.clone(), u32::from(small % 4)).ok();
            }
            14 => {
                let _ = self.subscribers[which].sleep_blocking(Duration::from_micros(50));
                self.look(which, |subscriber| subscriber.receive(false).ok().flatten());
            }
            15 => (0..70).for_each(|_| self.publish()),
            16 => self.write_topic(self.geometry.cursors_offset() + 8 * u64::from(small), large),
            17 if self.geometry.queue => {
                let claims = self.geometry.claims_offset(u16::from(small & 1));
                self.write_topic(claims + 8 * u64::from(middle % 64), large);
            }
            17 => {}
            18 => {
                let Some(publisher) = &mut self.publisher else { return };
                let _ = publisher.await_room(100, u64::from(small >> 1).wrapping_mul(large));
                let _ = publisher.wait_for_room(100, Duration::from_micros(50));
            }
            _ => self.keep_or_acknowledge(small),
        }
    }

    /// Takes one more frame of a queue and does not acknowledge it, or acknowledges or gives
    /// back all of them.
    fn keep_or_acknowledge(&mut self, small: u8) {
        match small & 3 {
            2 => self.claimed.drain(..).map(Claimed::acknowledge).for_each(drop),
            3 => self.claimed.clear(),
            which => {
                let received = self.subscribers[usize::from(which)].receive(false);
                self.claimed.extend(received.ok().flatten().and_then(|received| received.claimed));
            }
        }
    }

    fn publish(&mut self) {
        let Some(publisher) = &mut self.publisher else { return };
        if !publisher.admit(512).is_ok_and(|admitted| admitted) {
            return;
        }
        let shape = ImageShape::packed(64, 8, Encoding::Mono8).unwrap();
        let Ok(mut hold) = publisher.loan(shape.bytes) else { return };
        let mut descriptor = Descriptor::default();
        shape.describe(&mut descriptor);
        // SAFETY: on loan to us and not published; nobody else has a reference to it.
        let header = unsafe { hold.header_mut() };
        complete_header(header, &mut descriptor, Said::default());
        publisher.publish(hold, &mut descriptor);
        if self.pool.is_none() {
            let names = fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap().path());
            let control = names.into_iter().find(|path| path.extension().is_some_and(|e| e == "c"));
            self.pool = control.and_then(|path| File::options().write(true).open(path).ok());
        }
    }

    /// Receives, reads all of what passes the checks, and acknowledges it.
    fn look(
        &mut self,
        which: usize,
        receive: impl for<'a> Fn(&'a mut Subscriber) -> Option<Received<'a>>,
    ) {
        let Some(received) = receive(&mut self.subscribers[which]) else { return };
        let Received { descriptor, hold, claimed, .. } = received;
        claimed.map(Claimed::acknowledge);
        let _ = hold.header().check(hold.slot_bytes());
        let Some(shape) = check_image(descriptor, hold.slot_bytes()) else {
            return self.subscribers[which].count_rejected();
        };
        let length = usize::try_from(shape.bytes).unwrap();
        // SAFETY: what the checks promise; nobody writes while this thread reads.
        touch(unsafe { std::slice::from_raw_parts(hold.pointer().unwrap(), length) });
    }

    /// A copy of a descriptor that stands in the ring, with one word of it changed, at a
    /// position that is or will be read.
    fn plausible(&mut self, small: u8, middle: u16, large: u64) {
        let mut words = [0_u8; 64];
        self.control.read_exact_at(&mut words, self.cell(0, middle >> 8)).unwrap();
        let at = usize::from(small & 7) * 8;
        words[at..at + 8].copy_from_slice(&large.to_le_bytes());
        let position = u64::from(middle & 0xff);
        words[..8].copy_from_slice(&(2 * position + 2).to_le_bytes());
        self.control.write_all_at(&words, self.cell(0, middle & 63)).unwrap();
        if small & 64 != 0 {
            self.write_topic(HEADER_BYTES, position + 1);
        }
    }

    fn write_topic(&self, at: u64, value: u64) {
        self.control.write_all_at(&value.to_le_bytes(), at).unwrap();
    }

    fn write_pool(&self, at: u64, value: u64) {
        let Some(pool) = &self.pool else { return };
        pool.write_all_at(&value.to_le_bytes(), at).unwrap();
    }

    /// Where a cell of ring `entry` is in the file.
    fn cell(&self, entry: u8, n: u16) -> u64 {
        self.geometry.ring_offset(entry.into()) + CELL_BYTES * u64::from(n % 64)
    }

    /// Words of the file that may be written to.
    fn words(&self) -> u64 {
        (self.geometry.bytes() - SHARED_OFFSET) / 8
    }
}
