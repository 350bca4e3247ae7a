/** Topics in one process: who sees which frame, and who holds it. Waiting is in wait.spec.ts. */
import { inspect } from 'node:util';
import test from 'ava';
import { FramelaneError, Image, Topic } from 'framelane';
import { freshName, freshTopic, markOf, sendMarked } from './kit.js';

test('a frame arrives with everything that was said of it', (t) => {
  const topic = freshTopic();
  const image = new Image({ width: 3, height: 2, encoding: 'mono16', frameId: 'höhe' });
  image.setTimestampNs(1_800_000_000_123_456_789n);
  image.data.set([1, 2, 3, 4, 5, 65_535]);
  topic.send(image);
  using received = topic.tryRecv();
  if (received === null) return t.fail('nothing received');
  t.deepEqual([received.width, received.height, received.encoding], [3, 2, 'mono16']);
  t.deepEqual([received.shape, received.strides, received.step], [[2, 3], [3, 1], 6]);
  t.deepEqual(Array.from(received.data), [1, 2, 3, 4, 5, 65_535]);
  t.is(received.frameId, 'höhe');
  t.is(received.timestampNs, 1_800_000_000_123_456_789n);
  t.is(received.sentNs, image.sentNs);
  t.is(received.sequence, image.sequence);
  t.true(received instanceof Image);
  t.is(topic.tryRecv(), null);
  topic.close();
});

test('the time of sending stands in for a missing time stamp', (t) => {
  const topic = freshTopic();
  const [before, tick] = [BigInt(Date.now()) * 1_000_000n, process.hrtime.bigint()];
  const image = new Image(2, 2);
  topic.send(image);
  using received = topic.tryRecv();
  const after = BigInt(Date.now() + 1) * 1_000_000n;
  const stamp = received?.timestampNs ?? 0n;
  t.true(before <= stamp && stamp <= after, `${before} <= ${stamp} <= ${after}`);
  t.is(image.timestampNs, stamp);
  const sent = received?.sentNs ?? 0n;
  t.true(tick <= sent && sent <= process.hrtime.bigint());
  topic.close();
});

test('frames are numbered in the order of sending', (t) => {
  const topic = freshTopic();
  const sequences: number[] = [];
  for (let mark = 1; mark <= 4; mark++) {
    sendMarked(topic, mark);
    using image = topic.tryRecv();
    t.is(markOf(image), mark);
    sequences.push(image?.sequence ?? -1);
  }
  const first = sequences[0] ?? -1;
  t.deepEqual(sequences, [first, first + 1, first + 2, first + 3]);
  topic.close();
});

test('after send: metadata yes, pixels no, changes no, release is not missed', (t) => {
  const topic = freshTopic();
  const image = new Image({ width: 2, height: 2, frameId: 'a' });
  t.is(image.data.length, 12);
  topic.send(image);
  t.true(image.released);
  t.deepEqual([image.width, image.encoding, image.frameId], [2, 'rgb8', 'a']);
  t.is(JSON.parse(JSON.stringify(image)).frameId, 'a');
  t.throws(() => image.data, { instanceOf: FramelaneError, code: 'ERR_FRAMELANE_RELEASED' });
  t.throws(() => image.clone(), { code: 'ERR_FRAMELANE_RELEASED' });
  t.throws(() => image.retain(), { code: 'ERR_FRAMELANE_RELEASED' });
  t.throws(() => image.setFrameId('b'), { code: 'ERR_FRAMELANE_FROZEN' });
  t.throws(() => image.setTimestampNs(1n), { code: 'ERR_FRAMELANE_FROZEN' });
  image.release();
  image[Symbol.dispose]();
  t.is(topic.stats().extraReleases, 0);
  t.is(image.frameId, 'a');
  using received = topic.tryRecv();
  t.is(received?.frameId, 'a');
  topic.close();
});

test('send(frame.retain()) goes on holding the frame, which cannot be changed any more', (t) => {
  const topic = freshTopic();
  using image = new Image(1, 2, 'mono8');
  image.data.set([7, 8]);
  topic.send(image.retain());
  t.false(image.released);
  t.deepEqual(Array.from(image.data), [7, 8]);
  t.throws(() => image.setFrameId('b'), { code: 'ERR_FRAMELANE_FROZEN' });
  t.true(image.sentNs > 0n);
  topic.close();
});

test('received frames cannot be changed', (t) => {
  const topic = freshTopic();
  sendMarked(topic, 1);
  using received: Image | null = topic.tryRecv();
  if (received === null) return t.fail('nothing received');
  t.throws(() => received.setFrameId('b'), { code: 'ERR_FRAMELANE_FROZEN', message: /clone/ });
  t.throws(() => received.setTimestampNs(1n), { code: 'ERR_FRAMELANE_FROZEN' });
  t.throws(() => Image.decode(new Uint8Array(9), { into: received }), {
    code: 'ERR_FRAMELANE_FROZEN',
  });
  using longer: Image = received.retain();
  t.throws(() => longer.setFrameId('b'), { code: 'ERR_FRAMELANE_FROZEN' });
  topic.close();
});

