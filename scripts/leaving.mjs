// Has processes and worker threads leave in every way, a thousand times each; the last line is
// the verdict. --rounds N: so many times. --no-build: runs what is built.
import { parseArgs } from 'node:util';
import { build, Failure, foreground, main, tool } from './lib.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '1000' }, 'no-build': { type: 'boolean' } },
});

await main(async () => {
  if (!values['no-build']) await build();
  process.env.LEAVING_ROUNDS = values.rounds;
  process.env.FRAMELANE_NAMESPACE = `leaving-${process.pid}`;
  const code = await foreground(tool('ava'), ['--timeout=2h', 'build/__test__/leaving/*.spec.js']);
  if (code !== 0) throw new Failure('leaving');
  console.log(`leaving: ${values.rounds} rounds of every way: nothing lost, nothing left`);
});
