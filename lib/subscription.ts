/** What stands behind a topic object: it sends, and it has those who wait for a frame. */
import { FramelaneError } from './errors.js';
import { sendFrame, type Frame, type FrameType, type Tally } from './lease.js';
import { Line, type Liveness, type Waiting } from './line.js';
import { calling, fromNative, hot, load } from './native.js';
import { Outbox, type Sender } from './outbox.js';
import { topicError } from './removed.js';

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
  /** `null`: as the settings say. */
  guard: boolean | null;
}

/** One open topic. */
export class Subscription<T extends Frame> extends Line<Waiter<T>> implements Sender {
  readonly name: string;
  readonly id: number;
  readonly blocks: boolean;
  readonly tally: Tally;
  readonly #type: FrameType<T>;
  #closed = false;
  #liveness: Liveness = 'while-waiting';
  /** Made by the first frame that may have to wait. */
  #outbox: Outbox | null = null;

  constructor(type: FrameType<T>, opening: Opening) {
    super();
    const { name, depth, history, maxHeld, mode, blocks, guard } = opening;
    this.tally = { extraReleases: 0, copied: 0, guard };
    this.name = name;
    this.blocks = blocks;
    this.#type = type;
    this.id = calling(() => load().openTopic(name, type.kind, depth, history, maxHeld, mode));
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
    return this.#type.loan(this.id, this.tally, options);
  }

  /** Makes memory ahead of time. */
  async prepare(options: unknown): Promise<void> {
    this.assertOpen('prepare');
    const bytes = this.#type.bytesFor(options);
    const failure = await calling(() => load().prepare(this.id, bytes));
    if (failure !== undefined) throw fromNative(failure);
  }

  send(frame: Frame): void {
    this.assertOpen('send');
    // Those who wait come first.
    if (this.#outbox !== null) this.#outbox.drain();
    const status = sendFrame(frame, this.id, this.tally, this.#type.describe);
    if (status < 0) throw topicError(this.name, status);
  }

  /** Where frames wait that there is no room for. */
  get outbox(): Outbox {
    if (this.#outbox === null) {
      this.#outbox = new Outbox(this, this.#type);
      this.#outbox.setLiveness(this.#liveness);
    }
    return this.#outbox;
  }

  /** Bytes of a frame. */
  bytesOf(frame: Frame): number {
    return this.#type.bytesOf(frame);
  }

  /** The next frame, or with 1 the newest, if there is one. */
  receive(newest: 0 | 1): T | null {
    return this.#frame(hot.receive(this.id, newest));
  }

  /** The newest frame there is, received before or not. */
  latest(): T | null {
    return this.#frame(hot.latest(this.id));
  }

  #frame(status: number): T | null {
    if (status === 1) return this.#type.receive(this.tally);
    if (status === 0) return null;
    throw topicError(this.name, status);
  }

  /** As `receive`, unless others wait before or the event loop must have its turn first. */
  take(newest: 0 | 1): T | null {
    return this.mustQueue() ? null : this.receive(newest);
  }

  protected override serve(): boolean {
    const frame = this.receive(this.waiters[0]!.newest);
    if (frame === null) return false;
    this.waiters.shift()!.deliver(frame);
    return true;
  }

  protected override mustStayAwake(): boolean {
    const status = hot.sleep(this.id);
    if (status < 0) throw topicError(this.name, status);
    return status === 1;
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
    const { extraReleases, copied } = this.tally;
    return { ...calling(() => load().topicStats(this.id)), extraReleases, copied };
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
