//! Values of frames as slices of their own type: every slot begins at a page, so that they are
//! aligned; and values that do not lie next to each other.

use std::fmt;
use std::marker::PhantomData;

use framelane_layout::Dtype;

/// A type of values in a frame: the numbers of Rust that an element type stands for.
///
/// ```
/// use framelane::{Dtype, Element};
///
/// assert_eq!(u16::DTYPE, Dtype::Uint16);
/// assert_eq!(f32::DTYPE.info().name, "float32");
/// ```
///
/// # Safety
/// Any bytes are a value of the type, which has no padding.
pub unsafe trait Element: Copy + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// The element type.
    const DTYPE: Dtype;
}

macro_rules! elements {
    ($($rust:ty: $dtype:ident,)*) => {$(
        // SAFETY: a number, for which any bytes are a value.
        unsafe impl Element for $rust {
            const DTYPE: Dtype = Dtype::$dtype;
        }
    )*};
}

elements! {
    u8: Uint8,
    i8: Int8,
    u16: Uint16,
    i16: Int16,
    u32: Uint32,
    i32: Int32,
    u64: Uint64,
    i64: Int64,
    f32: Float32,
    f64: Float64,
}

/// Bytes as values; `None` where they are not aligned, or end within one.
pub(crate) fn values<T: Element>(bytes: &[u8]) -> Option<&[T]> {
    // SAFETY: any bytes are values of `T`.
    let (before, values, after) = unsafe { bytes.align_to() };
    (before.is_empty() && after.is_empty()).then_some(values)
}

/// The same, to be written.
pub(crate) fn values_mut<T: Element>(bytes: &mut [u8]) -> Option<&mut [T]> {
    // SAFETY: any bytes are values of `T`, which has no padding.
    let (before, values, after) = unsafe { bytes.align_to_mut() };
    (before.is_empty() && after.is_empty()).then_some(values)
}

/// The bytes of values.
pub(crate) fn bytes_of<T: Element>(values: &[T]) -> &[u8] {
    let length = size_of_val(values);
    // SAFETY: the memory of a slice whose elements have no padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), length) }
}

/// Values that lie the same number of bytes apart: those of one name in the points of a cloud.
/// They need not be aligned.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{PointCloud, PointLayout, Topic};
///
/// let mut topic = Topic::<PointCloud>::open("lidar")?;
/// let mut cloud = topic.loan(3, 1, &PointLayout::xyz())?;
/// cloud.values_mut().unwrap().copy_from_slice(&[1.0_f32, 2., 3., 4., 5., 6., 7., 8., 9.]);
/// topic.send(cloud)?;
/// let cloud = topic.try_recv()?.unwrap();
/// let y = cloud.field::<f32>("y").unwrap();
/// assert_eq!((y.len(), y.get(1)), (3, Some(5.0)));
/// assert_eq!(y.iter().collect::<Vec<_>>(), [2.0, 5.0, 8.0]);
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Strided<'a, T> {
    /// From the first value on; empty where there are none.
    bytes: &'a [u8],
    stride: usize,
    length: usize,
    values: PhantomData<T>,
}

impl<'a, T: Element> Strided<'a, T> {
    /// `length` values, `stride` bytes apart, of which the first begins at `offset`. `None` where
    /// they leave the bytes.
    pub(crate) fn new(
        bytes: &'a [u8],
        offset: usize,
        stride: usize,
        length: usize,
    ) -> Option<Self> {
        let last = stride.checked_mul(length.checked_sub(1)?)?.checked_add(offset)?;
        let inside = last.checked_add(size_of::<T>())? <= bytes.len();
        inside.then_some(Self { bytes: &bytes[offset..], stride, length, values: PhantomData })
    }

    /// How many values there are.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// # let cloud = topic.loan(5, 1, &PointLayout::xyz())?;
    /// # topic.send(cloud)?;
    /// # let cloud = topic.try_recv()?.unwrap();
    /// assert_eq!(cloud.field::<f32>("x").unwrap().len(), 5); // as many as the cloud has points
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is one at least")]
    pub fn len(&self) -> usize {
        self.length
    }

