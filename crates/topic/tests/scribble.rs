//! Somebody writes garbage over a topic's head: nobody hangs, nothing is believed, and frames
//! flow again afterwards.
#![allow(clippy::unwrap_used)]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use framelane_layout::topic::{HEADER_BYTES, Mode, TopicGeometry};
use framelane_layout::{Descriptor, Kind};
use framelane_topic::{Peer, Publisher, Settings, Subscriber};

fn publish(publisher: &mut Publisher) {
    let hold = publisher.loan(100).unwrap();
    let mut descriptor =
        Descriptor { kind: Kind::Image as u8, payload_bytes: 100, ..Descriptor::default() };
    publisher.publish(hold, &mut descriptor);
}

/// The next frame as a program in Rust asks for it.
fn quick(subscriber: &mut Subscriber) -> Option<u64> {
    if let Some((words, _)) = subscriber.receive_in_order() {
        return Some(words[0]);
    }
    subscriber.receive(false).unwrap().map(|received| received.descriptor.seq)
}

#[test]
fn a_frame_taken_before_the_head_says_so_is_taken_once() {
    let namespace = format!("early-{}", std::process::id());
    let settings = Settings { namespace, ..Settings::default() };
    let peer = Peer::open(&settings).unwrap();
    let topic = peer.open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let mut publisher = Publisher::claim(topic.clone(), 0).unwrap();
    let mut subscriber = Subscriber::new(topic, 0);
    let path: PathBuf = peer.directory().path().join("t.lane");
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let set_head = |head: u64| file.write_at(&head.to_le_bytes(), HEADER_BYTES).unwrap();
    publish(&mut publisher);
    assert_eq!(quick(&mut subscriber), Some(2));
    // As between the last two stores of a publication.
    publish(&mut publisher);
    set_head(1);
    assert_eq!(quick(&mut subscriber), Some(4));
    assert_eq!(quick(&mut subscriber), None);
    assert!(!subscriber.has_news());
    set_head(2);
    assert_eq!(quick(&mut subscriber), None);
    publish(&mut publisher);
    assert_eq!(quick(&mut subscriber), Some(6));
    assert_eq!((subscriber.rejected(), subscriber.lapped()), (0, 0));
}

#[test]
fn a_scribbled_head_and_scribbled_cells_are_counted_and_overcome() {
    let namespace = format!("scribble-{}", std::process::id());
    let settings = Settings { namespace, ..Settings::default() };
    let peer = Peer::open(&settings).unwrap();
    let topic = peer.open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let mut publisher = Publisher::claim(topic.clone(), 0).unwrap();
    let mut subscriber = Subscriber::new(topic, 0);
    let path: PathBuf = peer.directory().path().join("t.lane");
    let file = OpenOptions::new().write(true).open(path).unwrap();

    for head in [u64::MAX, u64::MAX - 1, 1 << 40, 0] {
        publish(&mut publisher);
        publish(&mut publisher);
        file.write_at(&head.to_le_bytes(), HEADER_BYTES).unwrap();
        while subscriber.receive(false).unwrap().is_some() {}
        // The publisher does not read what others write: it goes on where it was.
        publish(&mut publisher);
        while subscriber.receive(false).unwrap().is_some() {}
        publish(&mut publisher);
        assert!(subscriber.receive(false).unwrap().is_some(), "after a head of {head}");
    }
    assert!(subscriber.rejected() > 0);

    let geometry = TopicGeometry::of(Mode::default());
    let cells = usize::try_from(geometry.cells).unwrap() * 64;
    for seed in 0..200_u64 {
        publish(&mut publisher);
        let garbage: Vec<u8> = (0..cells as u64)
            .map(|at| (at ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[2])
            .collect();
        file.write_at(&garbage, geometry.ring_offset(0)).unwrap();
        while subscriber.receive(false).unwrap().is_some() {}
        publish(&mut publisher);
        assert!(subscriber.receive(false).unwrap().is_some(), "after garbage {seed}");
    }
}
