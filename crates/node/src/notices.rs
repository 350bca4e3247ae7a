//! What happened to others, for the facade to publish: the control array says that there is
//! something, and the facade takes it when it has time.

use framelane::raw::layout::control as word;
use framelane::raw::{Death, deaths_noticed, deaths_since};
use napi::Env;
use napi::bindgen_prelude::{Either, Undefined};
use napi_derive::napi;

use crate::control::Control;
use crate::error::{Result, thrown};
use crate::state::State;

/// What this environment has been told.
#[derive(Debug)]
pub struct Told {
    /// How many deaths the control array tells of.
    shown: u32,
    /// How many have been taken.
    taken: u32,
}

impl Default for Told {
    /// What was noticed before this environment began is not its business.
    fn default() -> Self {
        let now = deaths_noticed();
        Self { shown: now, taken: now }
    }
}

/// Says in the control array that there is something new, if there is. After each hot call.
#[inline(always)]
pub fn show(state: &mut State, control: Control) {
    if state.told.shown != deaths_noticed() {
        raise(state, control);
    }
}

#[cold]
fn raise(state: &mut State, control: Control) {
    state.told.shown = deaths_noticed();
    control.set(word::NOTICES, 1);
}

/// A process that ended without leaving.
#[napi(object)]
pub struct DeadPeer {
    pub pid: u32,
    pub process: String,
    pub topic: Either<String, Undefined>,
}

/// The deaths noticed since this was asked last, the last 64 of them at most.
#[napi(catch_unwind)]
pub fn take_notices(env: Env) -> Result<Vec<DeadPeer>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let (deaths, now) = deaths_since(state.told.taken);
    state.told.taken = now;
    let view = |Death { pid, process, topic, .. }| DeadPeer {
        pid,
        process,
        topic: topic.map_or(Either::B(()), Either::A),
    };
    Ok(deaths.into_iter().map(view).collect())
}

/// Gives back a frame whose object was collected; whether it was still held.
#[napi(catch_unwind)]
pub fn release_leaked(env: Env, hold: u32) -> Result<bool> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let leaked = state.release(hold);
    if leaked {
        state.nudge.found();
    }
    Ok(leaked)
}
