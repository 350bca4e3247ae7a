//! Memory made ahead of time, off the event loop.

use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Undefined};
use napi_derive::napi;

use crate::background::Background;
use crate::error::{Result, thrown};
use crate::hot::publisher;
use crate::state::State;

/// Makes memory for as many frames of `bytes` bytes as the topic's publisher keeps, and one
/// more. Resolves to an error as an object where that cannot be.
#[napi(catch_unwind, ts_return_type = "Promise<undefined | Failure>")]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
pub fn prepare(env: Env, topic: u32, bytes: f64) -> Result<AsyncTask<Background<Undefined>>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let bytes = bytes as u64;
    let publisher = state.topic(topic).and_then(publisher).map_err(thrown)?;
    let (peer, depth) = (publisher.topic().peer().clone(), publisher.depth_for(bytes));
    Ok(Background::run(move || peer.prepare(bytes, depth)))
}
