/** What is told on `node:diagnostics_channel`: frames missed, and peers that died. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Image, Topic, type LappedEvent, type PeerDiedEvent } from 'framelane';
import { freshTopic, sendMarked } from './kit.js';
import { send } from './process/child.js';
import { Child, eventually, topicName } from './process/children.js';
import { numbered, script } from './process/roles.js';

/** What is told on a channel from now on, as far as it is about `topic`. */
function listen<E extends { topic?: string }>(
  t: ExecutionContext,
  name: string,
  topic?: string,
): E[] {
  const heard: E[] = [];
  const listener = (message: unknown): void => {
    const event = message as E;
    if (topic === undefined || event.topic === topic) heard.push(event);
  };
  subscribe(name, listener);
  t.teardown(() => unsubscribe(name, listener));
  return heard;
}

test('framelane:lapped tells what stats count', async (t) => {
  const topic = freshTopic({ depth: 2, history: 0 });
  t.teardown(() => topic.close());
  const heard = listen<LappedEvent>(t, 'framelane:lapped', topic.name);
  topic.tryRecv();
  for (let mark = 0; mark < 2; mark += 1) sendMarked(topic, mark);
  for (let n = 0; n < 2; n += 1) topic.tryRecv()?.release();
  await sleep(0);
  t.deepEqual(heard, [], 'nothing was missed');

  for (let mark = 2; mark < 7; mark += 1) sendMarked(topic, mark);
  topic.tryRecv()?.release();
  await sleep(0);
  t.deepEqual(heard, [{ topic: topic.name, missed: 3 }]);
  for await (const frame of topic) {
    if (frame.sequence === 6) for (let mark = 7; mark < 12; mark += 1) sendMarked(topic, mark);
    if (frame.sequence >= 10) break;
  }
  await sleep(0);
  t.deepEqual(heard, [
    { topic: topic.name, missed: 3 },
    { topic: topic.name, missed: 3 },
  ]);
  t.is(topic.stats().lapped, 6);
});

test('who listens may call the topic', async (t) => {
  const topic = freshTopic({ depth: 1, history: 0 });
  const listener = (message: unknown): void => {
    if ((message as LappedEvent).topic === topic.name) topic.close();
  };
  subscribe('framelane:lapped', listener);
  t.teardown(() => unsubscribe('framelane:lapped', listener));
  const waiting = topic.recv();
  const loop = topic[Symbol.asyncIterator]().next();
  for (let mark = 0; mark < 3; mark += 1) sendMarked(topic, mark);
  const frame = await waiting;
  t.is(frame.data[0], 2);
  frame.release();
  t.deepEqual(await loop, { done: true, value: undefined });
});

test('framelane:peer-died: a publisher that was killed', async (t) => {
  const name = topicName('died');
  const heard = listen<PeerDiedEvent>(t, 'framelane:peer-died', name);
  const topic = new Topic(Image, name);
  t.teardown(() => topic.close());
  const sender = new Child(t, 'send', [name, 1, 0]);
  (await topic.recv()).release();
  const waiting = t.throwsAsync(topic.recv(), { code: 'ERR_FRAMELANE_CLOSED' });
  await sleep(1500);
  t.deepEqual(heard, [], 'it lives');
  const { pid } = sender.process;
  await sender.kill();

  await eventually(() => heard.length > 0, 10_000);
  await sleep(1500);
  t.is(heard.length, 1, 'told once');
  t.like(heard[0], { pid, topic: name });
  t.regex(heard[0]?.process ?? '', /^[\w-]+$/);
  topic.close();
  await waiting;
});

test('who leaves in good order has not died', async (t) => {
  const name = topicName('left');
  const heard = listen<PeerDiedEvent>(t, 'framelane:peer-died', name);
  const topic = new Topic(Image, name);
  t.teardown(() => topic.close());
  const loop = (async () => {
    for await (const frame of topic) void frame;
  })();
  const reader = new Child(t, 'receive', [name, 1]);
  await eventually(() => topic.stats().subscribers.length === 2, 20_000);
  await sleep(1200);
  const here = new Topic(Image, name);
  send(here, 1);
  here.close();
  t.is(await reader.end(), 0);
  const sender = new Child(t, 'resize', [name]);
  t.is(await sender.end(), 0);
  // Who comes next takes the place of the last.
  send(topic, 2);
  await sleep(2500);
  t.deepEqual(heard, []);
  topic.close();
  await loop;
});

test('framelane:peer-died: a subscriber whose publisher goes on', async (t) => {
  const name = topicName('reader');
  const heard = listen<PeerDiedEvent>(t, 'framelane:peer-died', name);
  const topic = new Topic(Image, name);
  t.teardown(() => topic.close());
  const reader = new Child(t, 'hold', [name, 2]);
  await eventually(() => topic.stats().subscribers.length === 1, 20_000);
  let number = 0;
  const timer = setInterval(() => send(topic, number++), 20);
  t.teardown(() => clearInterval(timer));
  await reader.until('holding');
  await sleep(1200);
  t.deepEqual(heard, []);
  await reader.kill();
  await eventually(() => heard.length > 0, 10_000);
  t.like(heard[0], { pid: reader.process.pid, topic: name });
  await sleep(1500);
  t.is(heard.length, 1);
});

test('framelane:peer-died: a subscriber that somebody waited for', async (t) => {
  const name = topicName('waited');
  const heard = listen<PeerDiedEvent>(t, 'framelane:peer-died', name);
  const topic = new Topic(Image, name, { overflow: 'block', depth: 2 });
  t.teardown(() => topic.close());
  const reader = new Child(t, 'join', [name], {}, script);
  await reader.until('ready');
  for (let number = 0; number < 2; number += 1) send(topic, number);
  const next = numbered(topic, 2);
  t.throws(() => topic.send(next), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  await reader.kill();
  // The call that finds no room finds the dead, and goes on.
  topic.send(next);
  await eventually(() => heard.length > 0);
  t.like(heard[0], { pid: reader.process.pid, topic: name });
});

test('framelane:peer-died: the place of the dead is taken', async (t) => {
  const name = topicName('taken');
  const heard = listen<PeerDiedEvent>(t, 'framelane:peer-died', name);
  const topic = new Topic(Image, name);
  t.teardown(() => topic.close());
  const sender = new Child(t, 'send', [name, 1, 0]);
  await sender.until('sent');
  await sender.kill();
  send(topic, 1);
  await eventually(() => heard.length > 0);
  t.deepEqual(
    heard.map(({ pid, topic: of }) => [pid, of]),
    [[sender.process.pid, name]],
  );
});

test('framelane:peer-died: who only held frames is told of when they are needed', async (t) => {
  const name = topicName('held');
  const heard = listen<PeerDiedEvent>(t, 'framelane:peer-died');
  const topic = new Topic(Image, name, { depth: 1 });
  t.teardown(() => topic.close());
  const reader = new Child(t, 'view', [name], {}, script);
  await reader.until('ready');
  send(topic, 1);
  reader.process.send(1);
  await reader.until('received');
  const { pid } = reader.process;
  await reader.kill();
  // From now on nobody but the dead has the first.
  send(topic, 2);
  const images: Image[] = [];
  // All slots of the pool are asked for, before another is made.
  for (let n = 0; n < 7; n += 1)
    images.push(topic.loan({ width: 64, height: 48, encoding: 'mono8' }) as unknown as Image);
  topic.tryRecv()?.release();
  await eventually(() => heard.some((event) => event.pid === pid));
  t.deepEqual(
    heard.filter((event) => event.pid === pid).map((event) => 'topic' in event),
    [false],
  );
  for (const image of images) image.release();
});
