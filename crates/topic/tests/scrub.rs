//! Memory of a recycled slot: never seen beyond the frame that lies in it, and wiped where asked.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::sync::Arc;

use framelane_layout::topic::Mode;
use framelane_layout::{Descriptor, Kind};
use framelane_topic::{Hold, OwnHold, Peer, Publisher, Scrub, Settings, Subscriber};

/// Both fit the slots that are made for the longer.
const LONG: u64 = 100_000;
const SHORT: u64 = 82_000;
const SECRET: u8 = 0xa5;

struct Lane {
    publisher: Publisher,
    subscriber: Subscriber,
    peer: Arc<Peer>,
}

impl Lane {
    fn new(name: &str, scrub: Scrub) -> Self {
        let namespace = format!("scrub-{name}-{}", std::process::id());
        let peer = Peer::open(&Settings { namespace, scrub, ..Settings::default() }).unwrap();
        let topic = peer.open_topic("lane", Kind::Image, Mode::default()).unwrap();
        let publisher = Publisher::claim(topic.clone(), 1).unwrap();
        Self { publisher, subscriber: Subscriber::new(topic, 0), peer }
    }

    fn loan(&mut self, bytes: u64) -> OwnHold {
        self.publisher.loan(bytes).unwrap()
    }

    fn publish(&mut self, mut hold: OwnHold, bytes: u64) -> Hold {
        let mut descriptor =
            Descriptor { kind: Kind::Image as u8, payload_bytes: bytes, ..Descriptor::default() };
        // That of the clock may have a byte that is counted as a secret.
        // SAFETY: on loan and not published.
        unsafe { hold.header_mut() }.stamp_ns = 1;
        self.publisher.publish(hold, &mut descriptor);
        self.subscriber.receive(false).unwrap().unwrap().hold
    }

    /// How many bytes of all slots are those of a secret frame.
    fn secrets(&self) -> usize {
        let names = self.peer.directory().names().unwrap();
        let data = names.iter().filter(|name| name.ends_with(".d"));
        let bytes =
            data.flat_map(|name| fs::read(self.peer.directory().path().join(name)).unwrap());
        bytes.filter(|&byte| byte == SECRET).count()
    }
}

fn fill(hold: &OwnHold, value: u8, bytes: u64) {
    // SAFETY: on loan, and its slot has that many bytes.
    unsafe { hold.pointer().write_bytes(value, usize::try_from(bytes).unwrap()) };
}

/// All bytes of the slot a received frame lies in.
fn slot(received: &Hold) -> &[u8] {
    let pointer = received.pointer().unwrap();
    let length = usize::try_from(received.slot_bytes()).unwrap();
    // SAFETY: the slot, held and so not written.
    unsafe { std::slice::from_raw_parts(pointer, length) }
}

#[test]
fn a_short_frame_does_not_show_the_end_of_a_long_one() {
    let mut lane = Lane::new("tail", Scrub::Off);
    let mut slots = Vec::new();
    for round in 0..20 {
        for (value, bytes) in [(SECRET, LONG), (1, SHORT), (2, SHORT + 5000), (3, SHORT)] {
            let hold = lane.loan(bytes);
            fill(&hold, value, bytes);
            let received = lane.publish(hold, bytes);
            let (frame, rest) = slot(&received).split_at(usize::try_from(bytes).unwrap());
            assert!(frame.iter().all(|&byte| byte == value), "round {round}");
            assert!(rest.iter().all(|&byte| byte == 0), "round {round}: {value} shows more");
            slots.push(received.slot());
        }
    }
    slots.sort_unstable();
    slots.dedup();
    assert!(slots.len() < 5, "slots are used again: {slots:?}");
}

#[test]
fn nor_that_of_one_that_was_never_sent_or_cut_short() {
    let mut lane = Lane::new("unsent", Scrub::Off);
    let long = lane.loan(LONG);
    fill(&long, SECRET, LONG);
    let first = long.slot();
    drop(long);
    let short = lane.loan(SHORT);
    assert_eq!(short.slot(), first);
    let received = lane.publish(short, SHORT);
    let (_, rest) = slot(&received).split_at(usize::try_from(SHORT).unwrap());
    assert!(rest.iter().all(|&byte| byte == 0));

    let long = lane.loan(LONG);
    fill(&long, SECRET, LONG);
    let received = lane.publish(long, 10);
    assert_eq!(&slot(&received)[..12], [[SECRET; 10].as_slice(), &[0, 0]].concat());
    assert!(slot(&received)[10..].iter().all(|&byte| byte == 0));
}

#[test]
fn a_frame_is_wiped_when_asked_for() {
    let length = usize::try_from(LONG).unwrap();
    for scrub in [Scrub::Off, Scrub::OnAlloc, Scrub::OnRelease] {
        let mut lane = Lane::new(&format!("{scrub:?}").to_lowercase(), scrub);
        let mut hold = lane.loan(LONG);
        fill(&hold, SECRET, LONG);
        // SAFETY: on loan and not published.
        unsafe { hold.header_mut() }.frame_id = [SECRET; 64];
        let first = hold.slot();
        drop(lane.publish(hold, LONG));
        // The ring keeps one frame: that of the next takes its place.
        let next = lane.loan(LONG);
        drop(lane.publish(next, LONG));
        match scrub {
            Scrub::Off => assert_eq!(lane.secrets(), length + 64),
            // Wiped when it is taken for a loan, and that may be at once.
            Scrub::OnAlloc => {}
            Scrub::OnRelease => assert_eq!(lane.secrets(), 0),
        }
        let again = lane.loan(LONG);
        assert_eq!(again.slot(), first);
        let wiped = if scrub == Scrub::Off { length + 64 } else { 0 };
        assert_eq!(lane.secrets(), wiped, "{scrub:?}");
    }
}
