//! A topic's control file, opened once per process.

use std::ptr::NonNull;
use std::thread;
use std::time::{Duration, Instant};

use framelane_layout::descriptor::Cell;
use framelane_layout::header::{HeaderError, check_topic, topic_name};
use framelane_layout::lock::{TOPIC_PUBLISHER, TOPIC_SUBSCRIBER};
use framelane_layout::sync::{AtomicU64, Ordering};
use framelane_layout::topic::{
    Delivery, HEADER_BYTES, MAGIC, Mode, Overflow, PUBLISHERS_MAX, PublisherRow, SHARED_OFFSET,
    SubscriberRow, TopicGeometry, TopicHeader, TopicShared,
};
use framelane_layout::{
    ABI_MAJOR, ABI_MINOR, ENDIAN_MARK, ErrorCode, Kind, LAYOUT_HASH, name, sync,
};
use framelane_ring::{Broadcast, Entries, Lossless, RoomWaiters, Waiters, WorkQueue};
use framelane_shm::{Access, Directory, Error, Mapping, Result, SharedFile, random_id};

use crate::roll::Row;

/// How long to wait for a cleaner to make up its mind about the file.
const BUSY: Duration = Duration::from_secs(1);

/// Name of the file of topic `name`: `/` cannot stand in a file name, `+` not in a topic's.
pub(crate) fn file_name(name: &str) -> String {
    format!("t.{}", name.replace('/', "+"))
}

/// An open topic.
#[derive(Debug)]
pub struct TopicFile {
    name: String,
    kind: Kind,
    mode: Mode,
    geometry: TopicGeometry,
    file: SharedFile,
    mapping: Mapping,
    /// Where each ring is in `mapping`, looked up once.
    rings: Box<[RingPlace]>,
}

/// Addresses in a mapping that lives as long as the topic they are kept in.
#[derive(Debug)]
struct RingPlace {
    head: NonNull<AtomicU64>,
    cells: NonNull<[Cell]>,
}

// SAFETY: what the addresses lead to is atomic, and may be used by any thread.
unsafe impl Send for RingPlace {}
// SAFETY: as above.
unsafe impl Sync for RingPlace {}

