//! What somebody writes into a topic's words costs the reader time in proportion to the ring,
//! and never more than the time it was willing to wait.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use framelane::raw::{OwnPool, Peer, Publisher, Settings, Subscriber};
use framelane::{Config, ErrorCode, Image, Topic, configure};
use framelane_layout::topic::{HEADER_BYTES, TopicGeometry};
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
    let attached = framelane::raw::ReaderPool::attach(peer.directory(), pool.id(), || ());
    let reader = attached.unwrap().unwrap();
    let held: Vec<_> = (0..3).map(|_| pool.allocate().unwrap().unwrap()).collect();
    for slot in 0..8 {
        let descriptor = Descriptor { slot, ..Descriptor::default() };
        let named = reader.acquire(&descriptor).is_some();
        assert_eq!(named, slot < 3, "slot {slot}; reading a hole takes memory, or fails");
    }
    drop(held);
}
