//! A frame that its owner has let go of while another copy of the library relays it.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Barrier;

use framelane_layout::topic::Mode;
use framelane_layout::{Descriptor, Kind};
use framelane_topic::{OpenTopic, Peer, Publisher, Scrub, Settings, Subscriber};

/// Another spelling of the same directory is another copy of the library, as it were.
fn topic(dir: &str, name: &str, scrub: Scrub) -> OpenTopic {
    // The tests of this process have pools of their own.
    let test = name.split('.').next().unwrap();
    let namespace = format!("relay-{test}-{}-{}", scrub as u8, std::process::id());
    let dir = PathBuf::from(dir);
    let peer = Peer::open(&Settings { namespace, dir, scrub, ..Settings::default() }).unwrap();
    peer.open_topic(name, Kind::Image, Mode::default()).unwrap()
}

fn publish(publisher: &mut Publisher, first: u8) {
    let hold = publisher.loan(100).unwrap();
    // SAFETY: on loan to us.
    unsafe { hold.pointer().write(first) };
    let mut descriptor =
        Descriptor { kind: Kind::Image as u8, payload_bytes: 100, ..Descriptor::default() };
    publisher.publish(hold, &mut descriptor);
}

fn first_byte(subscriber: &mut Subscriber) -> Option<u8> {
    let hold = subscriber.receive(false).unwrap()?.hold;
    // SAFETY: held by us, in a mapping that lives as long.
    Some(unsafe { hold.pointer().unwrap().read() })
}

#[test]
fn its_owner_receives_it_all_the_same_and_has_its_slot_again_afterwards() {
    [Scrub::Off, Scrub::OnRelease, Scrub::OnAlloc].into_iter().for_each(relayed);
}

fn relayed(scrub: Scrub) {
    let (here, there) = ("/dev/shm", "/dev/shm/../shm");
    let mut camera = Publisher::claim(topic(here, "once.in", scrub), 1).unwrap();
    let mut viewer = Subscriber::new(topic(here, "once.out", scrub), 0);
    let mut source = Subscriber::new(topic(there, "once.in", scrub), 0);
    let mut onward = Publisher::claim(topic(there, "once.out", scrub), 4).unwrap();
    for round in 0..50 {
        publish(&mut camera, round);
        let received = source.receive(false).unwrap().unwrap();
        onward.relay(received.hold, &received.descriptor.clone());
        // The owner goes on, and keeps one frame only.
        (100..103).for_each(|value| publish(&mut camera, value));
        while first_byte(&mut source).is_some() {}
        assert_eq!(first_byte(&mut viewer), Some(round));
    }
    assert_eq!(viewer.lapped(), 0);
    drop(onward);
    drop(source);
    let pool = camera.loan(100).unwrap().pool().clone();
    // As many loans as there are slots: each was given back.
    drop(camera);
    let free = std::iter::from_fn(|| pool.allocate().unwrap()).collect::<Vec<_>>();
    assert_eq!(free.len(), pool.geometry().slot_count as usize);
}

#[test]
fn two_threads_of_its_owner_take_it_back_at_once() {
    const ROUNDS: u8 = 250;
    let (here, there) = ("/dev/shm", "/dev/shm/../shm");
    let mut camera = Publisher::claim(topic(here, "twice.in", Scrub::Off), 1).unwrap();
    let mut source = Subscriber::new(topic(there, "twice.in", Scrub::Off), 0);
    let mut onward = Publisher::claim(topic(there, "twice.out", Scrub::Off), 4).unwrap();
    let barrier = Barrier::new(3);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut viewer = Subscriber::new(topic(here, "twice.out", Scrub::Off), 0);
                barrier.wait();
                for round in 0..ROUNDS {
                    barrier.wait();
                    assert_eq!(first_byte(&mut viewer), Some(round));
                    barrier.wait();
                }
                assert_eq!(viewer.lapped(), 0);
            });
        }
        barrier.wait();
        for round in 0..ROUNDS {
            publish(&mut camera, round);
            let received = source.receive(false).unwrap().unwrap();
            onward.relay(received.hold, &received.descriptor.clone());
            (0..3).for_each(|_| publish(&mut camera, u8::MAX));
            while first_byte(&mut source).is_some() {}
            barrier.wait();
            barrier.wait();
        }
    });
}
