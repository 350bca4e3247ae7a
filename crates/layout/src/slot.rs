//! The header of a slot: what a descriptor has no room for. It stands in the data file,
//! which only the owner of the pool can write.

use crate::array::{DIMS_MAX, Extent, extent};
use crate::{Descriptor, Dtype};

/// Longest frame id, in bytes of UTF-8.
pub const FRAME_ID_MAX: usize = 63;

/// Where a frame's time stamp was taken: [`SlotHeader::stamp_source`].
pub mod stamp_source {
    /// Nobody said.
    pub const UNKNOWN: u8 = 0;
    /// The device, at the start of the exposure.
    pub const EXPOSURE: u8 = 1;
    /// The device, at the end of the frame.
    pub const FRAME_END: u8 = 2;
    /// The host, when the frame was made.
    pub const HOST: u8 = 3;
}

/// Offset and row bytes of one plane, relative to the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Plane {
    /// Bytes from the start of the payload.
    pub offset: u32,
    /// Bytes from one row to the next.
    pub step: u32,
}

/// The part of a slot's header that a publisher writes for each frame.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct SlotHeader {
    /// How often the slot has been filled; the low 32 bits are the generation.
    pub fill: u64,
    /// The frame's time stamp, nanoseconds since the Unix epoch.
    pub stamp_ns: i64,
    /// The same instant on `CLOCK_MONOTONIC`, 0 where unknown.
    pub mono_ns: i64,
    /// Number given by the device, or by the publisher where there is none.
    pub sequence: u64,
    /// See [`Descriptor::kind`](crate::Descriptor::kind).
    pub kind: u8,
    /// See [`Descriptor::encoding`](crate::Descriptor::encoding).
    pub encoding: u8,
    /// See [`Descriptor::dtype`](crate::Descriptor::dtype).
    pub dtype: u8,
    /// Number of dimensions, 0 to 8.
    pub ndim: u8,
    /// Number of planes, 0 to 4.
    pub nplanes: u8,
    /// Bytes of [`frame_id`](Self::frame_id) in use, 0 to 63.
    pub frame_id_len: u8,
    /// See [`stamp_source`].
    pub stamp_source: u8,
    /// The writer's [`ABI_MINOR`](crate::ABI_MINOR).
    pub abi_minor: u8,
    /// What the device said of the frame.
    pub capture_flags: u32,
    /// Depth frames: millimetres a raw unit.
    pub depth_scale: f32,
    /// Bytes of the payload.
    pub payload_bytes: u64,
    /// Bytes from the start of the slot to the payload, a multiple of 64.
    pub payload_offset: u32,
    /// Bytes from the start of the slot to the ext block, 0 where there is none.
    pub ext_offset: u32,
    /// Extent of each dimension; unspecified beyond [`ndim`](Self::ndim).
    pub shape: [u32; 8],
    /// Bytes from one element to the next in each dimension, negative where reversed;
    /// unspecified beyond [`ndim`](Self::ndim).
    pub strides: [i64; 8],
    /// Planes; unspecified beyond [`nplanes`](Self::nplanes).
    pub planes: [Plane; 4],
    /// Name of the sensor or coordinate frame, UTF-8; unspecified beyond its length.
    pub frame_id: [u8; 64],
    /// Order of axes, as a code.
    pub axes: u32,
    /// Values that one element of the last axis has.
    pub components: u8,
    /// 0 unspecified, 1 BT.601, 2 BT.709, 3 BT.2020.
    pub colour_matrix: u8,
    /// 0 unspecified, 1 full, 2 limited.
    pub colour_range: u8,
    /// Zero.
    pub reserved: u8,
}

/// Most planes of a frame.
pub const PLANES_MAX: usize = 4;
/// The payload and the ext block begin at multiples of this.
pub const PAYLOAD_ALIGN: u32 = 64;

/// What of a slot's header cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotError {
    /// The payload begins at no multiple of 64, or leaves the slot.
    Payload,
    /// The ext block begins at no multiple of 64, inside the payload, or leaves the slot.
    Ext,
    /// More than eight dimensions.
    Dims,
    /// More than four planes, or one that begins outside the payload.
    Planes,
    /// The frame id is longer than [`FRAME_ID_MAX`].
    FrameId,
    /// There are elements, and their type is not one of the table.
    Dtype,
    /// The elements leave the payload, are more than it has bytes for, or are not aligned.
    Strides,
}

/// Where things are in a slot whose header has been checked: every offset lies inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotLayout {
    /// Bytes from the start of the slot to the payload.
    pub payload_offset: u64,
    /// Bytes of the payload.
    pub payload_bytes: u64,
    /// Where the elements lie in the payload; nothing where there are none.
    pub extent: Extent,
    /// Bytes from the start of the slot to the ext block, of at least 8 bytes.
    pub ext_offset: Option<u64>,
}

