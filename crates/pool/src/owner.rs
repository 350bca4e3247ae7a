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
use framelane_layout::sync::Ordering;
use framelane_layout::{
    ABI_MAJOR, ABI_MINOR, Descriptor, ENDIAN_MARK, ErrorCode, LAYOUT_HASH, sync,
};
use framelane_shm::{
    Directory, Error, Mapping, OnDrop, Result, SharedFile, is_forked, monotonic_ns, process_name,
    random_id,
};

use crate::hold::OwnHold;
use crate::private::Private;
use crate::reader::note_dead_reader;
use crate::wipe::Scrub;
use crate::{control_name, data_name, word};

/// How often to look for a slot that another thread is about to list: it takes some instructions,
/// and as many turns as other threads have before it.
const LISTED_AFTER: u32 = 1000;
/// Draining slots looked at by each allocation: enough to keep up, too few to notice.
const DRAINING_LOOKED_AT: usize = 2;

/// A pool of this process.
#[derive(Debug)]
pub struct OwnPool {
    id: u64,
    pub(crate) geometry: PoolGeometry,
    control_file: SharedFile,
    control: Mapping,
    data_file: SharedFile,
    pub(crate) data: Mapping,
    /// The same bytes without write permission, for frames this process receives from itself.
    received: OnceLock<Mapping>,
    pub(crate) slots: Box<[Private]>,
    pub(crate) scrub: Scrub,
    lists: Mutex<Lists>,
    /// Held while a slot is backed ahead of its use; whether no more are to be.
    backing: Mutex<bool>,
    /// Last: what is to happen when the files are closed.
    _closed: OnDrop,
}

#[derive(Debug, Default)]
struct Lists {
    /// Last in, first out: few slots are touched, and those are warm.
    free: Vec<u16>,
    /// Given back by this process, still looked at by readers.
    draining: VecDeque<u16>,
    /// Slots without memory behind them, never used so far; the lowest last.
    unbacked: Vec<u16>,
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
        let lines: &[SlotLine] = control.slice(HEADER_BYTES, slot_count);
        for line in lines.iter().skip(backed as usize) {
            // ordering: Relaxed; until the slot is backed no descriptor is right to name it.
            line.fill_hi.store(UNBACKED, Ordering::Relaxed);
        }
        let slots = (0..slot_count).map(|_| Private::default()).collect();
        let (free, unbacked) = (numbers(0..backed), numbers(backed..slot_count));
        let lists = Mutex::new(Lists { free, draining: VecDeque::new(), unbacked });
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
            backing: Mutex::default(),
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
            sync::step();
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

    /// `CLOCK_MONOTONIC` when the pool was made, nanoseconds.
    #[must_use]
    pub fn made_ns(&self) -> u64 {
        // SAFETY: integers and bytes, valid for any bytes.
        unsafe { self.control.copy::<PoolHeader>(0) }.created_ns
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
            backed: self.geometry.slot_count - count(lists.unbacked.len()),
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
        let free = lists.free.pop();
        drop(lists);
        // Last, for it takes memory: what the dead held is there already.
        let slot = match free {
            None => self.back_unless_done()?,
            free => free,
        };
        Ok(slot.map(|slot| {
            self.wipe(slot, Scrub::OnAlloc);
            self.hold_new(slot)
        }))
    }

    /// Backs slots with memory until `slots` of them are, for loans to come.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`] where there is no more; what is backed stays.
    pub fn back_ahead(&self, slots: u32) -> Result<()> {
        while self.stats().backed < slots {
            let stopped = self.backing.lock().unwrap_or_else(PoisonError::into_inner);
            if *stopped {
                break;
            }
            let Some(slot) = self.back_one()? else { break };
            // Below those that are warm.
            self.lists().free.insert(0, slot);
        }
        Ok(())
    }

