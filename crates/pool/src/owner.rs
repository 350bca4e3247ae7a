//! The owner's side of a pool: make it, allocate, take back.
//!
//! What the owner keeps about its slots is private memory: a stack of free slots, a list of
//! slots that readers still look at, and for each slot how often this process holds it
//! (`generation << 32 | count`). Nothing of it needs repair when the owner dies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use framelane_layout::lock::{POOL_OWNER, POOL_READER};
use framelane_layout::pool::{
    HEADER_BYTES, MAGIC, PoolGeometry, PoolHeader, READERS, READERS_OFFSET, ReaderRow, SlotLine,
};
use framelane_layout::slot::SLOT_HEADER_BYTES;
use framelane_layout::sync::{AtomicU64, Ordering};
use framelane_layout::{
    ABI_MAJOR, ABI_MINOR, Descriptor, ENDIAN_MARK, ErrorCode, LAYOUT_HASH, SlotHeader,
};
use framelane_shm::{
    Directory, Error, Mapping, OnDrop, Result, SharedFile, is_forked, monotonic_ns, process_name,
    random_id,
};

use crate::hold::OwnHold;
use crate::{control_name, data_name, word};

/// Draining slots looked at by each allocation: enough to keep up, too few to notice.
const DRAINING_LOOKED_AT: usize = 2;

/// A pool of this process.
#[derive(Debug)]
pub struct OwnPool {
    id: u64,
    geometry: PoolGeometry,
    control_file: SharedFile,
    control: Mapping,
    data_file: SharedFile,
    pub(crate) data: Mapping,
    /// The same bytes without write permission, for frames this process receives from itself.
    received: OnceLock<Mapping>,
    pub(crate) slots: Box<[Private]>,
    scrub: Scrub,
    lists: Mutex<Lists>,
    /// Last: what is to happen when the files are closed.
    _closed: OnDrop,
}

/// What only the owner knows of a slot.
#[derive(Debug, Default)]
pub(crate) struct Private {
    /// `generation << 32 | holds of this process`, the ring's among them.
    pub(crate) word: AtomicU64,
    /// How often the slot has been filled; written by whoever brought the count to zero.
    pub(crate) fill: AtomicU64,
    /// Bytes from the slot's first on that may be other than zero; written by whoever has it
    /// on loan.
    pub(crate) dirty: AtomicU64,
}

/// When the bytes of a frame are wiped whose slot is taken back. Whatever is chosen, bytes that
/// a frame does not cover are zero when it is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scrub {
    /// Not at all: the next loan shows them to its own process, until it writes over them.
    #[default]
    Off,
    /// When the owner takes the slot back.
    OnRelease,
    /// When the slot is loaned again.
    OnAlloc,
}

impl Scrub {
    /// What settings call it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "off" => Some(Self::Off),
            "onRelease" => Some(Self::OnRelease),
            "onAlloc" => Some(Self::OnAlloc),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
struct Lists {
    /// Last in, first out: few slots are touched, and those are warm.
    free: Vec<u16>,
    /// Given back by this process, still looked at by readers.
    draining: VecDeque<u16>,
    /// Slots backed by memory so far; those above have never been used.
    backed: u32,
}

/// Figures of a pool, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStats {
    /// Slots backed by memory.
    pub backed: u32,
    /// Backed slots that could be loaned at once.
    pub free: u32,
    /// Slots that only readers of other processes hold.
    pub draining: u32,
}

