//! The owner's references on slots of its own pool: a loan, what a ring keeps, what the
//! owner's own subscribers look at.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

use framelane_layout::slot::SLOT_HEADER_BYTES;
use framelane_layout::{SlotHeader, sync};

use crate::owner::OwnPool;
use crate::private::Private;
use crate::word;

/// One reference of this process on a slot of its own pool. Dropping it gives the reference
/// back; the last one lets the slot be filled again as soon as no reader looks at it.
#[derive(Debug)]
pub struct OwnHold {
    pool: Arc<OwnPool>,
    /// `generation << 32 | slot`: a hold moves as two plain words.
    place: u64,
}

impl OwnHold {
    /// A hold that is in the count already.
    pub(crate) fn new(pool: Arc<OwnPool>, slot: u32, generation: u32) -> Self {
        Self { pool, place: u64::from(generation) << 32 | u64::from(slot) }
    }

    /// The pool it is in.
    #[must_use]
    pub fn pool(&self) -> &Arc<OwnPool> {
        &self.pool
    }

    /// Index of the slot.
    #[must_use]
    pub fn slot(&self) -> u16 {
        self.index()
    }

    /// How often the slot has been filled, this time included.
    #[must_use]
    pub fn fill(&self) -> u64 {
        self.private().fill()
    }

    /// The slot's generation: the low half of [`fill`](Self::fill).
    #[must_use]
    pub fn generation(&self) -> u32 {
        word::generation(self.place)
    }

    /// Address of the slot's first byte, for writing.
    ///
    /// Only the process that has the slot on loan may write, and only until it publishes.
    #[must_use]
    pub fn pointer(&self) -> *mut u8 {
        self.pool.slot_pointer(self.index().into())
    }

    /// The slot's header, to be written; what stands in it is unspecified.
    ///
    /// # Safety
    /// The frame has not been published, and no other reference to its header lives.
    pub unsafe fn header_mut(&mut self) -> &mut SlotHeader {
        let offset = SLOT_HEADER_BYTES * u64::from(self.index());
        let pointer = self.pool.data.pointer(offset, SLOT_HEADER_BYTES).cast::<SlotHeader>();
        sync::step();
        // SAFETY: inside the mapping, aligned to 512 bytes, integers and floats; ours alone by
        // the caller's promise.
        unsafe { &mut *pointer }
    }

    /// Notes that the slot's first `bytes` bytes may be written before it is published, if it is.
    #[inline(always)]
    pub fn will_write(&self, bytes: u64) {
        let private = self.private();
        if private.dirty() < bytes {
            private.set_dirty(bytes);
        }
    }

    /// Makes what earlier frames left beyond the slot's first `bytes` bytes zero, so that a short
    /// frame never shows the end of a long one.
    ///
    /// # Safety
    /// The frame has not been published, and is `bytes` long.
    #[inline(always)]
    pub unsafe fn clear_beyond(&mut self, bytes: u64) {
        if self.private().dirty() != bytes {
            self.pool.clear_beyond(self.index(), bytes);
        }
    }

    /// A private copy of the slot's header.
    #[must_use]
    pub fn header(&self) -> SlotHeader {
        let offset = SLOT_HEADER_BYTES * u64::from(self.index());
        // SAFETY: integers and floats, valid for any bytes.
        unsafe { self.pool.data.copy(offset) }
    }

    /// Gives the slot back and takes it again at once, if this was the last hold and no
    /// reader looks at it: a publisher's way to go round on warm memory without the lists.
    #[must_use]
    #[inline]
    pub fn reuse(mut self) -> Option<Self> {
        let line = self.pool.line(self.index());
        let generation = self.private().reuse(line, self.generation())?;
        self.place = u64::from(generation) << 32 | u64::from(self.index());
        self.pool.wipe_reused(self.index());
        Some(self)
    }

    /// Whether this process has other holds on the slot.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.private().is_shared()
    }

    /// Lets go of the pool but not of the frame: the slot is never filled again, and stays
    /// readable for as long as the pool's files. For an owner that leaves.
    pub fn abandon(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never used again, nor dropped, so the reference is moved out once.
        drop(unsafe { ptr::read(&raw const this.pool) });
    }

    fn private(&self) -> &Private {
        &self.pool.slots[usize::from(self.index())]
    }

    fn index(&self) -> u16 {
        #[allow(clippy::cast_possible_truncation, reason = "the low half, below SLOTS_MAX")]
        {
            self.place as u16
        }
    }
}

impl Clone for OwnHold {
    fn clone(&self) -> Self {
        self.private().again();
        Self { pool: self.pool.clone(), place: self.place }
    }
}

impl Drop for OwnHold {
    fn drop(&mut self) {
        if self.private().sub() {
            self.pool.put_back(self.index());
        }
    }
}
