//! What the benchmark's rows are compared with: frames as one would hand them to JavaScript with
//! the macros of napi-rs alone ([`frames`]), what single calls cost ([`calls`]), a bare poll of a
//! descriptor in the event loop ([`poll`]), and memory that two processes share ([`memory`]).
#![allow(unreachable_pub, missing_docs, reason = "nothing but Node sees inside an addon")]

mod calls;
mod frames;
mod memory;
mod poll;

use std::ffi::CStr;
use std::ptr;

use napi::bindgen_prelude::Object;
use napi::{Env, JsValue, Result, sys};
use napi_derive::napi;

/// Adds what is registered raw.
#[napi(module_exports)]
pub fn init(exports: Object, env: Env) -> Result<()> {
    let functions: [(&CStr, sys::napi_callback); 8] = [
        (c"rawEmpty", Some(calls::raw_empty)),
        (c"rawNumber", Some(calls::raw_number)),
        (c"rawRegister", Some(calls::raw_register)),
        (c"rawFill", Some(calls::raw_fill)),
        (c"rawObject", Some(calls::raw_object)),
        (c"rawBytes", Some(calls::raw_bytes)),
        (c"ring", Some(poll::ring)),
        (c"watch", Some(poll::watch)),
    ];
    for (name, function) in functions {
        add(env.raw(), exports.raw(), name, function)?;
    }
    Ok(())
}

fn add(
    env: sys::napi_env,
    exports: sys::napi_value,
    name: &CStr,
    function: sys::napi_callback,
) -> Result<()> {
    let mut value = ptr::null_mut();
    // SAFETY: a live environment, a C string without a length.
    let made = unsafe {
        sys::napi_create_function(env, name.as_ptr(), -1, function, ptr::null_mut(), &mut value)
    };
    // SAFETY: two values of this environment.
    let set = unsafe { sys::napi_set_named_property(env, exports, name.as_ptr(), value) };
    if made == sys::Status::napi_ok && set == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(napi::Error::from_reason(format!("{name:?}: {made}, {set}")))
    }
}
