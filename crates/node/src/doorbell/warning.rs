//! A warning of the process, as Node prints it and `process.on('warning')` sees it.

use std::ffi::CStr;
use std::ptr;

use napi::sys;

/// Name and code that the warning carries.
const KIND: &str = "FramelaneWarning";
const CODE: &str = "FRAMELANE_NO_DOORBELL";

/// `process.emitWarning(text, KIND, CODE)`. What goes wrong with that is nobody's error.
pub(super) fn emit(env: sys::napi_env, text: &str) {
    let mut scope = ptr::null_mut();
    // SAFETY: a live environment, on its thread.
    if unsafe { sys::napi_open_handle_scope(env, &mut scope) } != sys::Status::napi_ok {
        return;
    }
    if try_emit(env, text).is_none() {
        let mut exception = ptr::null_mut();
        // SAFETY: a live environment; whether an exception is pending it says itself.
        unsafe { sys::napi_get_and_clear_last_exception(env, &mut exception) };
    }
    // SAFETY: opened above.
    unsafe { sys::napi_close_handle_scope(env, scope) };
}

fn try_emit(env: sys::napi_env, text: &str) -> Option<()> {
    let mut global = ptr::null_mut();
    // SAFETY: a live environment.
    checked(unsafe { sys::napi_get_global(env, &mut global) })?;
    let process = property(env, global, c"process")?;
    let function = property(env, process, c"emitWarning")?;
    let arguments = [string(env, text)?, string(env, KIND)?, string(env, CODE)?];
    let (count, mut result) = (arguments.len(), ptr::null_mut());
    // SAFETY: values of this environment; where it is no function the call says so.
    checked(unsafe {
        sys::napi_call_function(env, process, function, count, arguments.as_ptr(), &mut result)
    })
}

fn checked(status: sys::napi_status) -> Option<()> {
    (status == sys::Status::napi_ok).then_some(())
}

fn property(env: sys::napi_env, object: sys::napi_value, name: &CStr) -> Option<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: a value of this environment, a C string.
    checked(unsafe { sys::napi_get_named_property(env, object, name.as_ptr(), &mut value) })?;
    Some(value)
}

fn string(env: sys::napi_env, text: &str) -> Option<sys::napi_value> {
    let length = isize::try_from(text.len()).ok()?;
    let mut value = ptr::null_mut();
    // SAFETY: so many bytes of UTF-8.
    checked(unsafe {
        sys::napi_create_string_utf8(env, text.as_ptr().cast(), length, &mut value)
    })?;
    Some(value)
}
