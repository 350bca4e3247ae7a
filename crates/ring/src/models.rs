//! What loom checks of the rings: a file for each, every interleaving of two threads, and every
//! value that the memory orders let a load return. `edge:` names the rows of section 9 of
//! SPEC.md that a model shows; a test compares the two.

mod broadcast;
mod lossless;
mod queue;
mod spsc;
mod wait;

use framelane_layout::Descriptor;
use framelane_layout::descriptor::Cell;

/// Runs `model` through every interleaving with up to three preemptions.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn cells(count: usize) -> Vec<Cell> {
    (0..count).map(|_| Cell { words: Default::default() }).collect()
}

/// A descriptor whose every word tells `number`.
fn frame(number: u64) -> Descriptor {
    let narrow = u32::try_from(number).unwrap_or(u32::MAX);
    Descriptor {
        pool_id: number,
        generation: narrow,
        sent_ns: number,
        kind: narrow.to_le_bytes()[0],
        payload_bytes: number,
        dims: [narrow; 3],
        ..Descriptor::default()
    }
}
