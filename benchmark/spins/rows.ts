/** Rows of two processes that never sleep; README.md tells what each is. */
import { hasPeer } from '../build.js';
import { run, runPinned } from '../children.js';
import { Figures, type Group } from '../group.js';
import { median } from '../numbers.js';
import { row, type Row } from '../report.js';
import type { Round as HandOver, Task as HandOverTask } from './hand-over.js';
import type { Round as RoundTrip, Task as RoundTripTask } from './round-trip.js';

/** Round trips in a round. */
const TRIPS = 200_000;
const DISRUPTOR = 'shared-memory-disruptor';
const HAND_OVER = 'p50, from before send to the first line that has the frame, both spinning';

const SIZES = {
  '64x64': [64, 64],
  vga: [640, 480],
  '1080p': [1920, 1080],
  '4k': [3840, 2160],
  '8k': [7680, 4320],
} as const;

interface Spin {
  oneWay: number;
  ring: number;
}

type Size = keyof typeof SIZES;
type Where = 'free' | 'across';

const sizes = Object.keys(SIZES) as Size[];

/** `spin` is the program of `baselines/c`, `bench` that of the crate `framelane`. */
export function spins(spin: string, bench: string, pin: string): Group {
  const figures = new Figures();
  const inC = async (where: Where): Promise<Spin> =>
    (await run(spin, [String(TRIPS), where])) as Spin;
  const ring = (where: Where) => async (): Promise<void> =>
    figures.add(`c${suffix(where)}`, (await inC(where)).ring);
  const rust = async (): Promise<void> => {
    const { roundTrip } = (await run(bench, ['round-trip', String(TRIPS)])) as RoundTrip;
    figures.add('rust', roundTrip);
  };
  const js = async (): Promise<void> => {
    const task: RoundTripTask = { count: TRIPS, pin: null };
    const args = JSON.stringify(task);
    const { roundTrip } = (await runPinned(null, 'spins/round-trip.js', args)) as RoundTrip;
    figures.add('js', roundTrip);
  };
  // What a cache line takes changes with where the two run: measured right before and after.
  const handOver = (lane: HandOverTask['lane'], wanted: Size[], where: Where) => async () => {
    const task: HandOverTask = {
      lane,
      sizes: wanted.map((size) => SIZES[size]),
      pin: where === 'across' ? pin : null,
    };
    const args = JSON.stringify(task);
    const before = (await inC(where)).oneWay;
    const { p50s } = (await runPinned(task.pin, 'spins/hand-over.js', args)) as HandOver;
    const after = (await inC(where)).oneWay;
    wanted.forEach((size, index) => figures.add(`${lane}-${size}${suffix(where)}`, p50s[index]!));
    figures.add(`line-of-${lane}${suffix(where)}`, (before + after) / 2000);
  };
  const peer = hasPeer(DISRUPTOR);
  return {
    jobs: [
      [rust, js, ring('free'), ring('across')],
      [
        handOver('framelane', sizes, 'free'),
        handOver('framelane', ['1080p'], 'across'),
        ...(peer ? [handOver(DISRUPTOR, ['1080p'], 'free')] : []),
      ],
    ],
    rows: () => [
      ...tripRows(figures),
      ...handOverRows(figures),
      ...(peer ? disruptorRows(figures) : []),
    ],
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
    figures.row('c', 'round-trip-c', 'ns', null, '64 bytes through a ring in C, each way'),
    figures.row('c-across', 'round-trip-c-across', 'ns', null, 'the same, pinned'),
  ];
}

function handOverRows(figures: Figures): Row[] {
  const line = 'C, a cache line: p50 from before the store to the clock behind it';
  const ratio = (end: string, goal: string | null): Row => {
    const ours = `framelane-1080p${end}`;
    return figures.ratio(`spin-1080p${end}-vs-line`, goal, ours, `line-of-framelane${end}`);
  };
  const figure = (size: string, goal: string | null): Row =>
    figures.row(`framelane-${size}`, `spin-${size}`, 'us', goal, HAND_OVER);
  const spread = (of: (size: Size) => number): number =>
    Math.max(...sizes.map(of)) / Math.min(...sizes.map(of));
  const rounds = figures
    .of('framelane-1080p')
    .map((_, round) => spread((size) => figures.of(`framelane-${size}`)[round]!));
  const all = spread((size) => median(figures.of(`framelane-${size}`)));
  return [
    ratio('', '<= 8'),
    ratio('-across', null),
    ...sizes.map((size) => figure(size, '<= 10')),
    row('spin-sizes', 'x', '<= 1.3', rounds, 'the slowest of these sizes / the fastest', all),
    figure('1080p-across', null),
    figures.row('line-of-framelane', 'c-one-way', 'us', null, line),
    figures.row('line-of-framelane-across', 'c-one-way-across', 'us', null, line),
  ];
}

function disruptorRows(figures: Figures): Row[] {
  const [ours, line] = [`${DISRUPTOR}-1080p`, `line-of-${DISRUPTOR}`];
  return [
    figures.ratio(`${DISRUPTOR}-1080p-vs-line`, null, ours, line),
    figures.row(ours, ours, 'us', null, HAND_OVER),
  ];
}
