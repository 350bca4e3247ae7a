//! JavaScript's views on shared memory: one external buffer for each slot, made once, or with
//! guard one for each frame.
//!
//! A mapping is never taken away under a buffer: before a pool is let go, its buffers are
//! detached, so that a view somebody kept has length zero. What cannot be detached keeps the
//! mapping.

use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use framelane::raw::layout::slot::SLOT_HEADER_BYTES;
use framelane::raw::{Hold, OwnHold, Peer};
use framelane::{Error, ErrorCode, FrameAccess, Result};
use napi::sys;

use crate::external::{
    Anchor, AnyPool, Detacher, Keeper, alive, create, create_kept, create_shared, forget,
    is_detached, refer,
};
use crate::fault;
use crate::limit::{MEMORY, Memory};

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

/// The pools of an environment by index.
#[derive(Default)]
pub struct PoolTable {
    pools: Vec<Option<Pool>>,
    /// Pool and index found last: of received frames, and of loans.
    last: [Option<(u64, u32)>; 2],
    retired: Vec<u32>,
    /// Buffers of single frames that have not been taken away, by the facade's numbers.
    guards: HashMap<u64, Keeper>,
    pub detacher: Detacher,
    /// Other threads go on when this environment ends.
    pub in_worker: bool,
}

impl PoolTable {
    /// Index of the pool a loan is in, if it has been seen before.
    #[inline]
    pub fn known_loan(&mut self, id: u64) -> Option<u32> {
        self.known(id, true)
    }

    /// The same for any.
    pub fn index_of_loan(&mut self, env: sys::napi_env, peer: &Peer, hold: &OwnHold) -> u32 {
        let id = hold.pool().id();
        self.known(id, true)
            .unwrap_or_else(|| self.add(env, peer, id, true, AnyPool::Own(hold.pool().clone())))
    }

    /// Index of the pool a received frame is in.
    pub fn index_of_received(&mut self, env: sys::napi_env, peer: &Peer, hold: &Hold) -> u32 {
        let id = hold.pool_id();
        self.known(id, false).unwrap_or_else(|| {
            let pool = match hold {
                Hold::Own(hold) => AnyPool::Own(hold.pool().clone()),
                Hold::Reader(hold) => AnyPool::Reader(hold.pool().clone()),
            };
            self.add(env, peer, id, false, pool)
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
        pool: AnyPool,
    ) -> u32 {
        self.sweep(env, peer);
        let geometry = match &pool {
            AnyPool::Own(pool) => pool.geometry(),
            AnyPool::Reader(pool) => pool.geometry(),
        };
        let shared = peer.access() == FrameAccess::Shared;
        if !writable && !shared {
            fault::install();
        }
        let pool = Pool {
            id,
            writable,
            shared,
            anchor: Anchor::new(pool),
            slot_count: geometry.slot_count,
            slot_bytes: geometry.slot_stride,
            buffers: vec![ptr::null_mut(); geometry.slot_count as usize],
            headers: ptr::null_mut(),
            escaped: false,
        };
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
            let unused = entry.as_ref().is_some_and(|pool| match pool.anchor.pool() {
                AnyPool::Own(own) => peer.is_retired(own),
                // Nobody has it but who keeps its mapping for views.
                AnyPool::Reader(reader) => Arc::strong_count(reader) <= pool.anchor.count(),
            });
            if unused && let Some(pool) = entry.take() {
                pool.detach(env, &self.detacher);
                self.retired.push(u32::try_from(place).unwrap_or(u32::MAX));
            }
        }
        self.last = [None; 2];
        self.guards.retain(|_, keeper| keeper.is_kept());
        self.retired.len() > before
    }

    /// Indices whose pools were let go since this was asked last: what is kept for them is
    /// stale.
    pub fn take_retired(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.retired)
    }

