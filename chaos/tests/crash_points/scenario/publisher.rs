//! A process that owns pools and publishes: with sleepers to wake, frames that others hold, pools
//! that grow, run out and are let go, an entry left by a dead predecessor, and an orderly end.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::{Duration, Instant};

use framelane_layout::ErrorCode;
use framelane_layout::sync::Ordering;
use framelane_layout::topic::TopicGeometry;
use framelane_pool::{OwnHold, word};
use framelane_ring::Spsc;
use framelane_topic::{Doorbell, OwnPool, Publisher, Subscriber};

use super::{Listener, PATIENCE, VICTIM};
use crate::frames::{PAGE, check, fill, send, take, take_stock};
use crate::place::{ORDINARY, Place};
use crate::victim::Victim;

pub(crate) fn victim(place: &Place) {
    let mut publisher = Publisher::claim(place.topic("shared"), 1).unwrap();
    let pool = send(&mut publisher, VICTIM, PAGE);
    wait_for_reader(&pool);
    for number in 1..4 {
        send(&mut publisher, VICTIM + number, PAGE);
    }
    wake_sleepers(place);
    receive_own(place);
    grow(place, &mut publisher);
    run_out(place);
    wrap_generation(&pool);
}

/// Until a reader of another process holds a slot, whose owner cannot fill it again then.
fn wait_for_reader(pool: &OwnPool) {
    let start = Instant::now();
    while pool.lines().iter().all(|line| word::holders(line) == 0) {
        assert!(start.elapsed() < PATIENCE, "nobody takes the frame");
        thread::sleep(Duration::from_micros(20));
    }
}

/// One subscriber on the futex, one on a FIFO, three times: the first opens the FIFO. A thread
/// of the survivor sleeps here, too.
fn wake_sleepers(place: &Place) {
    let topic = place.topic("quiet");
    let bell = Doorbell::create(topic.peer().directory()).unwrap();
    let mut publisher = Publisher::claim(topic.clone(), 2).unwrap();
    let mut sleepers =
        [(0, 0), (1, bell.id())].map(|(_, bell)| (Subscriber::new(topic.clone(), 0), bell));
    for number in 0..3 {
        for (subscriber, bell) in &mut sleepers {
            assert!(subscriber.sleep(*bell).unwrap().is_some(), "nothing was sent");
        }
        send(&mut publisher, VICTIM + number, PAGE);
        bell.drain();
        for (subscriber, _) in &mut sleepers {
            subscriber.awake();
            check(&take(subscriber).unwrap());
        }
    }
}

/// The owner's own holds, and frames that go from thread to thread.
fn receive_own(place: &Place) {
    let topic = place.topic("own");
    let mut publisher = Publisher::claim(topic.clone(), 1).unwrap();
    let mut subscriber = Subscriber::new(topic, 0);
    let (mut producer, mut consumer) = Spsc::new(2);
    for number in 0..4 {
        send(&mut publisher, VICTIM + number, PAGE);
        let received = take(&mut subscriber).unwrap();
        check(&received);
        producer.push(received.hold.clone()).unwrap();
        // The ring of one frame lets go of the one that is held here.
        send(&mut publisher, VICTIM + number, PAGE);
        drop(take(&mut subscriber));
        check(&received);
        assert!(consumer.pop().is_some());
    }
}

/// Frames of five sizes: the pools of the first ones are let go.
fn grow(place: &Place, publisher: &mut Publisher) {
    let mut own = Publisher::claim(place.topic("sizes"), 1).unwrap();
    for pages in [1, 2, 3, 4, 6] {
        send(&mut own, VICTIM + pages, pages * PAGE);
        // More at once than were backed when the pool was made.
        let loans: Vec<OwnHold> = (0..4).map(|_| own.loan(pages * PAGE).unwrap()).collect();
        drop(loans);
    }
    send(publisher, VICTIM + 9, PAGE);
}

/// Loans until there is no slot left, and the frames that were kept have gone first.
fn run_out(place: &Place) {
    let mut publisher = Publisher::claim(place.topic("full"), 4).unwrap();
    for number in 0..5 {
        send(&mut publisher, VICTIM + number, PAGE);
    }
    let mut loans = Vec::new();
    let error = loop {
        match publisher.loan(PAGE) {
            Ok(mut loan) => {
                fill(&mut loan, 0);
                loans.push(loan);
            }
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), ErrorCode::PoolExhausted);
    assert!(publisher.evicted_early() > 0);
}

/// What the owner does to a slot when the lower half of its fill count is full, on a slot that
/// nothing else uses.
fn wrap_generation(pool: &OwnPool) {
    const FILL: u64 = 0xffff_ffff;
    for fill in [FILL, FILL + (1 << 32), FILL + (2 << 32)] {
        let line = pool.lines().last().unwrap();
        // Around the wrapper: this is not a point of the protocol.
        line.word.inner().store(fill << 32, Ordering::Relaxed);
        assert!(word::recycle(line, fill));
        assert_eq!(line.fill_hi.load(Ordering::Relaxed), u32::from(word::fill_hi(fill + 1)));
    }
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    let peer = place.peer();
    let topic = place.topic("shared");
    let mut publisher = Publisher::claim(topic.clone(), 2).unwrap();
    let pool = send(&mut publisher, 0, PAGE);
    die_before_the_head(place);
    let listener = Listener::start(place.topic("quiet"));
    let mut subscriber = Subscriber::new(topic.clone(), 0);
    let (mut number, mut held) = (1, None);
    victim.run(|| {
        send(&mut publisher, number, PAGE);
        number += 1;
        while let Some(received) = take(&mut subscriber) {
            if check(&received) >= VICTIM && held.is_none() {
                held = Some(received);
            }
        }
    });
    // Its entry is free, and whoever takes it is heard.
    let mut successor = Publisher::claim(topic, 1).unwrap();
    assert_eq!(successor.entry(), 1);
    send(&mut successor, number, PAGE);
    let mut heard = false;
    while let Some(received) = take(&mut subscriber) {
        heard |= check(&received) == number;
    }
    assert!(heard, "the successor's frame");
    assert_eq!(subscriber.rejected(), 0);
    listener.stop(&mut Publisher::claim(place.topic("quiet"), 1).unwrap());
    // What was held all the time is what it was, owner dead or not.
    if let Some(received) = held {
        check(&received);
    }
    drop((subscriber, publisher, successor));
    take_stock(&peer, &pool);
}

/// A publisher entry whose holder died between writing a cell and moving the head.
fn die_before_the_head(place: &Place) {
    let topic = place.topic("shared");
    let mut predecessor = Publisher::claim(topic, 1).unwrap();
    // Of several pools: a successor retires the cells that name others than the last.
    for pages in [1, 3, 1] {
        send(&mut predecessor, 0, pages * PAGE);
    }
    let entry = predecessor.entry();
    drop(predecessor);
    let file = OpenOptions::new().write(true).open(place.path().join("t.shared")).unwrap();
    let head = TopicGeometry::of(ORDINARY).publisher_offset(entry);
    file.write_all_at(&2_u64.to_le_bytes(), head).unwrap();
}
