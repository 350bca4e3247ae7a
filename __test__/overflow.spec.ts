/** Topics that lose nothing or drop the newest, and `sendWhenReady`. */
import test, { type ExecutionContext } from 'ava';
import { FramelaneError, Image, Topic, type Overflow, type TopicOptions } from 'framelane';
import { freshName, freshTopic, markOf, runScript, sendMarked, sleep } from './kit.js';

/** A sender and a reader that has joined. */
function pair(t: ExecutionContext, overflow: Overflow, depth: number): [Topic, Topic] {
  const sender = freshTopic({ overflow, depth });
  const reader = new Topic(Image, sender.name, { overflow, history: 0 });
  t.teardown(() => [sender, reader].forEach((topic) => topic.close()));
  t.is(reader.tryRecv(), null);
  return [sender, reader];
}

function marked(topic: Topic, mark: number): Image {
  const image = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
  image.data[0] = mark;
  return image;
}

function take(topic: Topic): number | undefined {
  using image = topic.tryRecv();
  return markOf(image);
}

/** The error a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<FramelaneError> {
  return promise.then(
    () => new FramelaneError('ERR_FRAMELANE_INTERNAL', 'it was resolved'),
    (error: FramelaneError) => error,
  );
}

test('block: send says who is slow, and the frame stays the caller’s', (t) => {
  const [sender, reader] = pair(t, 'block', 3);
  for (const mark of [1, 2, 3]) sendMarked(sender, mark);
  const image = marked(sender, 4);
  const expected = { instanceOf: FramelaneError, code: 'ERR_FRAMELANE_BACKPRESSURE' };
  const error = t.throws(() => sender.send(image), expected);
  t.regex(error?.message ?? '', new RegExp(`pid ${process.pid}`));
  t.false(image.released);
  t.is(sender.stats().loaned, 1);
  image.data[0] = 5;
  t.is(take(reader), 1);
  sender.send(image);
  t.true(image.released);
  t.deepEqual([take(reader), take(reader), take(reader)], [2, 3, 5]);
  t.deepEqual([reader.stats().lapped, sender.stats().dropped, sender.stats().loaned], [0, 0, 0]);
});

test('block: nobody is waited for before the first receiving call, nor after close', (t) => {
  const sender = freshTopic({ overflow: 'block', depth: 2 });
  const reader = new Topic(Image, sender.name, { overflow: 'block' });
  for (let mark = 0; mark < 10; mark++) sendMarked(sender, mark);
  t.is(take(reader), 9, 'history');
  for (const mark of [1, 2]) sendMarked(sender, mark);
  using image = marked(sender, 3);
  t.throws(() => sender.send(image), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  reader.close();
  for (let mark = 0; mark < 10; mark++) sendMarked(sender, mark);
  t.is(sender.stats().subscribers.length, 0);
  sender.close();
});

test('drop-newest: what finds no room is consumed, released and counted', (t) => {
  const [sender, reader] = pair(t, 'drop-newest', 2);
  const kept = marked(sender, 9);
  for (const mark of [1, 2]) sendMarked(sender, mark);
  for (let round = 0; round < 3; round++) {
    const image = marked(sender, 7);
    sender.send(image);
    t.true(image.released);
    t.deepEqual([image.sentNs, image.sequence, image.width], [0n, 0, 2]);
    t.throws(() => image.setFrameId('x'), { code: 'ERR_FRAMELANE_FROZEN' });
  }
  sender.send(kept.retain());
  kept.data[0] = 3;
  t.deepEqual([sender.stats().dropped, sender.stats().loaned, sender.stats().sent], [4, 1, 2]);
  t.deepEqual([take(reader), take(reader), take(reader)], [1, 2, undefined]);
  sender.send(kept);
  t.is(take(reader), 3, 'what was kept of a dropped frame is ours still');
  t.is(sender.stats().extraReleases, 0);
});

test('everybody opens a topic the same way', (t) => {
  const topic = freshTopic({ overflow: 'block' });
  const wrong: (TopicOptions | undefined)[] = [
    undefined,
    { overflow: 'drop-oldest' },
    { overflow: 'drop-newest' },
  ];
  for (const options of wrong) {
    const error = t.throws(() => new Topic(Image, topic.name, options), {
      code: 'ERR_FRAMELANE_TOPIC_MISMATCH',
    });
    t.regex(error?.message ?? '', /with overflow block, not/);
  }
  const bad = { overflow: 'wait' } as unknown as TopicOptions;
  t.throws(() => new Topic(Image, freshName(), bad), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    message: /overflow: expected 'drop-oldest' or 'drop-newest' or 'block', got "wait"/,
  });
  topic.close();
});

test('sendWhenReady sends without ado where there is room', async (t) => {
  for (const overflow of ['drop-oldest', 'drop-newest', 'block'] as const) {
    const [sender, reader] = pair(t, overflow, 2);
    const image = marked(sender, 1);
    await sender.sendWhenReady(image);
    t.true(image.released, overflow);
    t.is(take(reader), 1);
  }
});

test('sendWhenReady waits, in order', async (t) => {
  const [sender, reader] = pair(t, 'block', 2);
  for (const mark of [1, 2]) sendMarked(sender, mark);
  const order: number[] = [];
  const waits = [3, 4, 5].map(async (mark) => {
    await sender.sendWhenReady(marked(sender, mark));
    order.push(mark);
  });
  await sleep(20);
  t.deepEqual(order, []);
  t.is(take(reader), 1);
  await waits[0];
  t.deepEqual(order, [3]);
  t.is(take(reader), 2);
  t.is(take(reader), 3);
  await Promise.all(waits);
  t.deepEqual(order, [3, 4, 5]);
  t.deepEqual([take(reader), take(reader), take(reader)], [4, 5, undefined]);
  t.is(reader.stats().lapped, 0);
});

test('send does not overtake those who wait', async (t) => {
  const [sender, reader] = pair(t, 'block', 1);
  sendMarked(sender, 1);
  const waiting = sender.sendWhenReady(marked(sender, 2));
  t.is(take(reader), 1);
  using image = marked(sender, 3);
  t.throws(() => sender.send(image), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  await waiting;
  t.is(take(reader), 2);
});

test('many frames through a wait each: all arrive, in order', async (t) => {
  const FRAMES = 2000;
  const [sender, reader] = pair(t, 'block', 2);
  const seen: (number | undefined)[] = [];
  const reading = (async () => {
    for await (const image of reader) {
      if (seen.push(image.data[0]) === FRAMES) break;
    }
  })();
  for (let n = 0; n < FRAMES; n++) await sender.sendWhenReady(marked(sender, n % 256));
  await reading;
  t.true(seen.every((mark, n) => mark === n % 256));
  t.is(reader.stats().lapped, 0);
});

test('sendWhenReady ends by its time, by a signal, and by close', async (t) => {
  const [sender] = pair(t, 'block', 1);
  sendMarked(sender, 1);
  const image = marked(sender, 2);
  const late = await rejection(sender.sendWhenReady(image, { timeoutMs: 20 }));
  t.is(late.code, 'ERR_FRAMELANE_BACKPRESSURE');
  t.regex(late.message, new RegExp(`no room within 20 ms; .*pid ${process.pid}`));
  const none = await rejection(sender.sendWhenReady(image, { timeoutMs: 0 }));
  t.is(none.code, 'ERR_FRAMELANE_BACKPRESSURE');

  const controller = new AbortController();
  const aborted = rejection(sender.sendWhenReady(image, { signal: controller.signal }));
  const reason = new Error('enough');
  controller.abort(reason);
  t.is((await aborted) as Error, reason);
  const before = sender.sendWhenReady(image, { signal: controller.signal });
  t.is((await rejection(before)) as Error, reason);

  const closed = rejection(sender.sendWhenReady(image));
  await sleep(5);
  sender.close();
  t.is((await closed).code, 'ERR_FRAMELANE_CLOSED');
  t.is((await rejection(sender.sendWhenReady(image))).code, 'ERR_FRAMELANE_CLOSED');
  t.false(image.released, 'after each of them the frame is the caller’s');
  t.is(image.data[0], 2);
  image.release();
});

test('a frame released while it waits fails its own wait only', async (t) => {
  const [sender, reader] = pair(t, 'block', 1);
  sendMarked(sender, 1);
  const [bad, good] = [marked(sender, 2), marked(sender, 3)];
  const waits = [rejection(sender.sendWhenReady(bad)), sender.sendWhenReady(good)] as const;
  bad.release();
  t.is(take(reader), 1);
  t.is((await waits[0]).code, 'ERR_FRAMELANE_RELEASED');
  await waits[1];
  t.is(take(reader), 3);
});

test('wrong arguments of sendWhenReady', async (t) => {
  const topic = freshTopic();
  using image = new Image(1, 1);
  const uses = [
    () => topic.sendWhenReady(1 as unknown as Image),
    () => topic.sendWhenReady(image, { timeoutMs: -1 }),
    () => topic.sendWhenReady(image, { wait: 1 } as never),
    () => topic.sendWhenReady(image, { signal: {} as AbortSignal }),
  ];
  for (const use of uses) {
    t.is((await rejection(use())).code, 'ERR_FRAMELANE_INVALID_ARGUMENT');
  }
  t.false(image.released);
  topic.close();
});

const preamble = `
  import { Image, Topic } from 'framelane';
  const options = { overflow: 'block', depth: 1, history: 0 };
  const [sender, reader] = [0, 1].map(() => new Topic(Image, 'alive.' + process.pid, options));
  reader.tryRecv();
  sender.send(sender.loan({ width: 2, height: 2 }));
  const next = sender.loan({ width: 2, height: 2 });
`;

test('a wait for room keeps the process alive, unless unref was called', async (t) => {
  const waits = await runScript(`${preamble}
    setTimeout(() => reader.tryRecv().release(), 300).unref();
    await sender.sendWhenReady(next);
    console.log('sent');`);
  t.deepEqual([waits.status, waits.stdout], [0, 'sent'], waits.stderr);
  const leaves = await runScript(`${preamble}
    sender.unref();
    sender.sendWhenReady(next).catch(() => {});
    console.log('end');`);
  t.deepEqual([leaves.status, leaves.stdout], [0, 'end'], leaves.stderr);
  t.true(leaves.tookMs < 5000);
});

test('a loop that always finds room leaves timers their turn', async (t) => {
  const topic = freshTopic();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  for (let n = 0; n < 300_000 && ticks < 5; n++) await topic.sendWhenReady(marked(topic, 1));
  clearInterval(timer);
  t.is(ticks, 5);
  topic.close();
});
