/** What a publisher says of its frame, what it may say, and how that crosses when it is sent. */
import { invalid, show } from './check.js';
import type { Pixels } from './copy.js';
import { FramelaneError } from './errors.js';
import type { ExtWords } from './ext-words.js';
import {
  COLOUR,
  DIM0,
  DIM1,
  DIM2,
  EXT,
  FRAME,
  FRAME_ID,
  FRAME_ID_LEN,
  FRAME_ID_MAX,
  PAYLOAD,
  SCALE,
  SENT_NS,
  SEQUENCE,
  STAMP_NS,
  STEP,
  TYPES,
} from './generated/layout.js';
import type { Guard } from './guard.js';
import { f64, i64, u32, u8 } from './native.js';

/** What few frames say of themselves; apart, because a label is made for each frame. */
export class Said {
  /** Matrix, and range above 8 bits, by their codes; 0: nobody said. */
  colour = 0;
  /** Millimetres a raw unit of depth. */
  depthScale = 1;
  /** What stands behind the payload, and where; 0: nothing. */
  ext: ExtWords | null = null;
  extOffset = 0;
}

/** What goes without saying. */
export const UNSAID: Readonly<Said> = new Said();

/** What a publisher says of its frame; shared by all frame objects on the slot. */
export class Label implements Pixels {
  copy: Uint8Array | null = null;
  filled = false;
  frameId = '';
  /** When the frame was taken, if the publisher says so. */
  givenNs: bigint | null = null;
  // When it was sent, otherwise; a bigint is made when it is asked for.
  stampLow = 0;
  stampHigh = 0;
  sequence = 0;
  /** What few frames say. */
  said: Said | null = null;
  /** Bytes of the payload. */
  readonly payload: number;
  copied = false;
  sent = false;
  /** Once it is sent: the pool as readers see it, without write permission. -1: not asked. */
  readPool = -1;
  sentLow = 0;
  sentHigh = 0;
  /** With guard: the buffers through which the slot can be written. */
  guards: Set<Guard> | null = null;

  constructor(payload: number) {
    this.payload = payload;
  }

  /** What the frame says apart from its name and time. */
  get saying(): Readonly<Said> {
    return this.said ?? UNSAID;
  }

  /** Says some of it anew. */
  say(words: Partial<Said>): void {
    Object.assign((this.said ??= new Said()), words);
  }

  /** The frame's time stamp; `0n` before it has one. */
  get timestampNs(): bigint {
    return this.givenNs ?? (BigInt(this.stampHigh) << 32n) | BigInt(this.stampLow >>> 0);
  }
}

const encoder = new TextEncoder();

/** Lone surrogates would become U+FFFD in silence. */
const loneSurrogate = /\p{Surrogate}/u;

export function checkFrameId(value: unknown): string {
  if (typeof value !== 'string' || value.includes('\0') || loneSurrogate.test(value)) {
    throw invalid('frameId', 'a well-formed string without NUL', value);
  }
  // At most three bytes for each of its units: only longer strings need counting.
  if (value.length * 3 > FRAME_ID_MAX) {
    const bytes = encoder.encode(value).length;
    if (bytes > FRAME_ID_MAX) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_ARGUMENT',
        `frameId: expected at most ${FRAME_ID_MAX} bytes of UTF-8, ` +
          `got ${bytes} in ${show(value)}; shorten it`,
      );
    }
  }
  return value;
}

const TIMESTAMP_MAX = 2n ** 63n - 1n;

export function checkTimestamp(value: unknown): bigint {
  const expected = 'nanoseconds since the epoch as a bigint or a safe integer, at least 0';
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
    throw invalid('timestampNs', expected, value);
  }
  const ns = BigInt(value as bigint | number);
  if (ns < 0n || ns > TIMESTAMP_MAX) throw invalid('timestampNs', expected, value);
  return ns;
}

/** What a frame is, as its descriptor has it; a lease is one. */
export interface Described {
  /** Kind, encoding and element type in one number. */
  readonly types: number;
  readonly dim0: number;
  readonly dim1: number;
  readonly dim2: number;
  readonly step: number;
}

const frameIdBytes = u8.subarray(FRAME_ID * 4, FRAME_ID * 4 + FRAME_ID_MAX);
// The frame id that stands in the control array; nobody else writes there.
let writtenId = '';
let writtenLength = 0;

/** Writes to the control array what a frame is, and what its publisher says of it. */
export function writeLabel(label: Label, described: Described): void {
  u32[TYPES] = described.types;
  u32[DIM0] = described.dim0;
  u32[DIM1] = described.dim1;
  u32[DIM2] = described.dim2;
  u32[STEP] = described.step;
  f64[PAYLOAD / 2] = label.payload;
  if (label.frameId !== writtenId) {
    writtenId = label.frameId;
    writtenLength = encoder.encodeInto(writtenId, frameIdBytes).written;
  }
  u32[FRAME_ID_LEN] = writtenLength;
  if (label.givenNs === null) f64[STAMP_NS / 2] = 0;
  else i64[STAMP_NS / 2] = label.givenNs;
  f64[SEQUENCE / 2] = label.sequence;
  if (label.said !== null || said) writeSaid(label);
}

/** Whether something stands in the words that few frames need; in the beginning nobody knows. */
let said = true;

function writeSaid(label: Label): void {
  const { colour, depthScale, extOffset } = label.saying;
  u32[COLOUR] = colour;
  f64[SCALE / 2] = depthScale;
  u32[EXT] = extOffset;
  said = label.said !== null;
}

/** What the native side has filled in while it sent. */
export function readLabel(label: Label): void {
  label.sent = true;
  label.sentLow = u32[SENT_NS];
  label.sentHigh = u32[SENT_NS + 1];
  label.sequence = f64[FRAME / 2];
  label.stampLow = u32[STAMP_NS]! | 0;
  label.stampHigh = u32[STAMP_NS + 1]!;
}