impl TopicFile {
    /// Opens the topic, making it where it is missing.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidName`], [`ErrorCode::TopicMismatch`] where it carries another
    /// kind or in another mode, [`ErrorCode::Corrupt`] and [`ErrorCode::LayoutVersion`] for a
    /// file that is not a topic of this layout, [`ErrorCode::NoSpace`].
    pub(crate) fn open(directory: &Directory, topic: &str, kind: Kind, mode: Mode) -> Result<Self> {
        name::check_topic(topic).map_err(|error| {
            let text = format!("{topic:?} cannot name a topic: {}", error.rule());
            Error::new(ErrorCode::InvalidName, text)
        })?;
        let file_name = file_name(topic);
        let start = Instant::now();
        loop {
            if let Some(file) = directory.open_file(&file_name, Access::ReadWrite)? {
                // Attach first, then look whether it still has its name: a cleaner that was
                // faster has removed it under an exclusive lock.
                if file.attach()? && file.is_linked()? {
                    return Self::attach(file, topic, kind, mode);
                }
            } else if let Some(file) = create(directory, &file_name, topic, kind, mode)? {
                return Self::attach(file, topic, kind, mode);
            }
            if start.elapsed() > BUSY {
                let text = format!("topic {topic} is being removed by another process; try again");
                return Err(Error::new(ErrorCode::Busy, text));
            }
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Opens the topic if it is there.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn find(
        directory: &Directory,
        topic: &str,
        kind: Kind,
        mode: Mode,
    ) -> Result<Option<Self>> {
        match directory.open_file(&file_name(topic), Access::ReadWrite)? {
            Some(file) if file.attach()? && file.is_linked()? => {
                Self::attach(file, topic, kind, mode).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn attach(file: SharedFile, topic: &str, kind: Kind, mode: Mode) -> Result<Self> {
        let (mapping, header, geometry) = map(&file, true)?;
        if topic_name(&header) != topic.as_bytes() {
            return Err(corrupt(file.name(), "it holds a topic of another name"));
        }
        let exists = Kind::from_code(header.kind).map_or("unknown", Kind::name);
        let is = Mode::from_code(header.mode).map_or("in an unknown mode", mode_name);
        let same = header.kind == kind as u8 && header.mode == mode.code();
        if !same {
            return Err(mismatch(topic, (exists, is), (kind.name(), mode_name(mode))));
        }
        Ok(Self::over(file, mapping, &header, (kind, mode), geometry))
    }

    /// A look at the topic in `file`: nothing is claimed, nothing may be written. `None` where it
    /// is none that this release knows.
    pub(crate) fn look(file: SharedFile) -> Result<Option<Self>> {
        let (mapping, header, geometry) = match map(&file, false) {
            Err(error) if error.code() != ErrorCode::System => return Ok(None),
            other => other?,
        };
        let known = Kind::from_code(header.kind).zip(Mode::from_code(header.mode));
        Ok(known.map(|known| Self::over(file, mapping, &header, known, geometry)))
    }

    fn over(
        file: SharedFile,
        mapping: Mapping,
        header: &TopicHeader,
        (kind, mode): (Kind, Mode),
        geometry: TopicGeometry,
    ) -> Self {
        let name = String::from_utf8_lossy(topic_name(header)).into_owned();
        let place = |entry| {
            let row: &PublisherRow = mapping.get(geometry.publisher_offset(entry));
            let cells: &[Cell] = mapping.slice(geometry.ring_offset(entry), geometry.cells);
            RingPlace { head: NonNull::from(&row.head.0), cells: NonNull::from(cells) }
        };
        let rings = (0..geometry.publishers).map(place).collect();
        Self { name, kind, mode, geometry, file, mapping, rings }
    }

    /// The topic's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of its frames.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How it delivers.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the file still has its name: without it, who opens the topic next makes another.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(crate) fn has_name(&self) -> Result<bool> {
        self.file.is_linked()
    }

    pub(crate) fn geometry(&self) -> TopicGeometry {
        self.geometry
    }

    pub(crate) fn shared(&self) -> &TopicShared {
        self.mapping.get(SHARED_OFFSET)
    }

    pub(crate) fn publisher_row(&self, entry: u16) -> &PublisherRow {
        self.mapping.get(self.geometry.publisher_offset(entry))
    }

    pub(crate) fn subscriber_rows(&self) -> &[SubscriberRow] {
        let offset = self.geometry.subscriber_offset(0);
        self.mapping.slice(offset, self.geometry.subscribers.into())
    }

    /// The entries that have or had a publisher, as bits; others that are set mean nothing.
    #[inline]
    pub(crate) fn ring_mask(&self) -> u64 {
        self.entries().taken() & (u64::MAX >> (64 - self.geometry.publishers))
    }

    /// The same as numbers.
    pub(crate) fn rings_in_use(&self) -> impl Iterator<Item = u16> + use<> {
        let mask = self.ring_mask();
        (0..self.geometry.publishers).filter(move |&entry| mask >> entry & 1 == 1)
    }

    #[inline]
    pub(crate) fn ring(&self, entry: u16) -> Broadcast<'_> {
        let place = &self.rings[usize::from(entry)];
        // SAFETY: in `self.mapping`, which is never changed and lives as long as `self`.
        let cells = unsafe { place.cells.as_ref() };
        // SAFETY: as above.
        let head = unsafe { place.head.as_ref() };
        Broadcast::new(cells, head)
    }

    #[inline]
    pub(crate) fn entries(&self) -> Entries<'_> {
        Entries::new(&self.shared().publishers.0.mask)
    }

    pub(crate) fn waiters(&self) -> Waiters<'_> {
        let shared = self.shared();
        Waiters {
            sleepers: &shared.sleepers.0,
            wake_seq: &shared.wake_seq.0,
            rows: self.subscriber_rows(),
        }
    }

    /// Writers that wait for room, in a topic where they can.
    pub(crate) fn room(&self) -> RoomWaiters<'_> {
        RoomWaiters(&self.shared().room.0)
    }

