/** Rows of what waking another process takes; README.md tells what each is. */
import { run, runPinned } from '../children.js';
import { Figures, type Group } from '../group.js';
import type { Row } from '../report.js';
import type { Round, Task } from './wake.js';

/** In C as many as in JavaScript. */
const MEASURED = { '60hz': '90', hot: '500' };

const SCRIPTS = ['framelane', 'poll', 'net-socket'] as const;
const PROGRAMS = ['futex', 'poll'] as const;

/** Goals hold for the first. */
const VARIANTS = [
  ['60hz', 'free'],
  ['60hz', 'across'],
  ['hot', 'free'],
  ['hot', 'across'],
] as const;

type Variant = (typeof VARIANTS)[number];

/** What is compared with, the goal, and what it is. */
const BASELINES = [
  ['futex', '<= 3.5', 'C: store, FUTEX_WAKE, first line behind FUTEX_WAIT'],
  ['poll', '<= 1.3', 'Node: write, first line of the callback of a bare uv_poll on a FIFO'],
  ['net-socket', '<= 0.75', 'Node: write, first line of onread of a net.Socket on a FIFO'],
] as const;

/** `wake` is the program of `baselines/c`. */
export function wakeups(wake: string, pin: string): Group {
  const figures = new Figures();
  const script =
    (way: string, [pace, where]: Variant) =>
    async (): Promise<void> => {
      const task: Task = { way, pace, pin: where === 'across' ? pin : null };
      const args = JSON.stringify(task);
      const round = (await runPinned(task.pin, 'wakeups/wake.js', args)) as Round;
      figures.add(`${way}${suffix([pace, where] as Variant)}`, round.p50);
    };
  const program =
    (way: string, [pace, where]: Variant) =>
    async (): Promise<void> => {
      const round = (await run(wake, [way, pace, MEASURED[pace], where])) as Round;
      const name = way === 'poll' ? 'c-poll' : way;
      figures.add(`${name}${suffix([pace, where] as Variant)}`, round.p50);
    };
  return {
    jobs: VARIANTS.map((variant) => [
      ...SCRIPTS.map((way) => script(way, variant)),
      ...PROGRAMS.map((way) => program(way, variant)),
    ]),
    rows: () => VARIANTS.flatMap((variant) => variantRows(figures, variant)),
  };
}

function suffix([pace, where]: Variant): string {
  return where === 'across' ? `-${pace}-across` : `-${pace}`;
}

function variantRows(figures: Figures, variant: Variant): Row[] {
  const end = suffix(variant);
  const ours = `wake-up${end}`;
  const isGoal = variant === VARIANTS[0];
  const note = 'p50, sentNs to the first line of the callback of forEach';
  const cPoll = 'C: write, first line behind poll() on a pipe';
  return [
    ...BASELINES.map(([name, goal]) =>
      figures.ratio(`${ours}-vs-${name}`, isGoal ? goal : null, `framelane${end}`, name + end),
    ),
    figures.row(`framelane${end}`, ours, 'us', null, note),
    ...BASELINES.map(([name, , what]) =>
      figures.row(name + end, `${name}${end}`, 'us', null, `p50, ${what}`),
    ),
    figures.row(`c-poll${end}`, `c-poll${end}`, 'us', null, `p50, ${cPoll}`),
  ];
}
