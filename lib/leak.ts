/**
 * The net under frames that nobody gave back: when the garbage collector finds one, its slot is
 * released, it is counted, and a warning says so once for each topic.
 *
 * A registry entry for each frame would cost 140 to 200 ns (`register` and `unregister`; Node 20,
 * 22 and 24), and without `unregister` 1 million released frames a second pile up hundreds of
 * megabytes until the next collection. So what is registered is not the frame but a `Watch` that
 * the frame has while it is held, and gives back for the next: 23 ns. A watch is lost only
 * together with its frame. One that was given back cannot be found, so nothing found late can
 * release what somebody else holds by then.
 */
import { debuglog } from 'node:util';
import { tellLeak } from './events.js';
import { calling, load } from './native.js';

/** What is counted for a topic object, or for the frames of none. */
export class Tally {
  /** Name of the topic. */
  readonly topic: string | null;
  /** Whether views on its frames end with them; `null`: as the settings say. */
  readonly guard: boolean | null;
  /** Views on its frames are on the buffers of slots; known once it is open. */
  plain = false;
  extraReleases = 0;
  /** Frames sent whose pixels were copied into their slot, and received ones copied out of it. */
  copied = 0;
  /** Frames whose objects were collected before they were released. */
  leaked = 0;
  /** Watches that no frame has. @internal */
  free: Watch | null = null;

  constructor(topic: string | null, guard: boolean | null) {
    this.topic = topic;
    this.guard = guard;
  }

  /** For `stats()`. */
  counts(): { extraReleases: number; copied: number; leaked: number } {
    const { extraReleases, copied, leaked } = this;
    return { extraReleases, copied, leaked };
  }
}

/** What is known of a watched frame. It must not lead to the frame or its watch. */
interface Held {
  readonly tally: Tally;
  hold: number;
  where: string | null;
}

/** Held by one frame, or by nobody and listed in its tally. */
export class Watch {
  readonly held: Held;
  /** The next one that no frame has. */
  next: Watch | null = null;

  constructor(held: Held) {
    this.held = held;
  }
}

const log = debuglog('framelane');
const tracing = log.enabled;
const registry = new FinalizationRegistry(found);

/** Watches a hold; whoever has the result keeps it as long as the hold, and no longer. */
export function watch(tally: Tally, hold: number, where: string | null): Watch {
  const found = tally.free ?? newWatch(tally);
  tally.free = found.next;
  found.next = null;
  found.held.hold = hold;
  if (tracing) found.held.where = where;
  return found;
}

function newWatch(tally: Tally): Watch {
  const held = { tally, hold: 0, where: null };
  const made = new Watch(held);
  registry.register(made, held);
  return made;
}

/** The hold was given back or given away. */
export function unwatch(over: Watch): void {
  const { tally } = over.held;
  over.next = tally.free;
  tally.free = over;
}

/** Where the caller of this package stands; `null` unless `NODE_DEBUG` names it. */
export function trace(): string | null {
  if (!tracing) return null;
  const { stack = '' } = new Error('made here');
  return stack.slice(stack.indexOf('\n') + 1);
}

function found({ tally, hold, where }: Held): void {
  if (!calling(() => load().releaseLeaked(hold))) return;
  tally.leaked++;
  const { topic } = tally;
  if (tracing) log('%s was not released; it came from\n%s', nameOf(topic), where);
  tellLeak(topic, where);
  if (tally.leaked === 1) warn(topic, where);
}

function nameOf(topic: string | null): string {
  return topic === null ? 'a frame of no topic' : `a frame of the topic ${JSON.stringify(topic)}`;
}

function warn(topic: string | null, where: string | null): void {
  const text =
    `${nameOf(topic)} was not released, and only the garbage collector has given it back: too ` +
    'late, as a rule, for the next ones. Receive in `for await`, say `using`, or call release() ' +
    'or send() for each frame' +
    (tracing ? '' : '; NODE_DEBUG=framelane shows where each came from');
  const detail = where === null ? {} : { detail: `It came from\n${where}` };
  process.emitWarning(text, { type: 'FramelaneWarning', code: 'FRAMELANE_LEAK', ...detail });
}
