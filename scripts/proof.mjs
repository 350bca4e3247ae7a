// Whether each row of docs/rows.md is proved: the tests it names have passed in this very run.
import { isProved, listed, parseTest } from './rows.mjs';

const WORST = ['passed', 'skipped', 'failed'];

/** What became of each test, by the name its runner gives it; of one name the worst counts. */
function collect(found) {
  const results = new Map();
  for (const [name, state] of found) {
    const before = results.get(name) ?? 'passed';
    results.set(name, WORST.indexOf(before) > WORST.indexOf(state) ? before : state);
  }
  return results;
}

/** `ava --tap`: `image › title`. */
export function avaResults(tap) {
  const lines = tap.matchAll(/^(not )?ok \d+ - (.*?)( # SKIP)?$/gm);
  return collect(
    Array.from(lines, ([, not, title, skip]) => [
      title,
      skip ? 'skipped' : not ? 'failed' : 'passed',
    ]),
  );
}

/** `cargo test`: `module::name`, or `path - item` for an example of the documentation. */
export function cargoResults(output) {
  const lines = output.matchAll(/^test (.+?)(?: - (?:should panic|compile.*))? \.\.\. (\w+)/gm);
  const states = { ok: 'passed', ignored: 'skipped' };
  return collect(
    Array.from(lines, ([, name, state]) => [
      name.replace(/ \(line \d+\)$/, ''),
      states[state] ?? 'failed',
    ]),
  );
}

/** One map of several; they share names only where the worst of them counts. */
export function merged(maps) {
  return collect(maps.flatMap((map) => [...map]));
}

/** What became of a test of the table: a state, or undefined where nothing of the name ran. */
function stateOf(test, results) {
  const { path, title, rust, doc } = parseTest(test);
  if (!rust) {
    const folders = path.slice('__test__/'.length, -'.spec.ts'.length).split('/');
    return results.get([...folders, title].join(' › '));
  }
  if (doc) return results.get(`${path} - ${title}`);
  const found = [...results].filter(([name]) => name.split('::').at(-1) === title);
  return found.map(([, state]) => state).sort((a, b) => WORST.indexOf(b) - WORST.indexOf(a))[0];
}

/**
 * Looks for the tests of each row among `results`. Gives how many rows are proved, the `problems`
 * of the others, and how many were not looked at because `leftOut` says so of one of their tests.
 */
export function prove(areas, results, leftOut = () => false) {
  const proof = { proved: 0, left: 0, problems: [] };
  for (const row of areas.flatMap((area) => area.rows).filter(isProved)) {
    const tests = listed(row.test).filter((test) => parseTest(test) !== null);
    const missing = tests
      .filter((test) => !leftOut(parseTest(test)))
      .map((test) => ({ test, state: stateOf(test, results) ?? 'did not run' }))
      .filter(({ state }) => state !== 'passed');
    for (const { test, state } of missing) proof.problems.push(`${row.id}: ${state}: ${test}`);
    if (missing.length > 0 || tests.length === 0) continue;
    if (tests.some((test) => leftOut(parseTest(test)))) proof.left += 1;
    else proof.proved += 1;
  }
  return proof;
}
