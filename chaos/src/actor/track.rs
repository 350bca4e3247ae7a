//! In what order frames come, and whether one is missing.

use std::collections::HashMap;

use super::{LOSSLESS_STREAM, Work};
use crate::board::{Board, Common, Field, finished, sent, stream};
use crate::payload::Label;

/// Frames of one sender never go back.
#[derive(Debug, Default)]
pub(crate) struct Order(HashMap<u32, u32>);

impl Order {
    pub(crate) fn note(&mut self, work: &Work, label: Label) {
        let last = self.0.insert(label.sender, label.sequence);
        if last.is_some_and(|last| last >= label.sequence) {
            work.complain(Field::Disorder, 1, || format!("{label:?} came after {last:?}"));
        }
    }
}

/// What a lossless subscriber knows of a sender.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// The first frame must be this one or one before it.
    AtMost(u32),
    /// The next frame must be this one.
    Exactly(u32),
    /// It was dead when we came: what its successor found of it may come or not.
    Gone,
}

/// Checks that a subscriber gets every frame that was sent after it came.
#[derive(Debug)]
pub(crate) struct Gapless {
    known: HashMap<u32, Known>,
    /// Senders from this number on began after we came.
    joined: u32,
    /// Senders below this number are dead and done with.
    low: u32,
}

/// How many senders before ours may still live.
const LOOK_BACK: u32 = 1024;

fn next_sender(board: Board) -> u32 {
    u32::try_from(board.common(Common::NextSender).get()).unwrap_or(u32::MAX)
}

impl Gapless {
    /// Right after the subscriber has joined.
    pub(crate) fn new(board: Board) -> Self {
        let joined = next_sender(board);
        let low = joined.saturating_sub(LOOK_BACK);
        let mut known = HashMap::new();
        for sender in low..joined {
            let word = board.sender(sender).get();
            if stream(word) == LOSSLESS_STREAM {
                // One frame may be on its way, sent before we came and not counted yet.
                let live = Known::AtMost(sent(word) + 1);
                known.insert(sender, if finished(word) { Known::Gone } else { live });
            }
        }
        Self { known, joined, low }
    }

    /// How far each sender is. To be asked before the subscriber looks for frames.
    pub(crate) fn snapshot(&self, board: Board) -> Vec<(u32, u64)> {
        let words = (self.low..next_sender(board)).map(|sender| (sender, board.sender(sender)));
        let words = words.map(|(sender, word)| (sender, word.get()));
        words.filter(|(_, word)| stream(*word) == LOSSLESS_STREAM).collect()
    }

    fn of(&self, sender: u32) -> Known {
        let fresh = sender >= self.joined;
        let unknown = if fresh { Known::Exactly(0) } else { Known::Gone };
        self.known.get(&sender).copied().unwrap_or(unknown)
    }

    /// A frame has come.
    pub(crate) fn note(&mut self, work: &Work, label: Label) {
        let Label { sender, sequence, .. } = label;
        let known = self.of(sender);
        let wanted = match known {
            Known::AtMost(most) => sequence.min(most),
            Known::Exactly(next) => next,
            Known::Gone => sequence,
        };
        if sequence != wanted {
            let missing = u64::from(sequence.abs_diff(wanted));
            work.complain(Field::Gaps, missing, || format!("{label:?} came, not {known:?}"));
        }
        self.known.insert(sender, Known::Exactly(sequence + 1));
    }

    /// The subscriber found nothing after `snapshot` was taken: it must have had everything.
    pub(crate) fn caught_up(&mut self, work: &Work, snapshot: &[(u32, u64)]) {
        for &(sender, word) in snapshot {
            let known = self.of(sender);
            let had = match known {
                Known::AtMost(next) | Known::Exactly(next) => next,
                Known::Gone => u32::MAX,
            };
            if sent(word) > had {
                let missing = u64::from(sent(word) - had);
                let text = || format!("sender {sender} sent {}, here {known:?}", sent(word));
                work.complain(Field::Gaps, missing, text);
                // Once is enough.
                self.known.insert(sender, Known::Gone);
            }
        }
        let live = snapshot.iter().find(|(_, word)| !finished(*word));
        self.low = live.or(snapshot.last()).map_or(self.low, |&(sender, _)| sender);
    }
}
