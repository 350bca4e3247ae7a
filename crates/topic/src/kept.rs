//! What a publisher keeps for its subscribers: a hold on each of its last frames. Which cell a
//! frame stands in does not matter for dropping one: a cell whose frame was let go is refused
//! by its generation.

use std::collections::VecDeque;

use framelane_pool::OwnHold;

use crate::hold::Hold;
use crate::peer::Peer;

/// A frame that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its position in the ring.
    pub(crate) position: u64,
    pub(crate) hold: Hold,
}

/// Frames kept, oldest first.
#[derive(Debug)]
pub(crate) struct KeptFrames {
    pub(crate) frames: VecDeque<Kept>,
    /// A slot that went round at once, still warm.
    spare: Option<OwnHold>,
}

impl KeptFrames {
    pub(crate) fn new(frames: VecDeque<Kept>) -> Self {
        Self { frames, spare: None }
    }

    /// The slot that went round, if it suits; if not, it is let go of.
    #[inline(always)]
    pub(crate) fn take_spare(&mut self, bytes: u64) -> Option<OwnHold> {
        let spare = self.spare.take()?;
        Peer::suits(spare.pool().geometry().slot_stride, bytes).then_some(spare)
    }

    /// Keeps one more.
    #[inline(always)]
    pub(crate) fn push(&mut self, position: u64, hold: Hold) {
        self.frames.push_back(Kept { position, hold });
    }

    /// Lets go of the oldest until `depth` are left, but of none from position `needed` on.
    #[inline(always)]
    pub(crate) fn trim(&mut self, depth: u32, needed: u64) {
        while self.frames.len() > depth as usize {
            if self.frames.front().is_none_or(|kept| kept.position >= needed) {
                break;
            }
            let Some(Kept { hold: Hold::Own(hold), .. }) = self.frames.pop_front() else {
                continue;
            };
            if let Some(reused) = hold.reuse() {
                self.spare = Some(reused);
            }
        }
    }

    /// Lets go of those that nobody is still to get; whether there were any.
    pub(crate) fn keep_only(&mut self, wanted: impl Fn(u64) -> bool) -> bool {
        let before = self.frames.len();
        for _ in 0..before {
            let Some(kept) = self.frames.pop_front() else { break };
            if wanted(kept.position) {
                self.frames.push_back(kept);
            } else if let Hold::Own(hold) = kept.hold
                && let Some(reused) = hold.reuse()
            {
                self.spare = Some(reused);
            }
        }
        self.frames.len() < before
    }

    /// Lets go of the oldest frame before its time, of one in a slot of this size if there is
    /// one, but of none from position `needed` on; whether there was any.
    pub(crate) fn evict(&mut self, bytes: u64, needed: u64) -> bool {
        let free = self.frames.partition_point(|kept| kept.position < needed);
        let suits = |kept: &Kept| match &kept.hold {
            Hold::Own(hold) => Peer::suits(hold.pool().geometry().slot_stride, bytes),
            // Its memory is another process's.
            Hold::Reader(_) => false,
        };
        let index = self.frames.iter().take(free).position(suits).unwrap_or(0);
        index < free && self.frames.remove(index).is_some()
    }

    /// Gives up everything, for whoever takes the entry next in this process.
    pub(crate) fn park(&mut self) -> VecDeque<Kept> {
        self.spare = None;
        std::mem::take(&mut self.frames)
    }
}
