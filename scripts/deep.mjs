// What takes long: every model and mutant, loom, every pass of every crash point, chaos for ten
// minutes, deliberate bugs, openers by the hundred thousand, fuzzing under AddressSanitizer, every
// way to leave a thousand times, ten minutes at 60 Hz, every release of Node.js and TypeScript.
// The last line is the verdict. --only NAME,NAME: some of them. --seconds N: chaos, 600.
import { parseArgs } from 'node:util';
import { build, foreground, main } from './lib.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '600' },
  },
});

const node = (script, ...args) => [process.execPath, [`scripts/${script}.mjs`, ...args], {}];
const cargo = (args, env = {}) => ['cargo', args.split(' '), env];

const PARTS = {
  models: node('model'),
  loom: cargo('test -p framelane-ring -p framelane-pool --lib --target-dir target/loom', {
    RUSTFLAGS: '--cfg loom',
  }),
  'crash points': cargo(
    'test -p framelane-chaos --features crash-points --test crash_points --target-dir target/crash',
    { CRASH_POINTS: 'all' },
  ),
  chaos: node('chaos', '--seconds', values.seconds),
  bugs: node('chaos', '--bugs'),
  storm: cargo('run --release -p framelane-topic --example storm -- 64 1000'),
  fuzz: node('fuzz'),
  leaving: node('leaving', '--no-build'),
  steady: node('steady', '--no-build'),
  versions: node('versions', '--no-build'),
  typescript: node('typescript', '--no-build'),
};

await main(async () => {
  await build();
  const wanted = values.only === '' ? Object.keys(PARTS) : values.only.split(',');
  const failed = [];
  for (const name of wanted) {
    const [command, args, env] = PARTS[name];
    console.log(`\n== ${name}`);
    Object.assign(process.env, env);
    if ((await foreground(command, args)) !== 0) failed.push(name);
    for (const key of Object.keys(env)) delete process.env[key];
  }
  const verdict = failed.length === 0 ? 'all good' : `FAILED: ${failed.join(', ')}`;
  console.log(`deep: ${wanted.join(', ')}: ${verdict}`);
  return failed.length === 0 ? 0 : 1;
});
