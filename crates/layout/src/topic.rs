//! The control file of a topic, `t.<name>`, mapped writable by everyone attached.
//!
//! ```text
//! 0x0000  header, fixed             0x0100  shared words, a line each
//! 0x1000  publisher rows            then    subscriber rows, cursors, rings, [claims]
//! ```

use crate::name::Label;
use crate::sync::{AtomicU32, AtomicU64};

/// First eight bytes of a topic file.
pub const MAGIC: u64 = u64::from_le_bytes(*b"FRMLTOPC");
/// Bytes before the publisher rows.
pub const HEADER_BYTES: u64 = 4096;
/// Offset of [`TopicShared`].
pub const SHARED_OFFSET: u64 = 256;
/// Bytes of a publisher row.
pub const PUBLISHER_BYTES: u64 = 128;
/// Bytes of a subscriber row.
pub const SUBSCRIBER_BYTES: u64 = 128;
/// Bytes of a ring cell.
pub const CELL_BYTES: u64 = size_of::<crate::Descriptor>() as u64;
/// Ring cells of a new topic.
pub const CELLS_DEFAULT: u32 = 64;
/// Most ring cells.
pub const CELLS_MAX: u32 = 1024;
/// Publisher entries of a new topic.
pub const PUBLISHERS_DEFAULT: u16 = 16;
/// Most publisher entries: bits of the publisher mask.
pub const PUBLISHERS_MAX: u16 = 64;
/// Subscriber entries of a new topic, and the most there can be: bits of `sleepers`.
pub const SUBSCRIBERS_MAX: u16 = 32;
/// Longest full name, in bytes.
pub const NAME_MAX: usize = 200;

/// What happens to a frame for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Overflow {
    /// It takes the place of the oldest, whether that has been taken or not.
    #[default]
    DropOldest = 0,
    /// It is dropped itself.
    DropNewest = 1,
    /// It must wait.
    Block = 2,
}

/// Who gets a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Delivery {
    /// Every subscriber.
    #[default]
    Broadcast = 0,
    /// One of the consumers, or none if it dies over it.
    AtMostOnce = 1,
    /// One of the consumers, and another one if it does not acknowledge.
    AtLeastOnce = 2,
}

/// How a topic delivers: [`TopicHeader::mode`] is `delivery << 4 | overflow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// What happens when there is no room.
    pub overflow: Overflow,
    /// Who gets a frame.
    pub delivery: Delivery,
}

impl Mode {
    /// The byte in the header.
    #[must_use]
    pub const fn code(self) -> u8 {
        (self.delivery as u8) << 4 | self.overflow as u8
    }

    /// The mode of a byte, or `None` for one of no mode.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        let overflow = match code & 15 {
            0 => Overflow::DropOldest,
            1 => Overflow::DropNewest,
            2 => Overflow::Block,
            _ => return None,
        };
        let delivery = match code >> 4 {
            0 => Delivery::Broadcast,
            1 => Delivery::AtMostOnce,
            2 => Delivery::AtLeastOnce,
            _ => return None,
        };
        Some(Self { overflow, delivery })
    }

    /// Whether each frame goes to one consumer only.
    #[must_use]
    pub const fn is_queue(self) -> bool {
        !matches!(self.delivery, Delivery::Broadcast)
    }

    /// Whether publishers go by how far their subscribers have read.
    #[must_use]
    pub const fn is_lossless(self) -> bool {
        !self.is_queue() && !matches!(self.overflow, Overflow::DropOldest)
    }
}

/// The header's fixed part, written once before the file has a name.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TopicHeader {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`ABI_MAJOR`](crate::ABI_MAJOR).
    pub abi_major: u16,
    /// [`ABI_MINOR`](crate::ABI_MINOR).
    pub abi_minor: u16,
    /// [`ENDIAN_MARK`](crate::ENDIAN_MARK).
    pub endian: u32,
    /// [`LAYOUT_HASH`](crate::LAYOUT_HASH).
    pub layout_hash: u64,
    /// Random; tells two topics of one name apart.
    pub uuid: u64,
    /// Cells of each ring, a power of two.
    pub cells: u32,
    /// Publisher entries.
    pub publishers: u16,
    /// Subscriber entries.
    pub subscribers: u16,
    /// See [`Mode`].
    pub mode: u8,
    /// Code of the [`Kind`](crate::Kind) of every frame.
    pub kind: u8,
    /// Bytes of [`name`](Self::name) in use.
    pub name_len: u8,
    /// Zero.
    pub reserved: [u8; 5],
    /// The full name.
    pub name: [u8; 208],
}

