/** Frames of one topic object that wait until their subscribers have room, in order. */
import { FramelaneError } from './errors.js';
import { topicError } from './events.js';
import { errorCodes } from './generated/errors.js';
import { LEASE, type Frame } from './frame.js';
import type { Tally } from './leak.js';
import { send } from './lease.js';
import { Call, Line, type AbortSignalLike } from './line.js';
import * as hot from './hot.js';
import { errorOf } from './native.js';

const FULL = -errorCodes.ERR_FRAMELANE_BACKPRESSURE;

/** The topic object that the frames wait for. */
export interface Sender {
  readonly id: number;
  readonly name: string;
  readonly tally: Tally;
  /** Whether publishers of the topic wait for room; otherwise there is always some. */
  readonly blocks: boolean;
  closedError(action: string): FramelaneError;
}

/** The sending side of a topic object, as far as it waits. */
export class Outbox extends Line<Departure> {
  readonly sender: Sender;

  constructor(sender: Sender) {
    super();
    this.sender = sender;
  }

  /** Sends at once, if nobody waits and there is room; whether it did. */
  send(frame: Frame): boolean {
    return !this.mustQueue() && this.#send(frame);
  }

  #send(frame: Frame): boolean {
    const { id, name, tally } = this.sender;
    const status = send(frame[LEASE], id, tally);
    if (status === FULL) return false;
    if (status < 0) throw topicError(name, status);
    return true;
  }

  protected override serve(): boolean {
    if (!this.#send(this.waiters[0]!.frame)) return false;
    this.waiters.shift()!.deliver();
    return true;
  }

  protected override mustStayAwake(): boolean {
    if (!this.sender.blocks) return true;
    const status = hot.room(this.sender.id, this.waiters[0]!.bytes);
    if (status < 0) throw topicError(this.sender.name, status);
    return status === 1;
  }

  // A ring for nobody does no harm.
  protected override stopAsking(): void {}

  /** What went wrong was the first one's. */
  protected override refuse(error: unknown): void {
    this.waiters.shift()?.fail(error);
  }
}

/** One call of `sendWhenReady` that has to wait. */
export class Departure extends Call<void> {
  readonly #sender: Sender;
  readonly frame: Frame;
  readonly bytes: number;

  constructor(
    outbox: Outbox,
    { frame, bytes }: { frame: Frame; bytes: number },
    resolve: () => void,
    reject: (error: unknown) => void,
    signal: AbortSignalLike | undefined,
  ) {
    super(outbox, resolve, reject, signal);
    this.#sender = outbox.sender;
    this.frame = frame;
    this.bytes = bytes;
  }

  protected override expired(timeoutMs: number): FramelaneError {
    // The line was tried a moment ago: the native side knows who has no room.
    const { code, message } = errorOf(FULL);
    return new FramelaneError(code, `sendWhenReady: no room within ${timeoutMs} ms; ${message}`);
  }

  protected override closed(): FramelaneError {
    return this.#sender.closedError('sendWhenReady');
  }
}
