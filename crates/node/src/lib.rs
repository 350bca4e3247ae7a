//! The Node.js binding. It has no algorithm: it keeps, for each environment (the main thread
//! or a worker), what that environment has open, and moves words between it and the facade
//! in `lib/`.
//!
//! Functions called for each frame are registered raw (`hot`) and exchange numbers and the
//! words of a control array only; everything else uses the macros of napi-rs. No panic
//! crosses the boundary: every entry catches it.
#![cfg_attr(test, allow(dead_code, reason = "the macros register nothing in a test build"))]
#![allow(unreachable_pub, missing_docs, reason = "nothing but Node sees inside an addon")]

mod background;
mod cloud;
mod control;
mod convert;
mod copy;
mod depth;
mod doorbell;
mod error;
mod ext;
mod external;
mod fault;
mod hot;
mod limit;
mod memory;
mod notices;
mod nudge;
mod picture;
mod place;
mod prepare;
mod refusal;
mod state;
mod token;
mod topics;
mod views;

use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use crate::state::State;

/// Runs once for each environment: gives it its state, and has the state cleared away when
/// the environment ends in an orderly manner. Nothing depends on that; see `SPEC.md`.
#[napi(module_exports)]
pub fn init(_exports: Object, env: Env) -> Result<()> {
    State::install(&env)
}
