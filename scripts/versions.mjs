// Runs the tests, built once, on every line of Node.js that the package allows: its newest
// release, and the oldest allowed one. The binaries come from npm. The last line is the verdict.
// --only 22,24: these ranges. --match GLOB: these test files. --no-build: runs what is built.
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { avaCounts, total } from './counts.mjs';
import { fetchPackage } from './fetch.mjs';
import { build, Failure, main, root, run, timed } from './lib.mjs';

/** What `engines` in package.json allows: `^20.19 || >=22.12`. */
const RANGES = ['20.19.0', '20', '22.12.0', '22', '24', '26'];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: RANGES.join(',') },
    match: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
});

await main(async () => {
  if (!values['no-build']) await build();
  const verdicts = [];
  let good = true;
  for (const range of values.only.split(',')) {
    const verdict = await onVersion(range);
    verdicts.push(verdict.text);
    good &&= verdict.good;
  }
  console.log(`versions: ${verdicts.join('; ')}: ${good ? 'all good' : 'FAILED'}`);
  if (!good) throw new Failure('versions');
});

/** The tests on the newest release of a range: what came out, in words. */
async function onVersion(range) {
  const name = `node-${process.platform}-${process.arch}`;
  const { path, version, reason } = await fetchPackage(name, range);
  if (path === undefined) {
    console.log(reason);
    return { good: false, text: `${range} could not be fetched` };
  }
  const node = join(path, 'bin/node');
  let line = '';
  const { code } = await timed(`Node.js ${version}`, async () => {
    const result = await suite(node);
    line = result.line;
    return { code: result.good ? 0 : 1, output: result.output };
  });
  return { good: code === 0, text: `${version} ${line}` };
}

async function suite(node) {
  const namespace = `v-${randomBytes(6).toString('hex')}`;
  const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs');
  const globs = values.match === undefined ? [] : [values.match];
  const { code, output, stdout } = await run(node, [ava, '--tap', ...globs], {
    env: environment(node, namespace),
  });
  removeNamespace(namespace);
  const counts = avaCounts(stdout, values.match === undefined ? specs() : []);
  if (code !== 0 && counts.failed === 0) counts.problems.push(`exit code ${code}`);
  const { notes, line, good } = total([{ name: 'ava', ...counts }], { ci: false });
  const text = output.replace(/^ok \d+ - .*\n/gm, '');
  return { line, good, output: [text.trimEnd(), ...notes].join('\n') };
}

/** `node` itself is this one, too, wherever a test starts it by name. */
function environment(node, namespace) {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('FRAMELANE_'));
  return {
    ...Object.fromEntries(inherited),
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    FRAMELANE_NAMESPACE: namespace,
  };
}

/** Not looked for here what is left: `npm test` does. A test that failed may leave anything. */
function removeNamespace(namespace) {
  const folder = join('/dev/shm', `framelane-${process.getuid()}`);
  const left = readdirSync(folder).filter((entry) => entry.startsWith(namespace));
  for (const entry of left) rmSync(join(folder, entry), { recursive: true });
}

function specs() {
  const all = readdirSync(join(root, '__test__'), { recursive: true });
  return all.filter((path) => path.endsWith('.spec.ts'));
}
