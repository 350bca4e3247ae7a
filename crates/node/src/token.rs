//! Tokens of frames, and what they may carry between the environments of this process: a
//! transfer moves a hold from one to another. Until it is claimed it stands in a table of the
//! process, and belongs to the environment that made it: that one's end gives it back.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use framelane::raw::layout::{Descriptor, Token};
use framelane::raw::{OwnHold, check_frame, parse_token, random_id, stale_token, take_named};
use framelane::{Error, ErrorCode, Kind, Result as CoreResult};
use napi::Env;
use napi_derive::napi;

use crate::error::{Result, thrown};
use crate::limit::MAX_HELD;
use crate::state::{Frame, Held, State, UNBOUND};

/// A hold on its way.
struct Transfer {
    /// The environment that made it.
    from: u64,
    /// The topic its frame was counted for there, or [`UNBOUND`].
    topic: u32,
    frame: Frame,
    descriptor: Descriptor,
    /// Of a loan: its pixels were copied into their slot.
    copied: bool,
}

/// Every transfer of the process that nobody has claimed.
#[derive(Default)]
struct Transfers {
    /// The number given out last, to a transfer or an environment.
    last: u64,
    open: BTreeMap<u64, Transfer>,
}

static TRANSFERS: Mutex<Transfers> = Mutex::new(Transfers { last: 0, open: BTreeMap::new() });

fn transfers() -> MutexGuard<'static, Transfers> {
    TRANSFERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transfers {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// What tells the tokens of this process from those of others.
fn process() -> CoreResult<u64> {
    static PROCESS: OnceLock<u64> = OnceLock::new();
    if let Some(&process) = PROCESS.get() {
        return Ok(process);
    }
    // 0 stands for none.
    let process = random_id()?.max(1);
    Ok(*PROCESS.get_or_init(|| process))
}

/// The transfers of one environment.
pub struct Outgoing(u64);

impl Default for Outgoing {
    fn default() -> Self {
        Self(transfers().number())
    }
}

impl Outgoing {
    /// Hands over a hold; the transfer's number. The hold is dropped where that is refused, so
    /// [`check_room`](Self::check_room) comes before it.
    fn add(&self, held: Held, descriptor: Descriptor, copied: bool) -> u64 {
        let Held { frame, topic, .. } = held;
        let mut transfers = transfers();
        let number = transfers.number();
        let transfer = Transfer { from: self.0, topic, frame, descriptor, copied };
        transfers.open.insert(number, transfer);
        number
    }

    /// Whether one more transfer from this topic may be open: otherwise frames that nobody claims
    /// would pass by the limits on frames held.
    fn check_room(&self, topic: u32, most: u32) -> CoreResult<()> {
        let transfers = transfers();
        let same = |open: &&Transfer| (open.from, open.topic) == (self.0, topic);
        let open = transfers.open.values().filter(same).count();
        if topic == UNBOUND || open < most as usize {
            return Ok(());
        }
        let text = format!(
            "{open} frames of the topic were transferred and nobody has claimed them (maxHeld); \
             call Image.fromToken for each, here if nowhere else"
        );
        Err(Error::new(ErrorCode::TooManyHeld, text))
    }

    /// Gives back what nobody has claimed.
    pub fn clear(&self) {
        let mut transfers = transfers();
        let open = mem::take(&mut transfers.open);
        let (gone, kept): (BTreeMap<_, _>, _) =
            open.into_iter().partition(|(_, transfer)| transfer.from == self.0);
        transfers.open = kept;
        // Not under the lock: a release may take the lock of a pool's lists.
        drop(transfers);
        drop(gone);
    }
}

/// Takes over a transfer. `None`: somebody has, or it came back.
fn claim(token: &Token) -> Option<Transfer> {
    let mut transfers = transfers();
    let open = transfers.open.get(&token.transfer)?;
    (open.descriptor == token.descriptor).then(|| transfers.open.remove(&token.transfer))?
}

/// The token of a frame. With `transfer` its hold goes into the table, and the number stands for
/// nothing any more; a loan's type, shape and label are taken from the control array then.
#[napi(catch_unwind)]
pub fn to_token(env: Env, hold: u32, transfer: bool, copied: bool) -> Result<String> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let token = if transfer { hand_over(state, hold, copied) } else { name(state, hold) };
    token.map(|token| token.to_text().as_str().to_owned()).map_err(thrown)
}

fn released() -> Error {
    Error::new(ErrorCode::Released, "the frame was released or sent")
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument, text)
}

fn name(state: &State, number: u32) -> CoreResult<Token> {
    let held = state.holds.get(number).ok_or_else(released)?;
    match held.frame {
        Frame::Received(_) => Ok(Token::of(&held.descriptor())),
        Frame::Loan(_) => Err(invalid("only a frame that was sent has a token for everybody")),
    }
}