    /// How far the readers are that must not be lapped.
    pub(crate) fn lossless(&self) -> Lossless<'_> {
        let (publishers, subscribers) = (self.geometry.publishers, self.geometry.subscribers);
        let count = u32::from(publishers) * u32::from(subscribers);
        Lossless {
            mask: &self.shared().lossless.0,
            cursors: self.mapping.slice(self.geometry.cursors_offset(), count),
            rings: publishers,
        }
    }

    /// The claims on ring `entry`, in a queue.
    pub(crate) fn queue(&self, entry: u16) -> WorkQueue<'_> {
        let offset = self.geometry.claims_offset(entry);
        WorkQueue::new(self.mapping.slice(offset, self.geometry.cells))
    }

    /// Clears what the holder of subscriber entry `entry`, whose lock is held, leaves. Those who
    /// wait for it are told by the caller, without the lock.
    fn clear_subscriber(&self, entry: u16) {
        self.waiters().withdraw(entry);
        if self.mode.is_lossless() {
            self.lossless().leave(entry);
        }
        if self.mode.is_queue() {
            let lose = self.mode.delivery == Delivery::AtMostOnce;
            let rings = 0..self.geometry.publishers;
            let taken: u64 =
                rings.map(|ring| u64::from(self.queue(ring).recover(entry, lose))).sum();
            if lose && taken > 0 {
                // ordering: Relaxed, for people.
                self.shared().lost.0.fetch_add(taken, Ordering::Relaxed);
            }
        }
    }

    /// Clears what subscriber entry `entry` left if it is dead; whether it is.
    pub(crate) fn bury_subscriber(&self, entry: u16) -> Result<bool> {
        let byte = TOPIC_SUBSCRIBER + u64::from(entry);
        if cfg!(feature = "bug-no-bury") {
            return Ok(false);
        }
        if cfg!(feature = "bug-bury-without-lock") {
            self.clear_subscriber(entry);
        }
        self.file.borrow(byte, || {
            Row::of_subscriber(&self.subscriber_rows()[usize::from(entry)]).note(&self.name);
            self.clear_subscriber(entry);
        })
    }

    /// Takes a free publisher entry. `recover` runs with its number while it is locked.
    pub(crate) fn claim_publisher(&self, recover: impl Fn(u16)) -> Result<u16> {
        let clear = |entry| {
            Row::of_publisher(self.publisher_row(entry)).note(&self.name);
            recover(entry);
        };
        self.claim(TOPIC_PUBLISHER, self.geometry.publishers, "publishers", clear)
    }

    /// Takes a free subscriber entry, cleared of what a dead subscriber left.
    pub(crate) fn claim_subscriber(&self) -> Result<u16> {
        let count = self.geometry.subscribers;
        let clear = |entry| {
            Row::of_subscriber(&self.subscriber_rows()[usize::from(entry)]).note(&self.name);
            self.clear_subscriber(entry);
        };
        self.claim(TOPIC_SUBSCRIBER, count, "waiting subscribers", clear)
    }

    fn claim(&self, first: u64, count: u16, who: &str, recover: impl Fn(u16)) -> Result<u16> {
        for entry in 0..count {
            if self.file.claim(first + u64::from(entry), || recover(entry))? {
                return Ok(entry);
            }
        }
        let text = format!("topic {} has {count} {who} already", self.name);
        Err(Error::new(ErrorCode::Limit, text))
    }

    pub(crate) fn release_publisher(&self, entry: u16) {
        let row = Row::of_publisher(self.publisher_row(entry));
        self.file.release(TOPIC_PUBLISHER + u64::from(entry), || row.leave());
    }

    pub(crate) fn release_subscriber(&self, entry: u16) {
        self.file.release(TOPIC_SUBSCRIBER + u64::from(entry), || {
            Row::of_subscriber(&self.subscriber_rows()[usize::from(entry)]).leave();
            self.clear_subscriber(entry);
        });
    }

    pub(crate) fn publisher_lives(&self, entry: u16) -> Result<bool> {
        self.file.is_held(TOPIC_PUBLISHER + u64::from(entry))
    }

    pub(crate) fn subscriber_lives(&self, entry: u16) -> Result<bool> {
        self.file.is_held(TOPIC_SUBSCRIBER + u64::from(entry))
    }
}

/// Whether a file begins as a topic of any release does: enough to remove it when nobody has
/// it open, for the lock that says so is the same in all of them.
pub(crate) fn is_topic(file: &SharedFile) -> Result<bool> {
    if file.bytes()? < HEADER_BYTES {
        return Ok(false);
    }
    // SAFETY: an integer, valid for any bytes.
    Ok(unsafe { file.map(HEADER_BYTES, false)?.copy::<u64>(0) } == MAGIC)
}

/// Every pool that a cell of the topic in `file` names; none where it is not a topic.
///
/// # Errors
/// It cannot be read, or is of another layout: what it names is not known.
pub(crate) fn named_pools(file: &SharedFile) -> Result<Vec<u64>> {
    let (mapping, _, geometry) = match map(file, false) {
        Err(error) if error.code() == ErrorCode::Corrupt => return Ok(Vec::new()),
        other => other?,
    };
    let rings = (0..geometry.publishers).map(|entry| ring(&mapping, geometry, entry));
    Ok(rings.flat_map(|ring| ring.standing()).map(|descriptor| descriptor.pool_id).collect())
}

fn ring(mapping: &Mapping, geometry: TopicGeometry, entry: u16) -> Broadcast<'_> {
    let row: &PublisherRow = mapping.get(geometry.publisher_offset(entry));
    let cells = mapping.slice(geometry.ring_offset(entry), geometry.cells);
    Broadcast::new(cells, &row.head.0)
}

