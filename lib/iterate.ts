/**
 * Loops over frames. Written by hand: an async generator costs several promises a frame, this
 * one; and it gives the previous frame back at the next step, so that nobody has to.
 */
import { LEASE, type Frame } from './frame.js';
import { NO_HOLD, release } from './hot.js';
import { giveUp } from './lease.js';
import type { Subscription, Waiter } from './subscription.js';

/** The answer to one step. */
type Step<T> = IteratorResult<T, undefined>;

const done: Step<never> = { done: true, value: undefined };

/** What `for await (const frame of topic)` runs on. */
export class FrameIterator<T extends Frame> implements AsyncIterableIterator<T>, Waiter<T> {
  readonly newest: 0 | 1;
  readonly #subscription: Subscription<T>;
  /** The frame that the loop's body has. */
  #previous: T | null = null;
  #ended = false;
  /** The last step asked for and not answered. */
  #open: Promise<Step<T>> | null = null;
  /** The last wait that was nobody's but the step's own: needs no reaction to be forgotten. */
  #direct: Promise<Step<T>> | null = null;
  #waiting = false;
  #resolve: ((step: Step<T>) => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;

  constructor(subscription: Subscription<T>, newest: 0 | 1) {
    this.#subscription = subscription;
    this.newest = newest;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Gives the previous frame back and answers with the next. */
  next(): Promise<Step<T>> {
    if (this.#open === null) return this.#step();
    // Asked again before the last answer: in order, as an async generator does it.
    const again = (): Promise<Step<T>> => this.#step();
    return this.#track(this.#open.then(again, again));
  }

  #step(): Promise<Step<T>> {
    const previous = this.#previous;
    this.#previous = null;
    const give = previous === null ? NO_HOLD : giveUp(previous[LEASE]);
    if (this.#ended || this.#subscription.closed) {
      if (give !== NO_HOLD) release(give);
      this.#ended = true;
      return Promise.resolve(done);
    }
    try {
      const frame = this.#subscription.take(this.newest, give);
      if (frame !== null) {
        this.#previous = frame;
        return Promise.resolve({ done: false, value: frame });
      }
    } catch (error) {
      this.#ended = true;
      return Promise.reject(error);
    }
    this.#waiting = true;
    const promise = new Promise(this.#wait);
    // The wait may have failed at once; and a step asked for ahead is tracked by who asked.
    if (this.#waiting && this.#open === null) this.#open = this.#direct = promise;
    return promise;
  }

  // Made once for each loop, not for each wait.
  readonly #wait = (resolve: (step: Step<T>) => void, reject: (error: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#subscription.wait(this);
  };

  #track(promise: Promise<Step<T>>): Promise<Step<T>> {
    this.#open = promise;
    const settled = (): void => {
      if (this.#open === promise) this.#open = null;
    };
    promise.then(settled, settled);
    return promise;
  }

  #giveBack(): void {
    this.#previous?.[Symbol.dispose]();
    this.#previous = null;
  }

  /** Ends the loop and gives its frame back. */
  return(): Promise<Step<T>> {
    this.#ended = true;
    this.#giveBack();
    this.#subscription.cancel(this);
    this.close();
    return Promise.resolve(done);
  }

  #answered(): void {
    this.#waiting = false;
    if (this.#open === this.#direct) this.#open = null;
  }

  deliver(frame: T): void {
    this.#previous = frame;
    this.#answered();
    this.#resolve?.({ done: false, value: frame });
  }

  fail(error: unknown): void {
    this.#ended = true;
    this.#answered();
    this.#reject?.(error);
  }

  close(): void {
    this.#ended = true;
    this.#answered();
    this.#resolve?.(done);
  }
}