    /// One of the values, or `None` where there are fewer.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// # let mut cloud = topic.loan(1, 1, &PointLayout::xyz())?;
    /// # cloud.values_mut().unwrap().copy_from_slice(&[1.0_f32, 2., 3.]);
    /// # topic.send(cloud)?;
    /// # let cloud = topic.try_recv()?.unwrap();
    /// let z = cloud.field::<f32>("z").unwrap();
    /// assert_eq!((z.get(0), z.get(1)), (Some(3.0), None));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        if index >= self.length {
            return None;
        }
        let value = self.bytes.get(index * self.stride..)?.get(..size_of::<T>())?;
        // SAFETY: the bytes of one value, any of which are one.
        Some(unsafe { value.as_ptr().cast::<T>().read_unaligned() })
    }

    /// The values in order.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// # let mut cloud = topic.loan(2, 1, &PointLayout::xyz())?;
    /// # cloud.values_mut().unwrap().copy_from_slice(&[1.0_f32, 2., 3., 4., 5., 6.]);
    /// # topic.send(cloud)?;
    /// # let cloud = topic.try_recv()?.unwrap();
    /// let highest = cloud.field("z").unwrap().iter().fold(f32::MIN, f32::max);
    /// assert_eq!(highest, 6.0);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let all = *self;
        (0..self.length).filter_map(move |index| all.get(index))
    }
}

impl<T: Element> fmt::Debug for Strided<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dtype, length, stride) = (T::DTYPE.info().name, self.length, self.stride);
        write!(out, "Strided {length} {dtype} {stride} bytes apart")
    }
}

/// Values that lie the same number of bytes apart, to be written.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Dtype, PointCloud, PointLayout, Topic};
///
/// let layout = PointLayout::of(&[("x", Dtype::Float32), ("ring", Dtype::Uint16)])?;
/// let mut topic = Topic::<PointCloud>::open("lidar")?;
/// let mut cloud = topic.loan(2, 1, &layout)?;
/// cloud.field_mut::<u16>("ring").unwrap().set(1, 7);
/// assert_eq!(cloud.data()[12..14], [7, 0]); // points of eight bytes, of which six are used
/// # Ok::<(), framelane::Error>(())
/// ```
pub struct StridedMut<'a, T> {
    bytes: &'a mut [u8],
    stride: usize,
    length: usize,
    values: PhantomData<T>,
}

impl<'a, T: Element> StridedMut<'a, T> {
    /// As [`Strided::new`].
    pub(crate) fn new(
        bytes: &'a mut [u8],
        offset: usize,
        stride: usize,
        length: usize,
    ) -> Option<Self> {
        Strided::<T>::new(bytes, offset, stride, length)?;
        Some(Self { bytes: &mut bytes[offset..], stride, length, values: PhantomData })
    }

    /// How many values there are.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// let mut cloud = topic.loan(4, 2, &PointLayout::xyz())?;
    /// assert_eq!(cloud.field_mut::<f32>("x").unwrap().len(), 8);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is one at least")]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Sets one of the values.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// let mut cloud = topic.loan(2, 1, &PointLayout::xyz())?;
    /// let mut z = cloud.field_mut::<f32>("z").unwrap();
    /// for index in 0..z.len() {
    ///     z.set(index, 1.5);
    /// }
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Panics
    /// Where there are fewer.
    pub fn set(&mut self, index: usize, value: T) {
        assert!(index < self.length, "index {index} of {} values", self.length);
        let start = index * self.stride;
        self.bytes[start..start + size_of::<T>()].copy_from_slice(bytes_of(&[value]));
    }
}

impl<T: Element> fmt::Debug for StridedMut<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dtype, length, stride) = (T::DTYPE.info().name, self.length, self.stride);
        write!(out, "StridedMut {length} {dtype} {stride} bytes apart")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_lie_apart_stay_inside() {
        let bytes: Vec<u8> = (0..20).collect();
        let strided = Strided::<u16>::new(&bytes, 1, 6, 3).unwrap();
        assert_eq!(strided.iter().collect::<Vec<_>>(), [0x0201, 0x0807, 0x0e0d]);
        assert_eq!((strided.get(2), strided.get(3)), (Some(0x0e0d), None));
        assert!(Strided::<u16>::new(&bytes, 6, 6, 3).is_some());
        for (offset, stride, length) in [(7, 6, 3), (0, 6, 5), (19, 1, 1), (0, 1, 0)] {
            assert!(Strided::<u16>::new(&bytes, offset, stride, length).is_none());
        }
        assert!(Strided::<u8>::new(&bytes, usize::MAX, 6, 3).is_none());
        assert!(Strided::<u8>::new(&bytes, 0, usize::MAX, 3).is_none());
    }

    #[test]
    fn bytes_become_values_where_they_are_aligned() {
        let whole = [1_u32, 0x0203_0405];
        let bytes = bytes_of(&whole);
        assert_eq!(values::<u32>(bytes), Some(&whole[..]));
        assert_eq!(values::<u16>(bytes).map(<[u16]>::len), Some(4));
        assert_eq!(values::<u32>(&bytes[1..5]), None);
        assert_eq!(values::<u32>(&bytes[..7]), None);
    }
}
