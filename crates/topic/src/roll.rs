//! Who takes part in a topic, asked now and then: whoever was there and is not any more, without
//! having left, has died. For people who want to be told; nothing is decided on it.

use framelane_layout::name::Label;
use framelane_layout::sync::{AtomicU32, AtomicU64, Ordering};
use framelane_layout::topic::{LEFT, PublisherRow, SubscriberRow};
use framelane_shm::note_death;

use crate::file::TopicFile;
use crate::stats;

/// How often to ask.
const EVERY_NS: u64 = 1_000_000_000;

/// What one side of a topic knows of the others.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    /// When it asked first; 0: it has not.
    first_ns: u64,
    due_ns: u64,
    /// Publisher entries that were held when it asked last, as bits.
    publishers: u64,
    /// Subscriber entries that were held when it asked last, as bits.
    subscribers: u64,
}

impl Roll {
    /// Asks, if it is time.
    pub(crate) fn call(&mut self, topic: &TopicFile, now_ns: u64) {
        if now_ns < self.due_ns {
            return;
        }
        self.due_ns = now_ns.saturating_add(EVERY_NS);
        if self.first_ns == 0 {
            self.first_ns = now_ns;
        }
        for entry in topic.rings_in_use() {
            let lives = || topic.publisher_lives(entry).unwrap_or(true);
            let row = Row::of_publisher(topic.publisher_row(entry));
            ask(&row, entry, &mut self.publishers, self.first_ns, lives, topic.name());
        }
        for (row, entry) in topic.subscriber_rows().iter().zip(0..) {
            let lives = || topic.subscriber_lives(entry).unwrap_or(true);
            let row = Row::of_subscriber(row);
            ask(&row, entry, &mut self.subscribers, self.first_ns, lives, topic.name());
        }
    }
}

/// Asks for one entry. Who cannot be asked is taken to live.
fn ask(
    row: &Row<'_>,
    entry: u16,
    seen: &mut u64,
    first_ns: u64,
    lives: impl Fn() -> bool,
    topic: &str,
) {
    let bit = 1 << entry;
    // Who has left needs no question, and neither has an entry that nobody has had.
    if row.has_left() {
        *seen &= !bit;
    } else if lives() {
        *seen |= bit;
    } else if *seen & bit != 0 || row.since_ns() >= first_ns {
        *seen &= !bit;
        // Looked at once more, for it may have left between the two looks.
        row.note(topic);
    }
}

/// What people are told of the holder of an entry.
pub(crate) struct Row<'a> {
    pid: &'a AtomicU32,
    since_ns: &'a AtomicU64,
    name: &'a Label,
}

impl<'a> Row<'a> {
    pub(crate) fn of_publisher(row: &'a PublisherRow) -> Self {
        Self { pid: &row.pid, since_ns: &row.since_ns, name: &row.name }
    }

    pub(crate) fn of_subscriber(row: &'a SubscriberRow) -> Self {
        Self { pid: &row.pid, since_ns: &row.since_ns, name: &row.name }
    }

    /// Whether nobody has had the entry, or the last one left it in good order.
    fn has_left(&self) -> bool {
        // ordering: Relaxed, for people; the other side is `leave`.
        let pid = self.pid.load(Ordering::Relaxed);
        pid == 0 || pid & LEFT != 0
    }

    fn since_ns(&self) -> u64 {
        self.since_ns.load(Ordering::Relaxed) // ordering: for people
    }

    /// Holder of the entry: leaves it in good order.
    pub(crate) fn leave(&self) {
        // ordering: Relaxed, for people; the lock that is held says who writes.
        self.pid.fetch_or(LEFT, Ordering::Relaxed);
    }

    /// Notes the death of the last holder, who is known not to hold the entry any more, unless
    /// it left in good order.
    pub(crate) fn note(&self, topic: &str) {
        if !self.has_left() {
            let pid = self.pid.load(Ordering::Relaxed); // ordering: for people
            note_death(pid, self.since_ns(), stats::text(self.name), Some(topic));
        }
    }
}
