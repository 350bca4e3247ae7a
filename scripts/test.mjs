// Builds and runs every test; the last line is `N passed, M failed`.
// --quick leaves out what is slow: processes, adapters, Rust's integration and documentation tests, crash
// points, chaos and models.
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { avaCounts, cargoCounts, total } from './counts.mjs';
import { build, Failure, installAdapters, main, root, run, timed, tool } from './lib.mjs';
import { avaResults, cargoResults, merged, prove } from './proof.mjs';
import { mistakes, readAreas, reader, rowCounts } from './rows.mjs';

const quick = process.argv.includes('--quick');
/** Folders of tests that --quick leaves out. */
const SLOW = ['process', 'leaving', 'steady', 'adapters'];
/** What need not be read when another test has failed. */
const PASSED = /^(ok \d+ - .*|test .* \.\.\. ok)\n/gm;
const namespace = `t-${randomBytes(6).toString('hex')}`;

await main(async () => {
  let suites;
  try {
    await build();
    if (!quick) await installAdapters();
    suites = [await cargoSuite(), await avaSuite()];
    // One after the other: what kills processes needs the machine to itself.
    if (!quick) {
      suites.push(await crashSuite());
      suites.push(await programSuite('chaos', 'chaos.mjs', '--seconds', '60'));
      suites.push(await programSuite('models', 'model.mjs', '--quick'));
    }
    suites.push(rowSuite(suites), memorySuite());
  } catch (error) {
    console.error(error instanceof Failure ? `${error.message} failed` : error);
    suites = [{ name: 'build', passed: 0, failed: 1, skipped: [], problems: [] }];
  }
  const { notes, line, good } = total(suites, { ci: Boolean(process.env.CI) });
  for (const note of notes) console.log(note);
  console.log(line);
  return good ? 0 : 1;
});

// In the dev profile: it checks overflows and debug assertions, and links in a fraction of the
// time that link-time optimisation takes, which is more than the slower tests cost.
function cargoSuite() {
  const args = ['test', '--workspace', '--no-fail-fast', ...(quick ? ['--lib'] : [])];
  const count = (text) => ({ ...cargoCounts(text), results: cargoResults(text) });
  return suite('cargo test', 'cargo', args, count);
}

function avaSuite() {
  const specs = readdirSync(join(root, '__test__'), { recursive: true })
    .filter((path) => path.endsWith('.spec.ts'))
    .filter((path) => !(quick && SLOW.includes(path.split('/')[0])));
  const slow = SLOW.map((folder) => `!build/__test__/${folder}/**`);
  const files = quick ? ['build/__test__/**/*.spec.js', ...slow] : [];
  const args = ['--tap', ...files];
  // A view that outlives its frame shows nothing then, and a test that relies on one fails.
  const guard = { FRAMELANE_GUARD: '1' };
  const count = (tap) => ({ ...avaCounts(tap, specs), results: avaResults(tap) });
  return suite('ava', tool('ava'), args, count, guard);
}

/** A process killed at every crash point; built apart, because each atomic operation is one. */
function crashSuite() {
  const what = ['-p', 'framelane-chaos', '--features', 'crash-points', '--test', 'crash_points'];
  const args = ['test', ...what, '--target-dir', 'target/crash'];
  return suite('crash points', 'cargo', args, cargoCounts);
}

/** A script that is one test: its last line says what it found, or that it was skipped. */
function programSuite(name, script, ...args) {
  return suite(name, process.execPath, [join('scripts', script), ...args], (output) => {
    const verdict = output.trimEnd().split('\n').at(-1) ?? '';
    console.log(`       ${verdict}`);
    const skipped = /: skipped, /.test(verdict) ? [verdict] : [];
    return { passed: skipped.length === 0 ? 1 : 0, failed: 0, skipped, problems: [] };
  });
}

/** A test for each row of docs/rows.md: those it names have passed, above, in this run. */
function rowSuite(suites) {
  const areas = readAreas(root);
  const results = merged(suites.flatMap((suite) => suite.results ?? []));
  const leftOut = ({ path, rust, doc }) =>
    quick && (rust ? doc || !path.includes('/src/') : SLOW.includes(path.split('/')[1]));
  const { proved, left, problems } = prove(areas, results, leftOut);
  const { later, python } = rowCounts(areas);
  const wrong = [...mistakes(areas, reader(root)), ...problems];
  const unseen = left > 0 ? `, ${left} left out` : '';
  console.log(`${wrong.length === 0 ? 'ok    ' : 'FAILED'} rows`);
  console.log(`       ${proved} rows proved, ${later} later, ${python} python${unseen}`);
  return { name: 'rows', passed: proved, failed: 0, skipped: [], problems: wrong };
}

/** One more test: the run's namespace, and those named after it, left no file behind. */
function memorySuite() {
  const folder = join('/dev/shm', `framelane-${process.getuid()}`);
  const left = names(folder).filter((name) => name.startsWith(namespace));
  const problems = left.map((name) => `${name}: ${names(join(folder, name)).join(' ')}`);
  for (const name of left) rmSync(join(folder, name), { recursive: true });
  const passed = left.length === 0 ? 1 : 0;
  return { name: 'nothing left in shared memory', passed, failed: 0, skipped: [], problems };
}

/** Runs a test runner. One that fails without naming a failed test counts as a failure. */
async function suite(name, command, args, count, settings = {}) {
  const result = await timed(name, async () => {
    const finished = await run(command, args, { env: { ...environment(), ...settings } });
    return { ...finished, output: finished.output.replace(PASSED, '') };
  });
  const counts = { name, ...count(result.stdout) };
  if (result.code !== 0 && counts.failed === 0) {
    counts.passed = 0;
    counts.problems.push(`exit code ${result.code}`);
  }
  return counts;
}

/** A namespace of its own for the run: two clones can test at the same time. */
function environment() {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('FRAMELANE_'));
  return {
    ...Object.fromEntries(inherited),
    CARGO_TERM_COLOR: 'never',
    FRAMELANE_NAMESPACE: namespace,
  };
}

function names(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return [];
  }
}
