/**
 * The table behind docs/rows.md and its proof: a row whose tests did not pass, or are not there,
 * must not count, and no row may be empty, unnamed or there twice.
 */
import { join } from 'node:path';
import test from 'ava';
import { root } from './tidy/repository.js';

type Row = Record<string, unknown>;
type Areas = { title: string; rows: Row[] }[];
type Results = Map<string, string>;
interface Parsed {
  path: string;
  title: string;
  rust: boolean;
  doc: boolean;
}

interface Rows {
  readAreas(root: string): Areas;
  mistakes(areas: Areas, read: (path: string) => string | null): string[];
  reader(root: string): (path: string) => string | null;
  rowCounts(areas: Areas): { all: number; proved: number; later: number; python: number };
  rowsPage(areas: Areas): string;
}

interface Proof {
  avaResults(tap: string): Results;
  cargoResults(output: string): Results;
  merged(maps: Results[]): Results;
  prove(
    areas: Areas,
    results: Results,
    leftOut?: (test: Parsed) => boolean,
  ): { proved: number; left: number; problems: string[] };
}

const rows: Promise<Rows> = import(join(root, 'scripts/rows.mjs'));
const proof: Promise<Proof> = import(join(root, 'scripts/proof.mjs'));

const SPEC = '__test__/image.spec.ts › sizes';
const RUST = 'crates/pool/tests/a.rs › a_slot_is_free';
const DOC = 'crates/pool/src/lib.rs › word::Word::take';
const good: Row = { id: 'image-a1', from: 'image', what: 'a', api: 'a', test: SPEC };
const table = (...changes: Row[]): Areas => [
  { title: 'A', rows: changes.map((change) => ({ ...good, ...change })) },
];
const ran: Results = new Map([
  ['image › sizes', 'passed'],
  ['process › kill › one', 'passed'],
  ['image › fails', 'failed'],
  ['image › is skipped', 'skipped'],
  ['tests::a_slot_is_free', 'passed'],
  ['crates/pool/src/lib.rs - word::Word::take', 'passed'],
]);

test('ava: titles and what became of them', async (t) => {
  const text = [
    'ok 1 - image › sizes',
    'ok 2 - image › 100 #1',
    'ok 3 - process › kill › small tmpfs # SKIP',
    'not ok 4 - image › later # TO'.concat('DO'),
    '  ok 5 - part of an error',
    'not ok 5 - image › sizes',
  ].join('\n');
  const { avaResults } = await proof;
  t.deepEqual(
    [...avaResults(text)],
    [
      ['image › sizes', 'failed'],
      ['image › 100 #1', 'passed'],
      ['process › kill › small tmpfs', 'skipped'],
      ['image › later # TO'.concat('DO'), 'failed'],
    ],
  );
});

test('cargo: names, examples of the documentation, and what became of them', async (t) => {
  const text = [
    'test tests::moon ... ignored, needs a moon',
    'test tests::adds ... FAILED',
    'test panics - should panic ... ok',
    'test crates/pool/src/lib.rs - (line 6) - compile ... ok',
    'test crates/pool/src/lib.rs - word::Word::take (line 264) ... ok',
    'test twice ... FAILED',
    'test twice ... ok',
    'test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out;',
  ].join('\n');
  const { cargoResults, merged } = await proof;
  const results = cargoResults(text);
  t.deepEqual(
    [...results],
    [
      ['tests::moon', 'skipped'],
      ['tests::adds', 'failed'],
      ['panics', 'passed'],
      ['crates/pool/src/lib.rs -', 'passed'],
      ['crates/pool/src/lib.rs - word::Word::take', 'passed'],
      ['twice', 'failed'],
    ],
  );
  const both = merged([results, new Map([['tests::adds', 'passed']]), ran]);
  t.is(both.get('tests::adds'), 'failed');
  t.is(both.size, results.size + ran.size - 1);
});

