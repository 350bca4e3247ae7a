/** What topics and queues have in common: sending, receiving, waiting, ending. */
import { checkBoolean, checkInteger, checkOptions, checkWord, invalid } from './check.js';
import { guardOfShared, HELD_MAX, SPIN_US_MAX } from './config.js';
import { FramelaneError } from './errors.js';
import { HISTORY_MAX, modes } from './generated/layout.js';
import { NO_HOLD } from './hot.js';
import { FrameIterator } from './iterate.js';
import { frameType, LEASE, type Frame, type FrameType } from './frame.js';
import { trace } from './leak.js';
import { watched } from './lease.js';
import type { LoanOf, SizeOf } from './kinds.js';
import { Call, type AbortSignalLike } from './line.js';
import { checkTopicName } from './name.js';
import { load, SHARED, views } from './native.js';
import { Departure } from './outbox.js';
import {
  sendFrom,
  type ByteSource,
  type EndFeed,
  type SendFromOptions,
  type Target,
} from './send-from.js';
import { checkSignal, checkTimeout } from './signal.js';
import type { TopicStats } from './stats.js';
import { Subscription } from './subscription.js';
import { Visit } from './visit.js';

/** What happens to a frame for which a subscriber has no room. */
export type Overflow = keyof typeof modes.topic;

/** How long `recv` and `sendWhenReady` wait. */
export interface WaitOptions {
  /** Ends the wait, which is rejected with the signal's reason. */
  signal?: AbortSignalLike;
  /**
   * Milliseconds until the wait is rejected, `recv` with `ERR_FRAMELANE_TIMEOUT`, `sendWhenReady`
   * with `ERR_FRAMELANE_BACKPRESSURE`; 0: do not wait.
   */
  timeoutMs?: number;
}

/** What topics and queues can be given. */
interface Options {
  depth?: unknown;
  history?: unknown;
  maxHeld?: unknown;
  overflow?: unknown;
  spinUs?: unknown;
  guard?: unknown;
}

/** The base of `Topic` and `Queue`; `R` is what is received. */
export abstract class Channel<T extends Frame, R> implements AsyncIterable<R>, AsyncDisposable {
  readonly #what: string;
  readonly #type: FrameType<T>;
  readonly #subscription: Subscription<T>;
  /** The calls of `sendFrom` that have not ended. */
  readonly #feeds = new Set<EndFeed>();

