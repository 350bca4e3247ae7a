//! What a topic looks like from here, for people. Safe to ask for while everything runs; to
//! look at a pool that is not attached yet, a reader entry is taken for the moment.

use framelane_layout::name::Label;
use framelane_layout::pool::{ReaderRow, SlotLine};
use framelane_layout::sync::Ordering;
use framelane_layout::topic::LEFT;
use framelane_pool::{ReaderPool, word};
use framelane_shm::{Result, process_name};

use crate::file::TopicFile;
use crate::peer::OpenTopic;

/// A process that holds slots of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What the kernel calls the process.
    pub process: String,
    /// Its process id.
    pub pid: u32,
    /// `CLOCK_MONOTONIC` when it attached to the pool or made it, nanoseconds.
    pub since_ns: u64,
    /// Slots it holds.
    pub slots: u32,
}

/// A pool that the topic's rings name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolView {
    /// The pool's id.
    pub id: u64,
    /// Slots it has.
    pub slots: u32,
    /// Bytes of a slot.
    pub slot_bytes: u64,
    /// Whether this process owns it.
    pub mine: bool,
    /// Slots with memory behind them; only the owner knows.
    pub backed: Option<u32>,
    /// Slots that could be loaned at once; only the owner knows.
    pub free: Option<u32>,
    /// Slots that only readers hold; only the owner knows.
    pub draining: Option<u32>,
    /// Whether the owner has died: the frames stay readable, and no slot is filled again.
    pub relic: bool,
    /// Who holds slots. What the owner holds (its rings, loans and own subscribers) only the
    /// owner knows.
    pub holders: Vec<Holder>,
}

/// A publisher entry that is or was in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherView {
    /// Its number.
    pub entry: u16,
    /// What the kernel calls the process.
    pub process: String,
    /// Its process id.
    pub pid: u32,
    /// `CLOCK_MONOTONIC` when it took the entry, nanoseconds.
    pub since_ns: u64,
    /// Frames the ring has carried.
    pub sent: u64,
    /// Frames the publisher let go early for want of memory.
    pub evicted_early: u64,
    /// Frames it keeps for slow subscribers; 0 before its first.
    pub depth: u32,
    /// Whether it still lives.
    pub alive: bool,
}

/// A subscriber entry in use. Subscribers that never sleep have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberView {
    /// Its number.
    pub entry: u16,
    /// What the kernel calls the process.
    pub process: String,
    /// Its process id.
    pub pid: u32,
    /// `CLOCK_MONOTONIC` when it took the entry, nanoseconds.
    pub since_ns: u64,
    /// Frames received when it last slept, as the next two.
    pub received: u64,
    /// Frames that were gone before it could take them.
    pub lapped: u64,
    /// Descriptors that said something impossible.
    pub rejected: u64,
}

/// A topic as seen from this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicStats {
    /// Publisher entries.
    pub publishers: Vec<PublisherView>,
    /// Subscriber entries.
    pub subscribers: Vec<SubscriberView>,
    /// Pools.
    pub pools: Vec<PoolView>,
    /// Frames of a queue that died with a consumer that had taken them.
    pub lost: u64,
    /// Names of doorbells that were found to lead to something else, by this process in this
    /// directory.
    pub bells_refused: u64,
}

impl TopicStats {
    /// Looks at `topic`.
    ///
    /// # Errors
    /// The operating system refuses to say who lives.
    pub fn of(topic: &OpenTopic) -> Result<Self> {
        let named = topic.rings_in_use().flat_map(|entry| topic.ring(entry).standing());
        let mut named: Vec<u64> = named.map(|descriptor| descriptor.pool_id).collect();
        named.sort_unstable();
        named.dedup();
        Ok(Self {
            publishers: publishers(topic)?,
            subscribers: subscribers(topic)?,
            pools: pools(topic, &named),
            // ordering: Relaxed, for people.
            lost: topic.shared().lost.0.load(Ordering::Relaxed),
            bells_refused: topic.peer().ringer().refused(),
        })
    }
}

