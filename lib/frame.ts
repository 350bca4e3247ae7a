/**
 * `Frame`: what users see of a lease, the same for all kinds of frames. Its lease is its only
 * field, under a symbol, and the classes of frames add none: then V8 makes a frame in 12 ns.
 */
import { checkOptions } from './check.js';
import { kinds } from './generated/layout.js';
import { Tally } from './leak.js';
import {
  acknowledge,
  assertHeld,
  release,
  RECEIVED,
  RELEASED,
  retained,
  SENT,
  setFrameId,
  setTimestampNs,
  type Lease,
} from './lease.js';
import { headerFrameId, headerSequence, headerStamp } from './view.js';

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

/** First argument of a frame's constructor when the second is its lease. */
export const FROM_LEASE = Symbol('from lease');
/** For the frames of no topic. */
export const UNBOUND_FRAMES = new Tally(null, null);

/** Where a frame has its lease. */
export const LEASE: unique symbol = Symbol('framelane.lease');

/**
 * How a topic deals with frames of one class; each class has one under the key `frameType`. `W` is
 * what a new frame is to be, checked.
 */
export interface FrameType<T, W = unknown> {
  /** The name users see, and that of the kind. */
  readonly name: keyof typeof kinds;
  /** Options of `prepare`. */
  readonly sizeKeys: readonly string[];
  /** Options of `loan`. */
  readonly loanKeys: readonly string[];
  /** A frame from known options. */
  read(options: object): W;
  /** Bytes of a slot for such a frame. */
  bytesFor(wanted: W): number;
  /** Bytes of a frame; throws `ERR_FRAMELANE_RELEASED`. */
  bytesOf(lease: Lease): number;
  /** Takes an empty slot for a topic. */
  take(topic: number, tally: Tally, wanted: W): Lease;
  /** The frame with that lease. */
  make(lease: Lease): T;
  /** The frame that the control array names. Says `new` itself, which V8 inlines then. */
  receive(tally: Tally): T;
  /** Whether a value is a frame of this class. */
  owns(value: unknown): value is Frame;
}

/** Bytes of a frame of the options that `prepare` was given. */
export function bytesToPrepare(type: FrameType<unknown>, options: unknown): number {
  return type.bytesFor(type.read(checkOptions(options, type.sizeKeys, 'prepare')));
}

/** An empty frame for a topic, of the options that `loan` was given. */
export function loanOf<T>(type: FrameType<T>, topic: number, tally: Tally, options: unknown): T {
  const wanted = type.read(checkOptions(options, type.loanKeys, 'loan'));
  return type.make(type.take(topic, tally, wanted));
}

/** Where a class of frames keeps its `FrameType`. */
export const frameType: unique symbol = Symbol('framelane.frameType');

/** Makes `util.inspect` and `console.log` show the frames of a class as that text. */
export function inspectedAs(prototype: object, text: (this: unknown) => string): void {
  const inspect = Symbol.for('nodejs.util.inspect.custom');
  Object.defineProperty(prototype, inspect, { value: text });
}

/** A class of frames that a topic can carry. */
export interface FrameClass<T> {
  readonly [frameType]: FrameType<T>;
}

/** The lease of a frame; throws `ERR_FRAMELANE_RELEASED` for one given back. */
export function held(frame: Frame): Lease {
  const lease = frame[LEASE];
  assertHeld(lease);
  return lease;
}

/** A hold on a slot; the base of all frame classes. */
export abstract class Frame implements Disposable {
  /** @internal */
  // Declared only: a field of its own would need a function that defines it.
  declare readonly [LEASE]: Lease;

  /** @internal */
  protected constructor(lease: Lease) {
    this[LEASE] = lease;
  }

  /** Whether the pixels are gone from here: the frame was released or sent. */
  get released(): boolean {
    return this[LEASE].state >= SENT;
  }

  /** Name of the sensor or coordinate frame, at most 63 bytes of UTF-8; `''` where not set. */
  get frameId(): string {
    const { label, pool, slot } = held(this);
    return label?.frameId ?? headerFrameId(pool, slot);
  }

