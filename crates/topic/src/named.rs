//! Frames that are asked for by name instead of received: a descriptor that came by another way
//! than a ring, from somebody who may say anything.

use framelane_layout::{Descriptor, ErrorCode, Kind};
use framelane_shm::{Error, Result, check_not_forked};

use crate::attached::Pool;
use crate::hold::Hold;
use crate::peer::Peer;

impl Peer {
    /// A reference on the frame that `descriptor` names, which must say what the header of its
    /// slot says. `None`: it is gone, or has not been published. It is sure to be there while
    /// somebody holds it, and may be there for a while after that.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] where it says of the frame what is not so,
    /// [`ErrorCode::Limit`] where the pool has 32 reader processes already, and what attaching
    /// to it can say.
    pub fn take_named(&self, kind: Kind, descriptor: &Descriptor) -> Result<Option<Hold>> {
        check_not_forked()?;
        let Some(pool) = Pool::find(self, descriptor.pool_id)? else { return Ok(None) };
        let Some(hold) = pool.acquire(descriptor) else { return Ok(None) };
        // A slot on loan has this generation already: only its fill count says that it is not
        // written any more.
        let header = hold.header();
        if !header.is_of(descriptor) {
            return Ok(None);
        }
        if !(descriptor.fits(kind, hold.slot_bytes()) && header.agrees_with(descriptor)) {
            let text = "what is said of the frame is not what its slot says";
            return Err(Error::new(ErrorCode::InvalidArgument, text));
        }
        Ok(Some(hold))
    }
}
