/** `Queue`: a named channel that shares frames out among those who receive. */
import { Channel, type Overflow } from './channel.js';
import { checkOptions, checkWord } from './check.js';
import type { Image } from './image.js';
import type { Frame, FrameClass } from './frame.js';
import type { Received } from './kinds.js';

/** When a frame of a queue is done with: when it is received, or when `ack()` is called. */
export type Ack = 'auto' | 'manual';

/** Settings of one queue object. */
export interface QueueOptions<A extends Ack = Ack> {
  /**
   * When a frame is done with. The same for everybody who opens the queue.
   *
   * - `'auto'`, the default: when it is received. Nobody gets it twice, and a consumer that dies
   *   takes it along.
   * - `'manual'`: when `ack()` is called. A frame released without, and those of a consumer that
   *   dies, go to another consumer, or to the same one again.
   */
  ack?: A;
  /**
   * What happens when `depth` frames wait. The same for everybody who opens the queue.
   *
   * - `'block'`, the default: `send` throws `ERR_FRAMELANE_BACKPRESSURE`, `sendWhenReady` waits.
   * - `'drop-oldest'`, `'drop-newest'`: that frame is dropped and counted (`stats().dropped`).
   */
  overflow?: Overflow;
  /** How many frames of this publisher may wait, 1 to 64. Default 8, or 4 above 1 MiB. */
  depth?: number;
  /** Most frames received here and not released. Default 16. */
  maxHeld?: number;
  /** As for a topic: microseconds to look for a frame before sleeping. Default 0. */
  spinUs?: number;
  /** Whether views on frames of this object end with the frame: see `Settings.guard`. */
  guard?: boolean;
}

/** A frame of a queue with `ack: 'manual'`. */
export type Job<T> = Received<T> & {
  /**
   * Is done with the frame: no other consumer gets it. It must be released all the same, and can
   * be read until then. All objects that `retain()` made of it are acknowledged with it; again
   * does nothing. `false`: it was no longer this consumer's, for the queue's files have been
   * removed.
   *
   * Throws `ERR_FRAMELANE_RELEASED`; on frames that are none of such a queue
   * `ERR_FRAMELANE_INVALID_ARGUMENT`.
   */
  ack(): boolean;
};

const acks = { auto: 1, manual: 1 } as const satisfies Record<Ack, unknown>;
const keys = ['ack', 'overflow', 'depth', 'maxHeld', 'spinUs', 'guard'] as const;

/**
 * A named channel in which each frame goes to exactly one of those who receive, whichever process
 * comes first; nothing is copied. Any process may send. Frames of one publisher are taken in
 * order. A queue object becomes a consumer with its first call that receives; 32 can.
 *
 * @example
 * const jobs = new Queue(Image, 'jobs', { ack: 'manual' });
 * for await (const image of jobs) {
 *   await detect(image);
 *   image.ack(); // else another consumer gets it, when the next is asked for
 * }
 */
export class Queue<T extends Frame = Image, A extends Ack = 'auto'> extends Channel<
  T,
  A extends 'manual' ? Job<T> : Received<T>
> {
  /**
   * Opens a queue, or makes it. Names are those of topics, and no topic may have the same.
   *
   * Throws what `new Topic` throws; `ERR_FRAMELANE_TOPIC_MISMATCH` where the name is a topic's or
   * the queue was opened with another kind, `ack` or `overflow`.
   */
  constructor(type: FrameClass<T>, name: string, options?: QueueOptions<A>) {
    const { ack = 'auto', overflow = 'block', ...rest } = checkOptions(options, keys, 'Queue');
    super('Queue', type, name, checkWord(ack, 'ack', acks), { ...rest, overflow });
  }
}
