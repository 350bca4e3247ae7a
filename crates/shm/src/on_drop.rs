//! Something to do when a value and everything before it in its struct is gone.

use std::fmt;

/// Runs a closure when it is dropped. As the last field of a struct it runs after the others
/// were dropped: when files are closed and their locks are gone.
pub struct OnDrop(Option<Box<dyn FnOnce() + Send + Sync>>);

impl OnDrop {
    /// Will run `work`.
    pub fn new(work: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(work)))
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

impl fmt::Debug for OnDrop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OnDrop")
    }
}
