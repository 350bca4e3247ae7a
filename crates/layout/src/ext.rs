//! The ext block: what a frame needs to say and its slot header has no room for. It stands in
//! the slot behind the payload, at a multiple of 64 bytes, and is a list of sections:
//!
//! ```text
//! u32 bytes, head included | u16 type | u16 count | entries      next section: multiple of 8
//! ```
//!
//! The list ends with a head of zeros, or where the slot has no room for another head. A
//! section of an unknown type is passed over by its length.

mod write;

use crate::Dtype;
use crate::array::{DIMS_MAX, Extent, extent};

pub use write::Writer;

/// Bytes of a section's head.
pub const HEAD_BYTES: u64 = 8;
/// Bytes of a [`Field`].
pub const FIELD_BYTES: usize = 24;
/// Bytes of a [`Part`].
pub const PART_BYTES: usize = 160;
/// Bytes that a slot has for the ext block beyond its payload, whatever the payload is: enough
/// for what an image can say.
pub const ROOM: u64 = 512;
/// Bytes of a [`Camera`].
pub const CAMERA_BYTES: usize = 368;
/// Bytes of a [`Grid`].
pub const GRID_BYTES: usize = 56;
/// Most distortion coefficients of a [`Camera`].
pub const DISTORTION_MAX: usize = 14;
/// Most sections of a block: it bounds what a reader does for one frame.
pub const SECTIONS_MAX: usize = 16;

/// Types of sections.
pub mod section {
    /// Named values of a point.
    pub const FIELDS: u16 = 1;
    /// Named arrays of a group.
    pub const PARTS: u16 = 2;
    /// What the user has to say: UTF-8, JSON.
    pub const METADATA: u16 = 3;
    /// The camera that took the picture.
    pub const CAMERA: u16 = 4;
    /// Where the elements of an array lie in the world.
    pub const GRID: u16 = 5;
}

/// Distortion models of a [`Camera`]. A later release may have more of them.
pub mod model {
    /// None: a pinhole.
    pub const NONE: u8 = 0;
    /// Brown-Conrady: k1, k2, p1, p2, k3.
    pub const PLUMB_BOB: u8 = 1;
    /// k1, k2, p1, p2, k3 to k6; then s1 to s4 of a thin prism, then two angles of a tilted
    /// sensor.
    pub const RATIONAL_POLYNOMIAL: u8 = 2;
    /// A fisheye: k1 to k4.
    pub const EQUIDISTANT: u8 = 3;
}

/// Why an ext block is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtError {
    /// A section is shorter than its head, or leaves the slot.
    Length,
    /// The entries do not fill their section.
    Count,
    /// More than [`SECTIONS_MAX`] sections.
    Sections,
    /// A name is empty, is no UTF-8, or has something behind its end.
    Name,
    /// An element type is not one of the table, or there are none of it.
    Dtype,
    /// Something lies outside the payload, or is not aligned.
    Place,
    /// More than eight dimensions.
    Dims,
    /// The metadata is no UTF-8.
    Text,
    /// More than [`DISTORTION_MAX`] distortion coefficients.
    Distortion,
}

/// Values of one name in each point of a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Up to 16 bytes.
    pub name: &'a str,
    /// Bytes from the start of the point.
    pub offset: u32,
    /// Type of the values.
    pub dtype: Dtype,
    /// How many there are, 1 or more.
    pub count: u8,
}

/// One array of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Up to 32 bytes.
    pub name: &'a str,
    /// Type of the elements.
    pub dtype: Dtype,
    /// Number of dimensions, 0 to 8.
    pub ndim: u8,
    /// None are defined.
    pub flags: u16,
    /// Bytes from the start of the payload.
    pub offset: u64,
    /// Bytes of the part.
    pub bytes: u64,
    /// Extent of each dimension; 0 beyond `ndim`.
    pub shape: [u32; DIMS_MAX],
    /// Bytes from one element to the next in each dimension; 0 beyond `ndim`.
    pub strides: [i64; DIMS_MAX],
    /// Where the elements lie in the part.
    pub extent: Extent,
}

/// The camera that took a picture, as in `camera_info` of ROS. All matrices row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Camera {
    /// Pixels in a row of the picture that the camera was calibrated with.
    pub width: u32,
    /// Rows of that picture.
    pub height: u32,
    /// One of [`model`].
    pub model: u8,
    /// How many coefficients `d` has, 0 to 14.
    pub coefficients: u8,
    /// K, 3x3: from directions in the camera's frame to pixels of the picture as taken.
    pub k: [f64; 9],
    /// D: distortion coefficients in the order of `model`; 0 beyond their number.
    pub d: [f64; DISTORTION_MAX],
    /// R, 3x3: turns the camera's frame so that the pictures of a stereo pair have their rows
    /// in common. The unit matrix for a single camera.
    pub r: [f64; 9],
    /// P, 3x4: from points in the turned frame to pixels of the rectified picture.
    pub p: [f64; 12],
}

