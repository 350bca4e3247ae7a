/** Queues in one process: each frame goes to one consumer; other processes are in process/. */
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { FramelaneError, Image, Queue, Topic, type Ack, type QueueOptions } from 'framelane';
import { freshName, freshTopic, markOf, sleep } from './kit.js';

function queues<A extends Ack>(
  t: ExecutionContext,
  count: number,
  options: QueueOptions<A>,
): Queue<Image, A>[] {
  const name = freshName();
  const opened = Array.from({ length: count }, () => new Queue(Image, name, options));
  t.teardown(() => opened.forEach((queue) => queue.close()));
  return opened;
}

function put(queue: Queue<Image, Ack>, mark: number): void {
  const image = queue.loan({ width: 2, height: 1, encoding: 'mono8' });
  image.data[0] = mark;
  queue.send(image);
}

test('each frame goes to one consumer', (t) => {
  const [sender, one, two] = queues(t, 3, {});
  if (!sender || !one || !two) return t.fail();
  for (const mark of [1, 2, 3, 4]) put(sender, mark);
  const marks = [one, two, one, two, one].map((queue) => {
    using image: Image | null = queue.tryRecv();
    return markOf(image);
  });
  t.deepEqual(marks, [1, 2, 3, 4, undefined]);
  t.is(sender.tryRecv(), null, 'the sender could have had one as well');
  t.deepEqual([one.stats().received, two.stats().received, sender.stats().sent], [3 - 1, 2, 4]);
});

test('a full queue refuses by default, and goes on', async (t) => {
  const [sender, consumer] = queues(t, 2, { depth: 3 });
  if (!sender || !consumer) return t.fail();
  for (const mark of [1, 2, 3]) put(sender, mark);
  t.throws(() => put(sender, 4), {
    instanceOf: FramelaneError,
    code: 'ERR_FRAMELANE_BACKPRESSURE',
    message: /its consumers have not taken/,
  });
  const image = sender.loan({ width: 2, height: 1, encoding: 'mono8' });
  image.data[0] = 5;
  const waiting = sender.sendWhenReady(image, { timeoutMs: 5000 });
  await sleep(10);
  t.false(image.released);
  consumer.tryRecv()?.release();
  await waiting;
  const rest: unknown[] = [];
  for await (const job of consumer) {
    rest.push(job.data[0]);
    if (rest.length === 3) break;
  }
  t.deepEqual(rest, [2, 3, 5]);
});

test('a queue that drops the oldest or the newest counts it', (t) => {
  for (const [overflow, marks] of [
    ['drop-oldest', [8, 9]],
    ['drop-newest', [0, 1]],
  ] as const) {
    const [queue] = queues(t, 1, { overflow, depth: 2 });
    if (!queue) return t.fail();
    for (let mark = 0; mark < 10; mark++) put(queue, mark);
    t.is(queue.stats().dropped, 8);
    const seen = [1, 2, 3].map(() => {
      using image: Image | null = queue.tryRecv();
      return markOf(image);
    });
    t.deepEqual(seen, [...marks, undefined]);
  }
});

