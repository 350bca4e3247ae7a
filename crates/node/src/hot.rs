//! The functions called for each frame, registered raw: a function made by the macros costs
//! 121 ns where one of these costs 10. They take no arguments and give nothing back: what they
//! are about, their answer and the frame stand in the control array, where the facade has
//! checked it. A negative answer is minus the number of an error code, whose text `lastError`
//! has.

mod receive;
mod send;

pub use send::publisher;

use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use framelane::{Error, ErrorCode, Result};
use napi::bindgen_prelude::{FromNapiValue, Object};
use napi::{Env, sys};

use crate::control::Control;
use crate::error::{Result as JsResult, refused, thrown};
use crate::notices;
use crate::state::State;

/// A hot function: state, environment, control array, and the answer.
type Hot = fn(&mut State, sys::napi_env, Control) -> Result<u32>;

/// An object with the hot functions of this environment.
pub fn functions(env: Env) -> JsResult<Object<'static>> {
    let state = State::address(&env).map_err(thrown)?;
    let mut object = ptr::null_mut();
    // SAFETY: a live environment.
    let status = unsafe { sys::napi_create_object(env.raw(), &mut object) };
    if status != sys::Status::napi_ok {
        return Err(refused("napi_create_object", status));
    }
    let functions: [(&CStr, sys::napi_callback); 11] = [
        (c"loan", Some(entry::<Loan>)),
        (c"send", Some(entry::<Send>)),
        (c"room", Some(entry::<Room>)),
        (c"next", Some(entry::<Next>)),
        (c"latest", Some(entry::<Latest>)),
        (c"retain", Some(entry::<Retain>)),
        (c"release", Some(entry::<Release>)),
        (c"ack", Some(entry::<Ack>)),
        (c"sleep", Some(entry::<Sleep>)),
        (c"awake", Some(entry::<Awake>)),
        (c"block", Some(entry::<Block>)),
    ];
    for (name, function) in functions {
        add(env.raw(), object, name, function, state.cast())?;
    }
    // SAFETY: an object of this environment, just made.
    unsafe { Object::from_napi_value(env.raw(), object) }
        .map_err(|error| refused("hot", error.status as sys::napi_status))
}

fn add(
    env: sys::napi_env,
    object: sys::napi_value,
    name: &CStr,
    function: sys::napi_callback,
    state: *mut c_void,
) -> JsResult<()> {
    let mut value = ptr::null_mut();
    let length = isize::try_from(name.count_bytes()).unwrap_or(0);
    // SAFETY: a live environment; the state outlives every function of it.
    let status = unsafe {
        sys::napi_create_function(env, name.as_ptr(), length, function, state, &mut value)
    };
    if status != sys::Status::napi_ok {
        return Err(refused("napi_create_function", status));
    }
    // SAFETY: two values of this environment.
    let status = unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), value) };
    if status != sys::Status::napi_ok {
        return Err(refused("napi_set_named_property", status));
    }
    Ok(())
}

/// A function as a type, so that each gets an entry of its own without an indirect call.
trait Function {
    const RUN: Hot;
}

macro_rules! functions {
    ($($name:ident = $run:path;)+) => {
        $(struct $name;
        impl Function for $name {
            const RUN: Hot = $run;
        })+
    };
}

functions! {
    Loan = send::loan;
    Send = send::send;
    Room = send::room;
    Next = receive::next;
    Latest = receive::latest;
    Retain = receive::retain;
    Release = receive::release;
    Ack = receive::ack;
    Sleep = receive::sleep;
    Awake = receive::awake;
    Block = receive::block;
}

/// What Node calls: runs the function, catches what must not cross, leaves the answer.
///
/// # Safety
/// Called by Node, as a function that `add` has made.
unsafe extern "C" fn entry<F: Function>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let none = ptr::null_mut();
    let mut state = ptr::null_mut();
    // SAFETY: called by Node with its own `env` and `info`; only the data is asked for.
    unsafe { sys::napi_get_cb_info(env, info, none, ptr::null_mut(), ptr::null_mut(), &mut state) };
    // SAFETY: the pointer given to `add`; this thread has no other reference to the state,
    // because no hot function calls back into JavaScript.
    let state = unsafe { &mut *state.cast::<State>() };
    // The facade registers one before it asks for any of these functions.
    let Ok(control) = state.control() else { return ptr::null_mut() };
    let status = match catch_unwind(AssertUnwindSafe(|| F::RUN(state, env, control))) {
        Ok(Ok(answer)) => answer.cast_signed(),
        Ok(Err(error)) => fail(state, error),
        Err(_) => fail(state, Error::new(ErrorCode::Internal, "a panic was caught; see stderr")),
    };
    control.put_status(status);
    notices::show(state, control);
    ptr::null_mut()
}

#[cold]
fn fail(state: &mut State, error: Error) -> i32 {
    let number = error.code() as u8;
    state.last_error = Some(error);
    -i32::from(number)
}

#[cold]
fn released() -> Error {
    Error::new(ErrorCode::Released, "the frame was released or sent")
}
