/**
 * `doorbell.js [--rounds N] [--seconds S] [BELL ...]`: what it takes to wake an event loop, from
 * right before the ring to the first line of JavaScript, and what a ring costs the ringer. All
 * bells hang in one process, and which rings next is shuffled; README.md tells the rest.
 */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildRust, root } from './build.js';
import { median, quantile, rounded, shuffled } from './numbers.js';

/** How to say it: what is rung, and by which way it comes into JavaScript. */
const BELLS = [
  'fifo:call-scope-drain',
  'socket:call-scope-drain',
  'eventfd:call-scope-drain',
  'fifo:bare',
  'topic',
  'stream',
];
/** The cores of ringer and rung; none: the scheduler's choice. */
const PINNED: Record<string, [number, number] | undefined> = { free: undefined, apart: [0, 1] };

type Ring = [bell: number, at: number, cost: number];
type Quantiles = [p50: number, p90: number, p99: number];

interface Figures {
  /** Nanoseconds. */
  latency: Quantiles[];
  cost: Quantiles[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    warmup: { type: 'string', default: '2000' },
    hertz: { type: 'string', default: '60,200,1000' },
    cores: { type: 'string', default: 'free,apart' },
  },
});
const bells = positionals.length > 0 ? positionals : BELLS;
const ringer = buildRust('framelane', 'ring');
const addon = buildAddon();
const shared = mkdtempSync('/dev/shm/framelane-bells-');
process.once('exit', () => rmSync(shared, { recursive: true, force: true }));
const settings = values.hertz
  .split(',')
  .flatMap((hertz) => values.cores.split(',').map((cores) => ({ hertz: Number(hertz), cores })));
const all = settings.map((): Record<string, Figures> => ({}));

for (let round = 1; round <= Number(values.rounds); round++) {
  console.error(`round ${round} of ${values.rounds}`);
  for (const setting of shuffled(settings)) await measure(setting, all[settings.indexOf(setting)]!);
}
for (const [index, { hertz, cores }] of settings.entries()) {
  console.log(`\n${hertz} Hz, ${cores}`);
  for (const bell of bells) console.log(line(bell, all[index]!));
}

/** One process with all bells, one that rings them. */
async function measure(
  { hertz, cores: where }: (typeof settings)[number],
  figures: Record<string, Figures>,
): Promise<void> {
  const cores = PINNED[where];
  const folder = mkdtempSync(join(shared, 'r-'));
  const env = { ...process.env, FRAMELANE_DIR: folder };
  const place = (index: number, bell: string): string =>
    bell === 'topic' ? 'topic:bell' : bell.replace(/^\w+/, `$&:${join(folder, `b${index}`)}`);
  const places = bells.map((bell, index) => place(index, bell));
  const rung = fork(join(import.meta.dirname, 'bells.js'), [addon, ...places], { env });
  await once(rung, 'message');
  pin(rung, cores?.[0]);
  // Compiled code on both sides, slots filled; not measured.
  await ring(env, 2000, Number(values.warmup), places, cores?.[1]);
  await sleep(50);
  const count = Math.max(10, Math.round((hertz * Number(values.seconds)) / bells.length));
  const rings = await ring(env, hertz, count, places, cores?.[1]);
  await sleep(200);
  const told = once(rung, 'message');
  rung.send('tell');
  const [heard] = (await told) as [number[][]];
  for (const [index, bell] of bells.entries()) {
    const own = rings.filter(([number]) => number === index);
    const into = (figures[bell] ??= { latency: [], cost: [] });
    into.latency.push(quantiles(latencies(own, heard[index]!)));
    into.cost.push(quantiles(own.map(([, , cost]) => cost)));
  }
  rmSync(folder, { recursive: true, force: true });
}

async function ring(
  env: NodeJS.ProcessEnv,
  hertz: number,
  count: number,
  places: string[],
  core: number | undefined,
): Promise<Ring[]> {
  const names = places.map((place) => place.split(':').slice(0, 2).join(':'));
  const child = spawn(ringer, [String(hertz), String(count), ...names], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  pin(child, core);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the ringer ended with ${code}`);
  return JSON.parse(output) as Ring[];
}

function pin(child: ChildProcess, core: number | undefined): void {
  if (core !== undefined) {
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(child.pid)], {
      stdio: 'ignore',
    });
  }
}

/** From each ring to the first that was heard after it. One that was not heard is an error. */
function latencies(rings: Ring[], heard: number[]): number[] {
  let next = 0;
  return rings.map(([, at]) => {
    while (next < heard.length && heard[next]! < at) next++;
    if (next === heard.length) throw new Error('a ring was not heard');
    return heard[next]! - at;
  });
}

function quantiles(values: number[]): Quantiles {
  return [quantile(values, 0.5), quantile(values, 0.9), quantile(values, 0.99)];
}

/** Medians of the rounds, microseconds, and the ratio of p50 to that of the first bell. */
function line(bell: string, figures: Record<string, Figures>): string {
  const { latency, cost } = figures[bell]!;
  const middle = (all: Quantiles[], index: 0 | 1 | 2): number =>
    median(all.map((quantile) => quantile[index]));
  const us = (all: Quantiles[]): string =>
    ([0, 1, 2] as const)
      .map((index) => String(rounded(middle(all, index) / 1000)).padStart(7))
      .join(' ');
  const first = figures[bells[0]!]!.latency;
  const ratios = latency.map(([p50], round) => p50 / first[round]![0]);
  const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
  const ratio = `${median(ratios).toFixed(2)}x (${each})`;
  return `${bell.padEnd(24)} ${us(latency)}  ring ${us(cost)}  ${ratio}`;
}

function buildAddon(): string {
  execFileSync('cargo', ['build', '--release', '-q', '-p', 'framelane-bench-bell'], {
    cwd: root,
    stdio: 'inherit',
  });
  return join(root, 'target/release/libframelane_bench_bell.so');
}
