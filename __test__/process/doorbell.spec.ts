// What an event loop is woken by where the system refuses the usual, and that being woken is an
// event like any other: what is thrown, ticks, microtasks, contexts.
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Image, Topic } from 'framelane';
import type { Slept } from './sleeper.js';
import { Child, directory, eventually, files, rustExample, topicName } from './children.js';

// A namespace of its own, inherited by what it starts: the doorbells in it are these tests'.
process.env['FRAMELANE_NAMESPACE'] = topicName('bells').replace('.', '-');

const script = fileURLToPath(new URL('./sleeper.js', import.meta.url));
const run = promisify(execFile);

/** What a process says that sleeps, and is sent to by its worker, while `calls` are refused. */
async function slept(calls: string): Promise<Slept & { stderr: string }> {
  const refuse = calls === '' ? [] : [await rustExample('framelane-shm', 'refuse'), calls];
  const [program, ...args] = [...refuse, process.execPath, script, 'sleep', topicName('bell')];
  const { stdout, stderr } = await run(program!, args);
  return { ...(JSON.parse(stdout) as Slept), stderr };
}

/** Woken, and not found by the look each 100 ms: the median says it whatever the load. */
function woken(t: ExecutionContext, { lateMs }: Slept): void {
  t.true(lateMs < 40, `median of ${lateMs} ms`);
}

test.serial('a FIFO is what an event loop sleeps on', async (t) => {
  const said = await slept('');
  t.is(said.kind, 'fifo');
  woken(t, said);
  t.is(said.warnings.length, 0);
});

test.serial('where no FIFO can be made it is a socket', async (t) => {
  const said = await slept('mknodat');
  t.is(said.kind, 'socket');
  woken(t, said);
  t.is(said.warnings.length, 0);
  t.is(said.stderr, '');
});

test.serial(
  'where neither can be had frames come by the safety look, which is said once',
  async (t) => {
    const said = await slept('mknodat,bind');
    t.is(said.kind, 'none');
    t.true(said.lateMs > 10, `median of ${said.lateMs} ms`);
    t.deepEqual(said.warnings, ['FRAMELANE_NO_DOORBELL']);
    t.regex(said.stderr, /every 100 ms/);
  },
);

test.serial('a ring that comes while another is being answered is not lost', async (t) => {
  const { stdout } = await run(process.execPath, [script, 'during', topicName('during')]);
  t.true(Number(stdout) < 25, `median of ${stdout} ms`);
});

test.serial('what stands in a doorbell’s place is refused, counted and left alone', async (t) => {
  const topic = new Topic(Image, topicName('foreign'));
  t.teardown(() => topic.close());
  const sleeper = new Child(t, 'receive-one', [topic.name], {}, './sleeper.js');
  await sleeper.until('ready');
  await eventually(() => topic.stats().subscribers.length === 1);
  // Stopped, or it would notice and hang another.
  sleeper.process.kill('SIGSTOP');
  const bells = files().filter((name) => name.startsWith('f.'));
  t.is(bells.length, 1);
  const path = join(directory(), bells[0]!);
  rmSync(path);
  writeFileSync(path, 'mine');
  topic.send(topic.loan({ width: 8, height: 8 }));
  t.is(topic.stats().bellsRefused, 1);
  sleeper.process.kill('SIGCONT');
  await sleeper.until('received');
  t.is(readFileSync(path, 'utf8'), 'mine');
  rmSync(path);
});

test.serial('what is thrown behind a wake-up is an uncaught exception', async (t) => {
  const { stdout } = await run(process.execPath, [script, 'throw', topicName('throw')]);
  t.deepEqual(JSON.parse(stdout), ['tick', 'rejection', 'immediate', 'goes on']);
});

test.serial(
  'ticks and microtasks of a wake-up run before the next event, contexts kept',
  async (t) => {
    const { stdout } = await run(process.execPath, [script, 'order', topicName('order')]);
    const { order, contexts } = JSON.parse(stdout) as { order: string[]; contexts: string[] };
    t.deepEqual(order, ['frame', 'tick', 'microtask', 'immediate']);
    t.deepEqual(contexts, ['mine', 'mine', 'mine']);
  },
);
