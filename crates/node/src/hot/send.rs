//! Sending: loans, publishing, and waiting for room.

use framelane::raw::layout::Descriptor;
use framelane::raw::layout::control::{HOLD, TOPIC};
use framelane::raw::{Hold, OwnHold, Publisher, check_frame, complete_header};
use framelane::{Error, ErrorCode, Kind, Result};
use napi::sys;

use super::released;
use crate::control::Control;
use crate::limit::MAX_LOANS;
use crate::nudge::{CROWDED_UNBOUND, crowded};
use crate::state::{Frame, Held, State, TopicEntry, UNBOUND};

/// Takes an empty slot, for a topic or for none.
pub fn loan(state: &mut State, env: sys::napi_env, control: Control) -> Result<u32> {
    let (topic, bytes) = (control.get(TOPIC), control.bytes());
    let hold = match find_slot(state, topic, bytes) {
        Ok(hold) => hold,
        Err(error) => look_again(state, env, (topic, bytes), error)?,
    };
    if many_loans(state, topic) {
        state.nudge.ask(env, false);
    }
    let pool = match state.pools.known_loan(hold.pool().id()) {
        Some(index) => index,
        None => {
            let peer = state.peer()?;
            state.pools.index_of_loan(env, &peer, &hold)
        }
    };
    let (slot, generation) = (hold.slot(), hold.generation());
    let number = state.hold(Held::loan(hold, topic))?;
    control.put_place(number, pool, slot, generation);
    Ok(0)
}

/// Whether so many frames are loaned that some may have been forgotten.
#[inline(always)]
fn many_loans(state: &mut State, topic: u32) -> bool {
    match state.topic(topic) {
        Ok(entry) => entry.loaned >= crowded(MAX_LOANS.get()),
        Err(_) => state.unbound >= CROWDED_UNBOUND,
    }
}

fn is_shortage(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::NoSpace | ErrorCode::PoolExhausted)
}

/// What there is to be done where no slot was found.
#[cold]
fn look_again(
    state: &mut State,
    env: sys::napi_env,
    (topic, bytes): (u32, u64),
    error: Error,
) -> Result<OwnHold> {
    let peer = state.peer()?;
    // What is left of pools that were let go is memory, too.
    let more = is_shortage(&error) && state.pools.sweep(env, &peer);
    let found = if more { find_slot(state, topic, bytes) } else { Err(error) };
    if let Err(error) = &found {
        let refused = is_shortage(error);
        if refused || many_loans(state, topic) {
            state.nudge.ask(env, refused);
        }
    }
    found
}

#[inline(always)]
fn find_slot(state: &mut State, topic: u32, bytes: u64) -> Result<OwnHold> {
    if topic == UNBOUND {
        return loan_unbound(state, bytes);
    }
    let entry = state.topic(topic)?;
    let most = MAX_LOANS.get();
    if entry.loaned >= most {
        let text = format!("{most} frames of the topic are loaned and not sent (maxLoans)");
        return Err(Error::new(ErrorCode::TooManyHeld, text));
    }
    publisher(entry)?.loan(bytes)
}

/// A slot for a frame of no topic. Where none can be had, this environment's publishers let go
/// of what they keep for slow subscribers, as they would for a frame of their own.
#[inline(never)]
fn loan_unbound(state: &mut State, bytes: u64) -> Result<OwnHold> {
    let peer = state.peer()?;
    loop {
        let full = match peer.allocate(bytes, 0) {
            Ok(Some(hold)) => return Ok(hold),
            Ok(None) => {
                let text =
                    format!("no slot for {bytes} bytes is free; release frames or raise maxBytes");
                Error::new(ErrorCode::PoolExhausted, text)
            }
            Err(error) if error.code() == ErrorCode::NoSpace => error,
            Err(error) => return Err(error),
        };
        let mut publishers =
            state.topics.iter_mut().flatten().filter_map(|topic| topic.publisher.as_mut());
        if !publishers.any(|publisher| publisher.evict(bytes)) {
            return Err(full);
        }
    }
}

/// The publisher of an open topic, claimed now if it has none.
pub fn publisher(entry: &mut TopicEntry) -> Result<&mut Publisher> {
    match &mut entry.publisher {
        Some(publisher) => Ok(publisher),
        none => {
            let topic = entry.subscriber.topic().clone();
            Ok(none.insert(Publisher::claim(topic, entry.depth)?))
        }
    }
}

