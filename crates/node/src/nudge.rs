//! Asks V8 to collect garbage when frames run short: a frame object that nobody has any more
//! keeps its slot until a major collection finds it, and V8, which sees a few hundred bytes,
//! has no reason for one.
//!
//! The only call of Node-API that V8 takes as a reason is to claim external memory. The claim is
//! taken back at once; what remains is one collection of 3 to 5 ms (more with a large heap).
//! So it is asked for at most twice a second, and while it finds nothing twice as seldom each
//! time. Once a second would be too seldom: 40 frames that come back each second are two thirds
//! of 60 Hz.

use framelane::raw::monotonic_ns;
use napi::sys;

/// What V8 is told of: above the limit at which it collects (64 MiB more than at the last time).
const CLAIM_BYTES: i64 = 256 << 20;
/// Least time between two.
const SHORTEST_NS: u64 = 500_000_000;
/// Most time between two that found nothing.
const LONGEST_NS: u64 = 64_000_000_000;
/// The same where frames are refused already.
const REFUSED_NS: u64 = 2_000_000_000;

/// When this environment asks.
#[derive(Debug, Default)]
pub struct Nudge {
    /// When the last was, on the monotonic clock.
    last_ns: u64,
    /// How long to wait for the next.
    wait_ns: u64,
    /// Leaked frames that were found since the last.
    found: bool,
}

impl Nudge {
    /// Asks, if it is time. What it finds is given back by a later turn of the event loop: this
    /// call brings nothing to whoever is `refused` a frame now.
    #[cold]
    pub fn ask(&mut self, env: sys::napi_env, refused: bool) {
        let now = monotonic_ns();
        let wait_ns = if refused { self.wait_ns.min(REFUSED_NS) } else { self.wait_ns };
        if now < self.last_ns.saturating_add(wait_ns) {
            return;
        }
        self.wait_ns = if self.found || self.wait_ns == 0 {
            SHORTEST_NS
        } else {
            LONGEST_NS.min(self.wait_ns * 2)
        };
        self.found = false;
        self.last_ns = now;
        for claim in [CLAIM_BYTES, -CLAIM_BYTES] {
            let mut total = 0;
            // SAFETY: a live environment. What it collects has no finalizer that comes back here.
            unsafe { sys::napi_adjust_external_memory(env, claim, &mut total) };
        }
    }

    /// A leaked frame was found: the next may come soon.
    pub fn found(&mut self) {
        self.found = true;
        self.wait_ns = SHORTEST_NS;
    }
}

/// From how many of `most` frames on it is asked: three quarters, so that slots come back before
/// the last is gone.
pub fn crowded(most: u32) -> u32 {
    most - most / 4
}

/// From how many frames of no topic on it is asked: nothing but memory limits them.
pub const CROWDED_UNBOUND: u32 = 32;
