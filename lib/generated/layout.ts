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
/** u32: code of the kind */
export const KIND = 4;
/** u32: code of the encoding */
export const ENCODING = 5;
/** u32: code of the element type */
export const DTYPE = 6;
/** u32: flags of the descriptor */
export const FLAGS = 7;
/** u32: height */
export const DIM0 = 8;
/** u32: width */
export const DIM1 = 9;
/** u32: channels */
export const DIM2 = 10;
/** u32: bytes from one row to the next */
export const STEP = 11;
/** f64: bytes of the payload */
export const PAYLOAD = 12;
/** i64: when it was sent */
export const SENT_NS = 14;
/** i64: the frame's time stamp */
export const STAMP_NS = 16;
/** f64: number of the frame in its ring */
export const FRAME = 18;
/** f64: number given by device or publisher */
export const SEQUENCE = 20;
/** f64: frames missed since the last receive */
export const MISSED = 22;
/** i32: a call's answer */
export const STATUS = 24;
/** u32: which topic a call is about */
export const TOPIC = 25;
/** u32: a hold to be given back before a frame is received */
export const GIVE = 26;
/** u32: 1 for the newest frame only */
export const NEWEST = 27;
/** f64, two words: how large a frame is to be */
export const BYTES = 28;
/** u32: microseconds to look for a frame */
export const SPIN_US = 30;
/** u32: milliseconds to block at most */
export const TIMEOUT_MS = 31;
/** in GIVE: nothing is to be given back */
export const NO_HOLD = 4294967295;
/** u32: bytes of the frame id */
export const FRAME_ID_LEN = 32;
/** 64 bytes: the frame id */
export const FRAME_ID = 34;
/** u32: not 0 where there are notices to take */
export const NOTICES = 50;
/** u32: colour matrix, and range above 8 bits, of what is sent */
export const COLOUR = 51;
/** f64: millimetres a raw unit of depth of what is sent */
export const SCALE = 52;
/** u32: offset of the ext block of what is sent, 0: none */
export const EXT = 54;
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