fn map(file: &SharedFile, writable: bool) -> Result<(Mapping, TopicHeader, TopicGeometry)> {
    let bytes = file.bytes()?;
    if bytes < HEADER_BYTES {
        return Err(corrupt(file.name(), "it is too short"));
    }
    // Only the header before it is checked: the size of the file is not to be believed, either.
    let head = file.map(HEADER_BYTES, false)?;
    // SAFETY: integers and bytes, valid for any bytes.
    let header: TopicHeader = unsafe { head.copy(0) };
    let geometry =
        check_topic(&header, bytes).map_err(|error| refusal(file.name(), &header, error))?;
    Ok((file.map(bytes, writable)?, header, geometry))
}

fn refusal(name: &str, header: &TopicHeader, error: HeaderError) -> Error {
    match error {
        HeaderError::Short => corrupt(name, "it is too short"),
        HeaderError::Magic => corrupt(name, "it does not begin as a topic does"),
        HeaderError::Contradiction => corrupt(name, "its header contradicts its size"),
        HeaderError::Mode => {
            // Of a later release: what it names is not known, so nothing may be removed.
            let text = format!("{name} is in a mode that this release does not know");
            Error::new(ErrorCode::TopicMismatch, text)
        }
        HeaderError::Layout => {
            let text = format!(
                "{name} has layout {}.{} ({:016x}), this release of framelane \
                 {ABI_MAJOR}.{ABI_MINOR} ({LAYOUT_HASH:016x}); let all processes use one release",
                header.abi_major, header.abi_minor, header.layout_hash
            );
            Error::new(ErrorCode::LayoutVersion, text)
        }
    }
}

fn create(
    directory: &Directory,
    file_name: &str,
    topic: &str,
    kind: Kind,
    mode: Mode,
) -> Result<Option<SharedFile>> {
    let geometry = TopicGeometry::of(mode);
    let mut name = [0; 208];
    name[..topic.len()].copy_from_slice(topic.as_bytes());
    let header = TopicHeader {
        magic: MAGIC,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        endian: ENDIAN_MARK,
        layout_hash: LAYOUT_HASH,
        uuid: random_id()?,
        cells: geometry.cells,
        publishers: geometry.publishers,
        subscribers: geometry.subscribers,
        mode: mode.code(),
        kind: kind as u8,
        name_len: u8::try_from(topic.len()).unwrap_or(u8::MAX),
        reserved: [0; 5],
        name,
    };
    directory.create(file_name, geometry.bytes(), geometry.bytes(), |_, mapping| {
        let pointer = mapping.pointer(0, size_of::<TopicHeader>() as u64);
        sync::step();
        // SAFETY: inside the mapping, page-aligned, and nobody else can see the file yet.
        unsafe { pointer.cast::<TopicHeader>().write(header) };
        Ok(())
    })
}

/// What a topic of this mode is called in an error.
pub(crate) fn mode_name(mode: Mode) -> &'static str {
    match (mode.delivery, mode.overflow) {
        (Delivery::Broadcast, Overflow::DropOldest) => "with overflow drop-oldest",
        (Delivery::Broadcast, Overflow::DropNewest) => "with overflow drop-newest",
        (Delivery::Broadcast, Overflow::Block) => "with overflow block",
        (Delivery::AtMostOnce, Overflow::DropOldest) => "as a queue that drops the oldest",
        (Delivery::AtMostOnce, Overflow::DropNewest) => "as a queue that drops the newest",
        (Delivery::AtMostOnce, Overflow::Block) => "as a queue",
        (Delivery::AtLeastOnce, Overflow::DropOldest) => {
            "as a queue with acknowledgement that drops the oldest"
        }
        (Delivery::AtLeastOnce, Overflow::DropNewest) => {
            "as a queue with acknowledgement that drops the newest"
        }
        (Delivery::AtLeastOnce, Overflow::Block) => "as a queue with acknowledgement",
    }
}

/// A topic that is another than the one asked for.
pub(crate) fn mismatch(topic: &str, is: (&str, &str), asked: (&str, &str)) -> Error {
    let text = format!(
        "topic {topic} carries {} {}, not {} {}; every process must open it the same way",
        is.0, is.1, asked.0, asked.1
    );
    Error::new(ErrorCode::TopicMismatch, text)
}

fn corrupt(name: &str, why: &str) -> Error {
    Error::new(ErrorCode::Corrupt, format!("{name} is not a usable topic: {why}; remove it"))
}

const _: () = assert!(PUBLISHERS_MAX <= 64, "bits of the publisher mask");
