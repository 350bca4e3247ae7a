//! What each point of a cloud has: fields, or values of one type without names.

use std::collections::BTreeSet;

use framelane_kernels::{FIELDS_MAX, PointField};
use framelane_layout::{Dtype, ErrorCode};
use framelane_topic::{Error, Result};

use crate::ext::Ext;
use crate::validate::CloudShape;

/// Longest name of a field, bytes.
const NAME_MAX: usize = 16;

/// What each point of a cloud has.
///
/// ```
/// use framelane::{Dtype, PointLayout};
///
/// let layout = PointLayout::of(&[("x", Dtype::Float32), ("ring", Dtype::Uint16)])?;
/// assert_eq!((layout.point_bytes(), layout.dtype()), (8, None));
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointLayout {
    fields: Vec<PointField>,
    /// Type of all values, where they have one.
    dtype: Option<Dtype>,
    values: u32,
    point_bytes: u32,
}

impl PointLayout {
    /// Points of so many values of one type. Three are called `x`, `y`, `z`, a fourth `intensity`;
    /// six `x`, `y`, `z`, `r`, `g`, `b`; any other number `f0`, `f1` and so on.
    ///
    /// ```
    /// use framelane::{Dtype, PointLayout};
    ///
    /// let layout = PointLayout::uniform(4, Dtype::Float32)?;
    /// assert_eq!((layout.point_bytes(), layout.fields()[3].name.as_str()), (16, "intensity"));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidSize`] for none, and for points of 4 GiB.
    pub fn uniform(values: u32, dtype: Dtype) -> Result<Self> {
        let point_bytes = values
            .checked_mul(dtype.info().bytes.into())
            .filter(|&bytes| bytes > 0)
            .ok_or_else(|| refused(ErrorCode::InvalidSize, "a point has values, below 4 GiB"))?;
        Ok(Self { fields: usual_fields(values, dtype), dtype: Some(dtype), values, point_bytes })
    }

    /// Points of x, y and z, 32-bit floats by these names.
    ///
    /// ```
    /// use framelane::PointLayout;
    ///
    /// let names: Vec<_> = PointLayout::xyz().fields().iter().map(|f| f.name.clone()).collect();
    /// assert_eq!(names, ["x", "y", "z"]);
    /// ```
    #[must_use]
    pub fn xyz() -> Self {
        let dtype = Dtype::Float32;
        Self { fields: usual_fields(3, dtype), dtype: Some(dtype), values: 3, point_bytes: 12 }
    }

    /// Points of x, y, z and `rgb`, 32-bit floats by these names. The bits of the last are
    /// 0x00RRGGBB, as in PCL.
    ///
    /// ```
    /// use framelane::PointLayout;
    ///
    /// assert_eq!(PointLayout::xyz_rgb().fields()[3].name, "rgb");
    /// ```
    #[must_use]
    pub fn xyz_rgb() -> Self {
        let dtype = Dtype::Float32;
        let mut fields = usual_fields(4, dtype);
        fields[3].name = "rgb".to_owned();
        Self { fields, dtype: Some(dtype), values: 4, point_bytes: 16 }
    }

    /// Points of named values in this order, each at a multiple of its own size, the point a
    /// multiple of the largest: as C lays out a structure.
    ///
    /// ```
    /// use framelane::{Dtype, PointLayout};
    ///
    /// let layout = PointLayout::of(&[("label", Dtype::Uint8), ("x", Dtype::Float32)])?;
    /// assert_eq!((layout.fields()[1].offset, layout.point_bytes()), (4, 8));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`with_fields`](Self::with_fields).
    pub fn of(fields: &[(&str, Dtype)]) -> Result<Self> {
        let mut end = 0_u32;
        let mut largest = 1;
        let field = |&(name, dtype): &(&str, Dtype)| {
            let bytes = u32::from(dtype.info().bytes);
            let offset = end.next_multiple_of(bytes);
            end = offset + bytes;
            largest = largest.max(bytes);
            PointField { name: name.to_owned(), offset, dtype, count: 1 }
        };
        let fields = fields.iter().take(FIELDS_MAX + 1).map(field).collect();
        let offset = end.next_multiple_of(largest);
        Self::with_fields(fields, offset)
    }

