//! The functions of libuv that a doorbell needs. Looked up, never linked: an addon with one
//! missing symbol could not be loaded at all.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

/// `UV_POLL` of `uv_handle_type`.
pub(super) const UV_POLL: c_int = 8;
/// `UV_READABLE` of `uv_poll_event`.
pub(super) const UV_READABLE: c_int = 1;

/// A libuv handle or loop, opaque here.
pub(super) type Opaque = *mut c_void;
type PollCallback = unsafe extern "C" fn(Opaque, c_int, c_int);
type CloseCallback = unsafe extern "C" fn(Opaque);

/// The functions of libuv that are needed.
pub(super) struct Uv {
    pub(super) handle_size: unsafe extern "C" fn(c_int) -> usize,
    pub(super) poll_init: unsafe extern "C" fn(Opaque, Opaque, c_int) -> c_int,
    pub(super) poll_start: unsafe extern "C" fn(Opaque, c_int, PollCallback) -> c_int,
    pub(super) poll_stop: unsafe extern "C" fn(Opaque) -> c_int,
    pub(super) close: unsafe extern "C" fn(Opaque, CloseCallback),
    pub(super) unref: unsafe extern "C" fn(Opaque),
    pub(super) set_data: unsafe extern "C" fn(Opaque, Opaque),
    pub(super) get_data: unsafe extern "C" fn(Opaque) -> Opaque,
}

impl Uv {
    /// libuv's functions, looked up once for the process.
    pub(super) fn get() -> Option<&'static Self> {
        static UV: OnceLock<Option<Uv>> = OnceLock::new();
        UV.get_or_init(Self::find).as_ref()
    }

    fn find() -> Option<Self> {
        // SAFETY (all eight): the symbol, where it exists, is libuv's function of that name,
        // whose signature has been the same since libuv 1.19.
        Some(Self {
            // SAFETY: see above.
            handle_size: unsafe { symbol(c"uv_handle_size") }?,
            // SAFETY: see above.
            poll_init: unsafe { symbol(c"uv_poll_init") }?,
            // SAFETY: see above.
            poll_start: unsafe { symbol(c"uv_poll_start") }?,
            // SAFETY: see above.
            poll_stop: unsafe { symbol(c"uv_poll_stop") }?,
            // SAFETY: see above.
            close: unsafe { symbol(c"uv_close") }?,
            // SAFETY: see above.
            unref: unsafe { symbol(c"uv_unref") }?,
            // SAFETY: see above.
            set_data: unsafe { symbol(c"uv_handle_set_data") }?,
            // SAFETY: see above.
            get_data: unsafe { symbol(c"uv_handle_get_data") }?,
        })
    }
}

/// The function of this name in the running program.
///
/// # Safety
/// `F` must be the type of a pointer to that function.
pub unsafe fn symbol<F: Copy>(name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<Opaque>()) };
    // SAFETY: a C string.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: not null, and a pointer to a function of type `F` by the caller's promise.
    (!address.is_null()).then(|| unsafe { ptr::read((&raw const address).cast::<F>()) })
}
