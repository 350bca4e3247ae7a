// Worker threads of one process, each with every role: the kernel's locks do not tell them
// apart, so who holds what is kept beside them.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { Image, Queue, Topic, type Ack } from 'framelane';
import { topicName } from './children.js';
import { labelled, labelOf, type Seen, type Task } from './worker.js';

const WORKERS = 4;
const FRAMES = 300;

/** Starts a worker; what it says first is `messages[0]`, and so on. */
function start(t: ExecutionContext, task: Partial<Task>): Worker {
  const file = fileURLToPath(new URL('./worker.js', import.meta.url));
  const taken = new SharedArrayBuffer(4);
  const worker = new Worker(file, { workerData: { taken, ack: 'auto', ...task } });
  t.teardown(() => worker.terminate());
  return worker;
}

const said = async (worker: Worker): Promise<unknown> => (await once(worker, 'message'))[0];

for (const ack of ['auto', 'manual'] satisfies Ack[]) {
  test.serial(`four workers in every role lose nothing and share the queue: ${ack}`, async (t) => {
    t.timeout(60_000);
    const taken = new SharedArrayBuffer(4);
    const names = { topic: topicName('all'), queue: topicName('share') };
    const workers = Array.from({ length: WORKERS }, (_, id) =>
      start(t, { role: 'all', id, workers: WORKERS, frames: FRAMES, ack, taken, ...names }),
    );
    await Promise.all(workers.map(said));
    const done = Promise.all(workers.map(said));
    for (const worker of workers) worker.postMessage('go');
    t.deepEqual(await done, Array(WORKERS).fill('done'));
    while (Atomics.load(new Int32Array(taken), 0) < WORKERS * FRAMES) await sleep(5);
    const results = Promise.all(workers.map(said)) as Promise<Seen[]>;
    for (const worker of workers) worker.postMessage('enough');
    const seen = await results;

    const expected = Array.from({ length: FRAMES }, (_, number) => number);
    for (const { topic, lapped } of seen) {
      t.is(lapped, 0);
      for (let id = 0; id < WORKERS; id += 1) {
        const numbers = topic.filter(([sender]) => sender === id).map(([, number]) => number);
        t.deepEqual(numbers, expected, 'every frame of every sender once and in order');
      }
    }
    const shared = seen.flatMap(({ queue }) => queue.map(([id, number]) => id * FRAMES + number));
    t.deepEqual(
      shared.sort((a, b) => a - b),
      Array.from({ length: WORKERS * FRAMES }, (_, index) => index),
      'every frame of the queue went to exactly one of them',
    );
  });
}

test.serial('what a terminated worker had goes to another, and nobody waits for it', async (t) => {
  const names = { topic: topicName('stall'), queue: topicName('claims') };
  const options = { overflow: 'block', depth: 4 } as const;
  const topic = new Topic(Image, names.topic, { ...options, history: 0 });
  const queue = new Queue(Image, names.queue, { ...options, ack: 'manual' });
  t.teardown(() => [topic, queue].forEach((channel) => channel.close()));
  for (let number = 0; number < 4; number += 1) queue.send(labelled(queue, 9, number));
  const worker = start(t, { role: 'stall', frames: 3, ...names });
  const held = (await said(worker)) as unknown[];
  t.is(held.length, 3);
  for (let number = 0; number < 4; number += 1) topic.send(labelled(topic, 9, number));
  const images = [labelled(topic, 9, 4), labelled(queue, 9, 4)] as const;
  t.throws(() => topic.send(images[0]), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  t.throws(() => queue.send(images[1]), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  const waits = [topic.sendWhenReady(images[0]), queue.sendWhenReady(images[1])];

  await worker.terminate();
  const end = performance.now();
  const numbers: number[] = [];
  for await (const job of queue) {
    numbers.push(labelOf(job)[1]);
    t.true(job.ack());
    if (numbers.length === 5) break;
  }
  await Promise.all(waits);
  t.true(performance.now() - end < 1000, `${performance.now() - end} ms`);
  t.deepEqual(numbers, [0, 1, 2, 3, 4]);
  t.deepEqual([topic.stats().subscribers.length, queue.stats().lapped], [0, 0]);
});
