//! Topics whose publishers wait for their subscribers, queues, relays, and a topic whose file is
//! removed while it is open: all roles in one process, which the kernel's locks do not tell
//! apart.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use framelane::{
    Ack, Config, Encoding, ErrorCode, Image, Options, Overflow, Queue, QueueOptions, Topic,
    configure,
};

/// A namespace of this process's own, removed with its last file.
fn namespace() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let namespace = format!("modes.{}", std::process::id());
        configure(Config { namespace: Some(namespace.clone()), ..Config::default() }).unwrap();
        namespace
    })
}

fn open(name: &str, overflow: Overflow, depth: u32) -> Topic<Image> {
    namespace();
    Topic::open_with(name, Options { depth, history: 0, overflow }).unwrap()
}

fn queue(name: &str, ack: Ack, overflow: Overflow) -> Queue<Image> {
    namespace();
    Queue::open_with(name, QueueOptions { depth: 4, overflow, ack }).unwrap()
}

fn send(topic: &mut Topic<Image>, value: u8) -> framelane::Result<()> {
    let mut image = topic.loan(8, 8, Encoding::Mono8)?;
    image.data_mut().fill(value);
    topic.send(image)
}

fn put(queue: &mut Queue<Image>, value: u8) -> framelane::Result<()> {
    let mut image = queue.loan(8, 8, Encoding::Mono8)?;
    image.data_mut().fill(value);
    queue.send(image)
}

fn code<T: std::fmt::Debug>(result: framelane::Result<T>) -> ErrorCode {
    result.unwrap_err().code()
}

#[test]
fn a_blocking_topic_loses_nothing_and_says_who_is_slow() {
    let mut sender = open("block", Overflow::Block, 3);
    let mut slow = open("block", Overflow::Block, 0);
    let mut quick = open("block", Overflow::Block, 0);
    // Nobody has asked for a frame yet, so nobody is waited for.
    (0..10).for_each(|value| send(&mut sender, value).unwrap());
    assert!(slow.try_recv().unwrap().is_none() && quick.try_recv().unwrap().is_none());
    (0..3).for_each(|value| send(&mut sender, value).unwrap());
    let error = send(&mut sender, 3).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Backpressure);
    assert!(error.text().contains(&format!("pid {}", std::process::id())), "{}", error.text());
    for value in 0..3 {
        assert_eq!(quick.try_recv().unwrap().unwrap().data()[0], value);
    }
    assert_eq!(code(send(&mut sender, 3)), ErrorCode::Backpressure, "the other is slow still");
    assert_eq!(slow.try_recv().unwrap().unwrap().data()[0], 0);
    send(&mut sender, 3).unwrap();
    drop(slow);
    (4..6).for_each(|value| send(&mut sender, value).unwrap());
    let rest: Vec<u8> =
        std::iter::from_fn(|| quick.try_recv().unwrap()).map(|f| f.data()[0]).collect();
    assert_eq!(rest, [3, 4, 5]);
    let stats = quick.stats().unwrap();
    assert_eq!((stats.received, stats.lapped, stats.rejected), (6, 0, 0));
}

#[test]
fn who_waits_for_room_is_woken_by_the_reader() {
    let mut sender = open("wait", Overflow::Block, 1);
    let mut reader = open("wait", Overflow::Block, 0);
    assert!(reader.try_recv().unwrap().is_none());
    send(&mut sender, 0).unwrap();
    let image = sender.loan(8, 8, Encoding::Mono8).unwrap();
    let late = sender.send_when_ready(image, Duration::from_millis(20));
    assert_eq!(code(late), ErrorCode::Backpressure);
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..200 {
                reader.recv(Duration::from_secs(5)).unwrap();
            }
        });
        for _ in 1..200 {
            let image = sender.loan(8, 8, Encoding::Mono8).unwrap();
            sender.send_when_ready(image, Duration::from_secs(5)).unwrap();
        }
    });
    // Without a wake-up each of them would take the 100 ms of the re-check.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(reader.stats().unwrap().lapped, 0);
}

#[test]
fn many_lossless_threads_see_every_frame() {
    const FRAMES: u64 = 20_000;
    let mut sender = open("many", Overflow::Block, 8);
    let barrier = std::sync::Barrier::new(5);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut reader = open("many", Overflow::Block, 0);
                assert!(reader.try_recv().unwrap().is_none());
                barrier.wait();
                for sequence in 0..FRAMES {
                    let frame = reader.recv(Duration::from_secs(5)).unwrap();
                    assert_eq!(frame.sequence(), sequence);
                }
                assert_eq!(reader.stats().unwrap().lapped, 0);
            });
        }
        barrier.wait();
        for _ in 0..FRAMES {
            let image = sender.loan(8, 8, Encoding::Mono8).unwrap();
            sender.send_when_ready(image, Duration::from_secs(5)).unwrap();
        }
    });
}

