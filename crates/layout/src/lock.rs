//! Which byte of a file is locked for what. The kernel drops a dead process's locks, and
//! that, not a pid or a clock, is how everybody else learns of the death.

/// Shared lock, held by everyone attached to a file. Whoever gets it exclusively knows
/// that nobody is attached.
pub const ALIVE: u64 = 0;
/// Pool control file: exclusive lock of the process that allocates from the pool.
pub const POOL_OWNER: u64 = 1;
/// Pool control file: `POOL_READER + r` is held exclusively by reader entry `r`.
pub const POOL_READER: u64 = 64;
/// Topic file: `TOPIC_PUBLISHER + i` is held exclusively by publisher entry `i`.
pub const TOPIC_PUBLISHER: u64 = 128;
/// Topic file: `TOPIC_SUBSCRIBER + j` is held exclusively by subscriber entry `j`.
pub const TOPIC_SUBSCRIBER: u64 = 256;
