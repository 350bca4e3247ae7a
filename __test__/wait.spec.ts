/** Waiting for frames: recv, loops, order, ends, and what keeps a process alive. */
import test from 'ava';
import { FramelaneError, Image, Topic } from 'framelane';
import { freshTopic, markOf, runScript, sendMarked, sleep } from './kit.js';

test('recv takes what is there', async (t) => {
  const topic = freshTopic();
  sendMarked(topic, 1);
  sendMarked(topic, 2);
  for (const mark of [1, 2]) {
    using image = await topic.recv();
    t.is(markOf(image), mark);
  }
  topic.close();
});

test('recv waits for what is not there yet', async (t) => {
  const topic = freshTopic();
  const pending = topic.recv();
  await sleep(30);
  sendMarked(topic, 3);
  using image = await pending;
  t.is(markOf(image), 3);
  topic.close();
});

test('several waits are served in the order of asking', async (t) => {
  const topic = freshTopic();
  const order: unknown[] = [];
  const waits = ['a', 'b', 'c'].map(async (name) => {
    using image = await topic.recv();
    order.push(`${name}${markOf(image)}`);
  });
  await sleep(5);
  for (const mark of [1, 2, 3]) sendMarked(topic, mark);
  await Promise.all(waits);
  t.deepEqual(order, ['a1', 'b2', 'c3']);
  topic.close();
});

test('who asks later does not get a frame that others wait for', async (t) => {
  const topic = freshTopic();
  const loop = topic[Symbol.asyncIterator]();
  const [first, second] = [topic.recv(), loop.next()];
  await sleep(5);
  sendMarked(topic, 1);
  const images: (Image | undefined)[] = [await first];
  // Right after the first was served, nothing but the line holds the third back.
  sendMarked(topic, 2);
  const third = topic.recv();
  sendMarked(topic, 3);
  images.push((await second).value, await third);
  t.deepEqual(
    images.map((image) => markOf(image ?? null)),
    [1, 2, 3],
  );
  await loop.return?.();
  for (const image of images) image?.[Symbol.dispose]();
  topic.close();
});

test('one wait ends, the others keep their places', async (t) => {
  const topic = freshTopic();
  const stop = new AbortController();
  const first = t.throwsAsync(topic.recv({ signal: stop.signal }), { any: true });
  const second = topic.recv();
  const third = t.throwsAsync(topic.recv({ timeoutMs: 5 }), { code: 'ERR_FRAMELANE_TIMEOUT' });
  stop.abort();
  t.is(((await first) as Error).name, 'AbortError');
  await third;
  sendMarked(topic, 8);
  using image = await second;
  t.is(markOf(image), 8);
  t.is(topic.stats().held, 1);
  topic.close();
});

test('a signal ends a wait with its reason', async (t) => {
  const topic = freshTopic();
  const reason = new RangeError('enough');
  await t.throwsAsync(topic.recv({ signal: AbortSignal.abort(reason) }), { is: reason });
  const stop = new AbortController();
  const pending = topic.recv({ signal: stop.signal, timeoutMs: 10_000 });
  setTimeout(() => stop.abort(reason), 5);
  await t.throwsAsync(pending, { is: reason });
  sendMarked(topic, 1);
  // An aborted signal wins over a frame, and the frame stays for the next.
  await t.throwsAsync(topic.recv({ signal: stop.signal }), { is: reason });
  using image = await topic.recv();
  t.is(markOf(image), 1);
  topic.close();
});

test('a wait leaves nothing on its signal', async (t) => {
  const topic = freshTopic();
  let listeners = 0;
  const signal = {
    aborted: false,
    addEventListener: () => void listeners++,
    removeEventListener: () => void listeners--,
  };
  const pending = topic.recv({ signal });
  t.is(listeners, 1);
  sendMarked(topic, 1);
  (await pending).release();
  t.is(listeners, 0);
  await t.throwsAsync(topic.recv({ signal, timeoutMs: 2 }), { code: 'ERR_FRAMELANE_TIMEOUT' });
  t.is(listeners, 0);
  topic.close();
});

