//! Nothing a descriptor says is believed before it has been checked here. A check works on a
//! private copy and uses checked arithmetic only.

use framelane_layout::descriptor::PAYLOAD_MAX;
use framelane_layout::{Chroma, Descriptor, Dtype, Encoding, Kind};

/// The shape of an image or a depth image, checked against the slot it is in.
///
/// ```
/// use framelane::{Encoding, ImageShape};
///
/// let shape = ImageShape::packed(640, 480, Encoding::Rgb8).unwrap();
/// assert_eq!((shape.step, shape.bytes), (1920, 921_600));
/// ```
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
    ///
    /// ```
    /// use framelane::{Encoding, ImageShape};
    ///
    /// assert!(ImageShape::packed(641, 480, Encoding::Yuyv).is_none()); // an even width
    /// ```
    #[must_use]
    pub fn packed(width: u32, height: u32, encoding: Encoding) -> Option<Self> {
        let step = encoding.row_bytes(width)?;
        let bytes = encoding.span(width, height, step)?;
        (bytes <= PAYLOAD_MAX).then_some(Self { height, width, encoding, step, bytes })
    }

    /// Writes the shape into a descriptor.
    #[inline(always)]
    pub fn describe(&self, descriptor: &mut Descriptor) {
        self.describe_as(Kind::Image, descriptor);
    }

    /// Writes the shape into the descriptor of a frame of this kind.
    #[inline(always)]
    pub fn describe_as(&self, kind: Kind, descriptor: &mut Descriptor) {
        let info = self.encoding.info();
        descriptor.kind = kind as u8;
        descriptor.encoding = self.encoding as u8;
        descriptor.dtype = info.dtype as u8;
        descriptor.payload_bytes = self.bytes;
        descriptor.dims = [self.height, self.width, info.channels.into()];
        descriptor.step = self.step;
        complete_descriptor(descriptor);
    }
}

/// The shape of a point cloud, checked against the slot it is in.
///
/// ```
/// use framelane::{CloudShape, Dtype};
///
/// let shape = CloudShape::new(1000, 1, 3, Some(Dtype::Float32), 12).unwrap();
/// assert_eq!(shape.bytes, 12_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloudShape {
    /// Rows of an organised cloud, else 1.
    pub height: u32,
    /// Points in a row.
    pub width: u32,
    /// Bytes from one point to the next.
    pub point_bytes: u32,
    /// Values of a point.
    pub values: u32,
    /// Type of all values; `None` where the fields, which the ext block names, differ.
    pub dtype: Option<Dtype>,
    /// Bytes of all points.
    pub bytes: u64,
}

impl CloudShape {
    /// The shape of such a cloud; `None` where it cannot be: no points, values of one type that
    /// do not fit the point, a size beyond 48 bits.
    #[must_use]
    pub fn new(
        width: u32,
        height: u32,
        values: u32,
        dtype: Option<Dtype>,
        point_bytes: u32,
    ) -> Option<Self> {
        let points = u64::from(height).checked_mul(u64::from(width))?;
        let bytes = points.checked_mul(u64::from(point_bytes))?;
        let item = dtype.map_or(1, |dtype| u32::from(dtype.info().bytes));
        let value_bytes = u64::from(values).checked_mul(u64::from(item))?;
        let sound = bytes > 0
            && bytes <= PAYLOAD_MAX
            && values > 0
            && value_bytes <= u64::from(point_bytes)
            && point_bytes.is_multiple_of(item);
        sound.then_some(Self { height, width, point_bytes, values, dtype, bytes })
    }

    /// Writes the shape into a descriptor.
    pub fn describe(&self, descriptor: &mut Descriptor) {
        descriptor.kind = Kind::PointCloud as u8;
        descriptor.encoding = 0;
        descriptor.dtype = self.dtype.map_or(0, |dtype| dtype as u8);
        descriptor.payload_bytes = self.bytes;
        descriptor.dims = [self.height, self.width, self.values];
        descriptor.step = self.point_bytes;
        complete_descriptor(descriptor);
    }
}

/// How the bytes of a message are to be read: its descriptor's encoding.
///
/// ```
/// use framelane::MessageFormat;
///
/// assert_eq!(MessageFormat::Json as u8, 1); // what a descriptor says
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MessageFormat {
    /// As its sender and its receiver have agreed; the ext block may name a format.
    Bytes = 0,
    /// JSON, UTF-8.
    Json = 1,
}

/// The shape of a message, checked against the slot it is in.
///
/// ```
/// use framelane::{MessageFormat, MessageShape};
///
/// let shape = MessageShape { bytes: 2, format: MessageFormat::Json };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageShape {
    /// How many bytes.
    pub bytes: u32,
    /// How they are to be read.
    pub format: MessageFormat,
}

