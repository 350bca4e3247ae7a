// Several topic objects of one process, on one topic and on several. The kernel does not tell
// the locks of one process apart, so another process looks at them.
import test, { type ExecutionContext } from 'ava';
import { Image, Topic, type TopicStats } from 'framelane';
import { send } from './child.js';
import { Child, topicName } from './children.js';

async function look(t: ExecutionContext, name: string): Promise<TopicStats> {
  const child = new Child(t, 'look', [name]);
  const [said] = await child.until('stats');
  await child.end();
  if (said?.type !== 'stats') throw new Error('stats expected');
  return said.stats;
}

test('closing one of two publishers leaves the other its entry', async (t) => {
  const name = topicName('publishers');
  const [one, two] = [0, 1].map(() => new Topic(Image, name) as unknown as Topic);
  if (one === undefined || two === undefined) return t.fail();
  t.teardown(() => two.close());
  send(one, 1);
  send(two, 2);
  t.deepEqual(
    (await look(t, name)).publishers.map(({ alive }) => alive),
    [true, true],
  );
  one.close();
  t.deepEqual(
    (await look(t, name)).publishers.map(({ alive }) => alive),
    [false, true],
  );
  const three = new Topic(Image, name) as unknown as Topic;
  t.teardown(() => three.close());
  send(three, 3);
  const { publishers } = await look(t, name);
  t.deepEqual(
    publishers.map(({ alive, sent }) => [alive, sent]),
    [
      [true, 2],
      [true, 1],
    ],
  );
});

test('closing one of two waiting subscribers leaves the other its entry', async (t) => {
  const name = topicName('subscribers');
  const [one, two] = [0, 1].map(() => new Topic(Image, name));
  if (one === undefined || two === undefined) return t.fail();
  t.teardown(() => two.close());
  const waits = [one.recv(), two.recv()];
  waits.forEach((wait) => wait.catch(() => {}));
  t.is((await look(t, name)).subscribers.length, 2);
  one.close();
  t.deepEqual(
    (await look(t, name)).subscribers.map(({ entry }) => entry),
    [1],
  );
  const other = new Child(t, 'send', [name, 1, 0]);
  await other.until('sent');
  const image = await waits[1];
  t.is(image?.width, 64);
  image?.release();
});

test('topics of one process do not mix', async (t) => {
  const topics = Array.from({ length: 8 }, () => new Topic(Image, topicName('mix')));
  t.teardown(() => topics.forEach((topic) => topic.close()));
  const received = topics.map(async (topic) => {
    const image = await topic.recv({ timeoutMs: 5000 });
    const value = image.data[0];
    image.release();
    return value;
  });
  for (const [index, topic] of topics.entries()) {
    const image = topic.loan({ width: 16, height: 16 });
    image.data.fill(index);
    topic.send(image);
  }
  t.deepEqual(await Promise.all(received), [0, 1, 2, 3, 4, 5, 6, 7]);
  for (const topic of topics) t.is(topic.tryRecv(), null);
});

test('what is retained of a sent frame is read-only: a write ends the process', async (t) => {
  const writer = new Child(t, 'write-sent', [topicName('write-sent')]);
  await writer.until('ready');
  await writer.end();
  t.is(writer.process.signalCode, 'SIGSEGV');
  t.deepEqual(
    writer.said.map(({ type }) => type),
    ['ready', 'received'],
    'it could read, and got no further than the write',
  );
});