test('a received frame retained outlives the first object', (t) => {
  const topic = freshTopic();
  const image = new Image({ width: 1, height: 1, frameId: 'id', timestampNs: 3n });
  topic.send(image);
  const first = topic.tryRecv();
  sendMarked(topic, 1);
  topic.tryRecv()?.release();
  using second = first?.retain();
  first?.release();
  t.deepEqual([second?.frameId, second?.timestampNs, second?.sentNs], ['id', 3n, image.sentNs]);
  t.is(topic.stats().held, 1);
  second?.release();
  t.is(topic.stats().held, 0);
  topic.close();
});

test('every topic object of the name sees every frame, other names none', (t) => {
  const name = freshName();
  const [sender, one, two] = [1, 2, 3].map(() => new Topic(Image, name));
  const other = freshTopic();
  if (!sender || !one || !two) return t.fail();
  for (const mark of [1, 2, 3]) sendMarked(sender, mark);
  for (const topic of [sender, one, two]) {
    for (const mark of [1, 2, 3]) {
      using image = topic.tryRecv();
      t.is(markOf(image), mark);
    }
    t.is(topic.tryRecv(), null);
  }
  t.is(other.tryRecv(), null);
  for (const topic of [sender, one, two, other]) topic.close();
});

test('a late joiner gets as much history as it asks for', (t) => {
  const sender = freshTopic();
  for (const mark of [1, 2, 3, 4]) sendMarked(sender, mark);
  for (const [history, marks] of [
    [undefined, [4]],
    [0, []],
    [3, [2, 3, 4]],
  ] as const) {
    const late = new Topic(Image, sender.name, history === undefined ? {} : { history });
    for (const mark of marks) {
      using image = late.tryRecv();
      t.is(markOf(image), mark);
    }
    t.is(late.tryRecv(), null);
    late.close();
  }
  sender.close();
});

test('a slow subscriber is lapped at depth, and it is counted', (t) => {
  const topic = freshTopic({ depth: 2 });
  for (let mark = 1; mark <= 7; mark++) sendMarked(topic, mark);
  const marks: unknown[] = [];
  for (let image = topic.tryRecv(); image !== null; image = topic.tryRecv()) {
    marks.push(markOf(image));
    image.release();
  }
  t.deepEqual(marks, [6, 7]);
  const { sent, received, lapped } = topic.stats();
  t.deepEqual([sent, received, lapped], [7, 2, 5]);
  topic.close();
});

test('latest gives the newest frame and moves nothing on', (t) => {
  const topic = freshTopic();
  t.is(topic.latest(), null);
  for (const mark of [1, 2, 3]) sendMarked(topic, mark);
  for (let round = 0; round < 2; round++) {
    using image = topic.latest();
    t.is(markOf(image), 3);
  }
  using next = topic.tryRecv();
  t.is(markOf(next), 1);
  topic.close();
});

test('loan: a frame to fill in place', (t) => {
  const topic = freshTopic();
  const image = topic.loan({
    width: 4,
    height: 2,
    encoding: 'mono32f',
    frameId: 'f',
    timestampNs: 9n,
  });
  t.deepEqual([image.shape, image.frameId, image.timestampNs], [[2, 4], 'f', 9n]);
  image.data.fill(0.5);
  topic.send(image);
  using received = topic.tryRecv();
  t.deepEqual(received?.data, new Float32Array(8).fill(0.5));
  using rgb = topic.loan({ width: 1, height: 1 });
  t.is(rgb.encoding, 'rgb8');
  topic.close();
});

test('maxHeld is a limit that goes away with a release', (t) => {
  const topic = freshTopic({ maxHeld: 2 });
  for (const mark of [1, 2, 3]) sendMarked(topic, mark);
  const held = [topic.tryRecv(), topic.tryRecv()];
  t.throws(() => topic.tryRecv(), {
    instanceOf: FramelaneError,
    code: 'ERR_FRAMELANE_TOO_MANY_HELD',
  });
  held[0]?.release();
  using third = topic.tryRecv();
  t.is(markOf(third), 3);
  held[1]?.release();
  topic.close();
});

test('frames live on when their topic object is closed', (t) => {
  const topic = freshTopic();
  const loaned = topic.loan({ width: 1, height: 1, encoding: 'mono8' });
  sendMarked(topic, 42);
  const received = topic.tryRecv();
  topic.close();
  t.is(markOf(received), 42);
  loaned.data[0] = 1;
  t.is(loaned.data[0], 1);
  using copy = received?.clone();
  t.is(copy?.data[0], 42);
  received?.release();
  loaned.release();
  t.deepEqual([received?.released, loaned.released], [true, true]);
});

