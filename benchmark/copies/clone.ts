/**
 * What copying a 1080p frame costs within one process: `clone.js COUNT` prints the p50 of
 * `v8.serialize` and of `structuredClone` in microseconds, as JSON. Neither has sent anything yet.
 */
import { serialize } from 'node:v8';
import { quantile } from '../numbers.js';
import { BYTES } from '../pairs/picture.js';

const WARM_UP = 10;

const count = Number(process.argv[2]);
const bytes = new Uint8Array(BYTES).fill(7);
const ways = { serialize: () => serialize(bytes), structuredClone: () => structuredClone(bytes) };
const results = Object.entries(ways).map(([name, copy]) => {
  const times: number[] = [];
  for (let turn = 0; turn < WARM_UP + count; turn++) {
    const start = process.hrtime.bigint();
    const copied = copy();
    const took = Number(process.hrtime.bigint() - start) / 1000;
    if (copied.length < BYTES) throw new Error(`${name}: ${copied.length} bytes`);
    if (turn >= WARM_UP) times.push(took);
  }
  return [name, quantile(times, 0.5)];
});
console.log(JSON.stringify(Object.fromEntries(results)));
