//! Opening, closing and looking at topics: what happens rarely.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use framelane::raw::layout::control::WORDS;
use framelane::raw::layout::topic::Mode;
use framelane::raw::{Publisher, Subscriber, TopicStats, monotonic_ns, topic_tag};
use framelane::{Config, ErrorCode, FrameAccess, Kind, Scrub, configure as configure_core};
use napi::bindgen_prelude::{ArrayBuffer, Either, Function, FunctionRef, Null};
use napi::{Env, JsValue, sys};
use napi_derive::napi;

use crate::control::Control;
use crate::error::{Result, refused, thrown};
use crate::hot;
use crate::limit::{GUARD, Limit, MAX_HELD, MAX_LOANS, MEMORY, Memory};
use crate::nudge::crowded;
use crate::state::{State, TopicEntry};

/// What may be set before the first use.
#[napi(object)]
pub struct Settings {
    pub dir: Option<String>,
    pub namespace: Option<String>,
    pub max_bytes: Option<f64>,
    pub max_held: Option<u32>,
    pub max_loans: Option<u32>,
    pub access: Option<String>,
    pub scrub: Option<String>,
    pub group: Option<String>,
    pub guard: Option<bool>,
    pub memory: Option<String>,
}

/// Fixes the settings of the process.
#[napi(catch_unwind)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
pub fn configure(settings: Settings) -> Result<()> {
    // Accepted after the first use, too, where it says what is in force: each worker says it.
    configure_core(Config {
        dir: settings.dir.map(PathBuf::from),
        namespace: settings.namespace,
        max_bytes: settings.max_bytes.map(|bytes| bytes as u64),
        access: settings.access.map(|access| access_named(&access)),
        scrub: settings.scrub.as_deref().and_then(Scrub::from_name),
        group: settings.group,
    })
    .map_err(thrown)?;
    let fix = |limit: &Limit, value: Option<u32>| value.map_or(Ok(()), |value| limit.fix(value));
    fix(&MAX_HELD, settings.max_held).map_err(thrown)?;
    fix(&MAX_LOANS, settings.max_loans).map_err(thrown)?;
    fix(&GUARD, settings.guard.map(u32::from)).map_err(thrown)?;
    let memory = settings.memory.as_deref().and_then(Memory::from_name);
    fix(&MEMORY, memory.map(|memory| memory as u32)).map_err(thrown)
}

/// The facade lets nothing but `protected` and `shared` through.
fn access_named(name: &str) -> FrameAccess {
    if name == "shared" { FrameAccess::Shared } else { FrameAccess::Protected }
}

/// Takes the control array, and what to call when the doorbell has rung. Once for each
/// environment, before anything else.
#[napi(catch_unwind, ts_args_type = "control: ArrayBuffer, onWake: () => void")]
pub fn register(env: Env, control: ArrayBuffer, on_wake: Function<'_, (), ()>) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    if control.len() < WORDS as usize * 4 {
        let text = format!("the control array needs {} bytes", WORDS * 4);
        return Err(thrown(framelane::Error::new(ErrorCode::InvalidArgument, text)));
    }
    let (mut data, mut length) = (std::ptr::null_mut(), 0);
    // SAFETY: a live buffer of this environment.
    let status =
        unsafe { sys::napi_get_arraybuffer_info(env.raw(), control.raw(), &mut data, &mut length) };
    let mut reference = std::ptr::null_mut();
    // SAFETY: as above. The reference is never deleted: the buffer lives as long as the
    // environment.
    let kept = unsafe { sys::napi_create_reference(env.raw(), control.raw(), 1, &mut reference) };
    if status != sys::Status::napi_ok || kept != sys::Status::napi_ok {
        return Err(refused("control array", status.max(kept)));
    }
    // SAFETY: long enough (checked), aligned as V8 aligns, kept by the reference.
    state.control = Some(unsafe { Control::new(data.cast()) });
    let on_wake: FunctionRef<(), ()> = on_wake
        .create_ref()
        .map_err(|error| refused("onWake", error.status as sys::napi_status))?;
    state.on_wake = Some(on_wake);
    Ok(())
}

