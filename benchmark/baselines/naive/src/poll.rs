//! A bare poll of a descriptor in the event loop: the least that waking JavaScript can cost.
//! What goes through the FIFO is the time at which it was written.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use napi::sys;

/// `UV_POLL` of `uv_handle_type`, `UV_READABLE` of `uv_poll_event`.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

type Handle = *mut c_void;
type Callback = unsafe extern "C" fn(Handle, c_int, c_int);

/// What a poll needs, until the process ends.
struct Watch {
    env: sys::napi_env,
    context: sys::napi_async_context,
    callback: sys::napi_ref,
    fd: c_int,
}

/// The function of this name in the running program.
///
/// # Safety
/// `F` must be the type of a pointer to that function, and the function must be there.
unsafe fn symbol<F: Copy>(name: &CStr) -> F {
    // SAFETY: a C string.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    assert!(!address.is_null(), "{name:?} is missing");
    // SAFETY: by the caller's promise.
    unsafe { ptr::read((&raw const address).cast::<F>()) }
}

fn now_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: room for a time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// The arguments of a call, two at most.
fn arguments(env: sys::napi_env, info: sys::napi_callback_info) -> [sys::napi_value; 2] {
    let mut values = [ptr::null_mut(); 2];
    let mut count = 2;
    let (this, data) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: called by Node with its own `env` and `info`; room for two values.
    unsafe { sys::napi_get_cb_info(env, info, &mut count, values.as_mut_ptr(), this, data) };
    values
}

fn descriptor(env: sys::napi_env, value: sys::napi_value) -> c_int {
    let mut fd = -1;
    // SAFETY: a value that Node has just given; what is no number leaves -1.
    unsafe { sys::napi_get_value_int32(env, value, &mut fd) };
    fd
}

/// `ring(fd)` writes the time into a FIFO; gives whether all of it was written.
///
/// # Safety
/// Called by Node.
pub unsafe extern "C" fn ring(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let fd = descriptor(env, arguments(env, info)[0]);
    let stamp = now_ns().to_ne_bytes();
    // SAFETY: 8 bytes.
    let written = unsafe { libc::write(fd, stamp.as_ptr().cast(), stamp.len()) };
    let mut value = ptr::null_mut();
    // SAFETY: a live environment.
    unsafe { sys::napi_get_boolean(env, written == 8, &mut value) };
    value
}

/// `watch(fd, callback)` calls back with the time that was written, in nanoseconds, for each.
/// It keeps the process alive until that exits.
///
/// # Safety
/// Called by Node.
pub unsafe extern "C" fn watch(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let [fd, callback] = arguments(env, info);
    let fd = descriptor(env, fd);
    let (mut name, mut context) = (ptr::null_mut(), ptr::null_mut());
    let (mut reference, mut event_loop) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: a live environment, a C string without a length.
    unsafe { sys::napi_create_string_utf8(env, c"watch".as_ptr(), -1, &mut name) };
    // SAFETY: a value of this environment.
    unsafe { sys::napi_async_init(env, ptr::null_mut(), name, &mut context) };
    // SAFETY: a value of this environment.
    unsafe { sys::napi_create_reference(env, callback, 1, &mut reference) };
    // SAFETY: a live environment.
    unsafe { sys::napi_get_uv_event_loop(env, &mut event_loop) };
    // SAFETY: the type that libuv declares, as the next three.
    let size: unsafe extern "C" fn(c_int) -> usize = unsafe { symbol(c"uv_handle_size") };
    // SAFETY: see above.
    let init: unsafe extern "C" fn(*mut c_void, Handle, c_int) -> c_int =
        unsafe { symbol(c"uv_poll_init") };
    // SAFETY: see above.
    let start: unsafe extern "C" fn(Handle, c_int, Callback) -> c_int =
        unsafe { symbol(c"uv_poll_start") };
    // SAFETY: see above.
    let set_data: unsafe extern "C" fn(Handle, *mut c_void) =
        unsafe { symbol(c"uv_handle_set_data") };
    // SAFETY: a number in, a number out.
    let bytes = unsafe { size(UV_POLL) };
    // SAFETY: any size is allowed.
    let handle = unsafe { libc::calloc(1, bytes) };
    // SAFETY: a handle of the right size, the loop of this thread, an open descriptor.
    let initialised = unsafe { init(event_loop.cast(), handle, fd) };
    let watch = Box::new(Watch { env, context, callback: reference, fd });
    // SAFETY: an initialised handle.
    unsafe { set_data(handle, Box::into_raw(watch).cast()) };
    // SAFETY: as above.
    let started = unsafe { start(handle, UV_READABLE, readable) };
    assert!(initialised == 0 && started == 0, "the descriptor cannot be polled");
    ptr::null_mut()
}

/// # Safety
/// Called by libuv, with a handle that `watch` has made.
unsafe extern "C" fn readable(handle: Handle, _status: c_int, _events: c_int) {
    // SAFETY: `data` is the first member of every handle; `watch` set it and never frees it.
    let watch = unsafe { handle.cast::<*mut Watch>().read() };
    // SAFETY: as above.
    let watch = unsafe { &*watch };
    let mut stamp = [0_u8; 8];
    // SAFETY: room for 8 bytes.
    if unsafe { libc::read(watch.fd, stamp.as_mut_ptr().cast(), 8) } == 8 {
        call(watch, u64::from_ne_bytes(stamp));
    }
}

fn call(&Watch { env, context, callback, .. }: &Watch, stamp_ns: u64) {
    let (mut scope, mut function) = (ptr::null_mut(), ptr::null_mut());
    let (mut receiver, mut value, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: a live environment, on its thread.
    unsafe { sys::napi_open_handle_scope(env, &mut scope) };
    // SAFETY: a reference of this environment.
    unsafe { sys::napi_get_reference_value(env, callback, &mut function) };
    // SAFETY: a live environment.
    unsafe { sys::napi_get_global(env, &mut receiver) };
    // SAFETY: a live environment.
    unsafe { sys::napi_create_double(env, stamp_ns as f64, &mut value) };
    // A plain call comes first, what runs ticks and microtasks after it: nothing is quicker.
    // SAFETY: values of this environment, one argument.
    let status =
        unsafe { sys::napi_call_function(env, receiver, function, 1, &value, &mut result) };
    if status == sys::Status::napi_pending_exception {
        let mut exception = ptr::null_mut();
        // SAFETY: an exception is pending.
        unsafe { sys::napi_get_and_clear_last_exception(env, &mut exception) };
        // SAFETY: a value of this environment.
        unsafe { sys::napi_fatal_exception(env, exception) };
    }
    let mut ticks = ptr::null_mut();
    // SAFETY: a value and a context of this environment.
    unsafe { sys::napi_open_callback_scope(env, receiver, context, &mut ticks) };
    // SAFETY: opened above.
    unsafe { sys::napi_close_callback_scope(env, ticks) };
    // SAFETY: opened above.
    unsafe { sys::napi_close_handle_scope(env, scope) };
}
