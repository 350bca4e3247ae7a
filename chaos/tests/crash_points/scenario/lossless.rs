//! A process that publishes to subscribers that must not lose a frame, and is one itself: it
//! joins, runs out of room, waits for it, is told, and leaves.

use framelane_layout::ErrorCode;
use framelane_topic::{Doorbell, Publisher, Subscriber};

use super::{PATIENCE, VICTIM};
use crate::frames::{PAGE, check, send, take};
use crate::place::{BLOCKING, Place};
use crate::victim::Victim;

pub(crate) fn victim(place: &Place) {
    let shared = place.topic_of("lossless", BLOCKING);
    let mut subscriber = Subscriber::new(shared.clone(), 0);
    assert!(take(&mut subscriber).is_none(), "joined, nothing sent");
    let mut publisher = Publisher::claim(shared, 4).unwrap();
    for number in 0..3 {
        publisher.wait_for_room(PAGE, PATIENCE).unwrap();
        send(&mut publisher, VICTIM + number, PAGE);
        check(&take(&mut subscriber).unwrap());
    }
    run_full(place);
    // Two more, which its subscriber has not taken when it goes.
    for number in 3..5 {
        publisher.wait_for_room(PAGE, PATIENCE).unwrap();
        send(&mut publisher, VICTIM + number, PAGE);
    }
}

/// On a topic of its own, where nobody else takes frames: until there is no room, then waits for
/// it, as one without and as one with an event loop.
fn run_full(place: &Place) {
    let topic = place.topic_of("own", BLOCKING);
    let bell = Doorbell::create(topic.peer().directory()).unwrap();
    let mut subscriber = Subscriber::new(topic.clone(), 0);
    assert!(take(&mut subscriber).is_none(), "joined, nothing sent");
    let mut publisher = Publisher::claim(topic, 4).unwrap();
    let mut number = 0;
    for fifo_id in [0, bell.id(), bell.id()] {
        while admits(&mut publisher) {
            send(&mut publisher, number, PAGE);
            number += 1;
        }
        assert!(publisher.await_room(PAGE, fifo_id).unwrap().is_some(), "no room");
        while let Some(frame) = take(&mut subscriber) {
            check(&frame);
        }
        publisher.wait_for_room(PAGE, PATIENCE).unwrap();
        bell.drain();
    }
}

fn admits(publisher: &mut Publisher) -> bool {
    match publisher.admit(PAGE) {
        Ok(admitted) => admitted,
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::Backpressure);
            false
        }
    }
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    let topic = place.topic_of("lossless", BLOCKING);
    let mut subscriber = Subscriber::new(topic.clone(), 0);
    assert!(take(&mut subscriber).is_none(), "joined, nothing sent");
    let mut last = None;
    let mut take_all = |subscriber: &mut Subscriber| {
        while let Some(frame) = take(subscriber) {
            let number = check(&frame);
            let gap = last.is_some_and(|last| number != last + 1 && number != 0);
            assert!(!gap, "{number} after {last:?}");
            last = Some(number);
        }
    };
    victim.run(|| take_all(&mut subscriber));
    take_all(&mut subscriber);
    // Nobody waits for the dead, neither in its ring nor in another.
    let mut publisher = Publisher::claim(topic, 4).unwrap();
    for number in 0..100 {
        publisher.wait_for_room(PAGE, PATIENCE).unwrap();
        assert!(publisher.admit(PAGE).unwrap());
        send(&mut publisher, number, PAGE);
        take_all(&mut subscriber);
    }
    assert_eq!((subscriber.lapped(), subscriber.rejected()), (0, 0));
}
