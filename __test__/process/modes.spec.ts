// SIGKILL of whoever others wait for or work with: a subscriber that must not lose frames, the
// consumers of a queue, a relay.
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Image, Queue, Topic } from 'framelane';
import { Child, topicName } from './children.js';
import { numbered, numberOf, script } from './roles.js';

const sum = (list: readonly { slots: number }[]): number =>
  list.reduce((total, { slots }) => total + slots, 0);

test('a publisher that waits for a killed subscriber goes on within a second', async (t) => {
  const topic = new Topic(Image, topicName('blocked'), { overflow: 'block', depth: 2 });
  t.teardown(() => topic.close());
  const slow = new Child(t, 'join', [topic.name], {}, script);
  await slow.until('ready');
  topic.send(numbered(topic, 0));
  topic.send(numbered(topic, 1));
  const image = numbered(topic, 2);
  const error = t.throws(() => topic.send(image), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  t.true(error?.message.includes(`pid ${slow.process.pid}`), error?.message);
  const waits = [topic.sendWhenReady(image), topic.sendWhenReady(numbered(topic, 3))];
  const early = await Promise.race([waits[0], sleep(300, 'no')]);
  t.is(early, 'no', 'as long as it lives, it is waited for');
  const kill = performance.now();
  await slow.kill();
  await Promise.all(waits);
  const tookMs = performance.now() - kill;
  t.true(tookMs < 1000, `${tookMs} ms`);
  t.deepEqual(topic.stats().subscribers, []);
  topic.send(numbered(topic, 4));
});

test('a publisher that waits for room is rung for by its subscriber', async (t) => {
  const topic = new Topic(Image, topicName('rung'), { overflow: 'block' });
  t.teardown(() => topic.close());
  t.is(topic.tryRecv(), null);
  const pump = new Child(t, 'pump', [topic.name, 'block'], {}, script);
  const COUNT = 100;
  let start = 0;
  for (let number = 0; number < COUNT; number += 1) {
    using image = await topic.recv({ timeoutMs: 20_000 });
    t.is(numberOf(image), number);
    start ||= performance.now();
    await sleep(2);
  }
  const tookMs = performance.now() - start;
  // Two frames each 100 ms, were it for the re-check alone.
  t.true(tookMs < 3000, `${tookMs} ms`);
  t.is(topic.stats().lapped, 0);
  await pump.kill();
});

test('what a killed consumer had not acknowledged goes to another, who waits', async (t) => {
  const queue = new Queue(Image, topicName('manual'), { ack: 'manual' });
  t.teardown(() => queue.close());
  for (let number = 0; number < 5; number += 1) queue.send(numbered(queue, number));
  const taker = new Child(t, 'take', [queue.name, 'manual', 3], {}, script);
  await taker.until('received', 3);
  const seen: number[] = [];
  const next = async (): Promise<void> => {
    const job = await queue.recv({ timeoutMs: 5000 });
    seen.push(numberOf(job));
    t.true(job.ack());
    job.release();
  };
  await next();
  await next();
  t.is(queue.tryRecv(), null, 'the others are the taker’s');
  const waiting = next();
  await taker.kill();
  await waiting;
  await next();
  await next();
  t.deepEqual(seen, [3, 4, 0, 1, 2]);
  t.is(queue.tryRecv(), null);
  t.deepEqual([queue.stats().received, queue.stats().lapped], [5, 0]);
});

test('without acknowledgement, what a killed consumer had taken is gone', async (t) => {
  const queue = new Queue(Image, topicName('auto'), { depth: 4 });
  t.teardown(() => queue.close());
  for (let number = 0; number < 4; number += 1) queue.send(numbered(queue, number));
  t.throws(() => queue.send(numbered(queue, 9)), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  const taker = new Child(t, 'take', [queue.name, 'auto', 3], {}, script);
  const took = await taker.until('received', 3);
  await taker.kill();
  for (let number = 4; number < 7; number += 1) queue.send(numbered(queue, number));
  const seen: number[] = [];
  for await (const image of queue) {
    seen.push(numberOf(image));
    if (seen.length === 4) break;
  }
  t.deepEqual(seen, [3, 4, 5, 6]);
  t.is(queue.tryRecv(), null);
  const { sent, received } = queue.stats();
  t.is(sent, received + took.length, 'each went to one of the two');
});

test('a killed relay: its frames go stale and are counted, the slots come back', async (t) => {
  const origin = new Topic(Image, topicName('origin'), { depth: 2, history: 0 });
  t.teardown(() => origin.close());
  const onward = topicName('onward');
  const viewer = new Child(t, 'view', [onward], {}, script);
  const relay = new Child(t, 'relay', [origin.name, onward], {}, script);
  await Promise.all([viewer.until('ready'), relay.until('ready')]);
  const COUNT = 12;
  // A size that no other test here uses: the pools are this test's own.
  const size = { width: 300, height: 200 };
  for (let number = 0; number < COUNT; number += 1) {
    origin.send(numbered(origin, number, size));
    await relay.until('sent', number + 1);
  }
  const numbers = (): number[] =>
    viewer.said.flatMap((said) => (said.type === 'received' ? [said.number] : []));
  viewer.process.send(2);
  await viewer.until('stats', 1);
  t.deepEqual(numbers(), [0, 1], 'the origin has let go of them long ago');
  const slotsOf = (pid: number | undefined): number =>
    sum(origin.stats().pools.flatMap(({ holders }) => holders.filter((one) => one.pid === pid)));
  const slots = sum(origin.stats().pools);
  t.is(slotsOf(relay.process.pid), COUNT);
  t.is(slotsOf(viewer.process.pid), 1);
  await relay.kill();
  // All that there is, but for the origin's two frames and the viewer's one, at once: it fits
  // only if what the dead one had has come back.
  const { height, width } = size;
  const loans = Array.from({ length: slots - 3 }, () => new Image(height, width, 'mono8'));
  t.deepEqual([slotsOf(relay.process.pid), sum(origin.stats().pools)], [0, slots]);
  for (const loan of loans) loan.release();
  viewer.process.send(COUNT);
  const said = (await viewer.until('stats', 2)).at(-1);
  if (said?.type !== 'stats') return t.fail();
  const { received, lapped, rejected } = said.stats;
  t.deepEqual([received + lapped, rejected], [COUNT, 0]);
  t.true(lapped > 0, `${lapped} stale, still there: ${numbers()}`);
  t.is(slotsOf(viewer.process.pid), 1, 'what a reader holds outlives the relay');
});
