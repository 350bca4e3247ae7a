//! Pictures made of pictures: in another encoding, in another size, as the input of a model.

use framelane::raw::kernels::convert::{
    ColourMap, Conversion, Yuv, YuvMatrix, YuvRange, convert as convert_picture,
};
use framelane::raw::kernels::{
    Filter, Layout, resize as resize_picture, tensor_input as make_input,
};
use framelane::raw::place_of;
use framelane::{Error, ErrorCode};
use napi::Env;
use napi::bindgen_prelude::{Float32Array, Uint8Array};
use napi_derive::napi;

use crate::error::{Result, in_node, thrown};
use crate::place::{Place, Source};
use crate::state::{Frame, State};

/// What a conversion has to know; codes, 0 where nobody said.
#[napi(object)]
pub struct ConversionWords {
    /// Matrix, and range above 8 bits, as in the slot header.
    pub colour: u32,
    pub colour_map: u32,
    /// Millimetres at both ends, or neither.
    pub nearest: Option<u32>,
    pub farthest: Option<u32>,
}

impl ConversionWords {
    fn read(&self) -> framelane::Result<Conversion> {
        let [matrix, range, _, _] = self.colour.to_le_bytes();
        let matrix = match matrix {
            0 | 1 => YuvMatrix::Bt601,
            2 => YuvMatrix::Bt709,
            other => {
                let text = format!(
                    "the frame's colours have the matrix {other}; known are BT.601 and BT.709"
                );
                return Err(Error::new(ErrorCode::NoConversion, text));
            }
        };
        let range = if range == 1 { YuvRange::Full } else { YuvRange::Limited };
        let colour_map = match self.colour_map {
            1 => ColourMap::Turbo,
            2 => ColourMap::Viridis,
            _ => ColourMap::Grey,
        };
        let narrow = |mm| u16::try_from(mm).unwrap_or(u16::MAX);
        let depth_range_mm =
            self.nearest.zip(self.farthest).map(|(near, far)| (narrow(near), narrow(far)));
        Ok(Conversion { yuv: Yuv { matrix, range }, depth_range_mm, colour_map })
    }
}

/// A frame to be read while another one is written: never the same slot.
fn source(state: &State, from: &Place, into: &Place) -> framelane::Result<Source> {
    let source = Source::of(state, from.hold)?;
    let target = state.holds.get(into.hold).map(|held| &held.frame);
    if let (Source::Loan(from), Some(Frame::Loan(into))) = (&source, target)
        && (from.pool().id(), from.slot()) == (into.pool().id(), into.slot())
    {
        let text = "into: expected another frame, got this one or a part of it";
        return Err(Error::new(ErrorCode::InvalidArgument, text));
    }
    Ok(source)
}

/// Writes a picture into one of the same size on loan, in the encoding of that.
#[napi(catch_unwind)]
pub fn convert(env: Env, from: Place, into: Place, how: ConversionWords) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let mut work = || {
        let how = how.read()?;
        let source = source(state, &from, &into)?;
        let picture = from.read(&source)?;
        into.write(state, |mut target| {
            convert_picture(&picture, &mut target, &how).map_err(in_node)
        })
    };
    work().map_err(thrown)
}

/// Writes a picture into one of the same encoding on loan, in the size of that. Filter: 0
/// nearest, 1 bilinear, 2 area.
#[napi(catch_unwind)]
pub fn resize(env: Env, from: Place, into: Place, filter: u32) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let filter = match filter {
        0 => Filter::Nearest,
        1 => Filter::Bilinear,
        _ => Filter::Area,
    };
    let mut work = || {
        let source = source(state, &from, &into)?;
        let picture = from.read(&source)?;
        into.write(state, |mut target| {
            resize_picture(&picture, &mut target, filter).map_err(in_node)
        })
    };
    work().map_err(thrown)
}

/// Refuses an array in a frame that is only read, and one in the slot that is read.
fn check_target(into: &[f32], from: &[u8]) -> framelane::Result<()> {
    if into.is_empty() {
        return Ok(());
    }
    let range = into.as_ptr_range();
    if place_of(range.start.addr()).is_some() {
        let text = "into: the array lies in a received frame, which others read; pass another one";
        return Err(Error::new(ErrorCode::Frozen, text));
    }
    let slot = from.as_ptr_range();
    if range.start.cast::<u8>() < slot.end && slot.start < range.end.cast::<u8>() {
        let text = "into: expected memory of its own, got that of this frame";
        return Err(Error::new(ErrorCode::InvalidArgument, text));
    }
    Ok(())
}

/// Whether bytes lie in a frame that is only read.
#[napi(catch_unwind)]
pub fn is_received(bytes: Uint8Array) -> bool {
    place_of(bytes.as_ptr().addr()).is_some()
}

/// Writes the normalised values of a picture into an array of its own.
#[napi(catch_unwind)]
#[allow(clippy::cast_possible_truncation, reason = "the result is of single precision")]
pub fn tensor_input(
    env: Env,
    from: Place,
    mut into: Float32Array,
    chw: bool,
    mean: Vec<f64>,
    std: Vec<f64>,
) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let narrow = |numbers: Vec<f64>| numbers.into_iter().map(|n| n as f32).collect::<Vec<_>>();
    let (mean, std) = (narrow(mean), narrow(std));
    let layout = if chw { Layout::Chw } else { Layout::Hwc };
    let mut work = || {
        let source = Source::of(state, from.hold)?;
        let picture = from.read(&source)?;
        check_target(&into, source.bytes(0.0)?)?;
        // SAFETY: nobody else runs in this thread, and the array is neither in memory that cannot
        // be written nor in what is read.
        let out = unsafe { into.as_mut() };
        make_input(&picture, out, layout, &mean, &std).map_err(in_node)
    };
    work().map_err(thrown)
}
