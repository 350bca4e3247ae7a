//! Bare doorbells in Node's event loop: a descriptor, `uv_poll`, a call of a function. What the
//! kinds of descriptors and the ways into JavaScript cost is measured with it, and that
//! framelane adds little.
//!
//! `open(kind, path, entry, callback)`: makes the doorbell at `path` and calls `callback` for
//! each ring. Nothing is ever closed: the process ends.

mod descriptor;
mod entry;

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use napi_sys as sys;

use descriptor::Kind;
use entry::Entry;

type Opaque = *mut c_void;
type Initialise = unsafe extern "C" fn(sys::napi_env, sys::napi_value) -> sys::napi_value;

// Node exports libuv; this library is loaded by nobody else.
unsafe extern "C" {
    fn uv_handle_size(kind: c_int) -> usize;
    fn uv_poll_init(event_loop: Opaque, handle: Opaque, fd: c_int) -> c_int;
    fn uv_poll_start(
        handle: Opaque,
        events: c_int,
        call: unsafe extern "C" fn(Opaque, c_int, c_int),
    ) -> c_int;
    fn uv_handle_set_data(handle: Opaque, data: Opaque);
    fn uv_handle_get_data(handle: Opaque) -> Opaque;
}

/// `UV_POLL` of `uv_handle_type`.
const UV_POLL: c_int = 8;
/// `UV_READABLE` of `uv_poll_event`.
const UV_READABLE: c_int = 1;

/// A doorbell.
struct Bell {
    fd: c_int,
    entry: Entry,
}

/// Node: the module is being loaded.
///
/// # Safety
/// Called by Node, on a thread of its own environment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(
    env: sys::napi_env,
    exports: sys::napi_value,
) -> sys::napi_value {
    let mut function = ptr::null_mut();
    // SAFETY: a live environment, a C string, a function of the right type.
    unsafe {
        sys::napi_create_function(
            env,
            c"open".as_ptr(),
            4,
            Some(open),
            ptr::null_mut(),
            &mut function,
        )
    };
    // SAFETY: values of this environment.
    unsafe { sys::napi_set_named_property(env, exports, c"open".as_ptr(), function) };
    exports
}

const _: Initialise = napi_register_module_v1;

/// JavaScript: `open(kind, path, entry, callback)`.
///
/// # Safety
/// Called by Node.
unsafe extern "C" fn open(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut values = [ptr::null_mut(); 4];
    let mut count = values.len();
    // SAFETY: room for so many values.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    let [kind, path, way, callback] = values;
    let (kind, path, way) = (text(env, kind), text(env, path), text(env, way));
    if let Err(error) = hang(env, &kind, &path, &way, callback) {
        let error = format!("{kind} {path} {way}: {error}\0");
        // SAFETY: a C string.
        unsafe { sys::napi_throw_error(env, ptr::null(), error.as_ptr().cast()) };
    }
    ptr::null_mut()
}

fn text(env: sys::napi_env, value: sys::napi_value) -> String {
    let mut bytes = [0_u8; 256];
    let mut length = 0;
    // SAFETY: room for so many bytes, a zero included.
    unsafe {
        sys::napi_get_value_string_utf8(env, value, bytes.as_mut_ptr().cast(), 256, &mut length)
    };
    CStr::from_bytes_until_nul(&bytes)
        .map_or_else(|_| String::new(), |text| text.to_string_lossy().into())
}

fn hang(
    env: sys::napi_env,
    kind: &str,
    path: &str,
    way: &str,
    callback: sys::napi_value,
) -> std::io::Result<()> {
    let fd = Kind::named(kind)?.open(path)?;
    let entry = Entry::new(env, way, callback)?;
    let mut event_loop = ptr::null_mut();
    // SAFETY: a live environment.
    unsafe { sys::napi_get_uv_event_loop(env, &mut event_loop) };
    // SAFETY: a number in, a number out.
    let bytes = unsafe { uv_handle_size(UV_POLL) };
    // SAFETY: any size is allowed.
    let handle = unsafe { libc::calloc(1, bytes) };
    // SAFETY: room for a handle, the loop of this thread, an open descriptor.
    let made = unsafe { uv_poll_init(event_loop.cast(), handle, fd) };
    // SAFETY: initialised above.
    unsafe { uv_handle_set_data(handle, Box::into_raw(Box::new(Bell { fd, entry })).cast()) };
    // SAFETY: initialised above.
    let started = unsafe { uv_poll_start(handle, UV_READABLE, rung) };
    if made == 0 && started == 0 { Ok(()) } else { Err(std::io::Error::other("uv_poll")) }
}

/// libuv: the descriptor can be read.
///
/// # Safety
/// Called by libuv, with a handle that `hang` has made.
unsafe extern "C" fn rung(handle: Opaque, _status: c_int, _events: c_int) {
    // SAFETY: the data that `hang` gave it.
    let bell = unsafe { uv_handle_get_data(handle) }.cast::<Bell>();
    // SAFETY: never freed, used on this thread only.
    let bell = unsafe { &*bell };
    if bell.entry.drains_first() {
        descriptor::drain(bell.fd);
        bell.entry.call();
    } else {
        bell.entry.call();
        descriptor::drain(bell.fd);
    }
}
