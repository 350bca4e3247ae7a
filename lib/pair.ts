/** `pair`: frames of two topics that were taken at about the same time. */
import type { Received } from './kinds.js';
import { checkInteger, checkOptions, invalid } from './check.js';
import { FramelaneError } from './errors.js';
import type { Frame } from './frame.js';
import type { AbortSignalLike } from './line.js';
import { checkSignal } from './signal.js';
import { Topic } from './topic.js';
import { takeTurn, turnIsOver } from './wait.js';

/** Settings of `pair`. */
export interface PairOptions {
  /** Most that the time stamps of a pair differ, milliseconds, at least 0. */
  toleranceMs: number;
  /**
   * The two topics have at least so many milliseconds between the time stamps of their frames.
   * Default 0: nothing is known. With it a pair need not wait for the next frame, where none could
   * be nearer: those half of it apart, or less, come at once.
   */
  minPeriodMs?: number;
  /**
   * Most frames of each topic that are held here and wait for a partner, 2 to 64. Default 8. With
   * the pair that the loop has, it must be within the topic's `maxHeld`.
   */
  queue?: number;
  /** Ends the loop: the next step, or the one that waits, rejects with the signal's reason. */
  signal?: AbortSignalLike;
}

/** What `stats()` of a loop over pairs tells; all counts are from its beginning. */
export interface PairStats {
  /** Pairs handed out. */
  readonly paired: number;
  /** Frames of the first topic that were passed over: they had no partner, or came too late. */
  readonly unpairedA: number;
  /** The same of the second topic. */
  readonly unpairedB: number;
  /** Frames of the first topic that wait for a partner. */
  readonly waitingA: number;
  /** The same of the second topic. */
  readonly waitingB: number;
}

/** A loop over pairs of frames. */
export interface Pairs<A, B> extends AsyncIterableIterator<[Received<A>, Received<B>]> {
  /** Counts, also after the end. */
  stats(): PairStats;
}

const keys = ['toleranceMs', 'minPeriodMs', 'queue', 'signal'] as const;
const QUEUE_MAX = 64;
/** Before every time stamp. */
const NEVER = -1n;
/** Why a wait for the next frame was ended from here. */
const ENOUGH = Symbol('enough');

/**
 * Every pair of frames of two topics whose time stamps differ by at most `toleranceMs`. Each frame
 * is in one pair at most. Nearest ones are paired first, so a pair is handed out when no later
 * frame could be nearer to either of the two: at the next frame, unless the stamps are equal or
 * `minPeriodMs` says more. Pairs come in the order of time.
 *
 * Frames without a partner are given back and counted. So is the oldest where `queue` frames of a
 * topic wait, because the other topic is late or has stopped; if it has a partner, that pair is
 * handed out without waiting. Frames whose stamps are older than those of the last pair are passed
 * over, until so many follow each other that the clock must have been set back.
 *
 * The two frames are given back when the next pair is asked for and when the loop ends; `retain()`
 * or `clone()` what is to live longer. The loop ends when either topic object is closed. A step
 * rejects with the signal's reason and with what `tryRecv` throws, which ends the loop. Time
 * stamps: see `Image.setTimestampNs`.
 *
 * Throws `ERR_FRAMELANE_INVALID_ARGUMENT`, `ERR_FRAMELANE_CLOSED`.
 *
 * @example
 * for await (const [left, right] of pair(leftTopic, rightTopic, { toleranceMs: 5 })) {
 *   match(left.data, right.data);
 * }
 */
export function pair<A extends Frame, B extends Frame>(
  topicA: Topic<A>,
  topicB: Topic<B>,
  options: PairOptions,
): Pairs<A, B> {
  const given = checkOptions(options, keys, 'pair');
  const { minPeriodMs = 0, queue = 8, signal } = given;
  const rules: Rules = {
    toleranceNs: checkSpan(given.toleranceMs, 'toleranceMs'),
    minPeriodNs: checkSpan(minPeriodMs, 'minPeriodMs'),
    queue: checkInteger(queue, 'queue', 2, QUEUE_MAX),
  };
  const checked = signal === undefined ? undefined : checkSignal(signal);
  for (const topic of [topicA, topicB]) checkTopic(topic);
  if ((topicA as unknown) === topicB) {
    throw invalid('pair', 'two topic objects: a frame goes to one of the two', topicB);
  }
  const sides = [new Side(topicA, rules.queue), new Side(topicB, rules.queue)] as const;
  return new PairIterator(sides, rules, checked) as unknown as Pairs<A, B>;
}

