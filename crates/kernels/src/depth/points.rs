//! Points in the frame of the camera, of a depth image.

use std::slice::ChunksExactMut;

use framelane_layout::Encoding;

use super::{DepthError, metres_of_raw};
use crate::raster::Raster;

/// A camera without distortion: what `K` of a `CameraInfo` holds, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pinhole {
    /// Focal length along a row.
    pub fx: f64,
    /// Focal length down a column.
    pub fy: f64,
    /// Where the optical axis meets the image, from the centre of the first column.
    pub cx: f64,
    /// The same from the centre of the first row.
    pub cy: f64,
}

/// Which points there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// One for each pixel, row by row; x, y and z are NaN where no depth is known.
    Organised,
    /// Those with a known depth, in the same order.
    Dense,
}

/// How many pixels have a depth: finite and greater than zero.
///
/// # Errors
/// [`Encoding`](DepthError::Encoding) for other pictures than `mono32f` and `depth16`.
pub fn known_depths(from: &Raster<'_>) -> Result<usize, DepthError> {
    let known = |z: &f64| is_known(*z);
    match from.encoding() {
        Encoding::Mono32f => Ok(from.rows().flat_map(metres).filter(known).count()),
        Encoding::Depth16 => Ok(from.rows().flat_map(|row| raw(row, 1.0)).filter(known).count()),
        got => Err(DepthError::Encoding { got }),
    }
}

/// Writes the points of a depth image into `out`, and says how many.
///
/// A point is x, y and z as 32-bit floats in the byte order of this machine, 12 bytes: metres,
/// x to the right, y down, z forward, `x = (u - cx) * z / fx` and `y = (v - cy) * z / fy` for the
/// pixel in column `u` and row `v`. With `colour`, a picture of the same size, a fourth float
/// follows whose bits are 0x00RRGGBB, as the `rgb` of PCL: 16 bytes.
/// `millimetres_per_unit` counts for `depth16` only.
///
/// # Errors
/// Where the encoding of `from` is neither `mono32f` nor `depth16`, the colours are not of
/// `rgb8`, `bgr8`, `rgba8` or `bgra8` or of another size, or `out` has no room for the points:
/// one for each pixel, or, dense, [`known_depths`]. Then nothing has been written.
pub fn depth_to_points(
    from: &Raster<'_>,
    millimetres_per_unit: f32,
    camera: &Pinhole,
    colour: Option<&Raster<'_>>,
    arrangement: Arrangement,
    out: &mut [u8],
) -> Result<usize, DepthError> {
    let got = from.encoding();
    if !matches!(got, Encoding::Mono32f | Encoding::Depth16) {
        return Err(DepthError::Encoding { got });
    }
    let points = match arrangement {
        Arrangement::Organised => from.width() as usize * from.height() as usize,
        Arrangement::Dense => known_depths(from)?,
    };
    let order = colour.map(|colour| check(from, colour)).transpose()?;
    let point_bytes = if colour.is_some() { 16 } else { 12 };
    let expected = points.saturating_mul(point_bytes);
    if out.len() < expected {
        return Err(DepthError::Room { expected, got: out.len() });
    }
    let columns: Vec<f64> = (0..from.width()).map(|u| f64::from(u) - camera.cx).collect();
    let mut sink = Sink { camera, columns, arrangement, points: out.chunks_exact_mut(point_bytes) };
    let mut colour_rows = colour.map(Raster::rows);
    let mut written = 0;
    for (v, row) in (0..from.height()).zip(from.rows()) {
        let down = f64::from(v) - camera.cy;
        let colours = colour_rows.as_mut().and_then(Iterator::next).zip(order);
        written += match from.encoding() {
            Encoding::Mono32f => sink.row(metres(row), down, colours),
            _ => sink.row(raw(row, millimetres_per_unit), down, colours),
        };
    }
    Ok(written)
}

/// Where points go, and what they have in common.
struct Sink<'a> {
    camera: &'a Pinhole,
    /// How far each column is from the optical axis.
    columns: Vec<f64>,
    arrangement: Arrangement,
    points: ChunksExactMut<'a, u8>,
}

impl Sink<'_> {
    /// The points of a row that is `down` from the optical axis; how many.
    #[allow(clippy::cast_possible_truncation, reason = "points are 32-bit floats")]
    fn row(
        &mut self,
        depths: impl Iterator<Item = f64>,
        down: f64,
        colours: Option<(&[u8], Order)>,
    ) -> usize {
        let mut written = 0;
        for (u, (z, across)) in depths.zip(&self.columns).enumerate() {
            let known = is_known(z);
            if !known && self.arrangement == Arrangement::Dense {
                continue;
            }
            let Some(point) = self.points.next() else { break };
            let xyz = [across * z / self.camera.fx, down * z / self.camera.fy, z];
            let xyz = if known { xyz } else { [f64::NAN; 3] };
            for (to, value) in point.as_chunks_mut().0.iter_mut().zip(xyz) {
                *to = (value as f32).to_ne_bytes();
            }
            if let Some((row, order)) = colours {
                point[12..].copy_from_slice(&order.rgb(row, u).to_ne_bytes());
            }
            written += 1;
        }
        written
    }
}

/// Where a pixel has its colours.
#[derive(Clone, Copy)]
struct Order {
    bytes: usize,
    red: usize,
    blue: usize,
}

impl Order {
    /// 0x00RRGGBB of a pixel.
    fn rgb(self, row: &[u8], u: usize) -> u32 {
        let pixel = &row[u * self.bytes..][..self.bytes];
        u32::from_be_bytes([0, pixel[self.red], pixel[1], pixel[self.blue]])
    }
}

/// The order of the colours, once they are found to fit the depths.
fn check(from: &Raster<'_>, colour: &Raster<'_>) -> Result<Order, DepthError> {
    let expected = (from.width(), from.height());
    let got = (colour.width(), colour.height());
    if expected != got {
        return Err(DepthError::Size { expected, got });
    }
    match colour.encoding() {
        Encoding::Rgb8 => Ok(Order { bytes: 3, red: 0, blue: 2 }),
        Encoding::Bgr8 => Ok(Order { bytes: 3, red: 2, blue: 0 }),
        Encoding::Rgba8 => Ok(Order { bytes: 4, red: 0, blue: 2 }),
        Encoding::Bgra8 => Ok(Order { bytes: 4, red: 2, blue: 0 }),
        got => Err(DepthError::Colour { got }),
    }
}

fn is_known(metres: f64) -> bool {
    metres > 0.0 && metres.is_finite()
}

fn metres(row: &[u8]) -> impl Iterator<Item = f64> {
    row.as_chunks().0.iter().map(|&value| f32::from_ne_bytes(value).into())
}

fn raw(row: &[u8], millimetres_per_unit: f32) -> impl Iterator<Item = f64> {
    let values = row.as_chunks().0.iter();
    values.map(move |&value| metres_of_raw(u16::from_ne_bytes(value), millimetres_per_unit))
}
