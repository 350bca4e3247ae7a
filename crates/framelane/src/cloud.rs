//! Point clouds: points of the same values one after the other, with names for the values.

use std::collections::BTreeSet;

use framelane_layout::{Dtype, ErrorCode};
use framelane_topic::{Error, Result};

use crate::element::{Element, Strided, StridedMut, values, values_mut};
use crate::ext::{Ext, PointField};
use crate::loaned::Loaned;
use crate::received::Received;
use crate::validate::CloudShape;

/// Longest name of a field, bytes.
const NAME_MAX: usize = 16;

/// What each point of a cloud has.
///
/// ```
/// use framelane::{Dtype, PointLayout};
///
/// let layout = PointLayout::of(&[("x", Dtype::Float32), ("ring", Dtype::Uint16)])?;
/// assert_eq!((layout.point_bytes(), layout.dtype()), (6, None));
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
    /// Points of so many values of one type without names.
    ///
    /// ```
    /// use framelane::{Dtype, PointLayout};
    ///
    /// let layout = PointLayout::uniform(4, Dtype::Float32)?;
    /// assert_eq!(layout.point_bytes(), 16);
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
        Ok(Self { fields: Vec::new(), dtype: Some(dtype), values, point_bytes })
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
        let field = |(index, name): (u32, &str)| PointField {
            name: name.to_owned(),
            offset: 4 * index,
            dtype: Dtype::Float32,
            count: 1,
        };
        let fields = (0..).zip(["x", "y", "z"]).map(field).collect();
        Self { fields, dtype: Some(Dtype::Float32), values: 3, point_bytes: 12 }
    }

    /// Points of named values, one after the other without gaps.
    ///
    /// ```
    /// use framelane::{Dtype, PointLayout};
    ///
    /// let layout = PointLayout::of(&[("x", Dtype::Float64), ("label", Dtype::Uint8)])?;
    /// assert_eq!(layout.fields()[1].offset, 8);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`with_fields`](Self::with_fields).
    pub fn of(fields: &[(&str, Dtype)]) -> Result<Self> {
        let mut offset = 0;
        let field = |&(name, dtype): &(&str, Dtype)| {
            let field = PointField { name: name.to_owned(), offset, dtype, count: 1 };
            offset += u32::from(dtype.info().bytes);
            field
        };
        let fields = fields.iter().map(field).collect();
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
            let sound = !name.is_empty() && name.len() <= NAME_MAX && !name.contains('\0');
            if !sound || field.count == 0 || !names.insert(name) {
                let text = format!("{field:?}: a name of 1 to 16 bytes, once, and a count above 0");
                return Err(refused(ErrorCode::InvalidArgument, &text));
            }
            if !fits(field, point_bytes) {
                let text = format!("{field:?} leaves a point of {point_bytes} bytes");
                return Err(refused(ErrorCode::InvalidSize, &text));
            }
        }
        if fields.is_empty() || fields.len() > u8::MAX.into() {
            return Err(refused(ErrorCode::InvalidSize, "a point has 1 to 255 named fields"));
        }
        let values = fields.iter().map(|field| u32::from(field.count)).sum();
        let dtype = uniform_type(&fields, point_bytes);
        Ok(Self { fields, dtype, values, point_bytes })
    }

    /// The names; empty where there are none.
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

    /// Type of all values; `None` where they differ, or there are gaps between them.
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
        CloudShape::new(height, width, self.values, self.dtype, self.point_bytes).ok_or_else(|| {
            let text = format!("{width}x{height} points of {} bytes", self.point_bytes);
            refused(ErrorCode::InvalidSize, &text)
        })
    }

    /// What the ext block of a cloud of such points says.
    pub(crate) fn ext(&self) -> Ext {
        Ext { fields: self.fields.clone(), ..Ext::default() }
    }
}

#[cold]
fn refused(code: ErrorCode, text: &str) -> Error {
    Error::new(code, text.to_owned())
}

/// Whether a field lies in a point.
fn fits(field: &PointField, point_bytes: u32) -> bool {
    let bytes = u64::from(field.dtype.info().bytes) * u64::from(field.count);
    u64::from(field.offset) + bytes <= u64::from(point_bytes)
}

/// The type of fields of one type that fill the point one after the other.
fn uniform_type(fields: &[PointField], point_bytes: u32) -> Option<Dtype> {
    let dtype = fields.first()?.dtype;
    let mut end = 0;
    for field in fields {
        if field.dtype != dtype || field.offset != end {
            return None;
        }
        end += u32::from(dtype.info().bytes) * u32::from(field.count);
    }
    (end == point_bytes).then_some(dtype)
}

