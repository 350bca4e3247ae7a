//! What loom checks of the counts of a slot: a file for each, every interleaving of two or three
//! threads, and every value that the memory orders let a load return. `edge:` names the rows of
//! section 9 of SPEC.md that a model shows; a test compares the two.

#[cfg(test)]
mod local;
#[cfg(test)]
mod private;
#[cfg(test)]
mod word;

/// What stands for crossbeam's under loom, whose threads must say that they wait.
pub(crate) struct Backoff;

impl Backoff {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn snooze(&self) {
        framelane_layout::sync::yield_now();
    }
}

#[cfg(test)]
use framelane_layout::{
    pool::SlotLine,
    sync::{AtomicU32, AtomicU64, UnsafeCell},
};

/// Runs `model` through every interleaving with up to three preemptions.
#[cfg(test)]
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// The line of a slot of this fill count that these readers hold.
#[cfg(test)]
fn line(fill: u64, readers: u32) -> SlotLine {
    SlotLine {
        word: AtomicU64::new(fill << 32 | u64::from(readers)),
        fill_hi: AtomicU32::new(u32::from(crate::word::fill_hi(fill))),
    }
}

/// What stands for the bytes of a slot: loom finds who writes while another looks.
#[cfg(test)]
struct Slot(UnsafeCell<u32>);

#[cfg(test)]
impl Slot {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    fn write(&self, value: u32) {
        // SAFETY: loom checks that nobody else reaches into the cell.
        self.0.with_mut(|cell| unsafe { cell.write(value) });
    }

    fn read(&self) -> u32 {
        // SAFETY: loom checks that nobody writes into the cell.
        self.0.with(|cell| unsafe { cell.read() })
    }
}
