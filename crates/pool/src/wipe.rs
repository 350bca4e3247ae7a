//! What earlier frames left in a slot: never seen beyond the frame that lies in it, and wiped
//! where that is asked for.

use framelane_layout::slot::SLOT_HEADER_BYTES;
use framelane_layout::{SlotHeader, sync};

use crate::owner::OwnPool;

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

impl OwnPool {
    /// Where pools are scrubbed at this moment, makes a slot that nobody has all zeros.
    #[inline]
    pub(crate) fn wipe(&self, slot: u16, moment: Scrub) {
        if self.scrub == moment {
            self.wipe_all(slot);
        }
    }

    /// The same for a slot that is taken back and loaned again in one, whose only hold the caller
    /// has.
    #[inline(always)]
    pub(crate) fn wipe_reused(&self, slot: u16) {
        if self.scrub != Scrub::Off {
            self.wipe_all(slot);
        }
    }

    #[cold]
    fn wipe_all(&self, slot: u16) {
        let offset = SLOT_HEADER_BYTES * u64::from(slot);
        let header = self.data.pointer(offset, SLOT_HEADER_BYTES).cast::<SlotHeader>();
        sync::step();
        // SAFETY: inside the mapping, aligned to 512 bytes; the slot is ours alone.
        unsafe { header.write_bytes(0, 1) };
        self.clear_beyond(slot, 0);
    }

    /// Makes what earlier frames left beyond the first `bytes` bytes of a slot zero, and notes
    /// that those before are written. For whoever has the slot, and nobody has published it.
    #[cold]
    pub(crate) fn clear_beyond(&self, slot: u16, bytes: u64) {
        let private = &self.slots[usize::from(slot)];
        let end = private.dirty().min(self.geometry.slot_stride);
        if let Some(left) = end.checked_sub(bytes) {
            let pointer = self.data.pointer(self.geometry.slot_offset(slot.into()) + bytes, left);
            let length = usize::try_from(left).unwrap_or(0);
            sync::step();
            // SAFETY: inside the slot, which is the caller's to write.
            unsafe { pointer.write_bytes(0, length) };
        }
        private.set_dirty(bytes);
    }
}