test('a time limit', async (t) => {
  const topic = freshTopic();
  const begin = performance.now();
  const error = await t.throwsAsync(topic.recv({ timeoutMs: 50 }), {
    instanceOf: FramelaneError,
    code: 'ERR_FRAMELANE_TIMEOUT',
  });
  const took = performance.now() - begin;
  t.true(took >= 49 && took < 1000, `${took}`);
  t.regex(error.message, /within 50 ms/);
  await t.throwsAsync(topic.recv({ timeoutMs: 0 }), { code: 'ERR_FRAMELANE_TIMEOUT' });
  for (let round = 0; round < 100; round++) {
    sendMarked(topic, round);
    using image = await topic.recv({ timeoutMs: 0 });
    t.is(markOf(image), round);
  }
  topic.close();
});

test('close rejects waits and ends loops', async (t) => {
  const topic = freshTopic();
  const pending = topic.recv();
  const loop = (async () => {
    let frames = 0;
    for await (const image of topic) frames += image.width;
    return frames;
  })();
  await sleep(5);
  topic.close();
  await t.throwsAsync(pending, { instanceOf: FramelaneError, code: 'ERR_FRAMELANE_CLOSED' });
  t.is(await loop, 0);
});

test('a loop gives each frame back when it asks for the next', async (t) => {
  const topic = freshTopic();
  for (const mark of [1, 2, 3]) sendMarked(topic, mark);
  const seen: Image[] = [];
  for await (const image of topic) {
    t.is(markOf(image), seen.length + 1);
    t.true(seen.every(({ released }) => released));
    t.is(topic.stats().held, 1);
    seen.push(image);
    if (seen.length === 3) break;
  }
  t.true(seen.every(({ released }) => released));
  t.deepEqual([topic.stats().held, topic.stats().extraReleases], [0, 0]);
  topic.close();
});

test('a loop that throws gives its frame back', async (t) => {
  const topic = freshTopic();
  sendMarked(topic, 1);
  await t.throwsAsync(
    async () => {
      for await (const image of topic) throw new Error(`frame ${markOf(image)}`);
    },
    { message: 'frame 1' },
  );
  t.is(topic.stats().held, 0);
  topic.close();
});

test('in a loop: release by hand, retain, clone', async (t) => {
  const topic = freshTopic();
  for (const mark of [1, 2, 3]) sendMarked(topic, mark);
  const kept: Image[] = [];
  let steps = 0;
  for await (const image of topic) {
    if (steps === 0) image.release();
    if (steps === 1) kept.push(image.retain());
    if (steps === 2) kept.push(image.clone());
    if (++steps === 3) break;
  }
  t.deepEqual(kept.map(markOf), [2, 3]);
  t.deepEqual([topic.stats().held, topic.stats().extraReleases], [1, 0]);
  for (const image of kept) image.release();
  topic.close();
});

