//! `fork` without `exec`: the child has nothing of the library and says so, and what the parent
//! held is free when the parent ends, whether the child lives or not.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use framelane_layout::sync::{AtomicU32, Ordering};
use framelane_layout::topic::{Delivery, Mode, Overflow};
use framelane_layout::{Descriptor, ErrorCode, Kind};
use framelane_topic::{
    Claimed, Doorbell, Peer, Publisher, Received, Result, Settings, Subscriber, TopicStats,
};

/// Set in a process that plays a role for a test: the namespace to meet in.
const ROLE: &str = "FRAMELANE_FORK_ROLE";
const FRAMES: usize = 8;
/// What `depth` 8 makes of a pool.
const SLOTS: u64 = 12;
const BYTES: u64 = 100_000;

/// One test at a time: until a child has run for the first time it has what its parent had, of
/// all tests.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn peer(namespace: &str) -> Arc<Peer> {
    // Room for one pool and not for a second.
    let settings = Settings {
        namespace: namespace.into(),
        max_bytes: SLOTS * (102_400 + 512) + 50_000,
        ..Settings::default()
    };
    Peer::open(&settings).unwrap()
}

fn namespace(what: &str) -> String {
    format!("fork-{what}-{}", std::process::id())
}

fn publish(publisher: &mut Publisher) {
    let hold = publisher.loan(BYTES).unwrap();
    let mut descriptor =
        Descriptor { kind: Kind::Image as u8, payload_bytes: BYTES, ..Descriptor::default() };
    publisher.publish(hold, &mut descriptor);
}

/// Runs `work` in a child and gives its exit code: 0 where all went well.
fn in_child(work: impl FnOnce()) -> i32 {
    // SAFETY: the child runs `work`, which the test keeps to what a child may do, and exits.
    match unsafe { libc::fork() } {
        -1 => panic!("fork"),
        0 => {
            let code = i32::from(catch_unwind(AssertUnwindSafe(work)).is_err());
            // SAFETY: ends the child without the handlers and the other tests of the parent.
            unsafe { libc::_exit(code) }
        }
        child => {
            let mut status = 0;
            // SAFETY: a child of this process, and room for its status.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -status }
        }
    }
}

fn refused<T>(what: &str, result: Result<T>) {
    match result {
        Ok(_) => panic!("{what} works in a child"),
        Err(error) => assert_eq!(error.code(), ErrorCode::Forked, "{what}: {error}"),
    }
}

#[test]
fn a_child_is_refused_everything_and_takes_nothing_from_its_parent() {
    let _alone = alone();
    let space = namespace("errors");
    let peer = peer(&space);
    let topic = peer.open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let mut publisher = Publisher::claim(topic.clone(), 4).unwrap();
    let mut subscriber = Subscriber::new(topic.clone(), 0);
    let bell = Doorbell::create(peer.directory()).unwrap();
    publish(&mut publisher);
    publish(&mut publisher);
    let received = subscriber.receive(false).unwrap().unwrap().hold;
    let loan = publisher.loan(BYTES).unwrap();
    let files = peer.directory().names().unwrap().len();
    let mut parents = Some((bell, received, loan, publisher, subscriber, topic, peer.clone()));

    let code = in_child(|| {
        let (bell, received, loan, mut publisher, mut subscriber, topic, peer) =
            parents.take().unwrap();
        refused("loan", publisher.loan(BYTES));
        refused("receive", subscriber.receive(false));
        refused("newest", subscriber.receive(true));
        refused("latest", subscriber.latest());
        let day = Duration::from_secs(86_400);
        refused("sleep", subscriber.sleep_blocking(day));
        refused("room", publisher.wait_for_room(BYTES, day));
        refused("claim", Publisher::claim(topic.clone(), 0));
        refused("allocate", peer.allocate(BYTES, 0));
        refused("open_topic", peer.open_topic("lane", Kind::Image, Mode::default()));
        refused("stats", TopicStats::of(&topic));
        let settings = Settings { namespace: format!("{space}-b"), ..Settings::default() };
        refused("open", Peer::open(&settings));
        drop((received, loan, bell, publisher, subscriber, topic, peer));
        assert_eq!(leftovers(&space), Vec::<String>::new());
        assert_eq!(in_child(|| assert!(framelane_shm::is_forked())), 0, "a child's child");
    });
    assert_eq!(code, 0);

    let (_bell, received, loan, mut publisher, mut subscriber, ..) = parents.unwrap();
    assert_eq!(peer.directory().names().unwrap().len(), files, "nothing was removed");
    assert_eq!(received.header().sequence, 0);
    let mut descriptor = Descriptor { kind: Kind::Image as u8, ..Descriptor::default() };
    publisher.publish(loan, &mut descriptor);
    for _ in 0..20 {
        publish(&mut publisher);
        while subscriber.receive(false).unwrap().is_some() {}
    }
    assert_eq!((subscriber.received(), subscriber.rejected()), (23, 0));
}

