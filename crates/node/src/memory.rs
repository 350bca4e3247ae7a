//! JavaScript's views on shared memory: one external buffer for each slot, made once.
//!
//! A mapping is never taken away under a buffer: before a pool is let go, its buffers are
//! detached, so that a view somebody kept has length zero.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ops::AddAssign;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use framelane::raw::{Hold, OwnHold, Peer};
use framelane::{Error, ErrorCode, FrameAccess, Result};
use napi::sys;

use crate::fault;

/// A pool as this environment has seen it, in one way of access.
struct Pool {
    id: u64,
    /// For loans, not for received frames.
    writable: bool,
    /// Received frames of this process are seen through the mapping for loans.
    shared: bool,
    /// Keeps the pool mapped for the buffers below.
    anchor: Anchor,
    slot_count: u32,
    slot_bytes: u64,
    buffers: Vec<sys::napi_ref>,
    headers: sys::napi_ref,
    /// Somebody has moved a buffer's memory into another buffer (`transfer`), which we cannot
    /// detach: the mapping must stay for ever.
    escaped: bool,
}

/// What keeps the mapping.
enum Anchor {
    Own(Arc<framelane::raw::OwnPool>),
    Reader(Arc<framelane::raw::ReaderPool>),
}

/// The pools of an environment by index.
#[derive(Default)]
pub struct PoolTable {
    pools: Vec<Option<Pool>>,
    /// Pool and index found last: of received frames, and of loans.
    last: [Option<(u64, u32)>; 2],
    retired: Vec<u32>,
}

impl PoolTable {
    /// Index of the pool a loan is in.
    pub fn index_of_loan(&mut self, env: sys::napi_env, peer: &Peer, hold: &OwnHold) -> u32 {
        let id = hold.pool().id();
        self.known(id, true).unwrap_or_else(|| {
            let anchor = Anchor::Own(hold.pool().clone());
            self.add(env, peer, id, true, anchor)
        })
    }

    /// Index of the pool a received frame is in.
    pub fn index_of_received(&mut self, env: sys::napi_env, peer: &Peer, hold: &Hold) -> u32 {
        let id = hold.pool_id();
        self.known(id, false).unwrap_or_else(|| {
            let anchor = match hold {
                Hold::Own(hold) => Anchor::Own(hold.pool().clone()),
                Hold::Reader(hold) => Anchor::Reader(hold.pool().clone()),
            };
            self.add(env, peer, id, false, anchor)
        })
    }

    /// Index of the pool a received frame is in, if it has been seen before.
    #[inline]
    pub fn known_received(&mut self, id: u64) -> Option<u32> {
        self.known(id, false)
    }

    /// The same where it is the pool that was asked for last.
    #[inline(always)]
    pub fn last_received(&self, id: u64) -> Option<u32> {
        let (last, index) = self.last[0]?;
        (last == id).then_some(index)
    }

    #[inline]
    fn known(&mut self, id: u64, writable: bool) -> Option<u32> {
        if let Some((last, index)) = self.last[usize::from(writable)]
            && last == id
        {
            return Some(index);
        }
        let same = |pool: &Pool| pool.id == id && pool.writable == writable;
        let index = self.pools.iter().position(|pool| pool.as_ref().is_some_and(same))?;
        let index = u32::try_from(index).ok()?;
        self.last[usize::from(writable)] = Some((id, index));
        Some(index)
    }

    #[cold]
    fn add(
        &mut self,
        env: sys::napi_env,
        peer: &Peer,
        id: u64,
        writable: bool,
        anchor: Anchor,
    ) -> u32 {
        self.sweep(env, peer);
        let geometry = match &anchor {
            Anchor::Own(pool) => pool.geometry(),
            Anchor::Reader(pool) => pool.geometry(),
        };
        let shared = peer.access() == FrameAccess::Shared;
        if !writable && !shared {
            fault::install();
        }
        let pool = Pool {
            id,
            writable,
            shared,
            anchor,
            slot_count: geometry.slot_count,
            slot_bytes: geometry.slot_stride,
            buffers: vec![ptr::null_mut(); geometry.slot_count as usize],
            headers: ptr::null_mut(),
            escaped: false,
        };
        ANCHORS.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(0).add_assign(1);
        // An index is never used again: the facade may still know what it stood for.
        self.pools.push(Some(pool));
        let index = u32::try_from(self.pools.len() - 1).unwrap_or(u32::MAX);
        self.last[usize::from(writable)] = Some((id, index));
        index
    }

    /// Lets go of pools that nobody of this process uses any more; whether there were any.
    pub fn sweep(&mut self, env: sys::napi_env, peer: &Peer) -> bool {
        let before = self.retired.len();
        for (place, entry) in self.pools.iter_mut().enumerate() {
            let unused = entry.as_ref().is_some_and(|pool| match &pool.anchor {
                Anchor::Own(own) => peer.is_retired(own),
                // Nobody has it but the environments that keep its mapping for their views.
                Anchor::Reader(reader) => Arc::strong_count(reader) <= anchors(pool.id),
            });
            if unused && let Some(pool) = entry.take() {
                pool.detach(env);
                self.retired.push(u32::try_from(place).unwrap_or(u32::MAX));
            }
        }
        self.last = [None; 2];
        self.retired.len() > before
    }

