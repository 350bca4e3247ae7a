/** `Topic`: a named channel on which processes send each other frames of one kind. */
import { Channel, type Overflow } from './channel.js';
import { checkOptions } from './check.js';
import type { Image } from './image.js';
import type { Frame, FrameClass } from './frame.js';
import type { Received } from './kinds.js';

/** Settings of one topic object. */
export interface TopicOptions {
  /**
   * How many frames this process, as a publisher, keeps for slow subscribers, 1 to 64.
   * Default 8, or 4 for frames above 1 MiB.
   */
  depth?: number;
  /** How many frames sent before this object was made it still gets, 0 to 64. Default 1. */
  history?: number;
  /** Most frames received here and not released. Default 16. */
  maxHeld?: number;
  /**
   * What happens to a frame for which a subscriber, `depth` frames behind, has no room. The same
   * for everybody who opens the topic, else `ERR_FRAMELANE_TOPIC_MISMATCH`.
   *
   * - `'drop-oldest'`, the default: publishers wait for nobody. Who is too slow misses the oldest
   *   frames and is told how many (`stats().lapped`).
   * - `'drop-newest'`: the new frame is dropped, and counted by its publisher
   *   (`stats().dropped`).
   * - `'block'`: no frame is lost. `send` throws `ERR_FRAMELANE_BACKPRESSURE`, and
   *   `sendWhenReady` waits.
   *
   * With the last two, publishers go by the topic objects that have begun to receive: one joins
   * with its first `tryRecv`, `recv` or loop, not when it is made; 32 can. One whose process dies
   * is not waited for.
   */
  overflow?: Overflow;
  /**
   * How many microseconds a receive that may wait looks for a frame before it sleeps, 0 to
   * 1,000,000; nothing else of this thread runs meanwhile. Default 0: it sleeps at once, and
   * waking takes some ten microseconds.
   */
  spinUs?: number;
  /** Whether views on frames of this object end with the frame: see `Settings.guard`. */
  guard?: boolean;
}

const keys = ['depth', 'history', 'maxHeld', 'overflow', 'spinUs', 'guard'] as const;

/**
 * A named channel of frames. Everybody who opens the name sees every frame sent from then on,
 * whichever process sent it, this one included; nothing is copied. A slow subscriber is passed
 * by once it is further behind than the publisher's `depth`, and `stats().lapped` counts it,
 * unless the option `overflow` says otherwise.
 *
 * @example
 * const topic = new Topic(Image, 'camera.front');
 * for await (const image of topic) {
 *   console.log(image.width, image.data[0]);
 * } // each image is given back when the next is asked for
 */
export class Topic<T extends Frame = Image> extends Channel<T, Received<T>> {
  /**
   * Opens a topic, or makes it. Names are parts of `[a-z0-9][a-z0-9._-]{0,63}` joined by `/`;
   * without one it is the lower-case name of the class: `'image'`.
   *
   * Throws `ERR_FRAMELANE_INVALID_NAME`, `…_INVALID_ARGUMENT`, `…_TOPIC_MISMATCH` where the topic
   * carries another kind, has another overflow or is a queue, `…_LAYOUT_VERSION`, `…_CORRUPT`,
   * `…_LIMIT`, `…_NO_SPACE`, `…_PERMISSION`, `…_UNSUPPORTED_PLATFORM`.
   */
  constructor(type: FrameClass<T>, name?: string, options?: TopicOptions) {
    const given = checkOptions(options, keys, 'Topic');
    const { history = 1, overflow = 'drop-oldest' } = given;
    super('Topic', type, name, 'topic', { ...given, history, overflow });
  }

  /**
   * The newest frame that is still there, received before or not, or `null`. What comes next by
   * `recv` stays the same. It must be given back.
   *
   * Throws as `tryRecv` does.
   */
  latest(): Received<T> | null {
    return this.newestFrame();
  }

  /**
   * As the loop over the topic itself, but each step gives the newest frame: what was passed over
   * is counted as `skipped`.
   *
   * @example
   * for await (const image of topic.newest()) await detect(image);
   */
  newest(): AsyncIterableIterator<Received<T>> {
    return this.iterate(1);
  }
}
