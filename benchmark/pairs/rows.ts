/** Rows of 1080p frames in place from process to process; README.md tells what each is. */
import { runPinned } from '../children.js';
import { hasPeer } from '../build.js';
import { Figures, type Group } from '../group.js';
import { row, type Row } from '../report.js';
import type { Round, Task } from './pair.js';

/** As many as a stream's first half minute has. */
const WARM_UP = 2000;
/** Where no goal hangs on it. */
const SHORT_WARM_UP = 1000;
/** Of zeromq the paced, free row only. */
const LANES = ['framelane', 'socket', 'ipc', 'shm'] as const;
const GOALS = { socket: '>= 30', ipc: '>= 60', shm: '>= 2' } as const;

type Variant = readonly [pace: Task['pace'], across: boolean];

/** Goals hold for the first. */
const VARIANTS = [
  ['60hz', false],
  ['60hz', true],
  ['hot', false],
  ['hot', true],
] as const satisfies Variant[];

const P50 = 'p50, from before send to the first line that has the frame';

/** One round of a lane. */
export async function runPair(task: Task): Promise<Round> {
  return (await runPinned(task.pin, 'pairs/pair.js', JSON.stringify(task))) as Round;
}

export function pairs(pin: string): Group {
  const figures = new Figures();
  const job = (lane: string, variant: Variant) => async (): Promise<void> => {
    const [pace, across] = variant;
    const warmUp = variant === VARIANTS[0] ? WARM_UP : SHORT_WARM_UP;
    const round = await runPair({ lane, pace, warmUp, pin: across ? pin : null });
    figures.add(`${lane}${suffix(variant)}`, round.p50);
    if (lane === 'framelane') figures.add(`lost${suffix(variant)}`, round.lost);
  };
  const zeromq = hasPeer('zeromq');
  return {
    jobs: VARIANTS.map((variant) => [
      ...LANES.map((lane) => job(lane, variant)),
      ...(zeromq && variant === VARIANTS[0] ? [job('zeromq', variant)] : []),
    ]),
    rows: () => [
      ...VARIANTS.flatMap((variant) => variantRows(figures, variant)),
      ...(zeromq ? [figures.row('zeromq-60hz', 'zeromq-1080p-60hz', 'us', null, P50)] : []),
      lostRow(figures),
    ],
  };
}

function suffix([pace, across]: Variant): string {
  return `-${pace}${across ? '-across' : ''}`;
}

function variantRows(figures: Figures, variant: Variant): Row[] {
  const end = suffix(variant);
  const ours = `inplace-1080p${end}`;
  const isGoal = variant === VARIANTS[0];
  const others = LANES.slice(1) as (keyof typeof GOALS)[];
  return [
    ...others.map((lane) => {
      const goal = isGoal ? GOALS[lane] : null;
      return figures.ratio(`${ours}-vs-${lane}`, goal, `${lane}${end}`, `framelane${end}`);
    }),
    figures.row(`framelane${end}`, ours, 'us', null, P50),
    ...others.map((lane) => figures.row(`${lane}${end}`, `${lane}-1080p${end}`, 'us', null, P50)),
  ];
}

function lostRow(figures: Figures): Row {
  const lost = figures.of('lost-60hz');
  const sum = lost.reduce((total, each) => total + each, 0);
  return row('inplace-1080p-60hz-lost', 'frames', null, lost, 'of framelane, all rounds', sum);
}
