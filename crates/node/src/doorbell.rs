//! The doorbell of an environment: a FIFO that libuv polls in the environment's own event
//! loop. No thread, no polling; one for all topics.
//!
//! libuv's functions are looked up, never linked: an addon with one missing symbol could not
//! be loaded at all.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::{Arc, OnceLock};

use framelane::raw::{Doorbell, Peer};
use framelane::{Error, ErrorCode, Result};
use napi::sys;

use crate::state::State;

/// `UV_POLL` of `uv_handle_type`.
const UV_POLL: c_int = 8;
/// `UV_READABLE` of `uv_poll_event`.
const UV_READABLE: c_int = 1;

/// A libuv handle or loop, opaque here.
type Opaque = *mut c_void;
type PollCallback = unsafe extern "C" fn(Opaque, c_int, c_int);
type CloseCallback = unsafe extern "C" fn(Opaque);

/// The functions of libuv that are needed.
struct Uv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    poll_init: unsafe extern "C" fn(Opaque, Opaque, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(Opaque, c_int, PollCallback) -> c_int,
    poll_stop: unsafe extern "C" fn(Opaque) -> c_int,
    close: unsafe extern "C" fn(Opaque, CloseCallback),
    unref: unsafe extern "C" fn(Opaque),
    set_data: unsafe extern "C" fn(Opaque, Opaque),
    get_data: unsafe extern "C" fn(Opaque) -> Opaque,
}

impl Uv {
    /// libuv's functions, looked up once for the process.
    fn get() -> Option<&'static Self> {
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

/// What the poll callback needs; freed when libuv has closed the handle.
struct Bound {
    bell: Doorbell,
    env: sys::napi_env,
    context: sys::napi_async_context,
    /// Alive until the environment has gone, and with it the bell.
    state: *const State,
}

/// An environment's doorbell.
pub struct Bell {
    uv: &'static Uv,
    handle: Opaque,
    id: u64,
}

impl Bell {
    /// Hangs a new doorbell into the event loop of `env`. It does not keep the loop alive.
    fn hang(
        env: sys::napi_env,
        context: sys::napi_async_context,
        peer: &Arc<Peer>,
        state: *const State,
    ) -> Result<Self> {
        let uv = Uv::get().ok_or_else(|| {
            let text = "this runtime has no libuv to wait with; use Node.js";
            Error::new(ErrorCode::UnsupportedPlatform, text)
        })?;
        let failed = |what: &str, status: i32| {
            Error::new(ErrorCode::Internal, format!("{what} failed: {status}"))
        };
        let mut event_loop = ptr::null_mut();
        // SAFETY: a live environment.
        let status = unsafe { sys::napi_get_uv_event_loop(env, &mut event_loop) };
        if status != sys::Status::napi_ok {
            return Err(failed("napi_get_uv_event_loop", status));
        }
        let bell = Doorbell::create(peer.directory())?;
        let (id, fd) = (bell.id(), bell.raw_fd());
        // SAFETY: a number in, a number out.
        let bytes = unsafe { (uv.handle_size)(UV_POLL) };
        // SAFETY: any size is allowed.
        let handle = unsafe { libc::calloc(1, bytes) };
        // SAFETY: a handle of the right size, the loop of this thread, an open descriptor.
        let status = unsafe { (uv.poll_init)(event_loop.cast(), handle, fd) };
        if status != 0 {
            // SAFETY: made by `calloc` above, unknown to libuv.
            unsafe { libc::free(handle) };
            return Err(failed("uv_poll_init", status));
        }
        let bound = Box::into_raw(Box::new(Bound { bell, env, context, state }));
        // SAFETY: an initialised handle.
        unsafe { (uv.set_data)(handle, bound.cast()) };
        // SAFETY: an initialised handle.
        let status = unsafe { (uv.poll_start)(handle, UV_READABLE, ring) };
        // SAFETY: an initialised handle.
        unsafe { (uv.unref)(handle) };
        let bell = Self { uv, handle, id };
        if status != 0 {
            bell.take_down();
            return Err(failed("uv_poll_start", status));
        }
        Ok(bell)
    }

    fn bound(&self) -> &Bound {
        // SAFETY: the data that `hang` gave it, freed only after `uv_close` in `take_down`,
        // which uses this up.
        let bound = unsafe { (self.uv.get_data)(self.handle) }.cast::<Bound>();
        // SAFETY: as above.
        unsafe { &*bound }
    }

    /// Takes it out of the event loop for good, when the environment ends.
    pub fn close(self) {
        let (env, context) = (self.bound().env, self.bound().context);
        self.take_down();
        // SAFETY: the environment still lives; the context is used by `call` only, which
        // comes no more.
        unsafe { sys::napi_async_destroy(env, context) };
    }

