//! A process that sends received frames on without a copy: into another topic and back into a
//! queue, keeping each for as long as its ring does.

use framelane_topic::{Publisher, Subscriber};

use super::PATIENCE;
use crate::frames::{PAGE, check, send, take, take_stock, wait_for};
use crate::place::{Place, QUEUE};
use crate::victim::Victim;

pub(crate) fn victim(place: &Place) {
    let mut source = Subscriber::new(place.topic("source"), 2);
    let mut onward = Publisher::claim(place.topic("onward"), 2).unwrap();
    let mut shared = Publisher::claim(place.topic_of("shared", QUEUE), 4).unwrap();
    for round in 0..4 {
        let frame = wait_for(&mut source, PATIENCE, false);
        check(&frame);
        onward.relay(frame.hold.clone(), &frame.descriptor);
        if round < 2 && shared.admit(PAGE).unwrap() {
            shared.relay(frame.hold, &frame.descriptor);
        }
    }
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    let peer = place.peer();
    let mut publisher = Publisher::claim(place.topic("source"), 2).unwrap();
    // Both open before the victim comes, so that what it leaves is not swept up behind it.
    let mut viewer = Subscriber::new(place.topic("onward"), 0);
    let mut consumer = Subscriber::new(place.topic_of("shared", QUEUE), 0);
    let pool = send(&mut publisher, 0, PAGE);
    let mut number = 1;
    let look = |viewer: &mut Subscriber| {
        while let Some(frame) = take(viewer) {
            check(&frame);
        }
    };
    victim.run(|| {
        send(&mut publisher, number, PAGE);
        number += 1;
        look(&mut viewer);
    });
    // The relay's holds are nobody's now: more frames than there are slots can be sent.
    for _ in 0..2 * pool.geometry().slot_count {
        send(&mut publisher, number, PAGE);
        number += 1;
        look(&mut viewer);
    }
    assert_eq!(publisher.evicted_early(), 0);
    // What stands in its rings names frames that are gone, and whoever reads it is told so.
    while let Some(received) = consumer.receive(false).unwrap() {
        received.claimed.map(framelane_topic::Claimed::acknowledge);
    }
    assert_eq!((viewer.rejected(), consumer.rejected()), (0, 0));
    drop((viewer, consumer, publisher));
    take_stock(&peer, &pool);
}
