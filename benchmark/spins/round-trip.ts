/**
 * Round trips of small frames between two processes that never sleep: `round-trip.js TASK` (JSON)
 * prints the nanoseconds of one, as JSON. The same as `round-trip` of
 * `crates/framelane/examples/bench`: each side takes the memory for its next frame after it has
 * sent one, and gives back what it has received after it has answered. Both receive by `forEach`
 * with `spinUs`, which is how a program looks for frames without sleeping.
 */
import { once } from 'node:events';
import { Image, Topic } from 'framelane';
import { quantile } from '../numbers.js';
import { begin, finish, isPartner, startPartner, task } from '../partner.js';

/** What a process is told. */
export interface Task {
  count: number;
  /** The path of `pin` where the two are to be on different cores. */
  pin: string | null;
}

export interface Round {
  roundTrip: number;
}

const WARM_UP = 50_000;
/**
 * Round trips whose time is taken together; the figure is the median of these, since either
 * process may lose its core for a while.
 */
const BATCH = 1000;
/** Longer than a round trip, so that nobody sleeps. */
const SPIN_US = 100_000;
const SIZE = { width: 64, height: 48 };

const { count, pin } = task<Task>();
const [mine, theirs] = isPartner ? ['bench.back', 'bench.there'] : ['bench.there', 'bench.back'];
const out = new Topic(Image, mine);
const back = new Topic(Image, theirs, { spinUs: SPIN_US });
await (isPartner ? answer() : ask());

async function ask(): Promise<void> {
  const partner = await startPartner(pin);
  const result = once(partner, 'message');
  const times: number[] = [];
  let next = out.loan(SIZE);
  let done = 0;
  let start = 0n;
  const answered = back.forEach(() => {
    done++;
    if (done >= WARM_UP && (done - WARM_UP) % BATCH === 0) {
      const now = process.hrtime.bigint();
      if (done > WARM_UP) times.push(Number(now - start) / BATCH);
      start = now;
    }
    if (done === WARM_UP + count) return back.close();
    out.send(next);
    next = out.loan(SIZE);
  });
  out.send(next);
  next = out.loan(SIZE);
  await answered;
  next.release();
  await result;
  console.log(JSON.stringify({ roundTrip: quantile(times, 0.5) } satisfies Round));
  out.close();
}

async function answer(): Promise<void> {
  // So that none is sent before there is somebody who receives.
  back.tryRecv();
  begin();
  await new Promise((resolve) => setTimeout(resolve, 50));
  let next = out.loan(SIZE);
  let done = 0;
  await back.forEach(() => {
    out.send(next);
    next = out.loan(SIZE);
    if (++done < WARM_UP + count) return;
    const { lapped } = back.stats();
    if (lapped !== 0) throw new Error(`${lapped} frames were passed by`);
    back.close();
  });
  next.release();
  finish('done');
  out.close();
}
