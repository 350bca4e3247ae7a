// Made by `npm run generate` from crates/layout. Do not edit.

/** Every error code and the number that stands for it at the boundary. */
export const errorCodes = {
  /** An argument is of the wrong type or out of range. */
  ERR_FRAMELANE_INVALID_ARGUMENT: 1,
  /** The encoding is not one of the table. */
  ERR_FRAMELANE_INVALID_ENCODING: 2,
  /** A width, height or size is zero, negative, fractional or too large. */
  ERR_FRAMELANE_INVALID_SIZE: 3,
  /** The number of bytes does not fit the shape. */
  ERR_FRAMELANE_INVALID_LENGTH: 4,
  /** The name of a topic or namespace breaks a rule. */
  ERR_FRAMELANE_INVALID_NAME: 5,
  /** The buffer has been detached. */
  ERR_FRAMELANE_DETACHED_BUFFER: 6,
  /** The frame has been released or sent. */
  ERR_FRAMELANE_RELEASED: 7,
  /** The frame cannot be changed: it was received or sent. */
  ERR_FRAMELANE_FROZEN: 8,
  /** The topic exists with another kind or another setting. */
  ERR_FRAMELANE_TOPIC_MISMATCH: 9,
  /** The file was written by a release with another layout. */
  ERR_FRAMELANE_LAYOUT_VERSION: 10,
  /** A file in the directory is truncated or not one of ours. */
  ERR_FRAMELANE_CORRUPT: 11,
  /** Shared memory is full. */
  ERR_FRAMELANE_NO_SPACE: 12,
  /** Every slot is in use. */
  ERR_FRAMELANE_POOL_EXHAUSTED: 13,
  /** More frames are held than the limit allows. */
  ERR_FRAMELANE_TOO_MANY_HELD: 14,
  /** No entry is left: too many publishers, readers or waiting subscribers. */
  ERR_FRAMELANE_LIMIT: 15,
  /** Another process is creating or removing the file at this moment. */
  ERR_FRAMELANE_BUSY: 16,
  /** The directory or file belongs to somebody else or is open to others. */
  ERR_FRAMELANE_PERMISSION: 17,
  /** The topic has been closed. */
  ERR_FRAMELANE_CLOSED: 18,
  /** No native part for this platform or runtime. */
  ERR_FRAMELANE_UNSUPPORTED_PLATFORM: 19,
  /** The runtime refuses buffers over foreign memory. */
  ERR_FRAMELANE_EXTERNAL_MEMORY: 20,
  /** The picture or message cannot be decoded or encoded. */
  ERR_FRAMELANE_CODEC: 21,
  /** Settings were changed after the first use. */
  ERR_FRAMELANE_CONFIGURED: 22,
  /** Nothing arrived in the time allowed. */
  ERR_FRAMELANE_TIMEOUT: 23,
  /** The operating system refused an operation. */
  ERR_FRAMELANE_SYSTEM: 24,
  /** A defect in framelane: a panic was caught at the boundary. */
  ERR_FRAMELANE_INTERNAL: 25,
  /** A subscriber that must not lose frames has not taken those before this one. */
  ERR_FRAMELANE_BACKPRESSURE: 26,
  /** The topic's file was removed while it was open; the next call opens it anew. */
  ERR_FRAMELANE_TOPIC_REMOVED: 27,
  /** This process was forked, without exec, from one that used framelane. */
  ERR_FRAMELANE_FORKED: 28,
  /** The frame that a token names is gone: nobody holds it any more. */
  ERR_FRAMELANE_STALE: 29,
  /** There is no way from one encoding to the other in one step. */
  ERR_FRAMELANE_NO_CONVERSION: 30,
} as const;
