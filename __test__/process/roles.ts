/**
 * What the tests of queues, relays and waiting publishers start and kill:
 * `roles.js ROLE NAME …`. It talks as `child.js` does.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Image, Queue, Topic, type Ack, type Overflow } from 'framelane';
import { byteOf, check, height, width, type Said } from './child.js';

/** Where it is started from. */
export const script = './roles.js';

const say = (said: Said): void => void process.send?.(said);

type Readable = { data: Uint8Array; timestampNs: bigint };

/** A frame that can be told apart and checked. */
export function numbered(
  topic: Pick<Topic, 'loan'>,
  number: number,
  size = { width, height },
): Image {
  const image = topic.loan({ ...size, encoding: 'mono8' });
  image.data.fill(byteOf(number));
  return image.setTimestampNs(BigInt(number) + 1n) as unknown as Image;
}

/** Which frame it is; throws where it is torn. */
export const numberOf = (image: unknown): number => check(image as Readable);

/** Runs until the parent says that it is enough. */
async function untilTold(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const told = once(process, 'message').then(() => controller.abort());
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
  await told;
}

const roles: Record<string, (name: string, ...args: string[]) => Promise<void>> = {
  /** Joins a topic that loses nothing, and reads no further. */
  async join(name) {
    const topic = new Topic(Image, name, { overflow: 'block', history: 0 });
    topic.tryRecv();
    say({ type: 'ready' });
    topic.ref();
  },

  /** Takes COUNT frames of a queue and keeps them. */
  async take(name, ack, count) {
    const queue = new Queue(Image, name, { ack: ack as Ack });
    const held: unknown[] = [];
    for (let n = 0; n < Number(count); n += 1) {
      const image = await queue.recv();
      held.push(image);
      say({ type: 'received', number: numberOf(image), missed: 0 });
    }
    queue.ref();
    await sleep(60_000);
    console.error(held.length);
  },

  /** Sends on what it receives. */
  async relay(name, onward) {
    const from = new Topic(Image, name);
    const to = new Topic(Image, onward, { depth: 64 });
    say({ type: 'ready' });
    for await (const image of from) {
      to.send(image);
      say({ type: 'sent', number: numberOf(image) });
    }
  },

  /** Takes as many frames as its parent says, each time; keeps the first for good. */
  async view(name) {
    const topic = new Topic(Image, name, { history: 0 });
    let kept: unknown;
    say({ type: 'ready' });
    process.on('message', (count: number) => {
      for (let n = 0; n < count; n += 1) {
        const image = topic.tryRecv();
        if (image === null) break;
        say({ type: 'received', number: numberOf(image), missed: 0 });
        if (kept === undefined) kept = image;
        else image.release();
      }
      // Throws where somebody has written to it meanwhile.
      numberOf(kept);
      say({ type: 'stats', stats: topic.stats() });
    });
  },

  /** Sends a frame each 10 ms, come what may; as often as it may, where it has to wait. */
  async pump(name, overflow) {
    const topic = new Topic(Image, name, { overflow: overflow as Overflow, depth: 2 });
    await untilTold(async (signal) => {
      for (let number = 0; !signal.aborted; number += 1) {
        const image = numbered(topic, number);
        try {
          await topic.sendWhenReady(image, { signal });
          say({ type: 'sent', number });
        } catch (error) {
          image.release();
          say({ type: 'noticed', code: (error as { code: string }).code });
        }
        if (overflow !== 'block') await sleep(10);
      }
    });
    say({ type: 'stats', stats: topic.stats() });
    topic.close();
  },

  /** Receives a frame each 10 ms, come what may. */
  async drink(name, overflow) {
    const topic = new Topic(Image, name, { overflow: overflow as Overflow });
    await untilTold(async (signal) => {
      signal.addEventListener('abort', () => topic.unref());
      while (!signal.aborted) {
        try {
          const image = await topic.recv({ signal });
          const ageMs = Number(process.hrtime.bigint() - image.sentNs) / 1e6;
          say({ type: 'arrived', number: numberOf(image), ageMs });
          image.release();
        } catch (error) {
          if (signal.aborted) break;
          say({ type: 'noticed', code: (error as { code: string }).code });
        }
        if (overflow === 'block') await sleep(10);
      }
    });
    say({ type: 'stats', stats: topic.stats() });
    topic.close();
  },
};

const [, file, role, name, ...args] = process.argv;
if (file?.endsWith('roles.js') && role !== undefined && name !== undefined) {
  process.on('disconnect', () => process.exit());
  const done = roles[role]?.(name, ...args) ?? Promise.reject(new Error(`no role ${role}`));
  done.then(
    () => {
      if (!['pump', 'drink'].includes(role)) return;
      // Ends by itself, so that the environment is cleared away in order.
      process.removeAllListeners('disconnect').disconnect();
    },
    (error: unknown) => {
      const { code = '', message } = error as Error & { code?: string };
      say({ type: 'error', code, text: message });
    },
  );
}
