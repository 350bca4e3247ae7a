// Builds, then runs the benchmark with the arguments given.
import { build, foreground, main } from './lib.mjs';

await main(async () => {
  await build();
  return foreground(process.execPath, ['build/benchmark/run.js', ...process.argv.slice(2)]);
});