function checkTopic(topic: unknown): void {
  if (!(topic instanceof Topic)) throw invalid('pair', 'two topics, then options', topic);
  if (!topic.closed) return;
  throw new FramelaneError(
    'ERR_FRAMELANE_CLOSED',
    `pair: the object of the topic ${JSON.stringify(topic.name)} has been closed; make a new one`,
  );
}

/** A span of time as nanoseconds. */
function checkSpan(value: unknown, what: string): bigint {
  if (typeof value !== 'number' || !(value >= 0) || value === Infinity) {
    throw invalid(what, 'milliseconds, a finite number of at least 0', value);
  }
  return BigInt(Math.round(Math.min(value * 1e6, Number.MAX_VALUE)));
}

interface Rules {
  toleranceNs: bigint;
  minPeriodNs: bigint;
  queue: number;
}

/** A frame that waits for its partner. */
interface Waiting {
  frame: Frame;
  /** Its time stamp, nanoseconds. */
  stamp: bigint;
}

/** One of the two topics. */
class Side {
  readonly topic: Topic;
  /** By time, the oldest first. */
  readonly waiting: Waiting[] = [];
  unpaired = 0;
  /** Time stamp of the newest frame received. */
  newest = NEVER;
  readonly #queue: number;
  /** Time stamp of the last frame in a pair. */
  #last = NEVER;
  /** How many frames in a row were older than one before them. */
  #late = 0;

  constructor(topic: unknown, queue: number) {
    this.topic = topic as Topic;
    this.#queue = queue;
  }

  get full(): boolean {
    return this.waiting.length >= this.#queue;
  }

  add(frame: Frame): void {
    const stamp = frame.timestampNs;
    if (stamp >= this.newest) {
      this.#late = 0;
    } else if (++this.#late < this.#queue) {
      // Of a publisher that takes longer than another.
      this.#addLate({ frame, stamp });
      return;
    } else {
      // The clock was set back, or a recording begins again.
      while (this.waiting.length > 0) this.passOver();
      this.#late = 0;
      this.#last = NEVER;
    }
    this.newest = stamp;
    this.waiting.push({ frame, stamp });
  }

  #addLate(entry: Waiting): void {
    let index = this.waiting.length;
    while (index > 0 && this.waiting[index - 1]!.stamp > entry.stamp) index--;
    this.waiting.splice(index, 0, entry);
    // Pairs come in order.
    if (entry.stamp < this.#last) this.passOver();
  }

  /** Gives the oldest back: it has no partner. */
  passOver(): void {
    this.unpaired++;
    this.waiting.shift()?.frame[Symbol.dispose]();
  }

  /** The oldest, for a pair. */
  take(): Frame {
    const { frame, stamp } = this.waiting.shift()!;
    this.#last = stamp;
    return frame;
  }

  /** Gives all back. */
  clear(): void {
    for (const { frame } of this.waiting.splice(0)) frame[Symbol.dispose]();
  }
}

/**
 * Whether the frame `i` of `older` and the frame `j` of `later`, which is not before it, are a
 * pair, all frames before them being gone; `undefined` where a frame to come may decide it.
 *
 * The later one has no nearer frame but the one after `i`. That one may be nearer to the frame
 * after `j`, and so on: as the distances shrink from one to the next, this has an end.
 */
function belong(
  [older, i]: [readonly Waiting[], number],
  [later, j]: [readonly Waiting[], number],
  minPeriodNs: bigint,
): boolean | undefined {
  const [first, second, next] = [older[i]!, later[j]!, older[i + 1]];
  const distance = second.stamp - first.stamp;
  if (distance === 0n) return true;
  if (next === undefined) return distance * 2n <= minPeriodNs || undefined;
  // The first of several with the same stamp stands for all of them.
  if (next.stamp === first.stamp) return belong([older, i + 1], [later, j], minPeriodNs);
  const ahead = next.stamp - second.stamp;
  if (ahead <= 0n) return false;
  if (distance <= ahead) return true;
  const taken = belong([later, j], [older, i + 1], minPeriodNs);
  return taken === undefined ? undefined : !taken;
}

type Step = IteratorResult<[Frame, Frame], undefined>;

const done: Step = { done: true, value: undefined };

