//! Depth images: distances in rows, as metres or as the raw units of a sensor.

use framelane_kernels::{metres_of_raw, raw_of_metres};
use framelane_layout::{Encoding, ErrorCode};
use framelane_topic::{Error, Result};

use crate::loaned::Loaned;
use crate::received::Received;
use crate::validate::ImageShape;

/// How the distances of a depth image stand in memory.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{DepthFormat, DepthImage, Topic};
///
/// let mut topic = Topic::<DepthImage>::open("depth")?;
/// assert_eq!(topic.loan(640, 480, DepthFormat::Raw)?.format(), DepthFormat::Raw);
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DepthFormat {
    /// `f32`, metres. Unknown distances are 0 or not finite.
    Metres,
    /// `u16`, units of [`depth_scale`](Received::depth_scale) millimetres. 0 is unknown.
    Raw,
}

impl DepthFormat {
    pub(crate) fn encoding(self) -> Encoding {
        match self {
            Self::Metres => Encoding::Mono32f,
            Self::Raw => Encoding::Depth16,
        }
    }
}

/// The shape of a depth image, checked against the slot it is in.
///
/// ```
/// use framelane::{DepthImage, DepthShape, Received};
///
/// fn same(depth: Received<DepthShape>) -> DepthImage {
///     depth
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthShape(pub(crate) ImageShape);

impl DepthShape {
    pub(crate) fn packed(width: u32, height: u32, format: DepthFormat) -> Option<Self> {
        ImageShape::packed(width, height, format.encoding()).map(Self)
    }

    pub(crate) fn format(&self) -> DepthFormat {
        match self.0.encoding {
            Encoding::Depth16 => DepthFormat::Raw,
            _ => DepthFormat::Metres,
        }
    }
}

/// A received depth image. See [`Received`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{DepthFormat, DepthImage, Topic};
///
/// let mut topic = Topic::<DepthImage>::open("depth")?;
/// let mut frame = topic.loan(2, 1, DepthFormat::Metres)?;
/// frame.copy_from(&[0; 8])?;
/// frame.set_depth(1, 0, 1.25)?;
/// topic.send(frame)?;
/// let depth = topic.try_recv()?.unwrap();
/// assert_eq!((depth.depth(0, 0), depth.depth(1, 0)), (None, Some(1.25)));
/// # Ok::<(), framelane::Error>(())
/// ```
pub type DepthImage = Received<DepthShape>;

/// A depth image that is being made. See [`Loaned`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{DepthFormat, DepthImage, Topic};
///
/// let mut topic = Topic::<DepthImage>::open("depth")?;
/// let mut frame = topic.loan(2, 1, DepthFormat::Raw)?;
/// frame.raw_mut().unwrap().copy_from_slice(&[0, 1250]);
/// topic.send(frame)?;
/// assert_eq!(topic.try_recv()?.unwrap().depth(1, 0), Some(1.25));
/// # Ok::<(), framelane::Error>(())
/// ```
pub type DepthImageMut = Loaned<DepthShape>;

/// The same for frames received and on loan.
macro_rules! readable {
    ($frame:ident, $received:literal) => {
        impl $frame<DepthShape> {
            /// How the distances stand in memory.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{DepthFormat, DepthImage, Topic};
            /// # let mut topic = Topic::<DepthImage>::open("depth")?;
            /// let frame = topic.loan(2, 1, DepthFormat::Metres)?;
            #[doc = $received]
            /// assert_eq!(frame.format(), DepthFormat::Metres);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn format(&self) -> DepthFormat {
                self.shape.format()
            }

            /// The distance in column `x` of row `y`, metres, whatever the format. `None` outside
            /// the picture, and where it is unknown.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{DepthFormat, DepthImage, Topic};
            /// # let mut topic = Topic::<DepthImage>::open("depth")?;
            /// let mut frame = topic.loan(2, 1, DepthFormat::Raw)?;
            /// frame.raw_mut().unwrap().copy_from_slice(&[0, 65_535]);
            #[doc = $received]
            /// assert_eq!((frame.depth(0, 0), frame.depth(1, 0)), (None, Some(65.535)));
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn depth(&self, x: u32, y: u32) -> Option<f32> {
                let metres = match self.format() {
                    DepthFormat::Metres => *self.pixel::<f32>(x, y)?.first()?,
                    DepthFormat::Raw => {
                        metres_of(*self.pixel::<u16>(x, y)?.first()?, self.depth_scale())
                    }
                };
                (metres.is_finite() && metres > 0.0).then_some(metres)
            }

            /// All distances in metres; `None` where they are raw.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{DepthFormat, DepthImage, Topic};
            /// # let mut topic = Topic::<DepthImage>::open("depth")?;
            /// let mut frame = topic.loan(2, 1, DepthFormat::Metres)?;
            /// frame.metres_mut().unwrap().copy_from_slice(&[0.5, f32::NAN]);
            #[doc = $received]
            /// assert_eq!(frame.metres().unwrap()[0], 0.5);
            /// assert!(frame.raw().is_none());
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn metres(&self) -> Option<&[f32]> {
                self.values()
            }

            /// All distances in units of [`depth_scale`](Self::depth_scale) millimetres; `None`
            /// where they are metres.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{DepthFormat, DepthImage, Topic};
            /// # let mut topic = Topic::<DepthImage>::open("depth")?;
            /// let mut frame = topic.loan(2, 1, DepthFormat::Raw)?;
            /// frame.raw_mut().unwrap().copy_from_slice(&[500, 0]);
            #[doc = $received]
            /// assert_eq!(frame.raw(), Some(&[500, 0][..]));
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn raw(&self) -> Option<&[u16]> {
                self.values()
            }
        }
    };
}