impl MessageShape {
    /// Writes the shape into a descriptor.
    pub fn describe(&self, descriptor: &mut Descriptor) {
        descriptor.kind = Kind::Message as u8;
        descriptor.encoding = self.format as u8;
        descriptor.dtype = Dtype::Uint8 as u8;
        descriptor.payload_bytes = self.bytes.into();
        descriptor.dims = [self.bytes, 0, 0];
        descriptor.step = 0;
        complete_descriptor(descriptor);
    }
}

/// Fills in what follows from the rest of a descriptor: dimensions and parts.
#[inline(always)]
pub fn complete_descriptor(descriptor: &mut Descriptor) {
    let (ndim, nparts) = match Kind::from_code(descriptor.kind) {
        Some(Kind::Image | Kind::DepthImage) => {
            let chroma = Encoding::from_code(descriptor.encoding)
                .map_or(Chroma::Inline, |encoding| encoding.info().chroma);
            let several = descriptor.dims[2] > 1 && chroma == Chroma::Inline;
            (if several { 3 } else { 2 }, chroma.planes())
        }
        Some(Kind::PointCloud) => (if descriptor.dtype == 0 { 0 } else { 3 }, 1),
        Some(Kind::Message) => (1, 0),
        _ => (0, 0),
    };
    descriptor.ndim = ndim;
    descriptor.nparts = nparts;
}

/// Whether `descriptor` can be true of a frame in a slot of `slot_bytes` bytes, whatever its
/// kind: the bytes from its first to its last element, or `None`.
#[inline(always)]
#[must_use]
pub fn check_frame(descriptor: &Descriptor, slot_bytes: u64) -> Option<u64> {
    if descriptor.kind == Kind::Image as u8 {
        check_image(descriptor, slot_bytes).map(|shape| shape.bytes)
    } else {
        check_other(descriptor, slot_bytes)
    }
}

#[inline(never)]
fn check_other(descriptor: &Descriptor, slot_bytes: u64) -> Option<u64> {
    match Kind::from_code(descriptor.kind)? {
        Kind::DepthImage => check_depth(descriptor, slot_bytes).map(|shape| shape.bytes),
        Kind::PointCloud => check_cloud(descriptor, slot_bytes).map(|shape| shape.bytes),
        Kind::Message => check_message(descriptor, slot_bytes).map(|shape| shape.bytes.into()),
        _ => None,
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
    let step = descriptor.step;
    let bytes = encoding.span(width, height, step)?;
    let sound = descriptor.dtype == info.dtype as u8
        && channels == u32::from(info.channels)
        // A power of two, so that no division is needed.
        && step & (u32::from(info.dtype.info().bytes) - 1) == 0
        && bytes <= descriptor.payload_bytes
        && descriptor.payload_bytes <= slot_bytes;
    sound.then_some(ImageShape { height, width, encoding, step, bytes })
}

/// The depth image that `descriptor` names, as [`check_image`]: metres as `mono32f`, or raw units
/// as `depth16`.
#[must_use]
pub fn check_depth(descriptor: &Descriptor, slot_bytes: u64) -> Option<ImageShape> {
    let shape = check_image(descriptor, slot_bytes)?;
    matches!(shape.encoding, Encoding::Mono32f | Encoding::Depth16).then_some(shape)
}

/// The point cloud that `descriptor` names, as [`check_image`].
#[must_use]
pub fn check_cloud(descriptor: &Descriptor, slot_bytes: u64) -> Option<CloudShape> {
    let [height, width, values] = descriptor.dims;
    let dtype = match descriptor.dtype {
        0 => None,
        code => Some(Dtype::from_code(code)?),
    };
    let shape = CloudShape::new(width, height, values, dtype, descriptor.step)?;
    let sound = shape.bytes <= descriptor.payload_bytes && descriptor.payload_bytes <= slot_bytes;
    sound.then_some(shape)
}

/// The message that `descriptor` names, as [`check_image`].
#[must_use]
pub fn check_message(descriptor: &Descriptor, slot_bytes: u64) -> Option<MessageShape> {
    let format = match descriptor.encoding {
        0 => MessageFormat::Bytes,
        1 => MessageFormat::Json,
        _ => return None,
    };
    let bytes = descriptor.dims[0];
    let sound = descriptor.dtype == Dtype::Uint8 as u8
        && u64::from(bytes) == descriptor.payload_bytes
        && descriptor.payload_bytes <= slot_bytes;
    sound.then_some(MessageShape { bytes, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Descriptor {
        let mut descriptor = Descriptor::default();
        ImageShape::packed(6, 4, Encoding::Rgb8).unwrap().describe(&mut descriptor);
        descriptor
    }

    #[test]
    fn accepts_what_it_wrote() {
        let shape = check_image(&sound(), 4096).unwrap();
        assert_eq!(shape, ImageShape::packed(6, 4, Encoding::Rgb8).unwrap());
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
            ("encoding", |d| d.encoding = 25),
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
