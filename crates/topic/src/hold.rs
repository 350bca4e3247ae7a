//! One reference on one slot, whoever owns the pool.

use framelane_layout::SlotHeader;
use framelane_pool::{OwnHold, ReaderHold};
use framelane_shm::Result;

/// A reference of this process on a received frame. Dropping it gives the reference back.
#[derive(Clone, Debug)]
pub enum Hold {
    /// A slot of a pool of this process.
    Own(OwnHold),
    /// A slot of another process's pool.
    Reader(ReaderHold),
}

impl Hold {
    /// Id of the pool.
    #[must_use]
    #[inline(always)]
    pub fn pool_id(&self) -> u64 {
        match self {
            Self::Own(hold) => hold.pool().id(),
            Self::Reader(hold) => hold.pool().id(),
        }
    }

    /// Index of the slot.
    #[must_use]
    pub fn slot(&self) -> u16 {
        match self {
            Self::Own(hold) => hold.slot(),
            Self::Reader(hold) => hold.slot(),
        }
    }

    /// Bytes of the slot.
    #[must_use]
    #[inline(always)]
    pub fn slot_bytes(&self) -> u64 {
        match self {
            Self::Own(hold) => hold.pool().geometry().slot_stride,
            Self::Reader(hold) => hold.pool().geometry().slot_stride,
        }
    }

    /// Address of the slot's first byte, mapped without write permission unless access is
    /// shared. The bytes do not change while the hold lives.
    ///
    /// # Errors
    /// The mapping cannot be made.
    #[inline(always)]
    pub fn pointer(&self) -> Result<*const u8> {
        match self {
            Self::Own(hold) => hold.pool().received_pointer(hold.slot().into()),
            Self::Reader(hold) => Ok(hold.pointer()),
        }
    }

    /// Says which topic has given the frame out, by its [`topic_tag`](crate::topic_tag): for
    /// the report on a stray write.
    #[inline]
    pub fn note_topic(&self, tag: u16) {
        match self {
            Self::Own(hold) => hold.pool().note_topic(hold.slot(), tag),
            Self::Reader(hold) => hold.note_topic(tag),
        }
    }

    /// Fill count of the slot: how often it has been filled, this time included.
    #[must_use]
    pub fn fill(&self) -> u64 {
        match self {
            Self::Own(hold) => hold.fill(),
            Self::Reader(hold) => hold.header().fill,
        }
    }

    /// Lets go of the pool but not of the frame, where the pool is this process's own: the slot
    /// is never filled again, and stays readable for as long as the pool's files.
    pub fn abandon(self) {
        match self {
            Self::Own(hold) => hold.abandon(),
            Self::Reader(hold) => drop(hold),
        }
    }

    /// A private copy of the slot's header, to be checked before it is believed.
    #[must_use]
    pub fn header(&self) -> SlotHeader {
        match self {
            Self::Own(hold) => hold.header(),
            Self::Reader(hold) => hold.header(),
        }
    }
}
