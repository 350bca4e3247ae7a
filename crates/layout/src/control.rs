//! The words through which a binding and its facade exchange one frame: an array of 64-bit
//! words, registered once, seen as `u32` and as `f64`/`i64` by the other side. Indices count
//! 32-bit words.

/// 32-bit words of the array.
pub const WORDS: u32 = 64;
/// Which hold this is, for `release`; an index into the binding's table.
pub const HOLD: u32 = 0;
/// Which pool the slot is in, an index into the binding's table.
pub const POOL: u32 = 1;
/// Which slot of the pool.
pub const SLOT: u32 = 2;
/// The slot's generation.
pub const GENERATION: u32 = 3;
/// Code of the kind.
pub const KIND: u32 = 4;
/// Code of the encoding.
pub const ENCODING: u32 = 5;
/// Code of the element type.
pub const DTYPE: u32 = 6;
/// Flags of the descriptor.
pub const FLAGS: u32 = 7;
/// Height.
pub const DIM0: u32 = 8;
/// Width.
pub const DIM1: u32 = 9;
/// Channels.
pub const DIM2: u32 = 10;
/// Bytes from one row to the next.
pub const STEP: u32 = 11;
/// Bytes of the payload, as `f64`: words 12 and 13.
pub const PAYLOAD: u32 = 12;
/// When it was sent, nanoseconds, as `i64`: words 14 and 15.
pub const SENT_NS: u32 = 14;
/// The frame's time stamp, nanoseconds since the epoch, as `i64`: words 16 and 17.
pub const STAMP_NS: u32 = 16;
/// Number of the frame in its ring, as `f64`: words 18 and 19.
pub const FRAME: u32 = 18;
/// Number given by the device or the publisher, as `f64`: words 20 and 21.
pub const SEQUENCE: u32 = 20;
/// Frames missed since the last receive, as `f64`: words 22 and 23.
pub const MISSED: u32 = 22;
/// A call's answer, as `i32`: minus the number of an error, or what the call says.
pub const STATUS: u32 = 24;
/// What a call is about: index of a topic in the binding's table.
pub const TOPIC: u32 = 25;
/// A hold to be given back before a frame is received; [`NO_HOLD`]: none.
pub const GIVE: u32 = 26;
/// Receiving: 1 for the newest frame only.
pub const NEWEST: u32 = 27;
/// How large a frame is to be, as `f64`: words 28 and 29.
pub const BYTES: u32 = 28;
/// Receiving: microseconds to look for a frame before there is none.
pub const SPIN_US: u32 = 30;
/// Blocking: milliseconds at most.
pub const TIMEOUT_MS: u32 = 31;
/// Bytes of the frame id that follow.
pub const FRAME_ID_LEN: u32 = 32;
/// The frame id, 64 bytes: words 34 to 49.
pub const FRAME_ID: u32 = 34;
/// Not zero: deaths of other processes were noticed that the facade has not asked for.
pub const NOTICES: u32 = 50;

/// Colours of a frame that is sent: matrix, and range above 8 bits, as in the slot header.
pub const COLOUR: u32 = 51;
/// Millimetres a raw unit of depth of a frame that is sent, as `f64`: words 52 and 53.
pub const SCALE: u32 = 52;
/// Bytes from the start of the slot to the ext block of a frame that is sent; 0: none.
pub const EXT: u32 = 54;

/// In [`GIVE`]: nothing is to be given back.
pub const NO_HOLD: u32 = u32::MAX;
