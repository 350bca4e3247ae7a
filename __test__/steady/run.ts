/** Runs a lane with the library and one without it beside, and judges what both have cost. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Told } from './lane.js';

const ROLES = ['publisher', 'subscriber', 'bare-publisher', 'bare-subscriber'] as const;
const MIB = 2 ** 20;
/**
 * Of the live heap over the whole run, however long: code that the engine compiles late, and its
 * caches. The lane without the library varies as much. Found in ten minutes: 15 bytes a frame.
 */
const HEAP_NOISE = 0.5 * MIB;
/** Minutes from which on a line can be laid through the least heap of each. */
const MINUTES = 5;
const RSS_LIMIT = 5 * MIB;

type Lane = Record<(typeof ROLES)[number], Told>;

/** What came out: lines for people, and what was wrong. */
export interface Outcome {
  lines: string[];
  wrong: string[];
}

/** So many seconds of it, after a warm-up of five. */
export async function steady(seconds: number): Promise<Outcome> {
  const windowMs = Math.min(60_000, (seconds * 1000) / 6);
  const name = `steady.${randomBytes(6).toString('hex')}`;
  const children = ROLES.map((role) => start(role, seconds, windowMs, name));
  const told = await Promise.all(children.map(report));
  // With the connection they end, too.
  for (const child of children) child.disconnect();
  await Promise.all(children.map((child) => once(child, 'exit')));
  const lane = Object.fromEntries(ROLES.map((role, index) => [role, told[index]])) as Lane;
  return {
    lines: ROLES.map((role) => `${role}: ${describe(lane[role], windowMs)}`),
    wrong: [...judge(lane, 'publisher', seconds), ...judge(lane, 'subscriber', seconds)],
  };
}

function start(role: string, ...args: (string | number)[]): ChildProcess {
  const file = fileURLToPath(new URL('./lane.js', import.meta.url));
  // Without the collections that the engine makes of its own accord, some 8 to 100 s after it has
  // become quiet: they come sooner to a loop that allocates less.
  const execArgv = [...process.execArgv, '--expose-gc', '--no-memory-reducer'];
  return fork(file, [role, ...args.map(String)], { execArgv });
}

async function report(child: ChildProcess): Promise<Told> {
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${child.spawnargs} ended: ${code ?? signal}`);
  });
  const [told] = await Promise.race([once(child, 'message'), gone]);
  gone.catch(() => {});
  return told as Told;
}

/** Bytes a minute of a line through the points, by least squares. */
export function slope(points: number[], windowMs: number): number {
  const middle = (points.length - 1) / 2;
  const mean = points.reduce((sum, point) => sum + point, 0) / points.length;
  const [up, down] = points.reduce(
    ([up, down], point, index) => [
      up + (index - middle) * (point - mean),
      down + (index - middle) ** 2,
    ],
    [0, 0],
  );
  return (up / down / windowMs) * 60_000;
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(2);

function describe({ report, frames }: Told, windowMs: number): string {
  const { majors, minors, live, heap, rss, descriptors, maps } = report;
  return [
    `${frames} frames, ${majors} major and ${minors} minor collections`,
    `live heap ${live.map(mib).join(' -> ')} MiB`,
    `least heap ${mib(slope(heap.slice(0, -1), windowMs))} MiB a minute`,
    `RSS ${mib(rss[0] ?? 0)} -> ${mib(rss.at(-2) ?? 0)} MiB`,
    `descriptors ${descriptors.join(' -> ')}, mappings ${maps.join(' -> ')}`,
  ].join(', ');
}

function judge(lane: Lane, role: 'publisher' | 'subscriber', seconds: number): string[] {
  const { report, frames, stats } = lane[role];
  const bare = lane[`bare-${role}`].report;
  const { live, rss } = report;
  const wrong: string[] = [];
  const want = (good: boolean, what: string): void => {
    if (!good) wrong.push(`${role}: ${what}`);
  };
  const [first, last] = stats;
  const passed = frames + (last?.lapped ?? 0);
  want(passed > seconds * 60 * 0.9, `${passed} frames in ${seconds} s`);
  want(report.majors <= bare.majors, `${report.majors} major collections, not ${bare.majors}`);
  want(live[1] - live[0] <= HEAP_NOISE, `the live heap went from ${live.map(mib).join(' to ')}`);
  if (seconds >= MINUTES * 60) {
    // The watch keeps its samples: what grows in the other lane, too, is its.
    const lines = [report, bare].map(({ heap }) => slope(heap.slice(1, -1), 60_000));
    const grown = (((lines[0] ?? 0) - (lines[1] ?? 0)) * seconds) / 60;
    want(grown <= HEAP_NOISE, `the least heap grew by ${mib(grown)} MiB`);
  }
  // The last window is not whole.
  const whole = rss.slice(0, -1);
  const grown = (whole.at(-1) ?? 0) - (whole[0] ?? 0);
  want(Math.abs(grown) <= RSS_LIMIT, `resident memory changed by ${mib(grown)} MiB`);
  const { descriptors, maps } = report;
  want(descriptors[0] === descriptors[1], `descriptors: ${descriptors}`);
  want(maps[0] === maps[1], `mappings: ${maps}`);
  // Right after a frame was sent: those that are kept, and no other.
  const slots = stats.map(({ pools }) =>
    pools.map(({ id, slots, backed, free, draining }) => {
      const used = backed === null ? null : backed - (free ?? 0) - (draining ?? 0);
      return [id, slots, backed, used];
    }),
  );
  want(JSON.stringify(slots[0]) === JSON.stringify(slots[1]), `slots: ${JSON.stringify(slots)}`);
  want(last?.rejected === 0 && last.evictedEarly === 0, 'frames were refused or dropped early');
  want(last?.held === 0 && last.loaned === 0, `${last?.held} held, ${last?.loaned} on loan`);
  want(first?.pools.length === 1, `${first?.pools.length} pools`);
  return wrong;
}
