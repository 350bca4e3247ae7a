//! Memory is found where it is, given back when it is done with, and one publisher's trouble
//! is not another's.
#![allow(clippy::unwrap_used)]

use std::fs::{self, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;

use framelane_layout::lock::POOL_READER;
use framelane_layout::topic::{Delivery, Mode, Overflow};
use framelane_layout::{Descriptor, ErrorCode, Kind};
use framelane_topic::{FrameAccess, OpenTopic, Peer, Publisher, Received, Settings, Subscriber};

const MIB: u64 = 1 << 20;

struct Place {
    peer: Option<Arc<Peer>>,
    path: PathBuf,
}

impl Place {
    fn new(name: &str, max_bytes: u64) -> Self {
        let namespace = format!("{name}-{}", std::process::id());
        let peer = Peer::open(&Settings { namespace, max_bytes, ..Settings::default() }).unwrap();
        let path = peer.directory().path().to_owned();
        Self { peer: Some(peer), path }
    }

    fn topic(&self, name: &str) -> OpenTopic {
        self.peer.as_ref().unwrap().open_topic(name, Kind::Image, Mode::default()).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.path) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn publish(publisher: &mut Publisher, bytes: u64) {
    let hold = publisher.loan(bytes).unwrap();
    let mut descriptor =
        Descriptor { kind: Kind::Image as u8, payload_bytes: bytes, ..Descriptor::default() };
    publisher.publish(hold, &mut descriptor);
}

fn received(subscriber: &mut Subscriber) -> Option<Received<'_>> {
    subscriber.receive(false).unwrap()
}

#[test]
fn a_change_of_size_at_the_limit_takes_the_memory_of_the_old_size() {
    let place = Place::new("resize", 64 * MIB);
    let mut publisher = Publisher::claim(place.topic("lane"), 0).unwrap();
    for bytes in [6 * MIB, 24 * MIB, 2 * MIB, 40 * MIB, 6 * MIB] {
        for _ in 0..10 {
            publish(&mut publisher, bytes);
        }
    }
}

#[test]
fn sizes_that_take_turns_do_not_drive_out_each_other() {
    let place = Place::new("turns", 64 * MIB);
    let peer = place.peer.as_ref().unwrap();
    let mut files = Vec::new();
    for turn in 0..10 {
        for bytes in [MIB, 100_000] {
            drop(peer.allocate(bytes, 0).unwrap());
        }
        let mut now = place.files();
        now.sort();
        if turn == 0 {
            files = now;
        } else {
            assert_eq!(now, files, "the pools of the first turn serve all others");
        }
    }
    assert_eq!(files.len(), 4);
}

#[test]
fn many_sizes_do_not_pile_up() {
    let place = Place::new("many", 1024 * MIB);
    for step in 1..50 {
        drop(place.peer.as_ref().unwrap().allocate(step * 300_000, 0).unwrap());
    }
    assert!(place.files().len() <= 2 * 5, "{:?}", place.files());
}

#[test]
fn opening_and_closing_for_ever_takes_no_more_memory_than_once() {
    let place = Place::new("open-close", 1024 * MIB);
    let keep = place.topic("lane");
    for _ in 0..100 {
        let mut publisher = Publisher::claim(place.topic("lane"), 0).unwrap();
        for _ in 0..8 {
            publish(&mut publisher, 300_000);
        }
    }
    let pools = place.files().iter().filter(|name| name.ends_with(".d")).count();
    assert_eq!(pools, 1);
    drop(keep);
}

#[test]
fn frames_of_a_closed_publisher_stay_and_are_gone_with_the_topic() {
    let place = Place::new("parked", 1024 * MIB);
    let mut subscriber = Subscriber::new(place.topic("lane"), 0);
    let mut publisher = Publisher::claim(place.topic("lane"), 0).unwrap();
    publish(&mut publisher, 1000);
    drop(publisher);
    assert!(received(&mut subscriber).is_some());
    drop(subscriber);
    // The whole pool is free again: a publisher of another topic finds room for all its slots.
    let mut other = Publisher::claim(place.topic("other"), 8).unwrap();
    for _ in 0..100 {
        publish(&mut other, 1000);
    }
    assert_eq!(place.files().iter().filter(|name| name.ends_with(".d")).count(), 1);
}

#[test]
fn a_pool_whose_reader_entries_are_all_taken_says_so() {
    let ours = Place::new("limit", 64 * MIB);
    // A file descriptor of its own plays the 32 readers.
    let mut publisher = Publisher::claim(ours.topic("lane"), 0).unwrap();
    publish(&mut publisher, 1000);
    let control = ours.files().into_iter().find(|name| name.ends_with(".c")).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(ours.path.join(control)).unwrap();
    let mut lock = libc_flock();
    lock.l_start = i64::try_from(POOL_READER).unwrap();
    lock.l_len = 32;
    // SAFETY: an open descriptor and a valid request.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &lock) }, 0);
    let error = framelane_pool::ReaderPool::attach(
        ours.peer.as_ref().unwrap().directory(),
        u64::from_str_radix(&pool_digits(&ours), 16).unwrap(),
        FrameAccess::Protected,
        || (),
    )
    .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Limit);
}

