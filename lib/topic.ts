/** `Topic`: a named channel on which processes send each other frames of one kind. */
import { checkInteger, checkOptions, invalid } from './check.js';
import { HELD_MAX } from './config.js';
import type { Encoding } from './encoding.js';
import { FramelaneError } from './errors.js';
import { HISTORY_MAX } from './generated/layout.js';
import type { Image, ImageFrame, ReceivedImage } from './image.js';
import { FrameIterator } from './iterate.js';
import { frameType, type Frame, type FrameClass, type FrameType } from './lease.js';
import { checkTopicName } from './name.js';
import type { ImageShape } from './shape.js';
import { Subscription, type Waiter } from './subscription.js';

/** A frame as a topic hands it out: read-only. */
export type Received<T> = T extends ImageFrame<infer E, unknown> ? ReceivedImage<E> : never;

/** Settings of one topic object. */
export interface TopicOptions {
  /**
   * How many frames this process, as a publisher, keeps for slow subscribers, 1 to 64.
   * Default 8, or 4 for frames above 1 MiB.
   */
  depth?: number;
  /** How many frames sent before this object was made it still gets, 0 to 64. Default 1. */
  history?: number;
  /** Most frames received here and not released. Default 16. */
  maxHeld?: number;
}

/** What of an `AbortSignal` is used; every real one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** How long `recv` waits. */
export interface RecvOptions {
  /** Ends the wait; `recv` rejects with the signal's reason. */
  signal?: AbortSignalLike;
  /** Milliseconds until `recv` rejects with `ERR_FRAMELANE_TIMEOUT`; 0: do not wait. */
  timeoutMs?: number;
}

/** A process that can send on a topic. */
export interface PublisherStats {
  /** Which of the topic's publisher entries it has. */
  readonly entry: number;
  readonly process: string;
  readonly pid: number;
  /** Frames it has sent. */
  readonly sent: number;
  /** Frames it let go before their time because memory was short. */
  readonly evictedEarly: number;
  /** Frames it keeps for slow subscribers; 0 before its first. */
  readonly depth: number;
  /** `false`: it has died or left, its frames are still there. */
  readonly alive: boolean;
}

/** A process that waits for frames of a topic. */
export interface SubscriberStats {
  readonly entry: number;
  readonly process: string;
  readonly pid: number;
}

/** A pool of slots that this process uses. */
export interface PoolStats {
  readonly id: string;
  readonly slots: number;
  /** Bytes a slot has for pixels. */
  readonly slotBytes: number;
  /** Slots with memory behind them; `null` where only the owner knows. */
  readonly backed: number | null;
  /** Slots that nobody uses; `null` where only the owner knows. */
  readonly free: number | null;
  /** Whether this process owns it. */
  readonly mine: boolean;
  /** Who holds how many slots. */
  readonly holders: readonly { process: string; pid: number; slots: number }[];
}

/** What `topic.stats()` tells. All counts are of this topic object, from its beginning. */
export interface TopicStats {
  /** Frames sent. */
  readonly sent: number;
  /** Frames received. */
  readonly received: number;
  /** Frames that were gone before this subscriber could take them: it was too slow. */
  readonly lapped: number;
  /** Frames passed over by `newest()`. */
  readonly skipped: number;
  /** Descriptors refused because what they said could not be true. */
  readonly rejected: number;
  /** Frames that were dropped before their time because memory was short. */
  readonly evictedEarly: number;
  /** Frames received and not released. */
  readonly held: number;
  /** Frames loaned and neither sent nor released. */
  readonly loaned: number;
  /** Frames sent whose pixels the library had to copy: by `fromBytes` or `clone`. */
  readonly copied: number;
  /** Calls of `release()` on frames that had been released. */
  readonly extraReleases: number;
  readonly publishers: readonly PublisherStats[];
  readonly subscribers: readonly SubscriberStats[];
  readonly pools: readonly PoolStats[];
}

/** Longest time that a timer takes. */
const TIMEOUT_MAX = 2 ** 31 - 1;

/**
 * A named channel of frames. Everybody who opens the name sees every frame sent from then on,
 * whichever process sent it, this one included; nothing is copied. A slow subscriber is passed
 * by once it is further behind than the publisher's `depth`, and `stats().lapped` counts it.
 *
 * @example
 * const topic = new Topic(Image, 'camera.front');
 * for await (const image of topic) {
 *   console.log(image.width, image.data[0]);
 * } // each image is given back when the next is asked for
 */
export class Topic<T extends Frame = Image> implements AsyncIterable<Received<T>>, AsyncDisposable {
  readonly #type: FrameType<T>;
  readonly #subscription: Subscription<T>;

