/** Rows of what a frame and a call cost in one thread of Node; README.md tells what each is. */
import { runScript } from '../children.js';
import { Figures, type Group } from '../group.js';
import { median } from '../numbers.js';
import type { Row } from '../report.js';

/** Frames in a round. */
const COUNT = '1000000';
/** Of what takes microseconds. */
const FEW = '200000';
/** Calls of each function in a round. */
const CALLS = '300000';

const COSTS = {
  'macro-empty': 'a macro function without arguments',
  'raw-empty': 'a raw function without arguments',
  'macro-number': 'a macro function, u32 -> u32',
  'raw-number': 'a raw function, u32 -> u32',
  'macro-bytes': 'a macro function, Uint8Array -> u32',
  'raw-bytes': 'a raw function, Uint8Array -> u32',
  'macro-object': 'a macro function that returns an object of 8 numbers',
  'raw-object': 'a raw function that returns an object of 8 numbers',
  'raw-fill': 'a raw function that fills 8 numbers of a control array, and reading them',
  'macro-class': 'a new instance of a macro class',
  'macro-getter': 'a getter of a macro class',
  'macro-method': 'a method of a macro class',
} as const;

const LEAK = 'tryRecv, data, release; safety net for leaks included';
const NAIVE = 'tryRecv, data, release, a buffer made for each frame';

export function calls(): Group {
  const figures = new Figures();
  const job = (name: string, file: string, how: string, count: string) => async () => {
    const { receive } = (await runScript(`calls/${file}.js`, how, count)) as { receive: number };
    figures.add(name, receive);
  };
  const costs = async (): Promise<void> => {
    const all = (await runScript('calls/costs.js', CALLS)) as Record<string, number>;
    for (const [name, ns] of Object.entries(all)) figures.add(`call-${name}`, ns);
  };
  return {
    jobs: [
      [
        job('foreach-js', 'receive', 'for-each', COUNT),
        job('for-await-js', 'receive', 'for-await', COUNT),
        job('try-recv-js', 'receive', 'try-recv', COUNT),
        job('guard', 'receive', 'guard', FEW),
        job('naive-js', 'naive', 'class', FEW),
        job('naive-object-js', 'naive', 'object', FEW),
      ],
      [costs],
    ],
    rows: () => [...frameRows(figures), ...costRows(figures)],
  };
}

function frameRows(figures: Figures): Row[] {
  const ns = (name: string, goal: string | null, note: string): Row =>
    figures.row(name, name, 'ns', goal, note);
  // The better of the two styles.
  const styles = ['naive-js', 'naive-object-js'];
  const [naive] = styles.sort((a, b) => median(figures.of(a)) - median(figures.of(b)));
  const note = `${naive} / foreach-js`;
  return [
    ns('foreach-js', '<= 150', 'forEach with a synchronous callback: receive, data, give back'),
    figures.ratio('foreach-js-vs-naive', '>= 10', naive!, 'foreach-js', note),
    ns('for-await-js', '<= 250', 'the same by for await'),
    ns('try-recv-js', '<= 500', LEAK),
    ns('guard', '<= 2500', 'try-recv-js with guard: true, whose buffers are detached at release'),
    ns('naive-js', null, `a native class for each frame: ${NAIVE}`),
    ns('naive-object-js', null, `an object of all properties for each frame: ${NAIVE}`),
  ];
}

function costRows(figures: Figures): Row[] {
  return Object.entries(COSTS).map(([name, note]) =>
    figures.row(`call-${name}`, `call-${name}`, 'ns', null, note),
  );
}
