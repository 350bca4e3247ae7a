/** Received frames sent on: without a copy, and without using them up. */
import test from 'ava';
import { Image, Topic } from 'framelane';
import { freshTopic, markOf, sendMarked } from './kit.js';

/** Where the pixels are: which slot of which fill. */
const place = (image: Image | null): string => /slot \d+#\d+/.exec(inspectOf(image))?.[0] ?? '';
const inspectOf = (image: Image | null): string =>
  (image as unknown as Record<symbol, () => string>)[
    Symbol.for('nodejs.util.inspect.custom')
  ]?.() ?? '';

test('a received frame goes on as it is, and stays the caller’s', (t) => {
  const [from, to] = [freshTopic({ guard: false }), freshTopic({ guard: false })];
  const image = new Image({ width: 3, height: 2, encoding: 'mono16', frameId: 'left' });
  image.setTimestampNs(77n).data.set([1, 2, 3, 4, 5, 65_535]);
  from.send(image);
  using received: Image | null = from.tryRecv();
  if (received === null) return t.fail();
  to.send(received);
  t.false(received.released);
  t.is(received.data[5], 65_535);
  using onward: Image | null = to.tryRecv();
  t.is(place(onward), place(received), 'the same slot');
  t.is(onward?.data.buffer, received.data.buffer);
  t.deepEqual([onward?.frameId, onward?.timestampNs, onward?.sequence], ['left', 77n, 0]);
  t.deepEqual([onward?.shape, onward?.encoding], [[2, 3], 'mono16']);
  t.true((onward?.sentNs ?? 0n) > received.sentNs, 'sent later');
  t.throws(() => onward?.setFrameId('x'), { code: 'ERR_FRAMELANE_FROZEN' });
  t.deepEqual([to.stats().sent, to.stats().copied, from.stats().held], [1, 0, 1]);
  for (const topic of [from, to]) topic.close();
});

test('a frame goes on to its own topic, too, and from topic to topic', (t) => {
  const topics = [freshTopic(), freshTopic(), freshTopic()];
  const [first, second, third] = topics as [Topic, Topic, Topic];
  sendMarked(first, 8);
  using one: Image | null = first.tryRecv();
  first.send(one as Image);
  using again: Image | null = first.tryRecv();
  second.send(again as Image);
  using two: Image | null = second.tryRecv();
  third.send(two as Image);
  using three: Image | null = third.tryRecv();
  t.deepEqual([markOf(again), markOf(two), markOf(three)], [8, 8, 8]);
  t.is(place(three), place(one));
  for (const topic of topics) topic.close();
});

test('what is kept of a sent frame, and what is retained, go on as well', async (t) => {
  const [from, to] = [freshTopic(), freshTopic()];
  using image = new Image(1, 2, 'mono8');
  image.data.set([7, 8]);
  from.send(image.retain());
  to.send(image);
  await to.sendWhenReady(image);
  t.deepEqual([image.released, image.data[1]], [false, 8]);
  for (let round = 0; round < 2; round++) {
    using onward: Image | null = to.tryRecv();
    t.is(place(onward), place(image));
  }
  using received: Image | null = from.tryRecv();
  using retained = received?.retain();
  received?.release();
  to.send(retained as Image);
  using onward: Image | null = to.tryRecv();
  t.deepEqual([markOf(onward), retained?.released], [7, false]);
  for (const topic of [from, to]) topic.close();
});

test('a clone is an ordinary loan, and sending it is counted as a copy', (t) => {
  const [from, to] = [freshTopic(), freshTopic()];
  sendMarked(from, 1);
  using received: Image | null = from.tryRecv();
  const copy = received?.clone() as Image;
  copy.data[0] = 2;
  to.send(copy);
  t.true(copy.released);
  using onward: Image | null = to.tryRecv();
  t.deepEqual([markOf(onward), markOf(received), to.stats().copied], [2, 1, 1]);
  for (const topic of [from, to]) topic.close();
});

test('what a relay keeps stays, however much its origin sends', (t) => {
  const [from, to] = [freshTopic({ depth: 2 }), freshTopic({ depth: 2 })];
  sendMarked(from, 42);
  const received: Image | null = from.tryRecv();
  to.send(received as Image);
  received?.release();
  for (let mark = 100; mark < 200; mark++) sendMarked(from, mark);
  using onward: Image | null = to.tryRecv();
  t.is(markOf(onward), 42);
  for (const topic of [from, to]) topic.close();
});

test('a relay goes by the rules of the topic it sends on', (t) => {
  const from = freshTopic();
  const [block, newest] = (['block', 'drop-newest'] as const).map((overflow) => {
    const topic = freshTopic({ overflow, depth: 1, history: 0 });
    t.is(topic.tryRecv(), null);
    return topic;
  }) as [Topic, Topic];
  sendMarked(from, 1);
  using received = from.tryRecv() as Image;
  block.send(received);
  t.throws(() => block.send(received), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  newest.send(received);
  newest.send(received);
  t.deepEqual([newest.stats().sent, newest.stats().dropped], [1, 1]);
  t.false(received.released);
  for (const topic of [from, block, newest]) topic.close();
});
