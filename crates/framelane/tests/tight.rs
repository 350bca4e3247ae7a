//! Publishers whose memory is smaller than what they may keep.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use framelane::{
    Ack, Config, Encoding, ErrorCode, Image, Options, Overflow, Queue, QueueOptions, Topic,
    configure,
};

/// The process has three slots in all: one test at a time.
static SLOTS: Mutex<()> = Mutex::new(());

fn settle() -> MutexGuard<'static, ()> {
    let namespace = Some(format!("tight.{}", std::process::id()));
    configure(Config { namespace, max_bytes: Some(3 * (4096 + 512)), ..Config::default() })
        .unwrap();
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn what_readers_have_taken_gives_way_where_publishers_wait_for_them() {
    let _alone = settle();
    let options = Options { depth: 8, history: 0, overflow: Overflow::Block };
    let mut sender = Topic::<Image>::open_with("tight", options).unwrap();
    let mut reader = Topic::<Image>::open_with("tight", options).unwrap();
    assert!(reader.try_recv().unwrap().is_none());
    for round in 0..20_u8 {
        let loan = sender.loan(56, 64, Encoding::Mono8).unwrap();
        sender.send(loan).unwrap();
        assert!(reader.try_recv().unwrap().is_some(), "round {round}");
    }
    // What nobody has taken stays.
    for _ in 0..3 {
        let loan = sender.loan(56, 64, Encoding::Mono8).unwrap();
        sender.send(loan).unwrap();
    }
    let full = sender.loan(56, 64, Encoding::Mono8).unwrap_err();
    assert_eq!(full.code(), ErrorCode::PoolExhausted);
    assert_eq!(std::iter::from_fn(|| reader.try_recv().unwrap()).count(), 3);
    drop((sender, reader));

    let mut sender = Queue::<Image>::open("tight.queue").unwrap();
    let mut consumer = Queue::<Image>::open("tight.queue").unwrap();
    for round in 0..20_u8 {
        let loan = sender.loan(56, 64, Encoding::Mono8).unwrap();
        sender.send(loan).unwrap();
        assert!(consumer.try_recv().unwrap().is_some(), "round {round}");
    }
}

#[test]
fn what_a_closed_publisher_left_to_others_stays_until_they_have_taken_it() {
    let _alone = settle();
    let mut consumer = Queue::<Image>::open("tight.left").unwrap();
    let mut sender = Queue::<Image>::open("tight.left").unwrap();
    for _ in 0..3 {
        let loan = sender.loan(56, 64, Encoding::Mono8).unwrap();
        sender.send(loan).unwrap();
    }
    drop(sender);
    let mut other = Topic::<Image>::open("tight.other").unwrap();
    let full = other.loan(56, 64, Encoding::Mono8).map(drop).unwrap_err();
    assert_eq!(full.code(), ErrorCode::PoolExhausted);
    assert_eq!(std::iter::from_fn(|| consumer.try_recv().unwrap()).count(), 3);
    assert!(other.loan(56, 64, Encoding::Mono8).is_ok());
}

#[test]
fn an_open_job_keeps_no_frame_but_its_own() {
    let _alone = settle();
    let options = QueueOptions { depth: 2, ack: Ack::Manual, ..QueueOptions::default() };
    let mut sender = Queue::<Image>::open_with("tight.open", options).unwrap();
    let mut slow = Queue::<Image>::open_with("tight.open", options).unwrap();
    let mut quick = Queue::<Image>::open_with("tight.open", options).unwrap();
    let mut put = || {
        let loan = sender.loan(56, 64, Encoding::Mono8).unwrap();
        sender.send(loan).unwrap();
    };
    put();
    let open = slow.try_recv().unwrap().unwrap();
    for round in 0..40 {
        put();
        assert!(quick.try_recv().unwrap().unwrap().ack(), "round {round}");
    }
    assert!(open.ack());
    assert_eq!(sender.stats().unwrap().evicted_early, 0);
}
