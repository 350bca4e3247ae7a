//! The functions called for each frame, registered raw: a function made by the macros costs
//! 121 ns where one of these costs 20. Arguments are numbers that the facade has checked,
//! results are numbers, frames are described in the control array. A negative result is
//! minus the number of an error code, whose text `lastError` has.

use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use framelane::raw::layout::Descriptor;
use framelane::raw::{
    Claimed, DEPTH_MAX, Hold, ImageShape, OwnHold, Peer, Publisher, Received, check_image,
    complete_header, monotonic_ns,
};
use framelane::{Error, ErrorCode, Result};
use napi::bindgen_prelude::{FromNapiValue, Object};
use napi::{Env, sys};

use crate::error::{Result as JsResult, refused, thrown};
use crate::limit::MAX_LOANS;
use crate::notices;
use crate::nudge::{CROWDED_UNBOUND, crowded};
use crate::state::{Frame, Held, Job, State, TopicEntry, UNBOUND};

/// A hot function: state, environment, up to two numbers, and a number back.
type Hot = fn(&mut State, sys::napi_env, f64, f64) -> Result<u32>;

/// An object with the hot functions of this environment.
pub fn functions(env: Env) -> JsResult<Object<'static>> {
    let state = State::address(&env).map_err(thrown)?;
    let mut object = ptr::null_mut();
    // SAFETY: a live environment.
    let status = unsafe { sys::napi_create_object(env.raw(), &mut object) };
    if status != sys::Status::napi_ok {
        return Err(refused("napi_create_object", status));
    }
    let functions: [(&CStr, sys::napi_callback); 10] = [
        (c"loan", Some(entry::<Loan>)),
        (c"send", Some(entry::<Send>)),
        (c"receive", Some(entry::<Receive>)),
        (c"latest", Some(entry::<Latest>)),
        (c"retain", Some(entry::<Retain>)),
        (c"release", Some(entry::<Release>)),
        (c"sleep", Some(entry::<Sleep>)),
        (c"awake", Some(entry::<Awake>)),
        (c"room", Some(entry::<Room>)),
        (c"ack", Some(entry::<Ack>)),
    ];
    for (name, function) in functions {
        add(env.raw(), object, name, function, state.cast())?;
    }
    // SAFETY: an object of this environment, just made.
    unsafe { Object::from_napi_value(env.raw(), object) }
        .map_err(|error| refused("hot", error.status as sys::napi_status))
}

fn add(
    env: sys::napi_env,
    object: sys::napi_value,
    name: &CStr,
    function: sys::napi_callback,
    state: *mut c_void,
) -> JsResult<()> {
    let mut value = ptr::null_mut();
    let length = isize::try_from(name.count_bytes()).unwrap_or(0);
    // SAFETY: a live environment; the state outlives every function of it.
    let status = unsafe {
        sys::napi_create_function(env, name.as_ptr(), length, function, state, &mut value)
    };
    if status != sys::Status::napi_ok {
        return Err(refused("napi_create_function", status));
    }
    // SAFETY: two values of this environment.
    let status = unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), value) };
    if status != sys::Status::napi_ok {
        return Err(refused("napi_set_named_property", status));
    }
    Ok(())
}

/// A function as a type, so that each gets an entry of its own without an indirect call.
trait Function {
    const ARGUMENTS: usize;
    const RUN: Hot;
}

macro_rules! functions {
    ($($name:ident($arguments:literal) = $run:path;)+) => {
        $(struct $name;
        impl Function for $name {
            const ARGUMENTS: usize = $arguments;
            const RUN: Hot = $run;
        })+
    };
}

functions! {
    Loan(2) = loan;
    Send(2) = send;
    Receive(2) = receive;
    Latest(1) = latest;
    Retain(1) = retain;
    Release(1) = release;
    Sleep(1) = sleep;
    Awake(1) = awake;
    Room(2) = room;
    Ack(1) = ack;
}

/// What Node calls: takes the numbers out, runs the function, catches what must not cross.
///
/// # Safety
/// Called by Node, as a function that `add` has made.
unsafe extern "C" fn entry<F: Function>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut count = F::ARGUMENTS;
    let mut values = [ptr::null_mut(); 2];
    let mut state = ptr::null_mut();
    // SAFETY: called by Node with its own `env` and `info`; room for two values.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            &mut state,
        )
    };
    // SAFETY: the pointer given to `add`; this thread has no other reference to the state,
    // because no hot function calls back into JavaScript.
    let state = unsafe { &mut *state.cast::<State>() };
    let mut numbers = [0.0; 2];
    for (number, &value) in numbers.iter_mut().zip(&values[..F::ARGUMENTS]) {
        // SAFETY: values that Node has just given; on a value that is no number, it stays 0.
        unsafe { sys::napi_get_value_double(env, value, number) };
    }
    let run = || F::RUN(state, env, numbers[0], numbers[1]);
    let result = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(number)) => f64::from(number),
        Ok(Err(error)) => fail(state, error),
        Err(_) => fail(state, Error::new(ErrorCode::Internal, "a panic was caught; see stderr")),
    };
    notices::show(state);
    let mut value = ptr::null_mut();
    // SAFETY: a live environment.
    unsafe { sys::napi_create_double(env, result, &mut value) };
    value
}

