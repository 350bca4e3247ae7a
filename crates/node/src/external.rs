//! Buffers over memory that is ours, and what keeps the memory for as long as one can be seen.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ops::AddAssign;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use framelane::raw::{OwnPool, ReaderPool};
use framelane::{Error, ErrorCode, Result};
use napi::sys;

use crate::doorbell::uv::symbol;
use crate::refusal::{buffer_made, no_shared_buffers};

/// How many anchors there are on each pool, in all environments.
static ANCHORS: Mutex<BTreeMap<u64, usize>> = Mutex::new(BTreeMap::new());

/// Of memory that was moved where nobody can follow it: kept until the process ends.
static MOVED: Mutex<Vec<Anchor>> = Mutex::new(Vec::new());

/// A pool, of this process or of another.
#[derive(Clone)]
pub enum AnyPool {
    Own(Arc<OwnPool>),
    Reader(Arc<ReaderPool>),
}

impl AnyPool {
    fn id(&self) -> u64 {
        match self {
            Self::Own(pool) => pool.id(),
            Self::Reader(pool) => pool.id(),
        }
    }
}

/// Keeps a pool mapped for what JavaScript sees of it. It is not a hold: a pool that has nothing
/// but anchors is used by nobody.
pub struct Anchor {
    pool: AnyPool,
}

impl Anchor {
    /// Keeps `pool`.
    pub fn new(pool: AnyPool) -> Self {
        // After the reference is there, as it is taken off before: who looks meanwhile takes the
        // pool for used.
        let mut anchors = ANCHORS.lock().unwrap_or_else(PoisonError::into_inner);
        anchors.entry(pool.id()).or_insert(0).add_assign(1);
        drop(anchors);
        Self { pool }
    }

    /// The pool.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Keeps the pool mapped until the process ends.
    pub fn keep(self) {
        MOVED.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }

    /// Lets go of all that was kept: the main thread ends, the last of all.
    pub fn let_go_of_kept() {
        let kept = std::mem::take(&mut *MOVED.lock().unwrap_or_else(PoisonError::into_inner));
        drop(kept);
    }

    /// How many anchors the pool has.
    pub fn count(&self) -> usize {
        let anchors = ANCHORS.lock().unwrap_or_else(PoisonError::into_inner);
        anchors.get(&self.pool.id()).copied().unwrap_or(0)
    }
}

impl Clone for Anchor {
    fn clone(&self) -> Self {
        Self::new(self.pool.clone())
    }
}

impl Drop for Anchor {
    fn drop(&mut self) {
        let mut anchors = ANCHORS.lock().unwrap_or_else(PoisonError::into_inner);
        let id = self.pool.id();
        if let Some(count) = anchors.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                anchors.remove(&id);
            }
        }
    }
}

/// Keeps the memory of one buffer until the buffer is known to be gone. Shared by whoever takes
/// the buffer away and by its finalizer, which runs on the same thread.
#[derive(Clone)]
pub struct Keeper(Rc<Kept>);

struct Kept {
    anchor: RefCell<Option<Anchor>>,
    /// Other threads go on when the environment of the buffer ends.
    in_worker: bool,
}

impl Keeper {
    /// The buffer is gone.
    pub fn let_go(&self) {
        drop(self.0.anchor.take());
    }

    /// Whether the buffer may still be there.
    pub fn is_kept(&self) -> bool {
        self.0.anchor.borrow().is_some()
    }

    /// The environment ends: what was moved out of the buffer may be seen by another thread, and
    /// nobody would say so. The memory stays for as long as the process lives.
    pub fn abandon(&self) {
        if let Some(anchor) = self.0.anchor.take()
            && self.0.in_worker
        {
            anchor.keep();
        }
    }
}

/// A buffer whose memory somebody else keeps for as long as it is attached.
///
/// # Safety
/// `bytes` bytes at `pointer` must stay until the buffer is detached or its environment ends.
pub unsafe fn create(env: sys::napi_env, pointer: *mut u8, bytes: u64) -> Result<sys::napi_value> {
    // SAFETY: by the caller's promise; there is nothing to free.
    unsafe { create_with(env, pointer, bytes, None, ptr::null_mut()) }
}