class PairIterator implements AsyncIterableIterator<[Frame, Frame]> {
  readonly #sides: readonly [Side, Side];
  readonly #rules: Rules;
  readonly #signal: AbortSignalLike | undefined;
  /** What the loop's body has. */
  #given: [Frame, Frame] | null = null;
  #paired = 0;
  #ended = false;
  /** Ends the wait for the next frame, while there is one. */
  #stop: AbortController | null = null;
  /** The last step asked for: steps are answered in order. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(sides: readonly [Side, Side], rules: Rules, signal: AbortSignalLike | undefined) {
    this.#sides = sides;
    this.#rules = rules;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    const step = (): Promise<Step> => this.#step();
    const answer = this.#last.then(step, step);
    this.#last = answer;
    return answer;
  }

  return(): Promise<Step> {
    this.#end();
    this.#stop?.abort(ENOUGH);
    return Promise.resolve(done);
  }

  stats(): PairStats {
    const [a, b] = this.#sides;
    return {
      paired: this.#paired,
      unpairedA: a.unpaired,
      unpairedB: b.unpaired,
      waitingA: a.waiting.length,
      waitingB: b.waiting.length,
    };
  }

  async #step(): Promise<Step> {
    this.#giveBack();
    try {
      while (this.#goesOn()) {
        const found = this.#find();
        if (found !== null) {
          this.#paired++;
          this.#given = found;
          return { done: false, value: found };
        }
        if (!this.#receive()) await this.#wait();
        else if (turnIsOver()) await takeTurn();
      }
    } catch (error) {
      this.#end();
      if (!this.#closed()) throw error;
    }
    this.#end();
    return done;
  }

  /** Throws the signal's reason. */
  #goesOn(): boolean {
    if (this.#ended || this.#closed()) return false;
    if (this.#signal?.aborted === true) throw this.#signal.reason;
    return true;
  }

  #closed(): boolean {
    return this.#sides.some(({ topic }) => topic.closed);
  }

  #giveBack(): void {
    for (const frame of this.#given ?? []) frame[Symbol.dispose]();
    this.#given = null;
  }

  #end(): void {
    this.#ended = true;
    this.#giveBack();
    for (const side of this.#sides) side.clear();
  }

  /** The next pair among the frames that wait; makes room where too many do. */
  #find(): [Frame, Frame] | null {
    for (;;) {
      const full = this.#sides.find((side) => side.full);
      const found = this.#match(full !== undefined);
      if (found !== null || full === undefined) return found;
      // Nothing waits on the other side.
      if (full.full) full.passOver();
    }
  }

  /** The next pair; with `now` no later frames are thought of. */
  #match(now: boolean): [Frame, Frame] | null {
    const [a, b] = this.#sides;
    const { toleranceNs, minPeriodNs } = this.#rules;
    for (;;) {
      const [first, second] = [a.waiting[0], b.waiting[0]];
      if (first === undefined || second === undefined) return null;
      const [older, later] = first.stamp <= second.stamp ? [a, b] : [b, a];
      if (later.waiting[0]!.stamp - older.waiting[0]!.stamp <= toleranceNs) {
        const paired = belong([older.waiting, 0], [later.waiting, 0], minPeriodNs);
        if (paired === undefined && !now) return null;
        if (paired !== false) return [a.take(), b.take()];
      }
      older.passOver();
    }
  }

  /** Takes a frame that is there, of the topic that is behind if it can be; whether there was. */
  #receive(): boolean {
    const [a, b] = this.#sides;
    for (const side of a.newest <= b.newest ? [a, b] : [b, a]) {
      const frame = side.topic.tryRecv();
      if (frame === null) continue;
      side.add(frame);
      return true;
    }
    return false;
  }

  /** Waits for a frame of either topic. */
  async #wait(): Promise<void> {
    const stop = (this.#stop = new AbortController());
    const enough = (): void => stop.abort(ENOUGH);
    this.#signal?.addEventListener('abort', enough);
    const { signal } = stop;
    const waits = this.#sides.map(({ topic }) => topic.recv({ signal }).finally(enough));
    const results = await Promise.allSettled(waits);
    this.#signal?.removeEventListener('abort', enough);
    this.#stop = null;
    results.forEach((result, index) => {
      if (result.status === 'fulfilled') this.#sides[index]!.add(result.value);
    });
    for (const result of results) {
      if (result.status === 'rejected' && result.reason !== ENOUGH) throw result.reason;
    }
  }
}
