//! Memory made ahead of time, off the event loop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use framelane::raw::Peer;
use framelane::{Error, ErrorCode};
use napi::bindgen_prelude::{AsyncTask, Either, Undefined};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::{Result, thrown};
use crate::hot::publisher;
use crate::state::State;
use crate::topics::Failure;

/// Backs slots on a thread of libuv's pool.
pub struct PrepareTask {
    peer: Arc<Peer>,
    bytes: u64,
    depth: u32,
}

impl Task for PrepareTask {
    type Output = framelane::Result<()>;
    type JsValue = Either<Undefined, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = || self.peer.prepare(self.bytes, self.depth);
        Ok(catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            Err(Error::new(ErrorCode::Internal, "a panic was caught; see stderr"))
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(output.map_or_else(|error| Either::B(Failure::of(&error)), Either::A))
    }
}

/// Makes memory for as many frames of `bytes` bytes as the topic's publisher keeps, and one
/// more. Resolves to an error as an object where that cannot be.
#[napi(catch_unwind, ts_return_type = "Promise<undefined | Failure>")]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
pub fn prepare(env: Env, topic: u32, bytes: f64) -> Result<AsyncTask<PrepareTask>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let bytes = bytes as u64;
    let publisher = state.topic(topic).and_then(publisher).map_err(thrown)?;
    let (peer, depth) = (publisher.topic().peer().clone(), publisher.depth_for(bytes));
    Ok(AsyncTask::new(PrepareTask { peer, bytes, depth }))
}