readable!(Received, "# topic.send(frame)?; let frame = topic.try_recv()?.unwrap();");
readable!(Loaned, "# let frame = frame;");

impl Loaned<DepthShape> {
    /// Sets the distance in column `x` of row `y`, metres. Raw ones are rounded to the nearest
    /// unit, so that each of the 65,535 comes back as it was.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{DepthFormat, DepthImage, ErrorCode, Topic};
    /// # let mut topic = Topic::<DepthImage>::open("depth")?;
    /// let mut frame = topic.loan(2, 1, DepthFormat::Raw)?;
    /// frame.set_depth(0, 0, 1.0006)?;
    /// assert_eq!(frame.raw().unwrap()[0], 1001);
    /// let far = frame.set_depth(0, 0, 65.6).unwrap_err();
    /// assert_eq!(far.code(), ErrorCode::InvalidArgument);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] outside the picture, for what is negative or not finite, and
    /// for what raw units cannot say.
    pub fn set_depth(&mut self, x: u32, y: u32, metres: f32) -> Result<()> {
        let refused = |why: &str| {
            let text = format!("a distance of {metres} m {why}");
            Error::new(ErrorCode::InvalidArgument, text)
        };
        if !(metres.is_finite() && metres >= 0.0) {
            return Err(refused("is none"));
        }
        match self.format() {
            DepthFormat::Metres => self.set_pixel(x, y, &[metres]),
            DepthFormat::Raw => {
                let scale = self.depth_scale();
                let raw = raw_of_metres(f64::from(metres), scale)
                    .ok_or_else(|| refused(&format!("is beyond 65,535 units of {scale} mm")))?;
                self.set_pixel(x, y, &[raw])
            }
        }
    }

    /// All distances in metres, to be written; `None` where they are raw.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{DepthFormat, DepthImage, Topic};
    /// # let mut topic = Topic::<DepthImage>::open("depth")?;
    /// let mut frame = topic.loan(640, 480, DepthFormat::Metres)?;
    /// frame.metres_mut().unwrap().fill(f32::NAN); // all unknown
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn metres_mut(&mut self) -> Option<&mut [f32]> {
        self.values_mut()
    }

    /// All distances in raw units, to be written; `None` where they are metres.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{DepthFormat, DepthImage, Topic};
    /// # let mut topic = Topic::<DepthImage>::open("depth")?;
    /// let mut frame = topic.loan(640, 480, DepthFormat::Raw)?;
    /// frame.raw_mut().unwrap().fill(0); // all unknown
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn raw_mut(&mut self) -> Option<&mut [u16]> {
        self.values_mut()
    }
}

/// Metres of a raw distance: computed in 64 bits and rounded once.
#[allow(clippy::cast_possible_truncation, reason = "the rounding that is meant")]
fn metres_of(raw: u16, scale: f32) -> f32 {
    metres_of_raw(raw, scale) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_raw_distance_comes_back() {
        for scale in [1.0, 0.25, 0.1, 4.0] {
            for raw in 0..=u16::MAX {
                assert_eq!(
                    raw_of_metres(f64::from(metres_of(raw, scale)), scale),
                    Some(raw),
                    "{raw} x {scale} mm"
                );
            }
        }
        assert_eq!(raw_of_metres(65.536, 1.0), None);
        assert_eq!(raw_of_metres(f64::MAX, 1.0), None);
        assert_eq!(raw_of_metres(f64::NAN, 1.0), None);
    }
}
