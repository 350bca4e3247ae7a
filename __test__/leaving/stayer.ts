/**
 * Who stays, and looks after each departure: `stayer.js processes|workers INDEX ROUNDS`. It prints
 * what was wrong, a line each, and at last how many rounds there were and the longest wait.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import { configure, Image, Topic, type PoolStats } from 'framelane';
import { directory, files } from '../process/children.js';
import { script, type Told } from './leaver.js';
import { DEPTH, FRAMES, loan, numbered } from './scene.js';
import { processWays, titleOf, workerWays, type Way } from './ways.js';

/**
 * What leaving must not take longer than; or, on a machine that is so busy that a start takes
 * longer than that, no longer than the start of the same one.
 */
const LIMIT_MS = 1000;
/** Worker threads that leave at the same time. */
const BATCH = 5;

const wrong: string[] = [];
let longestMs = 0;

function expect(what: string, got: unknown, wanted: unknown): void {
  if (isDeepStrictEqual(got, wanted)) return;
  wrong.push(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
}

const mine = (topic: Topic): PoolStats[] => topic.stats().pools.filter(({ mine }) => mine);

/** The side that stays: a topic in each direction, and what there was before anybody came. */
class Stayer {
  readonly down = new Topic(Image, 'down', { depth: DEPTH });
  readonly #before: string[];
  readonly #descriptors: number[] = [];
  /** Frames received by a wait of its own on the topic that others leave. */
  #sent = 0;
  #arrived = 0;

  constructor(workers: boolean) {
    if (workers) {
      // A pool that has room for all threads of the process: `stats` of one topic shows it whole.
      const wide = new Topic(Image, 'wide', { depth: 64 });
      loan(wide).release();
      wide.close();
    }
    for (let number = 0; number < DEPTH; number += 1) this.send();
    this.#before = this.#others();
  }

  send(): void {
    this.down.send(numbered(this.down, this.#sent % 251));
    this.#sent += 1;
  }

  /** Waits on the topic for ever, as the main thread does while its workers come and go. */
  async listen(): Promise<void> {
    for await (const image of this.down) this.#arrived += Math.sign(image.width);
  }

  /** The files that are no pool of this process. */
  #others(): string[] {
    const pools = mine(this.down).map(({ id }) => `p.${id}.`);
    return files(directory()).filter((name) => !pools.some((pool) => name.startsWith(pool)));
  }

  /** All that has come is whole, and there. */
  checkUp(up: Topic): void {
    const numbers = [];
    for (let image = up.tryRecv(); image !== null; image = up.tryRecv()) {
      if (image.data.some((byte) => byte !== image.data[0])) wrong.push('a frame is torn');
      numbers.push(image.data[0]);
      image.release();
    }
    expect('frames sent before', numbers, [...Array(FRAMES).keys()]);
  }

  /** Every slot can be had again, nothing is left, and who waited here is not forgotten. */
  async check(listens: boolean): Promise<void> {
    // The frame of the callbacks first: those sent here would pass it by on a busy machine.
    if (listens) await this.#heard();
    // Those that the others held are no longer kept for anybody.
    for (let number = 0; number < DEPTH; number += 1) this.send();
    const before = mine(this.down);
    const slots = before[0]?.slots ?? 0;
    const loans = Array.from({ length: slots - DEPTH }, () => loan(this.down));
    const after = mine(this.down);
    expect('pools', [after.length, after[0]?.id], [1, before[0]?.id]);
    for (const image of loans) image.release();
    const [pool] = mine(this.down);
    expect('free and draining slots', [pool?.free, pool?.draining], [slots - DEPTH, 0]);
    expect(
      'holders',
      pool?.holders.map(({ pid }) => pid),
      [process.pid],
    );
    const { held, loaned, subscribers, rejected } = this.down.stats();
    expect('held, loaned, rejected', [held, loaned, rejected], [listens ? held : 0, 0, 0]);
    if (subscribers.some(({ pid }) => pid !== process.pid)) wrong.push('an entry is taken');
    new Topic(Image, 'probe').close();
    if (listens) await this.#heard();
    expect(
      'files',
      this.#others().filter((name) => !name.startsWith('f.')),
      this.#before,
    );
    const bells = files(directory()).filter((name) => name.startsWith('f.'));
    expect('doorbells', bells.length, Number(listens));
  }

  async #heard(): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    while (this.#arrived < this.#sent && performance.now() < end) await sleep(1);
    const { lapped } = this.down.stats();
    expect('frames heard and missed by who waits', [this.#arrived, lapped], [this.#sent, 0]);
  }

  /** Open descriptors do not become more; those of threads that have just ended may lag. */
  async countDescriptors(): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    const count = (): number => readdirSync('/proc/self/fd').length;
    // What is opened once, for good, has been by the third round.
    const first = this.#descriptors.slice(0, 3);
    const most = first.length < 3 ? Infinity : Math.max(...first);
    while (count() > most && performance.now() < end) await sleep(5);
    this.#descriptors.push(count());
    if (count() > most) wrong.push(`descriptors: ${this.#descriptors}`);
  }
}

/** Takes the time until `gone`, which must come soon. */
async function limited<T>(gone: Promise<T>, startMs: number): Promise<T> {
  const begin = performance.now();
  const ended = await gone;
  const tookMs = performance.now() - begin;
  longestMs = Math.max(longestMs, tookMs);
  if (tookMs > Math.max(LIMIT_MS, startMs))
    wrong.push(`${tookMs} ms to leave, ${startMs} to start`);
  return ended;
}

async function processRound(stayer: Stayer, index: number, round: number): Promise<void> {
  const way = processWays[index]!;
  const up = new Topic(Image, `up.${round}`);
  up.tryRecv();
  const args = [script, String(index), up.name];
  const begin = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part) => (text += part));
  const gone = once(child, 'exit');
  const said = await Promise.race([once(child.stdout, 'data'), gone]);
  const startMs = performance.now() - begin;
  if (said.length !== 1) wrong.push(`ended before it was ready: ${said} ${text}`);
  if (way.act === 'frame') stayer.send();
  else if (way.act.startsWith('SIG')) child.kill(way.act as NodeJS.Signals);
  const [code, signal] = await limited(gone, startMs);
  const wanted = [way.code, way.signal ?? null];
  expect(`exit code and signal (${text.slice(0, 200)})`, [code, signal], wanted);
  stayer.checkUp(up);
  up.close();
  await stayer.check(false);
}