/// Where the elements of an array lie in the world.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grid {
    /// Distance between two elements in each direction, in `unit`.
    pub spacing: [f64; 3],
    /// Where element 0 is, in `unit`.
    pub origin: [f64; 3],
    /// 0 unspecified, 1 metres, 2 millimetres.
    pub unit: u8,
}

/// A section of an ext block, checked.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "read one at a time, and there is no heap here")]
pub enum Section<'a> {
    /// See [`section::FIELDS`].
    Fields(Fields<'a>),
    /// See [`section::PARTS`].
    Parts(Parts<'a>),
    /// See [`section::METADATA`].
    Metadata(&'a str),
    /// See [`section::CAMERA`].
    Camera(Camera),
    /// See [`section::GRID`].
    Grid(Grid),
    /// A type that this release does not know.
    Other(u16),
}

/// The fields of a section, each of them checked.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

/// The parts of a section, each of them checked.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    entries: &'a [u8],
    payload_bytes: u64,
}

impl<'a> Fields<'a> {
    /// The fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        self.0.chunks_exact(FIELD_BYTES).filter_map(|entry| field(entry).ok())
    }

    /// Whether all of them lie in a point of `point_bytes` bytes.
    #[must_use]
    pub fn fit(&self, point_bytes: u32) -> bool {
        self.iter().all(|field| {
            let bytes = u64::from(field.dtype.info().bytes) * u64::from(field.count);
            u64::from(field.offset) + bytes <= u64::from(point_bytes)
        })
    }
}

impl<'a> Parts<'a> {
    /// The parts, in order.
    pub fn iter(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let payload_bytes = self.payload_bytes;
        let entries = self.entries.chunks_exact(PART_BYTES);
        entries.filter_map(move |entry| part(entry, payload_bytes).ok())
    }
}

/// The sections of an ext block. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Sections<'a> {
    rest: &'a [u8],
    payload_bytes: u64,
    seen: usize,
}

/// Looks through the ext block that begins with `bytes`, a private copy of the slot from the
/// block to the slot's end. Parts must lie in `payload_bytes` bytes.
#[must_use]
pub fn sections(bytes: &[u8], payload_bytes: u64) -> Sections<'_> {
    Sections { rest: bytes, payload_bytes, seen: 0 }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<Section<'a>, ExtError>;

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.rest.get(..8)?;
        let [b0, b1, b2, b3, t0, t1, c0, c1] = <[u8; 8]>::try_from(head).ok()?;
        let bytes = u32::from_le_bytes([b0, b1, b2, b3]);
        let (kind, count) = (u16::from_le_bytes([t0, t1]), u16::from_le_bytes([c0, c1]));
        let rest = core::mem::take(&mut self.rest);
        if (bytes, kind, count) == (0, 0, 0) {
            return None;
        }
        self.seen += 1;
        if self.seen > SECTIONS_MAX {
            return Some(Err(ExtError::Sections));
        }
        let Some(entries) = usize::try_from(bytes).ok().and_then(|end| rest.get(8..end)) else {
            return Some(Err(ExtError::Length));
        };
        let checked = read(kind, count, entries, self.payload_bytes);
        if checked.is_ok() {
            // In bounds of `usize`: the section lies in the slice.
            let next = (entries.len() + 8).next_multiple_of(8);
            self.rest = rest.get(next..).unwrap_or_default();
        }
        Some(checked)
    }
}

fn read(
    kind: u16,
    count: u16,
    entries: &[u8],
    payload_bytes: u64,
) -> Result<Section<'_>, ExtError> {
    let filled_by = |bytes: usize| {
        let exact = bytes.checked_mul(usize::from(count)) == Some(entries.len());
        if exact { Ok(()) } else { Err(ExtError::Count) }
    };
    let one_of = |bytes| if count == 1 { filled_by(bytes) } else { Err(ExtError::Count) };
    match kind {
        section::FIELDS => {
            filled_by(FIELD_BYTES)?;
            entries.chunks_exact(FIELD_BYTES).try_for_each(|entry| field(entry).map(drop))?;
            Ok(Section::Fields(Fields(entries)))
        }
        section::PARTS => {
            filled_by(PART_BYTES)?;
            let mut parts = entries.chunks_exact(PART_BYTES);
            parts.try_for_each(|entry| part(entry, payload_bytes).map(drop))?;
            Ok(Section::Parts(Parts { entries, payload_bytes }))
        }
        section::METADATA => {
            core::str::from_utf8(entries).map(Section::Metadata).map_err(|_| ExtError::Text)
        }
        section::CAMERA => {
            one_of(CAMERA_BYTES)?;
            camera(entries).map(Section::Camera)
        }
        section::GRID => {
            one_of(GRID_BYTES)?;
            grid(entries).map(Section::Grid)
        }
        other => Ok(Section::Other(other)),
    }
}