impl OwnPool {
    /// Makes a pool of `slot_count` slots of `slot_bytes` bytes (rounded up to pages) whose
    /// first `backed` slots have memory behind them. `closed` runs when the last reference is
    /// gone and the files are closed.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`] where shared memory is full, [`ErrorCode::InvalidSize`] where
    /// the sizes cannot be had; nothing is left behind.
    pub fn create(
        directory: &Directory,
        slot_count: u32,
        slot_bytes: u64,
        backed: u32,
        scrub: Scrub,
        closed: impl FnOnce() + Send + Sync + 'static,
    ) -> Result<Arc<Self>> {
        let geometry = framelane_layout::page_align(slot_bytes)
            .and_then(|stride| PoolGeometry::new(slot_count, stride))
            .ok_or_else(|| too_large(slot_count, slot_bytes))?;
        let backed = backed.min(slot_count);
        let id = random_id()?;
        let data_end = geometry.slot_offset(backed);
        // The data file first: a pool whose control file can be seen is complete.
        let data_file = directory
            .create(&data_name(id), geometry.data_bytes(), data_end, |_, _| Ok(()))?
            .ok_or_else(|| taken(id))?;
        let made = Self::create_control(directory, id, geometry)
            .and_then(|made| Ok((made, data_file.map(geometry.data_bytes(), true)?)));
        let ((control_file, control), data) = match made {
            Ok(made) => made,
            Err(error) => {
                directory.unlink(&control_name(id))?;
                directory.unlink(&data_name(id))?;
                return Err(error);
            }
        };
        data.populate(0, data_end, true);
        let slots = (0..slot_count).map(|_| Private::default()).collect();
        let free = (0..backed).rev().filter_map(|slot| u16::try_from(slot).ok()).collect();
        let lists = Mutex::new(Lists { free, draining: VecDeque::new(), backed });
        let received = OnceLock::new();
        Ok(Arc::new(Self {
            id,
            geometry,
            control_file,
            control,
            data_file,
            data,
            received,
            slots,
            scrub,
            lists,
            _closed: OnDrop::new(closed),
        }))
    }

    fn create_control(
        directory: &Directory,
        id: u64,
        geometry: PoolGeometry,
    ) -> Result<(SharedFile, Mapping)> {
        let mut creator_name = [0; 32];
        let name = process_name();
        let length = name.len().min(creator_name.len());
        creator_name[..length].copy_from_slice(&name.as_bytes()[..length]);
        let header = PoolHeader {
            magic: MAGIC,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            endian: ENDIAN_MARK,
            layout_hash: LAYOUT_HASH,
            pool_id: id,
            slot_count: geometry.slot_count,
            creator_pid: std::process::id(),
            slot_stride: geometry.slot_stride,
            data_bytes: geometry.data_bytes(),
            created_ns: monotonic_ns(),
            creator_name,
        };
        let bytes = geometry.control_bytes();
        let fill = |file: &SharedFile, control: &Mapping| {
            let pointer = control.pointer(0, size_of::<PoolHeader>() as u64);
            // SAFETY: inside the mapping, page-aligned, and nobody else can see the file yet.
            unsafe { pointer.cast::<PoolHeader>().write(header) };
            file.claim(POOL_OWNER, || {}).map(drop)
        };
        let file =
            directory.create(&control_name(id), bytes, bytes, fill)?.ok_or_else(|| taken(id))?;
        let control = file.map(bytes, true)?;
        Ok((file, control))
    }

    /// The pool's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Slots and their size.
    #[must_use]
    pub fn geometry(&self) -> PoolGeometry {
        self.geometry
    }

    /// The words of all slots.
    #[must_use]
    pub fn lines(&self) -> &[SlotLine] {
        self.control.slice(HEADER_BYTES, self.geometry.slot_count)
    }

    /// The rows that say who holds which reader entry.
    #[must_use]
    pub fn reader_rows(&self) -> &[ReaderRow] {
        self.control.slice(READERS_OFFSET, READERS)
    }