test('a loop sees frames that come while it waits', async (t) => {
  const topic = freshTopic();
  const marks: unknown[] = [];
  const loop = (async () => {
    for await (const image of topic) {
      marks.push(markOf(image));
      if (marks.length === 9) break;
    }
  })();
  for (let burst = 0; burst < 3; burst++) {
    await sleep(5);
    for (let frame = 0; frame < 3; frame++) sendMarked(topic, burst * 3 + frame);
  }
  await loop;
  t.deepEqual(marks, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  topic.close();
});

test('newest passes over what is old, and it is counted', async (t) => {
  const topic = freshTopic();
  const marks: unknown[] = [];
  for (const mark of [1, 2, 3]) sendMarked(topic, mark);
  for await (const image of topic.newest()) {
    marks.push(markOf(image));
    if (marks.length === 2) break;
    for (const mark of [4, 5]) sendMarked(topic, mark);
  }
  t.deepEqual(marks, [3, 5]);
  const { lapped, skipped, received } = topic.stats();
  t.deepEqual([lapped, skipped, received], [0, 3, 2]);
  t.is(topic.tryRecv(), null);
  topic.close();
});

test('steps asked for ahead are answered in order, each ends the one before', async (t) => {
  const topic = freshTopic();
  const steps = topic[Symbol.asyncIterator]();
  const order: string[] = [];
  const answers = ['a', 'b', 'c'].map(async (name) => {
    const { value } = await steps.next();
    order.push(name);
    return value as Image;
  });
  await sleep(2);
  for (const mark of [1, 2, 3]) sendMarked(topic, mark);
  const images = await Promise.all(answers);
  t.deepEqual(order, ['a', 'b', 'c']);
  t.deepEqual(
    images.map(({ released }) => released),
    [true, true, false],
  );
  t.is(markOf(images[2] ?? null), 3);
  await steps.return?.();
  t.is(topic.stats().held, 0);
  topic.close();
});

test('return ends a step that waits', async (t) => {
  const topic = freshTopic();
  const steps = topic[Symbol.asyncIterator]();
  const waiting = steps.next();
  await sleep(2);
  t.deepEqual(await steps.return?.(), { done: true, value: undefined });
  t.deepEqual(await waiting, { done: true, value: undefined });
  t.deepEqual(await steps.next(), { done: true, value: undefined });
  // The next in line gets the frame, not the one that has left.
  const next = topic.recv({ timeoutMs: 2000 });
  sendMarked(topic, 1);
  using image = await next;
  t.is(markOf(image), 1);
  topic.close();
});

test('a loop that asks for too many frames fails and leaves the topic usable', async (t) => {
  const topic = freshTopic({ maxHeld: 1 });
  for (const mark of [1, 2]) sendMarked(topic, mark);
  const kept: Image[] = [];
  const loop = async (): Promise<void> => {
    for await (const image of topic) kept.push(image.retain());
  };
  await t.throwsAsync(loop, { code: 'ERR_FRAMELANE_TOO_MANY_HELD' });
  for (const image of kept) image.release();
  t.is(topic.stats().held, 0);
  sendMarked(topic, 3);
  const next = topic.tryRecv();
  t.true(next !== null);
  next?.release();
  topic.close();
});

test('a loop that never catches up lets timers through', async (t) => {
  const topic = freshTopic();
  let fired = false;
  let frames = 0;
  setTimeout(() => {
    fired = true;
  }, 10);
  const end = performance.now() + 5000;
  sendMarked(topic, 0);
  for await (const image of topic) {
    frames += image.height;
    if (fired || performance.now() > end) break;
    sendMarked(topic, 0);
  }
  t.true(fired, `no timer in ${frames} frames`);
  topic.close();
});

test('recv that never has to wait lets timers through', async (t) => {
  const topic = freshTopic();
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 10);
  const end = performance.now() + 5000;
  while (!fired && performance.now() < end) {
    sendMarked(topic, 0);
    using image = await topic.recv();
    t.is(markOf(image), 0);
  }
  t.true(fired);
  topic.close();
});

test('a wait gets the frames of its own topic', async (t) => {
  const topics = Array.from({ length: 5 }, () => new Topic(Image, freshTopic().name));
  const waits = topics.map((topic) => topic.recv({ timeoutMs: 5000 }));
  await sleep(5);
  for (const [mark, topic] of [...topics.entries()].reverse()) sendMarked(topic, mark);
  const marks = (await Promise.all(waits)).map((image) => {
    using held = image;
    return markOf(held);
  });
  t.deepEqual(marks, [0, 1, 2, 3, 4]);
  for (const topic of topics) topic.close();
});

/** A script with a topic, which says how long it lived. */
function living(body: string): ReturnType<typeof runScript> {
  return runScript(`
    import { Image, Topic } from 'framelane';
    const topic = new Topic(Image, 'living-${Math.random().toString(36).slice(2)}');
    const begin = performance.now();
    process.on('exit', () => console.log(Math.round(performance.now() - begin)));
    ${body}
  `);
}

test('an idle topic does not keep a process alive', async (t) => {
  const { status, stdout } = await living('');
  t.is(status, 0);
  t.true(Number(stdout) < 1000, stdout);
});

test('a wait keeps a process alive until it ends', async (t) => {
  const { status, stdout } = await living(
    `topic.recv({ timeoutMs: 300 }).catch((error) => console.log(error.code));`,
  );
  const [code, lived] = stdout.split('\n');
  t.deepEqual([status, code], [0, 'ERR_FRAMELANE_TIMEOUT']);
  t.true(Number(lived) >= 295, stdout);
});

test('a wait on an unref-ed topic does not', async (t) => {
  const { status, stdout } = await living(
    `topic.unref(); topic.recv({ timeoutMs: 5000 }).catch((error) => console.log(error.code));`,
  );
  t.is(status, 0);
  t.true(Number(stdout) < 1000, stdout);
});

test('ref keeps a process alive until close', async (t) => {
  const { status, stdout } = await living(
    `topic.ref(); setTimeout(() => topic.close(), 300).unref();`,
  );
  t.is(status, 0);
  t.true(Number(stdout) >= 295 && Number(stdout) < 5000, stdout);
});
