//! What anybody may see of a namespace: a second process holds frames, is killed, and its owner
//! ends.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use framelane::{
    Config, Encoding, Image, Inspection, Options, Overflow, SlotState, Topic, configure, inspect,
};

const ROLE: &str = "FRAMELANE_TEST_ROLE";

fn settle(namespace: &str) {
    configure(Config { namespace: Some(namespace.into()), ..Config::default() }).unwrap();
}

fn open(name: &str) -> Topic<Image> {
    let options = Options { depth: 4, history: 4, overflow: Overflow::Block };
    Topic::open_with(name, options).unwrap()
}

/// This test program once more, in a role; it has said that it is ready.
fn start(role: &str, namespace: &str) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "role", "--nocapture"])
        .env(ROLE, role)
        .env("FRAMELANE_NAMESPACE", namespace)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("ready")), "{role} ended early");
    child
}

/// What a child does; nothing where this is no child.
#[test]
fn role() {
    let Ok(role) = env::var(ROLE) else { return };
    let mut topic = open("seen");
    let mut held = Vec::new();
    if role == "owner" {
        for _ in 0..4 {
            let loan = loan(&mut topic);
            topic.send(loan).unwrap();
        }
    } else {
        held.push(topic.recv(Duration::from_secs(5)).unwrap());
        held.push(topic.recv(Duration::from_secs(5)).unwrap());
        // Sleeping writes its counts where others can see them.
        while let Some(frame) = topic.try_recv().unwrap() {
            drop(frame);
        }
        assert!(topic.recv(Duration::from_millis(1)).is_err());
    }
    println!("ready");
    // Until it is killed, or its parent ends.
    let _ = std::io::stdin().read(&mut [0]);
}

fn loan(topic: &mut Topic<Image>) -> framelane::ImageMut {
    topic.loan(64, 48, Encoding::Rgb8).unwrap()
}

fn states(seen: &Inspection) -> [usize; 3] {
    let count = |state| seen.pools[0].slots.iter().filter(|slot| slot.state == state).count();
    [SlotState::Held, SlotState::InRing, SlotState::Owners].map(count)
}

#[test]
fn who_holds_what_is_seen_from_outside() {
    if env::var(ROLE).is_ok() {
        return;
    }
    let namespace = format!("inspect.{}", std::process::id());
    settle(&namespace);
    assert_eq!(inspect().unwrap(), Inspection::default());

    let mut owner = start("owner", &namespace);
    let mut reader = start("reader", &namespace);
    let seen = inspect().unwrap();
    let [topic] = seen.topics.as_slice() else { panic!("{seen:?}") };
    assert_eq!((topic.name.as_str(), topic.mode.overflow), ("seen", Overflow::Block));
    let [publisher] = topic.publishers.as_slice() else { panic!("{topic:?}") };
    assert_eq!((publisher.pid, publisher.sent, publisher.alive), (owner.id(), 4, true));
    let [subscriber] = topic.subscribers.as_slice() else { panic!("{topic:?}") };
    assert_eq!((subscriber.pid, subscriber.received, subscriber.lapped), (reader.id(), 4, 0));
    assert!(subscriber.since_ns > publisher.since_ns);
    let [pool] = seen.pools.as_slice() else { panic!("{seen:?}") };
    assert_eq!(
        (pool.pid, pool.relic, pool.topics.as_slice()),
        (owner.id(), false, &["seen".into()][..])
    );
    assert!(pool.resident_bytes >= 4 * pool.slot_bytes, "{pool:?}");
    let [holder] = pool.readers.as_slice() else { panic!("{pool:?}") };
    assert_eq!((holder.pid, holder.alive, holder.slots), (reader.id(), true, 2));
    assert!(holder.since_ns > pool.since_ns);
    assert_eq!(states(&seen), [2, 2, pool.slots.len() - 4]);

    // Looking changes nothing, however often.
    for _ in 0..100 {
        assert_eq!(inspect().unwrap(), seen);
    }

    reader.kill().unwrap();
    reader.wait().unwrap();
    let seen = inspect().unwrap();
    let holder = &seen.pools[0].readers[0];
    assert_eq!((holder.alive, holder.slots), (false, 2), "nobody has needed the slots yet");
    assert!(seen.topics[0].subscribers.is_empty());

    // Somebody has the topic open, so that the frames stay when their owner has gone.
    let last = open("seen");
    owner.kill().unwrap();
    owner.wait().unwrap();
    let seen = inspect().unwrap();
    assert!(seen.pools[0].relic && !seen.topics[0].publishers[0].alive, "{seen:?}");
    drop(last);
    let mut left = inspect().unwrap();
    for _ in 0..100 {
        if left == Inspection::default() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
        left = inspect().unwrap();
    }
    assert_eq!(left, Inspection::default());
}
