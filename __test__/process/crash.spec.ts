// SIGKILL: of a publisher, of a subscriber, of everybody. No slot is lost, no frame is torn,
// nobody waits, nothing is left.
import { existsSync } from 'node:fs';
import test from 'ava';
import { Image, Topic } from 'framelane';
import { check, send } from './child.js';
import { Child, directory, eventually, files, topicName } from './children.js';

type Readable = { data: Uint8Array; timestampNs: bigint };

test('a frame outlives its publisher, and a successor goes on where it stood', async (t) => {
  const name = topicName('publisher');
  const topic = new Topic(Image, name) as unknown as Topic;
  t.teardown(() => topic.close());
  const first = new Child(t, 'send', [name, 5, 0]);
  await first.until('sent', 5);
  const held = await topic.recv();
  await first.kill();

  t.is(check(held as unknown as Readable), 0);
  for (let number = 1; number < 5; number += 1) {
    const image = topic.tryRecv();
    t.is(image && check(image as unknown as Readable), number, 'still there after the death');
    image?.release();
  }
  t.deepEqual(
    topic.stats().publishers.map(({ alive }) => alive),
    [false],
  );

  const second = new Child(t, 'send', [name, 5, 0, 100]);
  for (let number = 100; number < 105; number += 1) {
    const image = await topic.recv({ timeoutMs: 5000 });
    t.is(check(image as unknown as Readable), number);
    image.release();
  }
  const { publishers, lapped } = topic.stats();
  t.deepEqual(
    publishers.map(({ entry, sent, alive }) => [entry, sent, alive]),
    [[0, 10, true]],
  );
  t.is(lapped, 0);
  t.is(check(held as unknown as Readable), 0, 'a held frame of the dead one is untouched');
  held.release();
  await second.kill();
});

test('publishers killed at random: every frame that arrives is whole', async (t) => {
  const name = topicName('killed-often');
  const topic = new Topic(Image, name) as unknown as Topic;
  t.teardown(() => topic.close());
  let frames = 0;
  for (let round = 0; round < 12; round += 1) {
    const sender = new Child(t, 'send', [name, 100_000, 0, round * 100_000]);
    await sender.until('sent', 1);
    const end = performance.now() + 20 + Math.random() * 40;
    while (performance.now() < end) {
      for (let image = topic.tryRecv(); image !== null; image = topic.tryRecv()) {
        check(image as unknown as Readable);
        image.release();
        frames += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await sender.kill();
  }
  t.true(frames > 500, `${frames} frames`);
  t.is(topic.stats().rejected, 0);
  t.is(topic.stats().publishers.length, 1, 'each took over the entry of the one before');
});

/** Slots of the topic's first pool that a process holds. */
function heldBy(topic: Pick<Topic, 'stats'>, pid: number | undefined): number | undefined {
  return topic.stats().pools[0]?.holders.find((holding) => holding.pid === pid)?.slots;
}

test('the slots of a killed subscriber come back', async (t) => {
  const name = topicName('subscriber');
  const topic = new Topic(Image, name, { depth: 2 });
  t.teardown(() => topic.close());
  // A size that no other test here uses: the pool is this test's own.
  const sendOne = () => topic.send(topic.loan({ width: 300, height: 200, encoding: 'mono8' }));
  const holder = new Child(t, 'hold', [name, 5]);
  const { pid } = holder.process;
  await holder.until('ready');
  for (let number = 0; number < 5; number += 1) {
    sendOne();
    // It keeps two for whoever is slow, and no more.
    await eventually(() => heldBy(topic, pid) === number + 1);
  }
  await holder.until('holding');
  const [before] = topic.stats().pools;
  t.is(heldBy(topic, pid), 5);
  t.is(before?.slots, 6, 'no room beside what it holds');
  await holder.kill();

  // The ring keeps two: four more fit only if the dead one's five have come back.
  const loans = [1, 2, 3, 4].map(() => topic.loan({ width: 300, height: 200, encoding: 'mono8' }));
  const { pools, evictedEarly } = topic.stats();
  t.is(pools.length, 1);
  t.deepEqual(
    pools[0]?.holders.map((holding) => [holding.pid, holding.slots]),
    [[process.pid, 6]],
  );
  t.is(evictedEarly, 0);
  for (const loan of loans) loan.release();
  t.is(topic.stats().pools[0]?.free, 4);
});

test('a subscriber killed in its sleep costs its publisher one ring of the bell', async (t) => {
  const name = topicName('sleeper');
  const topic = new Topic(Image, name) as unknown as Topic;
  t.teardown(() => topic.close());
  const sleeper = new Child(t, 'receive', [name, 1000]);
  await eventually(() => topic.stats().subscribers.length === 1);
  await sleeper.kill();
  t.deepEqual(topic.stats().subscribers, [], 'its entry is free');
  for (let number = 0; number < 10; number += 1) send(topic, number);
  const next = new Child(t, 'receive', [name, 8]);
  await next.until('received', 8);
});

test('after everybody was killed, one opener removes what they left', async (t) => {
  const namespace = topicName('all').replaceAll('.', '-');
  const path = directory().replace(/[^/]*$/, namespace);
  const env = { FRAMELANE_NAMESPACE: namespace };
  const children = [1, 2, 3].map(() => new Child(t, 'send', ['lane', 10, 0], env));
  children.push(new Child(t, 'receive', ['lane', 100_000], env));
  await Promise.all(children.slice(0, 3).map((child) => child.until('sent', 10)));
  await children[3]?.until('received', 1);
  t.true(files(path).length >= 5, 'there is something to leave');
  await Promise.all(children.map((child) => child.kill()));
  t.true(files(path).length > 0, 'and it was left');
  const opener = new Child(t, 'look', ['other'], env);
  await opener.until('stats');
  t.is(await opener.end(), 0);
  t.deepEqual(files(path), []);
  t.false(existsSync(path), 'the directory is gone, too');
});
