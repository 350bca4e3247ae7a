// 1080p at 60 Hz between two processes for ten minutes, beside the same loops without the library:
// nothing grows. The last line is the verdict. --seconds N: for so long. --no-build: what is built.
import { parseArgs } from 'node:util';
import { build, Failure, main } from './lib.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, 'no-build': { type: 'boolean' } },
});

await main(async () => {
  if (!values['no-build']) await build();
  process.env.FRAMELANE_NAMESPACE = `steady-${process.pid}`;
  const { steady } = await import('../build/__test__/steady/run.js');
  const { lines, wrong } = await steady(Number(values.seconds));
  for (const line of [...lines, ...wrong]) console.log(line);
  console.log(`steady: ${values.seconds} s: ${wrong.length === 0 ? 'nothing grows' : 'FAILED'}`);
  if (wrong.length > 0) throw new Failure('steady');
});
