/** One topic object's side of a topic: its waits in the order of asking, and its end. */
import { FramelaneError } from './errors.js';
import { sendFrame, type Frame, type FrameType, type Tally } from './lease.js';
import { calling, errorOf, hot, load } from './native.js';
import {
  addAnchor,
  addSleeper,
  beginTurn,
  dropAnchor,
  removeSleeper,
  turnIsOver,
  type Sleeper,
} from './wait.js';

/** Most frames that may be refused between two naps of one `drain`. */
const TRIES = 4;

/** Somebody waits for a frame. */
export interface Waiter<T> {
  /** 1: wants the newest frame only. */
  readonly newest: 0 | 1;
  deliver(frame: T): void;
  fail(error: unknown): void;
  /** The topic object was closed. */
  close(): void;
}

/** When a topic object keeps the process alive. */
export type Liveness = 'while-waiting' | 'always' | 'never';

/** What stands behind a `Topic`. */
export class Subscription<T extends Frame> implements Sleeper {
  readonly name: string;
  readonly tally: Tally = { extraReleases: 0, copied: 0 };
  readonly #type: FrameType<T>;
  readonly #id: number;
  // Two arrays would not pay: more than one wait at a time is rare.
  readonly #waiters: Waiter<T>[] = [];
  #closed = false;
  #liveness: Liveness = 'while-waiting';
  #anchored = false;
  /** From the first wait until some time after the last. */
  #listening = false;
  /** A look after the event loop's turn is due. Never two: they would share out one turn. */
  #turnDue = false;

  constructor(type: FrameType<T>, name: string, depth: number, history: number, maxHeld: number) {
    this.name = name;
    this.#type = type;
    this.#id = calling(() => load().openTopic(name, type.kind, depth, history, maxHeld));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws where the topic object was closed. */
  assertOpen(action: string): void {
    if (this.#closed) throw this.closedError(action);
  }

  closedError(action: string): FramelaneError {
    return new FramelaneError(
      'ERR_FRAMELANE_CLOSED',
      `${action}: this object of the topic ${JSON.stringify(this.name)} has been closed; ` +
        'make a new one',
    );
  }

  loan(options: unknown): T {
    this.assertOpen('loan');
    return this.#type.loan(this.#id, this.tally, options);
  }

  send(frame: T): void {
    this.assertOpen('send');
    sendFrame(frame, this.#id, this.#type.describe);
  }

  /** The next frame, or with 1 the newest, if there is one. */
  receive(newest: 0 | 1): T | null {
    return this.#frame(hot.receive(this.#id, newest));
  }

  /** The newest frame there is, received before or not. */
  latest(): T | null {
    return this.#frame(hot.latest(this.#id));
  }

  #frame(status: number): T | null {
    if (status === 1) return this.#type.receive(this.tally);
    if (status === 0) return null;
    throw errorOf(status);
  }

  /** As `receive`, unless others wait before or the event loop must have its turn first. */
  take(newest: 0 | 1): T | null {
    return this.#waiters.length > 0 || turnIsOver() ? null : this.receive(newest);
  }

  /** Puts a waiter at the end of the line. Call `take` first. */
  wait(waiter: Waiter<T>): void {
    this.#waiters.push(waiter);
    if (this.#waiters.length > 1) return;
    if (!this.#listening) {
      this.#listening = true;
      addSleeper(this);
      this.#updateAnchor();
    }
    this.#sleep();
  }

  /** Removes a waiter that has got tired. */
  cancel(waiter: Waiter<T>): void {
    const index = this.#waiters.indexOf(waiter);
    if (index < 0) return;
    this.#waiters.splice(index, 1);
    if (this.#waiters.length === 0) this.#stopListening();
  }

  drain(): void {
    try {
      for (let tries = 0; this.#waiters.length > 0;) {
        const frame = this.receive(this.#waiters[0]!.newest);
        if (frame !== null) this.#waiters.shift()!.deliver(frame);
        else if (++tries > TRIES || !this.#mustStayAwake()) return;
      }
      // Goes on listening: between a frame and the loop that waits for it nothing else is done.
    } catch (error) {
      this.#failAll(error);
    }
  }

  /** Asks publishers to ring. Whether there is a frame already, so that they may not. */
  #mustStayAwake(): boolean {
    const status = hot.sleep(this.#id);
    if (status < 0) throw errorOf(status);
    return status === 1;
  }

  #sleep(): void {
    try {
      if (!this.#mustStayAwake() || this.#turnDue) return;
      this.#turnDue = true;
      setImmediate(() => this.#nextTurn());
    } catch (error) {
      this.#failAll(error);
    }
  }

  #nextTurn(): void {
    this.#turnDue = false;
    beginTurn();
    if (!this.#closed) this.drain();
  }

  /** No one waits any more; asked now and then. */
  rest(): void {
    if (this.#waiters.length === 0) this.#stopListening();
  }

  #stopListening(): void {
    if (this.#listening) {
      this.#listening = false;
      removeSleeper(this);
      hot.awake(this.#id);
    }
    this.#updateAnchor();
  }

  #failAll(error: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.fail(error);
    this.#stopListening();
  }

  setLiveness(liveness: Liveness): void {
    this.#liveness = liveness;
    this.#updateAnchor();
  }

  #updateAnchor(): void {
    const wanted =
      !this.#closed &&
      (this.#liveness === 'always' || (this.#liveness === 'while-waiting' && this.#listening));
    if (wanted === this.#anchored) return;
    this.#anchored = wanted;
    if (wanted) addAnchor();
    else dropAnchor();
  }

  stats(): object {
    this.assertOpen('stats');
    return { ...calling(() => load().topicStats(this.#id)), ...this.tally };
  }

  /** Ends all waits and gives the topic up. Frames held stay as they are. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const waiters = this.#waiters.splice(0);
    this.#stopListening();
    for (const waiter of waiters) waiter.close();
    calling(() => load().closeTopic(this.#id));
  }
}