/// The functions called for each frame.
#[napi(
    catch_unwind,
    ts_return_type = "{ loan(): void; send(): void; room(): void; next(): void; latest(): void; \
                      retain(): void; release(): void; ack(): void; sleep(): void; \
                      awake(): void; block(): void }"
)]
pub fn hot(env: Env) -> Result<napi::bindgen_prelude::Object<'static>> {
    hot::functions(env)
}

/// Opens a topic; its index. `mode` is the code of a [`Mode`].
#[napi(catch_unwind)]
pub fn open_topic(
    env: Env,
    name: String,
    kind: u32,
    depth: u32,
    history: u32,
    max_held: u32,
    mode: u32,
) -> Result<u32> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let kind = u8::try_from(kind).ok().and_then(Kind::from_code).ok_or_else(|| {
        let text = format!("{kind} is not the code of a kind");
        thrown(framelane::Error::new(ErrorCode::InvalidArgument, text))
    })?;
    let mode = u8::try_from(mode).ok().and_then(Mode::from_code).ok_or_else(|| {
        let text = format!("{mode} is not the code of a mode");
        thrown(framelane::Error::new(ErrorCode::InvalidArgument, text))
    })?;
    let peer = state.peer().map_err(thrown)?;
    let topic = peer.open_topic(&name, kind, mode).map_err(thrown)?;
    let protected = peer.access() == FrameAccess::Protected;
    let max_held = if max_held == 0 { MAX_HELD.get() } else { max_held };
    let entry = TopicEntry {
        subscriber: Subscriber::new(topic, history),
        publisher: None,
        depth,
        max_held,
        crowded: crowded(max_held),
        tag: if protected { topic_tag(&name) } else { 0 },
        held: 0,
        loaned: 0,
    };
    // An index is never used again: frames may still name it.
    state.topics.push(Some(entry));
    Ok(u32::try_from(state.topics.len() - 1).unwrap_or(u32::MAX - 1))
}

/// Closes a topic. Frames of it that are held stay valid.
#[napi(catch_unwind)]
pub fn close_topic(env: Env, topic: u32) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    if let Some(entry) = state.topics.get_mut(topic as usize) {
        *entry = None;
    }
    let peer = state.peer().map_err(thrown)?;
    state.pools.sweep(env.raw(), &peer);
    Ok(())
}

/// What the last negative result of a hot function was about.
#[napi(catch_unwind)]
pub fn last_error(env: Env) -> Result<Failure> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let error = state.last_error.as_ref();
    Ok(Failure {
        code: error.map_or("", |error| error.code().as_str()).to_owned(),
        message: error.map_or("", framelane::Error::text).to_owned(),
    })
}

/// An error as an object.
#[napi(object)]
pub struct Failure {
    pub code: String,
    pub message: String,
}

impl Failure {
    /// The same error.
    pub fn of(error: &framelane::Error) -> Self {
        Self { code: error.code().as_str().to_owned(), message: error.text().to_owned() }
    }
}

/// A publisher entry of a topic.
#[napi(object)]
pub struct PublisherView {
    pub entry: u32,
    pub process: String,
    pub pid: u32,
    pub since_ms: f64,
    pub sent: f64,
    pub evicted_early: f64,
    pub depth: u32,
    pub alive: bool,
}

/// A waiting subscriber of a topic.
#[napi(object)]
pub struct SubscriberView {
    pub entry: u32,
    pub process: String,
    pub pid: u32,
    pub since_ms: f64,
    pub received: f64,
    pub lapped: f64,
    pub rejected: f64,
}

/// A process that holds slots.
#[napi(object)]
pub struct Holder {
    pub process: String,
    pub pid: u32,
    pub since_ms: f64,
    pub slots: u32,
}

