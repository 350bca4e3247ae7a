//! The two files of a pool. `p.<id>.c`, the control file, is mapped writable by everyone
//! attached; `p.<id>.d`, the data file, only by the owner. A pool never changes its
//! geometry.
//!
//! ```text
//! control   0 header | 1024 reader rows, 64 B each | 4096 slot lines, 64 B each
//! data      0 slot headers, 512 B each | page-aligned slots
//! ```

use crate::name::Label;
use crate::slot::SLOT_HEADER_BYTES;
use crate::sync::{AtomicU32, AtomicU64};
use crate::{PAGE, page_align};

/// First eight bytes of a control file.
pub const MAGIC: u64 = u64::from_le_bytes(*b"FRMLPOOL");
/// Bytes before the first slot line.
pub const HEADER_BYTES: u64 = 4096;
/// Offset of the reader rows.
pub const READERS_OFFSET: u64 = 1024;
/// Reader entries: bits of a slot word's lower half.
pub const READERS: u32 = 32;
/// Bytes of a slot line.
pub const LINE_BYTES: u64 = 64;
/// Most slots a pool can have.
pub const SLOTS_MAX: u32 = 65_535;

/// The header's fixed part, written once before the file has a name.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PoolHeader {
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
    /// Random, never used again; also in the files' names.
    pub pool_id: u64,
    /// Slots in the pool, 1 to [`SLOTS_MAX`].
    pub slot_count: u32,
    /// Process that made the pool; for people, never for a decision.
    pub creator_pid: u32,
    /// Bytes from one slot to the next, a whole number of pages.
    pub slot_stride: u64,
    /// Size of the data file.
    pub data_bytes: u64,
    /// `CLOCK_MONOTONIC` at creation; for people.
    pub created_ns: u64,
    /// Name of the creating process, zero-filled; for people.
    pub creator_name: [u8; 32],
}

/// Who holds a reader entry, written by the holder; for people.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct ReaderRow {
    /// Process id.
    pub pid: AtomicU32,
    reserved: AtomicU32,
    /// `CLOCK_MONOTONIC` when the entry was taken.
    pub since_ns: AtomicU64,
    /// Name of the process.
    pub name: Label,
}

/// The shared state of one slot.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct SlotLine {
    /// `generation << 32 | reader bits`. The owner alone changes the generation; the holder
    /// of reader entry `r` alone sets and clears bit `r`.
    pub word: AtomicU64,
    /// Bits 32 to 47 of the fill count; written by the owner.
    pub fill_hi: AtomicU32,
}

#[cfg(not(loom))]
const _: () = {
    assert!(size_of::<PoolHeader>() == 96);
    assert!(core::mem::offset_of!(PoolHeader, layout_hash) == 16);
    assert!(core::mem::offset_of!(PoolHeader, pool_id) == 24);
    assert!(core::mem::offset_of!(PoolHeader, slot_count) == 32);
    assert!(core::mem::offset_of!(PoolHeader, slot_stride) == 40);
    assert!(core::mem::offset_of!(PoolHeader, data_bytes) == 48);
    assert!(size_of::<ReaderRow>() == 64);
    assert!(size_of::<SlotLine>() as u64 == LINE_BYTES);
    assert!(core::mem::offset_of!(SlotLine, fill_hi) == 8);
    assert!(READERS_OFFSET + READERS as u64 * 64 <= HEADER_BYTES);
};

/// Where everything is in the files of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolGeometry {
    /// Slots in the pool.
    pub slot_count: u32,
    /// Bytes from one slot to the next.
    pub slot_stride: u64,
}

/// Bytes of a slot for a payload of so many, and an ext block of [`ROOM`](crate::ext::ROOM)
/// bytes behind it. `None`: more than 64 bits hold.
#[must_use]
pub fn stride_for(payload_bytes: u64) -> Option<u64> {
    let payload = payload_bytes.checked_next_multiple_of(crate::slot::PAYLOAD_ALIGN.into())?;
    crate::page_align(payload.checked_add(crate::ext::ROOM)?)
}

impl PoolGeometry {
    /// A geometry whose every offset fits, or `None`.
    #[must_use]
    pub fn new(slot_count: u32, slot_stride: u64) -> Option<Self> {
        let whole_pages = slot_stride != 0 && slot_stride.is_multiple_of(PAGE);
        if slot_count == 0 || slot_count > SLOTS_MAX || !whole_pages {
            return None;
        }
        let geometry = Self { slot_count, slot_stride };
        let bytes = slot_stride.checked_mul(u64::from(slot_count))?;
        geometry.slots_offset().checked_add(bytes).filter(|&end| end <= i64::MAX as u64)?;
        Some(geometry)
    }

    /// Size of the control file.
    #[must_use]
    pub fn control_bytes(self) -> u64 {
        HEADER_BYTES + LINE_BYTES * u64::from(self.slot_count)
    }

    /// Offset of slot 0 in the data file: the bytes of all slot headers, in whole pages.
    #[must_use]
    pub fn slots_offset(self) -> u64 {
        let headers = SLOT_HEADER_BYTES * u64::from(self.slot_count);
        page_align(headers).unwrap_or(headers)
    }

    /// Size of the data file.
    #[must_use]
    pub fn data_bytes(self) -> u64 {
        self.slot_offset(self.slot_count)
    }

    /// Offset of a slot in the data file.
    #[must_use]
    pub fn slot_offset(self, slot: u32) -> u64 {
        self.slots_offset() + self.slot_stride * u64::from(slot)
    }
}
