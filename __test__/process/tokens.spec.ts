// Tokens between the threads of a process, and between processes. Tests run one after the other:
// they count the slots of the process.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { Image, Topic, type ReceivedImage } from 'framelane';
import { Child, eventually, topicName } from './children.js';
import { fill, numberOf, shape, type Errand } from './token-worker.js';

const DEPTH = 4;
const STALE = { code: 'ERR_FRAMELANE_STALE' };

/** Starts a worker, and collects what it says. */
function start(
  t: ExecutionContext,
  errand: Partial<Errand>,
): { worker: Worker; said: unknown[]; ended: Promise<unknown> } {
  const file = fileURLToPath(new URL('./token-worker.js', import.meta.url));
  const transferList = errand.port === undefined ? [] : [errand.port];
  const worker = new Worker(file, { workerData: errand, transferList });
  const said: unknown[] = [];
  worker.on('message', (message) => said.push(message));
  t.teardown(() => worker.terminate());
  return { worker, said, ended: once(worker, 'exit') };
}

// One pool of 64 slots for all tests of this file: who counts its slots has counted all.
const wide = new Topic(Image, topicName('wide'), { depth: 60 });
send(wide, 0);

function open(t: ExecutionContext, name = topicName('tokens')): Topic {
  const topic = new Topic(Image, name, { depth: DEPTH, maxHeld: 1000 });
  t.teardown(() => topic.close());
  return topic;
}

/** Passes over what has come so far. */
function drain(topic: Topic): void {
  for (let image = topic.tryRecv(); image !== null; image = topic.tryRecv()) image.release();
}

function send(topic: Topic, number: number): void {
  topic.send(fill(topic.loan(shape), number));
}

/** Slots of this process that somebody has, but for those that the topic's ring keeps. */
function inUse(topic: Topic): number {
  // Frames that nobody holds go round until the ring keeps nothing else.
  for (let number = 0; number < 2 * DEPTH; number += 1) send(topic, number);
  return usedNow(topic);
}

function usedNow(topic: Topic): number {
  const { pools } = topic.stats();
  if (pools.length !== 1) throw new Error(`${pools.length} pools`);
  return (pools[0]!.backed ?? 0) - (pools[0]!.free ?? 0);
}

/** In all tests of this file, whatever they leave behind. */
function checkSlots(t: ExecutionContext, topic: Topic): () => void {
  const before = inUse(topic);
  t.true(before > 0);
  return () => t.is(inUse(topic), before, 'no slot is lost');
}

test.serial('one topic in main thread and workers, frames between them by token', async (t) => {
  const [WORKERS, FRAMES] = [3, 300];
  const topic = open(t);
  const noneLost = checkSlots(t, topic);
  const workers = Array.from({ length: WORKERS }, () =>
    start(t, { role: 'check', topic: topic.name, count: FRAMES / WORKERS }),
  );
  await eventually(() => workers.every(({ said }) => said.length === 1));
  drain(topic);
  for (let number = 0; number < FRAMES; number += 1) {
    send(topic, number);
    const image = topic.tryRecv()!;
    const transfer = number % 2 === 0;
    const token = image.toToken({ transfer });
    workers[number % WORKERS]!.worker.postMessage(token);
    // A token alone holds nothing: it is held here until the worker has it.
    const { said } = workers[number % WORKERS]!;
    const wanted = 2 + Math.floor(number / WORKERS);
    if (!transfer || number % 5 === 0) await eventually(() => said.length >= wanted);
    image[Symbol.dispose]();
  }
  await Promise.all(workers.map(({ ended }) => ended));
  workers.forEach(({ said }, index) => {
    const numbers = said.slice(1, -1) as number[];
    t.deepEqual(
      numbers,
      Array.from({ length: FRAMES / WORKERS }, (_, turn) => turn * WORKERS + index),
    );
    const seen = said.at(-1) as number[];
    t.true(seen.length > 0 && seen.every((number, at) => at === 0 || number > seen[at - 1]!));
  });
  t.is(topic.stats().held, 0);
  noneLost();
});

test.serial('a worker fills what the main thread loans and sends', async (t) => {
  const COUNT = 50;
  const topic = open(t);
  const noneLost = checkSlots(t, topic);
  drain(topic);
  const { worker, said } = start(t, { role: 'fill', topic: topic.name, count: COUNT });
  for (let number = 0; number < COUNT; number += 1) {
    worker.postMessage(topic.loan(shape).setFrameId('main').toToken({ transfer: true }));
    t.is(topic.stats().loaned, 0);
    await eventually(() => said.length > number);
    topic.send(Image.fromToken(said[number] as string) as Image);
    const image = topic.tryRecv()!;
    t.deepEqual([numberOf(image), image.frameId], [number, 'main']);
    image.release();
  }
  await worker.terminate();
  noneLost();
});

