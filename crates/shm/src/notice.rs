//! What this process has noticed of the deaths of others: for people who want to be told, and
//! never for a decision. Each is told once for each topic it took part in.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use framelane_layout::sync::Ordering;
use framelane_layout::sync::private::AtomicU32;

use crate::clock::monotonic_ns;

/// Deaths that are remembered: whoever asks more seldom than so many happen misses some.
const KEPT: usize = 64;

/// Deaths noticed so far, wrapping.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The last of them, oldest first.
static DEATHS: Mutex<VecDeque<Death>> = Mutex::new(VecDeque::new());

/// A process that ended without leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Its process id.
    pub pid: u32,
    /// What the kernel called it.
    pub process: String,
    /// The topic it sent or waited on; `None`: it held frames.
    pub topic: Option<String>,
    noticed_ns: u64,
}

/// Remembers that a process was found dead, which had been there since `since_ns` of the
/// monotonic clock; whether that is news.
pub fn note_death(pid: u32, since_ns: u64, process: String, topic: Option<&str>) -> bool {
    let mut deaths = deaths();
    let known = |death: &Death| {
        // Who came after it was noticed is another process of the same number.
        (death.pid, &death.process) == (pid, &process)
            && since_ns <= death.noticed_ns
            && (topic.is_none() || death.topic.as_deref() == topic)
    };
    if deaths.iter().any(known) {
        return false;
    }
    if deaths.len() == KEPT {
        deaths.pop_front();
    }
    let topic = topic.map(str::to_owned);
    deaths.push_back(Death { pid, process, topic, noticed_ns: monotonic_ns() });
    // ordering: Relaxed, the list has a lock of its own; the other side is `deaths_noticed`.
    COUNT.fetch_add(1, Ordering::Relaxed);
    true
}

/// How many deaths have been noticed so far, wrapping.
#[must_use]
#[inline]
pub fn deaths_noticed() -> u32 {
    // ordering: Relaxed, a hint that `deaths_since` has more; the other side is `note_death`.
    COUNT.load(Ordering::Relaxed)
}

/// The deaths noticed since [`deaths_noticed`] was `count`, as far as they are remembered, and
/// what to ask with the next time.
#[must_use]
pub fn deaths_since(count: u32) -> (Vec<Death>, u32) {
    let deaths = deaths();
    let now = deaths_noticed();
    let wanted = usize::try_from(now.wrapping_sub(count)).unwrap_or(KEPT).min(deaths.len());
    (deaths.iter().skip(deaths.len() - wanted).cloned().collect(), now)
}

fn deaths() -> MutexGuard<'static, VecDeque<Death>> {
    DEATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_death_is_told_once_for_each_topic() {
        let (before, since) = (deaths_noticed(), monotonic_ns());
        let note = |since, topic| note_death(7, since, "camera".into(), topic);
        assert!(note(since, Some("left")));
        assert!(!note(since, Some("left")), "told before");
        assert!(!note(since, None), "known by its topic");
        assert!(note(since, Some("right")), "another topic");
        assert!(note(u64::MAX, Some("left")), "another process of the same number");
        let (deaths, now) = deaths_since(before);
        let topics: Vec<_> = deaths.iter().filter_map(|death| death.topic.as_deref()).collect();
        assert_eq!(topics, ["left", "right", "left"]);
        assert_eq!(deaths_since(now).0, []);

        (0..100).for_each(|n| assert!(note_death(n, u64::MAX, "many".into(), None)));
        assert_eq!(deaths_since(now).0.len(), KEPT, "the oldest are forgotten");
    }
}