#[cold]
fn fail(state: &mut State, error: Error) -> f64 {
    let number = error.code() as u8;
    state.last_error = Some(error);
    -f64::from(number)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
fn index(number: f64) -> u32 {
    number as u32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as above")]
fn whole(number: f64) -> u64 {
    number as u64
}

fn loan(state: &mut State, env: sys::napi_env, topic: f64, bytes: f64) -> Result<u32> {
    let (topic, bytes) = (index(topic), whole(bytes));
    let peer = state.peer()?;
    let found = match find_slot(state, &peer, topic, bytes) {
        // What is left of pools that were let go is memory, too.
        Err(error) if is_shortage(&error) && state.pools.sweep(env, &peer) => {
            find_slot(state, &peer, topic, bytes)
        }
        other => other,
    };
    let refused = matches!(&found, Err(error) if is_shortage(error));
    if refused || many_loans(state, topic) {
        state.nudge.ask(env, refused);
    }
    let hold = found?;
    let pool = state.pools.index_of_loan(env, &peer, &hold);
    let (slot, generation) = (hold.slot(), hold.generation());
    let number = state.hold(Held::loan(hold, topic))?;
    state.control()?.put_place(number, pool, slot, generation);
    Ok(0)
}

/// Whether so many frames are loaned that some may have been forgotten.
fn many_loans(state: &mut State, topic: u32) -> bool {
    match state.topic(topic) {
        Ok(entry) => entry.loaned >= crowded(MAX_LOANS.get()),
        Err(_) => state.unbound >= CROWDED_UNBOUND,
    }
}

fn is_shortage(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::NoSpace | ErrorCode::PoolExhausted)
}

fn find_slot(state: &mut State, peer: &Peer, topic: u32, bytes: u64) -> Result<OwnHold> {
    if topic == UNBOUND {
        return loan_unbound(state, peer, bytes);
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
fn loan_unbound(state: &mut State, peer: &Peer, bytes: u64) -> Result<OwnHold> {
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

fn send(state: &mut State, _env: sys::napi_env, topic: f64, hold: f64) -> Result<u32> {
    let (topic, number) = (index(topic), index(hold));
    let held = state.holds.get(number).ok_or_else(released)?;
    let slot_bytes = match &held.frame {
        Frame::Loan(loan) => loan.pool().geometry().slot_stride,
        Frame::Received(hold) => {
            let (hold, descriptor) = (hold.clone(), held.descriptor);
            return relay(state.topic(topic)?, hold, &descriptor);
        }
    };
    let control = state.control()?;
    let shape = control.take_shape().ok_or_else(|| {
        Error::new(ErrorCode::InvalidSize, "what is sent is not an image of a possible size")
    })?;
    if shape.bytes > slot_bytes {
        return Err(Error::new(ErrorCode::InvalidSize, "the image is larger than its slot"));
    }
    // Before the hold is used up: after an error the frame is the caller's still.
    let publisher_of = publisher(state.topic(topic)?)?;
    let reopened = publisher_of.reopened();
    let admitted = publisher_of.admit(shape.bytes)?;
    if publisher_of.reopened() != reopened {
        still_named(state, number)?;
    }
    let Some(Held { frame: Frame::Loan(mut loan), .. }) = state.let_go(number) else {
        return Err(released());
    };
    if !admitted {
        return Ok(DROPPED);
    }
    let mut descriptor = Descriptor::default();
    shape.describe(&mut descriptor);
    // SAFETY: on loan and not published; this thread has no other reference to the header.
    let header = unsafe { loan.header_mut() };
    control.take_header(header);
    complete_header(header, &shape, &descriptor);
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
    let publisher = publisher(entry)?;
    if publisher.admit(descriptor.payload_bytes)? {
        publisher.relay(hold, descriptor);
    }
    Ok(KEPT)
}

#[cold]
fn released() -> Error {
    Error::new(ErrorCode::Released, "the frame was released or sent")
}

/// Whether there is room for a frame now; if not, the doorbell rings when there may be.
fn room(state: &mut State, env: sys::napi_env, topic: f64, bytes: f64) -> Result<u32> {
    let fifo = state.doorbell(env)?;
    let entry = state.topic(index(topic))?;
    Ok(u32::from(publisher(entry)?.await_room(whole(bytes), fifo)?.is_none()))
}

/// Is done with a frame of a queue; 0 where it was not this consumer's any more.
fn ack(state: &mut State, _env: sys::napi_env, hold: f64, _: f64) -> Result<u32> {
    let held = state.holds.get(index(hold)).ok_or_else(released)?;
    let job = held.job.as_ref().ok_or_else(|| {
        let text = "ack: the frame does not come from a queue with ack: 'manual'";
        Error::new(ErrorCode::InvalidArgument, text)
    })?;
    Ok(u32::from(job.acknowledge()))
}

fn receive(state: &mut State, env: sys::napi_env, topic: f64, newest: f64) -> Result<u32> {
    let (topic, newest) = (index(topic), newest != 0.0);
    let entry = state.topic(topic)?;
    if entry.held >= entry.crowded {
        make_room(state, env, topic)?;
    }
    // A ring full of nonsense is passed over in one call; an unending stream of it is not.
    for _ in 0..=DEPTH_MAX {
        let entry = state.topic(topic)?;
        let Some(received) = entry.subscriber.receive(newest)? else { return Ok(0) };
        let Received { descriptor, hold, missed, claimed } = received;
        let Some(shape) = check_image(descriptor, hold.slot_bytes()) else {
            // Nobody can use it: offered again, it would go round for ever.
            claimed.map(Claimed::acknowledge);
            entry.subscriber.reject();
            continue;
        };
        let about = About { descriptor: *descriptor, shape, missed };
        return hand_out(state, env, topic, about, hold, claimed);
    }
    Ok(0)
}

fn latest(state: &mut State, env: sys::napi_env, topic: f64, _: f64) -> Result<u32> {
    let topic = index(topic);
    let entry = state.topic(topic)?;
    if entry.held >= entry.crowded {
        make_room(state, env, topic)?;
    }
    let entry = state.topic(topic)?;
    let Some(received) = entry.subscriber.latest()? else { return Ok(0) };
    let Received { descriptor, hold, missed, .. } = received;
    let Some(shape) = check_image(descriptor, hold.slot_bytes()) else {
        entry.subscriber.count_rejected();
        return Ok(0);
    };
    let about = About { descriptor: *descriptor, shape, missed };
    hand_out(state, env, topic, about, hold, None)
}

/// What a received frame is.
struct About {
    descriptor: Descriptor,
    shape: ImageShape,
    missed: u64,
}

fn hand_out(
    state: &mut State,
    env: sys::napi_env,
    topic: u32,
    About { descriptor, shape, missed }: About,
    hold: Hold,
    claimed: Option<Claimed>,
) -> Result<u32> {
    let tag = state.topic(topic)?.tag;
    if tag != 0 {
        hold.note_topic(tag);
    }
    let pool = match state.pools.known_received(&hold) {
        Some(pool) => pool,
        None => {
            let peer = state.peer()?;
            state.pools.index_of_received(env, &peer, &hold)
        }
    };
    let control = state.control()?;
    control.put_frame(&descriptor, &shape, missed);
    let (frame, job) = (Frame::Received(hold), claimed.map(|claimed| Rc::new(Job::new(claimed))));
    let number = state.hold(Held { frame, topic, descriptor, job })?;
    control.put_place(number, pool, descriptor.slot, descriptor.generation);
    Ok(1)
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
        let age = now.saturating_sub(held.descriptor.sent_ns) / 1_000_000;
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

fn retain(state: &mut State, _env: sys::napi_env, hold: f64, _: f64) -> Result<u32> {
    let held = state.holds.get(index(hold)).ok_or_else(released)?;
    let frame = match &held.frame {
        Frame::Loan(hold) => Frame::Loan(hold.clone()),
        Frame::Received(hold) => Frame::Received(hold.clone()),
    };
    let (topic, descriptor, job) = (held.topic, held.descriptor, held.job.clone());
    state.hold(Held { frame, topic, descriptor, job })
}

fn release(state: &mut State, _env: sys::napi_env, hold: f64, _: f64) -> Result<u32> {
    Ok(u32::from(state.let_go(index(hold)).is_some()))
}

fn sleep(state: &mut State, env: sys::napi_env, topic: f64, _: f64) -> Result<u32> {
    let fifo = state.doorbell(env)?;
    let entry = state.topic(index(topic))?;
    Ok(u32::from(entry.subscriber.sleep(fifo)?.is_none()))
}

fn awake(state: &mut State, _env: sys::napi_env, topic: f64, _: f64) -> Result<u32> {
    if let Ok(entry) = state.topic(index(topic)) {
        entry.subscriber.awake();
    }
    Ok(0)
}