#[test]
fn nor_does_a_child_wait_for_room_or_share_a_queue() {
    let _alone = alone();
    let space = namespace("modes");
    let peer = peer(&space);
    let deliveries = [Delivery::Broadcast, Delivery::AtMostOnce, Delivery::AtLeastOnce];
    for (number, delivery) in deliveries.into_iter().enumerate() {
        let mode = Mode { overflow: Overflow::Block, delivery };
        let topic = peer.open_topic(&format!("lane{number}"), Kind::Image, mode).unwrap();
        let mut publisher = Publisher::claim(topic.clone(), 2).unwrap();
        let mut subscriber = Subscriber::new(topic.clone(), 0);
        assert!(subscriber.receive(false).unwrap().is_none());
        for _ in 0..2 {
            assert!(publisher.admit(BYTES).unwrap());
            publish(&mut publisher);
        }
        let Received { hold, claimed, .. } = subscriber.receive(false).unwrap().unwrap();
        let mut parents = Some((hold, claimed, publisher, subscriber));
        let code = in_child(|| {
            let (hold, claimed, mut publisher, mut subscriber) = parents.take().unwrap();
            refused("admit", publisher.admit(BYTES));
            refused("room", publisher.await_room(BYTES, 0));
            refused("receive", subscriber.receive(false));
            refused("a new subscriber", Subscriber::new(topic.clone(), 0).receive(false));
            drop((hold, claimed, publisher, subscriber));
        });
        assert_eq!(code, 0, "{delivery:?}");

        let (hold, claimed, mut publisher, mut subscriber) = parents.unwrap();
        assert!(claimed.is_none_or(Claimed::acknowledge), "the child has not given it back");
        drop(hold);
        let second = subscriber.receive(false).unwrap().unwrap().claimed;
        second.map(Claimed::acknowledge);
        assert!(subscriber.receive(false).unwrap().is_none());
        assert!(publisher.admit(BYTES).unwrap());
    }
}

/// What this process has of the regular files and FIFOs of a namespace.
fn leftovers(space: &str) -> Vec<String> {
    let of_space = |text: String| text.contains(&format!("/{space}/")).then_some(text);
    let open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| {
        let target = fs::read_link(entry.ok()?.path()).ok()?;
        of_space(target.to_string_lossy().into_owned())
    });
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    open.chain(maps.lines().filter_map(|line| of_space(line.to_owned()))).collect()
}

#[test]
fn a_child_of_a_busy_process_keeps_nothing() {
    let _alone = alone();
    let space = namespace("busy");
    let keep = peer(&space);
    let stop = AtomicU32::new(0);
    thread::scope(|scope| {
        for number in 0..3 {
            let (keep, stop) = (&keep, &stop);
            scope.spawn(move || {
                while stop.load(Ordering::Relaxed) == 0 {
                    let topic = keep
                        .open_topic(&format!("lane{number}"), Kind::Image, Mode::default())
                        .unwrap();
                    let mut publisher = Publisher::claim(topic.clone(), 1).unwrap();
                    publish(&mut publisher);
                    drop(Doorbell::create(keep.directory()).unwrap());
                }
            });
        }
        for round in 0..300 {
            let code = in_child(|| assert_eq!(leftovers(&space), Vec::<String>::new()));
            if code != 0 {
                stop.store(1, Ordering::Relaxed);
                panic!("round {round}: {code}");
            }
        }
        stop.store(1, Ordering::Relaxed);
    });
}