#[test]
fn what_finds_no_room_is_dropped_and_counted_where_the_topic_says_so() {
    let mut sender = open("newest", Overflow::DropNewest, 2);
    let mut reader = open("newest", Overflow::DropNewest, 0);
    assert!(reader.try_recv().unwrap().is_none());
    (0..5).for_each(|value| send(&mut sender, value).unwrap());
    assert_eq!(sender.stats().unwrap().dropped, 3);
    let seen: Vec<u8> =
        std::iter::from_fn(|| reader.try_recv().unwrap()).map(|f| f.data()[0]).collect();
    assert_eq!(seen, [0, 1]);
    send(&mut sender, 9).unwrap();
    assert_eq!(reader.try_recv().unwrap().unwrap().data()[0], 9);
}

#[test]
fn a_topic_is_opened_the_same_way_by_all() {
    let _topic = open("same", Overflow::Block, 0);
    let other = Topic::<Image>::open("same");
    assert_eq!(code(other), ErrorCode::TopicMismatch);
    assert_eq!(code(Queue::<Image>::open("same")), ErrorCode::TopicMismatch);
}

#[test]
fn each_frame_of_a_queue_goes_to_one_consumer() {
    const FRAMES: u64 = 20_000;
    for ack in [Ack::Auto, Ack::Manual] {
        let name = format!("share.{ack:?}").to_lowercase();
        let mut senders = [queue(&name, ack, Overflow::Block), queue(&name, ack, Overflow::Block)];
        let seen = std::sync::Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut consumer = queue(&name, ack, Overflow::Block);
                    loop {
                        let job = consumer.recv(Duration::from_secs(5)).unwrap();
                        let number = u64::from_le_bytes(job.data()[..8].try_into().unwrap());
                        if number == u64::MAX {
                            assert!(job.ack());
                            break;
                        }
                        assert!(job.ack());
                        seen.lock().unwrap().push(number);
                    }
                });
            }
            let numbered = |sender: &mut Queue<Image>, number: u64| {
                let mut image = sender.loan(8, 8, Encoding::Mono8).unwrap();
                image.data_mut()[..8].copy_from_slice(&number.to_le_bytes());
                sender.send_when_ready(image, Duration::from_secs(5)).unwrap();
            };
            for number in 0..FRAMES {
                numbered(&mut senders[(number % 2) as usize], number);
            }
            for number in 0..3 {
                numbered(&mut senders[number % 2], u64::MAX);
            }
        });
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..FRAMES).collect::<Vec<_>>());
    }
}

#[test]
fn what_nobody_has_taken_waits_for_whoever_comes() {
    let mut sender = queue("early", Ack::Auto, Overflow::Block);
    (0..4).for_each(|value| put(&mut sender, value).unwrap());
    let mut consumer = queue("early", Ack::Auto, Overflow::Block);
    assert_eq!(consumer.try_recv().unwrap().unwrap().data()[0], 0);
}

#[test]
fn a_job_that_is_not_acknowledged_goes_to_another() {
    let mut sender = queue("again", Ack::Manual, Overflow::Block);
    let mut first = queue("again", Ack::Manual, Overflow::Block);
    let mut second = queue("again", Ack::Manual, Overflow::Block);
    (0..4).for_each(|value| put(&mut sender, value).unwrap());
    assert_eq!(code(put(&mut sender, 4)), ErrorCode::Backpressure);
    let job = first.try_recv().unwrap().unwrap();
    let kept = first.try_recv().unwrap().unwrap();
    assert_eq!((job.data()[0], kept.data()[0]), (0, 1));
    drop(job);
    let again = second.try_recv().unwrap().unwrap();
    assert_eq!(again.data()[0], 0);
    assert!(again.ack());
    put(&mut sender, 4).unwrap();
    // The claim outlives the consumer object; without both it is anybody's.
    drop(first);
    assert_eq!(second.try_recv().unwrap().unwrap().data()[0], 2);
    drop(kept);
    let values: Vec<u8> = std::iter::from_fn(|| second.try_recv().unwrap())
        .map(|job| (job.data()[0], job.ack()).0)
        .collect();
    assert_eq!(values, [1, 2, 3, 4]);
}

#[test]
fn a_consumer_that_comes_late_gets_what_waits() {
    let mut sender = queue("late", Ack::Auto, Overflow::Block);
    (0..3).for_each(|value| put(&mut sender, value).unwrap());
    let mut consumer = queue("late", Ack::Auto, Overflow::Block);
    let seen: Vec<u8> =
        std::iter::from_fn(|| consumer.try_recv().unwrap()).map(|job| job.data()[0]).collect();
    assert_eq!(seen, [0, 1, 2]);
}

