/**
 * `sendFrom`: frames out of a stream of bytes, the pipe of ffmpeg or GStreamer for instance. Its
 * pieces know nothing of frames; each byte is copied once, into the slot that is sent.
 */
import { finished, Readable } from 'node:stream';
import { checkBytes, checkOptions, invalid, type BytesLike } from './check.js';
import { wholeBytes } from './encoding.js';
import { FramelaneError } from './errors.js';
import type { Image } from './image.js';
import { LEASE } from './frame.js';
import { markCopied } from './lease.js';
import type { AbortSignalLike } from './line.js';
import { readShape, type ImageShape, type ImageSize } from './shape.js';
import { checkSignal, checkTimeout } from './signal.js';
import { takeTurn, turnIsOver } from './wait.js';

/** What of a web `ReadableStream` is used; every real one fits. */
export interface ByteStreamLike {
  readonly locked: boolean;
  getReader(): {
    read(): Promise<{ done: boolean; value?: BytesLike | undefined }>;
    cancel(reason?: unknown): Promise<unknown>;
    releaseLock(): void;
  };
}

/** Where bytes come from: a `Readable` of Node.js, a web `ReadableStream`, a generator. */
export type ByteSource = AsyncIterable<BytesLike> | ByteStreamLike;

/** What `sendFrom` takes: size in pixels; `encoding` is `'rgb8'` where it is left out. */
export interface SendFromOptions extends ImageSize {
  /** See `Image.setFrameId`; of every frame. */
  frameId?: string;
  /** Ends it: it rejects with the signal's reason. */
  signal?: AbortSignalLike;
  /** Longest that one frame waits for room, milliseconds; the stream's own time is not counted. */
  timeoutMs?: number;
}

/** The topic or queue, as far as it is used here. */
export interface Target {
  loan(shape: ImageShape): Image;
  sendWhenReady(frame: Image, options: { signal: AbortSignal; timeoutMs?: number }): Promise<void>;
}

/** Ends one call of `sendFrom`: the topic object was closed. */
export type EndFeed = (error: unknown) => void;

/** Takes a piece; where something must be waited for before the next one, a promise. */
type Take = (piece: unknown) => Promise<void> | null;

/** Gives all pieces of a stream to `take`; where that ends early, the stream is given up. */
type Pump = (take: Take, signal: AbortSignal) => Promise<void>;

const keys = ['width', 'height', 'encoding', 'frameId', 'signal', 'timeoutMs'] as const;
const EMPTY = new Uint8Array();

/** See `Channel.sendFrom`. What ends the call from outside is in `feeds` while it lasts. */
export async function sendFrom(
  target: Target,
  source: unknown,
  options: unknown,
  feeds: Set<EndFeed>,
): Promise<number> {
  const { signal: given, timeoutMs, ...shape } = checkOptions(options, keys, 'sendFrom');
  const signal = given === undefined ? undefined : checkSignal(given);
  const limit = timeoutMs === undefined ? {} : { timeoutMs: checkTimeout(timeoutMs) };
  const pump = pumpOf(source);
  const stop = new AbortController();
  const filler = new Filler(target, shape, { signal: stop.signal, ...limit });
  const end: EndFeed = (error) => stop.abort(error);
  const abort = (): void => stop.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort);
  feeds.add(end);
  try {
    await pump((piece) => filler.take(piece), stop.signal);
    filler.end();
    return filler.sent;
  } finally {
    filler.drop();
    feeds.delete(end);
    signal?.removeEventListener('abort', abort);
  }
}

/** Puts pieces together to frames and sends them. */
class Filler {
  /** Frames sent. */
  sent = 0;
  readonly #target: Target;
  readonly #shape: ImageShape;
  readonly #size: number;
  readonly #wait: { signal: AbortSignal; timeoutMs?: number };
  /** The frame that is being filled; `null` before its first byte. */
  #frame: Image | null = null;
  #bytes = EMPTY;
  #filled = 0;

