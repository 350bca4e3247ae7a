//! Pictures in and out of files.

use framelane::raw::kernels::{Format, PictureInfo, decode_into, encode, probe};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi_derive::napi;

use crate::background::Background;
use crate::error::{Result, in_node, thrown};
use crate::place::{Place, Source};
use crate::state::State;

/// Width, height and natural encoding of a picture.
#[napi(object)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub encoding: u32,
}

/// Reads the header of a JPEG or PNG picture.
#[napi(catch_unwind)]
pub fn probe_picture(bytes: Uint8Array) -> Result<Picture> {
    let PictureInfo { width, height, encoding, .. } =
        probe(&bytes).map_err(|error| thrown(in_node(error)))?;
    Ok(Picture { width, height, encoding: encoding as u32 })
}

/// Decodes a picture straight into a slot on loan.
#[napi(catch_unwind, js_name = "decodeInto")]
pub fn decode_into_slot(env: Env, bytes: Uint8Array, into: Place) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    into.write(state, |mut target| decode_into(&bytes, &mut target).map_err(in_node))
        .map_err(thrown)
}

/// Makes a picture file of a frame: 0 PNG, 1 JPEG. Off the event loop; the frame is held
/// until it is done. Resolves to an error as an object where that cannot be.
#[napi(catch_unwind, js_name = "encode", ts_return_type = "Promise<Uint8Array | Failure>")]
pub fn encode_picture(
    env: Env,
    place: Place,
    format: u32,
    quality: u32,
) -> Result<AsyncTask<Background<Uint8Array>>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let source = Source::of(state, place.hold).map_err(thrown)?;
    let format = if format == 0 { Format::Png } else { Format::Jpeg };
    let quality = u8::try_from(quality).unwrap_or(100);
    Ok(Background::run(move || {
        let picture = place.read(&source)?;
        encode(&picture, format, quality).map(Uint8Array::from).map_err(in_node)
    }))
}
