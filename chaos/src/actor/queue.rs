//! Those who share work: who puts jobs into a queue, and who takes them.

use std::ops::Deref;
use std::time::Duration;

use framelane::{Encoding, ErrorCode, Image, Job, Queue, QueueOptions};

use super::held::{Held, first_look};
use super::publisher::{Identity, Sizes, filled};
use super::{Outcome, QUEUE_STREAM, QUEUES, WAITS, Work};
use crate::board::{Common, Field, Mark};

/// A job as its bytes.
pub(crate) struct Taken(Job<Image>);

impl Deref for Taken {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.data()
    }
}

pub(crate) fn open(queue: usize, depth: u32) -> framelane::Result<Queue<Image>> {
    let (name, ack) = QUEUES[queue];
    Queue::open_with(name, QueueOptions { depth, overflow: WAITS, ack })
}

fn stream(queue: usize) -> u32 {
    QUEUE_STREAM + u32::from(queue == 1)
}

fn next_job(work: &Work, queue: usize) -> u32 {
    let word = if queue == 0 { Common::NextJob } else { Common::NextJobToo };
    u32::try_from(work.board.common(word).add(1) + 1).unwrap_or(0)
}

/// Puts jobs into queue `queue`.
pub(crate) fn produce(work: &mut Work, queue: usize) -> Outcome {
    while !work.is_over() {
        let depth = work.random.pick(&[1, 2, 4, 8]);
        let mut topic = open(queue, depth)?;
        let mut identity = Identity::new(work, stream(queue));
        let sizes = Sizes::new(work);
        while !work.is_over() && !work.random.below(200).eq(&0) {
            match put(work, &mut topic, &mut identity, sizes, queue) {
                Ok(()) => work.pause(),
                Err(error) => work.expect(error)?,
            }
        }
    }
    Ok(())
}

fn put(
    work: &mut Work,
    topic: &mut Queue<Image>,
    identity: &mut Identity,
    sizes: Sizes,
    queue: usize,
) -> Outcome {
    let loan = topic.loan(sizes.next(work), 1, Encoding::Mono8)?;
    let number = next_job(work, queue);
    let label = identity.label(number);
    let Some(loan) = filled(work, loan, label) else { return Ok(()) };
    if work.random.percent(80) {
        topic.send_when_ready(loan, Duration::from_millis(20))?;
    } else {
        topic.send(loan)?;
    }
    work.board.mark(queue, number, Mark::Published);
    identity.sent(work);
    Ok(())
}

/// Takes jobs of queue `queue`.
pub(crate) fn consume(work: &mut Work, queue: usize) -> Outcome {
    while !work.is_over() {
        let mut topic = open(queue, 0)?;
        let mut held = Held::new(work);
        while !work.is_over() && !work.random.below(2000).eq(&0) {
            take(work, &mut topic, &mut held, queue, Duration::from_millis(20))?;
            while let Some((taken, label)) = held.next(work, false) {
                give_back(work, taken, label.job, queue, 10);
            }
        }
        while let Some((taken, label)) = held.next(work, true) {
            give_back(work, taken, label.job, queue, 10);
        }
        let stats = topic.stats()?;
        if stats.rejected > 0 || stats.lapped > 0 {
            let text = || format!("queue: {} rejected, {} gone", stats.rejected, stats.lapped);
            work.complain(Field::Rejected, stats.rejected + stats.lapped, text);
        }
    }
    Ok(())
}

/// Takes one job, if there is one in time; whether there was.
pub(crate) fn take(
    work: &mut Work,
    topic: &mut Queue<Image>,
    held: &mut Held<Taken>,
    queue: usize,
    patience: Duration,
) -> framelane::Result<bool> {
    let taken = match topic.recv(patience) {
        Ok(taken) => Taken(taken),
        Err(error) if error.code() == ErrorCode::Timeout => return Ok(false),
        Err(error) => return Err(error),
    };
    if let Some(label) = first_look(work, &taken, &[stream(queue)]) {
        let before = work.board.mark(queue, label.job, Mark::Delivered);
        let done = || work.board.is_marked(queue, label.job, Mark::Acknowledged);
        if if queue == 0 { before } else { done() } {
            work.complain(Field::Twice, 1, || format!("queue {queue}: {label:?} came again"));
        }
        held.push(work, taken, label);
    }
    Ok(true)
}

/// Acknowledges a job, or in `percent` of a hundred cases lets another have it.
pub(crate) fn give_back(work: &mut Work, taken: Taken, number: u32, queue: usize, percent: u64) {
    if queue == 0 || work.random.percent(percent) {
        return;
    }
    work.line.field(Field::Acknowledging).set(u64::from(number) + 1);
    let Taken(taken) = taken;
    if taken.ack() {
        work.board.mark(queue, number, Mark::Acknowledged);
        work.line.add(Field::Acknowledged, 1);
    } else {
        work.complain(Field::Twice, 1, || format!("job {number} was taken away"));
    }
    work.line.field(Field::Acknowledging).set(0);
}
