//! Nothing a descriptor says is believed before it has been checked here. A check works on a
//! private copy and uses checked arithmetic only.

use framelane_layout::{Descriptor, Encoding};

/// The shape of a received image, checked against the slot it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Rows.
    pub height: u32,
    /// Pixels in a row.
    pub width: u32,
    /// Format of the pixels.
    pub encoding: Encoding,
    /// Bytes from one row to the next.
    pub step: u32,
    /// Bytes from the first to the last pixel, the padding between included.
    pub bytes: u64,
}

impl ImageShape {
    /// The shape of a packed image, or `None` where its size is zero, does not fit the
    /// encoding, or does not fit 48 bits.
    #[must_use]
    pub fn packed(height: u32, width: u32, encoding: Encoding) -> Option<Self> {
        let step = encoding.row_bytes(width)?;
        let bytes = u64::from(step).checked_mul(u64::from(height))?;
        let sound = height > 0 && bytes <= framelane_layout::descriptor::PAYLOAD_MAX;
        sound.then_some(Self { height, width, encoding, step, bytes })
    }

    /// Writes the shape into a descriptor.
    pub fn describe(&self, descriptor: &mut Descriptor) {
        let info = self.encoding.info();
        descriptor.kind = framelane_layout::Kind::Image as u8;
        descriptor.encoding = self.encoding as u8;
        descriptor.dtype = info.dtype as u8;
        descriptor.ndim = if info.channels > 1 { 3 } else { 2 };
        descriptor.nparts = 1;
        descriptor.payload_bytes = self.bytes;
        descriptor.dims = [self.height, self.width, info.channels.into()];
        descriptor.step = self.step;
    }
}

/// The image that `descriptor` names in a slot of `slot_bytes` bytes, or `None` where what
/// it says is impossible.
#[inline(always)]
#[must_use]
pub fn check_image(descriptor: &Descriptor, slot_bytes: u64) -> Option<ImageShape> {
    let encoding = Encoding::from_code(descriptor.encoding)?;
    let info = encoding.info();
    let [height, width, channels] = descriptor.dims;
    let row = encoding.row_bytes(width)?;
    let rows_before = u64::from(height.checked_sub(1)?);
    let needed =
        u64::from(descriptor.step).checked_mul(rows_before)?.checked_add(u64::from(row))?;
    let sound = descriptor.dtype == info.dtype as u8
        && channels == u32::from(info.channels)
        && descriptor.step >= row
        // A power of two, so that no division is needed.
        && descriptor.step & (u32::from(info.dtype.info().bytes) - 1) == 0
        && needed <= descriptor.payload_bytes
        && descriptor.payload_bytes <= slot_bytes;
    let (step, bytes) = (descriptor.step, needed);
    sound.then_some(ImageShape { height, width, encoding, step, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Descriptor {
        let mut descriptor = Descriptor::default();
        ImageShape::packed(4, 6, Encoding::Rgb8).unwrap().describe(&mut descriptor);
        descriptor
    }

    #[test]
    fn accepts_what_it_wrote() {
        let shape = check_image(&sound(), 4096).unwrap();
        assert_eq!(shape, ImageShape::packed(4, 6, Encoding::Rgb8).unwrap());
        assert_eq!(shape.bytes, 72);
    }

    #[test]
    fn accepts_padded_rows_that_end_with_the_slot() {
        let padded = Descriptor { step: 32, payload_bytes: 3 * 32 + 18, ..sound() };
        assert_eq!(check_image(&padded, 3 * 32 + 18).unwrap().bytes, 3 * 32 + 18);
    }

    #[test]
    fn refuses_the_impossible() {
        type Change = fn(&mut Descriptor);
        let changes: [(&str, Change); 10] = [
            ("encoding", |d| d.encoding = 11),
            ("dtype", |d| d.dtype = 10),
            ("no rows", |d| d.dims[0] = 0),
            ("no columns", |d| d.dims[1] = 0),
            ("channels", |d| d.dims[2] = 4),
            ("step below a row", |d| d.step = 17),
            ("more rows than bytes", |d| d.dims[0] = 5),
            ("rows beyond 32 bits", |d| d.dims[0] = u32::MAX),
            ("a row beyond 32 bits", |d| d.dims[1] = u32::MAX),
            ("payload beyond the slot", |d| d.payload_bytes = 4097),
        ];
        for (what, change) in changes {
            let mut descriptor = sound();
            change(&mut descriptor);
            assert_eq!(check_image(&descriptor, 4096), None, "{what}");
        }
    }
}
