//! Topics inside one process: what is sent arrives, counts are exact, slots come back.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use framelane::raw::layout::sync::{AtomicU32, Ordering};
use framelane::{Config, Encoding, ErrorCode, Image, Options, Topic, configure};

fn name(what: &str) -> String {
    // ordering: Relaxed, a counter.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed); // ordering: Relaxed, a counter
    format!("one-process.{what}.{}.{number}", std::process::id())
}

fn send(topic: &mut Topic<Image>, value: u8) {
    let mut frame = topic.loan(32, 16, Encoding::Mono8).unwrap();
    frame.data_mut().fill(value);
    topic.send(frame).unwrap();
}

#[test]
fn a_topic_receives_what_it_sent_itself() {
    let mut topic = Topic::<Image>::open(&name("self")).unwrap();
    assert!(topic.try_recv().unwrap().is_none());
    let mut frame = topic.loan(32, 16, Encoding::Mono8).unwrap();
    frame.data_mut().fill(7);
    frame.set_frame_id("front").unwrap();
    frame.set_timestamp_ns(42);
    topic.send(frame).unwrap();
    let frame = topic.try_recv().unwrap().unwrap();
    assert_eq!((frame.width(), frame.height(), frame.step()), (32, 16, 32));
    assert_eq!((frame.frame_id().as_str(), frame.timestamp_ns()), ("front", 42));
    assert_eq!(frame.data(), [7; 512]);
    assert!(topic.try_recv().unwrap().is_none());
}

#[test]
fn a_group_that_is_none_is_not_the_one_in_force() {
    let _topic = Topic::<Image>::open(&name("group")).unwrap();
    let group = Some("no group of this name".to_owned());
    let error = configure(Config { group, ..Config::default() }).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Configured);
}

#[test]
fn every_subscriber_sees_every_frame_in_order() {
    let name = name("order");
    let mut publisher = Topic::<Image>::open(&name).unwrap();
    let mut subscribers: Vec<_> = (0..4).map(|_| Topic::<Image>::open(&name).unwrap()).collect();
    for value in 0..200 {
        send(&mut publisher, value);
        if value % 7 == 6 {
            for subscriber in &mut subscribers {
                for expected in value - 6..=value {
                    let frame = subscriber.try_recv().unwrap().unwrap();
                    assert_eq!((frame.data()[0], frame.missed()), (expected, 0));
                }
                assert!(subscriber.try_recv().unwrap().is_none());
            }
        }
    }
}

#[test]
fn two_publishers_of_one_topic_in_one_process_do_not_disturb_each_other() {
    let name = name("two");
    let mut first = Topic::<Image>::open(&name).unwrap();
    let mut second = Topic::<Image>::open(&name).unwrap();
    let mut subscriber = Topic::<Image>::open(&name).unwrap();
    let (mut ones, mut twos) = (0, 0);
    for _ in 0..50 {
        send(&mut first, 1);
        send(&mut second, 2);
        for _ in 0..2 {
            match subscriber.try_recv().unwrap().unwrap().data()[0] {
                1 => ones += 1,
                2 => twos += 1,
                other => panic!("{other} was never sent"),
            }
        }
    }
    assert_eq!((ones, twos), (50, 50));
    let stats = subscriber.stats().unwrap();
    assert_eq!(stats.topic.publishers.len(), 2);
    assert!(stats.topic.publishers.iter().all(|publisher| publisher.alive));
}

#[test]
fn an_entry_closed_in_this_process_is_free_and_one_held_is_not() {
    let name = name("entries");
    let mut first = Topic::<Image>::open(&name).unwrap();
    send(&mut first, 1);
    let mut second = Topic::<Image>::open(&name).unwrap();
    send(&mut second, 2);
    drop(first);
    let mut third = Topic::<Image>::open(&name).unwrap();
    send(&mut third, 3);
    // The kernel would have given the third the entry of the second, too.
    let stats = third.stats().unwrap();
    let sent: Vec<u64> = stats.topic.publishers.iter().map(|publisher| publisher.sent).collect();
    assert_eq!(sent, [2, 1]);
}

