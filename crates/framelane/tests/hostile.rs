//! What somebody writes into a topic's words costs the reader time in proportion to the ring,
//! and never more than the time it was willing to wait.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use framelane::raw::{OpenTopic, OwnPool, Peer, Publisher, ReaderPool, Settings, Subscriber};
use framelane::{Config, ErrorCode, FrameAccess, Image, Topic, configure};
use framelane_layout::topic::{Delivery, HEADER_BYTES, Mode, Overflow, TopicGeometry};
use framelane_layout::{Descriptor, Kind};

fn peer(name: &str) -> Arc<Peer> {
    let namespace = format!("hostile-{name}-{}", std::process::id());
    Peer::open(&Settings { namespace, ..Settings::default() }).unwrap()
}

/// A frame that passes for one of its kind, and is no image of a possible size.
fn publish_nonsense(publisher: &mut Publisher) {
    let hold = publisher.loan(100).unwrap();
    let mut descriptor =
        Descriptor { kind: Kind::Image as u8, payload_bytes: 100, ..Descriptor::default() };
    publisher.publish(hold, &mut descriptor);
}

#[test]
fn frames_that_are_refused_do_not_extend_the_time_to_wait() {
    let namespace = format!("hostile-wait-{}", std::process::id());
    configure(Config { namespace: Some(namespace.clone()), ..Config::default() }).unwrap();
    let mut topic = Topic::<Image>::open("lane").unwrap();
    let own = Peer::open(&Settings { namespace, ..Settings::default() }).unwrap();
    let other = own.open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let stop = Instant::now() + Duration::from_secs(2);
    let writer = thread::spawn(move || {
        let mut publisher = Publisher::claim(other, 0).unwrap();
        while Instant::now() < stop {
            publish_nonsense(&mut publisher);
            thread::sleep(Duration::from_millis(10));
        }
    });
    let start = Instant::now();
    let error = topic.recv(Duration::from_millis(200)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(topic.stats().unwrap().rejected > 0);
    // What stands in the ring is looked through in one call, and not for ever.
    writer.join().unwrap();
    assert!(topic.try_recv().unwrap().is_none());
}

#[test]
fn a_head_that_runs_away_is_not_followed_for_ever() {
    let peer = peer("head");
    let topic = peer.open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let mut publisher = Publisher::claim(topic.clone(), 0).unwrap();
    let mut subscriber = Subscriber::new(topic, 0);
    publish_nonsense(&mut publisher);
    let file = File::options().write(true).open(peer.directory().path().join("t.lane")).unwrap();
    let stop = Instant::now() + Duration::from_secs(1);
    let writer = thread::spawn(move || {
        let mut head = 0_u64;
        while Instant::now() < stop {
            for _ in 0..1000 {
                head += 1 << 38;
                file.write_all_at(&head.to_le_bytes(), HEADER_BYTES).unwrap();
            }
        }
    });
    // Each step of a call finds a position that is not there, and counts it.
    let mut most = 0;
    while !writer.is_finished() {
        let before = subscriber.rejected();
        let _ = subscriber.receive(false).unwrap();
        most = most.max(subscriber.rejected() - before);
    }
    writer.join().unwrap();
    let cells = u64::from(TopicGeometry::DEFAULT.cells);
    assert!(most <= 2 * (2 * cells + 1), "one call looked at {most} positions");
    assert!(subscriber.rejected() > 0);
    let mut flows = |_| {
        publish_nonsense(&mut publisher);
        subscriber.receive(false).unwrap().is_some()
    };
    let flows = (0..3).any(&mut flows);
    assert!(flows, "frames flow again");
}

#[test]
fn a_slot_without_memory_behind_it_cannot_be_named() {
    let peer = peer("hole");
    let pool = OwnPool::create(peer.directory(), 8, 4096, 2, || ()).unwrap();
    let access = FrameAccess::default();
    let attached = ReaderPool::attach(peer.directory(), pool.id(), access, || ());
    let reader = attached.unwrap().unwrap();
    let held: Vec<_> = (0..3).map(|_| pool.allocate().unwrap().unwrap()).collect();
    for slot in 0..8 {
        let descriptor = Descriptor { slot, ..Descriptor::default() };
        let named = reader.acquire(&descriptor).is_some();
        assert_eq!(named, slot < 3, "slot {slot}; reading a hole takes memory, or fails");
    }
    drop(held);
}

/// A topic of this mode, its file, a publisher that keeps two frames, a subscriber.
fn waiting(name: &str, mode: Mode) -> (File, Publisher, Subscriber) {
    let peer = peer(name);
    let topic: OpenTopic = peer.open_topic("lane", Kind::Image, mode).unwrap();
    let file = File::options().write(true).open(peer.directory().path().join("t.lane")).unwrap();
    let mut subscriber = Subscriber::new(topic.clone(), 0);
    assert!(subscriber.receive(false).unwrap().is_none(), "joined");
    (file, Publisher::claim(topic, 2).unwrap(), subscriber)
}

/// How many frames are admitted, up to `most`.
fn publish_admitted(publisher: &mut Publisher, most: usize) -> usize {
    let mut send = |_: &usize| {
        let admitted = publisher.admit(100).is_ok_and(|admitted| admitted);
        admitted.then(|| publish_nonsense(publisher)).is_some()
    };
    (0..most).take_while(&mut send).count()
}

#[test]
fn a_scribbled_cursor_is_put_right_by_the_next_poll_of_its_reader() {
    let mode = Mode { overflow: Overflow::Block, delivery: Delivery::Broadcast };
    let (file, mut publisher, mut subscriber) = waiting("cursor", mode);
    let cursor = TopicGeometry::of(mode).cursors_offset();
    for _ in 0..5 {
        assert_eq!(publish_admitted(&mut publisher, 5), 2);
        while subscriber.receive(false).unwrap().is_some() {}
    }
    // Far behind, of one that has read everything: nobody is waited for in vain.
    file.write_all_at(&3_u64.to_le_bytes(), cursor).unwrap();
    assert_eq!(publisher.admit(100).unwrap_err().code(), ErrorCode::Backpressure);
    assert!(subscriber.receive(false).unwrap().is_none());
    assert!(publisher.admit(100).unwrap());
    // Far ahead: from the next poll on it is waited for again.
    file.write_all_at(&u64::MAX.to_le_bytes(), cursor).unwrap();
    assert!(subscriber.receive(false).unwrap().is_none());
    assert_eq!(publish_admitted(&mut publisher, 9), 2);
}

#[test]
fn a_claim_that_its_consumer_knows_nothing_of_is_given_back_before_it_sleeps() {
    for delivery in [Delivery::AtMostOnce, Delivery::AtLeastOnce] {
        let mode = Mode { overflow: Overflow::Block, delivery };
        let (file, mut publisher, mut subscriber) = waiting("claim", mode);
        assert_eq!(publish_admitted(&mut publisher, 5), 2);
        // Position 0 is in the hands of entry 0, which is this subscriber's.
        let taken = 1_u64 << 8 | 1;
        file.write_all_at(&taken.to_le_bytes(), TopicGeometry::of(mode).claims_offset(0)).unwrap();
        let claimed = subscriber.receive(false).unwrap().unwrap().claimed;
        assert_eq!(claimed.is_some(), delivery == Delivery::AtLeastOnce);
        if let Some(claimed) = claimed {
            assert!(subscriber.sleep(0).unwrap().is_some(), "it may be held");
            assert!(claimed.acknowledge());
        }
        assert!(subscriber.sleep(0).unwrap().is_none(), "there is work");
        let claimed = subscriber.receive(false).unwrap().unwrap().claimed;
        claimed.map(framelane::raw::Claimed::acknowledge);
        assert_eq!(publish_admitted(&mut publisher, 5), 2);
    }
}
