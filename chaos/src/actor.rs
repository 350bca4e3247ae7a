//! A process that will be killed: one to three roles, each in a thread, on topics that all
//! processes share.

mod anchor;
mod held;
mod opener;
mod publisher;
mod queue;
mod reader;
mod relay;
mod track;

use std::time::Duration;
use std::{process, thread};

use framelane::{Ack, Config, ErrorCode, Overflow};
use framelane_layout::sync::{AtomicU32, Ordering};

use crate::board::{Board, Common, Field, Line};
use crate::random::Random;

pub(crate) use anchor::{ANCHOR_ROLES, audit, reached};
pub(crate) use opener::{drain, open_once};

/// What a role's functions return; an error there must not happen.
pub(crate) type Outcome = framelane::Result<()>;

/// What a process does with a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Sends on the topic that overwrites.
    Publisher,
    /// Receives from it.
    Reader,
    /// Sends what it receives from it on, without a copy.
    Relay,
    /// Receives what was sent on.
    Viewer,
    /// Sends on the topic that loses nothing.
    Sender,
    /// Receives from it.
    Subscriber,
    /// Puts jobs into the queue whose jobs are done when they are received.
    Producer,
    /// Takes them.
    Consumer,
    /// Puts jobs into the queue whose jobs are acknowledged.
    Client,
    /// Takes them, and acknowledges most.
    Worker,
}

/// All roles, with the name of each and how many of them there are to be.
pub(crate) const ROLES: [(Role, &str, usize); 10] = [
    (Role::Publisher, "publisher", 3),
    (Role::Reader, "reader", 4),
    (Role::Relay, "relay", 1),
    (Role::Viewer, "viewer", 2),
    (Role::Sender, "sender", 2),
    (Role::Subscriber, "subscriber", 3),
    (Role::Producer, "producer", 1),
    (Role::Consumer, "consumer", 2),
    (Role::Client, "client", 1),
    (Role::Worker, "worker", 2),
];

impl Role {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        ROLES[self as usize].1
    }

    /// Number of the topic it sends to, in labels.
    pub(crate) fn stream(self) -> u32 {
        match self {
            Self::Sender | Self::Subscriber => LOSSLESS_STREAM,
            Self::Producer | Self::Consumer => QUEUE_STREAM,
            Self::Client | Self::Worker => QUEUE_STREAM + 1,
            _ => 0,
        }
    }

    /// Without whom it cannot move a frame.
    pub(crate) fn needs(self) -> Option<Self> {
        match self {
            Self::Publisher => None,
            Self::Reader | Self::Relay => Some(Self::Publisher),
            Self::Viewer => Some(Self::Relay),
            Self::Sender => Some(Self::Subscriber),
            Self::Subscriber => Some(Self::Sender),
            Self::Producer => Some(Self::Consumer),
            Self::Consumer => Some(Self::Producer),
            Self::Client => Some(Self::Worker),
            Self::Worker => Some(Self::Client),
        }
    }

    /// Which group of topics it is in: whoever stops one of a group may keep the others.
    pub(crate) fn group(self) -> u32 {
        match self {
            Self::Publisher | Self::Reader | Self::Relay | Self::Viewer => 1,
            Self::Sender | Self::Subscriber => 2,
            Self::Producer | Self::Consumer => 4,
            Self::Client | Self::Worker => 8,
        }
    }
}

/// The topics, by stream.
pub(crate) const BROADCAST: &str = "all";
pub(crate) const RELAYED: &str = "relayed";
pub(crate) const LOSSLESS: &str = "lossless";
pub(crate) const QUEUES: [(&str, Ack); 2] = [("once", Ack::Auto), ("least", Ack::Manual)];
/// Number of the topic that loses nothing, in labels; the first is 0, the queues 2 and 3.
pub(crate) const LOSSLESS_STREAM: u32 = 1;
pub(crate) const QUEUE_STREAM: u32 = 2;

/// The policy of the topics that lose nothing.
pub(crate) const WAITS: Overflow = Overflow::Block;

/// What a process is told when it is made.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) board: Board,
    pub(crate) seat: usize,
    pub(crate) roles: Vec<Role>,
    pub(crate) seed: u64,
    pub(crate) namespace: String,
}

/// What a role has while it is at work.
pub(crate) struct Work {
    pub(crate) board: Board,
    pub(crate) seat: usize,
    pub(crate) line: Line,
    pub(crate) random: Random,
    pub(crate) pace: Pace,
}

/// How a role spends the time between two frames.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Not at all.
    Spin,
    /// Sleeps now and then.
    Sleep,
    /// Sleeps after each frame: who is never killed leaves the machine to the others.
    Steady,
}