test('after close every member throws', async (t) => {
  const topic = freshTopic();
  t.false(topic.closed);
  topic.close();
  topic.close();
  t.true(topic.closed);
  using image = new Image(1, 1);
  const uses: Record<string, () => unknown> = {
    send: () => topic.send(image),
    loan: () => topic.loan({ width: 1, height: 1 }),
    tryRecv: () => topic.tryRecv(),
    recv: () => topic.recv(),
    latest: () => topic.latest(),
    newest: () => topic.newest(),
    loop: () => topic[Symbol.asyncIterator](),
    stats: () => topic.stats(),
  };
  const expected = { instanceOf: FramelaneError, code: 'ERR_FRAMELANE_CLOSED' };
  for (const [name, use] of Object.entries(uses)) {
    await t.throwsAsync(async () => use(), expected, name);
  }
  t.false(image.released);
  t.is(topic.ref().unref(), topic);
});

test('await using closes', async (t) => {
  let kept: Topic;
  {
    await using topic = freshTopic();
    kept = topic;
  }
  t.true(kept.closed);
});

test('names', (t) => {
  const topic = new Topic(Image);
  t.is(topic.name, 'image');
  t.is(inspect(topic), 'Topic Image "image"');
  topic.close();
  t.is(inspect(topic), 'Topic Image "image" closed');
  const nested = new Topic(Image, 'robot-1/arm.left/camera_0');
  t.is(nested.name, 'robot-1/arm.left/camera_0');
  nested.close();
});

test('stats name the publisher and the pools', (t) => {
  const topic = freshTopic({ depth: 3 });
  sendMarked(topic, 1);
  const held = topic.tryRecv();
  const stats = topic.stats();
  t.deepEqual([stats.sent, stats.received, stats.held], [1, 1, 1]);
  t.deepEqual([stats.lapped, stats.rejected, stats.evictedEarly], [0, 0, 0]);
  const publisher = stats.publishers.find(({ pid }) => pid === process.pid);
  t.like(publisher, { sent: 1, depth: 3, alive: true });
  const pool = stats.pools.find(({ mine }) => mine);
  t.true((pool?.slots ?? 0) > 3 && (pool?.slotBytes ?? 0) >= 2);
  const holder = pool?.holders.find(({ pid }) => pid === process.pid);
  t.true((holder?.slots ?? 0) >= 1);
  t.true(Math.abs(Date.now() - (holder?.sinceMs ?? 0)) < 60_000);
  t.is(pool?.relic, false);
  held?.release();
  topic.close();
});

test('what is retained of a sent frame counts as held, until it is released', (t) => {
  const topic = freshTopic();
  const counts = (): number[] => [topic.stats().loaned, topic.stats().held];
  for (let round = 0; round < 40; round++) {
    const image = topic.loan({ width: 4, height: 4 });
    const kept = image.retain();
    t.deepEqual(counts(), [2, 0]);
    topic.send(image);
    t.deepEqual(counts(), [0, 1]);
    const again = kept.retain();
    t.deepEqual(counts(), [0, 2]);
    kept.release();
    again.release();
    t.deepEqual(counts(), [0, 0]);
  }
  topic.close();
});

test('prepare makes the memory that later loans take', async (t) => {
  // A size that no other test here uses: the pool is this test's own.
  const topic = freshTopic({ depth: 3 });
  await topic.prepare({ width: 1234, height: 321, encoding: 'mono8' });
  topic.send(topic.loan({ width: 1234, height: 321, encoding: 'mono8' }));
  const pool = topic.stats().pools.find(({ slotBytes }) => slotBytes >= 1234 * 321);
  t.is(pool?.backed, 4, 'depth and one more');
  topic.close();
});

test('prepare: wrong sizes, and memory that cannot be had', async (t) => {
  const topic = freshTopic();
  const size = { width: 2, height: 2 };
  for (const [given, code] of [
    [{ width: 0, height: 2 }, 'INVALID_SIZE'],
    [{ ...size, encoding: 'rgb9' }, 'INVALID_ENCODING'],
    [{ ...size, frameId: 'x' }, 'INVALID_ARGUMENT'],
    [undefined, 'INVALID_ARGUMENT'],
    [{ width: 60_000, height: 60_000, encoding: 'rgb32f' }, 'INVALID_SIZE'],
  ] as const) {
    const use = topic.prepare(given as typeof size);
    const expected = { instanceOf: FramelaneError, code: `ERR_FRAMELANE_${code}` };
    await t.throwsAsync(use, expected, JSON.stringify(given));
  }
  topic.close();
  await t.throwsAsync(topic.prepare(size), { code: 'ERR_FRAMELANE_CLOSED' });
});

test('stats count the frames sent whose pixels were copied', (t) => {
  const topic = freshTopic();
  topic.send(Image.fromBytes(new Uint8Array(4), { width: 2, height: 2, encoding: 'mono8' }));
  topic.send(new Image(1, 1).clone());
  topic.send(new Image(1, 1));
  t.deepEqual([topic.stats().sent, topic.stats().copied], [3, 2]);
  topic.close();
});
