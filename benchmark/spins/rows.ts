/** Rows of two processes that never sleep; README.md tells what each is. */
import { hasPeer } from '../build.js';
import { run, runPinned } from '../children.js';
import { Figures, type Group } from '../group.js';
import { median } from '../numbers.js';
import { row, type Row } from '../report.js';
import type { Round as HandOver, Task as HandOverTask } from './hand-over.js';
import type { Round as RoundTrip, Task as RoundTripTask } from './round-trip.js';

/** Round trips in a round. */
const TRIPS = 300_000;

const SIZES = {
  '64x64': [64, 64],
  vga: [640, 480],
  '1080p': [1920, 1080],
  '4k': [3840, 2160],
  '8k': [7680, 4320],
} as const;

interface Spin {
  oneWay: number;
  line: number;
  ring: number;
}

type Where = 'free' | 'across';

/** `spin` is the program of `baselines/c`, `bench` that of the crate `framelane`. */
export function spins(spin: string, bench: string, pin: string): Group {
  const figures = new Figures();
  const pinOf = (where: Where): string | null => (where === 'across' ? pin : null);
  const lines = (where: Where) => async (): Promise<void> => {
    const { oneWay, line, ring } = (await run(spin, [String(TRIPS), where])) as Spin;
    figures.add(`one-way${suffix(where)}`, oneWay);
    figures.add(`line${suffix(where)}`, line);
    figures.add(`c-ring${suffix(where)}`, ring);
  };
  const rust = async (): Promise<void> => {
    const { roundTrip } = (await run(bench, ['round-trip', String(TRIPS)])) as RoundTrip;
    figures.add('rust', roundTrip);
  };
  const js = async (): Promise<void> => {
    const task: RoundTripTask = { count: TRIPS, pin: null };
    const args = JSON.stringify(task);
    figures.add(
      'js',
      ((await runPinned(null, 'spins/round-trip.js', args)) as RoundTrip).roundTrip,
    );
  };
  const handOver =
    (lane: HandOverTask['lane'], size: keyof typeof SIZES, where: Where) => async () => {
      const [width, height] = SIZES[size];
      const task: HandOverTask = { lane, width, height, pin: pinOf(where) };
      const args = JSON.stringify(task);
      const { p50 } = (await runPinned(task.pin, 'spins/hand-over.js', args)) as HandOver;
      figures.add(`${lane}-${size}${suffix(where)}`, p50);
    };
  const sizes = Object.keys(SIZES) as (keyof typeof SIZES)[];
  const peer = hasPeer('shared-memory-disruptor');
  return {
    jobs: [
      lines('free'),
      lines('across'),
      rust,
      js,
      ...sizes.map((size) => handOver('framelane', size, 'free')),
      handOver('framelane', '1080p', 'across'),
      ...(peer ? [handOver('shared-memory-disruptor', '1080p', 'free')] : []),
    ],
    rows: () => [...tripRows(figures), ...handOverRows(figures, peer)],
  };
}

function suffix(where: Where): string {
  return where === 'across' ? '-across' : '';
}

function tripRows(figures: Figures): Row[] {
  return [
    figures.ratio('round-trip-js-vs-rust', '<= 1.6', 'js', 'rust', 'the next two'),
    figures.row('js', 'round-trip-js', 'ns', null, 'two Node processes, tryRecv in a loop'),
    figures.row('rust', 'round-trip-rust', 'ns', null, 'two Rust processes, try_recv in a loop'),
    figures.row('c-ring', 'round-trip-c', 'ns', null, '64 bytes through a ring in C, each way'),
    figures.row('c-ring-across', 'round-trip-c-across', 'ns', null, 'the same, pinned'),
  ];
}

function handOverRows(figures: Figures, peer: boolean): Row[] {
  const name = 'framelane-1080p';
  const sizes = Object.keys(SIZES);
  const note = 'p50, from before send to the first line that has the frame, both spinning';
  const microseconds = (where: Where): number[] =>
    figures.of(`one-way${suffix(where)}`).map((ns) => ns / 1000);
  const oneWay = 'C, a cache line: p50 from before the store to the clock behind it';
  const vsLine = (where: Where, goal: string | null, lane = 'framelane', id = 'spin'): Row => {
    const ours = figures.of(`${lane}-1080p${suffix(where)}`);
    const theirs = microseconds(where);
    const each = ours.map((value, index) => value / theirs[index]!);
    const what = `${lane} / C cache line${suffix(where)}`;
    const full = `${id}-1080p${suffix(where)}-vs-line`;
    return row(full, 'x', goal, each, what, median(ours) / median(theirs));
  };
  const rounds = figures.of(name).map((_, index) => {
    const all = sizes.map((size) => figures.of(`framelane-${size}`)[index]!);
    return Math.max(...all) / Math.min(...all);
  });
  const medians = sizes.map((size) => median(figures.of(`framelane-${size}`)));
  const spread = Math.max(...medians) / Math.min(...medians);
  const disruptor = 'shared-memory-disruptor';
  return [
    vsLine('free', '<= 8'),
    vsLine('across', null),
    ...(peer ? [vsLine('free', null, disruptor, disruptor)] : []),
    ...sizes.map((size) => figures.row(`framelane-${size}`, `spin-${size}`, 'us', '<= 10', note)),
    row('spin-sizes', 'x', '<= 1.3', rounds, 'the slowest of the sizes / the fastest', spread),
    figures.row(`${name}-across`, 'spin-1080p-across', 'us', null, note),
    ...(peer ? [figures.row(`${disruptor}-1080p`, `${disruptor}-1080p`, 'us', null, note)] : []),
    row('c-one-way', 'us', null, microseconds('free'), oneWay),
    row('c-one-way-across', 'us', null, microseconds('across'), oneWay),
  ];
}
