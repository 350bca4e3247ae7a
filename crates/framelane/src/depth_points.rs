//! What depth images are made into: statistics, and the points that a camera saw.

use framelane_kernels::{
    Arrangement, DepthStatistics, Pinhole, Raster, depth_statistics, depth_to_points, known_depths,
};
use framelane_layout::ErrorCode;
use framelane_layout::ext::Camera;
use framelane_topic::{Error, Result};

use crate::cloud::PointCloudMut;
use crate::depth::DepthShape;
use crate::image::Image;
use crate::kernel_error::in_rust;
use crate::loaned::Loaned;
use crate::point_layout::PointLayout;
use crate::raster::{PixelShape, raster};
use crate::received::Received;

fn refused(code: ErrorCode, text: String) -> Error {
    Error::new(code, text)
}

/// The camera, where it can have taken a picture of this size.
fn pinhole(camera: &Camera, width: u32, height: u32) -> Result<Pinhole> {
    if (camera.width, camera.height) != (width, height) {
        let text = format!(
            "the camera was calibrated with {}x{} pixels, the depth image has {width}x{height}; \
             pass a camera scaled to its size",
            camera.width, camera.height
        );
        return Err(refused(ErrorCode::InvalidSize, text));
    }
    let [fx, _, cx, _, fy, cy, ..] = camera.k;
    let focal = |length: f64| length.is_finite() && length > 0.0;
    if !(focal(fx) && focal(fy) && cx.is_finite() && cy.is_finite()) {
        let text = format!(
            "expected focal lengths above 0 and a finite centre, got fx {fx}, fy {fy}, cx {cx}, \
             cy {cy}"
        );
        return Err(refused(ErrorCode::InvalidArgument, text));
    }
    Ok(Pinhole { fx, fy, cx, cy })
}

/// Refuses a cloud of other fields than the points have.
fn check_fields(target: &PointCloudMut, coloured: bool) -> Result<()> {
    let (layout, names) = if coloured {
        (PointLayout::xyz_rgb(), "x, y, z and rgb")
    } else {
        (PointLayout::xyz(), "x, y and z")
    };
    let got = target.fields();
    if target.shape.point_bytes == layout.point_bytes() && got == layout.fields() {
        return Ok(());
    }
    let got: Vec<_> = got.iter().map(|field| field.name.as_str()).collect();
    let text = format!(
        "expected a cloud of {names} as 32-bit floats, got one of {} in {} bytes",
        got.join(", "),
        target.shape.point_bytes
    );
    Err(refused(ErrorCode::InvalidArgument, text))
}

/// Which points a cloud has room for: one for each pixel, or one row of those that are known.
fn arrangement(depths: &Raster<'_>, target: &PointCloudMut) -> Result<Arrangement> {
    let (width, height) = (depths.width(), depths.height());
    let got = (target.width(), target.height());
    if got == (width, height) {
        return Ok(Arrangement::Organised);
    }
    let known = known_depths(depths).map_err(in_rust)?;
    if got.1 == 1 && target.num_points() == known {
        return Ok(Arrangement::Dense);
    }
    let text = format!(
        "expected a cloud of {width}x{height} points, or one row of the {known} whose depth is \
         known, got {}x{}",
        got.0, got.1
    );
    Err(refused(ErrorCode::InvalidSize, text))
}

/// Writes the points of depths, of which a raw unit is `scale` millimetres, into a cloud.
fn write_points(
    depths: &Raster<'_>,
    scale: f32,
    camera: &Camera,
    colour: Option<&Image>,
    target: &mut PointCloudMut,
) -> Result<()> {
    let camera = pinhole(camera, depths.width(), depths.height())?;
    check_fields(target, colour.is_some())?;
    let arrangement = arrangement(depths, target)?;
    let colours = colour.map(|image| raster(&image.shape, image.data())).transpose()?;
    let out = target.data_mut();
    depth_to_points(depths, scale, &camera, colours.as_ref(), arrangement, out).map_err(in_rust)?;
    Ok(())
}