#[test]
fn a_queue_that_drops_the_oldest_never_refuses_a_frame() {
    let mut sender = queue("lossy", Ack::Auto, Overflow::DropOldest);
    let mut consumer = queue("lossy", Ack::Auto, Overflow::DropOldest);
    (0..200).for_each(|value| put(&mut sender, value).unwrap());
    assert_eq!(sender.stats().unwrap().dropped, 196);
    let seen: Vec<u8> =
        std::iter::from_fn(|| consumer.try_recv().unwrap()).map(|f| f.data()[0]).collect();
    assert_eq!(seen, [196, 197, 198, 199]);
}

#[test]
fn a_received_frame_is_sent_on_without_a_copy() {
    let mut camera = open("relay.in", Overflow::DropOldest, 2);
    let mut relay = open("relay.in", Overflow::DropOldest, 2);
    let mut onward = open("relay.out", Overflow::DropOldest, 2);
    let mut viewer = open("relay.out", Overflow::DropOldest, 2);
    for value in 0..20 {
        send(&mut camera, value).unwrap();
        let frame = relay.try_recv().unwrap().unwrap();
        onward.relay(&frame).unwrap();
        let seen = viewer.try_recv().unwrap().unwrap();
        assert_eq!(seen.data().as_ptr(), frame.data().as_ptr());
        assert_eq!((seen.data()[0], seen.sequence()), (value, frame.sequence()));
    }
    // What the relay keeps stays, however much its origin goes on.
    let frame = relay.latest().unwrap().unwrap();
    onward.relay(&frame).unwrap();
    drop(frame);
    (100..200).for_each(|value| send(&mut camera, value).unwrap());
    assert_eq!(viewer.try_recv().unwrap().unwrap().data()[0], 19);
}

#[test]
fn a_removed_file_is_told_once_and_the_topic_opened_anew() {
    let mut sender = open("removed", Overflow::DropOldest, 0);
    let mut reader = open("removed", Overflow::DropOldest, 0);
    send(&mut sender, 1).unwrap();
    assert!(reader.try_recv().unwrap().is_some());
    let uid = fs::metadata("/proc/self").map(|meta| std::os::unix::fs::MetadataExt::uid(&meta));
    let path = format!("/dev/shm/framelane-{}/{}/t.removed", uid.unwrap(), namespace());
    fs::remove_file(path).unwrap();
    let start = Instant::now();
    let told = loop {
        if let Err(error) = send(&mut sender, 2) {
            break error;
        }
        assert!(start.elapsed() < Duration::from_secs(3), "nobody said so");
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(told.code(), ErrorCode::TopicRemoved);
    let mut late = open("removed", Overflow::DropOldest, 0);
    send(&mut sender, 3).unwrap();
    assert_eq!(late.try_recv().unwrap().unwrap().data()[0], 3, "one topic again");
    // What was sent while nobody knew is gone for the reader; then it is told, too.
    let told = loop {
        match reader.recv(Duration::from_secs(2)) {
            Ok(frame) => assert_eq!(frame.data()[0], 2),
            Err(error) => break error,
        }
    };
    assert_eq!(told.code(), ErrorCode::TopicRemoved);
    assert_eq!(reader.recv(Duration::from_secs(2)).unwrap().data()[0], 3);
    assert_eq!((sender.stats().unwrap().reopened, reader.stats().unwrap().reopened), (1, 1));
}

fn remove(name: &str) {
    let uid = fs::metadata("/proc/self").map(|meta| std::os::unix::fs::MetadataExt::uid(&meta));
    let path = format!("/dev/shm/framelane-{}/{}/t.{name}", uid.unwrap(), namespace());
    fs::remove_file(path).unwrap();
}

#[test]
fn who_looks_only_at_the_latest_frame_is_told_of_a_removed_topic_and_goes_over() {
    let mut sender = open("latest.removed", Overflow::DropOldest, 0);
    let mut viewer = open("latest.removed", Overflow::DropOldest, 0);
    send(&mut sender, 1).unwrap();
    assert_eq!(viewer.latest().unwrap().unwrap().data()[0], 1);
    remove("latest.removed");
    let start = Instant::now();
    let told = loop {
        match viewer.latest() {
            Ok(frame) => assert_eq!(frame.unwrap().data()[0], 1),
            Err(error) => break error,
        }
        assert!(start.elapsed() < Duration::from_secs(3), "nobody said so");
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(told.code(), ErrorCode::TopicRemoved);
    let mut late = open("latest.removed", Overflow::DropOldest, 0);
    send(&mut late, 2).unwrap();
    assert_eq!(viewer.latest().unwrap().unwrap().data()[0], 2);
}

#[test]
fn a_blocking_topic_that_was_removed_during_a_pause_takes_no_frame() {
    let mut sender = open("pause.removed", Overflow::Block, 0);
    send(&mut sender, 1).unwrap();
    thread::sleep(Duration::from_millis(1100));
    remove("pause.removed");
    assert_eq!(code(send(&mut sender, 2)), ErrorCode::TopicRemoved);
    send(&mut sender, 3).unwrap();
    assert_eq!(sender.stats().unwrap().sent, 2);
}
