/**
 * One round of receiving in JavaScript, one process, one thread: `receive.js HOW COUNT` prints the
 * nanoseconds for a frame received, a look at `data`, and giving it back, as one line of JSON. HOW
 * is `try-recv`, `guard` (the same with that option), `for-await` or `for-each`. Frames are sent
 * in batches that are not timed.
 */
import assert from 'node:assert';
import { Image, Topic } from 'framelane';

/** As many as a ring keeps. */
const BATCH = 64;
const WARM_UP = 200_000;
const SIZE = { width: 64, height: 48 };
/** Of the first bytes of a batch. */
const SUM = (BATCH * (BATCH - 1)) / 2;

const [how, count] = [process.argv[2], Number(process.argv[3])];
const publisher = new Topic(Image, 'bench', { depth: BATCH });
const options: object = how === 'guard' ? { guard: true } : {};
const subscriber = new Topic(Image, 'bench', options);
const batchesOf = (frames: number): number => Math.ceil(frames / BATCH);

/**
 * The clock of loops: begins in the body of a batch's first frame and ends in that of its last,
 * which then sends the next batch, so that the loop never finds nothing.
 */
class Batches {
  left = BATCH;
  sum = 0;
  start = 0n;
  time = 0n;
  readonly #warmUp = batchesOf(WARM_UP);
  readonly #total: number;
  #done = 0;

  constructor(batches: number) {
    this.#total = this.#warmUp + batches;
    sendBatch();
  }

  /** After the last frame of a batch; whether there is another one. */
  next(): boolean {
    const took = process.hrtime.bigint() - this.start;
    assert.strictEqual(this.sum, SUM);
    if (this.#done >= this.#warmUp) this.time += took;
    this.#done++;
    this.left = BATCH;
    this.sum = 0;
    if (this.#done === this.#total) return false;
    sendBatch();
    return true;
  }

  /** Nanoseconds for a frame: from the first to the last of a batch there is one less. */
  get mean(): number {
    return Number(this.time) / ((this.#total - this.#warmUp) * (BATCH - 1));
  }
}

const measures: Record<string, (batches: number) => number | Promise<number>> = {
  'try-recv': overTryRecv,
  guard: overTryRecv,
  'for-await': overForAwait,
  'for-each': overForEach,
};
const measure = measures[how ?? ''];
if (measure === undefined) throw new Error(`${how} is none of ${Object.keys(measures).join(', ')}`);
if (measure === overTryRecv) overTryRecv(batchesOf(WARM_UP));
const receive = await measure(batchesOf(count));
console.log(JSON.stringify({ receive }));
const { lapped, rejected, extraReleases, held } = subscriber.stats();
assert.deepStrictEqual([lapped, rejected, extraReleases, held], [0, 0, 0, 0]);
publisher.close();
subscriber.close();

function sendBatch(): void {
  for (let value = 0; value < BATCH; value++) {
    const image = publisher.loan(SIZE);
    image.data[0] = value;
    publisher.send(image);
  }
}

function overTryRecv(batches: number): number {
  let time = 0n;
  for (let batch = 0; batch < batches; batch++) {
    sendBatch();
    const start = process.hrtime.bigint();
    const sum = receiveBatch();
    time += process.hrtime.bigint() - start;
    assert.strictEqual(sum, SUM);
  }
  return Number(time) / (batches * BATCH);
}

/** What is timed. Gives the sum of the frames' first bytes. */
function receiveBatch(): number {
  let sum = 0;
  for (let index = 0; index < BATCH; index++) {
    const image = subscriber.tryRecv()!;
    sum += image.data[0] as number;
    image.release();
  }
  return sum;
}

async function overForAwait(batches: number): Promise<number> {
  const clock = new Batches(batches);
  for await (const image of subscriber) {
    if (clock.left === BATCH) clock.start = process.hrtime.bigint();
    clock.sum += image.data[0] as number;
    if (--clock.left === 0 && !clock.next()) break;
  }
  return clock.mean;
}

async function overForEach(batches: number): Promise<number> {
  const clock = new Batches(batches);
  await new Promise<void>((resolve) => {
    void subscriber.forEach((image) => {
      if (clock.left === BATCH) clock.start = process.hrtime.bigint();
      clock.sum += image.data[0] as number;
      if (--clock.left === 0 && !clock.next()) resolve();
    });
  });
  // The last frame is given back behind its callback.
  await new Promise(setImmediate);
  return clock.mean;
}
