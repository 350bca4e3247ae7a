// The files of a running topic are removed, as `rm` or the login manager at logout do it: each
// side is told once, and all go on with each other.
import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { FramelaneError, Image, Topic, type Overflow } from 'framelane';
import { Child, directory, eventually, files, topicName } from './children.js';
import { numbered, numberOf, script } from './roles.js';

const removed = { instanceOf: FramelaneError, code: 'ERR_FRAMELANE_TOPIC_REMOVED' };
const remove = (name: string): void => rmSync(join(directory(), `t.${name}`));

/** The third quartile; 75 where frames that come each 10 ms are looked for each 100 ms. */
const third = (numbers: number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * 0.75)] ?? 0;

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // the descriptor that the folder was read with
  }
};

test.serial('send, recv and a loop say so once, and the next call goes on', async (t) => {
  const name = topicName('removed');
  const heard: unknown[] = [];
  const listen = (message: unknown): void => void heard.push(message);
  subscribe('framelane:topic-removed', listen);
  t.teardown(() => unsubscribe('framelane:topic-removed', listen));
  const [sender, one, two] = [0, 1, 2].map(() => new Topic(Image, name)) as [Topic, Topic, Topic];
  t.teardown(() => [sender, one, two].forEach((topic) => topic.close()));
  sender.send(numbered(sender, 1));
  for (const topic of [one, two]) topic.tryRecv()?.release();
  const loop = two[Symbol.asyncIterator]();
  const step = loop.next();
  step.catch(() => {});
  remove(name);

  await t.throwsAsync(one.recv(), { ...removed, message: /removed.*opens the topic anew/ });
  await t.throwsAsync(step, removed);
  t.deepEqual(await loop.next(), { done: true, value: undefined });
  const image = numbered(sender, 2);
  // The sender looks once a second.
  const told = async (): Promise<unknown> => {
    for (;;) {
      const next = numbered(sender, 2);
      try {
        sender.send(next);
      } catch (error) {
        next.release();
        return error;
      }
      await sleep(20);
    }
  };
  t.is(((await told()) as FramelaneError).code, 'ERR_FRAMELANE_TOPIC_REMOVED');
  t.deepEqual(heard, [{ topic: name }, { topic: name }, { topic: name }]);
  t.is(image.data[0], 2);
  image.release();

  sender.send(numbered(sender, 3));
  using received = await one.recv({ timeoutMs: 5000 });
  t.is(numberOf(received), 3);
  for await (const frame of two) {
    t.is(numberOf(frame), 3);
    break;
  }
  t.deepEqual(
    [sender, one, two].map((topic) => topic.stats().reopened),
    [1, 1, 1],
  );
  t.is(heard.length, 3);
});

test.serial('who polls with tryRecv is told as well', async (t) => {
  const name = topicName('polled');
  const topic = new Topic(Image, name);
  t.teardown(() => topic.close());
  t.is(topic.tryRecv(), null);
  remove(name);
  const end = performance.now() + 10_000;
  const poll = async (): Promise<void> => {
    while (performance.now() < end) {
      for (let n = 0; n < 300; n += 1) topic.tryRecv()?.release();
      await sleep(20);
    }
  };
  await t.throwsAsync(poll(), removed);
  t.is(topic.tryRecv(), null);
  t.is(topic.stats().reopened, 1);
});

test.serial('a doorbell that was removed is hung anew', async (t) => {
  const topic = new Topic(Image, topicName('bell'));
  const other = new Child(t, 'pump', [topic.name, 'drop-oldest'], {}, script);
  t.teardown(() => topic.close());
  // The FIFO of this process, and not of another test's.
  const fifos = (): string[] =>
    readdirSync('/proc/self/fd')
      .map((fd) => linkOf(`/proc/self/fd/${fd}`))
      .filter((path) => path.startsWith(join(directory(), 'f.')));
  (await topic.recv()).release();
  (await topic.recv()).release();
  const [before] = fifos();
  t.true(existsSync(before ?? ''));
  rmSync(before ?? '');
  const ages: number[] = [];
  for await (const image of topic) {
    ages.push(Number(process.hrtime.bigint() - image.sentNs) / 1e6);
    if (ages.length === 40) break;
  }
  const after = fifos().filter((path) => !path.endsWith('(deleted)'));
  t.is(after.length, 1);
  t.true(existsSync(after[0] ?? ''));
  const late = third(ages.slice(10));
  t.true(late < 50, `rung for, not re-checked: ${late} ms`);
  await other.kill();
});

for (const overflow of ['drop-oldest', 'block'] satisfies Overflow[]) {
  test.serial(`a pair goes on when its directory is removed: ${overflow}`, async (t) => {
    const namespace = topicName('gone').replaceAll('.', '-');
    const path = directory().replace(/[^/]*$/, namespace);
    // Where it fails, too, nothing is to be left.
    t.teardown(() => rmSync(path, { recursive: true, force: true }));
    const env = { FRAMELANE_NAMESPACE: namespace };
    const [drinker, pump] = ['drink', 'pump'].map(
      (role) => new Child(t, role, ['lane', overflow], env, script),
    ) as [Child, Child];
    for (let round = 1; round <= 2; round += 1) {
      const before = drinker.said.length;
      await eventually(() => drinker.said.length > before + 10, 20_000);
      const sent = pump.said.filter(({ type }) => type === 'sent').length;
      // Stopped, or they would make new files while the old ones are being removed.
      for (const { process } of [drinker, pump]) process.kill('SIGSTOP');
      rmSync(path, { recursive: true });
      for (const { process } of [drinker, pump]) process.kill('SIGCONT');
      const start = performance.now();
      await Promise.all([drinker.until('noticed', round), pump.until('noticed', round)]);
      const noticed = performance.now() - start;
      const from = drinker.said.length;
      await eventually(() => drinker.said.length > from + 20, 2000);
      t.true(noticed < 5000, `noticed after ${noticed} ms`);
      const codes = [...drinker.said, ...pump.said].map((said) =>
        said.type === 'noticed' ? said.code : removed.code,
      );
      t.true(codes.every((code) => code === removed.code));
      const arrived = drinker.said.slice(from + 5);
      const ages = arrived.map((said) => (said.type === 'arrived' ? said.ageMs : 0));
      const late = overflow === 'block' ? 0 : third(ages);
      t.true(late < 50, `rung for, not re-checked: ${late} ms`);
      t.true(arrived.every((said) => said.type !== 'arrived' || said.number > sent));
    }
    t.deepEqual(
      [drinker, pump].map((child) => child.said.filter(({ type }) => type === 'noticed').length),
      [2, 2],
    );
    for (const child of [drinker, pump]) child.process.send('enough');
    t.deepEqual(await Promise.all([drinker.end(), pump.end()]), [0, 0]);
    for (const child of [drinker, pump]) {
      const stats = child.said.find((said) => said.type === 'stats');
      t.is(stats?.type === 'stats' ? stats.stats.reopened : -1, 2);
    }
    t.deepEqual(files(path), []);
    t.false(existsSync(path));
  });
}
