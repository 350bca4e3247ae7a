/**
 * Who holds what. A frame object stands for one hold on one slot: loaned (ours to write),
 * received (read-only), sent (given away) or released. Everything common to all kinds of frames.
 */
import { copyToWrite, readSlot, slotWritten, writeBack } from './copy.js';
import type { TypedArray } from './dtype.js';
import type { EncodingInfo } from './encoding.js';
import { FramelaneError } from './errors.js';
import {
  FRAME,
  FRAME_ID,
  FRAME_ID_LEN,
  FRAME_ID_MAX,
  GENERATION,
  HOLD,
  POOL,
  SENT_NS,
  SEQUENCE,
  SLOT,
  STAMP_NS,
} from './generated/layout.js';
import { guardSlot, unguard, type Guard } from './guard.js';
import { checkFrameId, checkTimestamp, Label } from './label.js';
import {
  calling,
  COPIES,
  errorOf,
  f64,
  hot,
  i64,
  load,
  PUBLISHED,
  u32,
  u8,
  views,
} from './native.js';
import {
  bytesOfSlot,
  headerFrameId,
  headerSequence,
  headerStamp,
  viewOn,
  viewSlot,
} from './view.js';

declare global {
  // The two symbols that every supported Node.js has, for programs whose `lib` ends at ES2022.
  // Same form as in TypeScript's own library and in @types/node, so that all of them merge.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

/** The slot is ours to write. */
export const LOANED = 0;
/** The slot is somebody's published frame. */
export const RECEIVED = 1;
/** The hold was given away with `send`. */
const SENT = 2;
/** The hold was given back. */
const RELEASED = 3;

/** What is counted for a topic object, or for the frames of none. */
export interface Tally {
  extraReleases: number;
  /** Frames sent whose pixels were copied into their slot, and received ones copied out of it. */
  copied: number;
  /** Whether its frames have guard; `null`: as the settings say. */
  readonly guard: boolean | null;
}

/** How a topic deals with frames of one class; each class has one under the key `frameType`. */
export interface FrameType<T> {
  /** Code of the kind. */
  readonly kind: number;
  /** The name users see. */
  readonly name: string;
  /** Bytes of a frame of these options. */
  bytesFor(options: unknown): number;
  /** Bytes of a frame; throws `ERR_FRAMELANE_RELEASED`. */
  bytesOf(frame: Frame): number;
  /** Takes an empty slot for a topic. */
  loan(topic: number, tally: Tally, options: unknown): T;
  /** The frame that the control array names. */
  receive(tally: Tally): T;
  /** Whether a value is a frame of this class. */
  owns(value: unknown): value is Frame;
  /** Writes a frame's type and shape to the control array. */
  describe(frame: Frame): void;
}

/** Where a class of frames keeps its `FrameType`. */
export const frameType: unique symbol = Symbol('framelane.frameType');

/** A class of frames that a topic can carry. */
export interface FrameClass<T> {
  readonly [frameType]: FrameType<T>;
}

/** What a frame class hands through from one frame object to another on the slot. */
export type FrameLabel = Label;

// Ways to the private fields of frames, for the modules of this package; set inside the class.

/** The kept view on a frame's values, or `null` where there is none yet or none any more. */
export let viewOf: (frame: Frame) => TypedArray | null;
/** Makes that view, keeps it and gives it; throws `ERR_FRAMELANE_RELEASED`. */
export let openView: (frame: Frame, row: EncodingInfo, byteLength: number) => TypedArray;
/** The first bytes of the frame's slot; throws `ERR_FRAMELANE_RELEASED`. */
export let rawBytesOf: (frame: Frame, byteLength: number) => Uint8Array;
/** The hold, for native calls; throws `ERR_FRAMELANE_RELEASED`. */
export let holdOf: (frame: Frame) => number;
/** The hold of a frame that can be written; throws `ERR_FRAMELANE_FROZEN` too. */
export let holdToWrite: (frame: Frame, action: string) => number;
/** Throws `ERR_FRAMELANE_RELEASED` for a frame given back. */
export let assertHeld: (frame: Frame) => void;
/** Says that the native side has written the slot's pixels. */
export let slotFilled: (frame: Frame) => void;
/** Says that the library has copied the frame's pixels into its slot. */
export let markCopied: (frame: Frame) => void;
/** Another hold on the frame's slot, put into the control array with all but the shape. */
export let retainInControl: (frame: Frame) => {
  state: number;
  tally: Tally;
  label: Label | null;
};
/**
 * Publishes a frame and gives its hold away; one received or sent before is sent on, and stays.
 * Negative where that fails: then the frame stays as it was.
 */
export let sendFrame: (
  frame: Frame,
  topic: number,
  tally: Tally,
  describe: (frame: Frame) => void,
) => number;
/** Slot, frame id and age in words, for `util.inspect`. */
export let whereabouts: (frame: Frame) => string;

let assertReadable: (frame: Frame) => void;
let poolToRead: (frame: Frame) => number;
let labelToWrite: (frame: Frame, action: string) => Label;
let guardedView: typeof openView;
let copiedView: typeof openView;
/** With memory 'copy': the pixels, to be read, and of a frame not sent yet to be written. */
let pixelsOf: (frame: Frame, byteLength: number) => Uint8Array;
/** With memory 'copy': sees to it that the slot has the pixels. */
let settle: (frame: Frame) => void;
/** The slot has been published: nothing here can write to it any more. */
let endViews: (label: Label) => void;

/** A hold on a slot; the base of all frame classes. */
export abstract class Frame implements Disposable {
  // Numbers stay as they stand in the control array; a bigint is made when it is asked for.
  readonly #hold = u32[HOLD];
  readonly #pool = u32[POOL];
  readonly #slot = u32[SLOT];
  readonly #generation = u32[GENERATION];
  // Signed, because V8 keeps only numbers below 2^31 without a box.
  readonly #sentLow = u32[SENT_NS] | 0;
  readonly #sentHigh = u32[SENT_NS + 1];
  #state: number;
  readonly #tally: Tally;
  readonly #label: Label | null;
  #view: TypedArray | null = null;
  #guard: Guard | null = null;

  /** The frame that the control array names. @internal */
  protected constructor(state: number, tally: Tally, label: Label | null) {
    this.#state = state;
    this.#tally = tally;
    this.#label = label ?? (state === LOANED ? new Label() : null);
  }

  /** Whether the pixels are gone from here: the frame was released or sent. */
  get released(): boolean {
    return this.#state >= SENT;
  }

  /** Name of the sensor or coordinate frame, at most 63 bytes of UTF-8; `''` where not set. */
  get frameId(): string {
    assertHeld(this);
    return this.#label?.frameId ?? headerFrameId(this.#pool, this.#slot);
  }

  /**
   * When the frame was taken, nanoseconds since the Unix epoch; `0n` before it is sent: `send`
   * puts the current time there.
   */
  get timestampNs(): bigint {
    assertHeld(this);
    return this.#label?.timestampNs ?? headerStamp(this.#pool, this.#slot);
  }

  /** Number given by the device, else by the publisher's ring; 0 before it is sent. */
  get sequence(): number {
    assertHeld(this);
    return this.#label?.sequence ?? headerSequence(this.#pool, this.#slot);
  }

  /**
   * When the frame was sent, nanoseconds of the monotonic clock that `process.hrtime.bigint()`
   * reads; `0n` before it is sent.
   */
  get sentNs(): bigint {
    assertHeld(this);
    const from = this.#label;
    const [low, high] = from ? [from.sentLow, from.sentHigh] : [this.#sentLow, this.#sentHigh];
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }

  /**
   * Names the sensor or coordinate frame: at most 63 bytes of UTF-8. Gives the frame back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for anything longer, `ERR_FRAMELANE_FROZEN` for a
   * frame received or sent, `ERR_FRAMELANE_RELEASED`.
   */
  setFrameId(frameId: string): this {
    const label = labelToWrite(this, 'setFrameId');
    label.frameId = checkFrameId(frameId);
    return this;
  }

  /**
   * Says when the frame was taken: nanoseconds since the Unix epoch, as a bigint or a safe
   * integer. `0n` means: when it is sent. Gives the frame back.
   *
   * Throws as `setFrameId` does.
   */
  setTimestampNs(timestampNs: bigint | number): this {
    const label = labelToWrite(this, 'setTimestampNs');
    label.timestampNs = checkTimestamp(timestampNs);
    return this;
  }

  /**
   * Gives the frame back; the last release frees its slot. Views on it must not be used any more.
   * Releasing again does nothing but is counted (`topic.stats().extraReleases`); after `send`
   * there is nothing to release.
   */
  release(): void {
    if (this.#state <= RECEIVED) {
      this.#state = RELEASED;
      this.#view = null;
      if (this.#guard !== null) unguard(this.#guard);
      if (hot.release(this.#hold) === 0) this.#tally.extraReleases++;
    } else if (this.#state === RELEASED) {
      this.#tally.extraReleases++;
    }
  }

  /** Gives the frame back unless that has been done: `using frame = await topic.recv()`. */
  [Symbol.dispose](): void {
    if (this.#state <= RECEIVED) this.release();
  }

  static {
    // A view made before the frame was sent could still write.
    viewOf = (frame) => (frame.#label?.sent === true ? null : frame.#view);
    openView = (frame, row, byteLength) => {
      assertReadable(frame);
      const pool = poolToRead(frame);
      if (views.memory === COPIES) return copiedView(frame, row, byteLength);
      if (frame.#tally.guard ?? views.guard) return guardedView(frame, row, byteLength);
      return (frame.#view = viewSlot(pool, frame.#slot, row, byteLength));
    };
    rawBytesOf = (frame, byteLength) => {
      assertReadable(frame);
      const pool = poolToRead(frame);
      if (views.memory === COPIES) return pixelsOf(frame, byteLength);
      return bytesOfSlot(pool, frame.#slot, byteLength);
    };
    poolToRead = (frame) => {
      const label = frame.#label;
      if (label?.sent !== true) return frame.#pool;
      if (label.readPool < 0) label.readPool = calling(() => load().receivedPool(frame.#hold));
      return label.readPool;
    };
    holdOf = (frame) => {
      assertReadable(frame);
      settle(frame);
      return frame.#hold;
    };
    holdToWrite = (frame, action) => {
      labelToWrite(frame, action);
      return frame.#hold;
    };
    slotFilled = (frame) => {
      if (frame.#label !== null) slotWritten(frame.#label, frame.#pool, frame.#slot);
    };
    markCopied = (frame) => {
      if (frame.#label !== null) frame.#label.copied = true;
    };
    assertHeld = (frame) => {
      if (frame.#state === RELEASED) throw gone(frame, 'released');
    };
    assertReadable = (frame) => {
      if (frame.#state >= SENT) throw gone(frame, frame.#state === SENT ? 'sent' : 'released');
    };
    labelToWrite = (frame, action) => {
      assertHeld(frame);
      const label = frame.#label;
      if (label === null || label.sent || frame.#state === SENT) {
        throw frozen(frame, action, label !== null);
      }
      return label;
    };
  }

  // What stands behind `data` where it is not the slot's own buffer.
  static {
    guardedView = (frame, row, byteLength) => {
      const kept = frame.#guard;
      if (kept !== null) {
        if (kept.buffer.byteLength > 0 && frame.#view !== null) return frame.#view;
        unguard(kept);
      }
      const guard = guardSlot(poolToRead(frame), frame.#slot, byteLength);
      frame.#guard = guard;
      const label = frame.#label;
      if (label !== null && !label.sent) (label.guards ??= []).push(guard);
      return (frame.#view = viewOn(guard.buffer, row, byteLength));
    };
    copiedView = (frame, row, byteLength) => {
      const { buffer } = pixelsOf(frame, byteLength);
      const label = frame.#label;
      if (label === null) frame.#tally.copied++;
      else if (frame.#view?.buffer === buffer) return frame.#view;
      return (frame.#view = viewOn(buffer, row, byteLength));
    };
    pixelsOf = (frame, byteLength) => {
      const label = frame.#label;
      const place = { pool: poolToRead(frame), slot: frame.#slot, byteLength };
      if (label === null) return readSlot(place);
      if (!label.sent) return copyToWrite(label, place);
      if (label.copy !== null && label.copy.length > 0) return label.copy;
      frame.#tally.copied++;
      return (label.copy = readSlot(place));
    };
    endViews = (label) => {
      label.copy = null;
      if (label.guards !== null) label.guards.splice(0).forEach(unguard);
    };
    settle = (frame) => {
      const label = frame.#label;
      if (label === null || label.sent) return;
      if (writeBack(label, frame.#pool, frame.#slot)) label.copied = true;
    };
  }

  static {
    // Not a declared member: only what a queue with `ack: 'manual'` hands out has it in its type.
    const ack = function (this: Frame): boolean {
      assertReadable(this);
      const status = hot.ack(this.#hold);
      if (status < 0) throw errorOf(status);
      return status === 1;
    };
    Object.defineProperty(this.prototype, 'ack', { value: ack, writable: true });
    retainInControl = (frame) => {
      assertReadable(frame);
      const hold = hot.retain(frame.#hold);
      if (hold < 0) throw errorOf(hold);
      u32[HOLD] = hold;
      u32[POOL] = frame.#pool;
      u32[SLOT] = frame.#slot;
      u32[GENERATION] = frame.#generation;
      u32[SENT_NS] = frame.#sentLow;
      u32[SENT_NS + 1] = frame.#sentHigh;
      return { state: frame.#state, tally: frame.#tally, label: frame.#label };
    };
    sendFrame = (frame, topic, tally, describe) => {
      assertReadable(frame);
      const label = frame.#label;
      if (label === null || label.sent) return hot.send(topic, frame.#hold);
      settle(frame);
      writeLabel(label);
      describe(frame);
      const status = hot.send(topic, frame.#hold);
      if (status < 0) return status;
      frame.#state = SENT;
      frame.#view = null;
      if (frame.#guard !== null) unguard(frame.#guard);
      if (status === PUBLISHED) {
        endViews(label);
        readLabel(label);
        if (label.copied) tally.copied++;
      }
      return status;
    };
    whereabouts = (frame) => {
      const at = `slot ${frame.#slot}#${frame.#generation}`;
      if (frame.#state === RELEASED) return 'released';
      const label = frame.#label;
      const id = frame.frameId === '' ? at : `${at} ${JSON.stringify(frame.frameId)}`;
      if (label !== null && !label.sent) return `${id} not sent`;
      return frame.#state === SENT ? `${id} sent ${age(frame)} ago` : `${id} ${age(frame)} old`;
    };
  }
}

const encoder = new TextEncoder();
const frameIdBytes = u8.subarray(FRAME_ID * 4, FRAME_ID * 4 + FRAME_ID_MAX);
// The frame id that stands in the control array; nobody else writes there.
let writtenId = '';
let writtenLength = 0;

function writeLabel(label: Label): void {
  if (label.frameId !== writtenId) {
    writtenId = label.frameId;
    writtenLength = encoder.encodeInto(writtenId, frameIdBytes).written;
  }
  u32[FRAME_ID_LEN] = writtenLength;
  i64[STAMP_NS / 2] = label.timestampNs;
  f64[SEQUENCE / 2] = label.sequence;
}

/** What the native side has filled in while it sent. */
function readLabel(label: Label): void {
  label.sent = true;
  label.sentLow = u32[SENT_NS];
  label.sentHigh = u32[SENT_NS + 1];
  label.sequence = f64[FRAME / 2];
  if (label.timestampNs === 0n) label.timestampNs = i64[STAMP_NS / 2];
}

function gone(frame: Frame, how: 'released' | 'sent'): FramelaneError {
  const name = frame.constructor.name;
  const advice =
    how === 'sent'
      ? `send(${name.toLowerCase()}.retain()) goes on holding it`
      : 'use it before release(), or hold it longer with retain()';
  return new FramelaneError(
    'ERR_FRAMELANE_RELEASED',
    `this ${name} has been ${how}, its slot may hold another frame by now; ${advice}`,
  );
}

function frozen(frame: Frame, action: string, own: boolean): FramelaneError {
  const name = frame.constructor.name;
  return new FramelaneError(
    'ERR_FRAMELANE_FROZEN',
    `${action}: this ${name} was ${own ? 'sent' : 'received'} and others read it; ` +
      'change a copy: clone()',
  );
}

/** The time since a frame was sent, in words. */
function age(frame: Frame): string {
  const ms = Number(process.hrtime.bigint() - frame.sentNs) / 1e6;
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
