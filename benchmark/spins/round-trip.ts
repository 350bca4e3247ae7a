/**
 * Round trips of small frames between two processes that never sleep: `round-trip.js TASK` (JSON)
 * prints the nanoseconds of one, as JSON. The same as `round-trip` of
 * `crates/framelane/examples/bench`: each side takes the memory for its next frame after it has
 * sent one, and gives back what it has received after it has answered.
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
const SIZE = { width: 64, height: 48 };

const { count, pin } = task<Task>();
const [mine, theirs] = isPartner ? ['bench.back', 'bench.there'] : ['bench.there', 'bench.back'];
const out = new Topic(Image, mine);
const back = new Topic(Image, theirs);
if (isPartner) answer();
else await ask();

async function ask(): Promise<void> {
  const partner = await startPartner(pin);
  const result = once(partner, 'message');
  exchange(WARM_UP);
  const times: number[] = [];
  for (let batch = 0; batch < count / BATCH; batch++) {
    const start = process.hrtime.bigint();
    exchange(BATCH);
    times.push(Number(process.hrtime.bigint() - start) / BATCH);
  }
  const roundTrip = quantile(times, 0.5);
  await result;
  console.log(JSON.stringify({ roundTrip } satisfies Round));
  out.close();
  back.close();
}

function exchange(times: number): void {
  let next = out.loan(SIZE);
  for (let done = 0; done < times; done++) {
    out.send(next);
    next = out.loan(SIZE);
    receive().release();
  }
  next.release();
}

function receive(): NonNullable<ReturnType<typeof back.tryRecv>> {
  for (;;) {
    const image = back.tryRecv();
    if (image !== null) return image;
  }
}

function answer(): void {
  // So that none is sent before there is somebody who receives.
  back.tryRecv();
  begin();
  setTimeout(() => {
    let next = out.loan(SIZE);
    for (let done = 0; done < WARM_UP + count; done++) {
      const image = receive();
      out.send(next);
      image.release();
      next = out.loan(SIZE);
    }
    next.release();
    const { lapped } = back.stats();
    if (lapped !== 0) throw new Error(`${lapped} frames were passed by`);
    finish('done');
    out.close();
    back.close();
  }, 50);
}
