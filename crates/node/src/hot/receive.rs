//! Receiving: the next frame, the newest, waiting for one, and giving frames back.

use std::hint::spin_loop;
use std::rc::Rc;
use std::time::{Duration, Instant};

use framelane::raw::layout::Descriptor;
use framelane::raw::layout::control::{GIVE, HOLD, NEWEST, NO_HOLD, SPIN_US, TIMEOUT_MS, TOPIC};
use framelane::raw::{Claimed, DEPTH_MAX, Hold, Received, check_frame, monotonic_ns};
use framelane::{Error, ErrorCode, Result};
use napi::sys;

use super::released;
use crate::control::Control;
use crate::state::{Frame, Held, Job, State, TopicEntry};

/// How often to look for the next frame of the only publisher between two looks at all of them,
/// and at the clock.
const LOOKS: u32 = 16;

/// Gives the frame before back, if there is one, and takes the next: 1, or 0 where there is none.
pub fn next(state: &mut State, env: sys::napi_env, control: Control) -> Result<u32> {
    let give = control.get(GIVE);
    if give != NO_HOLD {
        state.release(give);
    }
    let topic = control.get(TOPIC);
    let newest = control.get(NEWEST) != 0;
    if !newest && in_order(state, control, topic) {
        return Ok(1);
    }
    if receive(state, env, control, topic, newest)? {
        return Ok(1);
    }
    let spin_us = control.get(SPIN_US);
    if spin_us == 0 {
        return Ok(0);
    }
    spin(state, env, control, topic, newest, spin_us).map(u32::from)
}

/// The rule: one publisher, a frame that is there, in a pool seen before, nothing wrong with it.
/// Everything in registers, and each word written once, where it stays. `false`: nothing was done.
#[inline(always)]
fn in_order(state: &mut State, control: Control, topic: u32) -> bool {
    let State { topics, holds, pools, .. } = state;
    let Some(Some(entry)) = topics.get_mut(topic as usize) else { return false };
    if entry.held >= entry.crowded || holds.make_room().is_err() {
        return false;
    }
    let Some((words, hold)) = entry.subscriber.receive_in_order() else { return false };
    let descriptor = Descriptor::from_words(words);
    let sound = check_frame(&descriptor, hold.slot_bytes()).is_some();
    let (true, Some(pool)) = (sound, pools.last_received(descriptor.pool_id)) else {
        entry.subscriber.take_back();
        return false;
    };
    if entry.tag != 0 {
        hold.note_topic(entry.tag);
    }
    entry.held += 1;
    let number = holds.add(Held { frame: Frame::Received(hold), topic, words, job: None });
    control.put_frame(&descriptor, 0);
    control.put_place(number, pool, descriptor.slot, descriptor.generation);
    true
}

/// Looks for a frame for some time; whether there was one.
fn spin(
    state: &mut State,
    env: sys::napi_env,
    control: Control,
    topic: u32,
    newest: bool,
    spin_us: u32,
) -> Result<bool> {
    let end = Instant::now() + Duration::from_micros(spin_us.into());
    loop {
        for _ in 0..LOOKS {
            // Looks at the next cell only: the head is a line more that would go to and fro.
            if !newest && in_order(state, control, topic) {
                return Ok(true);
            }
            spin_loop();
        }
        if state.topic(topic)?.subscriber.has_news() && receive(state, env, control, topic, newest)?
        {
            return Ok(true);
        }
        if Instant::now() >= end {
            return Ok(false);
        }
    }
}

/// The general case; whether there was a frame.
fn receive(
    state: &mut State,
    env: sys::napi_env,
    control: Control,
    topic: u32,
    newest: bool,
) -> Result<bool> {
    let entry = state.topic(topic)?;
    if entry.held >= entry.crowded {
        make_room(state, env, topic)?;
    }
    // A ring full of nonsense is passed over in one call; an unending stream of it is not.
    for _ in 0..=DEPTH_MAX {
        let entry = state.topic(topic)?;
        let Some(received) = entry.subscriber.receive(newest)? else { return Ok(false) };
        let Received { descriptor, hold, missed, claimed } = received;
        if check_frame(descriptor, hold.slot_bytes()).is_none() {
            // Nobody can use it: offered again, it would go round for ever.
            claimed.map(Claimed::acknowledge);
            entry.subscriber.reject();
            continue;
        }
        let about = About { descriptor: *descriptor, missed };
        hand_out(state, env, control, topic, about, hold, claimed)?;
        return Ok(true);
    }
    Ok(false)
}

/// The newest frame, received before or not; nothing moves on.
pub fn latest(state: &mut State, env: sys::napi_env, control: Control) -> Result<u32> {
    let topic = control.get(TOPIC);
    let entry = state.topic(topic)?;
    if entry.held >= entry.crowded {
        make_room(state, env, topic)?;
    }
    let entry = state.topic(topic)?;
    let Some(received) = entry.subscriber.latest()? else { return Ok(0) };
    let Received { descriptor, hold, missed, .. } = received;
    if check_frame(descriptor, hold.slot_bytes()).is_none() {
        entry.subscriber.count_rejected();
        return Ok(0);
    }
    let about = About { descriptor: *descriptor, missed };
    hand_out(state, env, control, topic, about, hold, None)?;
    Ok(1)
}

