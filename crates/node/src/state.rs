//! What one environment has: its topics, the frames it holds, the pools it has seen, its
//! doorbell. Belongs to one thread; every entry borrows it for the length of one call.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use framelane::raw::layout::Descriptor;
use framelane::raw::{Claimed, Hold, OwnHold, Peer, Publisher, Subscriber, current};
use framelane::{Error, ErrorCode, Result};
use napi::bindgen_prelude::FunctionRef;
use napi::{Env, sys};

use crate::control::Control;
use crate::doorbell::Bell;
use crate::memory::PoolTable;
use crate::notices::Told;
use crate::nudge::Nudge;
use crate::token::Outgoing;

/// The topic of frames that belong to none.
pub const UNBOUND: u32 = u32::MAX;

/// One environment's state.
#[derive(Default)]
pub struct State {
    /// Set by `register`, before anything else happens.
    pub control: Option<Control>,
    /// What the bell calls; set by `register`.
    pub on_wake: Option<FunctionRef<(), ()>>,
    pub bell: Option<Bell>,
    /// Whether it was said that there is none.
    pub bell_missed: bool,
    pub topics: Vec<Option<TopicEntry>>,
    pub holds: Holds,
    pub pools: PoolTable,
    /// Holds handed over by token and not claimed.
    pub outgoing: Outgoing,
    /// What the last negative status of a hot function was about.
    pub last_error: Option<Error>,
    /// When the garbage collector is asked to look for leaked frames.
    pub nudge: Nudge,
    /// What the facade knows of the deaths of others.
    pub told: Told,
    /// Frames loaned for no topic, and neither sent nor released.
    pub unbound: u32,
    /// Keeps this process in its directory between topics.
    peer: Option<Arc<Peer>>,
}

/// An open topic.
pub struct TopicEntry {
    pub subscriber: Subscriber,
    pub publisher: Option<Publisher>,
    pub depth: u32,
    pub max_held: u32,
    /// From how many frames held on the collector is asked for those that nobody has any more.
    pub crowded: u32,
    /// Stands for its name in a report on a stray write; 0 where there is none.
    pub tag: u16,
    /// Frames received and not released.
    pub held: u32,
    /// Frames loaned and neither sent nor released.
    pub loaned: u32,
}

impl TopicEntry {
    fn count(&mut self, loan: bool) -> &mut u32 {
        if loan { &mut self.loaned } else { &mut self.held }
    }
}

/// A frame in JavaScript's hands.
pub enum Frame {
    /// On loan, to be written.
    Loan(OwnHold),
    /// Received, to be read.
    Received(Hold),
}

/// What is known of a frame in JavaScript's hands.
pub struct Held {
    pub frame: Frame,
    /// Index of its topic, or [`UNBOUND`].
    pub topic: u32,
    /// The words of the descriptor that came with a received frame: sent on, it says the same.
    pub words: [u64; 8],
    /// Of a frame that must be acknowledged, shared by all holds on it.
    pub job: Option<Rc<Job>>,
}

impl Held {
    /// A frame on loan.
    pub fn loan(hold: OwnHold, topic: u32) -> Self {
        Self { frame: Frame::Loan(hold), topic, words: [0; 8], job: None }
    }

    /// What came with a received frame.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::from_words(self.words)
    }
}

/// The claim on a frame that must be acknowledged; without that, it is offered again when the
/// last hold on the frame goes.
pub struct Job {
    claimed: Cell<Option<Claimed>>,
    done: Cell<bool>,
}

impl Job {
    /// A claim that has not been acknowledged.
    pub fn new(claimed: Claimed) -> Self {
        Self { claimed: Cell::new(Some(claimed)), done: Cell::new(false) }
    }

    /// Whether the claim has been acknowledged.
    pub fn is_done(&self) -> bool {
        self.done.get()
    }

    /// Is done with the frame, once for all; whether it was this consumer's still.
    pub fn acknowledge(&self) -> bool {
        if let Some(claimed) = self.claimed.take() {
            self.done.set(claimed.acknowledge());
        }
        self.done.get()
    }
}

/// The holds of an environment by number. A number is an index and, above it, how often the
/// place has been used, so that a number released twice names nothing.
#[derive(Default)]
pub struct Holds {
    places: Vec<(u32, Option<Held>)>,
    free: Vec<u32>,
}