/// A word on a cache line of its own.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Line<T>(pub T);

/// Publisher entries that have ever been taken, and how often one was.
#[derive(Debug)]
#[repr(C)]
pub struct PublisherMask {
    /// Bit `i`: ring `i` has or had a publisher. Never cleared.
    pub mask: AtomicU64,
    /// Raised each time a publisher entry is taken.
    pub epoch: AtomicU32,
}

/// Words for a publisher that waits for its subscribers.
#[derive(Debug)]
#[repr(C)]
pub struct Room {
    /// Raised by a subscriber that advanced while `blocked` was not zero.
    pub seq: AtomicU32,
    /// Bit `j`: a publisher waits for subscriber entry `j`.
    pub blocked: AtomicU32,
}

/// The words that everyone changes by read-modify-write, a cache line each.
#[derive(Debug)]
#[repr(C)]
pub struct TopicShared {
    /// Which rings to read.
    pub publishers: Line<PublisherMask>,
    /// Bit `j`: subscriber entry `j` must not be lapped.
    pub lossless: Line<AtomicU32>,
    /// Bit `j`: subscriber entry `j` sleeps and wants to be woken.
    pub sleepers: Line<AtomicU32>,
    /// Raised at each wake-up; a futex.
    pub wake_seq: Line<AtomicU32>,
    /// See [`Room`].
    pub room: Line<Room>,
    /// Frames of a queue that died with a consumer that had taken them; for people.
    pub lost: Line<AtomicU64>,
}

/// In the process id of an entry: its holder has left in good order. For people, as the id.
pub const LEFT: u32 = 1 << 31;

/// One publisher entry.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct PublisherRow {
    /// Frames this ring has carried: the position of the next one. Alone on its line.
    pub head: Line<AtomicU64>,
    /// Frames the publisher dropped before `depth` said so, for want of memory.
    pub evicted_early: AtomicU64,
    /// `CLOCK_MONOTONIC` when the entry was taken; for people.
    pub since_ns: AtomicU64,
    /// Process id, with [`LEFT`] once it has left; for people.
    pub pid: AtomicU32,
    /// Frames the publisher keeps for slow subscribers.
    pub depth: AtomicU32,
    /// Name of the process; for people.
    pub name: Label,
    /// The FIFO to write a byte to when there may be room, 0: none waits in an event loop.
    pub fifo_id: AtomicU64,
}

/// One subscriber entry.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct SubscriberRow {
    /// The FIFO to write a byte to, 0: the subscriber waits on the futex.
    pub fifo_id: AtomicU64,
    /// `CLOCK_MONOTONIC` when the entry was taken; for people.
    pub since_ns: AtomicU64,
    /// Process id, with [`LEFT`] once it has left; for people.
    pub pid: AtomicU32,
    reserved: AtomicU32,
    /// Name of the process; for people.
    pub name: Label,
    /// Frames received when the subscriber last slept; for people, as the next two.
    pub received: AtomicU64,
    /// Frames that were gone before it could take them.
    pub lapped: AtomicU64,
    /// Descriptors that said something impossible.
    pub rejected: AtomicU64,
    padding: [AtomicU64; 6],
}

