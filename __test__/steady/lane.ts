/**
 * One process of a lane of 1080p frames at 60 Hz: `lane.js ROLE SECONDS WINDOW_MS TOPIC`. Each
 * role does the same work with the library and, as `bare-…`, without it. It tells its parent what
 * it has seen.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Image, Topic, type TopicStats } from 'framelane';
import { Watch, type Report } from './watch.js';

/** What a process of a lane says at its end. */
export interface Told {
  report: Report;
  frames: number;
  /** At the beginning and at the end. */
  stats: TopicStats[];
}

const size = { width: 1920, height: 1080, encoding: 'rgb8' } as const;
const BYTES = size.width * size.height * 3;
const HZ = 60;
/** What a topic of large frames has: four to keep, and four more. */
const SLOTS = 8;
const WARM_UP_MS = 5000;

/** Steps at 60 Hz. */
async function* paced(): AsyncGenerator<number> {
  const begin = performance.now();
  for (let step = 0; ; step += 1) {
    await sleep(Math.max(0, begin + (step * 1000) / HZ - performance.now()));
    yield step;
  }
}

/** What is done with each frame. */
function write(data: Uint8Array, step: number): void {
  data.fill(step & 255, 0, size.width * 3);
  data[BYTES - 1] = step;
}

function read(data: Readonly<Uint8Array>): number {
  return (data[0] ?? 0) + (data[BYTES - 1] ?? 0);
}

let sum = 0;

/** Goes through frames; each step of the iterators is one. */
const roles: Record<string, (topic: Topic) => AsyncGenerator<unknown>> = {
  async *publisher(topic) {
    // All slots that its pool ever has: later a moment's delay needs no memory.
    const images = Array.from({ length: SLOTS }, () => topic.loan(size));
    for (const image of images) image.data.fill(1);
    for (const image of images) image.release();
    for await (const step of paced()) {
      const image = topic.loan(size);
      write(image.data, step);
      topic.send(image as unknown as Image);
      yield step;
    }
  },
  async *subscriber(topic) {
    for await (const image of topic) {
      sum += read(image.data as unknown as Uint8Array);
      yield image.sequence;
    }
  },
  async *'bare-publisher'() {
    const data = new Uint8Array(BYTES);
    for await (const step of paced()) {
      write(data, step);
      yield step;
    }
  },
  async *'bare-subscriber'() {
    const data = new Uint8Array(BYTES);
    for await (const step of paced()) {
      sum += read(data) + step;
      yield step;
    }
  },
};

async function main(role: string, seconds: number, windowMs: number, name: string): Promise<void> {
  const topic = new Topic(Image, name, { history: 0 }) as unknown as Topic;
  const watch = new Watch(windowMs);
  const stats: TopicStats[] = [];
  const begin = performance.now();
  const tell = (): void => {
    const report = watch.end();
    stats.push(topic.stats());
    process.send?.({ report, frames, stats } satisfies Told);
  };
  let frames = 0;
  let state: 'warming up' | 'watching' | 'done' = 'warming up';
  const stopped = once(process, 'disconnect');
  for await (const step of roles[role]!(topic)) {
    if (!process.connected) break;
    const ms = performance.now() - begin;
    if (state === 'warming up' && ms > WARM_UP_MS && step !== undefined) {
      state = 'watching';
      stats.push(topic.stats());
      watch.begin();
    }
    if (state === 'watching') frames += 1;
    if (state !== 'watching' || ms < WARM_UP_MS + seconds * 1000) continue;
    if (role === 'subscriber') break;
    state = 'done';
    // And goes on, because the subscriber may have begun later.
    tell();
  }
  if (state === 'watching') tell();
  if (Number.isNaN(sum)) throw new Error('a frame is no frame');
  if (process.connected) await stopped;
  // Ends in order, so that nothing is left.
  topic.close();
}

const [, file, role, seconds, windowMs, name = ''] = process.argv;
if (file?.endsWith('lane.js') && role !== undefined) {
  await main(role, Number(seconds), Number(windowMs), name);
}