/// The publisher entries that are or were in use.
pub(crate) fn publishers(topic: &TopicFile) -> Result<Vec<PublisherView>> {
    let view = |entry| {
        let row = topic.publisher_row(entry);
        Ok(PublisherView {
            entry,
            process: text(&row.name),
            pid: row.pid.load(Ordering::Relaxed) & !LEFT, // ordering: for people
            since_ns: row.since_ns.load(Ordering::Relaxed), // ordering: for people
            sent: topic.ring(entry).head(),
            evicted_early: row.evicted_early.load(Ordering::Relaxed), // ordering: for people
            depth: row.depth.load(Ordering::Relaxed),                 // ordering: for people
            alive: topic.publisher_lives(entry)?,
        })
    };
    topic.rings_in_use().map(view).collect()
}

/// The subscriber entries in use.
pub(crate) fn subscribers(topic: &TopicFile) -> Result<Vec<SubscriberView>> {
    let mut views = Vec::new();
    for (row, entry) in topic.subscriber_rows().iter().zip(0..) {
        if topic.subscriber_lives(entry)? {
            views.push(SubscriberView {
                entry,
                process: text(&row.name),
                pid: row.pid.load(Ordering::Relaxed), // ordering: for people
                since_ns: row.since_ns.load(Ordering::Relaxed), // ordering: for people
                received: row.received.load(Ordering::Relaxed), // ordering: for people
                lapped: row.lapped.load(Ordering::Relaxed), // ordering: for people
                rejected: row.rejected.load(Ordering::Relaxed), // ordering: for people
            });
        }
    }
    Ok(views)
}

/// The pools in `named`, as far as this process can attach to them.
fn pools(topic: &OpenTopic, named: &[u64]) -> Vec<PoolView> {
    let mut views = Vec::new();
    for &id in named {
        if let Some(pool) = topic.peer().own_pool(id) {
            let stats = pool.stats();
            let mine = stats.backed - stats.free - stats.draining;
            let mut holders = holders(pool.lines(), pool.reader_rows());
            if mine > 0 {
                let (process, pid) = (process_name(), std::process::id());
                holders.insert(0, Holder { process, pid, since_ns: pool.made_ns(), slots: mine });
            }
            views.push(PoolView {
                id,
                slots: pool.geometry().slot_count,
                slot_bytes: pool.geometry().slot_stride,
                mine: true,
                backed: Some(stats.backed),
                free: Some(stats.free),
                draining: Some(stats.draining),
                relic: false,
                holders,
            });
        } else if let Some(pool) = topic.peer().reader_pool(id).ok().flatten() {
            views.push(reader_view(&pool));
        }
    }
    views
}

fn reader_view(pool: &ReaderPool) -> PoolView {
    PoolView {
        id: pool.id(),
        slots: pool.geometry().slot_count,
        slot_bytes: pool.geometry().slot_stride,
        mine: false,
        backed: None,
        free: None,
        draining: None,
        // Who cannot be asked is taken to live.
        relic: !pool.owner_lives().unwrap_or(true),
        holders: holders(pool.lines(), pool.reader_rows()),
    }
}

/// Who holds how many slots.
pub(crate) fn holders(lines: &[SlotLine], rows: &[ReaderRow]) -> Vec<Holder> {
    let held = |entry: usize| {
        lines.iter().filter(move |line| word::holders(line) >> entry & 1 == 1).count()
    };
    let view = |(entry, row): (usize, &ReaderRow)| {
        let slots = u32::try_from(held(entry)).unwrap_or(u32::MAX);
        let pid = row.pid.load(Ordering::Relaxed); // ordering: for people
        let since_ns = row.since_ns.load(Ordering::Relaxed); // ordering: for people
        (slots > 0).then(|| Holder { process: text(&row.name), pid, since_ns, slots })
    };
    rows.iter().enumerate().filter_map(view).collect()
}

pub(crate) fn text(label: &Label) -> String {
    until_zero(&label.get())
}

pub(crate) fn until_zero(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
