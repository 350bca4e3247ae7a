/**
 * `npm run bench -- [--only GROUP,…] [--rounds N] [--json FILE] [--record]`: what framelane costs,
 * beside what one would use instead, in one run. README.md tells how each figure comes about.
 */
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildC, buildNaive, buildRust, hasPeer, installPeers, root, tryBuildC } from './build.js';
import { calls } from './calls/rows.js';
import { copies } from './copies/rows.js';
import { core } from './core/rows.js';
import { rings } from './core/rings.js';
import type { Group, Job } from './group.js';
import { shuffled } from './numbers.js';
import { pairs } from './pairs/rows.js';
import { pictures } from './pictures/rows.js';
import { record, table, writeJson, type Row } from './report.js';
import { spins } from './spins/rows.js';
import { wakeups } from './wakeups/rows.js';

const ROUNDS = '5';
const PEERS = ['zeromq', 'shared-memory-disruptor', 'sharp'];

const bench = (): string => buildRust('framelane', 'bench');
const pin = (): string => buildC('pin');
/** In the order in which they are printed. Each is made, and what it needs built, if it is run. */
const GROUPS: Record<string, () => Group> = {
  calls: () => (buildNaive(), calls()),
  spins: () => spins(buildC('spin'), bench(), pin()),
  'wake-ups': () => (buildNaive(), wakeups(buildC('wake'), pin())),
  pairs: () => (buildNaive(), pairs(pin())),
  copies: () => copies(buildC('copy')),
  pictures: () => pictures(tryBuildC('yuv', '-lyuv')),
  core: () => core(bench(), buildRust('framelane-pool', 'count')),
  rings: () => rings(buildRust('framelane-ring', 'spsc')),
};

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: Object.keys(GROUPS).join(',') },
    record: { type: 'boolean', default: false },
    rounds: { type: 'string', default: ROUNDS },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: a number from 1');
const names = values.only.split(',');
const unknown = names.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  throw new Error(`--only: ${unknown.join()} is none of ${Object.keys(GROUPS).join(', ')}`);
}

installPeers();
const groups = names.map((name) => ({ name, ...GROUPS[name]!() }));
const lists = groups.flatMap((group) => group.jobs);
const start = performance.now();
for (let round = 1; round <= rounds; round++) {
  console.error(`round ${round} of ${rounds}, ${Math.round((performance.now() - start) / 1000)} s`);
  for (const job of shuffled(lists).flatMap((list) => shuffled(list))) {
    await job().catch((error: unknown) => again(job, error));
  }
}

/** A process that was not given a core for seconds has failed for no reason of its own: once. */
function again(job: Job, error: unknown): Promise<void> {
  console.error(`${error instanceof Error ? error.message : String(error)}; once more`);
  return job();
}

const rows: Row[] = [];
for (const group of groups) {
  const found = group.rows();
  rows.push(...found);
  console.log(`\n${group.name}\n${table(found)}`);
}
const missed = rows.filter((row) => row.met === false).length;
const held = rows.filter((row) => row.goal !== null).length - missed;
console.log(`\n${rows.length} rows, ${held} goals met, ${missed} missed`);
const skipped = PEERS.filter((name) => !hasPeer(name));
for (const name of skipped) console.log(`skipped: ${name}, which is not in benchmark/node_modules`);
if (values.json !== undefined) writeJson(values.json, rows, skipped);
if (values.record) {
  console.log(relative(root, record(join(root, 'benchmark/record'), rows, skipped)));
}