/// A pool that a topic names.
#[napi(object)]
pub struct PoolView {
    pub id: String,
    pub slots: u32,
    pub slot_bytes: f64,
    pub mine: bool,
    pub backed: Either<u32, Null>,
    pub free: Either<u32, Null>,
    pub draining: Either<u32, Null>,
    pub relic: bool,
    pub holders: Vec<Holder>,
}

/// Counters of a topic object, and its topic as seen from here.
#[napi(object)]
pub struct Stats {
    pub sent: f64,
    pub received: f64,
    pub lapped: f64,
    pub skipped: f64,
    pub rejected: f64,
    pub evicted_early: f64,
    pub dropped: f64,
    pub reopened: f64,
    pub lost: f64,
    pub bells_refused: f64,
    pub held: u32,
    pub loaned: u32,
    pub publishers: Vec<PublisherView>,
    pub subscribers: Vec<SubscriberView>,
    pub pools: Vec<PoolView>,
}

/// Looks at a topic.
#[napi(catch_unwind)]
pub fn topic_stats(env: Env, topic: u32) -> Result<Stats> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let entry = state.topic(topic).map_err(thrown)?;
    let seen = TopicStats::of(entry.subscriber.topic()).map_err(thrown)?;
    let publisher = entry.publisher.as_ref();
    Ok(Stats {
        sent: count(publisher.map_or(0, Publisher::sent)),
        received: count(entry.subscriber.received()),
        lapped: count(entry.subscriber.lapped()),
        skipped: count(entry.subscriber.skipped()),
        rejected: count(entry.subscriber.rejected()),
        evicted_early: count(publisher.map_or(0, Publisher::evicted_early)),
        dropped: count(publisher.map_or(0, Publisher::dropped)),
        reopened: count(entry.subscriber.reopened() + publisher.map_or(0, Publisher::reopened)),
        lost: count(seen.lost),
        bells_refused: count(seen.bells_refused),
        held: entry.held,
        loaned: entry.loaned,
        publishers: seen.publishers.into_iter().map(publisher_view).collect(),
        subscribers: seen.subscribers.into_iter().map(subscriber_view).collect(),
        pools: seen.pools.into_iter().map(pool_view).collect(),
    })
}

#[allow(clippy::cast_precision_loss, reason = "counts for people")]
fn count(value: u64) -> f64 {
    value as f64
}

/// A reading of the monotonic clock as milliseconds since the Unix epoch.
fn epoch_ms(monotonic: u64) -> f64 {
    let ago = monotonic_ns().saturating_sub(monotonic);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now.saturating_sub(Duration::from_nanos(ago)).as_secs_f64() * 1000.0).round()
}

fn publisher_view(seen: framelane::PublisherView) -> PublisherView {
    PublisherView {
        entry: seen.entry.into(),
        process: seen.process,
        pid: seen.pid,
        since_ms: epoch_ms(seen.since_ns),
        sent: count(seen.sent),
        evicted_early: count(seen.evicted_early),
        depth: seen.depth,
        alive: seen.alive,
    }
}

fn subscriber_view(seen: framelane::SubscriberView) -> SubscriberView {
    SubscriberView {
        entry: seen.entry.into(),
        process: seen.process,
        pid: seen.pid,
        since_ms: epoch_ms(seen.since_ns),
        received: count(seen.received),
        lapped: count(seen.lapped),
        rejected: count(seen.rejected),
    }
}

fn known(value: Option<u32>) -> Either<u32, Null> {
    value.map_or(Either::B(Null), Either::A)
}

fn pool_view(seen: framelane::PoolView) -> PoolView {
    let holder = |holder: framelane::Holder| Holder {
        process: holder.process,
        pid: holder.pid,
        since_ms: epoch_ms(holder.since_ns),
        slots: holder.slots,
    };
    PoolView {
        id: format!("{:016x}", seen.id),
        slots: seen.slots,
        slot_bytes: count(seen.slot_bytes),
        mine: seen.mine,
        backed: known(seen.backed),
        free: known(seen.free),
        draining: known(seen.draining),
        relic: seen.relic,
        holders: seen.holders.into_iter().map(holder).collect(),
    }
}
