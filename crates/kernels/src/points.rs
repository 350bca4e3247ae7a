//! Point clouds as PCD and PLY files, to and from plain bytes.
//!
//! In memory the values of a point stand together, each field at a multiple of its element's
//! size and the point itself filled up to a multiple of the largest, so that a typed array can
//! lie over any field: `x y z` of float32 with three bytes of colour take 16 bytes, not 15.
//! Where all fields have one type nothing is filled up, and the cloud is a plain array of
//! (points, values). Values are in the byte order of this machine, and what fills up is zero.
//!
//! Whatever the bytes are, the answer is a cloud or a [`CloudError`]: nothing here panics, and
//! no memory is taken for a size that a file merely claims. Values come through bit for bit,
//! but for the payload of a NaN in a text file.
//!
//! PCD is read as the Point Cloud Library describes it, versions 0.5 to 0.7: `ascii`, `binary`
//! and `binary_compressed`. Fields named `_` are padding and are left out; the view point is
//! checked and not kept. Of a PLY file the element `vertex` is read; others are passed over.
//! An organised cloud, one with rows, says so in PLY by `obj_info num_cols` and `num_rows`, as
//! range scans do. What stands behind the last point is not read.

mod columns;
mod info;
mod lines;
mod lzf;
mod pcd;
mod ply;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

pub use info::{CloudInfo, FIELDS_MAX, PointField};

/// A file format of point clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudFormat {
    /// Of the Point Cloud Library: all integers, floats of 32 and 64 bits, several values a
    /// field, rows.
    Pcd,
    /// Of Stanford: integers up to 32 bits, floats of 32 and 64 bits. Fields of several values
    /// become `name_0`, `name_1` and so on, and stay that when they are read.
    Ply,
}

/// How the points stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudStyle {
    /// As bytes, the low ones first.
    Binary,
    /// As text, in the shortest decimals that read back to the same value. Every NaN is `nan`.
    Ascii,
}

/// Why a cloud cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloudError {
    /// The first bytes are those of neither PCD nor PLY.
    NotACloud,
    /// The header is not what it should be.
    Header {
        /// The line, from 1; the last one where something is missing.
        line: u32,
        /// What was expected, and what stands there.
        reason: String,
    },
    /// The points are not what the header says.
    Data(String),
    /// A field that a frame or a file cannot have.
    Field {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A slice has not the size of the points, in bytes.
    Size {
        /// Width times height times bytes of a point.
        expected: u64,
        /// Bytes of the slice.
        got: u64,
    },
    /// What was given to [`decode_cloud`] is not what [`probe_cloud`] says of these bytes.
    OtherInfo,
}

impl CloudError {
    fn header(line: u32, reason: impl Into<String>) -> Self {
        Self::Header { line, reason: reason.into() }
    }

    fn field(name: &str, reason: impl Into<String>) -> Self {
        Self::Field { name: name.into(), reason: reason.into() }
    }

    /// There are `got` bytes of points, and `expected` of them are needed at least.
    fn ends(expected: u128, got: usize) -> Self {
        let least = format!("expected at least {expected} bytes behind the header, got {got}");
        Self::Data(least)
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACloud => {
                write!(f, "neither PCD nor PLY: expected the bytes of one whole file of these")
            }
            Self::Header { line, reason } => write!(f, "line {line} of the header: {reason}"),
            Self::Data(reason) => write!(f, "the points are broken: {reason}"),
            Self::Field { name, reason } if name.is_empty() => write!(f, "{reason}"),
            Self::Field { name, reason } => write!(f, "field {name:?}: {reason}"),
            Self::Size { expected, got } => {
                write!(f, "expected {expected} bytes for the points, got {got}")
            }
            Self::OtherInfo => {
                write!(f, "expected what the header of these bytes says, got that of others")
            }
        }
    }
}

impl std::error::Error for CloudError {}

/// A cloud to write.
#[derive(Clone, Copy, Debug)]
pub struct Cloud<'a> {
    info: &'a CloudInfo,
    points: &'a [u8],
}

impl<'a> Cloud<'a> {
    /// The points in `points`, row by row. The fields may lie anywhere in a point.
    ///
    /// # Errors
    /// [`Field`](CloudError::Field) as [`CloudInfo::check`], [`Size`](CloudError::Size).
    pub fn new(info: &'a CloudInfo, points: &'a [u8]) -> Result<Self, CloudError> {
        info.check()?;
        info.check_size(points.len())?;
        Ok(Self { info, points })
    }

