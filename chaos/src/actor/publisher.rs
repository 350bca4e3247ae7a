//! Those who send: on the topic that overwrites, and on the one that loses nothing.

use std::time::Duration;

use framelane::{Encoding, Image, ImageMut, Options, Overflow, Topic};

use super::{BROADCAST, LOSSLESS, LOSSLESS_STREAM, Outcome, WAITS, Work};
use crate::board::{FINISHED, Field, Word};
use crate::payload::{LEAST, Label, ONE_PAGE};

/// A sender of the board, for as long as it sends.
pub(crate) struct Identity {
    number: u32,
    word: Word,
    stream: u32,
    sequence: u32,
}

impl Identity {
    pub(crate) fn new(work: &Work, stream: u32) -> Self {
        let number = work.board.new_sender(stream);
        work.line.field(Field::Sender).set(u64::from(number) + 1);
        Self { number, word: work.board.sender(number), stream, sequence: 0 }
    }

    /// What the next frame says.
    pub(crate) fn label(&self, job: u32) -> Label {
        let Self { number: sender, stream, sequence, .. } = *self;
        Label { sender, sequence, job, stream }
    }

    /// `send` has returned.
    pub(crate) fn sent(&mut self, work: &Work) {
        self.sequence += 1;
        self.word.add(1);
        work.line.add(Field::Published, 1);
        work.moved();
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.word.add(FINISHED);
    }
}

/// Sizes of frames that one life of a sender makes: mostly of one page, so that many move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    largest: u32,
}

impl Sizes {
    pub(crate) fn new(work: &mut Work) -> Self {
        let large = work.random.percent(10);
        let steady = matches!(work.pace, super::Pace::Steady);
        let largest = if large && !steady { work.random.pick(&[8192, 16384]) } else { ONE_PAGE };
        Self { largest }
    }

    /// Bytes of a frame, a multiple of four.
    pub(crate) fn next(self, work: &mut Work) -> u32 {
        let least = if self.largest > ONE_PAGE { self.largest - 2048 } else { LEAST };
        (least + work.random.small(self.largest - least)) & !3
    }
}

/// Fills a loan. `None`: it was given back instead.
pub(crate) fn filled(work: &mut Work, mut loan: ImageMut, label: Label) -> Option<ImageMut> {
    label.fill(loan.data_mut());
    (!work.random.percent(2)).then_some(loan)
}

/// Sends on the topic that overwrites.
pub(crate) fn publish(work: &mut Work) -> Outcome {
    while !work.is_over() {
        open_and_send(work, BROADCAST, Overflow::DropOldest, 0)?;
    }
    Ok(())
}

/// Sends on the topic that loses nothing.
pub(crate) fn send(work: &mut Work) -> Outcome {
    while !work.is_over() {
        open_and_send(work, LOSSLESS, WAITS, LOSSLESS_STREAM)?;
    }
    Ok(())
}

fn open_and_send(work: &mut Work, name: &str, overflow: Overflow, stream: u32) -> Outcome {
    let depth = work.random.pick(&[1, 2, 4, 8]);
    let mut topic = Topic::<Image>::open_with(name, Options { depth, history: 0, overflow })?;
    let mut identity = Identity::new(work, stream);
    let sizes = Sizes::new(work);
    let waits = overflow == WAITS;
    while !work.is_over() && !work.random.below(200).eq(&0) {
        match send_one(work, &mut topic, &mut identity, sizes, waits) {
            Ok(()) => work.pause(),
            Err(error) => work.expect(error)?,
        }
    }
    Ok(())
}

fn send_one(
    work: &mut Work,
    topic: &mut Topic<Image>,
    identity: &mut Identity,
    sizes: Sizes,
    waits: bool,
) -> Outcome {
    let loan = topic.loan(sizes.next(work), 1, Encoding::Mono8)?;
    let label = identity.label(0);
    let Some(loan) = filled(work, loan, label) else { return Ok(()) };
    if waits && work.random.percent(80) {
        topic.send_when_ready(loan, Duration::from_millis(20))?;
    } else {
        topic.send(loan)?;
    }
    identity.sent(work);
    Ok(())
}
