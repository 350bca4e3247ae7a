/**
 * One round of receiving in JavaScript, one process, one thread: `receive.js COUNT` prints the
 * nanoseconds for `tryRecv`, a look at `data` and `release`, as one line of JSON. Frames are sent
 * in batches that are not timed.
 */
import assert from 'node:assert';
import { Image, Topic } from 'framelane';

/** As many as a ring keeps. */
const BATCH = 64;
const WARM_UP = 200_000;
const SIZE = { width: 64, height: 48 };

const publisher = new Topic(Image, 'bench', { depth: BATCH });
const subscriber = new Topic(Image, 'bench');
const count = Number(process.argv[2]);
run(WARM_UP);
console.log(JSON.stringify({ receive: run(count) }));
const { lapped, rejected, extraReleases, held } = subscriber.stats();
assert.deepStrictEqual([lapped, rejected, extraReleases, held], [0, 0, 0, 0]);
publisher.close();
subscriber.close();

/** Mean nanoseconds for a frame. */
function run(frames: number): number {
  const batches = Math.ceil(frames / BATCH);
  let time = 0n;
  for (let batch = 0; batch < batches; batch++) {
    sendBatch();
    const start = process.hrtime.bigint();
    const sum = receiveBatch();
    time += process.hrtime.bigint() - start;
    assert.strictEqual(sum, (BATCH * (BATCH - 1)) / 2);
  }
  return Number(time) / (batches * BATCH);
}

function sendBatch(): void {
  for (let value = 0; value < BATCH; value++) {
    const image = publisher.loan(SIZE);
    image.data[0] = value;
    publisher.send(image);
  }
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
