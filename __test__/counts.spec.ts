/** What the test script makes of the runners' outputs: it must not call a failure a success. */
import { join } from 'node:path';
import test from 'ava';
import { root } from './tidy/repository.js';

interface Suite {
  name: string;
  passed: number;
  failed: number;
  skipped: string[];
  problems: string[];
}

interface Counts {
  cargoCounts(text: string): Omit<Suite, 'name'>;
  avaCounts(text: string, specs: string[]): Omit<Suite, 'name'>;
  total(suites: Suite[], env: { ci: boolean }): { notes: string[]; line: string; good: boolean };
}

const counts: Promise<Counts> = import(join(root, 'scripts/counts.mjs'));

test('cargo: programs are summed, ignored tests named', async (t) => {
  const text = [
    'test tests::moon ... ignored, needs a moon',
    'test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
    'test tests::adds ... FAILED',
    'test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out;',
  ].join('\n');
  const { cargoCounts } = await counts;
  t.deepEqual(cargoCounts(text), { passed: 9, failed: 2, skipped: ['tests::moon'], problems: [] });
});

test('ava: a skipped test is named, a file that did not run is a problem', async (t) => {
  const text = [
    'ok 1 - image › sizes',
    'ok 2 - process › kill › small tmpfs # SKIP',
    'not ok 3 - image › later # TO'.concat('DO'),
    '  ok 4 - part of an error',
    'not ok 4 - build/a.spec.js exited due to SIGSEGV',
  ].join('\n');
  const specs = ['image.spec.ts', 'process/kill.spec.ts', 'process/image.spec.ts'];
  const { avaCounts } = await counts;
  t.deepEqual(avaCounts(text, specs), {
    passed: 1,
    failed: 2,
    skipped: ['process › kill › small tmpfs'],
    problems: ['process/image.spec.ts did not run'],
  });
});

test('the sum fails on a failure, a problem, an empty suite, and in CI on a skip', async (t) => {
  const { total } = await counts;
  const suite = { name: 'a', passed: 3, failed: 0, skipped: [], problems: [] };
  const sum = (change: Partial<Suite>, ci = false) => {
    const { line, good } = total([suite, { ...suite, ...change }], { ci });
    return `${line}: ${good}`;
  };
  t.is(sum({}), '6 passed, 0 failed: true');
  t.is(sum({ failed: 1 }), '6 passed, 1 failed: false');
  t.is(sum({ problems: ['exit code 1'] }), '6 passed, 1 failed: false');
  t.is(sum({ passed: 0 }), '3 passed, 1 failed: false');
  t.is(sum({ skipped: ['b'] }), '6 passed, 0 failed, 1 skipped: true');
  t.is(sum({ skipped: ['b'] }, true), '6 passed, 0 failed, 1 skipped: false');
});
