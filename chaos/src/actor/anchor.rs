//! The owner that is never killed: it sends on every topic from beginning to end. Then it counts
//! its slots: whatever died with frames of it in its hands, none may be missing.

use std::thread;
use std::time::Duration;

use framelane::raw::layout::Kind;
use framelane::raw::layout::topic::{Delivery, Mode};
use framelane::raw::{OwnHold, Publisher, current};
use framelane::{ErrorCode, Image, Options, Overflow, Topic};

use super::{BROADCAST, LOSSLESS, Pace, Plan, RELAYED, Role, WAITS, Work, begin, queue, settle};
use crate::board::{Board, Common, Field};
use crate::payload::ONE_PAGE;

/// Bytes of its pools: little more than what its rings keep.
const MAX_BYTES: u64 = 256 << 10;
/// Bytes of a slot, its header included.
const SLOT: u64 = 4096 + 512;

/// What the anchor has reached.
pub(crate) mod reached {
    pub(crate) const WORKING: u64 = 1;
    pub(crate) const QUIET: u64 = 2;
    pub(crate) const COUNTED: u64 = 3;
}

/// The anchor, until it is killed.
pub(crate) fn audit(plan: &Plan) -> ! {
    begin("anchor");
    settle(&plan.namespace, MAX_BYTES);
    if let Err(error) = whole(plan) {
        let work = Work::new(plan, 0, Pace::Steady);
        work.complain(Field::Errors, 1, || format!("anchor: {error}"));
    }
    plan.board.common(Common::Reached).set(reached::COUNTED);
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

fn whole(plan: &Plan) -> super::Outcome {
    // As long as these are open, no topic ends.
    let overwriting = Options { overflow: Overflow::DropOldest, ..Options::default() };
    let waiting = Options { overflow: WAITS, ..Options::default() };
    let _topics = [
        Topic::<Image>::open_with(BROADCAST, overwriting)?,
        Topic::<Image>::open_with(RELAYED, overwriting)?,
        Topic::<Image>::open_with(LOSSLESS, waiting)?,
    ];
    let _queues = [queue::open(0, 0)?, queue::open(1, 0)?];
    plan.board.common(Common::Reached).set(reached::WORKING);
    thread::scope(|scope| {
        for (line, role) in plan.roles.iter().enumerate() {
            let work = Work::new(plan, line, Pace::Steady);
            scope.spawn(move || work.run(*role));
        }
    });
    plan.board.common(Common::Reached).set(reached::QUIET);
    while plan.board.common(Common::Phase).get() < 2 {
        thread::sleep(Duration::from_millis(1));
    }
    count(plan.board)
}

/// Loans every slot there is. One that a dead reader still holds could not be loaned.
fn count(board: Board) -> super::Outcome {
    let mode = Mode { overflow: Overflow::DropOldest, delivery: Delivery::Broadcast };
    let topic = current()?.open_topic(BROADCAST, Kind::Image, mode)?;
    let mut publisher = Publisher::claim(topic, 1)?;
    let mut loans: Vec<OwnHold> = Vec::new();
    let full = loop {
        match publisher.loan(ONE_PAGE.into()) {
            Ok(loan) => loans.push(loan),
            Err(error) => break error,
        }
    };
    if full.code() != ErrorCode::PoolExhausted {
        return Err(full);
    }
    let mut pools: Vec<_> = loans.iter().map(|loan| loan.pool().clone()).collect();
    pools.sort_by_key(|pool| pool.id());
    pools.dedup_by_key(|pool| pool.id());
    let slots: u64 = pools.iter().map(|pool| u64::from(pool.geometry().slot_count)).sum();
    let bytes: u64 = pools.iter().map(|pool| pool.geometry().data_bytes()).sum();
    // A pool without a single slot to give would not be among them, but its memory is missing.
    let hidden = MAX_BYTES.saturating_sub(bytes) / SLOT;
    board.common(Common::Slots).set(slots + hidden);
    board.common(Common::Loans).set(loans.len() as u64);
    loans.clear();
    for stats in pools.iter().map(|pool| pool.stats()) {
        board.common(Common::Backed).add(stats.backed.into());
        board.common(Common::Free).add(stats.free.into());
    }
    Ok(())
}

/// What the anchor sends.
pub(crate) const ANCHOR_ROLES: [Role; 4] =
    [Role::Publisher, Role::Sender, Role::Producer, Role::Client];