/// A buffer that keeps its memory by itself, whatever becomes of it.
///
/// # Safety
/// `bytes` bytes at `pointer` must stay for as long as `anchor`.
pub unsafe fn create_kept(
    env: sys::napi_env,
    pointer: *mut u8,
    bytes: u64,
    anchor: Anchor,
    in_worker: bool,
) -> Result<(sys::napi_value, Keeper)> {
    let keeper = Keeper(Rc::new(Kept { anchor: RefCell::new(Some(anchor)), in_worker }));
    let hint = Rc::into_raw(keeper.0.clone()).cast_mut().cast::<c_void>();
    // SAFETY: by the caller's promise; `finalize` takes the hint back.
    match unsafe { create_with(env, pointer, bytes, Some(finalize), hint) } {
        Ok(value) => Ok((value, keeper)),
        // Whether it is finalized is not said; the hint is not freed here then.
        Err(error) => {
            keeper.let_go();
            Err(error)
        }
    }
}

/// Called directly, not through napi-rs, which copies in silence where the runtime refuses
/// foreign memory.
///
/// # Safety
/// As the two above.
unsafe fn create_with(
    env: sys::napi_env,
    pointer: *mut u8,
    bytes: u64,
    finalizer: sys::napi_finalize,
    hint: *mut c_void,
) -> Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    let length = usize::try_from(bytes).unwrap_or(usize::MAX);
    let data = pointer.cast::<c_void>();
    // SAFETY: a live environment; the memory stays by the caller's promise.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(env, data, length, finalizer, hint, &mut value)
    };
    buffer_made(status, bytes)?;
    Ok(value)
}

/// Node: the memory behind a buffer of `create_kept` is not seen any more.
///
/// # Safety
/// Called by Node, once for each buffer, on the thread of its environment.
unsafe extern "C" fn finalize(env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: made by `into_raw` in `create_kept`, and given back only here.
    let keeper = Keeper(unsafe { Rc::from_raw(hint.cast::<Kept>()) });
    // At the end of an environment everything is finalized, also what was moved to another thread.
    if keeper.is_kept() && is_ending(env) {
        keeper.abandon();
    }
    keeper.let_go();
}

/// Whether no JavaScript will run in the environment any more: asks for what would need some.
fn is_ending(env: sys::napi_env) -> bool {
    let (mut global, mut there) = (ptr::null_mut(), false);
    // SAFETY: finalizers are called with a live environment.
    unsafe { sys::napi_get_global(env, &mut global) };
    // SAFETY: a value of this environment.
    let status =
        unsafe { sys::napi_has_named_property(env, global, c"ArrayBuffer".as_ptr(), &mut there) };
    status != sys::Status::napi_ok
}

type SharedFinalizer = unsafe extern "C" fn(*mut c_void, *mut c_void);
type CreateShared = unsafe extern "C" fn(
    sys::napi_env,
    *mut c_void,
    usize,
    Option<SharedFinalizer>,
    *mut c_void,
    *mut sys::napi_value,
) -> sys::napi_status;

/// Node's function that makes a SharedArrayBuffer over foreign memory. Looked up, never linked:
/// few versions have it.
pub fn shared_maker() -> Result<CreateShared> {
    static FOUND: OnceLock<Option<CreateShared>> = OnceLock::new();
    // SAFETY: the symbol, where it exists, is Node's function of that name and this signature.
    let find = || unsafe { symbol(c"node_api_create_external_sharedarraybuffer") };
    FOUND.get_or_init(find).ok_or_else(no_shared_buffers)
}

/// A SharedArrayBuffer. It can be seen by other threads after its environment has ended, and
/// cannot be detached: it keeps its memory until the last of them has let go.
///
/// # Safety
/// `bytes` bytes at `pointer` must stay for as long as `anchor`.
pub unsafe fn create_shared(
    env: sys::napi_env,
    pointer: *mut u8,
    bytes: u64,
    anchor: Anchor,
) -> Result<sys::napi_value> {
    let make = shared_maker()?;
    let hint = Box::into_raw(Box::new(anchor)).cast::<c_void>();
    let mut value = ptr::null_mut();
    let length = usize::try_from(bytes).unwrap_or(usize::MAX);
    let data = pointer.cast::<c_void>();
    // SAFETY: a live environment; the memory stays for as long as the hint, which
    // `finalize_shared` frees. Where it fails the hint is not freed: whether it is finalized is
    // not said.
    let status = unsafe { make(env, data, length, Some(finalize_shared), hint, &mut value) };
    buffer_made(status, bytes)?;
    Ok(value)
}

