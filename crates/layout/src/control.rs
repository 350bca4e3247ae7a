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
/// What the frame is: the codes of its kind, its encoding and its element type, a byte each from
/// the lowest on. One word, because it is read and compared for each frame.
pub const TYPES: u32 = 4;
/// Height.
pub const DIM0: u32 = 5;
/// Width.
pub const DIM1: u32 = 6;
/// Channels.
pub const DIM2: u32 = 7;
/// Bytes from one row to the next.
pub const STEP: u32 = 8;
/// Colours of a frame that is sent: matrix, and range above 8 bits, as in the slot header.
pub const COLOUR: u32 = 9;
/// Bytes of the payload of a loan, as `f64`: words 10 and 11.
pub const PAYLOAD: u32 = 10;
/// When it was sent, nanoseconds, as `i64`: words 12 and 13.
pub const SENT_NS: u32 = 12;
/// The frame's time stamp, nanoseconds since the epoch, as `i64`: words 14 and 15.
pub const STAMP_NS: u32 = 14;
/// Number in its ring of a frame that was sent, as `f64`: words 16 and 17.
pub const FRAME: u32 = 16;
/// Number given by the device or the publisher, as `f64`: words 18 and 19.
pub const SEQUENCE: u32 = 18;
/// Frames missed since the last receive, as `f64`: words 20 and 21.
pub const MISSED: u32 = 20;
/// A call's answer, as `i32`: minus the number of an error, or what the call says.
pub const STATUS: u32 = 22;
/// What a call is about: index of a topic in the binding's table.
pub const TOPIC: u32 = 23;
/// A hold to be given back before a frame is received; [`NO_HOLD`]: none.
pub const GIVE: u32 = 24;
/// Receiving: 1 for the newest frame only.
pub const NEWEST: u32 = 25;
/// How large a frame is to be, as `f64`: words 26 and 27.
pub const BYTES: u32 = 26;
/// Receiving: microseconds to look for a frame before there is none.
pub const SPIN_US: u32 = 28;
/// Blocking: milliseconds at most.
pub const TIMEOUT_MS: u32 = 29;
/// Bytes from the start of the slot to the ext block of a frame that is sent; 0: none.
pub const EXT: u32 = 30;
/// Bytes of the frame id that follow.
pub const FRAME_ID_LEN: u32 = 31;
/// The frame id, 64 bytes: words 32 to 47.
pub const FRAME_ID: u32 = 32;
/// Not zero: deaths of other processes were noticed that the facade has not asked for.
pub const NOTICES: u32 = 48;
/// Millimetres a raw unit of depth of a frame that is sent, as `f64`: words 50 and 51.
pub const SCALE: u32 = 50;

/// In [`GIVE`]: nothing is to be given back.
pub const NO_HOLD: u32 = u32::MAX;
