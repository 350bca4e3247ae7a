//! The kernel's part of sleeping and waking, which no model checker looks into.

use std::time::Duration;

use framelane_layout::sync::{AtomicU32, futex_word, step};
use framelane_shm::{Directory, Ringer};
use rustix::thread::futex;
use rustix::time::Timespec;

use crate::room::RoomWaiters;
use crate::wait::{RECHECK, Waiters};

impl RoomWaiters<'_> {
    /// Writer without an event loop: sleeps until there may be room after
    /// [`block`](Self::block), at most `timeout` and at most [`RECHECK`].
    pub fn wait(&self, seen: u32, timeout: Duration) {
        wait(&self.0.seq, seen, timeout);
    }

    /// Reader: wakes the writers on the futex, after [`unblock`](Self::unblock).
    #[cold]
    pub fn wake(&self) {
        wake(&self.0.seq);
    }
}

impl Waiters<'_> {
    /// Subscriber without an event loop: sleeps until a wake-up after
    /// [`announce`](Self::announce), at most `timeout` and at most [`RECHECK`].
    pub fn wait(&self, seen: u32, timeout: Duration) {
        wait(self.wake_seq, seen, timeout);
    }

    /// Publisher: wakes whoever [sleeps](crate::someone_sleeps), after the head has moved.
    #[cold]
    pub fn wake(&self, directory: &Directory, ringer: &Ringer) {
        // A bell that cannot be rung leaves its sleeper to its own re-check.
        let on_futex = self.take_marks(|id| drop(ringer.ring(directory, id)));
        if on_futex {
            wake(self.wake_seq);
        }
    }
}

fn wait(word: &AtomicU32, seen: u32, timeout: Duration) {
    let timeout = timeout.min(RECHECK);
    let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(timeout.subsec_nanos()) };
    // Woken, interrupted, timed out or too late: the caller looks again in each case.
    let _ = futex::wait(futex_word(word), futex::Flags::empty(), seen, Some(&limit));
}

fn wake(word: &AtomicU32) {
    step();
    let _ = futex::wake(futex_word(word), futex::Flags::empty(), i32::MAX.unsigned_abs());
}
