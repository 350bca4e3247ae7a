//! The header of a slot: what a descriptor has no room for. It stands in the data file,
//! which only the owner of the pool can write.

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
