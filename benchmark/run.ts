/**
 * `npm run bench -- [--json FILE] [--record] [--rounds N]`: what framelane costs, beside what
 * one would use instead, in one run. README.md tells how each figure comes about.
 */
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildRust, root, run, runScript } from './children.js';
import { coreJobs, coreRows } from './core.js';
import { lanes } from './lane.js';
import { median, shuffled } from './numbers.js';
import type { Round } from './pair.js';
import { record, row, table, writeJson, type Row } from './report.js';

/** Calls in a round of what is timed in a loop. */
const CALLS = '1000000';
const ROUNDS = '5';

interface Publish {
  clock: number;
  publish: number;
  publishUnstamped: number;
}

interface Receive {
  receive: number;
}

type Rings = Record<'spsc' | 'arrayQueue' | 'syncChannel', { alone: number; across: number }>;

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    record: { type: 'boolean', default: false },
    rounds: { type: 'string', default: ROUNDS },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: a number from 1');

const bench = buildRust('framelane', 'bench');
const spsc = buildRust('framelane-ring', 'spsc');
const pairs: Record<string, Round[]> = {};
const publish: Publish[] = [];
const receiveRust: number[] = [];
const receiveJs: number[] = [];
const rings: Rings[] = [];

const jobs = [
  ...Object.keys(lanes).map((name) => async () => {
    (pairs[name] ??= []).push((await runScript('pair.js', name)) as Round);
  }),
  async () => publish.push((await run(bench, ['publish', CALLS])) as Publish),
  async () => receiveRust.push(((await run(bench, ['receive', CALLS])) as Receive).receive),
  async () => rings.push((await run(spsc, [CALLS])) as Rings),
  async () => receiveJs.push(((await runScript('receive.js', CALLS)) as Receive).receive),
  ...coreJobs(bench),
];

for (let round = 1; round <= rounds; round++) {
  console.error(`round ${round} of ${rounds}`);
  for (const job of shuffled(jobs)) await job();
}

const rows = [...inPlaceRows(), ...callRows(), ...coreRows(), ...ringRows()];
console.log(table(rows));
if (values.json !== undefined) writeJson(values.json, rows);
if (values.record) console.log(relative(root, record(join(root, 'benchmark/record'), rows)));

/** 1080p in place at 60 Hz, and the same frame by what Node has. */
function inPlaceRows(): Row[] {
  const of = (name: string): Round[] => pairs[name] ?? [];
  const p50s = (name: string): number[] => of(name).map(({ p50 }) => p50);
  const ours = p50s('framelane');
  const lost = of('framelane').reduce((sum, round) => sum + round.lost, 0);
  const ratio = (id: string, goal: string, name: string): Row => {
    const theirs = p50s(name);
    const each = theirs.map((value, index) => value / ours[index]!);
    const note = `median p50 of ${name} / median p50 of framelane`;
    return row(id, 'x', goal, each, note, median(theirs) / median(ours));
  };
  const absolute = (name: string): Row =>
    row(`${name}-1080p-60hz`, 'us', null, p50s(name), 'p50, send to the first line that has it');
  const wakeUps = of('framelane').flatMap(({ wakeUp }) => wakeUp ?? []);
  return [
    ratio('inplace-1080p-60hz-vs-socket', '>= 15', 'socket'),
    ratio('inplace-1080p-60hz-vs-ipc', '>= 35', 'ipc'),
    row('inplace-1080p-60hz', 'us', null, ours, `p50, as the next two; ${lost} frames lost`),
    absolute('socket'),
    absolute('ipc'),
    row('wake-up-60hz', 'us', null, wakeUps, 'p50, sentNs to the first line of the loop'),
  ];
}

/** What a value costs from thread to thread of one process, 64 of them in between at most. */
function ringRows(): Row[] {
  const names = { spsc: 'spsc', arrayQueue: 'array-queue', syncChannel: 'sync-channel' } as const;
  const notes = { alone: 'push and pop, one thread', across: 'two threads, as fast as they can' };
  const rows = (['alone', 'across'] as const).map((how) =>
    (Object.keys(names) as (keyof Rings)[]).map((name) => {
      const each = rings.map((round) => round[name][how]);
      return row(`${names[name]}-${how}`, 'ns', null, each, notes[how]);
    }),
  );
  return rows.flat();
}

/** What a call costs in one thread. */
function callRows(): Row[] {
  const net = (name: 'publish' | 'publishUnstamped'): number[] =>
    publish.map((round) => round[name] - round.clock);
  const clock = publish.map((round) => round.clock);
  const cycle = 'loan, header, descriptor, ring, recycling the oldest; minus clock-read';
  return [
    row('clock-read', 'ns', null, clock, 'one reading of CLOCK_MONOTONIC, as send does it'),
    row('publish-rust', 'ns', '<= 30', net('publish'), `${cycle}; time stamp given`),
    row(
      'publish-rust-unstamped',
      'ns',
      null,
      net('publishUnstamped'),
      `${cycle}; no time stamp given, so that send reads a second clock`,
    ),
    row('receive-rust', 'ns', null, receiveRust, 'try_recv and drop, sent by the same process'),
    row('receive-js', 'ns', '<= 300', receiveJs, 'tryRecv, data and release'),
  ];
}