/// What `send` answers: the frame has been published, and its hold is used up.
const PUBLISHED: u32 = 0;

/// The frame has been dropped for want of room, and its hold is used up.
const DROPPED: u32 = 1;

/// A received frame has been sent on, or dropped; its hold is what it was.
const KEPT: u32 = 2;

/// Publishes what the control array describes.
pub fn send(state: &mut State, _env: sys::napi_env, control: Control) -> Result<u32> {
    let (topic, number) = (control.get(TOPIC), control.get(HOLD));
    let held = state.holds.get(number).ok_or_else(released)?;
    let slot_bytes = match &held.frame {
        Frame::Loan(loan) => loan.pool().geometry().slot_stride,
        Frame::Received(hold) => {
            let (hold, descriptor) = (hold.clone(), held.descriptor());
            return relay(state.topic(topic)?, hold, &descriptor);
        }
    };
    let (mut descriptor, said) = (control.take_descriptor(), control.take_said());
    let ext = u64::from(said.ext_offset);
    let behind = ext == 0 || (descriptor.payload_bytes..slot_bytes).contains(&ext);
    if check_frame(&descriptor, slot_bytes).is_none() || !behind {
        let text = "what is sent is no frame of a size that its slot has";
        return Err(Error::new(ErrorCode::InvalidSize, text));
    }
    // Before the hold is used up: after an error the frame is the caller's still.
    let publisher_of = publisher(state.topic(topic)?)?;
    let reopened = publisher_of.reopened();
    let admitted = publisher_of.admit(descriptor.payload_bytes)?;
    if publisher_of.reopened() != reopened {
        still_named(state, number)?;
    }
    let mut loan = state.take_loan(number).ok_or_else(released)?;
    if !admitted {
        return Ok(DROPPED);
    }
    // SAFETY: on loan and not published; this thread has no other reference to the header.
    let header = unsafe { loan.header_mut() };
    control.take_header(header);
    complete_header(header, &mut descriptor, said);
    let retained = loan.is_shared();
    let entry = state.topic(topic)?;
    if retained && entry.tag != 0 {
        loan.pool().note_topic(loan.slot(), entry.tag);
    }
    let stamp_ns = publisher(entry)?.publish(loan, &mut descriptor);
    if retained {
        state.published(&descriptor);
    }
    control.put_sent(&descriptor, stamp_ns);
    Ok(PUBLISHED)
}

/// Refuses a loan from a pool whose files were removed with those of the topic: nobody could find
/// the frame.
#[cold]
fn still_named(state: &State, number: u32) -> Result<()> {
    let held = state.holds.get(number).ok_or_else(released)?;
    match &held.frame {
        Frame::Loan(loan) if !loan.pool().has_name()? => {
            let text = "the frame lies in memory whose files were removed; send a clone() of it";
            Err(Error::new(ErrorCode::TopicRemoved, text))
        }
        _ => Ok(()),
    }
}

/// Publishes a received frame once more, without a copy.
#[cold]
fn relay(entry: &mut TopicEntry, hold: Hold, descriptor: &Descriptor) -> Result<u32> {
    let kind = entry.subscriber.topic().kind();
    if descriptor.kind != kind as u8 {
        return Err(other_kind(descriptor, kind));
    }
    let publisher = publisher(entry)?;
    if publisher.admit(descriptor.payload_bytes)? {
        publisher.relay(hold, descriptor);
    }
    Ok(KEPT)
}

/// A frame is what it was sent as, for everybody who holds it.
#[cold]
fn other_kind(descriptor: &Descriptor, wanted: Kind) -> Error {
    let sent = Kind::from_code(descriptor.kind).map_or("frame of an unknown kind", Kind::name);
    let text = format!(
        "the frame was sent as a {sent}, and so it stands in its descriptor: a topic of {} cannot \
         take it as it is; send a copy, clone()",
        wanted.name()
    );
    Error::new(ErrorCode::InvalidArgument, text)
}

/// Whether there is room for a frame now; if not, the doorbell rings when there may be.
pub fn room(state: &mut State, env: sys::napi_env, control: Control) -> Result<u32> {
    let fifo = state.doorbell(env)?;
    let entry = state.topic(control.get(TOPIC))?;
    Ok(u32::from(publisher(entry)?.await_room(control.bytes(), fifo)?.is_none()))
}
