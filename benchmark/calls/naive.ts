/**
 * One round of receiving in the naive style: `naive.js HOW COUNT`, as `receive.js`. HOW is `class`
 * (a native class with getters for each frame) or `object` (an object of all its properties); a
 * buffer over the pixels is made for each frame. See `baselines/naive/`.
 */
import assert from 'node:assert';
import { loadNaive } from '../baselines/naive.js';

const BATCH = 64;
const WARM_UP = 50_000;

const { NaiveTopic } = loadNaive();
const [how, count] = [process.argv[2], Number(process.argv[3])];
const receiveBatch = how === 'class' ? receiveInstances : receiveObjects;
const publisher = new NaiveTopic('bench', BATCH);
const subscriber = new NaiveTopic('bench', BATCH);
run(WARM_UP);
console.log(JSON.stringify({ receive: run(count) }));

/** Mean nanoseconds for a frame. */
function run(frames: number): number {
  const batches = Math.ceil(frames / BATCH);
  let time = 0n;
  for (let batch = 0; batch < batches; batch++) {
    for (let value = 0; value < BATCH; value++) publisher.send(64, 48, value);
    const start = process.hrtime.bigint();
    const sum = receiveBatch();
    time += process.hrtime.bigint() - start;
    assert.strictEqual(sum, (BATCH * (BATCH - 1)) / 2);
  }
  return Number(time) / (batches * BATCH);
}

function receiveInstances(): number {
  let sum = 0;
  for (let index = 0; index < BATCH; index++) {
    const image = subscriber.tryRecv()!;
    sum += image.data[0]!;
    image.release();
  }
  return sum;
}

function receiveObjects(): number {
  let sum = 0;
  for (let index = 0; index < BATCH; index++) {
    const image = subscriber.tryRecvObject()!;
    sum += image.data[0]!;
    subscriber.release(image.id);
  }
  return sum;
}