  /**
   * Opens a topic, or makes it. Names are parts of `[a-z0-9][a-z0-9._-]{0,63}` joined by `/`;
   * without one it is the lower-case name of the class: `'image'`.
   *
   * Throws `ERR_FRAMELANE_INVALID_NAME`, `…_INVALID_ARGUMENT`, `…_TOPIC_MISMATCH` where the topic
   * carries another kind, `…_LAYOUT_VERSION`, `…_CORRUPT`, `…_LIMIT`, `…_NO_SPACE`,
   * `…_PERMISSION`, `…_UNSUPPORTED_PLATFORM`.
   */
  constructor(type: FrameClass<T>, name?: string, options?: TopicOptions) {
    this.#type = checkClass(type);
    const topicName = checkTopicName(name ?? this.#type.name.toLowerCase());
    const given = checkOptions(options, ['depth', 'history', 'maxHeld'], 'Topic');
    const { depth, history = 1, maxHeld } = given;
    this.#subscription = new Subscription(
      this.#type,
      topicName,
      depth === undefined ? 0 : checkInteger(depth, 'depth', 1, HISTORY_MAX),
      checkInteger(history, 'history', 0, HISTORY_MAX),
      maxHeld === undefined ? 0 : checkInteger(maxHeld, 'maxHeld', 1, HELD_MAX),
    );
  }

  /** The topic's name. */
  get name(): string {
    return this.#subscription.name;
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.#subscription.closed;
  }

  /**
   * Sends a frame and gives it away: nothing is left to release, its `data` throws from now on.
   * To go on using it: `topic.send(frame.retain())`. Never waits.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for what is no frame of this kind, for a received one
   * and for one that was sent already; `ERR_FRAMELANE_RELEASED`, `ERR_FRAMELANE_LIMIT`,
   * `ERR_FRAMELANE_CLOSED`. The frame is yours still after an error.
   */
  send(frame: T): void {
    const type = this.#type;
    if (!type.owns(frame)) throw invalid('send', `a frame of the class ${type.name}`, frame);
    this.#subscription.send(frame);
  }

  /**
   * An empty frame in shared memory, to be filled in place and sent: no copy at all. What is in
   * it is unspecified, in general an older picture. Size in pixels; `encoding` is `'rgb8'` where
   * it is left out.
   *
   * Throws what `new Image` throws, and `ERR_FRAMELANE_CLOSED`.
   */
  loan(options: Omit<ImageShape, 'encoding'> & { encoding?: undefined }): Image<'rgb8'>;
  loan<E extends Encoding>(options: ImageShape<E>): Image<E>;
  loan(options: unknown): unknown {
    return this.#subscription.loan(options);
  }

  /**
   * The next frame, or `null` where there is none. It must be given back: `release()` or `using`.
   *
   * Throws `ERR_FRAMELANE_TOO_MANY_HELD`, `ERR_FRAMELANE_CLOSED`.
   */
  tryRecv(): Received<T> | null {
    this.#subscription.assertOpen('tryRecv');
    return this.#subscription.receive(0) as Received<T> | null;
  }

