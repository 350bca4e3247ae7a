//! Buffers over slots, and pictures in and out of them.

use framelane::ErrorCode;
use framelane::raw::kernels::{Format, PictureInfo, decode_into, encode, probe};
use napi::bindgen_prelude::{ArrayBuffer, AsyncTask, Either, FromNapiValue, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::{Result, in_node, refused, thrown};
use crate::place::{Place, Source};
use crate::state::{Frame, State};
use crate::topics::Failure;

fn error(code: ErrorCode, text: impl Into<String>) -> crate::error::Error {
    thrown(framelane::Error::new(code, text))
}

/// The pool of a frame as its readers see it, without write permission: for what is held of a
/// frame that has been sent.
#[napi(catch_unwind)]
pub fn received_pool(env: Env, hold: u32) -> Result<u32> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let peer = state.peer().map_err(thrown)?;
    match state.holds.get(hold).map(|held| &held.frame) {
        Some(Frame::Received(hold)) => Ok(state.pools.index_of_received(env.raw(), &peer, hold)),
        Some(Frame::Loan(_)) => Err(error(ErrorCode::Internal, "the frame has not been sent")),
        None => Err(error(ErrorCode::Released, "the frame was released or sent")),
    }
}

/// The buffer over the headers of all slots of a pool, 512 bytes each.
#[napi(catch_unwind)]
pub fn header_buffer(env: Env, pool: u32) -> Result<ArrayBuffer<'static>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let value = state.pools.header_buffer(env.raw(), pool).map_err(thrown)?;
    array_buffer(env, value)
}

/// Pools let go since this was asked last: what is kept for their indices is stale.
#[napi(catch_unwind)]
pub fn retired_pools(env: Env) -> Result<Vec<u32>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    Ok(state.pools.take_retired())
}

fn array_buffer(env: Env, value: napi::sys::napi_value) -> Result<ArrayBuffer<'static>> {
    // SAFETY: an array buffer of this environment, made a moment ago.
    unsafe { ArrayBuffer::from_napi_value(env.raw(), value) }
        .map_err(|error| refused("array buffer", error.status as napi::sys::napi_status))
}

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

/// Makes a picture file on a thread of libuv's pool.
pub struct EncodeTask {
    source: Source,
    place: Place,
    format: Format,
    quality: u8,
}

impl Task for EncodeTask {
    type Output = framelane::Result<Vec<u8>>;
    type JsValue = Either<Uint8Array, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = || {
            let picture = self.place.read(&self.source)?;
            encode(&picture, self.format, self.quality).map_err(in_node)
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        Ok(caught.unwrap_or_else(|_| {
            Err(framelane::Error::new(ErrorCode::Internal, "a panic was caught; see stderr"))
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(bytes) => Either::A(bytes.into()),
            Err(error) => Either::B(Failure::of(&error)),
        })
    }
}

/// Makes a picture file of a frame: 0 PNG, 1 JPEG. Off the event loop; the frame is held
/// until it is done. Resolves to an error as an object where that cannot be.
#[napi(catch_unwind, js_name = "encode", ts_return_type = "Promise<Uint8Array | Failure>")]
pub fn encode_picture(
    env: Env,
    place: Place,
    format: u32,
    quality: u32,
) -> Result<AsyncTask<EncodeTask>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let source = Source::of(state, place.hold).map_err(thrown)?;
    let format = if format == 0 { Format::Png } else { Format::Jpeg };
    let quality = u8::try_from(quality).unwrap_or(100);
    Ok(AsyncTask::new(EncodeTask { source, place, format, quality }))
}
