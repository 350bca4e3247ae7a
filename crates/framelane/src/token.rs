//! Tokens: frames by name. What a token says is checked against the slot before it is believed.

use framelane_layout::token::{TEXT_BYTES, TokenError};
use framelane_layout::{ErrorCode, Kind, Token};
use framelane_topic::{Error, Hold, Peer, Result};

use crate::config;
use crate::frame::Frame;

/// The token of a frame.
pub(crate) fn name<T: Frame>(frame: &T) -> String {
    let (_, descriptor) = frame.reference();
    Token::of(&descriptor).to_text().as_str().to_owned()
}

/// The frame of a token.
pub(crate) fn find<T: Frame>(text: &str) -> Result<T> {
    let token = parse_token(text, T::KIND)?;
    if token.transfer != 0 {
        return Err(stale_token(
            "it moves a hold between the threads of another process; pass one without transfer",
        ));
    }
    let hold = take_named(&*config::current()?, T::KIND, &token)?;
    T::from_received(&token.descriptor, hold, 0)?.ok_or_else(|| refused("it names no such frame"))
}

/// Reads the token of a frame of this kind.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] for what is none.
pub fn parse_token(text: &str, kind: Kind) -> Result<Token> {
    let token = Token::parse(text).map_err(|error| match error {
        TokenError::Length => {
            refused(&format!("it has {} bytes instead of {TEXT_BYTES}", text.len()))
        }
        TokenError::Prefix => refused("it does not begin with \"fl1.\""),
        TokenError::Letter => refused("a character is none of base64url"),
        TokenError::Checksum => refused("its checksum is wrong: it was changed on the way"),
        TokenError::Reserved => refused("it says something that this release does not know"),
    })?;
    let code = token.descriptor.kind;
    if code == kind as u8 {
        return Ok(token);
    }
    let name = Kind::from_code(code).map_or("nothing known", Kind::name);
    Err(refused(&format!("it names a frame of another kind, {name}, not {}", kind.name())))
}

/// A reference on the frame of a token.
///
/// # Errors
/// [`ErrorCode::Stale`] where it is gone, and what [`Peer::take_named`] can say.
pub fn take_named(peer: &Peer, kind: Kind, token: &Token) -> Result<Hold> {
    peer.take_named(kind, &token.descriptor)?.ok_or_else(|| {
        stale_token("nobody holds the frame any more, or it is of another directory or namespace")
    })
}

/// The error for a token whose frame cannot be had.
#[must_use]
pub fn stale_token(why: &str) -> Error {
    let text = format!("the token leads to no frame: {why}");
    Error::new(ErrorCode::Stale, text)
}

#[cold]
fn refused(why: &str) -> Error {
    let text = format!("expected a token that toToken() or token() has made: {why}");
    Error::new(ErrorCode::InvalidArgument, text)
}
