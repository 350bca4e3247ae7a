// The models of the protocol: the small searches, and every mutant.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { root } from './tidy/repository.js';

const has = (program: string) =>
  spawnSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status === 0;

// Named in the runner's last lines; in CI a skipped suite is an error.
const run = has('spin') && has('gcc') ? test : test.skip;

run('every search of the models is complete, and every mutant is found', (t) => {
  t.timeout(600_000);
  const script = join(root, 'scripts/model.mjs');
  const { status, stdout } = spawnSync(process.execPath, [script, '--quick', '--jobs', '1'], {
    encoding: 'utf8',
  });
  const verdict = stdout.trimEnd().split('\n').at(-1) ?? '';
  t.regex(verdict, /^model: \d+ searches complete, 0 errors, every statement reached; /, stdout);
  const [, found, mutants] = /(\d+) of (\d+) mutants found$/.exec(verdict) ?? [];
  t.is(found, mutants);
  t.true(Number(mutants) >= 34, verdict);
  t.is(status, 0);
});
