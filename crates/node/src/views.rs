//! What stands behind a frame's `data`: buffers over slots, buffers of single frames, copies.

use framelane::raw::layout::slot::SLOT_HEADER_BYTES;
use framelane::{Error, ErrorCode};
use napi::bindgen_prelude::{FromNapiValue, Function, Uint8Array, Unknown};
use napi::{Env, JsValue, sys};
use napi_derive::napi;

use crate::copy::copy;
use crate::error::{Result, refused, thrown};
use crate::external::shared_maker;
use crate::limit::{GUARD, MEMORY, Memory};
use crate::state::{Frame, State};

/// What is in force for `data`.
#[napi(object)]
pub struct Views {
    /// 0: external buffers, 1: shared ones, 2: private copies.
    pub memory: u32,
    pub guard: bool,
}

/// What is in force for `data`, fixed from now on; an error where that cannot be had here.
/// `transfer` is the runtime's own `ArrayBuffer.prototype.transfer`, if it has one.
#[napi(catch_unwind, ts_args_type = "transfer: Function | undefined, inWorker: boolean")]
pub fn take_views(
    env: Env,
    transfer: Option<Function<'_, (), ()>>,
    in_worker: bool,
) -> Result<Views> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let views = Views { memory: MEMORY.get(), guard: GUARD.get() != 0 };
    if views.memory == Memory::SharedBuffer as u32 {
        if views.guard {
            let text = "guard: a SharedArrayBuffer cannot be detached; leave guard or memory \
                        'shared-buffer' out";
            return Err(thrown(Error::new(ErrorCode::InvalidArgument, text)));
        }
        shared_maker().map_err(thrown)?;
    }
    state.pools.in_worker = in_worker;
    if let Some(transfer) = transfer {
        state.pools.detacher.use_transfer(env.raw(), transfer.raw()).map_err(thrown)?;
    }
    Ok(views)
}

/// The buffer over a slot's bytes: the same one at each call.
#[napi(catch_unwind, ts_return_type = "ArrayBuffer | SharedArrayBuffer")]
pub fn slot_buffer(env: Env, pool: u32, slot: u32) -> Result<Unknown<'static>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let value = state.pools.slot_buffer(env.raw(), pool, slot).map_err(thrown)?;
    returned(env, value)
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
        Some(Frame::Loan(_)) => {
            Err(thrown(Error::new(ErrorCode::Internal, "the frame has not been sent")))
        }
        None => Err(thrown(Error::new(ErrorCode::Released, "the frame was released or sent"))),
    }
}

/// The buffer over the headers of all slots of a pool, 512 bytes each.
#[napi(catch_unwind, ts_return_type = "ArrayBuffer")]
pub fn header_buffer(env: Env, pool: u32) -> Result<Unknown<'static>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let value = state.pools.header_buffer(env.raw(), pool).map_err(thrown)?;
    returned(env, value)
}

/// Pools let go since this was asked last: what is kept for their indices is stale.
#[napi(catch_unwind)]
pub fn retired_pools(env: Env) -> Result<Vec<u32>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    Ok(state.pools.take_retired())
}

/// A buffer over the first bytes of a slot, for one frame alone. `id` must be new.
#[napi(catch_unwind, ts_return_type = "ArrayBuffer")]
pub fn guard_buffer(
    env: Env,
    pool: u32,
    slot: u32,
    bytes: f64,
    id: f64,
) -> Result<Unknown<'static>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let made = state.pools.guard_buffer(env.raw(), (pool, slot), whole(bytes), whole(id));
    returned(env, made.map_err(thrown)?)
}

/// Takes such a buffer away; `false` where somebody has made that impossible.
#[napi(catch_unwind, ts_args_type = "id: number, buffer: ArrayBuffer")]
pub fn unguard(env: Env, id: f64, buffer: Unknown<'_>) -> Result<bool> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    Ok(state.pools.unguard(env.raw(), whole(id), buffer.raw()))
}

/// Copies the first bytes of a slot: as many as `target` has.
#[napi(catch_unwind)]
pub fn read_slot(env: Env, pool: u32, slot: u32, mut target: Uint8Array) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let from = state.pools.bytes_at(pool, slot, target.len() as u64, false).map_err(thrown)?;
    // SAFETY: this thread runs no JavaScript meanwhile.
    let target = unsafe { target.as_mut() };
    // SAFETY: the slot has that many bytes (checked), and JavaScript's own memory is no slot.
    unsafe { std::ptr::copy_nonoverlapping(from, target.as_mut_ptr(), target.len()) };
    Ok(())
}

/// Copies `source` to the beginning of a slot on loan.
#[napi(catch_unwind)]
pub fn write_slot(env: Env, pool: u32, slot: u32, source: Uint8Array) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let to = state.pools.bytes_at(pool, slot, source.len() as u64, true).map_err(thrown)?;
    // SAFETY: the slot has that many bytes (checked) and is on loan to this environment, whose
    // thread is here; JavaScript's own memory is no slot.
    unsafe { copy(source.as_ptr(), to, source.len()) };
    Ok(())
}

/// Copies the header of a slot.
#[napi(catch_unwind)]
pub fn read_header(env: Env, pool: u32, slot: u32, mut target: Uint8Array) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let from = state.pools.header_at(pool, slot).map_err(thrown)?;
    let length = target.len().min(usize::try_from(SLOT_HEADER_BYTES).unwrap_or(0));
    // SAFETY: this thread runs no JavaScript meanwhile.
    let target = unsafe { target.as_mut() };
    // SAFETY: a header has that many bytes, and JavaScript's own memory is none.
    unsafe { std::ptr::copy_nonoverlapping(from, target.as_mut_ptr(), length) };
    Ok(())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
fn whole(number: f64) -> u64 {
    number as u64
}

fn returned(env: Env, value: sys::napi_value) -> Result<Unknown<'static>> {
    // SAFETY: a value of this environment, made a moment ago.
    unsafe { Unknown::from_napi_value(env.raw(), value) }
        .map_err(|error| refused("buffer", error.status as sys::napi_status))
}

/// Where bytes begin, for those who describe them to native code. A number, because no address of
/// a process is above 2^48.
#[napi(catch_unwind)]
pub fn address_of(bytes: Uint8Array) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "below 2^48")]
    let address = bytes.as_ptr().expose_provenance() as f64;
    address
}
