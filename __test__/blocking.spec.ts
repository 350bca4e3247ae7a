/** `recvSync` and `spinUs`: receiving by blocking the thread. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { configure, Image, Topic } from 'framelane';
import { freshName, freshTopic, markOf, runScript, sendMarked, sleep } from './kit.js';

test('recvSync takes what is there, and after its time throws', (t) => {
  const topic = freshTopic();
  sendMarked(topic, 7);
  const image = topic.recvSync();
  t.is(markOf(image as unknown as Image), 7);
  image.release();
  const begin = performance.now();
  t.throws(() => topic.recvSync({ timeoutMs: 50 }), { code: 'ERR_FRAMELANE_TIMEOUT' });
  const took = performance.now() - begin;
  t.true(took >= 50 && took < 1000, `${took} ms`);
  t.throws(() => topic.recvSync({ timeoutMs: 0 }), { code: 'ERR_FRAMELANE_TIMEOUT' });
  t.throws(() => topic.recvSync({ timeoutMs: -1 }), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  t.throws(() => topic.recvSync({ signal: 1 } as object), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
  });
  topic.close();
  t.throws(() => topic.recvSync({ timeoutMs: 1 }), { code: 'ERR_FRAMELANE_CLOSED' });
});

/** Sends a frame to the topic, in a process of its own, `after` milliseconds from now. */
const sender = (name: string, after: number): string => `
  import { Image, Topic } from 'framelane';
  const topic = new Topic(Image, ${JSON.stringify(name)});
  process.stdout.write('ready');
  setTimeout(() => {
    const image = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
    image.data[0] = 9;
    topic.send(image);
  }, ${after});
`;

for (const spinUs of [0, 1_000_000]) {
  test(`recvSync waits for a frame of another process, spinUs ${spinUs}`, async (t) => {
    const name = freshName();
    const topic = new Topic(Image, name, { spinUs });
    const sending = runScript(sender(name, 100));
    await sleep(1);
    const image = topic.recvSync({ timeoutMs: 20_000 });
    t.is(markOf(image as unknown as Image), 9);
    image.release();
    t.is((await sending).status, 0);
    topic.close();
  });
}

test('spinUs: a frame that comes soon is there without the event loop', async (t) => {
  const name = freshName();
  const topic = new Topic(Image, name, { spinUs: 1_000_000 });
  const child = fork(fileURLToPath(new URL('./process/child.js', import.meta.url)), [
    'send',
    name,
    '200',
    '2',
  ]);
  // Until the stream has begun.
  (await topic.recv()).release();
  let turns = 0;
  const count = (): void => {
    turns += 1;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  const frames = 20;
  for (let frame = 0; frame < frames; frame += 1) (await topic.recv()).release();
  clearImmediate(immediate);
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.true(turns < frames, `${turns} turns of the event loop for ${frames} frames`);
  topic.close();
});

test('spinUs is checked, and a setting of the process', async (t) => {
  const bad = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };
  for (const spinUs of [-1, 1.5, 1_000_001, NaN, '1']) {
    t.throws(() => freshTopic({ spinUs: spinUs as number }), bad);
    t.throws(() => configure({ spinUs: spinUs as number }), bad);
  }
  const script = `
    import { Image, Topic } from 'framelane';
    const topic = new Topic(Image, '${freshName()}');
    const begin = performance.now();
    void topic.recv().catch(() => {});
    console.log(performance.now() - begin > 200 ? 'spins' : 'sleeps');
    topic.close();
  `;
  t.is((await runScript(script, { FRAMELANE_SPIN_US: '200000' })).stdout, 'spins');
  t.is((await runScript(script)).stdout, 'sleeps');
  t.regex((await runScript(script, { FRAMELANE_SPIN_US: '2e5' })).stderr, /FRAMELANE_SPIN_US/);
});

test('a worker that blocks in recvSync is terminated soon, and its frames come back', async (t) => {
  const topic = freshTopic({ depth: 4 });
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    import('framelane').then(({ Image, Topic }) => {
      const topic = new Topic(Image, workerData);
      const held = topic.recvSync({ timeoutMs: 5000 });
      parentPort.postMessage('holds');
      topic.recvSync();
    });
  `;
  sendMarked(topic, 1);
  const worker = new Worker(script, { eval: true, workerData: topic.name });
  await once(worker, 'message');
  await sleep(50);
  const begin = performance.now();
  await worker.terminate();
  t.true(performance.now() - begin < 1000);
  const { pools } = topic.stats();
  t.deepEqual(
    pools.flatMap(({ holders }) => holders.slice(1)),
    [],
  );
  topic.close();
});
