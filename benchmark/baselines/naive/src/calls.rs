//! The same small calls twice: by the macros of napi-rs, and registered raw.

use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::ptr;

use napi::bindgen_prelude::Uint8Array;
use napi::sys;
use napi_derive::napi;

/// Properties of the object that is returned.
const FIELDS: [&CStr; 8] = [c"a", c"b", c"c", c"d", c"e", c"f", c"g", c"h"];

thread_local! {
    /// The control array.
    static CONTROL: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

#[napi]
pub fn macro_empty() {}

#[napi]
pub fn macro_number(number: u32) -> u32 {
    number + 1
}

#[napi]
pub fn macro_bytes(bytes: Uint8Array) -> u32 {
    u32::from(bytes[0])
}

#[napi(object)]
pub struct Eight {
    pub a: u32,
    pub b: u32,
    pub c: u32,
    pub d: u32,
    pub e: u32,
    pub f: u32,
    pub g: u32,
    pub h: u32,
}

#[napi]
pub fn macro_object(number: u32) -> Eight {
    let [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(|index| number + index);
    Eight { a, b, c, d, e, f, g, h }
}

#[napi]
pub struct Counter {
    number: u32,
}

#[napi]
impl Counter {
    #[napi(constructor)]
    pub fn new(number: u32) -> Self {
        Self { number }
    }

    #[napi(getter)]
    pub fn number(&self) -> u32 {
        self.number
    }

    #[napi]
    pub fn next(&mut self) -> u32 {
        self.number += 1;
        self.number
    }
}

/// The first argument, whatever it is.
fn argument(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut count = 1;
    let mut value = ptr::null_mut();
    let (this, data) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: called by Node with its own `env` and `info`; room for one value.
    unsafe { sys::napi_get_cb_info(env, info, &mut count, &mut value, this, data) };
    value
}

fn to_number(env: sys::napi_env, value: sys::napi_value) -> u32 {
    let mut number = 0;
    // SAFETY: a value that Node has just given; what is no number leaves 0.
    unsafe { sys::napi_get_value_uint32(env, value, &mut number) };
    number
}

fn from_number(env: sys::napi_env, number: u32) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: a live environment.
    unsafe { sys::napi_create_uint32(env, number, &mut value) };
    value
}

/// Where the bytes of a typed array are.
fn bytes_of(env: sys::napi_env, array: sys::napi_value) -> *mut c_void {
    let mut data = ptr::null_mut();
    let (kind, length) = (ptr::null_mut(), ptr::null_mut());
    let (buffer, offset) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: a value that Node has just given; what is no typed array leaves null.
    unsafe { sys::napi_get_typedarray_info(env, array, kind, length, &mut data, buffer, offset) };
    data
}

/// # Safety
/// Called by Node, as all functions below.
pub unsafe extern "C" fn raw_empty(
    _env: sys::napi_env,
    _info: sys::napi_callback_info,
) -> sys::napi_value {
    ptr::null_mut()
}

/// # Safety
/// See `raw_empty`.
pub unsafe extern "C" fn raw_number(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    from_number(env, to_number(env, argument(env, info)) + 1)
}

/// Takes the control array, of at least 8 numbers, that `raw_fill` fills.
///
/// # Safety
/// See `raw_empty`; the array must live from then on.
pub unsafe extern "C" fn raw_register(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    CONTROL.set(bytes_of(env, argument(env, info)));
    ptr::null_mut()
}

/// # Safety
/// See `raw_empty`; after `raw_register`.
pub unsafe extern "C" fn raw_fill(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let number = to_number(env, argument(env, info));
    let words = [0, 1, 2, 3, 4, 5, 6, 7].map(|index| number + index);
    // SAFETY: the array has room for 8 numbers and lives.
    unsafe { CONTROL.get().cast::<[u32; 8]>().write(words) };
    from_number(env, number)
}

/// # Safety
/// See `raw_empty`.
pub unsafe extern "C" fn raw_object(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let number = to_number(env, argument(env, info));
    let mut object = ptr::null_mut();
    // SAFETY: a live environment.
    unsafe { sys::napi_create_object(env, &mut object) };
    for (index, name) in (0..).zip(FIELDS) {
        let value = from_number(env, number + index);
        // SAFETY: values of this environment, a C string.
        unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), value) };
    }
    object
}

/// # Safety
/// See `raw_empty`.
pub unsafe extern "C" fn raw_bytes(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let data = bytes_of(env, argument(env, info));
    // SAFETY: the benchmark gives arrays that are not empty.
    from_number(env, u32::from(unsafe { data.cast::<u8>().read() }))
}
