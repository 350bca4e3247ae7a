/**
 * What the process tests start and kill: `child.js ROLE TOPIC …`. It says what it has done by
 * messages to its parent, and ends when that goes away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Image, Topic, type TopicStats } from 'framelane';

/** What a child says. */
export type Said =
  | { type: 'ready' }
  | { type: 'sent'; number: number }
  | { type: 'received'; number: number; missed: number }
  | { type: 'holding'; count: number }
  | { type: 'stats'; stats: TopicStats }
  | { type: 'noticed'; code: string }
  | { type: 'arrived'; number: number; ageMs: number }
  | { type: 'full'; codes: string[]; images: number; intact: boolean; works: boolean }
  | { type: 'error'; code: string; text: string };

/** Size of every test frame. */
export const width = 64;
export const height = 48;

/** Every byte of frame `number` is this. */
export const byteOf = (number: number): number => number % 251;

/** Whether a frame is whole, and which one it is (by its time stamp). */
export function check(image: { data: Uint8Array; timestampNs: bigint }): number {
  const number = Number(image.timestampNs) - 1;
  const wanted = byteOf(number);
  if (image.data.some((byte) => byte !== wanted)) throw new Error(`frame ${number} is torn`);
  return number;
}

/** Sends frame `number`. */
export function send(topic: Topic, number: number): void {
  const image = topic.loan({ width, height, encoding: 'mono8' });
  image.data.fill(byteOf(number));
  image.setTimestampNs(BigInt(number) + 1n);
  topic.send(image as unknown as Image);
}

const say = (said: Said): void => void process.send?.(said);

const roles: Record<string, (topic: Topic, args: number[]) => Promise<void>> = {
  /** Sends COUNT frames from FIRST on, PERIOD milliseconds apart, and stays. */
  async send(topic, [count = 1, period = 1, first = 0]) {
    for (let number = first; number < first + count; number += 1) {
      send(topic, number);
      say({ type: 'sent', number });
      if (period > 0) await sleep(period);
    }
    topic.ref();
  },

  /** Receives COUNT frames and checks each. */
  async receive(topic, [count = 1]) {
    let received = 0;
    let next: number | undefined;
    for await (const image of topic) {
      const number = check(image as unknown as { data: Uint8Array; timestampNs: bigint });
      const missed = next === undefined ? 0 : number - next;
      next = number + 1;
      say({ type: 'received', number, missed });
      received += 1;
      if (received === count) break;
    }
  },

  /** Receives and never gives back, until it holds COUNT frames. */
  async hold(topic, [count = 1]) {
    const held = [];
    while (held.length < count) held.push(await topic.recv());
    say({ type: 'holding', count: held.length });
    topic.ref();
    await sleep(60_000);
    console.error(held.length);
  },

  /** Makes images until there is no memory, twice, and sees whether all goes on. */
  async fill(topic) {
    const codes: string[] = [];
    let [images, intact] = [0, true];
    for (let round = 0; round < 2; round += 1) {
      const made: Image[] = [];
      try {
        for (;;) {
          const image = new Image(600, 800, 'rgb8');
          image.data.fill(made.length + 1);
          made.push(image);
        }
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
      images = made.length;
      intact &&= made.every((image, index) => image.data.every((byte) => byte === index + 1));
      for (const image of made) image.release();
    }
    const image = topic.loan({ width: 800, height: 600, encoding: 'rgb8' });
    image.data.fill(7);
    topic.send(image as unknown as Image);
    const received = topic.latest();
    say({ type: 'full', codes, images, intact, works: received?.data[0] === 7 });
    received?.release();
  },

  /** Sends ten images of each of five sizes. */
  async resize(topic) {
    let count = 0;
    for (const [columns, rows] of [
      [1000, 1000],
      [2000, 1200],
      [500, 500],
      [2000, 2500],
      [1000, 1000],
    ]) {
      for (let number = 0; number < 10; number += 1) {
        const image = topic.loan({ width: columns ?? 0, height: rows ?? 0, encoding: 'mono8' });
        image.data[0] = number;
        topic.send(image as unknown as Image);
        count += 1;
      }
    }
    say({ type: 'holding', count });
  },

  /** Sends an image of which it keeps a hold, and writes into it. */
  async 'write-sent'(topic) {
    const image = topic.loan({ width: 8, height: 8, encoding: 'mono8' });
    image.data.fill(3);
    const kept = image.retain();
    topic.send(image as unknown as Image);
    say({ type: 'received', number: kept.data[0] ?? 0, missed: 0 });
    await sleep(50);
    kept.data[0] = 99;
    say({ type: 'sent', number: kept.data[0] ?? 0 });
    await sleep(50);
  },

  /** Tells what the topic looks like from here. */
  async look(topic) {
    say({ type: 'stats', stats: topic.stats() });
    await sleep(0);
  },
};

async function main(role: string, name: string, args: number[]): Promise<void> {
  // As many frames as there can be: a child that is not scheduled for a moment misses none.
  const topic = new Topic(Image, name, { depth: 64, history: 64 }) as unknown as Topic;
  say({ type: 'ready' });
  await roles[role]?.(topic, args);
  if (['receive', 'look', 'fill', 'resize'].includes(role)) {
    topic.close();
    process.disconnect();
  }
}

const [, file, role, name, ...args] = process.argv;
if (file?.endsWith('child.js') && role !== undefined && name !== undefined) {
  process.on('disconnect', () => process.exit());
  main(role, name, args.map(Number)).catch((error: unknown) => {
    const { code = '', message } = error as Error & { code?: string };
    process.send?.({ type: 'error', code, text: message } satisfies Said, () => process.exit(1));
  });
}