/// What a received frame is.
struct About {
    descriptor: Descriptor,
    missed: u64,
}

/// Puts a frame into the table of holds and into the control array.
fn hand_out(
    state: &mut State,
    env: sys::napi_env,
    control: Control,
    topic: u32,
    About { descriptor, missed }: About,
    hold: Hold,
    claimed: Option<Claimed>,
) -> Result<()> {
    let tag = state.topic(topic)?.tag;
    if tag != 0 {
        hold.note_topic(tag);
    }
    let pool = match state.pools.known_received(hold.pool_id()) {
        Some(pool) => pool,
        None => {
            let peer = state.peer()?;
            state.pools.index_of_received(env, &peer, &hold)
        }
    };
    control.put_frame(&descriptor, missed);
    let (slot, generation, words) = (descriptor.slot, descriptor.generation, descriptor.to_words());
    let (frame, job) = (Frame::Received(hold), claimed.map(|claimed| Rc::new(Job::new(claimed))));
    let number = state.hold(Held { frame, topic, words, job })?;
    control.put_place(number, pool, slot, generation);
    Ok(())
}

/// Many frames are held: some may have been forgotten. Refuses one more where it is too many.
#[cold]
fn make_room(state: &mut State, env: sys::napi_env, topic: u32) -> Result<()> {
    let entry = state.topic(topic)?;
    let refused = entry.held >= entry.max_held;
    state.nudge.ask(env, refused);
    if refused { Err(too_many(state, topic)) } else { Ok(()) }
}

#[cold]
fn too_many(state: &State, topic: u32) -> Error {
    let now = monotonic_ns();
    let frames = state.holds.iter().filter(|held| held.topic == topic).filter_map(|held| {
        let Frame::Received(hold) = &held.frame else { return None };
        let age = now.saturating_sub(held.descriptor().sent_ns) / 1_000_000;
        let sequence = hold.header().sequence;
        Some(format!("slot {} frame {sequence} ({age} ms old)", hold.slot()))
    });
    let list: Vec<String> = frames.collect();
    let text = format!(
        "{} frames of the topic are held and not released (maxHeld): {}",
        list.len(),
        list.join(", ")
    );
    Error::new(ErrorCode::TooManyHeld, text)
}

/// Another hold on the same slot, put where the first stands.
pub fn retain(state: &mut State, _env: sys::napi_env, control: Control) -> Result<u32> {
    let held = state.holds.get(control.get(HOLD)).ok_or_else(released)?;
    let frame = match &held.frame {
        Frame::Loan(hold) => Frame::Loan(hold.clone()),
        Frame::Received(hold) => Frame::Received(hold.clone()),
    };
    let (topic, words, job) = (held.topic, held.words, held.job.clone());
    let number = state.hold(Held { frame, topic, words, job })?;
    control.set(HOLD, number);
    Ok(1)
}

/// Gives a frame back; 0 where there was nothing to give back.
pub fn release(state: &mut State, _env: sys::napi_env, control: Control) -> Result<u32> {
    Ok(u32::from(state.release(control.get(HOLD))))
}

/// Is done with a frame of a queue; 0 where it was not this consumer's any more.
pub fn ack(state: &mut State, _env: sys::napi_env, control: Control) -> Result<u32> {
    let held = state.holds.get(control.get(HOLD)).ok_or_else(released)?;
    let job = held.job.as_ref().ok_or_else(|| {
        let text = "ack: the frame does not come from a queue with ack: 'manual'";
        Error::new(ErrorCode::InvalidArgument, text)
    })?;
    Ok(u32::from(job.acknowledge()))
}

/// Asks for a ring of the doorbell; 1: a frame is there, none comes.
pub fn sleep(state: &mut State, env: sys::napi_env, control: Control) -> Result<u32> {
    let fifo = state.doorbell(env)?;
    let entry = state.topic(control.get(TOPIC))?;
    Ok(u32::from(entry.subscriber.sleep(fifo)?.is_none()))
}

/// Takes that back.
pub fn awake(state: &mut State, _env: sys::napi_env, control: Control) -> Result<u32> {
    if let Ok(entry) = state.topic(control.get(TOPIC)) {
        entry.subscriber.awake();
    }
    Ok(0)
}

/// Blocks this thread until there may be a frame, for a tenth of a second at most.
pub fn block(state: &mut State, _env: sys::napi_env, control: Control) -> Result<u32> {
    let timeout = Duration::from_millis(control.get(TIMEOUT_MS).into());
    let TopicEntry { subscriber, .. } = state.topic(control.get(TOPIC))?;
    subscriber.sleep_blocking(timeout)?;
    Ok(0)
}