  /**
   * When the frame was taken, nanoseconds since the Unix epoch; `0n` before it is sent: `send`
   * puts the current time there.
   */
  get timestampNs(): bigint {
    const { label, pool, slot } = held(this);
    return label?.timestampNs ?? headerStamp(pool, slot);
  }

  /** Number given by the device, else by the publisher's ring; 0 before it is sent. */
  get sequence(): number {
    const { label, pool, slot } = held(this);
    return label?.sequence ?? headerSequence(pool, slot);
  }

  /**
   * When the frame was sent, nanoseconds of the monotonic clock that `process.hrtime.bigint()`
   * reads; `0n` before it is sent.
   */
  get sentNs(): bigint {
    const lease = held(this);
    const { sentLow, sentHigh } = lease.label ?? lease;
    return (BigInt(sentHigh) << 32n) | BigInt(sentLow >>> 0);
  }

  /**
   * Names the sensor or coordinate frame: at most 63 bytes of UTF-8. Gives the frame back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for anything longer, `ERR_FRAMELANE_FROZEN` for a
   * frame received or sent, `ERR_FRAMELANE_RELEASED`.
   */
  setFrameId(frameId: string): this {
    setFrameId(this[LEASE], frameId);
    return this;
  }

  /**
   * Says when the frame was taken: nanoseconds since the Unix epoch, as a bigint or a safe
   * integer. `0n` means: when it is sent. Gives the frame back.
   *
   * Throws as `setFrameId` does.
   */
  setTimestampNs(timestampNs: bigint | number): this {
    setTimestampNs(this[LEASE], timestampNs);
    return this;
  }

  /** Where the values are: always `'cpu'`. */
  get device(): 'cpu' {
    held(this);
    return 'cpu';
  }

  /** Whether the values are in memory that the processor reads: always. */
  isCpu(): boolean {
    return this.device === 'cpu';
  }

  /**
   * Another frame object on the same slot, which is released for itself: to hold a frame longer
   * than the loop that received it, or to go on holding what is sent.
   *
   * Throws `ERR_FRAMELANE_RELEASED`, `ERR_FRAMELANE_TOO_MANY_HELD`.
   */
  retain(): this {
    return sibling(this, retained(this[LEASE]));
  }

  /**
   * Gives the frame back; the last release frees its slot. Views on it must not be used any more.
   * Releasing again does nothing but is counted (`topic.stats().extraReleases`); after `send`
   * there is nothing to release.
   */
  release(): void {
    release(this[LEASE]);
  }

  /** Gives the frame back unless that has been done: `using frame = await topic.recv()`. */
  [Symbol.dispose](): void {
    if (this[LEASE].state <= RECEIVED) release(this[LEASE]);
  }

  static {
    // Not a declared member: only what a queue with `ack: 'manual'` hands out has it in its type.
    const ack = function (this: Frame): boolean {
      return acknowledge(this[LEASE]);
    };
    Object.defineProperty(this.prototype, 'ack', { value: ack, writable: true });
  }
}

/** A frame object of the same class with another lease. */
export function sibling<F extends Frame>(frame: F, lease: Lease): F {
  const { constructor } = frame as unknown as {
    constructor: new (first: symbol, second: Lease) => F;
  };
  return new constructor(FROM_LEASE, lease);
}

/** Slot, frame id and age in words, for `util.inspect`. */
export function whereabouts(frame: Frame): string {
  const { slot, generation, state, label } = frame[LEASE];
  const at = `slot ${slot}#${generation}`;
  if (state === RELEASED) return 'released';
  const id = frame.frameId === '' ? at : `${at} ${JSON.stringify(frame.frameId)}`;
  if (label !== null && !label.sent) return `${id} not sent`;
  return state === SENT ? `${id} sent ${age(frame)} ago` : `${id} ${age(frame)} old`;
}

/** The time since a frame was sent, in words. */
function age(frame: Frame): string {
  const ms = Number(process.hrtime.bigint() - frame.sentNs) / 1e6;
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
