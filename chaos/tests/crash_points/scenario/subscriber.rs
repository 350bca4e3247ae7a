//! A process that reads another's pools: it attaches, holds frames more than once, sleeps in every
//! way, is woken, and goes.

use std::thread;
use std::time::Duration;

use framelane_shm::BellKind;
use framelane_topic::{Doorbell, Publisher, Subscriber};

use super::{Listener, PATIENCE};
use crate::frames::{Frame, PAGE, check, send, take, take_stock, wait_for};
use crate::place::Place;
use crate::victim::Victim;

pub(crate) fn victim(place: &Place) {
    let topic = place.topic("shared");
    let kinds = [BellKind::Fifo, BellKind::Socket];
    let bells = kinds.map(|kind| Doorbell::create_as(topic.peer().directory(), kind).unwrap());
    let mut first = Subscriber::new(topic.clone(), 4);
    let mut second = Subscriber::new(topic.clone(), 4);
    let old = wait_for(&mut first, PATIENCE, false);
    check(&old);
    for bell in bells.iter().cycle().take(4) {
        let received = wait_for(&mut first, PATIENCE, true);
        let again = received.hold.clone();
        // The same frame, through the same reader entry.
        let same = second.latest().unwrap().map(Frame::from);
        check(&received);
        drop(again);
        same.as_ref().map(check);
        if let Some(seen) = first.sleep(0).unwrap() {
            // As `receive_blocking` does, whether a frame comes or not.
            let _ = seen;
            first.awake();
        }
        while take(&mut second).is_some() {}
        if second.sleep(bell.id()).unwrap().is_some() {
            thread::sleep(Duration::from_micros(200));
            bell.drain();
            second.awake();
        }
    }
    check(&old);
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    let peer = place.peer();
    let topic = place.topic("shared");
    let mut publisher = Publisher::claim(topic.clone(), 2).unwrap();
    let pool = send(&mut publisher, 0, PAGE);
    send(&mut publisher, 1, PAGE);
    let listener = Listener::start(topic.clone());
    let mut number = 2;
    victim.run(|| {
        send(&mut publisher, number, PAGE);
        number += 1;
    });
    // More frames than there are slots: none of them waits for the dead.
    for _ in 0..2 * pool.geometry().slot_count {
        send(&mut publisher, number, PAGE);
        number += 1;
    }
    assert_eq!(publisher.evicted_early(), 0);
    // Its entries are free again, or its marks would stay.
    let mut successor = Subscriber::new(topic, 1);
    assert!(take(&mut successor).is_some());
    assert!(successor.sleep(0).unwrap().is_some());
    successor.awake();
    listener.stop(&mut publisher);
    drop((successor, publisher));
    take_stock(&peer, &pool);
}