const INDEX_BITS: u32 = 20;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
/// Numbers stay below 2^30, which V8 keeps in a field without an object of their own.
const USES_MASK: u32 = (1 << (30 - INDEX_BITS)) - 1;

impl Holds {
    /// Makes sure that there is a free place. Apart from [`add`](Self::add), so that nothing can
    /// fail between a frame's making and its place: it is written where it stays.
    #[inline(always)]
    pub fn make_room(&mut self) -> Result<()> {
        if self.free.is_empty() { self.grow() } else { Ok(()) }
    }

    #[cold]
    fn grow(&mut self) -> Result<()> {
        let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        if index > INDEX_MASK {
            let text = format!("{} frames are held at once; release some", self.places.len());
            return Err(Error::new(ErrorCode::TooManyHeld, text));
        }
        self.places.push((0, None));
        self.free.push(index);
        Ok(())
    }

    /// Adds a hold, for which [`make_room`](Self::make_room) has made room; its number.
    #[inline(always)]
    pub fn add(&mut self, held: Held) -> u32 {
        let index = self.free.pop().unwrap_or(0);
        let (uses, place) = &mut self.places[index as usize];
        // Nothing stood there: what is free needs no drop.
        std::mem::forget(place.replace(held));
        *uses << INDEX_BITS | index
    }

    /// The hold of this number.
    pub fn get(&self, number: u32) -> Option<&Held> {
        let (uses, place) = self.places.get((number & INDEX_MASK) as usize)?;
        (*uses == number >> INDEX_BITS).then_some(place.as_ref()?)
    }

    /// The hold of this number, to be written.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Held> {
        let (uses, place) = self.places.get_mut((number & INDEX_MASK) as usize)?;
        (*uses == number >> INDEX_BITS).then_some(place.as_mut()?)
    }

    /// Takes the hold of this number out.
    fn take(&mut self, number: u32) -> Option<Held> {
        let index = number & INDEX_MASK;
        let (uses, place) = self.places.get_mut(index as usize)?;
        if *uses != number >> INDEX_BITS {
            return None;
        }
        let held = place.take()?;
        *uses = uses.wrapping_add(1) & USES_MASK;
        self.free.push(index);
        Some(held)
    }

    /// Takes the loan of this number out; what else is known of it is nothing to be kept.
    #[inline(always)]
    fn take_loan(&mut self, number: u32) -> Option<OwnHold> {
        let index = number & INDEX_MASK;
        let (uses, place) = self.places.get_mut(index as usize)?;
        if *uses != number >> INDEX_BITS {
            return None;
        }
        let Some(Held { frame: Frame::Loan(_), .. }) = place else { return None };
        let Some(Held { frame: Frame::Loan(loan), .. }) = place.take() else { return None };
        *uses = uses.wrapping_add(1) & USES_MASK;
        self.free.push(index);
        Some(loan)
    }

    /// Drops the hold of this number where it stands: moving it out costs more.
    #[inline]
    fn remove(&mut self, number: u32) {
        let index = number & INDEX_MASK;
        let Some((uses, place)) = self.places.get_mut(index as usize) else { return };
        *place = None;
        *uses = uses.wrapping_add(1) & USES_MASK;
        self.free.push(index);
    }

    /// Every hold, to be written.
    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Held> {
        self.places.iter_mut().filter_map(|(_, place)| place.as_mut())
    }

    /// Every hold.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.places.iter().filter_map(|(_, place)| place.as_ref())
    }
}

/// Owns the state of an environment through its instance data.
struct Installed(*mut State);

impl State {
    /// Gives `env` its state, and has it cleared away when the environment ends.
    pub fn install(env: &Env) -> napi::Result<()> {
        let state = Box::into_raw(Box::<State>::default());
        env.set_instance_data(Installed(state), (), |context| {
            // SAFETY: made by `into_raw` above; nothing of this environment runs any more.
            drop(unsafe { Box::from_raw(context.value.0) });
        })?;
        let ending = (state as usize, env.raw());
        env.add_env_cleanup_hook(ending, |(state, env)| {
            // SAFETY: finalizers, of which one frees the state, run after the hooks.
            let state = unsafe { &mut *(state as *mut State) };
            state.clear(env);
        })?;
        Ok(())
    }