    /// Lets [`back_ahead`](Self::back_ahead) go on after [`stop_backing`](Self::stop_backing).
    pub fn resume_backing(&self) {
        *self.backing.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Ends what [`back_ahead`](Self::back_ahead) does on another thread, and waits for the slot
    /// that it is at: for when memory is short.
    pub fn stop_backing(&self) {
        *self.backing.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// A slot that has been backed ahead meanwhile, or one more.
    fn back_unless_done(&self) -> Result<Option<u16>> {
        let _one_at_a_time = self.backing.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.lists().free.pop();
        if free.is_some() { Ok(free) } else { self.back_one() }
    }

    /// A slot never used before, with memory behind it now. The lists are not locked meanwhile:
    /// loans go on.
    fn back_one(&self) -> Result<Option<u16>> {
        let Some(slot) = self.lists().unbacked.pop() else { return Ok(None) };
        let (offset, bytes) = (self.geometry.slot_offset(slot.into()), self.geometry.slot_stride);
        if let Err(error) = self.data_file.back(offset, bytes) {
            self.lists().unbacked.push(slot);
            return Err(error);
        }
        self.data.populate(offset, bytes, true);
        // ordering: Relaxed; readers come by a descriptor, whose publication makes it visible.
        self.line(slot).fill_hi.store(0, Ordering::Relaxed);
        Ok(Some(slot))
    }

    /// Whether the control file still has its name: without it nobody can attach any more.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn has_name(&self) -> Result<bool> {
        self.control_file.is_linked()
    }

    /// One more hold on the frame that `descriptor` names, for a subscriber in the owner's
    /// own process. `None`: the frame is gone.
    #[inline(always)]
    #[must_use]
    pub fn acquire(self: &Arc<Self>, descriptor: &Descriptor) -> Option<OwnHold> {
        let private = self.slots.get(usize::from(descriptor.slot))?;
        if !private.add(descriptor.generation) {
            return self.take_back(descriptor);
        }
        let (slot, generation) = (u32::from(descriptor.slot), descriptor.generation);
        let hold = OwnHold::new(self.clone(), slot, generation);
        (word::fill_hi(hold.fill()) == descriptor.gen_hi).then_some(hold)
    }

    /// The same for a frame that this process has let go of while readers of others, a relay for
    /// one, still hold it.
    #[cold]
    fn take_back(self: &Arc<Self>, descriptor: &Descriptor) -> Option<OwnHold> {
        let slot = descriptor.slot;
        let private = self.slots.get(usize::from(slot))?;
        for _ in 0..LISTED_AFTER {
            let mut lists = self.lists();
            if let Some(index) = lists.draining.iter().position(|&draining| draining == slot) {
                // While it drains, and the lists are locked, its generation stays.
                let fill = private.fill();
                let same = word::generation(fill << 32) == descriptor.generation
                    && word::fill_hi(fill) == descriptor.gen_hi;
                if !same {
                    return None;
                }
                lists.draining.remove(index);
                return Some(self.hold_new(slot));
            }
            drop(lists);
            // Another thread may have taken it back.
            if private.add(descriptor.generation) {
                let hold = OwnHold::new(self.clone(), slot.into(), descriptor.generation);
                return (word::fill_hi(hold.fill()) == descriptor.gen_hi).then_some(hold);
            }
            // Or is about to list it, where readers of this very frame keep it from being free.
            if !word::is_held(self.line(slot), descriptor.generation) {
                return None;
            }
            std::thread::yield_now();
        }
        None
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
    #[inline(always)]
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

    /// Says which topic has given out the frame in `slot`, by its tag. A courtesy: where the
    /// second mapping cannot be made, whoever needs it is told.
    pub fn note_topic(&self, slot: u16, tag: u16) {
        if let Ok(received) = self.received() {
            received.note_topic(slot.into(), tag);
        }
    }

    /// The data file mapped without write permission.
    #[inline(always)]
    fn received(&self) -> Result<&Mapping> {
        match self.received.get() {
            Some(mapping) => Ok(mapping),
            None => self.map_received(),
        }
    }

    #[cold]
    fn map_received(&self) -> Result<&Mapping> {
        let mapping = self.data_file.map(self.geometry.data_bytes(), false)?;
        let mapping = mapping.of_received(self.id, self.geometry);
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

    pub(crate) fn line(&self, slot: u16) -> &SlotLine {
        &self.lines()[usize::from(slot)]
    }

    /// The first hold on a slot whose word already stands at its next generation.
    fn hold_new(self: &Arc<Self>, slot: u16) -> OwnHold {
        let generation = self.slots[usize::from(slot)].start();
        OwnHold::new(self.clone(), slot.into(), generation)
    }

    /// Moves a slot that this process no longer holds to its next generation. `false`:
    /// readers look at it.
    #[inline]
    fn recycle(&self, slot: u16) -> bool {
        let recycled = self.slots[usize::from(slot)].recycle(self.line(slot));
        if recycled {
            self.wipe(slot, Scrub::OnRelease);
        }
        recycled
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

    /// Clears the bits of readers that died with slots in their hands; whether there were any.
    fn scrub_dead(&self, lists: &Lists) -> Result<bool> {
        let lines = self.lines();
        let bits = lists.draining.iter().map(|&slot| word::holders(self.line(slot)));
        let bits = bits.fold(0, |all, one| all | one);
        let mut any = false;
        let bits = if cfg!(feature = "bug-no-scrub") { 0 } else { bits };
        for reader in (0..READERS).filter(|reader| bits >> reader & 1 == 1) {
            let byte = POOL_READER + u64::from(reader);
            if cfg!(feature = "bug-scrub-without-lock") {
                word::scrub(lines, reader);
            }
            any |= self.control_file.borrow(byte, || {
                // Who leaves in good order clears its bits first.
                note_dead_reader(&self.reader_rows()[reader as usize]);
                word::scrub(lines, reader);
            })?;
        }
        Ok(any)
    }
}

/// Slot numbers of a stack, the lowest on top.
fn numbers(slots: std::ops::Range<u32>) -> Vec<u16> {
    slots.rev().filter_map(|slot| u16::try_from(slot).ok()).collect()
}

/// `fill_hi` of a slot that has never had memory behind it. No descriptor has room to say it, so
/// that nobody is led to read a hole, which takes memory and fails where there is none.
const UNBACKED: u32 = u32::MAX;

fn too_large(slot_count: u32, slot_bytes: u64) -> Error {
    let text = format!("a pool of {slot_count} slots of {slot_bytes} bytes cannot be had");
    Error::new(ErrorCode::InvalidSize, text)
}

fn taken(id: u64) -> Error {
    Error::new(ErrorCode::Busy, format!("pool {id:016x} exists already; try again"))
}