/// Starts this program again to play the role of `test`.
fn start(test: &str, space: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ROLE, space)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The part of a process that receives, publishes, forks a child that sleeps, and sleeps.
fn hold_and_fork(space: &str) {
    let peer = peer(space);
    let topic = peer.open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let mut subscriber = Subscriber::new(topic.clone(), 64);
    let held: Vec<_> =
        (0..FRAMES).map(|_| subscriber.receive(false).unwrap().unwrap().hold).collect();
    let _entry = subscriber.sleep(0).unwrap();
    let other = peer.open_topic("back", Kind::Image, Mode::default()).unwrap();
    let mut publisher = Publisher::claim(other, 1).unwrap();
    publish(&mut publisher);
    // SAFETY: the child writes a line and sleeps.
    if unsafe { libc::fork() } == 0 {
        // Not by `println`, whose lock another thread may have had. That the child says it means
        // that `fork` has returned in it.
        let line = format!("\nchild {}\n", std::process::id());
        // SAFETY: the bytes of the line.
        unsafe { libc::write(1, line.as_ptr().cast(), line.len()) };
        thread::sleep(Duration::from_secs(120));
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    thread::sleep(Duration::from_secs(120));
    drop((held, publisher));
}

#[test]
fn what_a_process_held_is_free_when_it_ends_though_its_child_lives() {
    if let Ok(space) = env::var(ROLE) {
        return hold_and_fork(&space);
    }
    let _alone = alone();
    let space = namespace("held");
    let peer = peer(&space);
    let topic = peer.open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let mut publisher = Publisher::claim(topic.clone(), 8).unwrap();
    for _ in 0..FRAMES {
        publish(&mut publisher);
    }
    let test = "what_a_process_held_is_free_when_it_ends_though_its_child_lives";
    let mut parent = start(test, &space);
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let child: i32 = lines
        .map(|line| line.unwrap())
        .find_map(|line| line.strip_prefix("child ").map(|pid| pid.parse().unwrap()))
        .unwrap();
    let _end = Orphan(child);
    let before = TopicStats::of(&topic).unwrap();
    assert_eq!(before.pools[0].holders[0].slots as usize, FRAMES, "{before:?}");
    assert_eq!(before.subscribers.len(), 1);

    parent.kill().unwrap();
    parent.wait().unwrap();
    // SAFETY: asks whether the process is there.
    assert_eq!(unsafe { libc::kill(child, 0) }, 0, "the child lives");
    let start = Instant::now();
    // Every slot there is, the frames that the dead process held among them.
    let mut loans = Vec::new();
    while let Ok(loan) = publisher.loan(BYTES) {
        loans.push(loan);
    }
    let slots = peer.directory().names().unwrap().iter().filter(|n| n.ends_with(".d")).count();
    assert_eq!(loans.len() as u64, SLOTS, "{slots} pools");
    let back = peer.open_topic("back", Kind::Image, Mode::default()).unwrap();
    let after = [TopicStats::of(&topic).unwrap(), TopicStats::of(&back).unwrap()];
    assert!(after[0].subscribers.is_empty(), "{after:?}");
    assert!(!after[1].publishers[0].alive, "{after:?}");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop((loans, publisher, topic, back, peer));
    let left: Vec<_> =
        fs::read_dir(format!("/dev/shm/framelane-{}/{space}", uid())).into_iter().collect();
    assert!(left.is_empty(), "files are left");
}

/// A process that nobody waits for; killed at the end of the test.
struct Orphan(i32);

impl Drop for Orphan {
    fn drop(&mut self) {
        // SAFETY: the process that its parent said it had forked.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }
}

fn uid() -> u32 {
    // SAFETY: no preconditions.
    unsafe { libc::geteuid() }
}
