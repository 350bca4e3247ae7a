/**
 * One round of one way of waking another process's event loop: `wake.js TASK` (JSON, see `Task`)
 * prints the p50 from the ring to the first line of the callback in microseconds, as JSON.
 */
import { once } from 'node:events';
import { quantile } from '../numbers.js';
import { paced } from '../pace.js';
import { begin, finish, isPartner, startPartner, task, tell } from '../partner.js';
import { ways } from './bells.js';

/** What a process is told. */
export interface Task {
  way: string;
  /** 60hz: every 1/60 s; hot: as soon as the other has answered in the same way. */
  pace: '60hz' | 'hot';
  /** The path of `pin` where the two are to be on different cores. */
  pin: string | null;
}

export interface Round {
  p50: number;
}

const WARM_UP = 1000;
const WARM_UP_MS = 1;
/** Rings after that at the measured pace; not measured. */
const SETTLE = 15;
const MEASURED = { '60hz': 90, hot: 500 };
const PERIOD_MS = 1000 / 60;

const { way, pace, pin } = task<Task>();
const count = SETTLE + MEASURED[pace];
const open = ways[way];
if (open === undefined) throw new Error(`${way} is none of ${Object.keys(ways).join(', ')}`);
const bells = open(!isPartner);
if (isPartner) sleepAndAnswer();
else await wake();

async function wake(): Promise<void> {
  let answered = (): void => {};
  if (pace === 'hot') bells.back.listen(() => answered());
  const partner = await startPartner(pin);
  const ring = bells.there.open();
  const hot = (times: number): Promise<void> =>
    new Promise((resolve) => {
      let left = times;
      answered = () => (--left === 0 ? resolve() : ring());
      ring();
    });
  await (pace === 'hot' ? hot(WARM_UP) : paced(WARM_UP, WARM_UP_MS, ring));
  // What was rung before is not measured.
  partner.send('begin');
  await once(partner, 'message');
  await (pace === 'hot' ? hot(count) : paced(count, PERIOD_MS, ring));
  partner.send('end');
  const [round] = (await once(partner, 'message')) as [Round];
  console.log(JSON.stringify(round));
  bells.close();
}

function sleepAndAnswer(): void {
  const answer = pace === 'hot' ? bells.back.open() : null;
  let times: number[] = [];
  bells.there.listen((now, rungNs) => {
    answer?.();
    times.push(Number(now - rungNs) / 1000);
  });
  process.on('message', (message) => {
    if (message === 'begin') {
      times = [];
      tell('begun');
      return;
    }
    const measured = times.slice(SETTLE);
    if (measured.length < MEASURED[pace] / 2) {
      throw new Error(`${way}: ${times.length} of ${count} rings were heard`);
    }
    process.once('disconnect', () => bells.close());
    finish({ p50: quantile(measured, 0.5) } satisfies Round);
  });
  begin();
}