    /// Address of the state of `env`, which lives as long as the environment.
    pub fn address(env: &Env) -> Result<*mut Self> {
        match env.get_instance_data::<Installed>() {
            Ok(Some(installed)) => Ok(installed.0),
            _ => Err(Error::new(ErrorCode::Internal, "the environment has no state")),
        }
    }

    /// The state of `env`.
    ///
    /// # Safety
    /// At most one reference at a time: taken once at the beginning of an entry.
    pub unsafe fn of(env: &Env) -> Result<&'static mut Self> {
        let address = Self::address(env)?;
        // SAFETY: alive (see `address`), and the only reference by the caller's promise.
        Ok(unsafe { &mut *address })
    }

    /// This process in its directory, opened at the first need.
    pub fn peer(&mut self) -> Result<Arc<Peer>> {
        if let Some(peer) = &self.peer {
            return Ok(peer.clone());
        }
        let peer = current()?;
        self.peer = Some(peer.clone());
        Ok(peer)
    }

    /// The control array.
    pub fn control(&self) -> Result<Control> {
        self.control.ok_or_else(|| Error::new(ErrorCode::Internal, "register comes first"))
    }

    /// An open topic.
    pub fn topic(&mut self, index: u32) -> Result<&mut TopicEntry> {
        self.topics
            .get_mut(index as usize)
            .and_then(Option::as_mut)
            .ok_or_else(|| Error::new(ErrorCode::Closed, "the topic is closed"))
    }

    /// Adds a hold, and counts it for its topic; its number.
    #[inline(always)]
    pub fn hold(&mut self, held: Held) -> Result<u32> {
        let (topic, loan) = (held.topic, matches!(held.frame, Frame::Loan(_)));
        self.holds.make_room()?;
        let number = self.holds.add(held);
        match self.topic(topic) {
            Ok(topic) => *topic.count(loan) += 1,
            Err(_) => self.unbound += u32::from(topic == UNBOUND),
        }
        Ok(number)
    }

    /// Takes a hold out, and off its topic's counts, if the topic is still open.
    pub fn let_go(&mut self, number: u32) -> Option<Held> {
        let held = self.holds.take(number)?;
        self.count_out(held.topic, matches!(held.frame, Frame::Loan(_)));
        Some(held)
    }

    /// Takes a loan out, and off its topic's counts. Only the loan is moved.
    #[inline(always)]
    pub fn take_loan(&mut self, number: u32) -> Option<OwnHold> {
        let topic = self.holds.get(number)?.topic;
        let loan = self.holds.take_loan(number)?;
        self.count_out(topic, true);
        Some(loan)
    }

    /// Gives a hold back; whether there was one of this number.
    #[inline]
    pub fn release(&mut self, number: u32) -> bool {
        let Some(held) = self.holds.get(number) else { return false };
        let (topic, loan) = (held.topic, matches!(held.frame, Frame::Loan(_)));
        self.count_out(topic, loan);
        self.holds.remove(number);
        true
    }

    #[inline]
    fn count_out(&mut self, topic: u32, loan: bool) {
        match self.topic(topic) {
            Ok(topic) => *topic.count(loan) -= 1,
            Err(_) => self.unbound -= u32::from(topic == UNBOUND),
        }
    }

    /// Makes what is still held of a loan, which has been published as `descriptor` says, holds
    /// on a frame that is only read.
    pub fn published(&mut self, descriptor: &Descriptor) {
        for held in self.holds.iter_mut() {
            let Frame::Loan(loan) = &held.frame else { continue };
            if (loan.pool().id(), loan.slot()) != (descriptor.pool_id, descriptor.slot) {
                continue;
            }
            held.frame = Frame::Received(Hold::Own(loan.clone()));
            held.words = descriptor.to_words();
            if let Some(Some(topic)) = self.topics.get_mut(held.topic as usize) {
                topic.loaned -= 1;
                topic.held += 1;
            }
        }
    }

    /// Gives everything back, frames first, the directory last.
    fn clear(&mut self, env: sys::napi_env) {
        if let Some(bell) = self.bell.take() {
            bell.close();
        }
        self.outgoing.clear();
        self.holds = Holds::default();
        self.pools.clear(env);
        self.topics.clear();
        self.peer = None;
    }
}
