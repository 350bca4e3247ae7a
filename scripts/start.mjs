// Builds, then runs the demo with the arguments given: camera, vision and monitor.
import { build, foreground, main, step } from './lib.mjs';

await main(async () => {
  await build();
  await step('vision', 'cargo', ['build', '--release', '-p', 'framelane-demo-vision']);
  return foreground(process.execPath, ['build/demo/demo.js', ...process.argv.slice(2)]);
});
