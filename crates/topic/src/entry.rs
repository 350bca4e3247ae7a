//! A subscriber entry of a topic: needed by whoever sleeps, by whoever must not be lapped, and
//! by whoever takes frames that nobody else gets.

use std::sync::Arc;

use framelane_layout::sync::Ordering;
use framelane_shm::{Result, monotonic_ns, process_name};

use crate::gauge::tell_writers;
use crate::peer::OpenTopic;

/// An entry, held until the last reference goes.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) topic: OpenTopic,
    pub(crate) number: u16,
}

impl Entry {
    /// Takes a free entry of `topic`.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`](framelane_layout::ErrorCode::Limit) where there is none.
    pub(crate) fn claim(topic: &OpenTopic) -> Result<Arc<Self>> {
        let number = topic.claim_subscriber()?;
        // Whoever waited for a dead predecessor.
        tell_writers(topic, number);
        let row = &topic.subscriber_rows()[usize::from(number)];
        // ordering: Relaxed, for people, as the next.
        row.pid.store(std::process::id(), Ordering::Relaxed);
        // ordering: Relaxed, for people.
        row.since_ns.store(monotonic_ns(), Ordering::Relaxed);
        row.name.set(&process_name());
        topic.waiters().set_bell(number, 0);
        let entry = Self { topic: topic.clone(), number };
        entry.count(0, 0, 0);
        Ok(Arc::new(entry))
    }

    /// Says for people what has come of it so far.
    pub(crate) fn count(&self, received: u64, lapped: u64, rejected: u64) {
        let row = &self.topic.subscriber_rows()[usize::from(self.number)];
        // ordering: Relaxed, for people, as the next two.
        row.received.store(received, Ordering::Relaxed);
        // ordering: Relaxed, for people.
        row.lapped.store(lapped, Ordering::Relaxed);
        // ordering: Relaxed, for people.
        row.rejected.store(rejected, Ordering::Relaxed);
    }

    /// Says how to wake it: through FIFO `fifo_id`, or through the futex where that is 0.
    pub(crate) fn set_bell(&self, fifo_id: u64) {
        self.topic.waiters().set_bell(self.number, fifo_id);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.topic.release_subscriber(self.number);
        tell_writers(&self.topic, self.number);
    }
}