    /// Points of `point_bytes` bytes with these fields, as `PointCloud2` of ROS describes them.
    ///
    /// ```
    /// use framelane::{Dtype, ErrorCode, PointField, PointLayout};
    ///
    /// let field = |name: &str, offset| PointField {
    ///     name: name.into(),
    ///     offset,
    ///     dtype: Dtype::Float32,
    ///     count: 1,
    /// };
    /// let layout = PointLayout::with_fields(vec![field("x", 0), field("intensity", 16)], 20)?;
    /// assert_eq!(layout.point_bytes(), 20);
    /// let outside = PointLayout::with_fields(vec![field("x", 17)], 20).unwrap_err();
    /// assert_eq!(outside.code(), ErrorCode::InvalidSize);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidSize`] for no fields, for more than 255, and for one that leaves the
    /// point; [`ErrorCode::InvalidArgument`] for a name twice, without letters or with more than
    /// 16 bytes, and for a field of no values.
    pub fn with_fields(fields: Vec<PointField>, point_bytes: u32) -> Result<Self> {
        let mut names = BTreeSet::new();
        for field in &fields {
            let name = field.name.as_str();
            let sound = !name.is_empty()
                && name.len() <= NAME_MAX
                && !name.contains(|letter: char| letter.is_whitespace() || letter.is_control());
            if !sound || field.count == 0 || !names.insert(name) {
                let text =
                    format!("{field:?}: a name of 1 to 16 bytes without spaces, once, and a count");
                return Err(refused(ErrorCode::InvalidArgument, &text));
            }
            if !fits(field, point_bytes) {
                let text = format!("{field:?} leaves a point of {point_bytes} bytes");
                return Err(refused(ErrorCode::InvalidSize, &text));
            }
        }
        if fields.is_empty() || fields.len() > FIELDS_MAX {
            return Err(refused(ErrorCode::InvalidSize, "a point has 1 to 255 named fields"));
        }
        let values = fields.iter().map(|field| u32::from(field.count)).sum();
        let dtype = uniform_type(&fields, point_bytes);
        Ok(Self { fields, dtype, values, point_bytes })
    }

    /// The fields in order.
    ///
    /// ```
    /// use framelane::PointLayout;
    ///
    /// assert_eq!(PointLayout::xyz().fields().len(), 3);
    /// ```
    #[must_use]
    pub fn fields(&self) -> &[PointField] {
        &self.fields
    }

    /// Type of all values; `None` where they differ, or there are gaps between them. There may be
    /// one behind the last, of a multiple of the type's size.
    ///
    /// ```
    /// use framelane::{Dtype, PointLayout};
    ///
    /// assert_eq!(PointLayout::xyz().dtype(), Some(Dtype::Float32));
    /// ```
    #[must_use]
    pub fn dtype(&self) -> Option<Dtype> {
        self.dtype
    }

    /// Bytes from one point to the next.
    ///
    /// ```
    /// use framelane::PointLayout;
    ///
    /// assert_eq!(PointLayout::xyz().point_bytes(), 12);
    /// ```
    #[must_use]
    pub fn point_bytes(&self) -> u32 {
        self.point_bytes
    }

    /// The shape of a cloud of such points.
    pub(crate) fn shape(&self, width: u32, height: u32) -> Result<CloudShape> {
        CloudShape::new(width, height, self.values, self.dtype, self.point_bytes).ok_or_else(|| {
            let text = format!(
                "expected a point at least and fewer than 2^48 bytes, got {width}x{height} points \
                 of {} bytes",
                self.point_bytes
            );
            refused(ErrorCode::InvalidSize, &text)
        })
    }

    /// What the ext block of a cloud of such points says: nothing where that goes without saying.
    pub(crate) fn ext(&self) -> Ext {
        let usual = self.dtype.is_some_and(|dtype| {
            self.fields.len() == self.values as usize
                && self.fields == usual_fields(self.values, dtype)
        });
        let fields = if usual { Vec::new() } else { self.fields.clone() };
        Ext { fields, ..Ext::default() }
    }
}

/// The fields of a point of values of one type that has no others; none for more than can be told
/// apart.
pub(crate) fn usual_fields(values: u32, dtype: Dtype) -> Vec<PointField> {
    let names: &[&str] = match values {
        3 => &["x", "y", "z"],
        4 => &["x", "y", "z", "intensity"],
        6 => &["x", "y", "z", "r", "g", "b"],
        _ => &[],
    };
    if values as usize > FIELDS_MAX {
        return Vec::new();
    }
    let field = |index: u32| PointField {
        name: names.get(index as usize).map_or_else(|| format!("f{index}"), |&name| name.into()),
        offset: index * u32::from(dtype.info().bytes),
        dtype,
        count: 1,
    };
    (0..values).map(field).collect()
}