/// A received point cloud. See [`Received`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{PointCloud, PointLayout, Topic};
///
/// let mut topic = Topic::<PointCloud>::open("lidar")?;
/// let mut cloud = topic.loan(2, 1, &PointLayout::xyz())?;
/// cloud.values_mut().unwrap().copy_from_slice(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// topic.send(cloud)?;
/// let cloud = topic.try_recv()?.unwrap();
/// assert_eq!(cloud.xyz().unwrap().last(), Some([4.0, 5.0, 6.0]));
/// # Ok::<(), framelane::Error>(())
/// ```
pub type PointCloud = Received<CloudShape>;

/// A point cloud that is being made. See [`Loaned`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Dtype, PointCloud, PointLayout, Topic};
///
/// let layout = PointLayout::of(&[("range", Dtype::Float32), ("intensity", Dtype::Uint8)])?;
/// let mut topic = Topic::<PointCloud>::open("lidar")?;
/// let mut cloud = topic.loan(100, 1, &layout)?;
/// let mut intensity = cloud.field_mut::<u8>("intensity").unwrap();
/// for index in 0..intensity.len() {
///     intensity.set(index, 255);
/// }
/// topic.send(cloud)?;
/// # Ok::<(), framelane::Error>(())
/// ```
pub type PointCloudMut = Loaned<CloudShape>;

fn field_named<T: Element>(fields: &[PointField], shape: &CloudShape, name: &str) -> Option<usize> {
    let field = fields.iter().find(|field| field.name == name)?;
    let sound = field.dtype == T::DTYPE && fits(field, shape.point_bytes);
    sound.then(|| usize::try_from(field.offset).ok())?
}

fn count_of(shape: &CloudShape) -> usize {
    shape.width as usize * shape.height as usize
}

/// The same for frames received and on loan.
macro_rules! readable {
    ($frame:ident, $received:literal) => {
        impl $frame<CloudShape> {
            /// Points in a row.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let cloud = topic.loan(640, 480, &PointLayout::xyz())?;
            #[doc = $received]
            /// assert_eq!(cloud.width(), 640);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn width(&self) -> u32 {
                self.shape.width
            }

            /// Rows of an organised cloud, else 1.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let cloud = topic.loan(640, 480, &PointLayout::xyz())?;
            #[doc = $received]
            /// assert_eq!(cloud.height(), 480);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn height(&self) -> u32 {
                self.shape.height
            }

            /// How many points there are in all.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let cloud = topic.loan(640, 480, &PointLayout::xyz())?;
            #[doc = $received]
            /// assert_eq!(cloud.num_points(), 307_200);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn num_points(&self) -> usize {
                count_of(&self.shape)
            }

            /// Whether the points lie in rows, as the pixels that they belong to.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let cloud = topic.loan(640, 480, &PointLayout::xyz())?;
            #[doc = $received]
            /// assert!(cloud.is_organised());
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn is_organised(&self) -> bool {
                self.shape.height > 1
            }

            /// Bytes from one point to the next.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let cloud = topic.loan(100, 1, &PointLayout::xyz())?;
            #[doc = $received]
            /// assert_eq!(cloud.point_bytes(), 12);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn point_bytes(&self) -> u32 {
                self.shape.point_bytes
            }

            /// Type of all values; `None` where they differ.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Dtype, PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let cloud = topic.loan(100, 1, &PointLayout::uniform(4, Dtype::Int16)?)?;
            #[doc = $received]
            /// assert_eq!(cloud.dtype(), Some(Dtype::Int16));
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn dtype(&self) -> Option<Dtype> {
                self.shape.dtype
            }

            /// Values of a point.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Dtype, PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let cloud = topic.loan(100, 1, &PointLayout::uniform(4, Dtype::Int16)?)?;
            #[doc = $received]
            /// assert_eq!(cloud.values_per_point(), 4);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn values_per_point(&self) -> u32 {
                self.shape.fields
            }

            /// The fields of a point; empty where they have no names.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Dtype, PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let layout = PointLayout::of(&[("x", Dtype::Float32), ("ring", Dtype::Uint16)])?;
            /// let cloud = topic.loan(100, 1, &layout)?;
            #[doc = $received]
            /// assert_eq!(cloud.fields(), layout.fields());
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn fields(&self) -> Vec<PointField> {
                self.ext().fields
            }

            /// All values of a cloud of one type, point after point; `None` for another type, and
            /// where they differ.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Dtype, PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let mut cloud = topic.loan(2, 1, &PointLayout::uniform(2, Dtype::Int16)?)?;
            /// cloud.values_mut::<i16>().unwrap().copy_from_slice(&[1, -1, 2, -2]);
            #[doc = $received]
            /// assert_eq!(cloud.values::<i16>(), Some(&[1, -1, 2, -2][..]));
            /// assert_eq!(cloud.values::<f32>(), None);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn values<T: Element>(&self) -> Option<&[T]> {
                (self.shape.dtype == Some(T::DTYPE)).then(|| values(self.data()))?
            }

            /// The values of one name in all points, without a copy; of a field of several, the
            /// first. `None` where there is no field of this name and type.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Dtype, PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let layout = PointLayout::of(&[("x", Dtype::Float32), ("ring", Dtype::Uint16)])?;
            /// let mut cloud = topic.loan(2, 1, &layout)?;
            /// cloud.field_mut::<u16>("ring").unwrap().set(0, 63);
            #[doc = $received]
            /// assert_eq!(cloud.field::<u16>("ring").unwrap().get(0), Some(63));
            /// assert!(cloud.field::<f32>("ring").is_none());
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn field<T: Element>(&self, name: &str) -> Option<Strided<'_, T>> {
                let offset = field_named::<T>(&self.fields(), &self.shape, name)?;
                let stride = self.shape.point_bytes as usize;
                Strided::new(self.data(), offset, stride, count_of(&self.shape))
            }

            /// The points of a cloud with 32-bit floats `x`, `y` and `z`, or without names and of
            /// three such values or more; `None` for any other.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Dtype, PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
            /// let mut cloud = topic.loan(1, 1, &PointLayout::uniform(4, Dtype::Float32)?)?;
            /// cloud.values_mut::<f32>().unwrap().copy_from_slice(&[1.0, 2.0, 3.0, 0.5]);
            #[doc = $received]
            /// assert_eq!(cloud.xyz().unwrap().next(), Some([1.0, 2.0, 3.0]));
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn xyz(&self) -> Option<impl Iterator<Item = [f32; 3]>> {
                let fields = self.fields();
                let stride = self.shape.point_bytes as usize;
                let count = count_of(&self.shape);
                let plain = fields.is_empty()
                    && self.shape.dtype == Some(Dtype::Float32)
                    && self.shape.fields >= 3;
                let axis = |index: usize, name| {
                    let named = field_named::<f32>(&fields, &self.shape, name);
                    let offset = if plain { 4 * index } else { named? };
                    Strided::<f32>::new(self.data(), offset, stride, count)
                };
                let (x, y, z) = (axis(0, "x")?, axis(1, "y")?, axis(2, "z")?);
                Some(x.iter().zip(y.iter()).zip(z.iter()).map(|((x, y), z)| [x, y, z]))
            }
        }
    };
}

