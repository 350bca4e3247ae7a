//! Frames that are looked at twice: when they are received, and right before they are given back.

use std::collections::VecDeque;
use std::ops::Deref;
use std::time::{Duration, Instant};

use framelane::Image;

use super::Work;
use crate::board::Field;
use crate::payload::Label;

/// Frames held by one role.
pub(crate) struct Held<T> {
    frames: VecDeque<(T, Label, Instant)>,
    /// How many at once.
    limit: usize,
    /// How long at most.
    longest_us: u64,
}

impl<T: Deref<Target = [u8]>> Held<T> {
    pub(crate) fn new(work: &mut Work) -> Self {
        let limit = work.random.pick(&[0, 1, 2, 4, 8]);
        let longest_us = work.random.pick(&[100, 1000, 5000]);
        Self { frames: VecDeque::new(), limit, longest_us }
    }

    /// Holds a frame that was whole when it was received.
    pub(crate) fn push(&mut self, work: &mut Work, frame: T, label: Label) {
        let time = Duration::from_micros(work.random.below(self.longest_us));
        self.frames.push_back((frame, label, Instant::now() + time));
        work.moved();
    }

    /// The next frame to be given back, after the second look; `all` of them, or those that are
    /// due and those beyond the limit.
    pub(crate) fn next(&mut self, work: &Work, all: bool) -> Option<(T, Label)> {
        let beyond = self.frames.len() > self.limit;
        if !self.frames.front().is_some_and(|(.., due)| all || beyond || Instant::now() > *due) {
            return None;
        }
        let (frame, label, _) = self.frames.pop_front()?;
        if label.is_whole(&frame) {
            work.line.add(Field::Verified, 1);
        } else {
            let found = Label::read(&frame);
            work.complain(Field::Wrong, 1, || format!("held {label:?}, found {found:?}"));
        }
        Some((frame, label))
    }

    /// Gives back what is due, or all.
    pub(crate) fn release(&mut self, work: &Work, all: bool) {
        while self.next(work, all).is_some() {}
    }
}

/// A received image as its bytes.
pub(crate) struct Bytes(pub(crate) Image);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.data()
    }
}

/// Looks at a frame for the first time. `None`: it is not whole.
pub(crate) fn first_look(work: &Work, data: &[u8], streams: &[u32]) -> Option<Label> {
    let label = Label::read(data).filter(|label| streams.contains(&label.stream));
    work.line.add(Field::Received, 1);
    if label.is_none() {
        let head = &data[..data.len().min(32)];
        work.complain(Field::Torn, 1, || format!("not whole: {} bytes, {head:?}", data.len()));
    }
    label
}
