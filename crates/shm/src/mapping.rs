//! A file's bytes in this process's address space.

use std::mem::ManuallyDrop;
use std::os::fd::BorrowedFd;

use framelane_layout::descriptor::Cell;
use framelane_layout::pool::{PoolGeometry, ReaderRow, SlotLine};
use framelane_layout::sync::AtomicU64;
use framelane_layout::topic::{PublisherRow, SubscriberRow, TopicShared};
use memmap2::{Advice, MmapOptions, MmapRaw};

use crate::error::{Error, Result};
use crate::fork::{self, Cover, Region};
use crate::received::{Registration, register};
use framelane_layout::ErrorCode;

/// Types that may be looked at in memory that other processes change at any time.
///
/// # Safety
/// Every field is atomic and valid for any bytes.
pub unsafe trait Shared {}

// SAFETY: eight atomic words.
unsafe impl Shared for Cell {}
// SAFETY: atomic integers only.
unsafe impl Shared for SlotLine {}
// SAFETY: atomic integers only.
unsafe impl Shared for ReaderRow {}
// SAFETY: atomic integers only.
unsafe impl Shared for TopicShared {}
// SAFETY: atomic integers only.
unsafe impl Shared for PublisherRow {}
// SAFETY: atomic integers only.
unsafe impl Shared for SubscriberRow {}
// SAFETY: an atomic integer.
unsafe impl Shared for AtomicU64 {}

/// A whole file, mapped shared. Its bytes may change under us at any time, so it hands out
/// atomics, private copies and raw pointers, never slices.
#[derive(Debug)]
pub struct Mapping {
    /// Given up before the memory: an address is forgotten before it can mean something else.
    received: Option<Registration>,
    raw: ManuallyDrop<MmapRaw>,
}

impl Mapping {
    /// Maps all of `fd`, which must have `bytes` bytes; `cover` is what stands in its place in a
    /// forked child.
    pub(crate) fn new(
        fd: BorrowedFd<'_>,
        bytes: u64,
        writable: bool,
        cover: Cover,
    ) -> Result<Self> {
        let length = usize::try_from(bytes).map_err(|_| {
            Error::new(
                ErrorCode::InvalidSize,
                format!("{bytes} bytes do not fit the address space"),
            )
        })?;
        let mut options = MmapOptions::new();
        options.len(length);
        fork::map(|| {
            let raw = if writable { options.map_raw(&fd) } else { options.map_raw_read_only(&fd) };
            let raw = raw.map_err(|error| {
                let code = match error.raw_os_error() {
                    Some(libc::ENOMEM) => ErrorCode::NoSpace,
                    _ => ErrorCode::System,
                };
                Error::new(code, format!("mmap of {bytes} bytes: {error}"))
            })?;
            // Where it is refused, the child's cover replaces the mapping all the same.
            let _ = raw.advise(Advice::DontFork);
            let region = Region { address: raw.as_mut_ptr().addr(), bytes: raw.len(), cover };
            Ok((Self { received: None, raw: ManuallyDrop::new(raw) }, region))
        })
    }

    /// Says that these are the frames of a pool, mapped without write permission, so that a
    /// failed write can be told to its author ([`place_of`](crate::place_of)).
    #[must_use]
    pub fn of_received(mut self, pool_id: u64, geometry: PoolGeometry) -> Self {
        self.received = register(self.raw.as_ptr(), pool_id, geometry);
        self
    }

    /// Says which topic has given out the frame in `slot`, by its
    /// [`topic_tag`](crate::topic_tag).
    #[inline]
    pub fn note_topic(&self, slot: u32, tag: u16) {
        if let Some(received) = &self.received {
            received.note(slot, tag);
        }
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.raw.len() as u64
    }

    /// Never: an empty file is not mapped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.len() == 0
    }

    /// Address of the byte at `offset`, with `bytes` bytes of the mapping behind it.
    ///
    /// # Panics
    /// If the range leaves the mapping: offsets come from a checked geometry.
    #[must_use]
    #[inline]
    pub fn pointer(&self, offset: u64, bytes: u64) -> *mut u8 {
        let inside = offset.checked_add(bytes).is_some_and(|end| end <= self.len());
        if !inside {
            outside(offset, bytes, self.len());
        }
        #[allow(clippy::cast_possible_truncation, reason = "inside the mapping")]
        self.raw.as_mut_ptr().wrapping_add(offset as usize)
    }

    /// The shared structure at `offset`.
    ///
    /// # Panics
    /// If it leaves the mapping or is not aligned: offsets come from a checked geometry.
    #[must_use]
    #[inline]
    pub fn get<T: Shared>(&self, offset: u64) -> &T {
        let pointer = self.pointer(offset, size_of::<T>() as u64).cast::<T>();
        if !pointer.is_aligned() {
            misaligned(offset);
        }
        // SAFETY: inside the mapping and aligned (both just asserted), mapped for as long as
        // `self` lives, and valid for any bytes by the contract of `Shared`.
        unsafe { &*pointer }
    }

    /// `count` shared structures in a row, from `offset` on.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[must_use]
    #[inline]
    pub fn slice<T: Shared>(&self, offset: u64, count: u32) -> &[T] {
        let bytes = size_of::<T>() as u64 * u64::from(count);
        let pointer = self.pointer(offset, bytes).cast::<T>();
        if !pointer.is_aligned() {
            misaligned(offset);
        }
        // SAFETY: as in `get`, for each of the `count` structures.
        unsafe { std::slice::from_raw_parts(pointer, count as usize) }
    }

    /// A private copy of `T` at `offset`, read once.
    ///
    /// # Safety
    /// `T` must be valid for any bytes.
    #[must_use]
    pub unsafe fn copy<T: Copy>(&self, offset: u64) -> T {
        let pointer = self.pointer(offset, size_of::<T>() as u64).cast::<T>();
        if !pointer.is_aligned() {
            misaligned(offset);
        }
        // SAFETY: inside the mapping and aligned (both just asserted); any bytes are a `T`
        // by the caller's promise; volatile, because others may write meanwhile.
        unsafe { pointer.read_volatile() }
    }

    /// Lets the kernel map the pages of a range at once instead of one fault at a time.
    /// Only a matter of speed: refusal is ignored.
    pub fn populate(&self, offset: u64, bytes: u64, write: bool) {
        let advice = if write {
            rustix::mm::Advice::LinuxPopulateWrite
        } else {
            rustix::mm::Advice::LinuxPopulateRead
        };
        let Ok(length) = usize::try_from(bytes) else { return };
        let pointer = self.pointer(offset, bytes).cast();
        // SAFETY: the range lies in this mapping (checked by `pointer`), and populating
        // changes no byte of it.
        let _ = unsafe { rustix::mm::madvise(pointer, length, advice) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // A forked child keeps the covers: the addresses must not come to mean something else.
        if fork::is_forked() {
            return;
        }
        self.received = None;
        fork::unmapping(self.raw.as_mut_ptr().addr());
        // SAFETY: not used again.
        unsafe { ManuallyDrop::drop(&mut self.raw) };
    }
}

#[cold]
#[allow(clippy::panic, reason = "offsets come from a checked geometry")]
fn outside(offset: u64, bytes: u64, length: u64) -> ! {
    panic!("{offset} + {bytes} is outside a mapping of {length} bytes")
}

#[cold]
#[allow(clippy::panic, reason = "offsets come from a checked geometry")]
fn misaligned(offset: u64) -> ! {
    panic!("offset {offset} is not aligned")
}