#[cold]
fn refused(code: ErrorCode, text: &str) -> Error {
    Error::new(code, text.to_owned())
}

/// Whether a field lies in a point.
pub(crate) fn fits(field: &PointField, point_bytes: u32) -> bool {
    u64::from(field.offset) + u64::from(field.bytes()) <= u64::from(point_bytes)
}

/// The type of fields of one type that follow each other.
fn uniform_type(fields: &[PointField], point_bytes: u32) -> Option<Dtype> {
    let dtype = fields.first()?.dtype;
    let mut end = 0;
    for field in fields {
        if field.dtype != dtype || field.offset != end {
            return None;
        }
        end += field.bytes();
    }
    point_bytes.is_multiple_of(dtype.info().bytes.into()).then_some(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, offset: u32, dtype: Dtype, count: u8) -> PointField {
        PointField { name: name.to_owned(), offset, dtype, count }
    }

    #[test]
    fn fields_of_one_type_without_gaps_are_uniform() {
        let of = |fields, bytes| PointLayout::with_fields(fields, bytes).unwrap();
        let (float, byte) = (Dtype::Float32, Dtype::Uint8);
        let tight = of(vec![field("p", 0, float, 3), field("w", 12, float, 1)], 16);
        assert_eq!((tight.dtype(), tight.values), (Some(float), 4));
        assert_eq!(of(vec![field("p", 0, float, 3)], 16).dtype(), Some(float), "a gap at the end");
        assert_eq!(of(vec![field("p", 0, float, 3)], 14).dtype(), None, "a part of a value");
        let gap = of(vec![field("x", 0, float, 1), field("y", 8, float, 1)], 12);
        assert_eq!(gap.dtype(), None);
        assert_eq!(of(vec![field("x", 0, float, 1), field("c", 4, byte, 1)], 5).dtype(), None);
        assert_eq!(
            PointLayout::xyz(),
            PointLayout::of(&[("x", float), ("y", float), ("z", float),]).unwrap()
        );
        assert_eq!(
            PointLayout::xyz_rgb(),
            PointLayout::of(&[("x", float), ("y", float), ("z", float), ("rgb", float)]).unwrap()
        );
    }

    #[test]
    fn what_goes_without_saying_is_not_said() {
        let layout = |values| PointLayout::uniform(values, Dtype::Int16).unwrap();
        for values in [1, 3, 4, 6, 7, 300] {
            assert!(layout(values).ext().is_empty(), "{values}");
        }
        let fields = layout(2).fields().to_vec();
        assert_eq!(
            fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
            ["f0", "f1"]
        );
        let other = PointLayout::of(&[("u", Dtype::Int16), ("v", Dtype::Int16)]).unwrap();
        assert_eq!(other.ext().fields, other.fields());
    }

    #[test]
    fn refuses_what_no_point_can_have() {
        let byte = Dtype::Uint8;
        let cases = [
            ("no fields", vec![], ErrorCode::InvalidSize),
            ("outside", vec![field("x", 4, byte, 1)], ErrorCode::InvalidSize),
            ("far outside", vec![field("x", u32::MAX, byte, 255)], ErrorCode::InvalidSize),
            ("no name", vec![field("", 0, byte, 1)], ErrorCode::InvalidArgument),
            ("17 bytes", vec![field(&"x".repeat(17), 0, byte, 1)], ErrorCode::InvalidArgument),
            ("a NUL", vec![field("a\0", 0, byte, 1)], ErrorCode::InvalidArgument),
            ("a space", vec![field("a b", 0, byte, 1)], ErrorCode::InvalidArgument),
            ("no values", vec![field("x", 0, byte, 0)], ErrorCode::InvalidArgument),
            (
                "twice",
                vec![field("x", 0, byte, 1), field("x", 1, byte, 1)],
                ErrorCode::InvalidArgument,
            ),
        ];
        for (what, fields, code) in cases {
            assert_eq!(PointLayout::with_fields(fields, 4).unwrap_err().code(), code, "{what}");
        }
        assert!(PointLayout::uniform(0, byte).is_err());
        assert!(PointLayout::uniform(u32::MAX, Dtype::Float64).is_err());
        assert!(PointLayout::xyz().shape(0, 1).is_err());
        assert!(PointLayout::xyz().shape(u32::MAX, u32::MAX).is_err());
    }
}