fn pool_digits(place: &Place) -> String {
    let control = place.files().into_iter().find(|name| name.ends_with(".c")).unwrap();
    control[2..18].to_owned()
}

fn libc_flock() -> libc::flock {
    #[allow(clippy::cast_possible_truncation)]
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 1,
        l_pid: 0,
    }
}

#[test]
fn a_frame_that_outlives_its_topic_cleans_up_behind_itself() {
    let mut place = Place::new("outlive", 64 * MIB);
    let mut publisher = Publisher::claim(place.topic("lane"), 0).unwrap();
    let mut subscriber = Subscriber::new(place.topic("lane"), 0);
    publish(&mut publisher, 1000);
    let frame = received(&mut subscriber).unwrap().hold;
    let loan = publisher.loan(500_000).unwrap();
    drop((publisher, subscriber));
    place.peer = None;
    assert!(!place.files().is_empty(), "two frames are still held");
    drop(frame);
    drop(loan);
    assert_eq!(place.files(), Vec::<String>::new());
    assert!(!place.path.exists());
}

#[test]
fn foreign_things_in_the_directory_are_left_alone_and_disturb_nobody() {
    let place = Place::new("foreign", 64 * MIB);
    let keep = place.topic("keep");
    let foreign = ["f.notes", "f.0123456789abcdef", "p.0123456789abcdef.x", "t.foreign", "readme"];
    for name in foreign {
        fs::write(place.path.join(name), "mine").unwrap();
    }
    fs::create_dir(place.path.join("f.fedcba9876543210")).unwrap();
    fs::create_dir(place.path.join("t.folder")).unwrap();
    symlink("/nowhere", place.path.join("p.00000000000000aa.d")).unwrap();
    for _ in 0..2 {
        let mut publisher = Publisher::claim(place.topic("lane"), 0).unwrap();
        publish(&mut publisher, 1000);
        drop(publisher);
        drop(place.topic("lane"));
    }
    for name in foreign {
        assert_eq!(fs::read(place.path.join(name)).unwrap(), b"mine", "{name}");
    }
    drop(keep);
    let path = place.path.clone();
    drop(place);
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn one_publishers_full_pool_does_not_hide_anothers_frames_in_a_queue() {
    let place = Place::new("hidden", 64 * MIB);
    let mode = Mode { overflow: Overflow::Block, delivery: Delivery::AtMostOnce };
    let elsewhere = |dir: &str| {
        let namespace = place.path.file_name().unwrap().to_str().unwrap().to_owned();
        let settings = Settings { dir: dir.into(), namespace, ..Settings::default() };
        Peer::open(&settings).unwrap().open_topic("work", Kind::Image, mode).unwrap()
    };
    // Other spellings of the directory: other copies of the library, as it were.
    let mut full = Publisher::claim(elsewhere("/dev/shm/../shm"), 0).unwrap();
    publish(&mut full, 1000);
    let control = place.files().into_iter().find(|name| name.ends_with(".c")).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(place.path.join(control)).unwrap();
    let mut lock = libc_flock();
    lock.l_start = i64::try_from(POOL_READER).unwrap();
    lock.l_len = 32;
    // SAFETY: an open descriptor and a valid request.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &lock) }, 0);
    let mut other = Publisher::claim(elsewhere("/dev/shm/./"), 0).unwrap();
    publish(&mut other, 1000);
    let mut consumer = Subscriber::new(elsewhere("/dev/shm"), 0);
    assert!(consumer.receive(false).unwrap().is_some(), "the other publisher's frame");
    let error = consumer.receive(false).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Limit);
}

#[test]
fn frames_parked_for_a_removed_topic_do_not_hold_up_the_next_of_its_name() {
    let place = Place::new("parked", 64 * MIB);
    let mode = Mode { overflow: Overflow::Block, delivery: Delivery::Broadcast };
    let open = || place.peer.as_ref().unwrap().open_topic("lane", Kind::Image, mode).unwrap();
    let keep = open();
    let mut publisher = Publisher::claim(keep.clone(), 4).unwrap();
    (0..100).for_each(|_| publish(&mut publisher, 1000));
    drop(publisher);
    fs::remove_file(place.path.join("t.lane")).unwrap();
    drop(keep);
    let mut publisher = Publisher::claim(open(), 4).unwrap();
    for _ in 0..50 {
        assert!(publisher.admit(1000).unwrap());
        publish(&mut publisher, 1000);
    }
    let pool = publisher.loan(1000).unwrap().pool().clone();
    let stats = pool.stats();
    assert!(stats.backed - stats.free - stats.draining <= 6, "{stats:?}");
}

#[test]
fn memory_made_ahead_is_there_though_backing_was_stopped_once() {
    let place = Place::new("ahead", 64 * MIB);
    let peer = place.peer.clone().unwrap();
    // The first of five sizes; with the fifth, the others are looked at for being let go.
    let held: Vec<_> =
        (1..=5).map(|size| peer.allocate(size * 100_000, 3).unwrap().unwrap()).collect();
    peer.prepare(100_000, 5).unwrap();
    assert!(held[0].pool().stats().backed >= 6, "{:?}", held[0].pool().stats());
}
