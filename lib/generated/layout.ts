// Made by `npm run generate` from crates/layout. Do not edit.

/** 32-bit words of the control array */
export const CONTROL_WORDS = 64;
/** u32: the hold, for retain and release */
export const HOLD = 0;
/** u32: the pool's index */
export const POOL = 1;
/** u32: the slot's index */
export const SLOT = 2;
/** u32: the slot's generation */
export const GENERATION = 3;
/** u32: codes of kind, encoding and element type, a byte each */
export const TYPES = 4;
/** u32: height */
export const DIM0 = 5;
/** u32: width */
export const DIM1 = 6;
/** u32: channels */
export const DIM2 = 7;
/** u32: bytes from one row to the next */
export const STEP = 8;
/** f64: bytes of the payload */
export const PAYLOAD = 10;
/** i64: when it was sent */
export const SENT_NS = 12;
/** i64: the frame's time stamp */
export const STAMP_NS = 14;
/** f64: number of the frame in its ring */
export const FRAME = 16;
/** f64: number given by device or publisher */
export const SEQUENCE = 18;
/** f64: frames missed since the last receive */
export const MISSED = 20;
/** i32: a call's answer */
export const STATUS = 22;
/** u32: which topic a call is about */
export const TOPIC = 23;
/** u32: a hold to be given back before a frame is received */
export const GIVE = 24;
/** u32: 1 for the newest frame only */
export const NEWEST = 25;
/** f64, two words: how large a frame is to be */
export const BYTES = 26;
/** u32: microseconds to look for a frame */
export const SPIN_US = 28;
/** u32: milliseconds to block at most */
export const TIMEOUT_MS = 29;
/** in GIVE: nothing is to be given back */
export const NO_HOLD = 4294967295;
/** u32: bytes of the frame id */
export const FRAME_ID_LEN = 31;
/** 64 bytes: the frame id */
export const FRAME_ID = 32;
/** u32: not 0 where there are notices to take */
export const NOTICES = 48;
/** u32: colour matrix, and range above 8 bits, of what is sent */
export const COLOUR = 9;
/** f64: millimetres a raw unit of depth of what is sent */
export const SCALE = 50;
/** u32: offset of the ext block of what is sent, 0: none */
export const EXT = 30;
/** longest frame id in bytes */
export const FRAME_ID_MAX = 63;
/** bytes of a slot header */
export const SLOT_HEADER_BYTES = 512;
/** longest topic name */
export const TOPIC_NAME_MAX = 200;
/** longest part of a name */
export const NAME_PART_MAX = 64;
/** most frames a ring keeps */
export const HISTORY_MAX = 64;
/** byte offset in a slot header */
export const HEADER_STAMP_NS = 8;
/** byte offset in a slot header */
export const HEADER_SEQUENCE = 24;
/** byte offset in a slot header */
export const HEADER_FRAME_ID_LEN = 37;
/** byte offset in a slot header */
export const HEADER_DEPTH_SCALE = 44;
/** byte offset in a slot header */
export const HEADER_EXT = 60;
/** byte offset in a slot header */
export const HEADER_COLOUR = 261;
/** byte offset in a slot header */
export const HEADER_FRAME_ID = 192;

/** Kinds of frames and their codes. */
export const kinds = {
  Image: 1,
  DepthImage: 2,
  PointCloud: 3,
  Tensor: 4,
  TensorGroup: 5,
  ArrowTable: 6,
  Message: 7,
  CompressedImage: 8,
} as const;

/** How a topic or a queue delivers: who gets a frame, what if it is full. */
export const modes = {
  topic: { 'drop-oldest': 0, 'drop-newest': 1, block: 2 },
  auto: { 'drop-oldest': 16, 'drop-newest': 17, block: 18 },
  manual: { 'drop-oldest': 32, 'drop-newest': 33, block: 34 },
} as const;
