//! What the bytes are.
//!
//! Everything two processes must agree on stands in this crate: the descriptor that
//! travels, the header of a slot, the control files of pools and topics, the bytes that
//! are locked, and the tables of kinds, encodings, element types and error codes. It has
//! no operating system in it and needs none. `examples/emit.rs` writes the same facts for
//! TypeScript into `lib/generated`; `SPEC.md` says them in prose.
#![no_std]
#![forbid(unsafe_code)]

pub mod array;
mod camera;
pub mod control;
pub mod descriptor;
pub mod dtype;
pub mod encoding;
pub mod error;
pub mod ext;
pub mod header;
pub mod kind;
pub mod lock;
pub mod name;
pub mod pool;
pub mod slot;
pub mod sync;
pub mod token;
pub mod topic;

pub use descriptor::Descriptor;
pub use dtype::Dtype;
pub use encoding::{Chroma, Encoding};
pub use error::ErrorCode;
pub use kind::Kind;
pub use slot::SlotHeader;
pub use token::Token;

/// Releases that differ in this number cannot share a file.
pub const ABI_MAJOR: u16 = 1;
/// Releases that differ only in this number can.
pub const ABI_MINOR: u16 = 0;
/// Read back as another value by a machine of the other byte order.
pub const ENDIAN_MARK: u32 = 0x0102_0304;
/// Size and alignment of a memory page, and of everything that is mapped on its own.
pub const PAGE: u64 = 4096;

/// `value` rounded up to a whole number of pages, or `None` past the end of `u64`.
#[must_use]
pub const fn page_align(value: u64) -> Option<u64> {
    match value.checked_add(PAGE - 1) {
        Some(sum) => Some(sum & !(PAGE - 1)),
        None => None,
    }
}

/// Fingerprint of the sizes and places below. Two builds whose fingerprints differ refuse each
/// other's files before reading anything else. Offsets inside the structures are asserted
/// where those are, and change with [`ABI_MAJOR`] only.
pub const LAYOUT_HASH: u64 = {
    const fn mix(hash: u64, value: u64) -> u64 {
        // FNV-1a, one 64-bit step a value.
        (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3)
    }
    let values = [
        ABI_MAJOR as u64,
        size_of::<Descriptor>() as u64,
        size_of::<SlotHeader>() as u64,
        pool::HEADER_BYTES,
        pool::READERS_OFFSET,
        pool::LINE_BYTES,
        pool::READERS as u64,
        topic::HEADER_BYTES,
        topic::SHARED_OFFSET,
        topic::PUBLISHER_BYTES,
        topic::SUBSCRIBER_BYTES,
        topic::CELL_BYTES,
        lock::POOL_OWNER,
        lock::POOL_READER,
        lock::TOPIC_PUBLISHER,
        lock::TOPIC_SUBSCRIBER,
    ];
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut index = 0;
    while index < values.len() {
        hash = mix(hash, values[index]);
        index += 1;
    }
    hash
};
