// Two copies of the library in one process, as two packages of it in node_modules are. Each has
// its own descriptors, locks and pools, and they meet in shared memory as two processes do.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import * as framelane from 'framelane';
import { byteOf, check, send } from './child.js';
import { directory, eventually, files, root, topicName } from './children.js';

type Library = typeof framelane;
type Lane = framelane.Topic;
type Readable = { data: Uint8Array; timestampNs: bigint };

// Files are counted here: those of the test files that run beside this one are elsewhere.
const run = process.env['FRAMELANE_NAMESPACE'] ?? 'default';
process.env['FRAMELANE_NAMESPACE'] = `${run}-${topicName('copies').replaceAll('.', '-')}`;

const copyPath = mkdtempSync(join(tmpdir(), 'framelane-copy-'));
const entry = pathToFileURL(join(copyPath, 'dist/index.js')).href;
for (const part of ['package.json', 'dist', 'lib/generated']) {
  cpSync(join(root, part), join(copyPath, part), { recursive: true });
}
const copy = (await import(entry)) as Library;
test.after.always(() => rmSync(copyPath, { recursive: true }));

const open = ({ Topic, Image }: Library, name: string, depth = 4): Lane =>
  new Topic(Image, name, { depth, history: 64 }) as unknown as Lane;

/** Receives the next frame, which must be `number`, and keeps it. */
function receive(t: ExecutionContext, topic: Lane, number: number): { release(): void } {
  const image = topic.tryRecv();
  if (image === null) throw new Error(`frame ${number} is not there`);
  t.is(check(image as unknown as Readable), number);
  return image;
}

/** Who holds slots of this copy's pools, without itself, which comes first. */
const readersOf = (topic: Lane) =>
  topic
    .stats()
    .pools.filter(({ mine }) => mine)
    .flatMap(({ holders }) => holders.slice(1).map(({ pid, slots }) => [pid, slots]));

/** From the control files of all pools: how many slots each reader of this process holds. */
function slotsHeldBy(pid: number | undefined): number[] {
  const controls = files().filter((name) => name.startsWith('p.') && name.endsWith('.c'));
  return controls.flatMap((name) => {
    const bytes = readFileSync(join(directory(), name));
    const counts = Array.from({ length: 32 }, (_, reader) => {
      let count = 0;
      const owns = bytes.readUInt32LE(1024 + 64 * reader) === pid;
      for (let line = 4096; owns && line < bytes.length; line += 64) {
        count += (bytes.readUInt32LE(line) >>> reader) & 1;
      }
      return count;
    });
    return counts.filter((count) => count > 0);
  });
}

const pools = () => files().filter((name) => name.endsWith('.d'));

test('the copy is another library with another binding', (t) => {
  t.not(copy.Topic, framelane.Topic);
  const addon = readdirSync(join(copyPath, 'lib/generated')).find((name) => name.endsWith('.node'));
  t.truthy(addon);
  const [one, two] = [framelane, copy].map((library) => open(library, topicName('two')));
  one?.close();
  two?.close();
});

for (const [title, sender, receiver] of [
  ['what one copy sends the other receives', framelane, copy],
  ['and the reverse', copy, framelane],
] as const) {
  for (const order of ['sender', 'receiver'] as const) {
    test.serial(`${title}; the ${order} closes first`, (t) => {
      const name = topicName('copies');
      const before = pools().length;
      const [from, to] = [open(sender, name), open(receiver, name)];
      for (let number = 0; number < 20; number += 1) {
        send(from, number);
        receive(t, to, number).release();
        // The sender is a subscriber of its own, too, with references of its own.
        receive(t, from, number).release();
      }
      send(from, 20);
      const [theirs, own] = [receive(t, to, 20), receive(t, from, 20)];
      t.deepEqual(
        readersOf(from),
        [[process.pid, 1]],
        'the other copy is a reader with an entry of its own',
      );
      t.true(to.stats().pools.every(({ mine }) => !mine));
      // Two publishers, each with its own entry, although it is one process.
      send(to, 21);
      t.is(from.stats().publishers.length, 2);
      receive(t, from, 21).release();

      if (order === 'sender') {
        from.close();
        t.is(check(theirs as unknown as Readable), 20, 'a held frame outlives its sender');
        t.deepEqual(
          to.stats().publishers.map(({ alive }) => alive),
          [false, true],
        );
        send(to, 22);
        receive(t, to, 21).release();
        receive(t, to, 22).release();
      } else {
        to.close();
        t.is(check(own as unknown as Readable), 20);
        t.deepEqual(
          from.stats().publishers.map(({ alive }) => alive),
          [true, false],
        );
        for (let number = 30; number < 60; number += 1) send(from, number);
      }
      theirs.release();
      own.release();
      from.close();
      to.close();
      t.true(pools().length <= before + 2, 'pools stay for the next topic, no more');
      t.false(files().includes(`t.${name}`));
    });
  }
}

/** Loads both copies, holds frames of the topic through each, sends through each, and waits. */
const both = (name: string, held: number) => `
  const places = ['framelane', ${JSON.stringify(entry)}];
  const libraries = await Promise.all(places.map((place) => import(place)));
  const held = [];
  const topics = libraries.map(({ Topic, Image }) => {
    const topic = new Topic(Image, ${JSON.stringify(name)}, { history: 64 });
    for (let count = 0; count < ${held}; count += 1) held.push(topic.tryRecv());
    return topic;
  });
  for (const topic of topics) topic.send(topic.loan({ width: 4, height: 4 }));
  console.log(held.every((image) => image !== null) ? 'holding' : 'missing');
  setInterval(() => topics.length + held.length, 1000);
`;

test.serial('a process that is killed gives back what both copies held', async (t) => {
  const name = topicName('killed');
  const topic = open(framelane, name, 8);
  t.teardown(() => topic.close());
  for (let round = 0; round < 5; round += 1) {
    for (let number = 0; number < 8; number += 1) send(topic, number);
    const args = ['--input-type=module', '--eval', both(name, 6)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: root,
    });
    t.teardown(() => child.kill('SIGKILL'));
    for await (const line of createInterface({ input: child.stdout })) {
      t.is(line, 'holding');
      break;
    }
    // What the dead of the round before left may be in pools that no ring names any more.
    const held = () => slotsHeldBy(child.pid);
    const readers = held().length;
    t.true(readers >= 2 && readers % 2 === 0, 'each copy is a reader, with an entry of its own');
    t.is(
      held().reduce((sum, slots) => sum + slots, 0),
      12,
    );
    const alive = () => topic.stats().publishers.filter((publisher) => publisher.alive).length;
    t.is(alive(), 3);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    t.is(alive(), 1);
    // Every slot can be filled again, and none that is gone is needed for it.
    const before = pools().length;
    for (let number = 0; number < 100; number += 1) send(topic, number);
    t.is(pools().length, before);
  }
  t.is(byteOf(3), 3);
  topic.close();
  await eventually(() => !files(directory()).includes(`t.${name}`));
});