/// Node: no thread sees the memory of a SharedArrayBuffer any more.
///
/// # Safety
/// Called by Node, once for each buffer, on any thread.
unsafe extern "C" fn finalize_shared(_data: *mut c_void, hint: *mut c_void) {
    // SAFETY: made by `into_raw` in `create_shared`, and given back only here.
    drop(unsafe { Box::from_raw(hint.cast::<Anchor>()) });
}

/// A strong reference to a value.
pub fn refer(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_ref> {
    let mut reference = ptr::null_mut();
    // SAFETY: a value of this environment.
    let status = unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    if status == sys::Status::napi_ok {
        return Ok(reference);
    }
    Err(Error::new(ErrorCode::Internal, format!("napi_create_reference: {status}")))
}

/// Deletes a reference, if there is one.
pub fn forget(env: sys::napi_env, reference: sys::napi_ref) {
    if !reference.is_null() {
        // SAFETY: made by `refer` in this environment and deleted only once.
        unsafe { sys::napi_delete_reference(env, reference) };
    }
}

/// The buffer behind a reference, if there is one that is still attached.
pub fn alive(env: sys::napi_env, reference: sys::napi_ref) -> Option<sys::napi_value> {
    if reference.is_null() {
        return None;
    }
    let mut value = ptr::null_mut();
    // SAFETY: a reference of this environment.
    let status = unsafe { sys::napi_get_reference_value(env, reference, &mut value) };
    let there = status == sys::Status::napi_ok && !value.is_null();
    (there && !is_detached(env, value)).then_some(value)
}

/// Whether a buffer has been detached. A SharedArrayBuffer never is.
pub fn is_detached(env: sys::napi_env, value: sys::napi_value) -> bool {
    let mut detached = true;
    // SAFETY: a value of this environment.
    unsafe { sys::napi_is_detached_arraybuffer(env, value, &mut detached) };
    detached
}

/// How buffers are detached. From Node 24 on, `napi_detach_arraybuffer` ends the process for a
/// buffer that was given to `markAsUntransferable`; `ArrayBuffer.prototype.transfer` throws then.
#[derive(Default)]
pub struct Detacher {
    /// The runtime's own `transfer`, which runs no code of users; null where it has none.
    transfer: sys::napi_ref,
}

impl Detacher {
    /// From now on uses `transfer`, which must be the runtime's own.
    pub fn use_transfer(&mut self, env: sys::napi_env, transfer: sys::napi_value) -> Result<()> {
        if self.transfer.is_null() {
            self.transfer = refer(env, transfer)?;
        }
        Ok(())
    }

    /// Detaches an attached buffer; whether that was possible.
    pub fn detach(&self, env: sys::napi_env, buffer: sys::napi_value) -> bool {
        let mut transfer = ptr::null_mut();
        if !self.transfer.is_null() {
            // SAFETY: a reference of this environment.
            unsafe { sys::napi_get_reference_value(env, self.transfer, &mut transfer) };
        }
        if transfer.is_null() {
            // SAFETY: a live buffer of this environment.
            return unsafe { sys::napi_detach_arraybuffer(env, buffer) } == sys::Status::napi_ok;
        }
        let (mut zero, mut result) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a live environment.
        unsafe { sys::napi_create_uint32(env, 0, &mut zero) };
        // SAFETY: values of this environment; the runtime's own function calls none of ours.
        let status =
            unsafe { sys::napi_call_function(env, buffer, transfer, 1, &zero, &mut result) };
        if status == sys::Status::napi_pending_exception {
            // SAFETY: an exception is pending.
            unsafe { sys::napi_get_and_clear_last_exception(env, &mut result) };
        }
        is_detached(env, buffer)
    }
}
