//! The doorbell of an environment: a FIFO, or what stands in for it, that libuv polls in the
//! environment's own event loop. No thread, no polling; one for all topics.

mod entry;
pub mod uv;
mod warning;

use std::ffi::c_int;
use std::ptr;
use std::sync::Arc;

use framelane::raw::{Doorbell, Peer};
use framelane::{Error, ErrorCode, Result};
use napi::sys;

use crate::state::State;

use uv::{Opaque, UV_POLL, UV_READABLE, Uv};

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
            Error::new(ErrorCode::UnsupportedPlatform, "this runtime has no libuv to wait with")
        })?;
        let failed = |what: &str, status: i32| {
            Error::new(ErrorCode::System, format!("{what} failed: {status}"))
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

/// libuv: somebody has rung.
///
/// # Safety
/// Called by libuv, with a handle that `hang` has made, on the environment's thread.
unsafe extern "C" fn ring(handle: Opaque, _status: c_int, _events: c_int) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: a handle that `hang` has initialised and given its data.
    let bound = unsafe { (uv.get_data)(handle) }.cast::<Bound>();
    // SAFETY: freed only when the handle is closed, after which this is not called.
    let bound = unsafe { &*bound };
    entry::wake(bound);
    // Read after the call: the frame is waited for, the descriptor is not. One ring is what this
    // call was for. If there were more, one may have come for somebody who went to sleep during
    // the call; it has been read now, so it is answered now.
    if bound.bell.drain() > 1 {
        entry::wake(bound);
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

/// Whether it is the system that has no doorbell to give: a frame late is better than none.
fn does_without(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::System
            | ErrorCode::NoSpace
            | ErrorCode::Permission
            | ErrorCode::UnsupportedPlatform
    )
}

impl State {
    /// The id of this environment's doorbell, hung at the first wait, and once more where
    /// somebody has removed it. 0: there is none to be had, and the facade's safety look each
    /// 100 ms has to do; a process warning says so once.
    pub fn doorbell(&mut self, env: sys::napi_env) -> Result<u64> {
        match &self.bell {
            Some(bell) if bell.bound().bell.has_name() => Ok(bell.id),
            _ => self.hang_or_do_without(env),
        }
    }

    #[cold]
    fn hang_or_do_without(&mut self, env: sys::napi_env) -> Result<u64> {
        let error = match self.hang_bell(env) {
            Err(error) if does_without(error.code()) => error,
            other => return other,
        };
        if !self.bell_missed {
            self.bell_missed = true;
            warning::emit(
                env,
                &format!(
                    "no doorbell can be hung into the event loop, frames are looked for every \
                     100 ms instead: {}",
                    error.text()
                ),
            );
        }
        Ok(0)
    }

    #[cold]
    fn hang_bell(&mut self, env: sys::napi_env) -> Result<u64> {
        let peer = self.peer()?;
        // The context goes from bell to bell: the old one may be ringing at this moment.
        let known = self.bell.as_ref().map(|bell| bell.bound().context);
        let context = known.map_or_else(|| entry::async_context(env), Ok).map_err(|status| {
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
