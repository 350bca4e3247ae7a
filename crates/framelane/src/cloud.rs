//! Point clouds: points of the same values one after the other, with names for the values.

use framelane_kernels::PointField;
use framelane_layout::Dtype;

use crate::element::{Element, Strided, StridedMut, values, values_mut};
use crate::loaned::Loaned;
use crate::point_layout::{fits, usual_fields};
use crate::received::Received;
use crate::validate::CloudShape;

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
                self.shape.values
            }

            /// The fields of a point: those that the sender has named, else those that go with so
            /// many values, see [`PointLayout::uniform`](crate::PointLayout::uniform).
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
                let fields = self.ext().fields;
                match self.shape.dtype {
                    Some(dtype) if fields.is_empty() => usual_fields(self.shape.values, dtype),
                    _ => fields,
                }
            }

            /// All values of a cloud of one type, point after point, those of a gap behind each
            /// point among them. `None` for another type, and where they differ.
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

            /// The points of a cloud with fields `x`, `y` and `z` of 32-bit floats; `None` for any
            /// other.
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
                let axis = |name| {
                    let offset = field_named::<f32>(&fields, &self.shape, name)?;
                    Strided::<f32>::new(self.data(), offset, stride, count)
                };
                let (x, y, z) = (axis("x")?, axis("y")?, axis("z")?);
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
