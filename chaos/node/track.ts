/** In what order frames come, and whether one is missing; `chaos/src/actor/track.rs` in Node. */
import { nextSender, senders, type Line, type Sent } from './board.js';
import type { Label } from './payload.js';

/** Frames of one sender never go back. */
export class Order {
  readonly #last = new Map<number, number>();

  note(line: Line, { sender, sequence }: Label): void {
    const last = this.#last.get(sender) ?? -1;
    if (sequence <= last) line.complain('disorder', `${sender}: ${sequence} after ${last}`);
    this.#last.set(sender, sequence);
  }
}

/** The next frame of a sender is this one, or with `atMost` one before it. */
interface Known {
  next: number;
  atMost: boolean;
}

/** It was dead when we came: what its successor found of it may come or not. */
const GONE: Known = { next: Infinity, atMost: true };

/** Checks that a subscriber gets every frame that was sent after it came. */
export class Gapless {
  readonly #stream: number;
  readonly #joined = nextSender();
  readonly #known = new Map<number, Known>();

  /** Right after the subscriber has joined. */
  constructor(stream: number) {
    this.#stream = stream;
    for (const { sender, sent, finished } of this.snapshot()) {
      // One frame may be on its way, sent before we came and not counted yet.
      this.#known.set(sender, finished ? GONE : { next: sent + 1, atMost: true });
    }
  }

  /** How far each sender is. To be asked before the subscriber looks for frames. */
  snapshot(): Sent[] {
    return senders(0).filter(({ stream }) => stream === this.#stream);
  }

  #of(sender: number): Known {
    const unknown = sender >= this.#joined ? { next: 0, atMost: false } : GONE;
    return this.#known.get(sender) ?? unknown;
  }

  /** A frame has come. */
  note(line: Line, { sender, sequence }: Label): void {
    const { next, atMost } = this.#of(sender);
    if (sequence > next || (!atMost && sequence !== next)) {
      line.complain('gaps', `${sender}: ${sequence} came, not ${next}`);
    }
    this.#known.set(sender, { next: sequence + 1, atMost: false });
  }

  /** The subscriber found nothing after `snapshot` was taken: it must have had everything. */
  caughtUp(line: Line, snapshot: Sent[]): void {
    for (const { sender, sent } of snapshot) {
      const { next } = this.#of(sender);
      if (sent <= next) continue;
      line.complain('gaps', `sender ${sender} sent ${sent}, here ${next}`);
      this.#known.set(sender, GONE);
    }
  }
}