/// Set by SIGTERM.
static END: AtomicU32 = AtomicU32::new(0);

extern "C" fn end(_signal: i32) {
    // ordering: Relaxed, a mark.
    END.store(1, Ordering::Relaxed);
}

impl Work {
    pub(crate) fn new(plan: &Plan, line: usize, pace: Pace) -> Self {
        Self {
            board: plan.board,
            seat: plan.seat,
            line: plan.board.line(plan.seat, line),
            random: Random::new(plan.seed ^ (line as u64) << 56),
            pace,
        }
    }

    /// Whether the process is to end, or the roles of the anchor.
    pub(crate) fn is_over(&self) -> bool {
        // ordering: Relaxed, a mark.
        END.load(Ordering::Relaxed) != 0
            || (self.seat == 0 && self.board.common(Common::Phase).get() > 0)
    }

    /// What is done between two frames.
    pub(crate) fn pause(&mut self) {
        match self.pace {
            Pace::Spin => std::hint::spin_loop(),
            Pace::Sleep if self.random.percent(40) => {
                thread::sleep(Duration::from_micros(self.random.below(400)));
            }
            Pace::Sleep => {}
            Pace::Steady => thread::sleep(Duration::from_micros(100)),
        }
    }

    /// A frame has moved.
    pub(crate) fn moved(&self) {
        self.line.field(Field::Moved).add(1);
    }

    /// Says what must not happen.
    pub(crate) fn complain(&self, field: Field, more: u64, text: impl FnOnce() -> String) {
        self.line.add(field, more);
        self.board.complain(self.seat, &text());
    }

    /// Counts an error that is none of the library's; gives back what must not happen.
    pub(crate) fn expect(&mut self, error: framelane::Error) -> Outcome {
        match error.code() {
            ErrorCode::PoolExhausted => self.line.add(Field::Exhausted, 1),
            ErrorCode::Backpressure => self.line.add(Field::Backpressure, 1),
            ErrorCode::Timeout => return Ok(()),
            _ => return Err(error),
        }
        thread::yield_now();
        self.pause();
        Ok(())
    }

    fn run(mut self, role: Role) {
        self.line.field(Field::Ready).set(1);
        let outcome = match role {
            Role::Publisher => publisher::publish(&mut self),
            Role::Reader => reader::read(&mut self, BROADCAST),
            Role::Relay => relay::relay(&mut self),
            Role::Viewer => reader::read(&mut self, RELAYED),
            Role::Sender => publisher::send(&mut self),
            Role::Subscriber => reader::subscribe(&mut self),
            Role::Producer => queue::produce(&mut self, 0),
            Role::Consumer => queue::consume(&mut self, 0),
            Role::Client => queue::produce(&mut self, 1),
            Role::Worker => queue::consume(&mut self, 1),
        };
        if let Err(error) = outcome {
            self.complain(Field::Errors, 1, || format!("{}: {error}", role.name()));
        }
        self.line.field(Field::Ready).set(0);
    }
}

/// What every process of the harness does first, right after `fork`.
pub(crate) fn begin(name: &str) {
    // SAFETY: asks for a signal when the harness dies.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let mut text = [0_u8; 16];
    let length = name.len().min(15);
    text[..length].copy_from_slice(&name.as_bytes()[..length]);
    // SAFETY: a string with an end.
    unsafe { libc::prctl(libc::PR_SET_NAME, text.as_ptr()) };
    let handler = end as extern "C" fn(i32);
    // SAFETY: the handler stores one word.
    unsafe { libc::signal(libc::SIGTERM, handler as libc::sighandler_t) };
}

/// Settings of this process, as said before its first topic.
pub(crate) fn settle(namespace: &str, max_bytes: u64) {
    let (namespace, max_bytes) = (Some(namespace.to_owned()), Some(max_bytes));
    let said = framelane::configure(Config { namespace, max_bytes, ..Config::default() });
    assert!(said.is_ok(), "nothing was used before");
}

/// A process with the roles of `plan`; it ends when it is told to.
pub(crate) fn run(plan: &Plan) -> ! {
    begin(plan.roles[0].name());
    let mut random = Random::new(plan.seed);
    // Too little for some: what is held and kept is more than there are slots.
    let max_bytes = random.pick(&[48, 64, 96, 256, 4096]) << 10;
    settle(&plan.namespace, max_bytes);
    let pace = if random.percent(25) { Pace::Spin } else { Pace::Sleep };
    thread::scope(|scope| {
        for (line, &role) in plan.roles.iter().enumerate().skip(1) {
            let work = Work::new(plan, line, pace);
            scope.spawn(move || work.run(role));
        }
        Work::new(plan, 0, pace).run(plan.roles[0]);
    });
    process::exit(0);
}
