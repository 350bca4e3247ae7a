//! The pools that one subscriber has attached to, and how it takes a reference on a frame.

use std::sync::Arc;

use framelane_layout::{Descriptor, ErrorCode, Kind};
use framelane_pool::{OwnPool, ReaderPool};
use framelane_shm::{Error, Result};

use crate::hold::Hold;
use crate::peer::{OpenTopic, Peer};

/// Pools whose attachment a subscriber keeps. A publisher has one for each size of frames.
const POOLS_KEPT: usize = 64;

/// What became of a descriptor.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A reference on its frame.
    Frame(Hold),
    /// The frame is gone.
    Gone,
    /// It said something impossible.
    Nonsense,
}

/// A pool that frames can be taken from.
#[derive(Debug)]
pub(crate) enum Pool {
    Own(Arc<OwnPool>),
    Reader(Arc<ReaderPool>),
}

impl Pool {
    /// Pool `id`: ours, or another process's, attached to if need be. `None`: it is gone.
    ///
    /// # Errors
    /// What attaching can say.
    pub(crate) fn find(peer: &Peer, id: u64) -> Result<Option<Self>> {
        Ok(match peer.own_pool(id) {
            Some(pool) => Some(Self::Own(pool)),
            None => peer.reader_pool(id)?.map(Self::Reader),
        })
    }

    /// A reference on what `descriptor` names in this pool. `None`: it is gone.
    #[inline(always)]
    pub(crate) fn acquire(&self, descriptor: &Descriptor) -> Option<Hold> {
        match self {
            Self::Own(pool) => pool.acquire(descriptor).map(Hold::Own),
            Self::Reader(pool) => pool.acquire(descriptor).map(Hold::Reader),
        }
    }
}

/// Whether what `descriptor` says of its slot is possible.
#[inline(always)]
fn is_sound(kind: Kind, hold: &Hold, descriptor: &Descriptor) -> bool {
    descriptor.fits(kind, hold.slot_bytes())
}

/// Attached pools, the one used last in front.
#[derive(Debug, Default)]
pub(crate) struct Attached(Vec<(u64, Pool)>);

impl Attached {
    /// Takes a reference on what `descriptor` names.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where the pool has 32 reader processes already, and what attaching
    /// to it can say.
    pub(crate) fn take(&mut self, topic: &OpenTopic, descriptor: &Descriptor) -> Result<Outcome> {
        let id = descriptor.pool_id;
        if self.0.first().is_none_or(|&(first, _)| first != id) {
            match self.bring_forward(topic, id) {
                Ok(true) => {}
                Ok(false) => return Ok(Outcome::Gone),
                Err(error) if is_nonsense(&error) => return Ok(Outcome::Nonsense),
                Err(error) => return Err(error),
            }
        }
        let Some((_, pool)) = self.0.first() else { return Ok(Outcome::Gone) };
        Ok(match pool.acquire(descriptor) {
            Some(hold) if is_sound(topic.kind(), &hold, descriptor) => Outcome::Frame(hold),
            Some(_) => Outcome::Nonsense,
            None => Outcome::Gone,
        })
    }

    /// The same where the pool is the one used last and nothing is wrong.
    #[inline(always)]
    pub(crate) fn take_known(&self, kind: Kind, descriptor: &Descriptor) -> Option<Hold> {
        let (id, pool) = self.0.first()?;
        if *id != descriptor.pool_id {
            return None;
        }
        pool.acquire(descriptor).filter(|hold| is_sound(kind, hold, descriptor))
    }

    /// Puts pool `id` in front, attaching to it if need be. `false`: it is gone.
    #[cold]
    fn bring_forward(&mut self, topic: &OpenTopic, id: u64) -> Result<bool> {
        if let Some(index) = self.0.iter().position(|&(known, _)| known == id) {
            self.0.swap(0, index);
            return Ok(true);
        }
        let Some(pool) = Pool::find(topic.peer(), id)? else { return Ok(false) };
        self.forget_relics(topic);
        self.0.truncate(POOLS_KEPT - 1);
        self.0.insert(0, (id, pool));
        Ok(true)
    }

    /// Detaches from pools that this topic no longer names and that will never be filled
    /// again, or that are ours and mapped anyway, so that a publisher which restarts often
    /// does not pile up memory.
    fn forget_relics(&mut self, topic: &OpenTopic) {
        let named: Vec<u64> = topic
            .rings_in_use()
            .flat_map(|entry| topic.ring(entry).standing())
            .map(|descriptor| descriptor.pool_id)
            .collect();
        self.0.retain(|(id, pool)| {
            let relic = match pool {
                Pool::Own(_) => true,
                // Who cannot be asked is taken to live.
                Pool::Reader(pool) => !pool.owner_lives().unwrap_or(true),
            };
            !relic || named.contains(id)
        });
    }

    /// Detaches from all of them.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Whether a pool is refused for what its file says, and not for want of something.
fn is_nonsense(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::Corrupt | ErrorCode::LayoutVersion)
}
