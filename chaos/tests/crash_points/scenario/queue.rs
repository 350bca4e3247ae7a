//! A process that shares the frames of a queue with others, and sends some itself: it takes
//! frames, acknowledges them or gives them back, or dies over them.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use framelane_layout::topic::TopicGeometry;
use framelane_topic::{Publisher, Subscriber};

use super::{PATIENCE, VICTIM};
use crate::frames::{Frame, PAGE, check, send};
use crate::place::{ONCE, Place, QUEUE};
use crate::victim::Victim;

/// Frames that wait when the victim begins.
const WAITING: u64 = 8;
/// How many of them it is done with at most.
const DONE: usize = 3;

pub(crate) fn victim(place: &Place) {
    let topic = place.topic_of("queue", QUEUE);
    let mut consumer = Subscriber::new(topic.clone(), 0);
    let mut publisher = Publisher::claim(topic, 16).unwrap();
    for number in 0..3 {
        assert!(publisher.admit(PAGE).unwrap());
        send(&mut publisher, VICTIM + number, PAGE);
    }
    for _ in 0..DONE {
        let mut received = consumer.receive(false).unwrap().expect("a frame");
        let claimed = received.claimed.take().expect("to be acknowledged");
        check(&Frame::from(received));
        assert!(claimed.acknowledge());
        // This one is offered again.
        drop(consumer.receive(false).unwrap().expect("a frame"));
    }
    bury(place);
}

/// A consumer that died over the only frame for which there is room.
fn bury(place: &Place) {
    let topic = place.topic_of("once", ONCE);
    let mut publisher = Publisher::claim(topic, 1).unwrap();
    assert!(publisher.admit(PAGE).unwrap());
    send(&mut publisher, VICTIM, PAGE);
    let file = OpenOptions::new().write(true).open(place.path().join("t.once")).unwrap();
    let claim = TopicGeometry::of(ONCE).claims_offset(publisher.entry());
    // Position 0, taken by entry 5.
    file.write_all_at(&(1_u64 << 8 | 6).to_le_bytes(), claim).unwrap();
    assert!(publisher.admit(PAGE).unwrap(), "there is room again");
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    let topic = place.topic_of("queue", QUEUE);
    let mut publisher = Publisher::claim(topic.clone(), 16).unwrap();
    for number in 0..WAITING {
        publisher.wait_for_room(PAGE, PATIENCE).unwrap();
        send(&mut publisher, number, PAGE);
    }
    victim.run(|| {});
    let mut consumer = Subscriber::new(topic.clone(), 0);
    let mut seen = BTreeSet::new();
    let mut take_all = |consumer: &mut Subscriber| {
        while let Some(mut received) = consumer.receive(false).unwrap() {
            let claimed = received.claimed.take().expect("to be acknowledged");
            let number = check(&Frame::from(received));
            assert!(seen.insert(number), "frame {number} was acknowledged before");
            assert!(claimed.acknowledge());
        }
    };
    take_all(&mut consumer);
    for number in WAITING..WAITING + 100 {
        publisher.wait_for_room(PAGE, PATIENCE).unwrap();
        assert!(publisher.admit(PAGE).unwrap());
        send(&mut publisher, number, PAGE);
        take_all(&mut consumer);
    }
    // The dead producer's entry goes on.
    let mut successor = Publisher::claim(topic, 16).unwrap();
    send(&mut successor, VICTIM + 100, PAGE);
    take_all(&mut consumer);
    assert!(seen.contains(&(VICTIM + 100)), "the successor's frame");
    let missing = (0..WAITING).filter(|number| !seen.contains(number)).count();
    assert!(missing <= DONE, "{missing} frames went with the dead");
    assert!((WAITING..WAITING + 100).all(|number| seen.contains(&number)));
}