    /// The bytes of each point.
    fn points(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        // A point that was checked has a field, and so it has bytes.
        self.points.chunks_exact(self.info.point_bytes as usize)
    }
}

/// A file, of which the header was read.
struct Parsed<'a> {
    info: CloudInfo,
    columns: columns::Columns,
    data: Data<'a>,
}

/// Where the points are, and how they are written.
enum Data<'a> {
    /// Each point is a line; the first is the one after `line`.
    Ascii { body: &'a [u8], line: u32, skip: u64 },
    /// Each point is a record.
    Binary { body: &'a [u8], big_endian: bool },
    /// Each field of all points, one after the other, compressed by LZF.
    Compressed { body: &'a [u8] },
}

fn parse(bytes: &[u8]) -> Result<Parsed<'_>, CloudError> {
    let parsed = if ply::begins(bytes) {
        ply::parse(bytes)
    } else if pcd::begins(bytes) {
        pcd::parse(bytes)
    } else {
        Err(CloudError::NotACloud)
    }?;
    parsed.check_room()?;
    Ok(parsed)
}

impl Parsed<'_> {
    /// Whether the bytes behind the header can hold as many points as it says.
    fn check_room(&self) -> Result<(), CloudError> {
        let (points, values) = (self.info.points(), self.columns.values());
        let (least, got) = match self.data {
            // A digit and what separates it from the next.
            Data::Ascii { body, .. } => {
                ((u128::from(points) * u128::from(values) * 2).saturating_sub(1), body.len())
            }
            Data::Binary { body, .. } => (self.columns.bytes(points), body.len()),
            Data::Compressed { body } => (self.columns.bytes(points) / 88, body.len()),
        };
        let enough = usize::try_from(least).is_ok_and(|least| least <= got);
        if enough { Ok(()) } else { Err(CloudError::ends(least, got)) }
    }
}

/// Size and fields of the PCD or PLY in `bytes`, laid out as this module says. Give the whole
/// file: only its header is read, but a header that claims more points than the bytes behind
/// it can hold is refused, so that memory may be taken for what this returns.
///
/// # Errors
/// [`NotACloud`](CloudError::NotACloud); [`Header`](CloudError::Header), also for fields that
/// [`CloudInfo::check`] refuses; [`Data`](CloudError::Data) where there are too few bytes.
pub fn probe_cloud(bytes: &[u8]) -> Result<CloudInfo, CloudError> {
    parse(bytes).map(|parsed| parsed.info)
}

/// Reads the points of the PCD or PLY in `bytes` into `out`. `info` is what [`probe_cloud`]
/// says of `bytes`; `out` has [`CloudInfo::bytes`] bytes.
///
/// # Errors
/// As [`probe_cloud`]; also [`OtherInfo`](CloudError::OtherInfo), [`Size`](CloudError::Size),
/// and [`Data`](CloudError::Data) where a value is none of its type, or the points end too
/// early. After an error `out` is unspecified.
pub fn decode_cloud(bytes: &[u8], info: &CloudInfo, out: &mut [u8]) -> Result<(), CloudError> {
    let Parsed { info: said, columns, data } = parse(bytes)?;
    if said != *info {
        return Err(CloudError::OtherInfo);
    }
    info.check_size(out.len())?;
    if columns.leave_gaps(info) {
        out.fill(0);
    }
    match data {
        Data::Ascii { body, line, skip } => {
            text::read(lines::Lines::behind(body, line), skip, &columns, info, out)
        }
        Data::Binary { body, big_endian } => columns.read_records(body, big_endian, info, out),
        Data::Compressed { body } => {
            let points = info.points();
            let fields = pcd::decompress(body, columns.bytes(points))?;
            columns.read_fields(&fields, info, out);
            Ok(())
        }
    }
}

/// The bytes of a `format` file of this cloud.
///
/// # Errors
/// [`Field`](CloudError::Field) for types and names that the format cannot hold: types other
/// than integers, float32 and float64; in PLY integers of 64 bits too, and names that would
/// have more than 16 bytes or stand twice once they are numbered; in PCD the name `_`.
pub fn encode_cloud(
    cloud: &Cloud<'_>,
    format: CloudFormat,
    style: CloudStyle,
) -> Result<Vec<u8>, CloudError> {
    let mut file = match format {
        CloudFormat::Pcd => pcd::header(cloud.info, style),
        CloudFormat::Ply => ply::header(cloud.info, style),
    }?
    .into_bytes();
    match style {
        CloudStyle::Binary => columns::write_records(cloud, &mut file),
        CloudStyle::Ascii => text::write(cloud, &mut file),
    }
    Ok(file)
}
