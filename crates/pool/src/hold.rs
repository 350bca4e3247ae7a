//! The owner's references on slots of its own pool: a loan, what a ring keeps, what the
//! owner's own subscribers look at.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

use framelane_layout::SlotHeader;
use framelane_layout::slot::SLOT_HEADER_BYTES;
use framelane_layout::sync::Ordering;

use crate::owner::{COUNT, OwnPool, Private, Scrub};
use crate::word;

/// One reference of this process on a slot of its own pool. Dropping it gives the reference
/// back; the last one lets the slot be filled again as soon as no reader looks at it.
#[derive(Debug)]
pub struct OwnHold {
    pool: Arc<OwnPool>,
    /// Below 65,535; of this width so that a hold moves as two plain words.
    slot: u32,
    generation: u32,
}

impl OwnHold {
    /// A hold that is in the count already.
    pub(crate) fn new(pool: Arc<OwnPool>, slot: u32, generation: u32) -> Self {
        Self { pool, slot, generation }
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
        // ordering: Relaxed; our hold keeps the count where it is.
        self.private().fill.load(Ordering::Relaxed)
    }

    /// The slot's generation: the low half of [`fill`](Self::fill).
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Address of the slot's first byte, for writing.
    ///
    /// Only the process that has the slot on loan may write, and only until it publishes.
    #[must_use]
    pub fn pointer(&self) -> *mut u8 {
        self.pool.slot_pointer(self.slot)
    }

    /// The slot's header, to be written; what stands in it is unspecified.
    ///
    /// # Safety
    /// The frame has not been published, and no other reference to its header lives.
    pub unsafe fn header_mut(&mut self) -> &mut SlotHeader {
        let offset = SLOT_HEADER_BYTES * u64::from(self.slot);
        let pointer = self.pool.data.pointer(offset, SLOT_HEADER_BYTES).cast::<SlotHeader>();
        // SAFETY: inside the mapping, aligned to 512 bytes, integers and floats; ours alone by
        // the caller's promise.
        unsafe { &mut *pointer }
    }

    /// Notes that the slot's first `bytes` bytes may be written before it is published, if it is.
    #[inline]
    pub fn will_write(&self, bytes: u64) {
        let dirty = &self.private().dirty;
        // ordering: Relaxed, as in `clear_beyond` of the pool.
        if dirty.load(Ordering::Relaxed) < bytes {
            // ordering: Relaxed, as above.
            dirty.store(bytes, Ordering::Relaxed);
        }
    }

    /// Makes what earlier frames left beyond the slot's first `bytes` bytes zero, so that a short
    /// frame never shows the end of a long one.
    ///
    /// # Safety
    /// The frame has not been published, and is `bytes` long.
    #[inline]
    pub unsafe fn clear_beyond(&mut self, bytes: u64) {
        self.pool.clear_beyond(self.slot, bytes);
    }

    /// A private copy of the slot's header.
    #[must_use]
    pub fn header(&self) -> SlotHeader {
        let offset = SLOT_HEADER_BYTES * u64::from(self.slot);
        // SAFETY: integers and floats, valid for any bytes.
        unsafe { self.pool.data.copy(offset) }
    }

    /// Gives the slot back and takes it again at once, if this was the last hold and no
    /// reader looks at it: a publisher's way to go round on warm memory without the lists.
    #[must_use]
    #[inline]
    pub fn reuse(mut self) -> Option<Self> {
        let private = self.private();
        // ordering: Acquire, pairs with the Release in `give_back`: as the last one we see
        // what the others did. The exchange fails if another holds the slot, too.
        let alone = u64::from(self.generation) << 32 | 1;
        let swap = private.word.compare_exchange(
            alone,
            alone - 1,
            Ordering::Acquire,
            Ordering::Relaxed, // ordering: nothing is read after a failure
        );
        if swap.is_err() {
            return None;
        }
        if self.pool.recycle(self.index()) {
            self.pool.wipe(self.index(), Scrub::OnAlloc);
            let fill = self.fill();
            self.generation = word::generation(fill << 32);
            // ordering: Release, pairs with the Acquire in `acquire`.
            self.private().word.store(fill << 32 | 1, Ordering::Release);
            return Some(self);
        }
        // Readers look at it. Put the count back for `drop` to take, which lists the slot.
        // ordering: Relaxed; at a count of zero nobody else touches the word.
        private.word.store(alone, Ordering::Relaxed);
        None
    }

    /// Whether this process has other holds on the slot.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        // ordering: Relaxed, for this process's own bookkeeping.
        self.private().word.load(Ordering::Relaxed) & COUNT > 1
    }

    /// Lets go of the pool but not of the frame: the slot is never filled again, and stays
    /// readable for as long as the pool's files. For an owner that leaves.
    pub fn abandon(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never used again, nor dropped, so the reference is moved out once.
        drop(unsafe { ptr::read(&raw const this.pool) });
    }

    fn private(&self) -> &Private {
        &self.pool.slots[self.slot as usize]
    }

    fn index(&self) -> u16 {
        #[allow(clippy::cast_possible_truncation, reason = "below SLOTS_MAX")]
        {
            self.slot as u16
        }
    }

    /// Takes this hold off the count; whether it was the last.
    fn give_back(&mut self) -> bool {
        // ordering: AcqRel. Release: what we did with the frame comes before the slot is
        // filled again; Acquire: as the last one we see what the others did.
        let before = self.private().word.fetch_sub(1, Ordering::AcqRel);
        debug_assert!(before & COUNT != 0, "one more release than holds");
        before & COUNT == 1
    }
}

impl Clone for OwnHold {
    fn clone(&self) -> Self {
        // ordering: Relaxed; our own hold keeps the slot where it is.
        self.private().word.fetch_add(1, Ordering::Relaxed);
        Self { pool: self.pool.clone(), slot: self.slot, generation: self.generation }
    }
}

impl Drop for OwnHold {
    fn drop(&mut self) {
        if self.give_back() {
            self.pool.put_back(self.index());
        }
    }
}
