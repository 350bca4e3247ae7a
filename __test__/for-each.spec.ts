/** `forEach`: what it is called with, when frames come back, and how it ends. */
import test from 'ava';
import { Image, Topic, type ReceivedImage } from 'framelane';
import { freshTopic, markOf, runScript, sendMarked, sleep } from './kit.js';

/** Waits until `condition` holds. */
async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition() && performance.now() < end) await sleep(1);
}

const mark = (image: ReceivedImage): number | undefined => markOf(image as unknown as Image);

test('a synchronous function gets what is there, in order', async (t) => {
  const topic = freshTopic({ history: 8 });
  for (const number of [1, 2, 3]) sendMarked(topic, number);
  const seen: unknown[] = [];
  const held: number[] = [];
  const loop = topic.forEach((image) => {
    seen.push(mark(image));
    held.push(topic.stats().held);
  });
  await until(() => seen.length === 3);
  t.deepEqual(seen, [1, 2, 3]);
  t.deepEqual(held, [1, 1, 1], 'one at a time');
  t.is(topic.stats().held, 0, 'the last was given back, too');
  sendMarked(topic, 4);
  await until(() => seen.length === 4);
  t.deepEqual(seen, [1, 2, 3, 4]);
  topic.close();
  t.is(await loop, undefined);
});

test('frames are released after the function, unless retained', async (t) => {
  const topic = freshTopic();
  const images: ReceivedImage[] = [];
  let kept: ReceivedImage | undefined;
  const loop = topic.forEach((image) => {
    images.push(image);
    kept ??= image.retain();
  });
  sendMarked(topic, 1);
  await until(() => images.length === 1);
  sendMarked(topic, 2);
  await until(() => images.length === 2);
  t.deepEqual(
    images.map(({ released }) => released),
    [true, true],
  );
  t.throws(() => images[0]?.data, { code: 'ERR_FRAMELANE_RELEASED' });
  t.is(kept === undefined ? 0 : mark(kept), 1);
  t.is(topic.stats().held, 1);
  kept?.release();
  // A function that releases its frame itself does no harm.
  topic.close();
  await loop;
});

test('a frame is held until the promise of its function is settled', async (t) => {
  const topic = freshTopic({ history: 8 });
  for (const number of [1, 2]) sendMarked(topic, number);
  const events: string[] = [];
  const loop = topic.forEach(async (image) => {
    events.push(`begin ${mark(image)}`);
    await sleep(10);
    events.push(`end ${mark(image)} of ${topic.stats().held}`);
  });
  await until(() => events.length === 4);
  await sleep(1);
  t.deepEqual(events, ['begin 1', 'end 1 of 1', 'begin 2', 'end 2 of 1']);
  t.is(topic.stats().held, 0);
  topic.close();
  await loop;
});

test('anything with a then is waited for', async (t) => {
  const topic = freshTopic({ history: 8 });
  for (const number of [1, 2]) sendMarked(topic, number);
  const open: (() => void)[] = [];
  // oxlint-disable-next-line unicorn/no-thenable -- what is tested
  const waitable = { then: (done: () => void) => open.push(done) };
  const loop = topic.forEach(() => waitable);
  await sleep(5);
  t.is(topic.stats().held, 1);
  t.is(topic.stats().received, 1);
  open[0]?.();
  await until(() => topic.stats().received === 2);
  t.is(topic.stats().received, 2);
  open[1]?.();
  await until(() => topic.stats().held === 0);
  t.is(topic.stats().held, 0);
  topic.close();
  await loop;
});

for (const how of ['throws', 'rejects'] as const) {
  test(`ends with what the function ${how}; the frame is given back`, async (t) => {
    const topic = freshTopic({ history: 8 });
    for (const number of [1, 2]) sendMarked(topic, number);
    const bad = new Error('bad frame');
    const fail = (): Promise<never> => {
      if (how === 'throws') throw bad;
      return Promise.reject(bad);
    };
    const error = await t.throwsAsync(topic.forEach(fail));
    t.is(error, bad);
    t.is(topic.stats().held, 0);
    t.is(topic.stats().received, 1, 'and is not called again');
    using next = topic.tryRecv();
    t.is(markOf(next as Image | null), 2);
    topic.close();
  });
}

test('a throw after a wake-up rejects, too, and leaves others alone', async (t) => {
  const topic = freshTopic();
  const bad = new Error('bad frame');
  const loop = topic.forEach(() => {
    throw bad;
  });
  const other = topic.recv({ timeoutMs: 2000 });
  await sleep(5);
  sendMarked(topic, 1);
  sendMarked(topic, 2);
  t.is(await t.throwsAsync(loop), bad);
  const image = await other;
  t.is(mark(image), 2);
  image.release();
  t.is(topic.stats().held, 0);
  topic.close();
});

