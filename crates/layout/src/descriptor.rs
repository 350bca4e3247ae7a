//! The 64 bytes that travel: which slot, filled for the how-manieth time, and enough of its
//! shape that a reader of plain images needs nothing else.

use crate::Kind;
use crate::sync::AtomicU64;

/// Bits of [`Descriptor::flags`].
pub mod flags {
    /// The frame was received and sent again; its slot belongs to another publisher's pool.
    pub const RELAYED: u8 = 1;
    /// The device reported an error for this frame.
    pub const CAPTURE_ERROR: u8 = 2;
    /// More than three dimensions: read the slot header.
    pub const MANY_DIMS: u8 = 4;
    /// An ext block follows the payload.
    pub const EXT: u8 = 8;
    /// More than one plane: read the slot header.
    pub const MULTI_PLANE: u8 = 16;
    /// Rows are padded: `step` is larger than a row.
    pub const PADDED: u8 = 32;
    /// First frame after the publisher restarted.
    pub const FIRST: u8 = 64;
}

/// A descriptor in private memory: words 1 to 7 of a ring cell, decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Descriptor {
    /// Word 0 of the cell: `2n + 2` for frame `n` of the ring.
    pub seq: u64,
    /// The pool the slot is in.
    pub pool_id: u64,
    /// How often the slot has been filled, low 32 bits.
    pub generation: u32,
    /// Index of the slot.
    pub slot: u16,
    /// How often the slot has been filled, bits 32 to 47.
    pub gen_hi: u16,
    /// `CLOCK_MONOTONIC` when the frame was sent, in nanoseconds.
    pub sent_ns: u64,
    /// Code of the frame's [`Kind`]; 0 names no frame.
    pub kind: u8,
    /// Code of the frame's [`Encoding`](crate::Encoding) where the kind has one.
    pub encoding: u8,
    /// Code of the elements' [`Dtype`](crate::Dtype).
    pub dtype: u8,
    /// See [`flags`].
    pub flags: u8,
    /// Number of dimensions.
    pub ndim: u8,
    /// Planes, fields or parts.
    pub nparts: u8,
    /// The writer's [`ABI_MINOR`](crate::ABI_MINOR).
    pub abi_minor: u16,
    /// Bytes of the payload; the upper 16 bits are zero.
    pub payload_bytes: u64,
    /// Image: height, width, channels.
    pub dims: [u32; 3],
    /// Bytes from one row to the next; 0: see the slot header.
    pub step: u32,
}

const _: () = {
    assert!(size_of::<Descriptor>() == 64);
    assert!(core::mem::offset_of!(Descriptor, pool_id) == 8);
    assert!(core::mem::offset_of!(Descriptor, generation) == 16);
    assert!(core::mem::offset_of!(Descriptor, slot) == 20);
    assert!(core::mem::offset_of!(Descriptor, gen_hi) == 22);
    assert!(core::mem::offset_of!(Descriptor, sent_ns) == 24);
    assert!(core::mem::offset_of!(Descriptor, kind) == 32);
    assert!(core::mem::offset_of!(Descriptor, encoding) == 33);
    assert!(core::mem::offset_of!(Descriptor, dtype) == 34);
    assert!(core::mem::offset_of!(Descriptor, flags) == 35);
    assert!(core::mem::offset_of!(Descriptor, ndim) == 36);
    assert!(core::mem::offset_of!(Descriptor, nparts) == 37);
    assert!(core::mem::offset_of!(Descriptor, abi_minor) == 38);
    assert!(core::mem::offset_of!(Descriptor, payload_bytes) == 40);
    assert!(core::mem::offset_of!(Descriptor, dims) == 48);
    assert!(core::mem::offset_of!(Descriptor, step) == 60);
};

/// Largest payload a descriptor can name: 2^48 - 1 bytes.
pub const PAYLOAD_MAX: u64 = (1 << 48) - 1;

/// A ring cell: the descriptor as eight atomic words. Word 0 is the sequence word, odd
/// while the cell is being written.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Cell {
    /// See [`Descriptor`] for what each word holds.
    pub words: [AtomicU64; 8],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Cell>() == 64 && align_of::<Cell>() == 64);

impl Descriptor {
    /// Whether what a received descriptor says of its slot can be true: a frame of this kind
    /// whose payload fits `slot_bytes` bytes. What it says of the elements is checked by kind.
    #[must_use]
    #[inline]
    pub fn fits(&self, kind: Kind, slot_bytes: u64) -> bool {
        self.kind == kind as u8 && self.payload_bytes <= PAYLOAD_MAX.min(slot_bytes)
    }

    /// The descriptor as little-endian words, word 0 included.
    #[inline(always)]
    #[must_use]
    pub fn to_words(&self) -> [u64; 8] {
        let [kind, encoding, dtype, flags] =
            [self.kind, self.encoding, self.dtype, self.flags].map(u64::from);
        [
            self.seq,
            self.pool_id,
            u64::from(self.generation) | u64::from(self.slot) << 32 | u64::from(self.gen_hi) << 48,
            self.sent_ns,
            kind | encoding << 8
                | dtype << 16
                | flags << 24
                | u64::from(self.ndim) << 32
                | u64::from(self.nparts) << 40
                | u64::from(self.abi_minor) << 48,
            self.payload_bytes,
            u64::from(self.dims[0]) | u64::from(self.dims[1]) << 32,
            u64::from(self.dims[2]) | u64::from(self.step) << 32,
        ]
    }

    /// The inverse of [`to_words`](Self::to_words). Any eight words give a descriptor; what
    /// it says must be checked before it is believed.
    #[inline(always)]
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "the fields are cut out of their words")]
    pub fn from_words(words: [u64; 8]) -> Self {
        let [seq, pool_id, slot, sent_ns, types, payload_bytes, dims01, dim2_step] = words;
        Self {
            seq,
            pool_id,
            generation: slot as u32,
            slot: (slot >> 32) as u16,
            gen_hi: (slot >> 48) as u16,
            sent_ns,
            kind: types as u8,
            encoding: (types >> 8) as u8,
            dtype: (types >> 16) as u8,
            flags: (types >> 24) as u8,
            ndim: (types >> 32) as u8,
            nparts: (types >> 40) as u8,
            abi_minor: (types >> 48) as u16,
            payload_bytes,
            dims: [dims01 as u32, (dims01 >> 32) as u32, dim2_step as u32],
            step: (dim2_step >> 32) as u32,
        }
    }
}