  /**
   * The next frame, waiting for it. It must be given back: `release()` or `using`. Several waits
   * are served in the order of asking. A wait keeps the process alive, see `unref`.
   *
   * Rejects with the signal's reason, `ERR_FRAMELANE_TIMEOUT`, `ERR_FRAMELANE_TOO_MANY_HELD`,
   * `ERR_FRAMELANE_LIMIT`, `ERR_FRAMELANE_CLOSED`.
   */
  recv(options?: RecvOptions): Promise<Received<T>> {
    try {
      this.#subscription.assertOpen('recv');
      const { signal, timeoutMs } = checkRecvOptions(options);
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      const subscription = this.#subscription;
      const frame = timeoutMs === 0 ? subscription.receive(0) : subscription.take(0);
      if (frame !== null) return Promise.resolve(frame as unknown as Received<T>);
      if (timeoutMs === 0) return Promise.reject(timeoutError(this.name, 0));
      return new Promise<T>((resolve, reject) => {
        const wait = new Wait<T>(subscription, resolve, reject, signal);
        subscription.wait(wait);
        wait.limit(timeoutMs);
      }) as Promise<unknown> as Promise<Received<T>>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The newest frame that is still there, received before or not, or `null`. What comes next by
   * `recv` stays the same. It must be given back.
   *
   * Throws as `tryRecv` does.
   */
  latest(): Received<T> | null {
    this.#subscription.assertOpen('latest');
    return this.#subscription.latest() as Received<T> | null;
  }

  /**
   * Every frame in order. The previous one is given back when the next is asked for and when the
   * loop ends; `retain()` or `clone()` what is to live longer. Ends when `close()` is called.
   *
   * Throws `ERR_FRAMELANE_CLOSED` where the topic object is closed already.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Received<T>> {
    return this.#iterate(0);
  }

  /**
   * As the loop over the topic itself, but each step gives the newest frame: what was passed over
   * is counted as `skipped`.
   *
   * @example
   * for await (const image of topic.newest()) await detect(image);
   */
  newest(): AsyncIterableIterator<Received<T>> {
    return this.#iterate(1);
  }

  #iterate(newest: 0 | 1): AsyncIterableIterator<Received<T>> {
    this.#subscription.assertOpen('for await');
    const iterator: unknown = new FrameIterator(this.#subscription, newest);
    return iterator as AsyncIterableIterator<Received<T>>;
  }

  /** Counts, and who takes part. Throws `ERR_FRAMELANE_CLOSED`. */
  stats(): TopicStats {
    return this.#subscription.stats() as TopicStats;
  }

  /** Keeps the process alive until `close()`, even while nothing is waited for. */
  ref(): this {
    this.#subscription.setLiveness('always');
    return this;
  }

  /** From now on a wait on this topic object does not keep the process alive. */
  unref(): this {
    this.#subscription.setLiveness('never');
    return this;
  }

  /**
   * Leaves the topic: waits are rejected with `ERR_FRAMELANE_CLOSED`, loops end, all other calls
   * throw it from now on. Frames that are held stay valid until they are released. Closing again
   * does nothing.
   */
  close(): void {
    this.#subscription.close();
  }

  /** `await using topic = new Topic(…)` closes it at the end of the scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      this.close();
      resolve();
    });
  }

  static {
    const inspect = Symbol.for('nodejs.util.inspect.custom');
    const text = function (this: unknown): string {
      if (typeof this !== 'object' || this === null || !(#type in this)) return 'Topic {}';
      const { name, closed } = this as Topic<Frame>;
      const kind = (this as Topic<Frame>).#type.name;
      return `Topic ${kind} ${JSON.stringify(name)}${closed ? ' closed' : ''}`;
    };
    Object.defineProperty(this.prototype, inspect, { value: text });
  }
}

/** One call of `recv` that has to wait. */
class Wait<T extends Frame> implements Waiter<T> {
  readonly newest = 0;
  readonly #subscription: Subscription<T>;
  readonly #resolve: (frame: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignalLike | undefined;
  readonly #abort: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settled = false;

  constructor(
    subscription: Subscription<T>,
    resolve: (frame: T) => void,
    reject: (error: unknown) => void,
    signal: AbortSignalLike | undefined,
  ) {
    this.#subscription = subscription;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#abort = () => this.#giveUp(signal?.reason);
    signal?.addEventListener('abort', this.#abort);
  }

  /** Begins to count the time; after `Subscription.wait`, which may have failed at once. */
  limit(timeoutMs: number | undefined): void {
    if (this.#settled || timeoutMs === undefined) return;
    this.#timer = setTimeout(() => this.#expire(timeoutMs), timeoutMs);
    // The wait itself keeps the process alive, or does not.
    this.#timer.unref();
  }

  #expire(timeoutMs: number): void {
    // A frame may be there already when both fall into one turn of the event loop.
    this.#subscription.drain();
    if (!this.#settled) this.#giveUp(timeoutError(this.#subscription.name, timeoutMs));
  }

  #giveUp(error: unknown): void {
    this.#subscription.cancel(this);
    this.fail(error);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  deliver(frame: T): void {
    this.#settle();
    this.#resolve(frame);
  }

  fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  close(): void {
    this.fail(this.#subscription.closedError('recv'));
  }
}

function timeoutError(name: string, timeoutMs: number): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_TIMEOUT',
    `recv: no frame came on the topic ${JSON.stringify(name)} within ${timeoutMs} ms; ` +
      'is a publisher running, in the same namespace?',
  );
}

function checkRecvOptions(options: unknown): RecvOptions {
  if (options === undefined) return {};
  const { signal, timeoutMs } = checkOptions(options, ['signal', 'timeoutMs'], 'recv');
  const checked: RecvOptions = {};
  if (signal !== undefined) checked.signal = checkSignal(signal);
  if (timeoutMs !== undefined) checked.timeoutMs = checkTimeout(timeoutMs);
  return checked;
}

function checkSignal(value: unknown): AbortSignalLike {
  const signal = value as AbortSignalLike | null;
  if (typeof signal === 'object' && typeof signal?.addEventListener === 'function') return signal;
  throw invalid('signal', 'an AbortSignal', value);
}

function checkTimeout(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= TIMEOUT_MAX) return value;
  throw invalid('timeoutMs', `milliseconds from 0 to ${TIMEOUT_MAX}`, value);
}

function checkClass<T>(value: unknown): FrameType<T> {
  if (typeof value === 'function' && frameType in value) return value[frameType] as FrameType<T>;
  throw invalid('Topic', 'a class of frames as the first argument: new Topic(Image)', value);
}
