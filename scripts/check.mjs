// Everything that must hold of the sources, then the tests (without them: --no-test).
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, Failure, foreground, generate, main, root, step, tool } from './lib.mjs';
import { readAreas, reader, rowsPage } from './rows.mjs';

const fuzz = 'fuzz/Cargo.toml';
const clippy = (...what) => ['clippy', ...what, '--all-targets', '--', '-D', 'warnings'];
/** A link that leads nowhere is an error. */
const strict = { env: { ...process.env, RUSTDOCFLAGS: '-D warnings' } };
const crashPoints = ['-p', 'framelane-chaos', '--features', 'crash-points'];

await main(async () => {
  const failed = [];
  const checks = [
    build, // which also checks the types
    () => step('rustfmt', 'cargo', ['fmt', '--all', '--check']),
    () => step('rustfmt of fuzz', 'cargo', ['fmt', '--manifest-path', fuzz, '--check']),
    () => step('prettier', tool('prettier'), ['--check', '.']),
    () => step('oxlint', tool('oxlint'), ['--deny-warnings']),
    () => step('clippy', 'cargo', clippy('--workspace')),
    () => step('clippy of crash points', 'cargo', clippy(...crashPoints)),
    () => step('rustdoc', 'cargo', ['doc', '--no-deps', '--workspace'], strict),
    generatedIsFresh,
  ];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed.push(error.message);
    }
  }
  if (failed.length > 0) throw new Failure(failed.join(', '));
  if (process.argv.includes('--no-test')) return 0;
  return foreground(process.execPath, ['scripts/test.mjs']);
});

async function generatedIsFresh() {
  const [committed, fresh] = ['lib/generated', 'target/generated'].map((path) => join(root, path));
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await generate(fresh);
  const files = [...readdirSync(committed), ...readdirSync(fresh)];
  const wrong = files.filter((name) => name.endsWith('.ts') && !same(committed, fresh, name));
  if (reader(root)('docs/rows.md') !== rowsPage(readAreas(root))) wrong.push('docs/rows.md');
  if (wrong.length === 0) return;
  const list = [...new Set(wrong)].join(' ');
  console.log(`FAILED stale, \`npm run generate\` mends it: ${list}`);
  throw new Failure('generated files');
}

function same(left, right, name) {
  const [a, b] = [join(left, name), join(right, name)];
  return existsSync(a) && existsSync(b) && readFileSync(a).equals(readFileSync(b));
}
