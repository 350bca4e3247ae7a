//! All topics and pools of a directory as anybody may see them: who publishes, who waits, who
//! holds which slot since when, what the dead have left. Nothing is claimed or written; what is
//! seen may have changed when it is read.

use std::collections::{BTreeMap, BTreeSet};

use framelane_layout::Kind;
use framelane_layout::pool::READERS;
use framelane_layout::sync::Ordering;
use framelane_layout::topic::Mode;
use framelane_pool::{PoolSight, parse_name, word};
use framelane_shm::{Access, Directory, Result};

use crate::file::TopicFile;
use crate::peer::Settings;
use crate::stats::{self, PublisherView, SubscriberView};

/// A directory as seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Every topic that this release can read, by name.
    pub topics: Vec<TopicSeen>,
    /// Every pool that this release can read, by id.
    pub pools: Vec<PoolSeen>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSeen {
    /// Its name.
    pub name: String,
    /// The kind of its frames.
    pub kind: Kind,
    /// How it delivers.
    pub mode: Mode,
    /// Publisher entries that are or were in use.
    pub publishers: Vec<PublisherView>,
    /// Subscriber entries in use.
    pub subscribers: Vec<SubscriberView>,
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSeen {
    /// Its id.
    pub id: u64,
    /// What the kernel called the process that made it.
    pub process: String,
    /// That process's id.
    pub pid: u32,
    /// `CLOCK_MONOTONIC` when it was made, nanoseconds.
    pub since_ns: u64,
    /// Whether the owner has died: its frames can be read, and no slot is filled again.
    pub relic: bool,
    /// Bytes of a slot.
    pub slot_bytes: u64,
    /// Bytes of its slots that have memory behind them.
    pub resident_bytes: u64,
    /// Topics whose rings name it.
    pub topics: Vec<String>,
    /// Its slots, by number.
    pub slots: Vec<SlotSeen>,
    /// The processes that have attached to it.
    pub readers: Vec<ReaderSeen>,
}

/// A slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotSeen {
    /// Which frame it holds or held last.
    pub generation: u32,
    /// Bit `r`: reader entry `r` holds it.
    pub held_by: u32,
    /// What can be said of it from outside.
    pub state: SlotState,
}

/// What can be said of a slot from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// A reader holds it.
    Held,
    /// A ring names its frame, and no reader holds it.
    InRing,
    /// Free, never used, or on loan: which of them only its owner knows.
    Owners,
}

/// A process attached to a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderSeen {
    /// Its reader entry.
    pub entry: u32,
    /// What the kernel calls the process.
    pub process: String,
    /// Its process id.
    pub pid: u32,
    /// `CLOCK_MONOTONIC` when it attached, nanoseconds.
    pub since_ns: u64,
    /// `false`: it has died, and what it held is given back when it is needed.
    pub alive: bool,
    /// Slots it holds.
    pub slots: u32,
}

/// Which slots of which pools the rings name, and in which topics.
#[derive(Default)]
struct Named {
    frames: BTreeSet<(u64, u16, u32)>,
    topics: BTreeMap<u64, BTreeSet<String>>,
}

impl Inspection {
    /// Looks at the directory that `settings` name.
    ///
    /// # Errors
    /// What opening a directory can say, or the operating system refuses to say who lives.
    pub fn of(settings: &Settings) -> Result<Self> {
        // Not as a peer, which would begin with removing what is to be seen.
        let Settings { dir, namespace, group, .. } = settings;
        let directory = Directory::open_shared(dir, namespace, *group)?;
        let seen = Self::look(&directory);
        // It may have been made for this.
        directory.remove_if_empty();
        seen
    }

    fn look(directory: &Directory) -> Result<Self> {
        let names = directory.names()?;
        let mut named = Named::default();
        let mut topics = Vec::new();
        for name in names.iter().filter(|name| name.starts_with("t.")) {
            topics.extend(topic(directory, name, &mut named)?);
        }
        let ids = names.iter().filter_map(|name| parse_name(name));
        let ids: BTreeSet<u64> = ids.filter_map(|(id, control)| control.then_some(id)).collect();
        let mut pools = Vec::new();
        for id in ids {
            // As with topics: what cannot be opened is left out.
            if let Ok(Some(sight)) = PoolSight::open(directory, id) {
                pools.push(pool(&sight, &named)?);
            }
        }
        topics.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self { topics, pools })
    }
}

fn topic(directory: &Directory, name: &str, named: &mut Named) -> Result<Option<TopicSeen>> {
    let Ok(Some(file)) = directory.open_file(name, Access::Read) else { return Ok(None) };
    let Some(topic) = TopicFile::look(file)? else { return Ok(None) };
    for entry in topic.rings_in_use() {
        for descriptor in topic.ring(entry).standing() {
            let (id, slot, generation) =
                (descriptor.pool_id, descriptor.slot, descriptor.generation);
            named.frames.insert((id, slot, generation));
            named.topics.entry(id).or_default().insert(topic.name().into());
        }
    }
    Ok(Some(TopicSeen {
        name: topic.name().into(),
        kind: topic.kind(),
        mode: topic.mode(),
        publishers: stats::publishers(&topic)?,
        subscribers: stats::subscribers(&topic)?,
    }))
}

fn pool(sight: &PoolSight, named: &Named) -> Result<PoolSeen> {
    let header = sight.header();
    let id = header.pool_id;
    let slots = (0..).zip(sight.lines()).map(|(slot, line)| {
        // ordering: Relaxed, for people.
        let word = line.word.load(Ordering::Relaxed);
        let (generation, held_by) = (word::generation(word), word::readers(word));
        let state = match held_by {
            0 if named.frames.contains(&(id, slot, generation)) => SlotState::InRing,
            0 => SlotState::Owners,
            _ => SlotState::Held,
        };
        SlotSeen { generation, held_by, state }
    });
    let slots: Vec<SlotSeen> = slots.collect();
    Ok(PoolSeen {
        id,
        process: stats::until_zero(&header.creator_name),
        pid: header.creator_pid,
        since_ns: header.created_ns,
        relic: !sight.owner_lives()?,
        slot_bytes: sight.geometry().slot_stride,
        resident_bytes: sight.resident_bytes(),
        topics: named.topics.get(&id).into_iter().flatten().cloned().collect(),
        readers: readers(sight, &slots)?,
        slots,
    })
}

fn readers(sight: &PoolSight, slots: &[SlotSeen]) -> Result<Vec<ReaderSeen>> {
    let mut seen = Vec::new();
    for (entry, row) in (0..READERS).zip(sight.reader_rows()) {
        let held = slots.iter().filter(|slot| slot.held_by >> entry & 1 == 1).count();
        let alive = sight.reader_lives(entry)?;
        if alive || held > 0 {
            seen.push(ReaderSeen {
                entry,
                process: stats::text(&row.name),
                pid: row.pid.load(Ordering::Relaxed), // ordering: for people
                since_ns: row.since_ns.load(Ordering::Relaxed), // ordering: for people
                alive,
                slots: u32::try_from(held).unwrap_or(u32::MAX),
            });
        }
    }
    Ok(seen)
}