for (const first of [false, true]) {
  const how = first ? 'busy' : 'idle';
  test.serial(`a worker terminated while ${how} returns what it had`, async (t) => {
    const topic = open(t);
    const noneLost = checkSlots(t, topic);
    const before = usedNow(topic);
    for (const claims of [0, 1, 2 * DEPTH]) {
      for (let number = 0; number < DEPTH; number += 1) send(topic, number);
      drain(topic);
      const { worker, said } = start(t, { role: 'keep', topic: topic.name, count: DEPTH, first });
      await eventually(() => said.length === 1);
      // Two images for each of them: loans held, and loans on their way.
      t.is(usedNow(topic), before + 2 * DEPTH);
      const tokens = said[0] as string[];
      const claimed = tokens.slice(0, claims).map((token) => Image.fromToken(token));
      await worker.terminate();
      for (const image of claimed) t.is(image.width, shape.width, 'what was claimed stays');
      const loans = tokens.filter((_, index) => index % 2 === 1 && index >= claims);
      for (const token of loans) t.throws(() => Image.fromToken(token), STALE);
      for (const image of claimed) image.release();
      t.is(usedNow(topic), before);
    }
    noneLost();
  });
}

test.serial('a transfer is claimed or comes back when claim and end race', async (t) => {
  t.timeout(120_000);
  const topic = open(t);
  const noneLost = checkSlots(t, topic);
  const outcomes = { claimed: 0, back: 0 };
  for (let round = 0; round < 25; round += 1) {
    const { worker, said } = start(t, { role: 'hand', topic: topic.name, count: 24 });
    await once(worker, 'message');
    const ended = worker.terminate();
    const kept: ReceivedImage[] = [];
    const claim = (token: unknown): void => {
      try {
        kept.push(Image.fromToken(token as string));
        outcomes.claimed += 1;
      } catch (error) {
        t.like(error, STALE);
        outcomes.back += 1;
      }
    };
    let next = 0;
    const drain = (): void => {
      while (next < said.length) claim(said[next++]);
    };
    if (round % 3 > 0) drain();
    if (round % 3 > 1) for (let turn = 0; turn < 3; turn += 1) await sleep(0).then(drain);
    await ended;
    drain();
    const numbers = kept.map(numberOf);
    t.is(new Set(numbers).size, numbers.length, 'each once');
    for (const image of kept) image.release();
  }
  t.true(outcomes.claimed > 0 && outcomes.back > 0, JSON.stringify(outcomes));
  noneLost();
});

test.serial('a thousand transfers between two workers lose no slot', async (t) => {
  const topic = open(t);
  const noneLost = checkSlots(t, topic);
  send(topic, 42);
  const { port1, port2 } = new MessageChannel();
  const errand = { role: 'rally', topic: topic.name, count: 500 } as const;
  const other = start(t, { ...errand, port: port2 });
  const one = start(t, { ...errand, port: port1, first: true });
  await Promise.all([one.ended, other.ended]);
  t.deepEqual([one.said, other.said], [[42], [42]]);
  noneLost();
});

test.serial('a token goes to another process, a transfer does not', async (t) => {
  const topic = open(t);
  drain(topic);
  const child = new Child(t, 'token', [], {}, './token-worker.js');
  const stranger = new Child(
    t,
    'token',
    [],
    { FRAMELANE_NAMESPACE: `other-${process.pid}` },
    './token-worker.js',
  );
  const answers: unknown[][] = [[], []];
  [child, stranger].forEach(({ process }, index) =>
    process.on('message', (message) => answers[index]!.push(message)),
  );
  const ask = async (whom: 0 | 1, token: string): Promise<unknown> => {
    const said = answers[whom]!;
    const before = said.length;
    [child, stranger][whom]!.process.send(token);
    await eventually(() => said.length > before);
    return said.at(-1);
  };
  await eventually(() => answers.every(({ length }) => length === 1));

  send(topic, 17);
  const image = topic.tryRecv()!;
  const token = image.toToken();
  t.deepEqual(await ask(0, token), { type: 'token', number: 17, same: true });
  t.like(await ask(1, token), { type: 'refused', ...STALE });
  const moved = image.retain().toToken({ transfer: true });
  t.like(await ask(0, moved), { type: 'refused', ...STALE });
  Image.fromToken(moved).release();
  const loan = fill(topic.loan(shape), 18).toToken({ transfer: true });
  t.like(await ask(0, loan), { type: 'refused', ...STALE });
  topic.send(Image.fromToken(loan) as Image);
  const code = 'ERR_FRAMELANE_INVALID_ARGUMENT';
  t.like(await ask(0, token.toLowerCase()), { type: 'refused', code });

  // The child holds it: so it is there, here too, whatever is sent meanwhile.
  image.release();
  // Ends by itself, and takes its directory along.
  stranger.process.disconnect();
  await stranger.end();
  for (let number = 100; number < 200; number += 1) send(topic, number);
  const again = Image.fromToken(token);
  t.is(numberOf(again), 17);
  again.release();
  const holders = topic.stats().pools.flatMap((pool) => pool.holders.map(({ pid }) => pid));
  t.true(holders.includes(child.process.pid!));
  await child.kill();
});