impl SlotHeader {
    /// Whether the frame of this header is the one that `descriptor` names, and has been
    /// published: the fill count is written for that, and not before. In a slot that has never
    /// been used it is right by chance, but then there is no kind.
    #[must_use]
    pub fn is_of(&self, descriptor: &Descriptor) -> bool {
        let named = u64::from(descriptor.gen_hi) << 32 | u64::from(descriptor.generation);
        self.kind != 0 && self.fill & 0xffff_ffff_ffff == named
    }

    /// Whether `descriptor` says of the frame what this header says.
    #[must_use]
    pub fn agrees_with(&self, descriptor: &Descriptor) -> bool {
        let said = (descriptor.kind, descriptor.encoding, descriptor.dtype, descriptor.ndim);
        (self.kind, self.encoding, self.dtype, self.ndim) == said
            && self.nplanes == descriptor.nparts
            && self.payload_bytes == descriptor.payload_bytes
            && self.planes[0].step == descriptor.step
            && descriptor
                .dims
                .iter()
                .zip(self.shape)
                .take(usize::from(self.ndim))
                .all(|(&dim, extent)| dim == extent)
    }

    /// Where things are in the slot of `slot_bytes` bytes that this private copy of a header
    /// describes.
    ///
    /// # Errors
    /// The first thing that cannot be true.
    pub fn check(&self, slot_bytes: u64) -> Result<SlotLayout, SlotError> {
        let payload_offset = u64::from(self.payload_offset);
        let aligned = self.payload_offset.is_multiple_of(PAYLOAD_ALIGN);
        let payload_end = payload_offset
            .checked_add(self.payload_bytes)
            .filter(|&end| aligned && end <= slot_bytes)
            .ok_or(SlotError::Payload)?;
        if usize::from(self.frame_id_len) > FRAME_ID_MAX {
            return Err(SlotError::FrameId);
        }
        Ok(SlotLayout {
            payload_offset,
            payload_bytes: self.payload_bytes,
            extent: self.check_elements()?,
            ext_offset: self.check_ext(payload_end, slot_bytes)?,
        })
    }

    fn check_elements(&self) -> Result<Extent, SlotError> {
        let planes = self.planes.get(..usize::from(self.nplanes)).ok_or(SlotError::Planes)?;
        if planes.iter().any(|plane| u64::from(plane.offset) >= self.payload_bytes) {
            return Err(SlotError::Planes);
        }
        let ndim = usize::from(self.ndim);
        if ndim > DIMS_MAX {
            return Err(SlotError::Dims);
        }
        if ndim == 0 && self.dtype == 0 {
            return Ok(Extent::default());
        }
        let dtype = Dtype::from_code(self.dtype).ok_or(SlotError::Dtype)?;
        extent(&self.shape[..ndim], &self.strides[..ndim], dtype, self.payload_bytes)
            .ok_or(SlotError::Strides)
    }

    fn check_ext(&self, payload_end: u64, slot_bytes: u64) -> Result<Option<u64>, SlotError> {
        let offset = u64::from(self.ext_offset);
        if offset == 0 {
            return Ok(None);
        }
        let aligned = self.ext_offset.is_multiple_of(PAYLOAD_ALIGN);
        let inside = offset >= payload_end && offset + crate::ext::HEAD_BYTES <= slot_bytes;
        if aligned && inside { Ok(Some(offset)) } else { Err(SlotError::Ext) }
    }
}

/// Bytes between the headers of two slots: the struct above and 248 zero bytes.
pub const SLOT_HEADER_BYTES: u64 = 512;

const _: () = {
    assert!(size_of::<SlotHeader>() == 264);
    assert!(core::mem::offset_of!(SlotHeader, stamp_ns) == 8);
    assert!(core::mem::offset_of!(SlotHeader, mono_ns) == 16);
    assert!(core::mem::offset_of!(SlotHeader, sequence) == 24);
    assert!(core::mem::offset_of!(SlotHeader, kind) == 32);
    assert!(core::mem::offset_of!(SlotHeader, nplanes) == 36);
    assert!(core::mem::offset_of!(SlotHeader, frame_id_len) == 37);
    assert!(core::mem::offset_of!(SlotHeader, stamp_source) == 38);
    assert!(core::mem::offset_of!(SlotHeader, capture_flags) == 40);
    assert!(core::mem::offset_of!(SlotHeader, depth_scale) == 44);
    assert!(core::mem::offset_of!(SlotHeader, payload_bytes) == 48);
    assert!(core::mem::offset_of!(SlotHeader, payload_offset) == 56);
    assert!(core::mem::offset_of!(SlotHeader, ext_offset) == 60);
    assert!(core::mem::offset_of!(SlotHeader, shape) == 64);
    assert!(core::mem::offset_of!(SlotHeader, strides) == 96);
    assert!(core::mem::offset_of!(SlotHeader, planes) == 160);
    assert!(core::mem::offset_of!(SlotHeader, frame_id) == 192);
    assert!(core::mem::offset_of!(SlotHeader, axes) == 256);
    assert!(core::mem::offset_of!(SlotHeader, components) == 260);
};