  constructor(target: Target, shape: object, wait: { signal: AbortSignal; timeoutMs?: number }) {
    this.#target = target;
    this.#shape = shape as ImageShape;
    this.#wait = wait;
    const { row, rowBytes, height } = readShape(this.#shape);
    this.#size = wholeBytes(row, height, rowBytes);
    // What is wrong with the frame id or the topic is said before the stream is touched.
    target.loan(this.#shape).release();
  }

  take(piece: unknown): Promise<void> | null {
    const bytes = checkPiece(piece);
    const late = turnIsOver();
    if (late || bytes.length >= this.#size - this.#filled) return this.#takeAll(bytes, late);
    if (bytes.length > 0) this.#put(bytes, 0);
    return null;
  }

  async #takeAll(bytes: Uint8Array, late: boolean): Promise<void> {
    if (late) {
      await takeTurn();
      this.#wait.signal.throwIfAborted();
    }
    for (let at = 0; at < bytes.length;) {
      at += this.#put(bytes, at);
      if (this.#filled === this.#size) await this.#send();
    }
  }

  /** Copies what fits into the frame, and says how many bytes that were. */
  #put(bytes: Uint8Array, at: number): number {
    if (this.#frame === null) {
      this.#frame = this.#target.loan(this.#shape);
      markCopied(this.#frame[LEASE]);
      const { buffer, byteOffset, byteLength } = this.#frame.data;
      this.#bytes = new Uint8Array(buffer, byteOffset, byteLength);
    }
    const count = Math.min(bytes.length - at, this.#size - this.#filled);
    const part = count === bytes.length ? bytes : bytes.subarray(at, at + count);
    this.#bytes.set(part, this.#filled);
    this.#filled += count;
    return count;
  }

  async #send(): Promise<void> {
    await this.#target.sendWhenReady(this.#frame!, this.#wait);
    this.#forget();
    this.sent++;
  }

  #forget(): void {
    this.#frame = null;
    this.#bytes = EMPTY;
    this.#filled = 0;
  }

  /** The stream has ended: no frame may be half filled. */
  end(): void {
    if (this.#filled === 0) return;
    const { width, height, encoding = 'rgb8' } = this.#shape;
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_LENGTH',
      `sendFrom: the stream ended within a frame: ${this.#filled} bytes were left over after ` +
        `${this.sent} frames, but ${width}x${height} ${encoding} takes ${this.#size}; check ` +
        'width, height and encoding against what the stream carries, and whether its writer ' +
        'was killed',
    );
  }

  /** Gives the frame back that is not sent. */
  drop(): void {
    this.#frame?.[Symbol.dispose]();
    this.#forget();
  }
}

function checkPiece(piece: unknown): Uint8Array {
  if (typeof piece !== 'string') return checkBytes(piece, 'sendFrom: a piece of the stream');
  const expected = 'bytes from the stream, which must have no setEncoding()';
  throw invalid('sendFrom', expected, piece);
}

function pumpOf(source: unknown): Pump {
  if (source instanceof Readable) return pumpOfReadable(source);
  const {
    getReader,
    locked,
    [Symbol.asyncIterator]: iterate,
  } = Object(source) as Partial<ByteStreamLike & AsyncIterable<unknown>>;
  // First, because its reader can hand on why it is given up.
  if (typeof getReader === 'function') {
    if (locked === true) throw invalid('sendFrom', 'a stream that nobody else reads', source);
    return (take, signal) => pull(piecesOfReader(source as ByteStreamLike), take, signal);
  }
  if (typeof iterate === 'function') {
    return (take, signal) => pull(piecesOf(source as AsyncIterable<unknown>), take, signal);
  }
  const expected = 'a Readable, a ReadableStream or an async iterable of bytes';
  throw invalid('sendFrom', expected, source);
}

/**
 * Of a stream of Node.js. Its `data` events hand out the pieces as they came; `read()`, and with
 * it `for await`, would first copy those that have gathered into one.
 */
function pumpOfReadable(source: Readable): Pump {
  if (source.listenerCount('readable') > 0) {
    const expected = "a stream without a listener of 'readable', which keeps others from reading";
    throw invalid('sendFrom', expected, source);
  }
  return (take, signal) =>
    new Promise((resolve, reject) => {
      let busy = false;
      // Node.js resumes the pipes of a child process that has ended, whoever has paused them.
      const early: unknown[] = [];
      let over: { error: unknown } | null = null;
      const leave = (): void => {
        early.length = 0;
        source.off('data', onData);
        signal.removeEventListener('abort', onAbort);
      };
      const fail = (error: unknown): void => {
        leave();
        // As `for await` does it: without an error, which nobody would listen for. What comes
        // after this is heard by `finished` still.
        source.destroy();
        reject(error);
      };
      const end = (error: unknown): void => {
        if (error != null) return fail(error);
        leave();
        forget();
        resolve();
      };
      const goOn = (): void => {
        busy = false;
        while (early.length > 0 && !busy) onData(early.shift());
        if (busy) return;
        if (over === null) source.resume();
        else end(over.error);
      };
      const onData = (piece: unknown): void => {
        if (busy) {
          early.push(piece);
          source.pause();
          return;
        }
        try {
          const wait = take(piece);
          if (wait === null) return;
          busy = true;
          source.pause();
          wait.then(goOn, fail);
        } catch (error) {
          fail(error);
        }
      };
      // While a frame waits, its wait has the signal.
      const onAbort = (): void => {
        if (!busy) fail(signal.reason);
      };
      const forget = finished(source, { writable: false }, (error) => {
        over = { error };
        if (!busy) end(error);
      });
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort);
      source.on('data', onData);
      source.resume();
    });
}

/** Pieces that are asked for one by one. */
interface Pieces {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  /** No more are wanted. */
  leave(error: unknown): Promise<unknown>;
}

function piecesOf(source: AsyncIterable<unknown>): Pieces {
  const iterator = source[Symbol.asyncIterator]();
  return { next: () => iterator.next(), leave: async () => iterator.return?.() };
}

function piecesOfReader(source: ByteStreamLike): Pieces {
  const reader = source.getReader();
  const next = async (): ReturnType<Pieces['next']> => {
    const step = await reader.read();
    if (step.done) reader.releaseLock();
    return step;
  };
  return { next, leave: (error) => reader.cancel(error) };
}

/** A loop over pieces like `for await`, which a signal can end while it waits for the next one. */
async function pull(pieces: Pieces, take: Take, signal: AbortSignal): Promise<void> {
  let asked = false;
  let refuse: (error: unknown) => void = () => {};
  const onAbort = (): void => refuse(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      asked = true;
      const step = await new Promise<{ done?: boolean | undefined; value?: unknown }>(
        (resolve, reject) => {
          refuse = reject;
          pieces.next().then(resolve, reject);
        },
      );
      asked = false;
      if (step.done === true) return;
      const wait = take(step.value);
      if (wait !== null) await wait;
    }
  } catch (error) {
    // A source that has failed has left by itself; one that is asked still may never answer.
    if (!asked || signal.aborted) {
      const left = pieces.leave(error).catch(() => {});
      if (!signal.aborted) await left;
    }
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
