//! What victims do and what survivors then find, one function each. A new kind of process is one
//! more file here and one more line in [`ALL`].

mod cleaner;
mod lossless;
mod maker;
mod opener;
mod publisher;
mod queue;
mod relay;
mod subscriber;

use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use framelane_topic::{OpenTopic, Publisher, Subscriber};

use crate::frames::{PAGE, check, send, wait_for};
use crate::place::Place;
use crate::victim::Victim;

/// Longest time for which a survivor may come to nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// The frame after which a [`Listener`] stops; above all others.
const LAST: u64 = 0xffff_ffff_ffff;
/// Frames of the victim have at least this number, those of the survivor are below.
const VICTIM: u64 = 1 << 40;

/// A kind of process.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What it does. Runs in a process of its own, is over in milliseconds, and takes the same
    /// way through the code each time.
    pub(crate) victim: fn(&Place),
    /// Runs the victim, goes on, and finds everything in its place. Panics where it does not.
    pub(crate) survivor: fn(&Place, &mut Victim),
}

/// Every kind.
pub(crate) const ALL: &[Scenario] = &[
    Scenario { name: "opener", victim: opener::victim, survivor: opener::survivor },
    Scenario { name: "cleaner", victim: cleaner::victim, survivor: cleaner::survivor },
    Scenario { name: "publisher", victim: publisher::victim, survivor: publisher::survivor },
    Scenario { name: "subscriber", victim: subscriber::victim, survivor: subscriber::survivor },
    Scenario { name: "lossless", victim: lossless::victim, survivor: lossless::survivor },
    Scenario { name: "queue", victim: queue::victim, survivor: queue::survivor },
    Scenario { name: "maker", victim: maker::victim, survivor: maker::survivor },
    Scenario { name: "relay", victim: relay::victim, survivor: relay::survivor },
];

/// A thread that sleeps until a frame comes, and never for long.
struct Listener(JoinHandle<()>);

impl Listener {
    /// Listens to a topic on which a frame comes before long.
    fn start(topic: OpenTopic) -> Self {
        let mut subscriber = Subscriber::new(topic, 0);
        Self(thread::spawn(move || {
            loop {
                let received = wait_for(&mut subscriber, 5 * PATIENCE, false);
                let number = check(&received);
                check(&received);
                assert_eq!(subscriber.rejected(), 0);
                if number == LAST {
                    return;
                }
            }
        }))
    }

    /// Sends the last frame, and finds that it arrives in time.
    fn stop(self, publisher: &mut Publisher) {
        let start = Instant::now();
        send(publisher, LAST, PAGE);
        match self.0.join() {
            Ok(_) => assert!(start.elapsed() < PATIENCE, "it slept for {:?}", start.elapsed()),
            Err(panic) => resume_unwind(panic),
        }
    }
}