    /// Figures for people.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let lists = self.lists();
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        PoolStats {
            backed: lists.backed,
            free: count(lists.free.len()),
            draining: count(lists.draining.len()),
        }
    }

    /// A slot to write into. `None`: all are in use, dead readers' ones included in the
    /// search.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`] where no memory can be had for a slot never used before.
    pub fn allocate(self: &Arc<Self>) -> Result<Option<OwnHold>> {
        let mut lists = self.lists();
        self.collect_drained(&mut lists, DRAINING_LOOKED_AT);
        if lists.free.is_empty() {
            self.collect_drained(&mut lists, usize::MAX);
        }
        if lists.free.is_empty() && self.scrub_dead(&lists)? {
            self.collect_drained(&mut lists, usize::MAX);
        }
        // Last, for it takes memory: what the dead held is there already.
        if lists.free.is_empty() && lists.backed < self.geometry.slot_count {
            self.back_next(&mut lists)?;
        }
        let Some(slot) = lists.free.pop() else { return Ok(None) };
        drop(lists);
        Ok(Some(self.hold_new(slot)))
    }

    /// One more hold on the frame that `descriptor` names, for a subscriber in the owner's
    /// own process. `None`: the frame is gone.
    #[must_use]
    pub fn acquire(self: &Arc<Self>, descriptor: &Descriptor) -> Option<OwnHold> {
        let private = self.slots.get(usize::from(descriptor.slot))?;
        let generation = u64::from(descriptor.generation);
        // ordering: Relaxed, only a first guess for the exchange below.
        let mut word = private.word.load(Ordering::Relaxed);
        loop {
            if word >> 32 != generation || word & COUNT == 0 {
                return None;
            }
            // ordering: Acquire, pairs with the Release in `hold_new` and in `drop`: the
            // count was above zero, so the frame of this generation is there.
            let swap = private.word.compare_exchange_weak(
                word,
                word + 1,
                Ordering::Acquire,
                Ordering::Relaxed, // ordering: another guess
            );
            match swap {
                Ok(_) => break,
                Err(seen) => word = seen,
            }
        }
        let (slot, generation) = (u32::from(descriptor.slot), descriptor.generation);
        let hold = OwnHold::new(self.clone(), slot, generation);
        (word::fill_hi(hold.fill()) == descriptor.gen_hi).then_some(hold)
    }

    /// Address of a slot's first byte, for writing: only for whoever has the slot on loan,
    /// and only until it is published.
    ///
    /// # Panics
    /// If there is no such slot.
    #[must_use]
    pub fn slot_pointer(&self, slot: u32) -> *mut u8 {
        self.data.pointer(self.geometry.slot_offset(slot), self.geometry.slot_stride)
    }

    /// Address of a slot's first byte in the mapping without write permission.
    ///
    /// # Errors
    /// The second mapping cannot be made.
    pub fn received_pointer(&self, slot: u32) -> Result<*const u8> {
        let offset = self.geometry.slot_offset(slot);
        Ok(self.received()?.pointer(offset, self.geometry.slot_stride))
    }

    /// Address of the first slot header in the mapping without write permission.
    ///
    /// # Errors
    /// The second mapping cannot be made.
    pub fn headers_pointer(&self) -> Result<*const u8> {
        Ok(self.received()?.pointer(0, self.geometry.slots_offset()))
    }

    /// The data file mapped without write permission.
    fn received(&self) -> Result<&Mapping> {
        if let Some(mapping) = self.received.get() {
            return Ok(mapping);
        }
        let mapping = self.data_file.map(self.geometry.data_bytes(), false)?;
        Ok(self.received.get_or_init(|| mapping))
    }

    /// Takes back a slot that this process no longer holds: for the next loan, or for the
    /// time when its readers are done.
    #[inline(never)]
    pub(crate) fn put_back(&self, slot: u16) {
        // Another thread of the parent may have held the lists, for good in a forked child.
        if is_forked() {
            return;
        }
        let recycled = self.recycle(slot);
        let mut lists = self.lists();
        if recycled {
            lists.free.push(slot);
        } else {
            lists.draining.push_back(slot);
        }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, slot: u16) -> &SlotLine {
        &self.lines()[usize::from(slot)]
    }

    /// The first hold on a slot whose word already stands at its next generation.
    fn hold_new(self: &Arc<Self>, slot: u16) -> OwnHold {
        let private = &self.slots[usize::from(slot)];
        self.wipe(slot, Scrub::OnAlloc);
        // ordering: Relaxed, the slot is ours alone.
        let fill = private.fill.load(Ordering::Relaxed);
        let generation = word::generation(fill << 32);
        // ordering: Release, pairs with the Acquire in `acquire`; nobody else has the slot.
        private.word.store(fill << 32 | 1, Ordering::Release);
        OwnHold::new(self.clone(), slot.into(), generation)
    }

    /// Moves a slot that this process no longer holds to its next generation. `false`:
    /// readers look at it.
    #[inline]
    pub(crate) fn recycle(&self, slot: u16) -> bool {
        let private = &self.slots[usize::from(slot)];
        // ordering: Relaxed; written by this function only, whose calls for one slot follow
        // each other by the exchange on the count or by the mutex of the lists.
        let fill = private.fill.load(Ordering::Relaxed);
        let recycled = word::recycle(self.line(slot), fill);
        if recycled {
            // ordering: Relaxed, as above.
            private.fill.store(fill.wrapping_add(1), Ordering::Relaxed);
            self.wipe(slot, Scrub::OnRelease);
        }
        recycled
    }

    /// Where pools are scrubbed at this moment, makes a slot that nobody has all zeros.
    #[inline]
    pub(crate) fn wipe(&self, slot: u16, moment: Scrub) {
        if self.scrub == moment {
            let offset = SLOT_HEADER_BYTES * u64::from(slot);
            let header = self.data.pointer(offset, SLOT_HEADER_BYTES).cast::<SlotHeader>();
            // SAFETY: inside the mapping, aligned to 512 bytes; the slot is ours alone.
            unsafe { header.write_bytes(0, 1) };
            self.clear_beyond(slot.into(), 0);
        }
    }

    /// Makes what earlier frames left beyond the first `bytes` bytes of a slot zero, and notes
    /// that those before are written. For whoever has the slot, and nobody has published it.
    #[inline]
    pub(crate) fn clear_beyond(&self, slot: u32, bytes: u64) {
        let dirty = &self.slots[slot as usize].dirty;
        // ordering: Relaxed; whoever has the slot got it through an exchange on its count or the
        // mutex of the lists, and with it what the one before wrote here.
        let end = dirty.load(Ordering::Relaxed).min(self.geometry.slot_stride);
        if end == bytes {
            return;
        }
        if let Some(left) = end.checked_sub(bytes) {
            let pointer = self.data.pointer(self.geometry.slot_offset(slot) + bytes, left);
            let length = usize::try_from(left).unwrap_or(0);
            // SAFETY: inside the slot, which is the caller's to write.
            unsafe { pointer.write_bytes(0, length) };
        }
        // ordering: Relaxed, as above.
        dirty.store(bytes, Ordering::Relaxed);
    }

    /// Looks at up to `limit` draining slots and frees those that nobody looks at any more.
    fn collect_drained(&self, lists: &mut Lists, limit: usize) {
        for _ in 0..limit.min(lists.draining.len()) {
            let Some(slot) = lists.draining.pop_front() else { break };
            if self.recycle(slot) {
                lists.free.push(slot);
            } else {
                lists.draining.push_back(slot);
            }
        }
    }

    fn back_next(&self, lists: &mut Lists) -> Result<()> {
        let slot = lists.backed;
        let offset = self.geometry.slot_offset(slot);
        self.data_file.back(offset, self.geometry.slot_stride)?;
        self.data.populate(offset, self.geometry.slot_stride, true);
        lists.backed += 1;
        lists.free.push(u16::try_from(slot).unwrap_or(u16::MAX));
        Ok(())
    }

    /// Clears the bits of readers that died with slots in their hands; whether there were any.
    fn scrub_dead(&self, lists: &Lists) -> Result<bool> {
        let lines = self.lines();
        let bits = lists.draining.iter().map(|&slot| word::holders(self.line(slot)));
        let bits = bits.fold(0, |all, one| all | one);
        let mut any = false;
        for reader in (0..READERS).filter(|reader| bits >> reader & 1 == 1) {
            let byte = POOL_READER + u64::from(reader);
            any |= self.control_file.borrow(byte, || word::scrub(lines, reader))?;
        }
        Ok(any)
    }
}

/// The count in a slot's private word.
pub(crate) const COUNT: u64 = 0xffff_ffff;

fn too_large(slot_count: u32, slot_bytes: u64) -> Error {
    let text = format!("a pool of {slot_count} slots of {slot_bytes} bytes cannot be had");
    Error::new(ErrorCode::InvalidSize, text)
}

fn taken(id: u64) -> Error {
    Error::new(ErrorCode::Busy, format!("pool {id:016x} exists already; try again"))
}
