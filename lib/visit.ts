/**
 * `forEach`: a function called with each frame. No promise is made for a frame unless the function
 * makes one, and one native call gives the frame before back and takes the next.
 */
import { LEASE, type Frame } from './frame.js';
import { NO_HOLD, release } from './hot.js';
import { giveUp } from './lease.js';
import type { AbortSignalLike } from './line.js';
import type { Subscription, Waiter } from './subscription.js';

/** What `forEach` calls. */
export type Visitor<T> = (frame: T) => unknown;

/** One call of `forEach`. */
export class Visit<T extends Frame> implements Waiter<T> {
  readonly newest = 0;
  readonly #subscription: Subscription<T>;
  readonly #visitor: Visitor<T>;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignalLike | undefined;
  /** The frame whose promise is not settled yet. */
  #pending: T | null = null;
  /** The function is running. Not said by `#pending`: to set that costs 8 ns a frame. */
  #visiting = false;
  #ended = false;

  constructor(
    subscription: Subscription<T>,
    visitor: Visitor<T>,
    resolve: () => void,
    reject: (error: unknown) => void,
    signal: AbortSignalLike | undefined,
  ) {
    this.#subscription = subscription;
    this.#visitor = visitor;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort);
  }

  /** Goes through the frames that are there, and waits for more. */
  run(): void {
    this.#go(NO_HOLD);
  }

  #go(give: number): void {
    const subscription = this.#subscription;
    try {
      while (!this.#ended) {
        if (subscription.closed) {
          if (give !== NO_HOLD) release(give);
          this.close();
          return;
        }
        const previous = give;
        give = NO_HOLD;
        const frame = subscription.take(0, previous);
        if (frame === null) {
          subscription.wait(this);
          return;
        }
        if (!this.#visit(frame)) return;
        give = giveUp(frame[LEASE]);
        if (this.#signal?.aborted === true) this.fail(this.#signal.reason);
      }
    } catch (error) {
      this.fail(error);
    }
    if (give !== NO_HOLD) release(give);
  }

  /** Calls the function; whether it is done with the frame, which is given back where not. */
  #visit(frame: T): boolean {
    let result: unknown;
    this.#visiting = true;
    try {
      result = this.#visitor(frame);
      if (result === undefined || !isThenable(result)) return true;
    } catch (error) {
      frame[Symbol.dispose]();
      throw error;
    } finally {
      this.#visiting = false;
    }
    this.#pending = frame;
    // `resolve` takes whatever has a `then`; both ways lead on from a microtask of its own.
    Promise.resolve(result).then(this.#settled, this.#rejected);
    return false;
  }

  readonly #settled = (): void => {
    const frame = this.#pending;
    this.#pending = null;
    const give = frame === null ? NO_HOLD : giveUp(frame[LEASE]);
    if (this.#signal?.aborted === true) this.fail(this.#signal.reason);
    this.#go(give);
  };

  readonly #rejected = (error: unknown): void => {
    this.#pending?.[Symbol.dispose]();
    this.#pending = null;
    this.fail(error);
  };

  readonly #abort = (): void => {
    this.#subscription.cancel(this);
    // A function that is not done ends first: nothing runs any more when `forEach` has settled.
    if (this.#pending === null && !this.#visiting) this.fail(this.#signal?.reason);
  };

  deliver(frame: T): void {
    let give = NO_HOLD;
    try {
      if (!this.#visit(frame)) return;
      give = giveUp(frame[LEASE]);
      if (this.#signal?.aborted === true) this.fail(this.#signal.reason);
    } catch (error) {
      this.fail(error);
    }
    this.#go(give);
  }

  fail(error: unknown): void {
    if (this.#end()) this.#reject(error);
  }

  close(): void {
    if (this.#end()) this.#resolve();
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    return true;
  }
}

function isThenable(value: unknown): boolean {
  const kind = typeof value;
  if (value === null || (kind !== 'object' && kind !== 'function')) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}
