//! Tokens: the name of a frame as a short text, so that it goes wherever text goes. A token
//! holds nothing, and nothing it says is believed: it comes from whoever had the text last.
//!
//! ```text
//! "fl1." + base64url of 90 bytes, little-endian, without padding: 124 characters
//!  0..64  descriptor      72..80  number of a transfer, or 0     82..90  checksum of 0..82
//! 64..72  process, or 0   80..82  zero
//! ```

use crate::Descriptor;

/// What every token of this form begins with.
pub const PREFIX: &str = "fl1.";
/// Bytes behind the checksum.
const BODY_BYTES: usize = 82;
/// Bytes of the checksum and of what it is of.
const BYTES: usize = BODY_BYTES + 8;
/// Characters of a token.
pub const TEXT_BYTES: usize = 4 + BYTES / 3 * 4;

const _: () = assert!(BYTES.is_multiple_of(3) && PREFIX.len() == 4 && TEXT_BYTES == 124);

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a token says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// The frame.
    pub descriptor: Descriptor,
    /// The process that a transfer belongs to; 0 where there is none.
    pub process: u64,
    /// Number of the transfer in that process; 0: the token moves no hold.
    pub transfer: u64,
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// It has another number of bytes than [`TEXT_BYTES`].
    Length,
    /// It does not begin with [`PREFIX`].
    Prefix,
    /// A character is none of base64url.
    Letter,
    /// The checksum is another one: the text was changed.
    Checksum,
    /// Bytes that are zero in this form are not, or a process is named without a transfer.
    Reserved,
}

/// A token as text.
#[derive(Clone, Copy, Debug)]
pub struct TokenText([u8; TEXT_BYTES]);

impl TokenText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Letters of the table only.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Token {
    /// The name of a frame.
    #[must_use]
    pub fn of(descriptor: &Descriptor) -> Self {
        Self { descriptor: *descriptor, process: 0, transfer: 0 }
    }

    /// The token as text.
    #[must_use]
    pub fn to_text(&self) -> TokenText {
        let mut bytes = [0; BYTES];
        let words = self.descriptor.to_words().into_iter().chain([self.process, self.transfer]);
        for (eight, word) in bytes.chunks_exact_mut(8).zip(words) {
            eight.copy_from_slice(&word.to_le_bytes());
        }
        let sum = checksum(&bytes[..BODY_BYTES]);
        bytes[BODY_BYTES..].copy_from_slice(&sum.to_le_bytes());
        let mut text = [0; TEXT_BYTES];
        text[..4].copy_from_slice(PREFIX.as_bytes());
        for (four, three) in text[4..].chunks_exact_mut(4).zip(bytes.chunks_exact(3)) {
            let bits = three.iter().fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte));
            for (place, letter) in four.iter_mut().enumerate() {
                *letter = LETTERS[bits >> (18 - 6 * place) & 63];
            }
        }
        TokenText(text)
    }

    /// Reads a text. What the token says must be checked before it is believed.
    ///
    /// # Errors
    /// The first thing that makes it none.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let letters = text.as_bytes();
        if letters.len() != TEXT_BYTES {
            return Err(TokenError::Length);
        }
        let letters = letters.strip_prefix(PREFIX.as_bytes()).ok_or(TokenError::Prefix)?;
        let mut bytes = [0; BYTES];
        for (three, four) in bytes.chunks_exact_mut(3).zip(letters.chunks_exact(4)) {
            let mut bits = 0;
            for &letter in four {
                bits = bits << 6 | value(letter).ok_or(TokenError::Letter)?;
            }
            three.copy_from_slice(&bits.to_be_bytes()[1..]);
        }
        let (body, sum) = bytes.split_at(BODY_BYTES);
        if checksum(body).to_le_bytes() != sum {
            return Err(TokenError::Checksum);
        }
        let mut words = [0; 10];
        for (word, eight) in words.iter_mut().zip(body.chunks_exact(8)) {
            *word = u64::from_le_bytes(eight.try_into().map_err(|_| TokenError::Length)?);
        }
        let [a, b, c, d, e, f, g, h, process, transfer] = words;
        let zeros = body[80..].iter().all(|&byte| byte == 0);
        if !zeros || (process == 0) != (transfer == 0) {
            return Err(TokenError::Reserved);
        }
        let descriptor = Descriptor::from_words([a, b, c, d, e, f, g, h]);
        Ok(Self { descriptor, process, transfer })
    }
}

/// Six bits of a letter.
fn value(letter: u8) -> Option<u32> {
    Some(match letter {
        b'A'..=b'Z' => u32::from(letter - b'A'),
        b'a'..=b'z' => u32::from(letter - b'a') + 26,
        b'0'..=b'9' => u32::from(letter - b'0') + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

/// FNV-1a, one byte a step: against what happens to a text by accident. One byte changed is
/// always found, for each step is one to one.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
