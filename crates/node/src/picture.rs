//! Buffers over slots, and pictures in and out of them.

use framelane::raw::kernels::{Format, PictureInfo, Raster, RasterMut, decode_into, encode, probe};
use framelane::raw::{Hold, OwnHold, codec_error as codec};
use framelane::{Encoding, ErrorCode};
use napi::bindgen_prelude::{ArrayBuffer, AsyncTask, Either, FromNapiValue, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::{Result, refused, thrown};
use crate::state::{Frame, State};
use crate::topics::Failure;

fn error(code: ErrorCode, text: impl Into<String>) -> crate::error::Error {
    thrown(framelane::Error::new(code, text))
}

fn encoding(code: u32) -> Result<Encoding> {
    u8::try_from(code)
        .ok()
        .and_then(Encoding::from_code)
        .ok_or_else(|| error(ErrorCode::InvalidEncoding, format!("{code} is no encoding's code")))
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
        probe(&bytes).map_err(|error| thrown(codec(error)))?;
    Ok(Picture { width, height, encoding: encoding as u32 })
}

/// Decodes a picture straight into a slot on loan.
#[napi(catch_unwind, js_name = "decodeInto")]
pub fn decode_into_slot(
    env: Env,
    bytes: Uint8Array,
    hold: u32,
    encoding_code: u32,
    width: u32,
    height: u32,
    step: u32,
) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let encoding = encoding(encoding_code)?;
    let held = state.holds.get_mut(hold);
    let Some(Frame::Loan(loan)) = held.map(|held| &mut held.frame) else {
        return Err(error(ErrorCode::Frozen, "only a frame on loan can be decoded into"));
    };
    let length = usize::try_from(loan.pool().geometry().slot_stride).unwrap_or(usize::MAX);
    // SAFETY: the slot has that many bytes, and is on loan to this environment, whose thread
    // is here.
    let slot = unsafe { std::slice::from_raw_parts_mut(loan.pointer(), length) };
    let decoded = RasterMut::new(width, height, step, encoding, slot)
        .map_err(codec)
        .and_then(|mut target| decode_into(&bytes, &mut target).map_err(codec));
    decoded.map_err(thrown)
}

/// A frame that a picture is made of, held until it is done.
enum Source {
    Loan(OwnHold),
    Received(Hold),
}

impl Source {
    fn bytes(&self) -> framelane::Result<&[u8]> {
        let (pointer, length) = match self {
            Self::Loan(loan) => (loan.pointer().cast_const(), loan.pool().geometry().slot_stride),
            Self::Received(hold) => (hold.pointer()?, hold.slot_bytes()),
        };
        let length = usize::try_from(length).unwrap_or(0);
        // SAFETY: the slot has that many bytes and stays for as long as the hold. A frame on
        // loan may be written meanwhile by JavaScript; its picture is then of mixed content,
        // and nothing but pixels is read from it.
        Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
    }
}

/// Makes a picture file on a thread of libuv's pool.
pub struct EncodeTask {
    source: Source,
    format: Format,
    quality: u8,
    encoding: Encoding,
    width: u32,
    height: u32,
    step: u32,
}

impl Task for EncodeTask {
    type Output = framelane::Result<Vec<u8>>;
    type JsValue = Either<Uint8Array, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = || {
            let (width, height, step) = (self.width, self.height, self.step);
            let bytes = self.source.bytes()?;
            let picture = Raster::new(width, height, step, self.encoding, bytes).map_err(codec)?;
            encode(&picture, self.format, self.quality).map_err(codec)
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
#[allow(clippy::too_many_arguments, reason = "what a picture is")]
pub fn encode_picture(
    env: Env,
    hold: u32,
    format: u32,
    quality: u32,
    encoding_code: u32,
    width: u32,
    height: u32,
    step: u32,
) -> Result<AsyncTask<EncodeTask>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let source = match state.holds.get(hold).map(|held| &held.frame) {
        Some(Frame::Loan(loan)) => Source::Loan(loan.clone()),
        Some(Frame::Received(hold)) => Source::Received(hold.clone()),
        None => return Err(error(ErrorCode::Released, "the frame was released or sent")),
    };
    let format = if format == 0 { Format::Png } else { Format::Jpeg };
    let quality = u8::try_from(quality).unwrap_or(100);
    let encoding = encoding(encoding_code)?;
    Ok(AsyncTask::new(EncodeTask { source, format, quality, encoding, width, height, step }))
}
