// 1080p at 60 Hz between two processes, for half a minute, costs nothing that grows. Ten minutes of
// it: `npm run deep -- --only steady`.
import test from 'ava';
import { slope, steady } from './run.js';

test('nothing grows in half a minute', async (t) => {
  t.timeout(120_000);
  const { lines, wrong } = await steady(30);
  for (const line of lines) t.log(line);
  t.deepEqual(wrong, []);
});

test('the slope of a line is that of the line', (t) => {
  t.is(slope([1, 2, 3, 4], 30_000), 2);
  t.is(slope([5, 5, 5], 1000), 0);
});