/// The same for frames received and on loan.
macro_rules! readable {
    ($frame:ident, $received:literal) => {
        impl $frame<DepthShape> {
            /// Smallest, largest and mean of the known distances, metres, whatever the format.
            /// `None` where none is known.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{DepthFormat, DepthImage, Topic};
            /// # let mut topic = Topic::<DepthImage>::open("depth")?;
            /// let mut frame = topic.loan(3, 1, DepthFormat::Raw)?;
            /// frame.raw_mut().unwrap().copy_from_slice(&[0, 500, 1500]);
            #[doc = $received]
            /// let found = frame.statistics().unwrap();
            /// assert_eq!((found.min, found.max, found.mean), (0.5, 1.5, 1.0));
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn statistics(&self) -> Option<DepthStatistics> {
                // The shape was checked, so that nothing can fail: it is a picture of depths.
                let picture = raster(self.shape.picture(), self.data()).ok()?;
                depth_statistics(&picture, self.depth_scale()).ok()?
            }

            /// How many distances are known: above 0 and finite.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{DepthFormat, DepthImage, Topic};
            /// # let mut topic = Topic::<DepthImage>::open("depth")?;
            /// let mut frame = topic.loan(3, 1, DepthFormat::Metres)?;
            /// frame.metres_mut().unwrap().copy_from_slice(&[0.0, f32::NAN, 1.5]);
            #[doc = $received]
            /// assert_eq!(frame.known_depths(), 1);
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn known_depths(&self) -> usize {
                let picture = raster(self.shape.picture(), self.data()).ok();
                picture.and_then(|picture| known_depths(&picture).ok()).unwrap_or(0)
            }

            /// Writes the points that a camera without distortion saw into a cloud: metres, x to
            /// the right, y down, z forward. The cloud has [`PointLayout::xyz`], or with
            /// `colour`, a picture of the same size and view, [`PointLayout::xyz_rgb`]. Of the
            /// depth image's size it gets a point for each pixel, NaN where the distance is
            /// unknown; in one row of [`known_depths`](Self::known_depths) points those alone.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Camera, DepthFormat, DepthImage, PointCloud, PointLayout, Topic};
            /// # let mut topic = Topic::<DepthImage>::open("depth")?;
            /// let mut frame = topic.loan(2, 2, DepthFormat::Metres)?;
            /// frame.metres_mut().unwrap().copy_from_slice(&[2.0, 0.0, 0.0, 4.0]);
            /// frame.set_camera(&Camera::pinhole(2, 2, 1.0, 1.0, 0.0, 0.0))?;
            #[doc = $received]
            ///
            /// let mut clouds = Topic::<PointCloud>::open("points")?;
            /// let points = frame.known_depths() as u32;
            /// let mut cloud = clouds.loan(points, 1, &PointLayout::xyz())?;
            /// frame.points_into(&frame.camera().unwrap(), None, &mut cloud)?;
            /// assert!(cloud.xyz().unwrap().eq([[0.0, 0.0, 2.0], [4.0, 4.0, 4.0]]));
            ///
            /// let mut organised = clouds.loan(2, 2, &PointLayout::xyz())?;
            /// frame.points_into(&frame.camera().unwrap(), None, &mut organised)?;
            /// assert!(organised.xyz().unwrap().nth(1).unwrap()[2].is_nan());
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// [`ErrorCode::InvalidSize`] for a cloud of another number of points, a picture of
            /// another size, and a camera that was calibrated with one;
            /// [`ErrorCode::InvalidEncoding`] for a picture that is not `Rgb8`, `Bgr8`, `Rgba8` or
            /// `Bgra8`; [`ErrorCode::InvalidArgument`] for a cloud of other fields, and a camera
            /// without focal lengths. Nothing is written then.
            pub fn points_into(
                &self,
                camera: &Camera,
                colour: Option<&Image>,
                target: &mut PointCloudMut,
            ) -> Result<()> {
                let depths = raster(self.shape.picture(), self.data())?;
                write_points(&depths, self.depth_scale(), camera, colour, target)
            }
        }
    };
}

readable!(Received, "# topic.send(frame)?; let frame = topic.try_recv()?.unwrap();");
readable!(Loaned, "# let frame = frame;");
