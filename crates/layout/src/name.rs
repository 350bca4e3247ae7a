//! Names: of topics, which become file names, and of processes, which are for people.

use crate::sync::{AtomicU64, Ordering};
use crate::topic::NAME_MAX;

/// Longest part of a name between slashes, in bytes.
pub const SEGMENT_MAX: usize = 64;

/// Why a name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The whole name is longer than [`NAME_MAX`].
    TooLong,
    /// A part is empty or longer than [`SEGMENT_MAX`].
    PartLength,
    /// A part begins with something else than `a-z`, `0-9`.
    PartStart,
    /// A character is not one of `a-z`, `0-9`, `.`, `_`, `-`.
    Character,
}

impl NameError {
    /// The rule that was broken, for an error message.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::TooLong => "a name has at most 200 characters",
            Self::PartLength => "each part between slashes has 1 to 64 characters",
            Self::PartStart => "each part begins with a-z or 0-9",
            Self::Character => "only a-z, 0-9, '.', '_', '-' are allowed, parts joined by '/'",
        }
    }
}

/// Checks a topic's name: parts of `[a-z0-9][a-z0-9._-]{0,63}` joined by `/`.
///
/// # Errors
/// The first rule broken.
pub fn check_topic(name: &str) -> Result<(), NameError> {
    if name.len() > NAME_MAX {
        return Err(NameError::TooLong);
    }
    name.split('/').try_for_each(check_part)
}

/// Checks one part of a name; a namespace is such a part.
///
/// # Errors
/// The first rule broken.
pub fn check_part(part: &str) -> Result<(), NameError> {
    let Some(&first) = part.as_bytes().first() else {
        return Err(NameError::PartLength);
    };
    if part.len() > SEGMENT_MAX {
        return Err(NameError::PartLength);
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !part.bytes().all(|byte| plain(byte) || b"._-".contains(&byte)) {
        return Err(NameError::Character);
    }
    if plain(first) { Ok(()) } else { Err(NameError::PartStart) }
}

/// The id that stands in the name of a pool or FIFO: 16 digits 0-9, a-f, not all zero.
#[must_use]
pub fn parse_id(digits: &str) -> Option<u64> {
    // Not what `from_str_radix` takes: a sign, capitals, fewer digits.
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let sound = digits.len() == 16 && digits.bytes().all(digit);
    u64::from_str_radix(digits, 16).ok().filter(|&id| sound && id != 0)
}

/// The pool whose control (`true`) or data file has this name.
#[must_use]
pub fn parse_pool(name: &str) -> Option<(u64, bool)> {
    let (digits, kind) = name.strip_prefix("p.")?.split_once('.')?;
    let control = match kind {
        "c" => true,
        "d" => false,
        _ => return None,
    };
    Some((parse_id(digits)?, control))
}

/// Up to 32 bytes of text that one process writes and others may read at the same time.
/// What they read may be half old, half new: it is for people.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Label {
    words: [AtomicU64; 4],
}

impl Label {
    /// Writes the first 32 bytes of `text`.
    pub fn set(&self, text: &str) {
        let mut bytes = [0_u8; 32];
        let end = (0..=text.len().min(32)).rev().find(|&end| text.is_char_boundary(end));
        let text = &text.as_bytes()[..end.unwrap_or(0)];
        bytes[..text.len()].copy_from_slice(text);
        for (word, part) in self.words.iter().zip(bytes.chunks_exact(8)) {
            let mut eight = [0; 8];
            eight.copy_from_slice(part);
            // ordering: Relaxed, nothing is decided on a label.
            word.store(u64::from_le_bytes(eight), Ordering::Relaxed);
        }
    }

    /// The 32 bytes as they stand; text ends at the first zero.
    #[must_use]
    pub fn get(&self) -> [u8; 32] {
        let mut bytes = [0_u8; 32];
        for (word, part) in self.words.iter().zip(bytes.chunks_exact_mut(8)) {
            // ordering: Relaxed, nothing is decided on a label.
            part.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        bytes
    }
}
