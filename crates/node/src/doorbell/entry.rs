//! The way from libuv's callback into JavaScript.
//!
//! The facade is called plainly and first, then ticks and microtasks run in a callback scope.
//! `napi_make_callback` does the same in the other order, and what it does before the call
//! costs every frame some microseconds at the moment when somebody waits for it.

use std::ptr;

use napi::sys;

use super::Bound;

/// What asynchronous hooks see of it.
pub(super) fn async_context(
    env: sys::napi_env,
) -> Result<sys::napi_async_context, sys::napi_status> {
    let mut name = ptr::null_mut();
    let text = c"framelane";
    // SAFETY: a live environment, a C string.
    let status = unsafe { sys::napi_create_string_utf8(env, text.as_ptr(), 9, &mut name) };
    if status != sys::Status::napi_ok {
        return Err(status);
    }
    let mut context = ptr::null_mut();
    // SAFETY: a value of this environment.
    let status = unsafe { sys::napi_async_init(env, ptr::null_mut(), name, &mut context) };
    if status == sys::Status::napi_ok { Ok(context) } else { Err(status) }
}

/// Calls the facade, then whatever that has made due: ticks, microtasks.
pub(super) fn wake(bound: &Bound) {
    let mut scope = ptr::null_mut();
    // SAFETY: a live environment, on its thread.
    if unsafe { sys::napi_open_handle_scope(bound.env, &mut scope) } != sys::Status::napi_ok {
        return;
    }
    let mut global = ptr::null_mut();
    // SAFETY: a live environment.
    unsafe { sys::napi_get_global(bound.env, &mut global) };
    call(bound, global);
    settle(bound, global);
    // SAFETY: opened above.
    unsafe { sys::napi_close_handle_scope(bound.env, scope) };
}

fn call(bound: &Bound, receiver: sys::napi_value) {
    let env = bound.env;
    let environment = napi::Env::from_raw(env);
    // SAFETY: alive (see `Bound`), and no entry of this environment runs now.
    let on_wake = unsafe { &(*bound.state).on_wake };
    let function = on_wake.as_ref().and_then(|on_wake| on_wake.borrow_back(&environment).ok());
    let Some(function) = function else { return };
    let function = napi::JsValue::raw(&function);
    let mut result = ptr::null_mut();
    // SAFETY: values of this environment, no arguments.
    let status =
        unsafe { sys::napi_call_function(env, receiver, function, 0, ptr::null(), &mut result) };
    if status == sys::Status::napi_pending_exception {
        let mut exception = ptr::null_mut();
        // SAFETY: an exception is pending.
        unsafe { sys::napi_get_and_clear_last_exception(env, &mut exception) };
        // SAFETY: a value of this environment.
        unsafe { sys::napi_fatal_exception(env, exception) };
    }
}

/// Runs ticks and microtasks. What they throw is an uncaught exception, as anywhere.
fn settle(bound: &Bound, resource: sys::napi_value) {
    let mut scope = ptr::null_mut();
    // SAFETY: a live environment, a context of it that lives as long as the bell.
    let status =
        unsafe { sys::napi_open_callback_scope(bound.env, resource, bound.context, &mut scope) };
    if status == sys::Status::napi_ok {
        // SAFETY: opened above, and closed on the same thread and level.
        unsafe { sys::napi_close_callback_scope(bound.env, scope) };
    }
}
