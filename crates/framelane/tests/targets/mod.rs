//! What is fuzzed: functions that take any bytes, panic where something is wrong with what the
//! library makes of them, and say whether they passed its checks. `fuzz/` feeds them from
//! libFuzzer, `corpus.rs` from the corpus.

mod bytes;
mod cloud;
mod files;
mod program;
mod seeds;

pub(crate) use seeds::seeds;

use framelane_layout::topic::{Delivery, Mode, Overflow};

/// How topics deliver.
const MODES: [Mode; 6] = [
    Mode { overflow: Overflow::DropOldest, delivery: Delivery::Broadcast },
    Mode { overflow: Overflow::DropNewest, delivery: Delivery::Broadcast },
    Mode { overflow: Overflow::Block, delivery: Delivery::Broadcast },
    Mode { overflow: Overflow::DropOldest, delivery: Delivery::AtMostOnce },
    Mode { overflow: Overflow::Block, delivery: Delivery::AtMostOnce },
    Mode { overflow: Overflow::Block, delivery: Delivery::AtLeastOnce },
];

/// A target by name.
pub(crate) type Target = (&'static str, fn(&[u8]) -> bool);

/// Targets that look at private copies only. Apart from the others, so that a program of these
/// alone is small: libFuzzer's own work for each input grows with the program.
pub(crate) const BYTES: [Target; 8] = [
    ("attach_pool", bytes::attach_pool),
    ("attach_topic", bytes::attach_topic),
    ("descriptor", bytes::descriptor),
    ("slot_header", bytes::slot_header),
    ("ext", bytes::ext),
    ("names", bytes::names),
    ("token", bytes::token),
    ("cloud", cloud::cloud),
];

/// Targets that make files and mappings for each input.
pub(crate) const FILES: [Target; 2] = [("files", files::files), ("program", program::program)];

/// Numbers from the front of some bytes; zeros when they have ended.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn array<const N: usize>(&mut self) -> [u8; N] {
        let (front, rest) = self.0.split_at(self.0.len().min(N));
        self.0 = rest;
        let mut array = [0; N];
        array[..front.len()].copy_from_slice(front);
        array
    }

    fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A structure of integers, as it would be copied out of a mapping.
    ///
    /// # Safety
    /// `T` is valid for any bytes.
    unsafe fn structure<T: Copy, const N: usize>(&mut self) -> T {
        const { assert!(size_of::<T>() == N) };
        let bytes: [u8; N] = self.array();
        // SAFETY: as many bytes as a `T` has, and any are one by the caller's promise.
        unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }
    }
}

/// A memory of exactly this many bytes, so that a sanitizer sees the byte behind it.
fn slot(bytes: u64) -> Box<[u8]> {
    vec![1; usize::try_from(bytes).unwrap()].into_boxed_slice()
}

/// Reads every byte.
fn touch(bytes: &[u8]) -> u64 {
    std::hint::black_box(bytes.iter().map(|&byte| u64::from(byte)).sum())
}
