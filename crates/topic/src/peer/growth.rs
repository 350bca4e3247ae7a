//! How the memory of a process grows and shrinks: by whole pools.

use std::sync::Arc;

use framelane_layout::ErrorCode;
use framelane_pool::{OwnPool, control_name, data_name};
use framelane_shm::Result;

use super::Peer;

/// Slots of a new pool beyond the `depth` frames that the ring keeps.
const SLOTS_SPARE: u32 = 4;
/// Pools of a process from which on idle ones are let go when another is made.
const POOLS_BEFORE_RETIRING: usize = 4;

/// More memory than this is not backed while somebody waits for one slot of it: it takes about
/// 3 ms a mebibyte.
const BACKED_AT_ONCE: u64 = 8 << 20;

/// How often to look whether a thread has let go of a retired pool: it takes some instructions.
const LET_GO_LOOKS: u32 = 1000;

impl Peer {
    /// Makes one more pool, if `max_bytes` allows. Idle ones stay for whoever asks for their size
    /// again, until there are many or memory is short.
    pub(super) fn grow(
        &self,
        own: &mut Vec<Arc<OwnPool>>,
        stride: u64,
        depth: u32,
    ) -> Result<Option<Arc<OwnPool>>> {
        if own.len() >= POOLS_BEFORE_RETIRING {
            self.retire(own)?;
        }
        let made = self.make(own, stride, depth);
        let short = match &made {
            Ok(made) => made.is_none(),
            Err(error) => error.code() == ErrorCode::NoSpace,
        };
        if short && self.retire(own)? { self.make(own, stride, depth) } else { made }
    }

    fn make(
        &self,
        own: &mut Vec<Arc<OwnPool>>,
        stride: u64,
        depth: u32,
    ) -> Result<Option<Arc<OwnPool>>> {
        let used: u64 = own.iter().map(|pool| pool.geometry().data_bytes()).sum();
        let room = self.max_bytes.saturating_sub(used) / (stride + 512);
        let same = own.iter().filter(|pool| pool.geometry().slot_stride == stride);
        let had: u32 = same.map(|pool| pool.geometry().slot_count).sum();
        let wanted = had.max(depth + SLOTS_SPARE).min(1024);
        let count = wanted.min(u32::try_from(room).unwrap_or(u32::MAX));
        if count == 0 {
            return Ok(None);
        }
        let create = |backed| {
            let cleaning = self.cleaning();
            OwnPool::create(&self.directory, count, stride, backed, self.scrub, cleaning)
        };
        let ahead = (depth + 1).min(count);
        let large = u64::from(ahead) * stride > BACKED_AT_ONCE;
        let pool = match create(if large { 1 } else { ahead }) {
            // Fewer frames are better than none: further slots are backed one by one.
            Err(error) if error.code() == ErrorCode::NoSpace => create(1)?,
            other => other?,
        };
        if large {
            back_aside(pool.clone(), ahead);
        }
        own.push(pool.clone());
        Ok(Some(pool))
    }

    /// Removes pools of this process that hold nothing, so that a change of resolution does not
    /// keep the memory of the old one; whether there were any. A ring cell may still name one:
    /// its frame is gone.
    fn retire(&self, own: &mut Vec<Arc<OwnPool>>) -> Result<bool> {
        let idle = |pool: &Arc<OwnPool>| {
            pool.stop_backing();
            let stats = pool.stats();
            stats.free == stats.backed
        };
        let (gone, kept): (Vec<_>, Vec<_>) = own.drain(..).partition(idle);
        *own = kept;
        for pool in &gone {
            self.directory.unlink(&control_name(pool.id()))?;
            self.directory.unlink(&data_name(pool.id()))?;
        }
        // A thread that was backing slots is about to let go: what it still has is not free yet,
        // and whoever retires needs it now. A subscriber here may keep a pool for longer.
        let let_go = |pool: &Arc<OwnPool>| Arc::strong_count(pool) == 1;
        for _ in 0..LET_GO_LOOKS {
            if gone.iter().all(let_go) {
                break;
            }
            std::thread::yield_now();
        }
        Ok(!gone.is_empty())
    }
}

/// Backs the first slots of a large pool while its owner goes on with the first of them.
fn back_aside(pool: Arc<OwnPool>, slots: u32) {
    let work = move || {
        // What cannot be had now is an error of whoever needs it.
        let _ = pool.back_ahead(slots);
    };
    let _ = std::thread::Builder::new().name("framelane-back".into()).spawn(work);
}