test('manual: what is released without ack goes to another, what is acknowledged not', (t) => {
  const [sender, one, two] = queues(t, 3, { ack: 'manual', depth: 3 });
  if (!sender || !one || !two) return t.fail();
  for (const mark of [1, 2, 3]) put(sender, mark);
  const first = one.tryRecv();
  t.is(markOf(first), 1);
  t.throws(() => put(sender, 4), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  first?.release();
  const again = two.tryRecv();
  t.is(markOf(again), 1);
  t.true(again?.ack());
  t.true(again?.ack(), 'again does nothing');
  t.is(markOf(again), 1, 'and it can be read until it is released');
  again?.release();
  t.throws(() => again?.ack(), { code: 'ERR_FRAMELANE_RELEASED' });
  put(sender, 4);
  const rest = [one, two, one].map((queue) => {
    const job = queue.tryRecv();
    const mark = markOf(job);
    t.true(job?.ack());
    job?.release();
    return mark;
  });
  t.deepEqual(rest, [2, 3, 4]);
  t.is(one.tryRecv(), null);
});

test('manual: retained objects have one claim; the last of them gives it back', (t) => {
  const [queue, other] = queues(t, 2, { ack: 'manual' });
  if (!queue || !other) return t.fail();
  put(queue, 1);
  put(queue, 2);
  const job = queue.tryRecv();
  const longer = job?.retain();
  job?.release();
  const second = other.tryRecv();
  t.is(markOf(second), 2, 'the first is held still');
  t.true(longer?.ack());
  longer?.release();
  second?.release();
  const third = other.tryRecv();
  t.is(markOf(third), 2);
  t.true(third?.ack());
  third?.release();
  t.is(queue.tryRecv(), null);
});

test('manual: a loop gives back what was not acknowledged', async (t) => {
  const [queue] = queues(t, 1, { ack: 'manual' });
  if (!queue) return t.fail();
  for (const mark of [1, 2, 3]) put(queue, mark);
  const seen: unknown[] = [];
  for await (const job of queue) {
    seen.push(job.data[0]);
    // The first and the second time round for frame 1, at once for the others.
    if (job.data[0] !== 1 || seen.filter((mark) => mark === 1).length === 3) job.ack();
    if (seen.length === 5) break;
  }
  t.deepEqual(seen, [1, 1, 1, 2, 3]);
  t.is(queue.tryRecv(), null);
});

test('manual: who waits is woken by what another gives back', async (t) => {
  const ROUNDS = 40;
  const [one, two] = queues(t, 2, { ack: 'manual' });
  if (!one || !two) return t.fail();
  put(one, 7);
  const start = performance.now();
  let job = await one.recv();
  for (let round = 0; round < ROUNDS; round++) {
    const waiting = (round % 2 === 0 ? two : one).recv({ timeoutMs: 5000 });
    await new Promise(setImmediate);
    job.release();
    job = await waiting;
  }
  const tookMs = performance.now() - start;
  t.true(tookMs < ROUNDS * 50, `rung for, not re-checked after 100 ms each: ${tookMs} ms`);
  t.is(markOf(job), 7);
  t.true(job.ack());
  job.release();
});

test('manual: frames outlive a closed queue object, their claim too', (t) => {
  const [one, two] = queues(t, 2, { ack: 'manual' });
  if (!one || !two) return t.fail();
  put(two, 1);
  put(two, 2);
  const [first, second] = [one.tryRecv(), one.tryRecv()];
  one.close();
  t.is(two.tryRecv(), null);
  t.true(first?.ack());
  first?.release();
  second?.release();
  const again = two.tryRecv();
  t.is(markOf(again), 2);
  again?.ack();
  again?.release();
});

test('ack on anything else is a typed error', (t) => {
  const topic = freshTopic();
  const [auto] = queues(t, 1, { ack: 'auto' });
  if (!auto) return t.fail();
  put(auto, 1);
  topic.send(new Image(1, 1));
  const [own, received, job] = [new Image(1, 1), topic.tryRecv(), auto.tryRecv()];
  for (const frame of [own, received, job]) {
    t.throws(() => (frame as unknown as { ack(): void }).ack(), {
      instanceOf: FramelaneError,
      code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
      message: /ack: 'manual'/,
    });
    frame?.release();
  }
  topic.close();
});

test('a queue is opened the same way by all, and no topic has its name', (t) => {
  const [queue] = queues(t, 1, { ack: 'manual' });
  if (!queue) return t.fail();
  const { name } = queue;
  const expected = { code: 'ERR_FRAMELANE_TOPIC_MISMATCH', message: /as a queue with ack/ };
  t.throws(() => new Queue(Image, name), expected);
  t.throws(() => new Queue(Image, name, { ack: 'manual', overflow: 'drop-oldest' }), expected);
  t.throws(() => new Topic(Image, name), expected);
  const topic = freshTopic();
  t.throws(() => new Queue(Image, topic.name), { code: 'ERR_FRAMELANE_TOPIC_MISMATCH' });
  topic.close();
  for (const bad of [{ ack: 'never' }, { overflow: 1 }, { history: 1 }, { depth: 0 }]) {
    t.throws(() => new Queue(Image, freshName(), bad as QueueOptions), {
      code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    });
  }
  t.throws(() => Reflect.construct(Queue, [Date, 'x']), { message: /new Queue\(Image\)/ });
});

test('a queue relays, prepares, names itself and ends', async (t) => {
  const topic = freshTopic();
  const [queue] = queues(t, 1, {});
  if (!queue) return t.fail();
  await queue.prepare({ width: 2, height: 1, encoding: 'mono8' });
  topic.send(new Image({ width: 1, height: 1, encoding: 'mono8', frameId: 'here' }));
  using received: Image | null = topic.tryRecv();
  queue.send(received as Image);
  using job = queue.tryRecv();
  t.is(job?.frameId, 'here');
  t.is(inspect(queue), `Queue Image "${queue.name}"`);
  const waiting = queue.recv();
  waiting.catch(() => {});
  queue.close();
  await t.throwsAsync(waiting, { code: 'ERR_FRAMELANE_CLOSED' });
  t.is(inspect(queue), `Queue Image "${queue.name}" closed`);
  topic.close();
});
