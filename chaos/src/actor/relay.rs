//! Sends on what it receives, without a copy.

use std::time::Duration;

use framelane::{ErrorCode, Image, Options, Overflow, Topic};

use super::held::{Bytes, Held, first_look};
use super::track::Order;
use super::{BROADCAST, Outcome, RELAYED, Work};
use crate::board::Field;

/// There is one of them at a time: what it sends on stays in order over its lives.
pub(crate) fn relay(work: &mut Work) -> Outcome {
    let options = Options { depth: 0, history: 0, overflow: Overflow::DropOldest };
    let mut topic = Topic::<Image>::open_with(BROADCAST, options)?;
    let depth = work.random.pick(&[1, 2, 4]);
    let mut onward = Topic::<Image>::open_with(RELAYED, Options { depth, ..options })?;
    let (mut order, mut held) = (Order::default(), Held::new(work));
    while !work.is_over() {
        match topic.recv(Duration::from_millis(20)) {
            Ok(image) => {
                if let Some(label) = first_look(work, image.data(), &[0]) {
                    order.note(work, label);
                    onward.relay(&image)?;
                    work.line.add(Field::Relayed, 1);
                    held.push(work, Bytes(image), label);
                }
            }
            Err(error) if error.code() == ErrorCode::Timeout => {}
            Err(error) => return Err(error),
        }
        held.release(work, false);
        work.pause();
    }
    held.release(work, true);
    Ok(())
}