async function leaveAsWorker(way: Way, up: string, begin: () => void): Promise<void> {
  const start = performance.now();
  const worker = new Worker(script, { workerData: { way, up } satisfies Told, stderr: true });
  const errors: string[] = [];
  worker.on('error', ({ message }: Error) => errors.push(message));
  const gone = new Promise<number>((resolve) => void worker.once('exit', resolve));
  await Promise.race([new Promise((resolve) => void worker.once('message', resolve)), gone]);
  const startMs = performance.now() - start;
  begin();
  if (way.act === 'terminate') {
    // At any place of a loop that is busy.
    if (way.ending.startsWith('busy')) await sleep(Math.random() * 5);
    void worker.terminate();
  }
  const code = await limited(gone, startMs);
  expect(`exit code (${errors})`, code, way.code);
  const thrown = ['throw', 'reject'].includes(way.ending) ? ['left on purpose'] : [];
  expect('errors', errors, thrown);
}

async function workerRound(stayer: Stayer, index: number, round: number): Promise<void> {
  const way = workerWays[index]!;
  const ups = Array.from({ length: BATCH }, (_, n) => new Topic(Image, `up.${round}.${n}`));
  let ready = 0;
  // One frame for all of them, when the last one waits.
  const begin = (): void => {
    ready += 1;
    if (ready === BATCH && way.act === 'frame') stayer.send();
  };
  for (const up of ups) up.tryRecv();
  await Promise.all(ups.map((up) => leaveAsWorker(way, up.name, begin)));
  for (const up of ups) stayer.checkUp(up);
  for (const up of ups) up.close();
  await stayer.check(true);
}

async function main(what: string, index: number, rounds: number): Promise<void> {
  configure({ maxLoans: 1024 });
  const workers = what === 'workers';
  const stayer = new Stayer(workers);
  if (workers) void stayer.listen();
  const step = workers ? BATCH : 1;
  let round = 0;
  for (; round < rounds && wrong.length === 0; round += step) {
    await (workers ? workerRound : processRound)(stayer, index, round);
    await stayer.countDescriptors();
  }
  for (const line of wrong) console.log(`round ${round}: ${line}`);
  const way = titleOf((workers ? workerWays : processWays)[index]!);
  console.log(`${way}: ${round} rounds, at most ${longestMs.toFixed(0)} ms`);
  process.exit(wrong.length === 0 ? 0 : 1);
}

await main(process.argv[2] ?? '', Number(process.argv[3]), Number(process.argv[4]));