fn field(entry: &[u8]) -> Result<Field<'_>, ExtError> {
    let mut reader = Reader(entry);
    let name = reader.name(16)?;
    let offset = u32::from_le_bytes(reader.array()?);
    let [dtype, count, ..] = reader.array::<4>()?;
    let dtype = Dtype::from_code(dtype).filter(|_| count > 0).ok_or(ExtError::Dtype)?;
    Ok(Field { name, offset, dtype, count })
}

fn part(entry: &[u8], payload_bytes: u64) -> Result<Part<'_>, ExtError> {
    let mut reader = Reader(entry);
    let name = reader.name(32)?;
    let [dtype, ndim, flags @ ..] = reader.array::<4>()?;
    let [_, _, _, _] = reader.array()?;
    let offset = u64::from_le_bytes(reader.array()?);
    let bytes = u64::from_le_bytes(reader.array()?);
    let (mut shape, mut strides) = ([0; DIMS_MAX], [0; DIMS_MAX]);
    for extent in &mut shape {
        *extent = u32::from_le_bytes(reader.array()?);
    }
    for stride in &mut strides {
        *stride = i64::from_le_bytes(reader.array()?);
    }
    let used = usize::from(ndim);
    if used > DIMS_MAX {
        return Err(ExtError::Dims);
    }
    shape[used..].fill(0);
    strides[used..].fill(0);
    let dtype = Dtype::from_code(dtype).ok_or(ExtError::Dtype)?;
    // What is aligned relative to the payload is aligned in memory: that begins at 64.
    let aligned = offset.is_multiple_of(u64::from(dtype.info().bytes));
    let inside = offset.checked_add(bytes).is_some_and(|end| end <= payload_bytes);
    let extent = extent(&shape[..used], &strides[..used], dtype, bytes)
        .filter(|_| aligned && inside)
        .ok_or(ExtError::Place)?;
    let flags = u16::from_le_bytes(flags);
    Ok(Part { name, dtype, ndim, flags, offset, bytes, shape, strides, extent })
}

fn camera(entry: &[u8]) -> Result<Camera, ExtError> {
    let mut reader = Reader(entry);
    let mut read = Camera {
        width: u32::from_le_bytes(reader.array()?),
        height: u32::from_le_bytes(reader.array()?),
        ..Camera::default()
    };
    [read.model, read.coefficients, ..] = reader.array::<8>()?;
    let numbers = read.k.iter_mut().chain(&mut read.d).chain(&mut read.r).chain(&mut read.p);
    for number in numbers {
        *number = f64::from_le_bytes(reader.array()?);
    }
    let unused = read.d.get_mut(usize::from(read.coefficients)..);
    unused.ok_or(ExtError::Distortion)?.fill(0.0);
    Ok(read)
}

fn grid(entry: &[u8]) -> Result<Grid, ExtError> {
    let mut reader = Reader(entry);
    let mut read = Grid::default();
    for number in read.spacing.iter_mut().chain(&mut read.origin) {
        *number = f64::from_le_bytes(reader.array()?);
    }
    [read.unit, ..] = reader.array::<8>()?;
    Ok(read)
}

/// Takes one thing after the other from the front of a slice.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ExtError> {
        let (array, rest) = self.0.split_at_checked(N).ok_or(ExtError::Length)?;
        self.0 = rest;
        array.try_into().map_err(|_| ExtError::Length)
    }

    /// A name, filled up with zeros to `bytes` bytes.
    fn name(&mut self, bytes: usize) -> Result<&'a str, ExtError> {
        let (name, rest) = self.0.split_at_checked(bytes).ok_or(ExtError::Length)?;
        self.0 = rest;
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(bytes);
        let (text, padding) = name.split_at_checked(end).ok_or(ExtError::Name)?;
        let text = core::str::from_utf8(text).map_err(|_| ExtError::Name)?;
        let sound = !text.is_empty() && padding.iter().all(|&byte| byte == 0);
        if sound { Ok(text) } else { Err(ExtError::Name) }
    }
}