#[test]
fn a_slow_subscriber_is_lapped_and_told_how_often() {
    let name = name("lapped");
    let mut publisher = Topic::<Image>::open(&name).unwrap();
    let mut subscriber = Topic::<Image>::open(&name).unwrap();
    for value in 0..100 {
        send(&mut publisher, value);
    }
    let frame = subscriber.try_recv().unwrap().unwrap();
    assert_eq!((frame.data()[0], frame.missed()), (92, 92), "the default depth is 8");
    drop(frame);
    let rest: Vec<u8> = std::iter::from_fn(|| subscriber.try_recv().unwrap())
        .map(|frame| frame.data()[0])
        .collect();
    assert_eq!(rest, [93, 94, 95, 96, 97, 98, 99]);
    assert_eq!(subscriber.stats().unwrap().lapped, 92);
}

#[test]
fn newest_skips_and_counts() {
    let name = name("newest");
    let mut publisher = Topic::<Image>::open(&name).unwrap();
    let mut subscriber = Topic::<Image>::open(&name).unwrap();
    (0..5).for_each(|value| send(&mut publisher, value));
    assert_eq!(subscriber.newest().unwrap().unwrap().data()[0], 4);
    assert!(subscriber.newest().unwrap().is_none());
    assert_eq!(subscriber.latest().unwrap().unwrap().data()[0], 4);
    let stats = subscriber.stats().unwrap();
    assert_eq!((stats.received, stats.skipped, stats.lapped), (1, 4, 0));
}

#[test]
fn history_is_what_a_late_joiner_gets() {
    let name = name("history");
    let mut publisher = Topic::<Image>::open(&name).unwrap();
    (0..10).for_each(|value| send(&mut publisher, value));
    for history in [0, 1, 3] {
        let options = Options { history, ..Options::default() };
        let mut late = Topic::<Image>::open_with(&name, options).unwrap();
        let got = std::iter::from_fn(|| late.try_recv().unwrap()).count();
        assert_eq!(got, history as usize);
    }
}

#[test]
fn a_held_frame_keeps_its_bytes_while_the_topic_goes_on_and_after_it_is_closed() {
    let name = name("held");
    let mut publisher = Topic::<Image>::open(&name).unwrap();
    let mut subscriber = Topic::<Image>::open(&name).unwrap();
    send(&mut publisher, 77);
    let held = subscriber.try_recv().unwrap().unwrap();
    let twin = held.clone();
    (0..200).for_each(|value| send(&mut publisher, value));
    assert!(held.data().iter().all(|&byte| byte == 77));
    drop((publisher, subscriber, held));
    assert!(twin.data().iter().all(|&byte| byte == 77));
}

#[test]
fn slots_never_run_out_while_frames_are_given_back() {
    let mut topic = Topic::<Image>::open(&name("slots")).unwrap();
    for round in 0..10_000_u32 {
        // A size that no other test of this process uses, so that the pool is this test's.
        let mut frame = topic.loan(999, 777, Encoding::Mono8).unwrap();
        frame.data_mut()[0] = round.to_le_bytes()[0];
        topic.send(frame).unwrap();
        let frame = topic.try_recv().unwrap().unwrap();
        assert_eq!(frame.data()[0], round.to_le_bytes()[0]);
    }
    let stats = topic.stats().unwrap();
    assert_eq!(stats.evicted_early, 0);
    assert_eq!(stats.topic.pools.len(), 1);
}

#[test]
fn a_blocking_receive_is_woken_and_times_out() {
    let name = name("blocking");
    let mut subscriber = Topic::<Image>::open(&name).unwrap();
    let error = subscriber.recv(Duration::from_millis(30)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut publisher = Topic::<Image>::open(&name).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            send(&mut publisher, 5);
        });
        assert_eq!(subscriber.recv(Duration::from_secs(5)).unwrap().data()[0], 5);
    });
}

#[test]
fn bad_names_sizes_and_options_are_typed_errors() {
    let long = "a".repeat(65);
    for bad in ["", "A", "a/../b", "/a", "a/", "a//b", ".a", "a b", "ä", long.as_str()] {
        let error = Topic::<Image>::open(bad).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidName, "{bad:?}");
    }
    let mut topic = Topic::<Image>::open(&name("sizes")).unwrap();
    for (width, height, encoding) in
        [(0, 1, Encoding::Mono8), (1, 0, Encoding::Mono8), (3, 2, Encoding::Yuv422)]
    {
        let error = topic.loan(width, height, encoding).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidSize);
    }
    let error = topic.loan(u32::MAX, u32::MAX, Encoding::Mono8).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidSize);
    let options = Options { depth: 65, ..Options::default() };
    let error = Topic::<Image>::open_with("x", options).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    send(&mut topic, 1);
    assert_eq!(topic.try_recv().unwrap().unwrap().data()[0], 1);
}
