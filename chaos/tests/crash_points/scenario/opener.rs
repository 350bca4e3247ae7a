//! A process that opens the first topic of a directory, while somebody removes that directory as
//! empty.

use std::fs;
use std::time::Instant;

use framelane_topic::{Publisher, Subscriber};

use super::PATIENCE;
use crate::frames::{PAGE, check, send, take};
use crate::place::Place;
use crate::source;
use crate::victim::{self, Victim};

pub(crate) fn victim(place: &Place) {
    let path = place.path();
    let naming = source::step_before("crates/shm/src/naming.rs", "fs::linkat(fd, \"\"");
    victim::meddle(move |point, pass| {
        if point == naming && pass == 1 {
            fs::remove_dir(&path).unwrap();
        }
    });
    let mut subscriber = Subscriber::new(place.topic("first"), 0);
    let mut publisher = Publisher::claim(place.topic("first"), 0).unwrap();
    send(&mut publisher, 1, PAGE);
    check(&take(&mut subscriber).unwrap());
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    victim.run(|| {});
    let start = Instant::now();
    let topic = place.topic("first");
    let mut subscriber = Subscriber::new(topic.clone(), 0);
    let mut publisher = Publisher::claim(topic, 0).unwrap();
    send(&mut publisher, 2, PAGE);
    assert_eq!(check(&take(&mut subscriber).unwrap()), 2);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}
