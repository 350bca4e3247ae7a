//! Cameras as programs make them.

use crate::ext::{Camera, model};

impl Camera {
    /// A camera without distortion: `width` and `height` of its pictures in pixels, focal lengths
    /// `fx`, `fy` and principal point `cx`, `cy` in pixels. R is the unit matrix, P what follows.
    ///
    /// ```
    /// use framelane_layout::ext::Camera;
    ///
    /// let camera = Camera::pinhole(640, 480, 525.0, 525.0, 319.5, 239.5);
    /// assert_eq!(camera.k, [525.0, 0.0, 319.5, 0.0, 525.0, 239.5, 0.0, 0.0, 1.0]);
    /// assert_eq!(camera.p[..4], [525.0, 0.0, 319.5, 0.0]);
    /// assert_eq!(camera.distortion(), []);
    /// ```
    #[must_use]
    pub fn pinhole(width: u32, height: u32, fx: f64, fy: f64, cx: f64, cy: f64) -> Self {
        Self {
            width,
            height,
            model: model::NONE,
            k: [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
            r: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            p: [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
            ..Self::default()
        }
    }

    /// The distortion coefficients that are in use.
    ///
    /// ```
    /// use framelane_layout::ext::{Camera, model};
    ///
    /// let mut camera = Camera::pinhole(640, 480, 525.0, 525.0, 319.5, 239.5);
    /// camera.model = model::EQUIDISTANT;
    /// camera.coefficients = 4;
    /// camera.d[..4].copy_from_slice(&[0.1, 0.01, 0.0, 0.0]);
    /// assert_eq!(camera.distortion(), [0.1, 0.01, 0.0, 0.0]);
    /// ```
    #[must_use]
    pub fn distortion(&self) -> &[f64] {
        self.d.get(..usize::from(self.coefficients)).unwrap_or(&self.d)
    }
}
