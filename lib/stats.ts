/** What `stats()` of a topic or a queue tells. */

/** A process that can send on a topic. */
export interface PublisherStats {
  /** Which of the topic's publisher entries it has. */
  readonly entry: number;
  readonly process: string;
  readonly pid: number;
  /** When it took the entry: milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** Frames it has sent. */
  readonly sent: number;
  /** Frames it let go before their time because memory was short. */
  readonly evictedEarly: number;
  /** Frames it keeps for slow subscribers; 0 before its first. */
  readonly depth: number;
  /** `false`: it has died or left, its frames are still there. */
  readonly alive: boolean;
}

/** A process that waits for frames of a topic. */
export interface SubscriberStats {
  readonly entry: number;
  readonly process: string;
  readonly pid: number;
  /** When it took the entry: milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** Frames it had received when it last began to wait. */
  readonly received: number;
  /** Frames that were gone before it could take them, as of then. */
  readonly lapped: number;
  /** Descriptors it had refused by then. */
  readonly rejected: number;
}

/** A process that holds slots of a pool. */
export interface HolderStats {
  readonly process: string;
  readonly pid: number;
  /** Since when it uses the pool: milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** How many slots it holds. */
  readonly slots: number;
}

/** A pool of slots that this process uses. */
export interface PoolStats {
  readonly id: string;
  readonly slots: number;
  /** Bytes a slot has for pixels. */
  readonly slotBytes: number;
  /** Slots with memory behind them; `null` where only the owner knows. */
  readonly backed: number | null;
  /** Slots that nobody uses; `null` where only the owner knows. */
  readonly free: number | null;
  /** Slots that this process has let go of and others hold; `null` where only the owner knows. */
  readonly draining: number | null;
  /** Whether this process owns it. */
  readonly mine: boolean;
  /** Whether its owner has died: what was sent stays readable, and nothing is written any more. */
  readonly relic: boolean;
  /** Who holds how many slots. */
  readonly holders: readonly HolderStats[];
}

/**
 * What `stats()` of a topic or a queue tells. All counts are of this topic object, from its
 * beginning.
 */
export interface TopicStats {
  /** Frames sent. */
  readonly sent: number;
  /** Frames received. */
  readonly received: number;
  /** Frames that were gone before this subscriber could take them: it was too slow. */
  readonly lapped: number;
  /** Frames passed over by `newest()`. */
  readonly skipped: number;
  /** Descriptors refused because what they said could not be true. */
  readonly rejected: number;
  /** Frames that were dropped before their time because memory was short. */
  readonly evictedEarly: number;
  /**
   * Frames dropped for want of room: by `send` with overflow `'drop-newest'`, and in a queue with
   * `'drop-oldest'`, where they made room for newer ones.
   */
  readonly dropped: number;
  /**
   * How often the files of the topic were found removed and it was opened anew; a topic object
   * that sends and receives counts both of its sides.
   */
  readonly reopened: number;
  /** Frames of a queue that died with a consumer which had taken them; of all its consumers. */
  readonly lost: number;
  /**
   * How often the name of another's doorbell was found to lead to something that is none, and was
   * left alone: who sleeps behind it is up to 100 ms late. Of this process.
   */
  readonly bellsRefused: number;
  /** Frames received and not released. */
  readonly held: number;
  /** Frames loaned and neither sent nor released. */
  readonly loaned: number;
  /**
   * Frames sent whose pixels the library had to copy: by `fromBytes`, `clone` or `sendFrom`.
   * With memory `'copy'` all that were written, and frames received whose `data` was read.
   */
  readonly copied: number;
  /** Calls of `release()` on frames that had been released. */
  readonly extraReleases: number;
  /**
   * Frames that were neither released nor sent, and were given back when the garbage collector
   * found their objects.
   */
  readonly leaked: number;
  readonly publishers: readonly PublisherStats[];
  readonly subscribers: readonly SubscriberStats[];
  readonly pools: readonly PoolStats[];
}