    /// Lets go of everything, when no JavaScript will run any more: the buffers go with their
    /// environment, but for what was moved out of them, perhaps to another thread.
    pub fn clear(&mut self, env: sys::napi_env) {
        let mut scope = ptr::null_mut();
        // SAFETY: an environment that is about to end and still has its values.
        let opened = unsafe { sys::napi_open_handle_scope(env, &mut scope) };
        for pool in self.pools.drain(..).flatten() {
            let moved = |reference: &sys::napi_ref| {
                !reference.is_null() && alive(env, *reference).is_none()
            };
            let unknown = opened != sys::Status::napi_ok;
            if self.in_worker && (unknown || pool.escaped || pool.buffers.iter().any(moved)) {
                pool.anchor.keep();
            }
        }
        if opened == sys::Status::napi_ok {
            // SAFETY: opened above.
            unsafe { sys::napi_close_handle_scope(env, scope) };
        }
        for (_, keeper) in self.guards.drain() {
            keeper.abandon();
        }
        if !self.in_worker {
            Anchor::let_go_of_kept();
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
        let pointer = pool.slot_pointer(slot)?;
        let kept = pool.buffers[slot as usize];
        if let Some(value) = alive(env, kept) {
            return Ok(value);
        }
        pool.escaped |= !kept.is_null();
        forget(env, std::mem::replace(&mut pool.buffers[slot as usize], ptr::null_mut()));
        let value = if MEMORY.get() == Memory::SharedBuffer as u32 {
            // SAFETY: the slot has that many bytes, and the anchor keeps them.
            unsafe { create_shared(env, pointer, pool.slot_bytes, pool.anchor.clone()) }?
        } else {
            // SAFETY: the slot has that many bytes; before they go, `Pool::detach` comes.
            unsafe { create(env, pointer, pool.slot_bytes) }?
        };
        pool.buffers[slot as usize] = refer(env, value)?;
        Ok(value)
    }

    /// A buffer over the first bytes of a slot for one frame alone. `id` has not been used before.
    pub fn guard_buffer(
        &mut self,
        env: sys::napi_env,
        (pool, slot): (u32, u32),
        bytes: u64,
        id: u64,
    ) -> Result<sys::napi_value> {
        let in_worker = self.in_worker;
        let pool = self.pool(pool)?;
        let pointer = pool.bytes_at(slot, bytes)?;
        let anchor = pool.anchor.clone();
        // SAFETY: the slot has that many bytes (checked), and the anchor keeps them.
        let (value, keeper) = unsafe { create_kept(env, pointer, bytes, anchor, in_worker) }?;
        self.guards.insert(id, keeper);
        Ok(value)
    }

    /// Takes a buffer of `guard_buffer` away; `false` where somebody has made that impossible.
    /// What was moved out of it before keeps the memory until the collector finds it.
    pub fn unguard(&mut self, env: sys::napi_env, id: u64, buffer: sys::napi_value) -> bool {
        if is_detached(env, buffer) {
            return true;
        }
        let detached = self.detacher.detach(env, buffer);
        if detached && let Some(keeper) = self.guards.remove(&id) {
            keeper.let_go();
        }
        detached
    }

    /// Address of the first `bytes` bytes of a slot; to be written only with `write`.
    pub fn bytes_at(&mut self, pool: u32, slot: u32, bytes: u64, write: bool) -> Result<*mut u8> {
        let pool = self.pool(pool)?;
        if write && !pool.writable {
            return Err(Error::new(ErrorCode::Frozen, "the frame is not on loan any more"));
        }
        pool.bytes_at(slot, bytes)
    }

    /// The buffer over all slot headers of a pool.
    pub fn header_buffer(&mut self, env: sys::napi_env, pool: u32) -> Result<sys::napi_value> {
        let pool = self.pool(pool)?;
        if let Some(value) = alive(env, pool.headers) {
            return Ok(value);
        }
        forget(env, std::mem::replace(&mut pool.headers, ptr::null_mut()));
        let bytes = u64::from(pool.slot_count) * SLOT_HEADER_BYTES;
        let pointer = pool.headers_pointer()?;
        // SAFETY: so many headers are there; before they go, `Pool::detach` comes.
        let value = unsafe { create(env, pointer.cast_mut(), bytes) }?;
        pool.headers = refer(env, value)?;
        Ok(value)
    }

    /// Address of the header of a slot.
    pub fn header_at(&mut self, pool: u32, slot: u32) -> Result<*const u8> {
        let pool = self.pool(pool)?;
        pool.check_slot(slot)?;
        let offset = usize::try_from(u64::from(slot) * SLOT_HEADER_BYTES).unwrap_or(0);
        Ok(pool.headers_pointer()?.wrapping_add(offset))
    }
}

impl Pool {
    fn check_slot(&self, slot: u32) -> Result<()> {
        if slot < self.slot_count {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Internal, "no slot of this index"))
    }

    fn bytes_at(&self, slot: u32, bytes: u64) -> Result<*mut u8> {
        if bytes > self.slot_bytes {
            return Err(Error::new(ErrorCode::Internal, "the slot is not as large as that"));
        }
        self.slot_pointer(slot)
    }

    fn slot_pointer(&self, slot: u32) -> Result<*mut u8> {
        self.check_slot(slot)?;
        Ok(match self.anchor.pool() {
            AnyPool::Own(pool) if self.writable || self.shared => pool.slot_pointer(slot),
            AnyPool::Own(pool) => pool.received_pointer(slot)?.cast_mut(),
            AnyPool::Reader(pool) => pool.slot_pointer(slot).cast_mut(),
        })
    }

    fn headers_pointer(&self) -> Result<*const u8> {
        match self.anchor.pool() {
            AnyPool::Own(own) => own.headers_pointer(),
            AnyPool::Reader(reader) => Ok(reader.headers_pointer()),
        }
    }

    /// Detaches every buffer, so that nothing looks at the mapping any more. Those that share
    /// memory cannot be detached and keep it by themselves.
    fn detach(self, env: sys::napi_env, detacher: &Detacher) {
        let shares = MEMORY.get() == Memory::SharedBuffer as u32;
        let mut escaped = self.escaped;
        let slots = self.buffers.into_iter().map(|reference| (reference, !shares));
        for (reference, detachable) in slots.chain([(self.headers, true)]) {
            if reference.is_null() {
                continue;
            }
            if detachable {
                let buffer = alive(env, reference);
                escaped |= !buffer.is_some_and(|buffer| detacher.detach(env, buffer));
            }
            forget(env, reference);
        }
        // Somebody has moved a buffer's memory into another buffer, which is not known here, or
        // has made it impossible to detach: the mapping stays for ever.
        if escaped {
            self.anchor.keep();
        }
    }
}
