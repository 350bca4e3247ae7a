/** What stands behind a topic object: it sends, and it has those who wait for a frame. */
import { spinUsDefault } from './config.js';
import { FramelaneError } from './errors.js';
import { tellDeaths, tellLapped, topicError } from './events.js';
import { bytesToPrepare, LEASE, loanOf, type Frame, type FrameType } from './frame.js';
import { Tally } from './leak.js';
import { send } from './lease.js';
import { Line, type Liveness, type Waiting } from './line.js';
import { kinds, MISSED } from './generated/layout.js';
import * as hot from './hot.js';
import { calling, COPIES, f64, fromNative, load, views } from './native.js';
import { Outbox, type Sender } from './outbox.js';

/** Somebody waits for a frame. */
export interface Waiter<T> extends Waiting {
  /** 1: wants the newest frame only. */
  readonly newest: 0 | 1;
  deliver(frame: T): void;
}

/** How a topic is opened; 0 stands for a default. */
export interface Opening {
  name: string;
  depth: number;
  history: number;
  maxHeld: number;
  /** See `modes`. */
  mode: number;
  blocks: boolean;
  /** -1 for the setting of the process. */
  spinUs: number;
  /** `null`: as the settings say. */
  guard: boolean | null;
}

/** One open topic. */
export class Subscription<T extends Frame> extends Line<Waiter<T>> implements Sender {
  readonly name: string;
  readonly id: number;
  readonly blocks: boolean;
  /** How long a receive that may wait looks for a frame before it sleeps. */
  readonly spinUs: number;
  readonly tally: Tally;
  readonly #type: FrameType<T>;
  #closed = false;
  #liveness: Liveness = 'while-waiting';
  /** Made by the first frame that may have to wait. */
  #outbox: Outbox | null = null;

  constructor(type: FrameType<T>, opening: Opening) {
    super();
    const { name, depth, history, maxHeld, mode, blocks, spinUs, guard } = opening;
    this.name = name;
    this.tally = new Tally(name, guard);
    this.blocks = blocks;
    this.#type = type;
    this.id = calling(() =>
      load().openTopic(name, kinds[type.name], depth, history, maxHeld, mode),
    );
    // Settings are read when the native side is loaded.
    this.tally.plain = views.memory !== COPIES && !(guard ?? views.guard);
    this.spinUs = spinUs < 0 ? spinUsDefault() : spinUs;
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
    return loanOf(this.#type, this.id, this.tally, options);
  }

  /** Makes memory ahead of time. */
  async prepare(options: unknown): Promise<void> {
    this.assertOpen('prepare');
    const bytes = bytesToPrepare(this.#type, options);
    const failure = await calling(() => load().prepare(this.id, bytes));
    if (failure !== undefined) throw fromNative(failure);
  }

  send(frame: Frame): void {
    this.assertOpen('send');
    // Those who wait come first.
    if (this.#outbox !== null) this.#outbox.drain();
    const status = send(frame[LEASE], this.id, this.tally);
    tellDeaths();
    if (status < 0) throw topicError(this.name, status);
  }

  /** Where frames wait that there is no room for. */
  get outbox(): Outbox {
    if (this.#outbox === null) {
      this.#outbox = new Outbox(this);
      this.#outbox.setLiveness(this.#liveness);
    }
    return this.#outbox;
  }

  /** Bytes of a frame. */
  bytesOf(frame: Frame): number {
    return this.#type.bytesOf(frame[LEASE]);
  }

  /** The next frame, or with 1 the newest, if there is one. */
  receive(newest: 0 | 1): T | null {
    return this.#frame(hot.next(this.id, newest, hot.NO_HOLD, 0));
  }

  /** The newest frame there is, received before or not. */
  latest(): T | null {
    return this.#frame(hot.latest(this.id));
  }

  #frame(status: number): T | null {
    if (status === 1) {
      const missed = f64[MISSED / 2]!;
      const frame = this.#type.receive(this.tally);
      if (missed !== 0) tellLapped(this.name, missed);
      return frame;
    }
    tellDeaths();
    if (status === 0) return null;
    throw topicError(this.name, status);
  }

  /**
   * As `receive`, unless others wait before or the event loop must have its turn first; looks for
   * a frame as long as the topic object may, and gives a hold back before, or `NO_HOLD`.
   */
  take(newest: 0 | 1, give: number): T | null {
    if (this.mustQueue()) {
      if (give !== hot.NO_HOLD) hot.release(give);
      return null;
    }
    return this.#frame(hot.next(this.id, newest, give, this.spinUs));
  }

  /** The next frame, for which it blocks the thread; `null` after `timeoutMs`. */
  takeBlocking(timeoutMs: number): T | null {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const frame = this.#frame(hot.next(this.id, 0, hot.NO_HOLD, this.spinUs));
      if (frame !== null) return frame;
      const left = Math.ceil(end - performance.now());
      if (left <= 0) return null;
      // Comes back after a tenth of a second at most, so that a worker can be terminated.
      const status = hot.block(this.id, left);
      if (status < 0) throw topicError(this.name, status);
    }
  }

  protected override serve(): boolean {
    const spinUs = this.mayLook ? this.spinUs : 0;
    const { newest } = this.waiters[0]!;
    const frame = this.#frame(hot.next(this.id, newest, hot.NO_HOLD, spinUs));
    if (frame === null) return false;
    this.waiters.shift()!.deliver(frame);
    return true;
  }

  protected override mustStayAwake(): boolean {
    const status = hot.sleep(this.id);
    if (status < 0) throw topicError(this.name, status);
    return status === 1;
  }

  protected override looks(): boolean {
    return this.spinUs > 0;
  }

  protected override stopAsking(): void {
    hot.awake(this.id);
  }

  override setLiveness(liveness: Liveness): void {
    this.#liveness = liveness;
    super.setLiveness(liveness);
    this.#outbox?.setLiveness(liveness);
  }

  stats(): object {
    this.assertOpen('stats');
    return { ...calling(() => load().topicStats(this.id)), ...this.tally.counts() };
  }

  /** Ends all waits and gives the topic up. Frames held stay as they are. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.end();
    this.#outbox?.end();
    calling(() => load().closeTopic(this.id));
  }
}
