//! The ways from libuv's callback into JavaScript.

use std::io::{Error, Result};
use std::ptr;

use napi_sys as sys;

/// A way in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A plain call: no ticks, no microtasks. The least that there is.
    Bare,
    /// An event of its own: `napi_make_callback`.
    Event,
    /// A plain call, and then an event for the ticks and microtasks.
    CallThenTick,
    /// The same, and the descriptor is read after it.
    CallThenTickThenDrain,
    /// An event of its own; the descriptor is read after it.
    EventThenDrain,
    /// A plain call, and then ticks and microtasks without another; the descriptor is read last.
    CallThenScopeThenDrain,
    /// Ticks and microtasks around a plain call; the descriptor is read last.
    ScopeThenDrain,
}

/// How one doorbell calls its function.
pub(crate) struct Entry {
    env: sys::napi_env,
    way: Way,
    context: sys::napi_async_context,
    callback: sys::napi_ref,
    nothing: sys::napi_ref,
}

impl Entry {
    pub(crate) fn new(env: sys::napi_env, way: &str, callback: sys::napi_value) -> Result<Self> {
        let way = match way {
            "bare" => Way::Bare,
            "event" => Way::Event,
            "call" => Way::CallThenTick,
            "call-drain" => Way::CallThenTickThenDrain,
            "event-drain" => Way::EventThenDrain,
            "call-scope-drain" => Way::CallThenScopeThenDrain,
            "scope-drain" => Way::ScopeThenDrain,
            _ => return Err(Error::other("no such way in")),
        };
        let (mut name, mut function) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a live environment, a C string.
        unsafe { sys::napi_create_string_utf8(env, c"bell".as_ptr(), 4, &mut name) };
        let mut context = ptr::null_mut();
        // SAFETY: a value of this environment.
        unsafe { sys::napi_async_init(env, ptr::null_mut(), name, &mut context) };
        let no_data = ptr::null_mut();
        // SAFETY: a live environment, a function of the right type.
        unsafe {
            sys::napi_create_function(env, ptr::null(), 0, Some(nothing), no_data, &mut function)
        };
        let (callback, nothing) = (refer(env, callback), refer(env, function));
        Ok(Self { env, way, context, callback, nothing })
    }

    pub(crate) fn drains_first(&self) -> bool {
        matches!(self.way, Way::Bare | Way::Event | Way::CallThenTick)
    }

    /// Calls the function.
    pub(crate) fn call(&self) {
        let mut scope = ptr::null_mut();
        // SAFETY: a live environment, on its thread.
        unsafe { sys::napi_open_handle_scope(self.env, &mut scope) };
        let mut global = ptr::null_mut();
        // SAFETY: a live environment.
        unsafe { sys::napi_get_global(self.env, &mut global) };
        match self.way {
            Way::Event | Way::EventThenDrain => self.event(global, self.callback),
            Way::Bare => self.plain(global),
            Way::CallThenTick | Way::CallThenTickThenDrain => {
                self.plain(global);
                self.event(global, self.nothing);
            }
            Way::CallThenScopeThenDrain => {
                self.plain(global);
                self.scope(global, || {});
            }
            Way::ScopeThenDrain => self.scope(global, || self.plain(global)),
        }
        // SAFETY: opened above.
        unsafe { sys::napi_close_handle_scope(self.env, scope) };
    }

    fn plain(&self, global: sys::napi_value) {
        let function = value(self.env, self.callback);
        let mut result = ptr::null_mut();
        // SAFETY: values of this environment, no arguments.
        unsafe { sys::napi_call_function(self.env, global, function, 0, ptr::null(), &mut result) };
    }

    /// Ticks and microtasks run at its end.
    fn scope(&self, resource: sys::napi_value, inside: impl FnOnce()) {
        let mut scope = ptr::null_mut();
        // SAFETY: a live environment, a value and a context of it.
        unsafe { sys::napi_open_callback_scope(self.env, resource, self.context, &mut scope) };
        inside();
        // SAFETY: opened above.
        unsafe { sys::napi_close_callback_scope(self.env, scope) };
    }

    fn event(&self, global: sys::napi_value, function: sys::napi_ref) {
        let function = value(self.env, function);
        let (no_arguments, mut result) = (ptr::null(), ptr::null_mut());
        let (env, context) = (self.env, self.context);
        // SAFETY: values of this environment, no arguments.
        unsafe {
            sys::napi_make_callback(env, context, global, function, 0, no_arguments, &mut result)
        };
    }
}

fn refer(env: sys::napi_env, value: sys::napi_value) -> sys::napi_ref {
    let mut reference = ptr::null_mut();
    // SAFETY: a value of this environment.
    unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    reference
}

fn value(env: sys::napi_env, reference: sys::napi_ref) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: a reference that is never deleted.
    unsafe { sys::napi_get_reference_value(env, reference, &mut value) };
    value
}

/// JavaScript: a function that does nothing.
///
/// # Safety
/// Called by Node.
unsafe extern "C" fn nothing(_: sys::napi_env, _: sys::napi_callback_info) -> sys::napi_value {
    ptr::null_mut()
}