#[cfg(not(loom))]
const _: () = {
    assert!(size_of::<TopicHeader>() == 256);
    assert!(core::mem::offset_of!(TopicHeader, layout_hash) == 16);
    assert!(core::mem::offset_of!(TopicHeader, cells) == 32);
    assert!(core::mem::offset_of!(TopicHeader, mode) == 40);
    assert!(core::mem::offset_of!(TopicHeader, kind) == 41);
    assert!(core::mem::offset_of!(TopicHeader, name) == 48);
    assert!(size_of::<TopicShared>() == 6 * 64);
    assert!(core::mem::offset_of!(TopicShared, lossless) == 0x40);
    assert!(core::mem::offset_of!(TopicShared, sleepers) == 0x80);
    assert!(core::mem::offset_of!(TopicShared, wake_seq) == 0xC0);
    assert!(core::mem::offset_of!(TopicShared, room) == 0x100);
    assert!(core::mem::offset_of!(TopicShared, lost) == 0x140);
    assert!(size_of::<PublisherRow>() as u64 == PUBLISHER_BYTES);
    assert!(core::mem::offset_of!(PublisherRow, evicted_early) == 64);
    assert!(core::mem::offset_of!(PublisherRow, fifo_id) == 120);
    assert!(size_of::<SubscriberRow>() as u64 == SUBSCRIBER_BYTES);
    assert!(core::mem::offset_of!(SubscriberRow, received) == 56);
    assert!(size_of::<crate::descriptor::Cell>() as u64 == CELL_BYTES);
};

/// Where everything is in a topic file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicGeometry {
    /// Cells of each ring.
    pub cells: u32,
    /// Publisher entries.
    pub publishers: u16,
    /// Subscriber entries.
    pub subscribers: u16,
    /// Whether there are claims, a word for each cell.
    pub queue: bool,
}

impl TopicGeometry {
    /// The geometry of a new topic that is no queue.
    pub const DEFAULT: Self =
        Self::of(Mode { overflow: Overflow::DropOldest, delivery: Delivery::Broadcast });

    /// The geometry of a new topic.
    #[must_use]
    pub const fn of(mode: Mode) -> Self {
        Self {
            cells: CELLS_DEFAULT,
            publishers: PUBLISHERS_DEFAULT,
            subscribers: SUBSCRIBERS_MAX,
            queue: mode.is_queue(),
        }
    }

    /// The geometry a header states, or `None` where it is out of bounds.
    #[must_use]
    pub fn new(cells: u32, publishers: u16, subscribers: u16, mode: Mode) -> Option<Self> {
        let sound = cells.is_power_of_two()
            && (1..=CELLS_MAX).contains(&cells)
            && (1..=PUBLISHERS_MAX).contains(&publishers)
            && (1..=SUBSCRIBERS_MAX).contains(&subscribers);
        sound.then_some(Self { cells, publishers, subscribers, queue: mode.is_queue() })
    }

    /// Offset of publisher row `entry`.
    #[must_use]
    pub fn publisher_offset(self, entry: u16) -> u64 {
        HEADER_BYTES + PUBLISHER_BYTES * u64::from(entry)
    }

    /// Offset of subscriber row `entry`.
    #[must_use]
    pub fn subscriber_offset(self, entry: u16) -> u64 {
        self.publisher_offset(self.publishers) + SUBSCRIBER_BYTES * u64::from(entry)
    }

    /// Offset of the cursors, 8 bytes for each subscriber and publisher.
    #[must_use]
    pub fn cursors_offset(self) -> u64 {
        self.subscriber_offset(self.subscribers)
    }

    /// Offset of ring `entry`.
    #[must_use]
    pub fn ring_offset(self, entry: u16) -> u64 {
        let cursors = 8 * u64::from(self.subscribers) * u64::from(self.publishers);
        let rings = self.cursors_offset() + cursors.next_multiple_of(CELL_BYTES);
        rings + CELL_BYTES * u64::from(self.cells) * u64::from(entry)
    }

    /// Offset of the claims of ring `entry`, in a queue.
    #[must_use]
    pub fn claims_offset(self, entry: u16) -> u64 {
        self.ring_offset(self.publishers) + 8 * u64::from(self.cells) * u64::from(entry)
    }

    /// Size of the file.
    #[must_use]
    pub fn bytes(self) -> u64 {
        if self.queue { self.claims_offset(self.publishers) } else { self.claims_offset(0) }
    }
}
