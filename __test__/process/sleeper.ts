/**
 * What the tests of doorbells start: `sleeper.js ROLE TOPIC`. A worker sends, the main thread
 * sleeps and is woken, and prints what came of it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Image, Topic } from 'framelane';
import { directory } from './children.js';

/** What `sleep` prints. */
export interface Slept {
  kind: 'fifo' | 'socket' | 'none';
  /** Median of how late frames were, milliseconds. */
  lateMs: number;
  warnings: string[];
}

const FRAMES = 21;
/** Not in step with the look each 100 ms. */
const PERIOD_MS = 23;

const roles: Record<string, (name: string) => Promise<unknown>> = {
  async sleep(name) {
    const warnings: string[] = [];
    process.on('warning', (warning) => warnings.push((warning as { code?: string }).code ?? ''));
    const topic = new Topic(Image, name);
    const before = new Set(bells());
    const worker = start(name);
    const late: number[] = [];
    let kind: Slept['kind'] = 'none';
    for await (const image of topic) {
      late.push(Number(process.hrtime.bigint() - image.sentNs) / 1e6);
      kind = kindOf(bells().find((path) => !before.has(path)));
      if (late.length === FRAMES) break;
    }
    topic.close();
    await worker.terminate();
    late.sort((a, b) => a - b);
    return { kind, lateMs: late[Math.floor(FRAMES / 2)]!, warnings } satisfies Slept;
  },

  /** For a parent: says when it sleeps, and what has woken it. */
  async 'receive-one'(name) {
    const topic = new Topic(Image, name);
    const next = topic.recv();
    process.send?.({ type: 'ready' });
    (await next).release();
    topic.close();
    process.send?.({ type: 'received', number: 0, missed: 0 }, () => process.disconnect());
  },

  /** How long frames take that are sent while a wake-up is still being answered. */
  async during(name) {
    const topic = new Topic(Image, name);
    const worker = start(name);
    const late: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      for (let old = topic.tryRecv(); old !== null; old = topic.tryRecv()) old.release();
      // Woken by the first, asleep again for the second, which comes before this turn ends.
      (await topic.recv()).release();
      const second = topic.recv();
      const end = performance.now() + 2 * PERIOD_MS;
      while (performance.now() < end);
      (await second).release();
      late.push(performance.now() - end);
    }
    topic.close();
    await worker.terminate();
    return late.sort((a, b) => a - b)[4];
  },

  async throw(name) {
    const seen: string[] = [];
    process.on('uncaughtException', ({ message }) => seen.push(message));
    process.on('unhandledRejection', (reason) => seen.push(String(reason)));
    const topic = new Topic(Image, name);
    const worker = start(name);
    (await topic.recv()).release();
    process.nextTick(() => {
      throw new Error('tick');
    });
    (await topic.recv()).release();
    void Promise.reject('rejection');
    (await topic.recv()).release();
    setImmediate(() => {
      throw new Error('immediate');
    });
    for (let frame = 0; frame < 3; frame += 1) (await topic.recv()).release();
    seen.push('goes on');
    topic.close();
    await worker.terminate();
    return seen;
  },

  async order(name) {
    const storage = new AsyncLocalStorage<string>();
    const [order, contexts]: [string[], string[]] = [[], []];
    const note = (): void => void contexts.push(storage.getStore() ?? 'none');
    const topic = new Topic(Image, name);
    const worker = start(name);
    await storage.run('mine', async () => {
      for (let frame = 0; frame < 3; frame += 1) {
        (await topic.recv()).release();
        note();
      }
    });
    (await topic.recv()).release();
    order.push('frame');
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        order.push('immediate');
        resolve();
      });
      process.nextTick(() => {
        order.push('tick');
        queueMicrotask(() => order.push('microtask'));
      });
    });
    topic.close();
    await worker.terminate();
    return { order, contexts };
  },
};

/** The doorbells of this namespace. */
function bells(): string[] {
  return readdirSync(directory())
    .filter((file) => file.startsWith('f.'))
    .map((file) => join(directory(), file));
}

function kindOf(path: string | undefined): Slept['kind'] {
  if (path === undefined) return 'none';
  return lstatSync(path).isSocket() ? 'socket' : 'fifo';
}

const start = (name: string): Worker =>
  new Worker(fileURLToPath(import.meta.url), { workerData: { name } });

/** The worker: sends until it is terminated. */
async function pump(name: string): Promise<void> {
  const topic = new Topic(Image, name);
  for (;;) {
    await sleep(PERIOD_MS);
    topic.send(topic.loan({ width: 8, height: 8 }));
  }
}

if (isMainThread) {
  const [role = '', name = ''] = process.argv.slice(2);
  const value = await roles[role]!(name);
  if (value !== undefined) console.log(JSON.stringify(value));
} else {
  await pump((workerData as { name: string }).name);
}
