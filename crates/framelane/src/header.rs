//! The header of a slot, as a publisher writes it: what the descriptor says, and what only the
//! header has room for.

use framelane_layout::slot::{Plane, stamp_source};
use framelane_layout::{Chroma, Descriptor, Dtype, Encoding, Kind, SlotHeader};

/// In a descriptor's flags: there is an ext block.
pub const EXT_FLAG: u8 = 8;

/// What a frame says of itself that its descriptor has no room for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// Depth: millimetres a raw unit.
    pub depth_scale: f32,
    /// 0 unspecified, 1 BT.601, 2 BT.709, 3 BT.2020.
    pub colour_matrix: u8,
    /// 0 unspecified, 1 full, 2 limited.
    pub colour_range: u8,
    /// Bytes from the start of the slot to the ext block, 0 where there is none.
    pub ext_offset: u32,
}

impl Default for Said {
    fn default() -> Self {
        Self { depth_scale: 1.0, colour_matrix: 0, colour_range: 0, ext_offset: 0 }
    }
}

impl Said {
    /// Writes it into the header of a frame on loan, where [`said_in`] finds it.
    #[inline(always)]
    pub(crate) fn write(self, header: &mut SlotHeader) {
        header.depth_scale = self.depth_scale;
        header.colour_matrix = self.colour_matrix;
        header.colour_range = self.colour_range;
        header.ext_offset = self.ext_offset;
    }
}

/// What a header says of its frame so far.
#[inline(always)]
pub(crate) fn said_in(header: &SlotHeader) -> Said {
    Said {
        depth_scale: header.depth_scale,
        colour_matrix: header.colour_matrix,
        colour_range: header.colour_range,
        ext_offset: header.ext_offset,
    }
}

/// Clears what a publisher may leave unsaid.
#[inline(always)]
pub(crate) fn begin_header(header: &mut SlotHeader) {
    header.stamp_ns = 0;
    header.sequence = 0;
    header.frame_id_len = 0;
}

/// Writes everything but what the publisher has said into the header of a frame, and into its
/// descriptor that there is an ext block.
// Into the sender's code, where most of it is constant: 10 ns of 58 otherwise.
#[inline(always)]
pub fn complete_header(header: &mut SlotHeader, descriptor: &mut Descriptor, said: Said) {
    header.mono_ns = 0;
    header.kind = descriptor.kind;
    header.encoding = descriptor.encoding;
    header.dtype = descriptor.dtype;
    header.ndim = descriptor.ndim;
    header.nplanes = descriptor.nparts;
    header.stamp_source = stamp_source::HOST;
    header.abi_minor = 0;
    header.capture_flags = 0;
    said.write(header);
    header.payload_bytes = descriptor.payload_bytes;
    header.payload_offset = 0;
    header.shape[..3].copy_from_slice(&descriptor.dims);
    header.planes[0] = Plane { offset: 0, step: descriptor.step };
    header.axes = 0;
    header.components = 0;
    header.reserved = 0;
    if said.ext_offset != 0 {
        descriptor.flags |= EXT_FLAG;
    }
    let encoding = Encoding::from_code(descriptor.encoding);
    match (descriptor.kind, encoding) {
        (kind, Some(encoding)) if kind == Kind::Image as u8 || kind == Kind::DepthImage as u8 => {
            let info = encoding.info();
            let pixel = i64::from(info.bytes_per_pixel);
            let value = i64::from(info.dtype.info().bytes);
            header.strides[..3].copy_from_slice(&[descriptor.step.into(), pixel, value]);
            if info.chroma != Chroma::Inline {
                header.planes =
                    encoding.planes(descriptor.dims[0], descriptor.step).unwrap_or_default();
            }
        }
        _ => stride_other(header, descriptor),
    }
}

#[inline(never)]
fn stride_other(header: &mut SlotHeader, descriptor: &Descriptor) {
    let value = Dtype::from_code(descriptor.dtype).map_or(1, |dtype| i64::from(dtype.info().bytes));
    if descriptor.kind == Kind::PointCloud as u8 {
        let point = i64::from(descriptor.step);
        // Below 2^63: both numbers have 32 bits, and the product has been checked against 48.
        let row = point.wrapping_mul(i64::from(descriptor.dims[1]));
        header.strides[..3].copy_from_slice(&[row, point, value]);
    } else {
        header.strides[..3].copy_from_slice(&[value, 0, 0]);
    }
}
