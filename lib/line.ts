/** A line of waits: first come, first served; and what keeps the process alive meanwhile. */
import {
  addAnchor,
  addSleeper,
  beginTurn,
  dropAnchor,
  removeSleeper,
  turnIsOver,
  type Sleeper,
} from './wait.js';

/** Most attempts that may be in vain between two naps of one `drain`. */
const TRIES = 4;

/** Somebody in the line. */
export interface Waiting {
  fail(error: unknown): void;
  /** The topic object was closed. */
  close(): void;
}

/** When a topic object keeps the process alive. */
export type Liveness = 'while-waiting' | 'always' | 'never';

/** Those who wait for the same thing of one topic object. */
export abstract class Line<W extends Waiting> implements Sleeper {
  // Two arrays would not pay: more than one wait at a time is rare.
  protected readonly waiters: W[] = [];
  #ended = false;
  #liveness: Liveness = 'while-waiting';
  #anchored = false;
  /** From the first wait until some time after the last. */
  #listening = false;
  /** A look after the event loop's turn is due. Never two: they would share out one turn. */
  #turnDue = false;
  /** Who is served may wait again at once: `drain` looks for it. */
  #draining = false;
  /** Who asked last had to wait for the event loop's turn. */
  #turnIsOver = false;
  /** The event loop has had its turn, and who has waited for that may look for a while. */
  protected mayLook = false;

  /** Serves the first and takes it out of the line, if that can be done now; whether it was. */
  protected abstract serve(): boolean;
  /** Asks for a ring of the doorbell. Whether there is something already, so that none comes. */
  protected abstract mustStayAwake(): boolean;
  /** Nobody waits any more. */
  protected abstract stopAsking(): void;
  /** Whether who waits may look for a while before it sleeps. */
  protected looks(): boolean {
    return false;
  }

  /** Whether who comes now must wait: for others, or for the event loop's turn. */
  protected mustQueue(): boolean {
    if (this.waiters.length > 0) return true;
    return (this.#turnIsOver = turnIsOver());
  }

  /** Puts somebody at the end of the line, who could not be served at once. */
  wait(waiter: W): void {
    this.waiters.push(waiter);
    if (this.waiters.length > 1) return;
    if (!this.#listening) {
      this.#listening = true;
      addSleeper(this);
      this.#updateAnchor();
    }
    if (this.#turnIsOver && (this.#draining || this.looks())) this.#awaitTurn();
    else if (!this.#draining) this.#sleep();
  }

  /** Removes a waiter that has got tired. */
  cancel(waiter: W): void {
    const index = this.waiters.indexOf(waiter);
    if (index < 0) return;
    this.waiters.splice(index, 1);
    if (this.waiters.length === 0) this.#stopListening();
  }

  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#turnIsOver = false;
    try {
      this.#serveAll();
    } finally {
      this.#draining = false;
    }
  }

  #serveAll(): void {
    while (this.waiters.length > 0 && !this.#turnDue) {
      try {
        for (let tries = 0; this.waiters.length > 0 && !this.#turnDue;) {
          if (!this.serve() && (++tries > TRIES || !this.mustStayAwake())) return;
        }
        // Goes on listening: between a frame and the loop that waits for it nothing else is done.
      } catch (error) {
        this.refuse(error);
      }
    }
  }

  /** Serving has failed: all who wait are told, unless a subclass knows whose fault it was. */
  protected refuse(error: unknown): void {
    for (const waiter of this.waiters.splice(0)) waiter.fail(error);
    this.#stopListening();
  }

  #sleep(): void {
    try {
      if (this.mustStayAwake()) this.#awaitTurn();
    } catch (error) {
      this.refuse(error);
    }
  }

  #awaitTurn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#turnDue = false;
    beginTurn();
    this.mayLook = true;
    if (!this.#ended) this.drain();
    this.mayLook = false;
  }

  /** No one waits any more; asked now and then. */
  rest(): void {
    if (this.waiters.length === 0) this.#stopListening();
  }

  #stopListening(): void {
    if (this.#listening) {
      this.#listening = false;
      removeSleeper(this);
      this.stopAsking();
    }
    this.#updateAnchor();
  }

  /** From now on it keeps the process alive in this way. */
  setLiveness(liveness: Liveness): void {
    this.#liveness = liveness;
    this.#updateAnchor();
  }

  #updateAnchor(): void {
    const wanted =
      !this.#ended &&
      (this.#liveness === 'always' || (this.#liveness === 'while-waiting' && this.#listening));
    if (wanted === this.#anchored) return;
    this.#anchored = wanted;
    if (wanted) addAnchor();
    else dropAnchor();
  }

  /** Ends all waits. */
  end(): void {
    this.#ended = true;
    const waiters = this.waiters.splice(0);
    this.#stopListening();
    for (const waiter of waiters) waiter.close();
  }
}

/** What of an `AbortSignal` is used; every real one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One call that has to wait: it ends in the line's order, after its time, or by a signal. */
export abstract class Call<R> implements Waiting {
  readonly #line: Pick<Line<Waiting>, 'drain' | 'cancel'>;
  readonly #resolve: (result: R) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignalLike | undefined;
  readonly #abort: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settled = false;

  constructor(
    line: Pick<Line<Waiting>, 'drain' | 'cancel'>,
    resolve: (result: R) => void,
    reject: (error: unknown) => void,
    signal: AbortSignalLike | undefined,
  ) {
    this.#line = line;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#abort = () => this.#giveUp(signal?.reason);
    signal?.addEventListener('abort', this.#abort);
  }

  /** What it is rejected with after its time. */
  protected abstract expired(timeoutMs: number): unknown;
  /** What it is rejected with when the topic object is closed. */
  protected abstract closed(): unknown;

  /** Begins to count the time; after `Line.wait`, which may have failed at once. */
  limit(timeoutMs: number | undefined): void {
    if (this.#settled || timeoutMs === undefined) return;
    this.#timer = setTimeout(() => this.#expire(timeoutMs), timeoutMs);
    // The wait itself keeps the process alive, or does not.
    this.#timer.unref();
  }

  #expire(timeoutMs: number): void {
    // It may be this call's turn already when both fall into one turn of the event loop.
    this.#line.drain();
    if (!this.#settled) this.#giveUp(this.expired(timeoutMs));
  }

  #giveUp(error: unknown): void {
    this.#line.cancel(this);
    this.fail(error);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  deliver(result: R): void {
    this.#settle();
    this.#resolve(result);
  }

  fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  close(): void {
    this.fail(this.closed());
  }
}