    /// Indices whose pools were let go since this was asked last: what is kept for them is
    /// stale.
    pub fn take_retired(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.retired)
    }

    /// Lets go of everything, when no JavaScript will run any more: the buffers go with their
    /// environment.
    pub fn clear(&mut self) {
        for pool in self.pools.drain(..).flatten() {
            unanchor(pool.id);
        }
        self.last = [None; 2];
    }

    fn pool(&mut self, index: u32) -> Result<&mut Pool> {
        self.pools
            .get_mut(index as usize)
            .and_then(Option::as_mut)
            .ok_or_else(|| Error::new(ErrorCode::Internal, "no pool of this index"))
    }

    /// The buffer over a slot's bytes.
    pub fn slot_buffer(
        &mut self,
        env: sys::napi_env,
        pool: u32,
        slot: u32,
    ) -> Result<sys::napi_value> {
        let pool = self.pool(pool)?;
        if slot >= pool.slot_count {
            return Err(Error::new(ErrorCode::Internal, "no slot of this index"));
        }
        let kept = pool.buffers[slot as usize];
        if let Some(value) = alive(env, kept) {
            return Ok(value);
        }
        pool.escaped |= !kept.is_null();
        forget(env, kept);
        let pointer = pool.slot_pointer(slot)?;
        let (value, reference) = external(env, pointer, pool.slot_bytes)?;
        pool.buffers[slot as usize] = reference;
        Ok(value)
    }

    /// The buffer over all slot headers of a pool.
    pub fn header_buffer(&mut self, env: sys::napi_env, pool: u32) -> Result<sys::napi_value> {
        let pool = self.pool(pool)?;
        if let Some(value) = alive(env, pool.headers) {
            return Ok(value);
        }
        forget(env, pool.headers);
        let pointer = match &pool.anchor {
            Anchor::Own(own) => own.headers_pointer()?,
            Anchor::Reader(reader) => reader.headers_pointer(),
        };
        let bytes = u64::from(pool.slot_count) * framelane::raw::layout::slot::SLOT_HEADER_BYTES;
        let (value, reference) = external(env, pointer.cast_mut(), bytes)?;
        pool.headers = reference;
        Ok(value)
    }
}

impl Pool {
    fn slot_pointer(&self, slot: u32) -> Result<*mut u8> {
        Ok(match &self.anchor {
            Anchor::Own(pool) if self.writable || self.shared => pool.slot_pointer(slot),
            Anchor::Own(pool) => pool.received_pointer(slot)?.cast_mut(),
            Anchor::Reader(pool) => pool.slot_pointer(slot).cast_mut(),
        })
    }

    /// Detaches every buffer, so that nothing looks at the mapping any more.
    fn detach(self, env: sys::napi_env) {
        let references = self.buffers.into_iter().chain([self.headers]);
        let mut escaped = self.escaped;
        for reference in references.filter(|reference| !reference.is_null()) {
            let detached = alive(env, reference).is_some_and(|value| {
                // SAFETY: a live buffer of this environment.
                unsafe { sys::napi_detach_arraybuffer(env, value) == sys::Status::napi_ok }
            });
            escaped |= !detached;
            forget(env, reference);
        }
        unanchor(self.id);
        if escaped {
            std::mem::forget(self.anchor);
        }
    }
}

/// How many environments keep each pool's mapping for their views.
static ANCHORS: Mutex<BTreeMap<u64, usize>> = Mutex::new(BTreeMap::new());

fn anchors(id: u64) -> usize {
    ANCHORS.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied().unwrap_or(0)
}

fn unanchor(id: u64) {
    let mut anchors = ANCHORS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(count) = anchors.get_mut(&id) {
        *count -= 1;
        if *count == 0 {
            anchors.remove(&id);
        }
    }
}

/// Deletes a reference, if there is one.
fn forget(env: sys::napi_env, reference: sys::napi_ref) {
    if !reference.is_null() {
        // SAFETY: made by `external` in this environment and deleted only once.
        unsafe { sys::napi_delete_reference(env, reference) };
    }
}

/// The buffer behind a reference, if there is one that is still attached.
fn alive(env: sys::napi_env, reference: sys::napi_ref) -> Option<sys::napi_value> {
    if reference.is_null() {
        return None;
    }
    let mut value = ptr::null_mut();
    // SAFETY: a reference of this environment.
    let status = unsafe { sys::napi_get_reference_value(env, reference, &mut value) };
    let mut detached = true;
    if status == sys::Status::napi_ok && !value.is_null() {
        // SAFETY: a value of this environment.
        unsafe { sys::napi_is_detached_arraybuffer(env, value, &mut detached) };
    }
    (!detached).then_some(value)
}

/// A buffer over memory that is ours, and the reference that keeps it. Called directly, not
/// through napi-rs, which copies in silence where the runtime refuses foreign memory.
fn external(
    env: sys::napi_env,
    pointer: *mut u8,
    bytes: u64,
) -> Result<(sys::napi_value, sys::napi_ref)> {
    let (mut value, mut reference) = (ptr::null_mut(), ptr::null_mut());
    let length = usize::try_from(bytes).unwrap_or(usize::MAX);
    // SAFETY: the mapping outlives the buffer: `Pool::detach` comes first. No finalizer, for
    // there is nothing to free.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            pointer.cast::<c_void>(),
            length,
            None,
            ptr::null_mut(),
            &mut value,
        )
    };
    if status == sys::Status::napi_no_external_buffers_allowed {
        let text = "this runtime refuses buffers over foreign memory (Electron does); run the \
                    part that handles frames in a plain Node.js process";
        return Err(Error::new(ErrorCode::ExternalMemory, text));
    }
    if status != sys::Status::napi_ok {
        let text = format!("a buffer of {bytes} bytes was refused: napi status {status}");
        return Err(Error::new(ErrorCode::ExternalMemory, text));
    }
    // SAFETY: the value was just made in this environment.
    let status = unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    if status != sys::Status::napi_ok {
        return Err(Error::new(ErrorCode::Internal, format!("napi_create_reference: {status}")));
    }
    Ok((value, reference))
}
