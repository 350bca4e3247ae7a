//! Those who come last: one takes what is left in the queues, one opens the directory once more.

use std::process;
use std::time::Duration;

use framelane::raw::current;

use super::held::Held;
use super::queue::{give_back, open, take};
use super::{Outcome, Pace, Plan, Work, begin, settle};
use crate::board::Field;

/// Longer than anybody sleeps without looking again.
const PATIENCE: Duration = Duration::from_millis(300);

/// Takes everything that is left in both queues.
pub(crate) fn drain(plan: &Plan) -> ! {
    begin("drain");
    settle(&plan.namespace, 1 << 20);
    let mut work = Work::new(plan, 0, Pace::Spin);
    for queue in 0..2 {
        if let Err(error) = drain_one(&mut work, queue) {
            work.complain(Field::Errors, 1, || format!("drain: {error}"));
        }
    }
    process::exit(0);
}

fn drain_one(work: &mut Work, queue: usize) -> Outcome {
    let mut topic = open(queue, 0)?;
    let mut held = Held::new(work);
    while take(work, &mut topic, &mut held, queue, PATIENCE)? {
        while let Some((taken, label)) = held.next(work, true) {
            give_back(work, taken, label.job, queue, 0);
        }
    }
    Ok(())
}

/// Opens the directory and leaves it: whoever does so removes what nobody has any more.
pub(crate) fn open_once(plan: &Plan) -> ! {
    begin("opener");
    settle(&plan.namespace, 1 << 20);
    if let Err(error) = current().map(drop) {
        plan.board.complain(plan.seat, &format!("opener: {error}"));
    }
    process::exit(0);
}