test('a row is proved by all its tests, and by nothing else', async (t) => {
  const { prove } = await proof;
  const outcome = (change: Row) => prove(table(change), ran);
  const proved = { proved: 1, left: 0, problems: [] };
  for (const name of [SPEC, RUST, DOC, [SPEC, RUST]])
    t.deepEqual(outcome({ test: name }), proved, String(name));
  const problem = (change: Row) => {
    const { problems, ...rest } = outcome(change);
    t.deepEqual(rest, { proved: 0, left: 0 });
    return problems;
  };
  const file = '__test__/image.spec.ts › ';
  t.deepEqual(problem({ test: `${file}size` }), [`image-a1: did not run: ${file}size`]);
  t.deepEqual(problem({ test: [SPEC, `${file}fails`] }), [`image-a1: failed: ${file}fails`]);
  t.deepEqual(problem({ test: `${file}is skipped` }), [`image-a1: skipped: ${file}is skipped`]);
  t.is(problem({ test: '__test__/frame.spec.ts › sizes' }).length, 1, 'of another file');
  t.is(problem({ test: 'crates/pool/tests/a.rs › slot_is_free' }).length, 1);
  t.is(problem({ test: 'crates/pool/src/lib.rs › word::Word::give' }).length, 1);
  t.deepEqual(problem({ test: 'sizes' }), [], 'which is a mistake of the table');
  const later = table({ test: undefined, later: 'Tensor' }, { test: undefined, python: true }, {});
  t.deepEqual(prove(later, ran), proved);
});

test('of a Rust name that several crates have, all must have passed', async (t) => {
  const { prove } = await proof;
  const several = new Map([...ran, ['models::a_slot_is_free', 'failed']]);
  t.is(prove(table({ test: RUST }), several).problems.length, 1);
});

test('what is left out is not proved, and no problem', async (t) => {
  const { prove } = await proof;
  const none: Results = new Map([['image › sizes', 'passed']]);
  const leftOut = ({ rust }: Parsed) => rust;
  const areas = table({}, { test: RUST }, { test: [SPEC, RUST] });
  t.deepEqual(prove(areas, none, leftOut), { proved: 1, left: 2, problems: [] });
  const wrong = table({ test: ['__test__/image.spec.ts › no', RUST] });
  t.is(prove(wrong, none, leftOut).problems.length, 1);
});

test('what is wrong with the table is found', async (t) => {
  const { mistakes } = await rows;
  const files: Record<string, string> = {
    '__test__/image.spec.ts': '',
    'crates/pool/tests/a.rs': 'fn a_slot_is_free() {}',
    'crates/pool/src/lib.rs': '',
  };
  const found = (...changes: Row[]) => mistakes(table(...changes), (path) => files[path] ?? null);
  const answers = { test: undefined, api: undefined };
  for (const change of [{}, { test: [SPEC, RUST, DOC] }, { rust: 'a', api: undefined }])
    t.deepEqual(found(change), []);
  t.deepEqual(found({ ...answers, later: 'Tensor' }, { ...answers, id: 'b', python: true }), []);
  t.deepEqual(found({}, {}), ['image-a1: a second row of this id']);
  const wrong: [change: Row, text: RegExp][] = [
    [{ id: 'Image-a' }, /^Image-a: the id/],
    [{ id: 'image_a' }, /the id/],
    [{ id: '' }, /the id/],
    [{ id: undefined }, /the id/],
    [{ test: undefined }, /needs one of test, later, python; has 0/],
    [{ test: [] }, /has 0/],
    [{ later: 'Tensor' }, /has 2/],
    [{ ...answers, later: 'Sensor' }, /later: Sensor/],
    [{ ...answers, python: 'yes' }, /python/],
    [{ api: undefined }, /no API/],
    [{ what: '' }, /says nothing/],
    [{ from: 'book' }, /no document/],
    [{ from: undefined }, /no document/],
    [{ test: 'image › sizes' }, /not `file › test`/],
    [{ test: '__test__/none.spec.ts › sizes' }, /there is no/],
    [{ test: 'crates/pool/tests/a.rs › a_slot' }, /has no a_slot/],
    [{ expected: true }, /real titles/],
    [{ tests: SPEC }, /tests is no part/],
  ];
  for (const [change, text] of wrong) {
    const all = found(change);
    t.is(all.length, 1, `${JSON.stringify(change)}: ${all.join()}`);
    t.regex(all[0] ?? '', text);
  }
});

test('docs/rows.md is what the table says', async (t) => {
  const { readAreas, reader, rowCounts, rowsPage } = await rows;
  const areas = readAreas(root);
  const page = reader(root)('docs/rows.md') ?? '';
  t.true(page === rowsPage(areas), '`npm run generate` mends it');
  const ids = [...page.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, id]) => id);
  const { all, proved, later, python } = rowCounts(areas);
  t.is(ids.length, all);
  t.is(new Set(ids).size, all);
  t.is(proved + later + python, all);
  const other = structuredClone(areas);
  other[0]!.rows[0]!['what'] = 'a | b < c';
  const changed = rowsPage(other);
  t.true(changed.includes(String.raw`a \| b \< c`), 'a cell stays one');
});