    /// Takes it out of the event loop; libuv frees the rest at its next turn.
    fn take_down(self) {
        // Now, because the directory may be cleared before libuv's turn.
        self.bound().bell.remove();
        // SAFETY: an initialised handle, closed only here.
        unsafe { (self.uv.poll_stop)(self.handle) };
        // SAFETY: as above.
        unsafe { (self.uv.close)(self.handle, closed) };
    }
}

fn async_context(env: sys::napi_env) -> std::result::Result<sys::napi_async_context, i32> {
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

/// libuv: the FIFO can be read.
///
/// # Safety
/// Called by libuv, with a handle that `hang` has made, on the environment's thread.
unsafe extern "C" fn ring(handle: Opaque, _status: c_int, _events: c_int) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: a handle that `hang` has initialised and given its data.
    let bound = unsafe { (uv.get_data)(handle) }.cast::<Bound>();
    // SAFETY: freed only when the handle is closed, after which this is not called.
    let bound = unsafe { &*bound };
    bound.bell.drain();
    let mut scope = ptr::null_mut();
    // SAFETY: a live environment, on its thread.
    if unsafe { sys::napi_open_handle_scope(bound.env, &mut scope) } != sys::Status::napi_ok {
        return;
    }
    call(bound);
    // SAFETY: opened above.
    unsafe { sys::napi_close_handle_scope(bound.env, scope) };
}

/// Calls the facade as an event of its own, microtasks included.
fn call(bound: &Bound) {
    let env = bound.env;
    let environment = napi::Env::from_raw(env);
    // SAFETY: alive (see `Bound`), and no entry of this environment runs now.
    let on_wake = unsafe { &(*bound.state).on_wake };
    let function = on_wake.as_ref().and_then(|on_wake| on_wake.borrow_back(&environment).ok());
    let Some(function) = function else { return };
    let mut receiver = ptr::null_mut();
    // SAFETY: a live environment.
    unsafe { sys::napi_get_global(env, &mut receiver) };
    let mut result = ptr::null_mut();
    // SAFETY: values of this environment, no arguments.
    let status = unsafe {
        sys::napi_make_callback(
            env,
            bound.context,
            receiver,
            napi::JsValue::raw(&function),
            0,
            ptr::null(),
            &mut result,
        )
    };
    if status == sys::Status::napi_pending_exception {
        let mut exception = ptr::null_mut();
        // SAFETY: an exception is pending.
        unsafe { sys::napi_get_and_clear_last_exception(env, &mut exception) };
        // SAFETY: a value of this environment.
        unsafe { sys::napi_fatal_exception(env, exception) };
    }
}

/// libuv: the handle is closed.
///
/// # Safety
/// As [`ring`], once and as the last call.
unsafe extern "C" fn closed(handle: Opaque) {
    if let Some(uv) = Uv::get() {
        // SAFETY: the data that `hang` gave it.
        let bound = unsafe { (uv.get_data)(handle) }.cast::<Bound>();
        // SAFETY: made by `into_raw` in `hang`, freed only here.
        drop(unsafe { Box::from_raw(bound) });
    }
    // SAFETY: made by `calloc` in `hang`; libuv is done with it.
    unsafe { libc::free(handle) };
}

impl State {
    /// The FIFO of this environment's doorbell, hung at the first wait, and once more where
    /// somebody has removed it.
    pub fn doorbell(&mut self, env: sys::napi_env) -> Result<u64> {
        match &self.bell {
            Some(bell) if bell.bound().bell.has_name() => Ok(bell.id),
            _ => self.hang_bell(env),
        }
    }

    #[cold]
    fn hang_bell(&mut self, env: sys::napi_env) -> Result<u64> {
        let peer = self.peer()?;
        // The context goes from bell to bell: the old one may be ringing at this moment.
        let known = self.bell.as_ref().map(|bell| bell.bound().context);
        let context = known.map_or_else(|| async_context(env), Ok).map_err(|status| {
            Error::new(ErrorCode::Internal, format!("napi_async_init failed: {status}"))
        })?;
        let bell = match Bell::hang(env, context, &peer, self) {
            Ok(bell) => bell,
            Err(error) => {
                if known.is_none() {
                    // SAFETY: made above, used by nobody.
                    unsafe { sys::napi_async_destroy(env, context) };
                }
                return Err(error);
            }
        };
        let id = bell.id;
        if let Some(old) = self.bell.replace(bell) {
            old.take_down();
        }
        Ok(id)
    }
}