readable!(Received, "# topic.send(cloud)?; let cloud = topic.try_recv()?.unwrap();");
readable!(Loaned, "# let cloud = cloud;");

impl Loaned<CloudShape> {
    /// All values of a cloud of one type, to be written; as [`values`](Self::values).
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// let mut cloud = topic.loan(100, 1, &PointLayout::xyz())?;
    /// for point in cloud.values_mut::<f32>().unwrap().chunks_exact_mut(3) {
    ///     point.copy_from_slice(&[1.0, 2.0, 3.0]);
    /// }
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn values_mut<T: Element>(&mut self) -> Option<&mut [T]> {
        (self.shape.dtype == Some(T::DTYPE)).then(|| values_mut(self.data_mut()))?
    }

    /// The values of one name in all points, to be written; as [`field`](Self::field).
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// let mut cloud = topic.loan(100, 1, &PointLayout::xyz())?;
    /// cloud.field_mut::<f32>("z").unwrap().set(99, -1.0);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn field_mut<T: Element>(&mut self, name: &str) -> Option<StridedMut<'_, T>> {
        let offset = field_named::<T>(&self.fields(), &self.shape, name)?;
        let (stride, count) = (self.shape.point_bytes as usize, count_of(&self.shape));
        StridedMut::new(self.data_mut(), offset, stride, count)
    }
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
        assert_eq!(of(vec![field("p", 0, float, 3)], 16).dtype(), None, "a gap at the end");
        let gap = of(vec![field("x", 0, float, 1), field("y", 8, float, 1)], 12);
        assert_eq!(gap.dtype(), None);
        assert_eq!(of(vec![field("x", 0, float, 1), field("c", 4, byte, 1)], 5).dtype(), None);
        assert_eq!(
            PointLayout::xyz(),
            PointLayout::of(&[("x", float), ("y", float), ("z", float),]).unwrap()
        );
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