  /** @internal */
  protected constructor(
    what: 'Topic' | 'Queue',
    type: unknown,
    name: unknown,
    delivery: keyof typeof modes,
    options: Options,
  ) {
    this.#what = what;
    this.#type = checkClass(type, what);
    const { depth, history = 0, maxHeld, overflow, spinUs, guard } = options;
    const full = checkWord(overflow, 'overflow', modes[delivery]);
    this.#subscription = new Subscription(this.#type, {
      name: checkTopicName(name ?? this.#type.name.toLowerCase()),
      depth: depth === undefined ? 0 : checkInteger(depth, 'depth', 1, HISTORY_MAX),
      history: checkInteger(history, 'history', 0, HISTORY_MAX),
      maxHeld: maxHeld === undefined ? 0 : checkInteger(maxHeld, 'maxHeld', 1, HELD_MAX),
      mode: modes[delivery][full],
      blocks: full === 'block',
      spinUs: spinUs === undefined ? -1 : checkInteger(spinUs, 'spinUs', 0, SPIN_US_MAX),
      guard: guard === undefined ? null : checkGuard(guard),
    });
  }

  /** The name. */
  get name(): string {
    return this.#subscription.name;
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.#subscription.closed;
  }

  /**
   * Sends a frame and gives it away: nothing is left to release, its `data` throws from now on.
   * To go on using it: `send(frame.retain())`. Never waits. Where there is no room and overflow is
   * `'drop-newest'`, the frame is dropped and counted (`stats().dropped`).
   *
   * A received frame, or one kept of a frame sent before, is sent on without a copy (a relay):
   * it stays yours to release, and keeps its frame id, time stamp and sequence number. Frames
   * relayed stay readable while this object keeps them (`depth`) or somebody holds them.
   *
   * Throws `ERR_FRAMELANE_BACKPRESSURE` where overflow is `'block'` and a subscriber, which the
   * text names, has no room; `ERR_FRAMELANE_TOPIC_REMOVED` once where the topic's files have been
   * removed, the next call opens it anew; `ERR_FRAMELANE_INVALID_ARGUMENT` for what is no frame of
   * this kind; `ERR_FRAMELANE_RELEASED`, `ERR_FRAMELANE_LIMIT`, `ERR_FRAMELANE_CLOSED`. The frame
   * is yours still after an error.
   */
  send(frame: T): void {
    this.#subscription.send(this.#checkFrame(frame, 'send'));
  }

  /**
   * Sends a frame as `send` does, as soon as every subscriber has room; at once unless overflow
   * is `'block'`. Several waits are served in the order of asking. While it waits the frame must
   * be left alone; a wait keeps the process alive, see `unref`.
   *
   * Rejects with the signal's reason; after `timeoutMs` with `ERR_FRAMELANE_BACKPRESSURE`, which
   * names the subscriber that has no room; and with what `send` throws. The frame is yours still
   * then.
   *
   * @example
   * for (let n = 0; n < 100; n++) {
   *   const image = topic.loan({ width: 640, height: 480 });
   *   await topic.sendWhenReady(image, { timeoutMs: 5000 });
   * }
   */
  sendWhenReady(frame: T, options?: WaitOptions): Promise<void> {
    try {
      const subscription = this.#subscription;
      subscription.assertOpen('sendWhenReady');
      const cargo = this.#checkFrame(frame, 'sendWhenReady');
      const { signal, timeoutMs } = checkWaitOptions(options, 'sendWhenReady');
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      if (timeoutMs === 0) {
        subscription.send(cargo);
        return Promise.resolve();
      }
      const { outbox } = subscription;
      if (outbox.send(cargo)) return Promise.resolve();
      const bytes = subscription.bytesOf(cargo);
      return new Promise((resolve, reject) => {
        const departure = new Departure(outbox, { frame: cargo, bytes }, resolve, reject, signal);
        outbox.wait(departure);
        departure.limit(timeoutMs);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends the frames of a stream of bytes, such as the output of ffmpeg or GStreamer: rows without
   * padding, frame after frame, in pieces of any size. Each byte is copied once, into the slot
   * that is sent; a frame is sent, as `sendWhenReady` does it, when its last byte has come, and
   * while it waits for room the stream is not read. Resolves at the stream's end with the number
   * of frames sent, those dropped with `'drop-newest'` among them. Size in pixels; `encoding` is
   * `'rgb8'` where it is left out.
   *
   * The stream is a `Readable`, a web `ReadableStream` or any async iterable. As with `for await`,
   * where the call ends before the stream does, the stream is given up: a `Readable` is destroyed
   * without an error, which ends a child process that writes to it; a `ReadableStream` is
   * cancelled; an iterator's `return()` is called. Arguments that are wrong leave it alone.
   *
   * Rejects with `ERR_FRAMELANE_INVALID_LENGTH` where the stream ends within a frame, those before
   * it being sent; with the stream's own error, which comes after the frames before it; with
   * `ERR_FRAMELANE_INVALID_ARGUMENT` for pieces that are no bytes; with the signal's reason; with
   * `ERR_FRAMELANE_CLOSED` when the object is closed meanwhile; and with what `loan` and
   * `sendWhenReady` throw. No frame is left to release.
   *
   * @example
   * const args = '-i film.mp4 -f rawvideo -pix_fmt rgb24 -s 1280x720 pipe:1'.split(' ');
   * const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'inherit'] });
   * console.log(await topic.sendFrom(ffmpeg.stdout, { width: 1280, height: 720 }));
   */
  sendFrom(source: ByteSource, options: SendFromOptions): Promise<number> {
    return sendFrom(this as unknown as Target, source, options, this.#feeds);
  }

  #checkFrame(frame: T, action: string): Frame {
    const type = this.#type;
    if (!type.owns(frame)) throw invalid(action, `a frame of the class ${type.name}`, frame);
    return frame;
  }

  /**
   * An empty frame in shared memory, to be filled in place and sent: no copy at all. What is in
   * it is unspecified, in general an older picture. Size in pixels; `encoding` is `'rgb8'` where
   * it is left out.
   *
   * Throws what `new Image` throws, and `ERR_FRAMELANE_CLOSED`.
   */
  declare readonly loan: LoanOf<T>;

  /**
   * Makes memory for frames of this size ahead of time and off the event loop, for as many as
   * are kept for subscribers (`depth`) and one more, so that no later `loan` has to wait for it:
   * about 3 ms a mebibyte. Size in pixels.
   *
   * Rejects with `ERR_FRAMELANE_INVALID_SIZE`, `…_INVALID_ENCODING`, `…_NO_SPACE`,
   * `…_POOL_EXHAUSTED`, `…_LIMIT`, `…_CLOSED`.
   */
  prepare(size: SizeOf<T>): Promise<void> {
    return this.#subscription.prepare(size);
  }

  /**
   * The next frame, or `null` where there is none. It must be given back: `release()` or `using`.
   *
   * Throws `ERR_FRAMELANE_TOO_MANY_HELD`, `ERR_FRAMELANE_CLOSED`, `ERR_FRAMELANE_LIMIT` where 32
   * topic objects wait already; `ERR_FRAMELANE_TOPIC_REMOVED` once where the topic's files have
   * been removed, the next call opens it anew.
   */
  tryRecv(): R | null {
    this.#subscription.assertOpen('tryRecv');
    return leased(this.#subscription.receive(0)) as R | null;
  }

  /**
   * The next frame, waiting for it. It must be given back: `release()` or `using`. Several waits
   * are served in the order of asking. A wait keeps the process alive, see `unref`.
   *
   * Rejects with the signal's reason, `ERR_FRAMELANE_TIMEOUT`, and with what `tryRecv` throws.
   */
  recv(options?: WaitOptions): Promise<R> {
    try {
      this.#subscription.assertOpen('recv');
      const { signal, timeoutMs } = checkWaitOptions(options, 'recv');
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      const subscription = this.#subscription;
      const frame = timeoutMs === 0 ? subscription.receive(0) : subscription.take(0, NO_HOLD);
      if (frame !== null) return Promise.resolve(leased(frame) as unknown as R);
      if (timeoutMs === 0) return Promise.reject(timeoutError(this.name, 'recv', 0));
      return new Promise<T>((resolve, reject) => {
        const arrival = new Arrival<T>(subscription, resolve, reject, signal);
        subscription.wait(arrival);
        arrival.limit(timeoutMs);
      }) as Promise<unknown> as Promise<R>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The next frame, for which it blocks the thread: no promise, no event loop, nothing else of
   * this thread runs meanwhile. For worker threads, and for programs that do nothing but this. It
   * must be given back: `release()` or `using`.
   *
   * `timeoutMs`: milliseconds to wait, without an end where it is left out.
   *
   * Throws `ERR_FRAMELANE_TIMEOUT`, and what `tryRecv` throws.
   *
   * @example
   * const image = topic.recvSync({ timeoutMs: 1000 });
   */
  recvSync(options?: Pick<WaitOptions, 'timeoutMs'>): R {
    this.#subscription.assertOpen('recvSync');
    const { timeoutMs: given } = checkOptions(options, ['timeoutMs'], 'recvSync');
    const timeoutMs = given === undefined ? Infinity : checkTimeout(given);
    const frame = this.#subscription.takeBlocking(timeoutMs);
    if (frame === null) throw timeoutError(this.name, 'recvSync', timeoutMs);
    return leased(frame) as unknown as R;
  }

  /**
   * Calls a function with every frame in order, one at a time: the quickest way to receive. A
   * frame is given back when the function returns, or when the promise that it returns is settled;
   * `retain()` or `clone()` what is to live longer. No promise is made for a function that makes
   * none. It is called outside the caller's asynchronous context: `AsyncResource.bind` keeps one.
   *
   * Resolves when `close()` is called. Rejects with what the function throws or rejects with, with
   * the signal's reason, and with what `tryRecv` throws; the function is not called any more then.
   *
   * @example
   * await topic.forEach((image) => detect(image), { signal });
   */
  forEach(visitor: (frame: R) => unknown, options?: Pick<WaitOptions, 'signal'>): Promise<void> {
    try {
      const subscription = this.#subscription;
      subscription.assertOpen('forEach');
      if (typeof visitor !== 'function') throw invalid('forEach', 'a function', visitor);
      const { signal: given } = checkOptions(options, ['signal'], 'forEach');
      const signal = given === undefined ? undefined : checkSignal(given);
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const call = visitor as unknown as (frame: T) => unknown;
        new Visit(subscription, call, resolve, reject, signal).run();
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Every frame in order. The previous one is given back when the next is asked for and when the
   * loop ends; `retain()` or `clone()` what is to live longer. Ends when `close()` is called.
   *
   * Throws `ERR_FRAMELANE_CLOSED` where the object is closed already; a step rejects with what
   * `tryRecv` throws, which ends the loop.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<R> {
    return this.iterate(0);
  }

  /** A loop over frames, with 1 over the newest only. @internal */
  protected iterate(newest: 0 | 1): AsyncIterableIterator<R> {
    this.#subscription.assertOpen('for await');
    const iterator: unknown = new FrameIterator(this.#subscription, newest);
    return iterator as AsyncIterableIterator<R>;
  }

  /** The newest frame that is there. @internal */
  protected newestFrame(): R | null {
    this.#subscription.assertOpen('latest');
    return leased(this.#subscription.latest()) as R | null;
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

  /** From now on a wait on this object does not keep the process alive. */
  unref(): this {
    this.#subscription.setLiveness('never');
    return this;
  }

  /**
   * Leaves: waits are rejected with `ERR_FRAMELANE_CLOSED`, loops end, all other calls throw it
   * from now on. Frames that are held stay valid until they are released. Closing again does
   * nothing.
   */
  close(): void {
    this.#subscription.close();
    for (const end of this.#feeds) end(this.#subscription.closedError('sendFrom'));
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
    const text = function (this: { constructor: { name: string } }): string {
      if (!(#what in this)) return `${this.constructor.name} {}`;
      const { name, closed } = this as unknown as Channel<Frame, unknown>;
      const kind = (this.#type as FrameType<Frame>).name;
      return `${this.#what} ${kind} ${JSON.stringify(name)}${closed ? ' closed' : ''}`;
    };
    Object.defineProperty(this.prototype, inspect, { value: text });
    // Declared above with the types that each class of frames has for it.
    const loan = function (this: Channel<Frame, unknown>, options: unknown): unknown {
      return this.#subscription.loan(options);
    };
    Object.defineProperty(this.prototype, 'loan', { value: loan, writable: true });
  }
}

/** One call of `recv` that has to wait. */
class Arrival<T extends Frame> extends Call<T> {
  readonly newest = 0;
  readonly #subscription: Subscription<T>;
  readonly #where = trace();

  constructor(
    subscription: Subscription<T>,
    resolve: (frame: T) => void,
    reject: (error: unknown) => void,
    signal: AbortSignalLike | undefined,
  ) {
    super(subscription, resolve, reject, signal);
    this.#subscription = subscription;
  }

  override deliver(frame: T): void {
    watched(frame[LEASE], this.#where);
    super.deliver(frame);
  }

  protected override expired(timeoutMs: number): FramelaneError {
    return timeoutError(this.#subscription.name, 'recv', timeoutMs);
  }

  protected override closed(): FramelaneError {
    return this.#subscription.closedError('recv');
  }
}

/** A frame that the caller has to give back; the garbage collector does it otherwise. */
function leased<F extends Frame | null>(frame: F): F {
  if (frame !== null) watched(frame[LEASE], trace());
  return frame;
}

function timeoutError(name: string, action: string, timeoutMs: number): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_TIMEOUT',
    `${action}: no frame came on the topic ${JSON.stringify(name)} within ${timeoutMs} ms; ` +
      'is a publisher running, in the same namespace?',
  );
}

function checkWaitOptions(options: unknown, action: string): WaitOptions {
  if (options === undefined) return {};
  const { signal, timeoutMs } = checkOptions(options, ['signal', 'timeoutMs'], action);
  const checked: WaitOptions = {};
  if (signal !== undefined) checked.signal = checkSignal(signal);
  if (timeoutMs !== undefined) checked.timeoutMs = checkTimeout(timeoutMs);
  return checked;
}

/** Loads the native side: only it knows what is in force. */
function checkGuard(value: unknown): boolean {
  const guard = checkBoolean(value, 'guard');
  load();
  if (guard && views.memory === SHARED) throw guardOfShared('guard');
  return guard;
}

function checkClass<T>(value: unknown, what: string): FrameType<T> {
  if (typeof value === 'function' && frameType in value) return value[frameType] as FrameType<T>;
  const expected = `a class of frames as the first argument: new ${what}(Image)`;
  throw invalid(what, expected, value);
}
