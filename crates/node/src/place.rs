//! Where the pixels of a frame are, as the facade says it, and the slices that stand for them.

use framelane::raw::kernels::{Raster, RasterMut};
use framelane::raw::{Hold, OwnHold};
use framelane::{Encoding, Error, ErrorCode, Result};
use napi_derive::napi;

use crate::error::in_node;
use crate::state::{Frame, State};

/// A picture in a slot: which hold, and how it lies there.
#[napi(object)]
pub struct Place {
    pub hold: u32,
    /// Bytes from the start of the slot to the first pixel.
    pub offset: f64,
    /// A code.
    pub encoding: u32,
    pub width: u32,
    pub height: u32,
    pub step: u32,
}

/// The encoding of a code.
pub fn encoding(code: u32) -> Result<Encoding> {
    u8::try_from(code).ok().and_then(Encoding::from_code).ok_or_else(|| {
        Error::new(ErrorCode::InvalidEncoding, format!("{code} is no encoding's code"))
    })
}

/// A frame that is read, held until that is done.
pub enum Source {
    Loan(OwnHold),
    Received(Hold),
}

impl Source {
    /// One more hold on a frame.
    pub fn of(state: &State, hold: u32) -> Result<Self> {
        match state.holds.get(hold).map(|held| &held.frame) {
            Some(Frame::Loan(loan)) => Ok(Self::Loan(loan.clone())),
            Some(Frame::Received(hold)) => Ok(Self::Received(hold.clone())),
            None => Err(Error::new(ErrorCode::Released, "the frame was released or sent")),
        }
    }

    /// The bytes of the slot from one on.
    pub fn bytes(&self, offset: f64) -> Result<&[u8]> {
        let (pointer, length) = match self {
            Self::Loan(loan) => (loan.pointer().cast_const(), loan.pool().geometry().slot_stride),
            Self::Received(hold) => (hold.pointer()?, hold.slot_bytes()),
        };
        let length = usize::try_from(length).unwrap_or(0);
        // SAFETY: the slot has that many bytes and stays for as long as the hold. A frame on
        // loan may be written meanwhile by JavaScript; what is made of it is then of mixed
        // content, and nothing but values is read from it.
        let bytes = unsafe { std::slice::from_raw_parts(pointer, length) };
        bytes.get(at(offset)..).ok_or_else(outside)
    }
}

impl Place {
    /// The picture, to be read from what `source`, made of its hold, has.
    pub fn read<'a>(&self, source: &'a Source) -> Result<Raster<'a>> {
        let (encoding, bytes) = (encoding(self.encoding)?, source.bytes(self.offset)?);
        Raster::new(self.width, self.height, self.step, encoding, bytes).map_err(in_node)
    }

    /// The picture, to be written: `work` is done with it.
    ///
    /// # Errors
    /// What `work` says; [`ErrorCode::Frozen`] where the frame is not on loan.
    pub fn write<T>(
        &self,
        state: &mut State,
        work: impl FnOnce(RasterMut<'_>) -> Result<T>,
    ) -> Result<T> {
        let encoding = encoding(self.encoding)?;
        write_slot(state, self.hold, |slot| {
            let bytes = slot.get_mut(at(self.offset)..).ok_or_else(outside)?;
            let target = RasterMut::new(self.width, self.height, self.step, encoding, bytes);
            work(target.map_err(in_node)?)
        })
    }
}

/// The bytes of a slot on loan, to be written: `work` is done with them.
///
/// # Errors
/// What `work` says; [`ErrorCode::Frozen`] where the frame is not on loan.
pub fn write_slot<T>(
    state: &mut State,
    hold: u32,
    work: impl FnOnce(&mut [u8]) -> Result<T>,
) -> Result<T> {
    let held = state.holds.get_mut(hold);
    let Some(Frame::Loan(loan)) = held.map(|held| &mut held.frame) else {
        let text = "only a frame on loan can be written";
        return Err(Error::new(ErrorCode::Frozen, text));
    };
    let length = usize::try_from(loan.pool().geometry().slot_stride).unwrap_or(usize::MAX);
    // SAFETY: the slot has that many bytes, and is on loan to this environment, whose thread
    // is here.
    work(unsafe { std::slice::from_raw_parts_mut(loan.pointer(), length) })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
fn at(offset: f64) -> usize {
    offset as usize
}

fn outside() -> Error {
    Error::new(ErrorCode::Internal, "the picture begins outside its slot")
}
