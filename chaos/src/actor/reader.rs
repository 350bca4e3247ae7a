//! Those who receive: from the topic that overwrites, from what was sent on, and from the topic
//! that loses nothing.

use std::time::Duration;

use framelane::{ErrorCode, Image, Options, Overflow, Topic};

use super::held::{Bytes, Held, first_look};
use super::track::{Gapless, Order};
use super::{LOSSLESS, LOSSLESS_STREAM, Outcome, WAITS, Work};
use crate::board::Field;

/// How long to wait for a frame before looking whether it is time to end.
const PATIENCE: Duration = Duration::from_millis(20);

/// How one life of a reader asks for frames.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Poll,
    Block,
    Newest,
}

fn next(topic: &mut Topic<Image>, manner: Manner) -> framelane::Result<Option<Image>> {
    match manner {
        Manner::Poll => topic.try_recv(),
        Manner::Newest => topic.newest(),
        Manner::Block => match topic.recv(PATIENCE) {
            Ok(image) => Ok(Some(image)),
            Err(error) if error.code() == ErrorCode::Timeout => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// Counters of the topic object that say what must not be.
fn note_stats(work: &Work, topic: &Topic<Image>, lossless: bool) -> Outcome {
    let stats = topic.stats()?;
    work.line.add(Field::Lapped, stats.lapped);
    if stats.rejected > 0 {
        let text = || format!("{}: {} rejected", topic.name(), stats.rejected);
        work.complain(Field::Rejected, stats.rejected, text);
    }
    if lossless && stats.lapped > 0 {
        work.complain(Field::Gaps, stats.lapped, || format!("{} lapped", stats.lapped));
    }
    Ok(())
}

/// Receives from a topic that overwrites.
pub(crate) fn read(work: &mut Work, name: &str) -> Outcome {
    while !work.is_over() {
        let history = work.random.small(5);
        let history = if name == super::RELAYED { 0 } else { history };
        let options = Options { depth: 0, history, overflow: Overflow::DropOldest };
        let mut topic = Topic::<Image>::open_with(name, options)?;
        let manner = work.random.pick(&[Manner::Poll, Manner::Block, Manner::Newest]);
        let (mut order, mut held) = (Order::default(), Held::new(work));
        while !work.is_over() && !work.random.below(2000).eq(&0) {
            if work.random.percent(2)
                && let Some(image) = topic.latest()?
                && let Some(label) = first_look(work, image.data(), &[0])
            {
                held.push(work, Bytes(image), label);
            }
            match next(&mut topic, manner)? {
                Some(image) => {
                    if let Some(label) = first_look(work, image.data(), &[0]) {
                        order.note(work, label);
                        held.push(work, Bytes(image), label);
                    }
                }
                None => work.pause(),
            }
            held.release(work, false);
        }
        held.release(work, true);
        note_stats(work, &topic, false)?;
    }
    Ok(())
}

/// Receives from the topic that loses nothing.
pub(crate) fn subscribe(work: &mut Work) -> Outcome {
    let streams = [LOSSLESS_STREAM];
    while !work.is_over() {
        let options = Options { depth: 0, history: 0, overflow: WAITS };
        let mut topic = Topic::<Image>::open_with(LOSSLESS, options)?;
        let manner = work.random.pick(&[Manner::Poll, Manner::Block]);
        let mut held = Held::new(work);
        // The first call joins.
        let mut first = topic.try_recv()?;
        let mut gapless = Gapless::new(work.board);
        while !work.is_over() && !work.random.below(2000).eq(&0) {
            let snapshot = gapless.snapshot(work.board);
            let image = match first.take() {
                Some(image) => Some(image),
                None => next(&mut topic, manner)?,
            };
            match image {
                Some(image) => {
                    if let Some(label) = first_look(work, image.data(), &streams) {
                        gapless.note(work, label);
                        held.push(work, Bytes(image), label);
                    }
                }
                None => {
                    gapless.caught_up(work, &snapshot);
                    work.pause();
                }
            }
            held.release(work, false);
        }
        held.release(work, true);
        note_stats(work, &topic, true)?;
    }
    Ok(())
}
