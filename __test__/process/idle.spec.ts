// What waiting costs: next to no processor time, no system call but those of a look each 100 ms,
// no thread, one wake-up for as many frames as there are.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Image, Topic } from 'framelane';
import { sendMarked } from '../kit.js';
import { eventually, root, topicName } from './children.js';

/** How often a process that waits looks by itself. */
const LOOK_MS = 100;
const WINDOW_MS = 5000;

/**
 * Waits on many topics in both ways and looks at itself meanwhile. Says what it saw as JSON. With
 * no topic it has a timer of its own and nothing else.
 */
const idler = (topics: number, name: string): string => `
  import { readFileSync, readdirSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { Image, Topic } from 'framelane';
  const topics = Array.from({ length: ${topics} }, (_, n) => new Topic(Image, '${name}.' + n));
  const threads = () => readdirSync('/proc/self/task');
  const sleeps = '\\\\nvoluntary_ctxt_switches';
  const figure = (path, name) =>
    Number(new RegExp(name + ':\\\\s+(\\\\d+)').exec(readFileSync(path, 'utf8'))[1]);
  // Of the thread that waits: the others are the engine's, which compiles and collects in them.
  const switches = () => figure('/proc/thread-self/status', sleeps);
  const timer = setInterval(() => {}, ${LOOK_MS});
  if (topics.length > 0) {
    clearInterval(timer);
    topics[0].recv().catch(() => {});
  }
  await sleep(300);
  const one = threads().length;
  for (const topic of topics.slice(1)) {
    void (async () => { for await (const image of topic) image.release(); })();
  }
  await sleep(700);
  const before = [switches(), process.cpuUsage(), performance.now()];
  const reads = figure('/proc/self/io', 'syscr');
  await sleep(${WINDOW_MS});
  const used = process.cpuUsage(before[1]);
  const ms = performance.now() - before[2];
  console.log(JSON.stringify({
    percent: (used.user + used.system) / 10 / ms,
    reads: figure('/proc/self/io', 'syscr') - reads,
    switches: switches() - before[0],
    one,
    all: threads().length,
  }));
  clearInterval(timer);
  for (const topic of topics) topic.close();
`;

interface Idle {
  percent: number;
  reads: number;
  switches: number;
  /** Threads with one topic, and with all of them. */
  one: number;
  all: number;
}

function start(script: string): ChildProcess {
  const args = ['--input-type=module', '--eval', script];
  return spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function idle(topics: number): Promise<Idle> {
  return JSON.parse(await text(start(idler(topics, topicName('idle'))).stdout!)) as Idle;
}

/** What is wrong with what was seen; `timer`: the process that has a bare timer. */
function judge(seen: Idle, timer: Idle, topics: number): string[] {
  const wrong: string[] = [];
  if (seen.all !== seen.one) wrong.push(`${seen.all} threads, with one topic ${seen.one}`);
  // On a machine so busy that its caches are always cold, a bare timer costs that much, too.
  const limit = Math.max(0.2, 3 * timer.percent);
  // The looks at 32 topics are 32 times as long.
  if (topics === 1 && seen.percent > limit) wrong.push(`${seen.percent} % of a processor`);
  // A look each 100 ms, however many topics, and the test's own timer.
  if (seen.switches > WINDOW_MS / LOOK_MS + 5) wrong.push(`${seen.switches} sleeps`);
  if (seen.reads > 9) wrong.push(`${seen.reads} reads`);
  return wrong;
}

for (const topics of [1, 32]) {
  test(`who waits on ${topics} topics sleeps`, async (t) => {
    t.timeout(60_000);
    let wrong: string[] = [];
    // The threads of the engine now and then sleep and wake for reasons of their own.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const [seen, timer] = await Promise.all([idle(topics), idle(0)]);
      t.log(seen, timer);
      wrong = judge(seen, timer, topics);
      if (wrong.length === 0) break;
    }
    t.deepEqual(wrong, []);
  });
}

/** Frames that come while somebody sleeps. */
const BURST = 50;

/** For each burst: says how often its thread had slept when each frame came. */
const sleeper = (name: string): string => `
  import { readFileSync } from 'node:fs';
  import { Image, Topic } from 'framelane';
  const topic = new Topic(Image, '${name}', { history: 0 });
  let seen = [];
  setTimeout(() => console.log('ready'), 50);
  for await (const image of topic) {
    const status = readFileSync('/proc/thread-self/status', 'utf8');
    seen.push([image.data[0], Number(/\\nvoluntary_ctxt_switches:\\s+(\\d+)/.exec(status)[1])]);
    if (seen.length < ${BURST}) continue;
    console.log(JSON.stringify(seen));
    seen = [];
  }
`;

test('one call wakes who sleeps, and one wake-up brings all that is there', async (t) => {
  const name = topicName('burst');
  // With guard the engine is told of each buffer's end, by a write to its own event loop.
  const topic = new Topic(Image, name, { depth: 64, guard: false });
  t.teardown(() => topic.close());
  const child = start(sleeper(name));
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (part) => (output += part));
  await eventually(() => output.startsWith('ready'), 20_000);
  const figures: [calls: number, sleeps: number][] = [];
  // The engine, too, makes system calls now and then: one burst of some must be without.
  while (figures.length < 8 && !figures.some((each) => each.join() === '1,1')) {
    await eventually(() => topic.stats().subscribers.length === 1);
    // What it does after the first call must not depend on who is quicker.
    child.kill('SIGSTOP');
    await sleep(20);
    const before = writes();
    for (let number = 0; number < BURST; number += 1) sendMarked(topic, number);
    const calls = writes() - before;
    child.kill('SIGCONT');
    const lines = figures.length + 2;
    await eventually(() => output.trimEnd().split('\n').length === lines, 20_000);
    const seen = JSON.parse(output.trimEnd().split('\n').at(-1)!) as [number, number][];
    t.deepEqual(
      seen.map(([number]) => number),
      Array.from({ length: BURST }, (_, number) => number),
    );
    figures.push([calls, new Set(seen.map(([, sleeps]) => sleeps)).size]);
  }
  t.log(figures);
  t.deepEqual(figures.at(-1), [1, 1], 'calls to wake it, and sleeps it woke from');
});

/** System calls that write, made by this thread. */
function writes(): number {
  return Number(/syscw: (\d+)/.exec(readFileSync('/proc/thread-self/io', 'utf8'))?.[1]);
}
