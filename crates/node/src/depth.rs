//! Depths as statistics and as points.

use framelane::raw::kernels::depth::{
    Arrangement, Pinhole, depth_statistics as statistics, depth_to_points as to_points,
    known_depths as known,
};
use framelane::{Error, ErrorCode};
use napi::Env;
use napi_derive::napi;

use crate::error::{Result, in_node, thrown};
use crate::place::{Place, Source, write_slot};
use crate::state::State;

/// A camera without distortion, and how far a raw unit is.
#[napi(object)]
pub struct DepthWords {
    /// Millimetres of a raw unit.
    pub scale: f64,
    pub fx: f64,
    pub fy: f64,
    pub cx: f64,
    pub cy: f64,
    pub organised: bool,
}

/// Least, greatest and mean known depth of a depth image, in metres; `null` where none is known.
#[napi(catch_unwind)]
#[allow(clippy::cast_possible_truncation, reason = "single precision in the header")]
pub fn depth_statistics(env: Env, from: Place, scale: f64) -> Result<Option<Vec<f64>>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let source = Source::of(state, from.hold).map_err(thrown)?;
    let picture = from.read(&source).map_err(thrown)?;
    let found = statistics(&picture, scale as f32).map_err(|error| thrown(in_node(error)))?;
    Ok(found.map(|all| vec![f64::from(all.min), f64::from(all.max), all.mean]))
}

/// How many pixels have a known depth.
#[napi(catch_unwind)]
#[allow(clippy::cast_precision_loss, reason = "below 2^48")]
pub fn known_depths(env: Env, from: Place) -> Result<f64> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let source = Source::of(state, from.hold).map_err(thrown)?;
    let picture = from.read(&source).map_err(thrown)?;
    known(&picture).map(|count| count as f64).map_err(|error| thrown(in_node(error)))
}

/// Writes the points of a depth image into the first `bytes` bytes of a slot on loan; how many.
#[napi(catch_unwind)]
#[allow(clippy::cast_precision_loss, reason = "below 2^48")]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
pub fn depth_to_points(
    env: Env,
    from: Place,
    colour: Option<Place>,
    how: DepthWords,
    into: u32,
    bytes: f64,
) -> Result<f64> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let depths = Source::of(state, from.hold).map_err(thrown)?;
    let colours = colour.as_ref().map(|place| Source::of(state, place.hold)).transpose();
    let colours = colours.map_err(thrown)?;
    let picture = from.read(&depths).map_err(thrown)?;
    let painted = colour.as_ref().zip(colours.as_ref()).map(|(place, source)| place.read(source));
    let painted = painted.transpose().map_err(thrown)?;
    let camera = Pinhole { fx: how.fx, fy: how.fy, cx: how.cx, cy: how.cy };
    let arrangement = if how.organised { Arrangement::Organised } else { Arrangement::Dense };
    let work = |slot: &mut [u8]| {
        let outside = || Error::new(ErrorCode::InvalidSize, "a cloud larger than its slot");
        let out = slot.get_mut(..bytes as usize).ok_or_else(outside)?;
        to_points(&picture, how.scale as f32, &camera, painted.as_ref(), arrangement, out)
            .map_err(in_node)
    };
    write_slot(state, into, work).map(|count| count as f64).map_err(thrown)
}
