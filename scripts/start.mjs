// Builds, then runs the demo with the arguments given: camera, vision and monitor.
import { build, foreground, main, run, step } from './lib.mjs';

await main(async () => {
  await build();
  // For the target that the binding was built for, so that nothing is compiled twice.
  const { stdout } = await run('rustc', ['-vV']);
  const target = /^host: (.+)$/m.exec(stdout)?.[1] ?? '';
  const what = ['--release', '--target', target, '-p', 'framelane-demo-vision'];
  await step('vision', 'cargo', ['build', ...what]);
  process.env.DEMO_VISION = `target/${target}/release/framelane-demo-vision`;
  return foreground(process.execPath, ['build/demo/demo.js', ...process.argv.slice(2)]);
});