fn hand_over(state: &mut State, number: u32, copied: bool) -> CoreResult<Token> {
    let process = process()?;
    let control = state.control()?;
    let held = state.holds.get_mut(number).ok_or_else(released)?;
    if held.job.as_ref().is_some_and(|job| !job.is_done()) {
        return Err(invalid(
            "toToken: the frame is to be acknowledged here, and the claim on it cannot move; \
             call ack() before, or send it on",
        ));
    }
    let descriptor = match &mut held.frame {
        Frame::Received(_) => held.descriptor(),
        Frame::Loan(loan) => {
            let (mut descriptor, said) = (control.take_descriptor(), control.take_said());
            if check_frame(&descriptor, bytes_of(loan)).is_none() {
                return Err(invalid("toToken: no frame of a size that its slot has"));
            }
            name_loan(loan, &mut descriptor)?;
            // SAFETY: not published, and the only hold, as has just been checked; this thread
            // has no other reference to the header.
            let header = unsafe { loan.header_mut() };
            control.take_header(header);
            // The rest would make it a frame that was sent.
            header.depth_scale = said.depth_scale;
            (header.colour_matrix, header.colour_range) = (said.colour_matrix, said.colour_range);
            header.ext_offset = said.ext_offset;
            // What finds the ext block, in place of what the slot's last frame has left there.
            (header.payload_offset, header.payload_bytes) = (0, descriptor.payload_bytes);
            (header.dtype, header.ndim, header.nplanes) = (0, 0, 0);
            descriptor
        }
    };
    let topic = held.topic;
    let most = state.topic(topic).map_or(MAX_HELD.get(), |topic| topic.max_held);
    state.outgoing.check_room(topic, most)?;
    let held = state.let_go(number).ok_or_else(released)?;
    let transfer = state.outgoing.add(held, descriptor, copied);
    Ok(Token { descriptor, process, transfer })
}

fn bytes_of(loan: &OwnHold) -> u64 {
    loan.pool().geometry().slot_stride
}

/// What names a loan. Refused where others hold it here: they would go on writing what somebody
/// else sends.
fn name_loan(loan: &OwnHold, descriptor: &mut Descriptor) -> CoreResult<()> {
    if loan.is_shared() {
        return Err(invalid(
            "toToken: the frame has not been sent and is retained or being encoded, and only one \
             may write it; release the others before",
        ));
    }
    descriptor.pool_id = loan.pool().id();
    descriptor.slot = loan.slot();
    descriptor.generation = loan.generation();
    descriptor.gen_hi = u16::try_from(loan.fill() >> 32 & 0xffff).unwrap_or(u16::MAX);
    Ok(())
}

/// What `from_token` answers: the control array names a frame that is only read.
const READ: u32 = 1;
/// It names a loan; its label stands in the slot's header.
const LOAN: u32 = 2;
/// The same, of a frame whose pixels were copied into the slot.
const COPIED_LOAN: u32 = 3;

/// Takes a hold on the frame of a token, or takes over the one that it moves.
#[napi(catch_unwind)]
pub fn from_token(env: Env, kind: u32, text: String) -> Result<u32> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let kind = u8::try_from(kind).ok().and_then(Kind::from_code);
    let kind = kind.ok_or_else(|| thrown(invalid("not the code of a kind")))?;
    let token = parse_token(&text, kind).map_err(thrown)?;
    find(state, env, kind, &token).map_err(thrown)
}

fn find(state: &mut State, env: Env, kind: Kind, token: &Token) -> CoreResult<u32> {
    let peer = state.peer()?;
    let descriptor = token.descriptor;
    let (frame, answer) = match claimed(token)? {
        Some(Transfer { frame: Frame::Loan(loan), copied, .. }) => {
            (Frame::Loan(loan), if copied { COPIED_LOAN } else { LOAN })
        }
        Some(Transfer { frame, .. }) => (frame, READ),
        None => (Frame::Received(take_named(&peer, kind, token)?), READ),
    };
    let (slot_bytes, pool) = match &frame {
        Frame::Loan(loan) => (bytes_of(loan), state.pools.index_of_loan(env.raw(), &peer, loan)),
        Frame::Received(hold) => {
            (hold.slot_bytes(), state.pools.index_of_received(env.raw(), &peer, hold))
        }
    };
    check_frame(&descriptor, slot_bytes)
        .ok_or_else(|| invalid("fromToken: the token names no frame of a possible size"))?;
    let control = state.control()?;
    // All of the payload: an ext block comes behind it.
    control.put_loan(&descriptor);
    let words = descriptor.to_words();
    let number = state.hold(Held { frame, topic: UNBOUND, words, job: None })?;
    control.put_place(number, pool, descriptor.slot, descriptor.generation);
    Ok(answer)
}

/// The hold that a token moves. `None`: it moves none, or no longer, and its frame is to be looked
/// for where it lies.
fn claimed(token: &Token) -> CoreResult<Option<Transfer>> {
    if token.transfer == 0 {
        return Ok(None);
    }
    if token.process != process()? {
        return Err(stale_token(
            "it moves a hold between the threads of another process; pass one without transfer",
        ));
    }
    let claimed = claim(token);
    if claimed.is_none() && token.descriptor.sent_ns == 0 {
        return Err(stale_token("somebody has taken the frame over, or its sender has ended"));
    }
    Ok(claimed)
}