test('a signal ends it: before, while it waits, and inside the function', async (t) => {
  const topic = freshTopic({ history: 8 });
  const reason = new Error('enough');
  const ended = (loop: Promise<void>): Promise<unknown> =>
    loop.then(
      () => t.fail(),
      (error: unknown) => error,
    );
  t.is(await ended(topic.forEach(() => t.fail(), { signal: AbortSignal.abort(reason) })), reason);

  const waiting = new AbortController();
  const loop = topic.forEach(() => {}, { signal: waiting.signal });
  await sleep(5);
  waiting.abort(reason);
  t.is(await ended(loop), reason);

  const inside = new AbortController();
  let calls = 0;
  for (const number of [1, 2]) sendMarked(topic, number);
  const sync = topic.forEach(
    () => {
      calls += 1;
      inside.abort(reason);
    },
    { signal: inside.signal },
  );
  t.is(await ended(sync), reason);
  t.is(calls, 1);
  t.is(topic.stats().held, 0);

  const later = new AbortController();
  let done = false;
  const slow = topic.forEach(
    async () => {
      later.abort(reason);
      await sleep(20);
      done = true;
    },
    { signal: later.signal },
  );
  t.is(await ended(slow), reason);
  t.true(done, 'the function that was running has ended before');
  t.is(topic.stats().held, 0);
  topic.close();
});

test('close ends it: from outside, from inside, and while a promise is open', async (t) => {
  const outside = freshTopic();
  const idle = outside.forEach(() => t.fail());
  await sleep(5);
  outside.close();
  await idle;

  const inside = freshTopic({ history: 8 });
  for (const number of [1, 2]) sendMarked(inside, number);
  let calls = 0;
  await inside.forEach(() => {
    calls += 1;
    inside.close();
  });
  t.is(calls, 1);

  const open = freshTopic();
  sendMarked(open, 1);
  let image: ReceivedImage | undefined;
  const loop = open.forEach(async (frame) => {
    image = frame;
    await sleep(20);
    t.is(mark(frame), 1, 'a frame held while close() runs stays valid');
  });
  await until(() => image !== undefined);
  open.close();
  await loop;
  t.true(image?.released);
  await t.throwsAsync(
    open.forEach(() => {}),
    { code: 'ERR_FRAMELANE_CLOSED' },
  );
});

test('bad arguments', async (t) => {
  const topic = freshTopic();
  const bad = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };
  for (const value of [undefined, null, 1, {}]) {
    await t.throwsAsync(topic.forEach(value as unknown as () => void), bad);
  }
  await t.throwsAsync(
    topic.forEach(() => {}, { timeoutMs: 1 } as object),
    bad,
  );
  await t.throwsAsync(
    topic.forEach(() => {}, { signal: 1 } as unknown as object),
    bad,
  );
  topic.close();
});

test('a stream without an end leaves timers and other loops their turn', async (t) => {
  const topic = freshTopic({ depth: 8 });
  let [calls, others, ticks] = [0, 0, 0];
  const end = performance.now() + 5000;
  sendMarked(topic, 0);
  const second = new Topic(Image, topic.name);
  const other = second.forEach(() => void (others += 1));
  const loop = topic.forEach(() => {
    calls += 1;
    // Each frame brings the next: there is always one.
    if (ticks < 10 && performance.now() < end) sendMarked(topic, 0);
    else topic.close();
  });
  const timer = setInterval(() => (ticks += 1), 5);
  sendMarked(topic, 0);
  await loop;
  second.close();
  await other;
  clearInterval(timer);
  t.true(calls > 100, `${calls} calls`);
  t.true(others > 0, `${others} calls of the other`);
  t.true(ticks >= 10, `${ticks} ticks`);
});

test('waits like recv does: it keeps the process alive, unless unref', async (t) => {
  const head = `
    import { Image, Topic } from 'framelane';
    const topic = new Topic(Image, 'for-each-alive-${process.pid}');
    void topic.forEach(() => {});
  `;
  const alone = await runScript(`${head} topic.unref();`);
  t.is(alone.status, 0);
  const kept = await runScript(
    `${head} setTimeout(() => { topic.close(); console.log('closed'); }, 300).unref();`,
  );
  t.is(kept.stdout, 'closed');
});
