/** The rules of the house, each on every file it is about, and on a planted violation. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { layerViolations } from './tidy/layers.js';
import { atomics, ordering, unsafety } from './tidy/memory.js';
import { importViolations, rowsOf } from './tidy/modules.js';
import { generated, lockFile, places } from './tidy/places.js';
import { output, root, textFiles, type Rule } from './tidy/repository.js';
import { size } from './tidy/size.js';
import { specViolations } from './tidy/specs.js';
import { steps } from './tidy/steps.js';
import { banned, synonyms } from './tidy/words.js';

const files = textFiles();

/** One test that a rule holds, one that it finds what is wrong in `[path, text, line]`. */
function rule(title: string, check: Rule, planted: [path: string, text: string, line: number][]) {
  test(title, (t) => {
    t.deepEqual(
      files.flatMap(({ path, text }) => check(path, text).map((found) => `${path}:${found}`)),
      [],
    );
  });
  test(`${title}: a violation is found`, (t) => {
    for (const [path, text, line] of planted) {
      const lines = check(path, text).map((found) => Number.parseInt(found, 10));
      t.deepEqual(lines, line === 0 ? [] : [line], `${path}: ${text.slice(0, 200)}`);
    }
  });
}

const longBody = '  step();\n'.repeat(69);
rule('files, functions and lines are short', size, [
  ['a.rs', `// ${'x'.repeat(98)}`, 1],
  ['a.rs', `// ${'é'.repeat(97)}`, 0],
  ['a.ts', 'export {};\n'.repeat(501), 1],
  ['a.rs', `const A: [u8; 2] = [0; 2];\nfn f() -> [u8; 2] {\n${longBody}}\n`, 2],
  ['a.rs', `fn f() {\n${longBody.slice(10)}}\n`, 0],
  ['a.rs', `fn f() {\n  "}}";\n  '}';\n  // }\n${longBody}}\n`, 1],
  ['a.ts', `const f = () => {\n${longBody}};\n`, 1],
  ['a.ts', `class A {\n  f() {\n${longBody}  }\n}\n`, 2],
  ['a.mjs', `function f() {\n${longBody.slice(10)}}\n`, 0],
]);

rule('unsafe code says why it is sound', unsafety, [
  ['a.rs', 'fn f() {\n    unsafe { g() }\n}', 2],
  ['a.rs', 'fn f() {\n    // SAFETY: g asks for nothing.\n    unsafe { g() }\n}', 0],
  ['a.rs', 'fn f() {\n    // SAFETY: g asks for nothing.\n    h();\n    unsafe { g() }\n}', 4],
  ['a.rs', '// SAFETY: plain data.\n#[cfg(x)]\nunsafe impl Send for A {}', 0],
  ['a.rs', '/// Plain data.\nunsafe impl Send for A {}', 2],
  ['a.rs', '/// Reads.\n///\n/// # Safety\n/// `at` is valid.\n#[inline]\nunsafe fn f() {}', 0],
  ['a.rs', '/// Reads.\npub unsafe extern "C" fn f() {}', 2],
  ['a.rs', '// unsafe { g() }\nconst A: &str = "unsafe { g() }";', 0],
]);

const load = 'a.load(Ordering::Acquire);';
rule('memory orders say with what they pair', ordering, [
  ['a.rs', `fn f() {\n    ${load}\n}`, 2],
  ['a.rs', `fn f() {\n    // ordering: Acquire, pairs with g.\n    ${load}\n}`, 0],
  ['a.rs', `fn f() {\n    // ordering: Acquire, pairs with g.${'\n'.repeat(7)}    ${load}\n}`, 9],
  ['a.rs', `// ordering: of another function\nfn f() {\n    ${load}\n}`, 3],
  ['a.rs', `#[cfg(test)]\nmod tests {\n    fn f() {\n        ${load}\n    }\n}`, 0],
  ['a.rs', `#[cfg(test)]\nmod tests {\n}\nfn f() {\n    ${load}\n}`, 5],
  ['a.rs', 'use core::cmp::Ordering;\nfn f() {\n    g(Ordering::Less);\n}', 0],
  ['a.rs', 'use crate::sync::Ordering::Acquire;', 1],
  ['crates/a/tests/b.rs', `fn f() {\n    ${load}\n}`, 0],
  ['crates/a/src/models/b.rs', `fn f() {\n    ${load}\n}`, 0],
]);

rule('atomics come from one module', atomics, [
  ['crates/ring/src/lib.rs', 'use std::sync::atomic::AtomicU32;', 1],
  ['crates/ring/src/lib.rs', 'use std::sync::{Arc, atomic::AtomicU32};', 1],
  ['crates/ring/tests/a.rs', 'static A: core::sync::atomic::AtomicU32 = new();', 1],
  ['crates/ring/src/lib.rs', 'use framelane_layout::sync::AtomicU32;', 0],
  ['crates/ring/src/lib.rs', 'static A: AtomicUsize = AtomicUsize::new(0);', 1],
  ['crates/layout/src/sync/points.rs', 'use core::sync::atomic::Ordering;', 0],
]);

const call = 'fs::unlinkat(&fd, name, flags)';
rule('system calls that others see are crash points', steps, [
  ['crates/shm/src/a.rs', `fn f() {\n    match ${call} {}\n}`, 2],
  ['crates/shm/src/a.rs', `fn f() {\n    sync::step();\n    match ${call} {}\n}`, 0],
  ['crates/shm/src/a.rs', `fn f() {\n    step();\n    ${call};\n    ${call};\n}`, 4],
  ['crates/pool/src/a.rs', 'unsafe { pointer.cast::<PoolHeader>().write(header) };', 1],
  ['crates/shm/src/a.rs', 'use rustix::fs::{FallocateFlags, fallocate};', 0],
  ['crates/kernels/src/a.rs', call, 0],
]);

rule('no banned words', banned, [
  ['README.md', ['# A', `cd /${'work'}/main`].join('\n'), 2],
  ['a.rs', `// ${'TO'}${'DO'}: later`, 1],
  ['a.rs', `fn f() { ${'to'}${'do'}!() }`, 1],
  ['a.ts', 'value.toDouble(); network/home', 0],
  ['package-lock.json', `https://${'registry'}.${'npmjs'}.org/a.tgz`, 1],
  ['README.md', `As an ${'AI'}, I`, 1],
]);

rule('one word for each thing', synonyms, [
  ['crates/pool/src/lib.rs', 'let chunk = 1;', 1],
  ['lib/image.ts', 'export class FrameHandle {}', 1],
  ['crates/kernels/src/lib.rs', 'for row in data.chunks_exact_mut(4) {}', 0],
  ['docs/a.md', 'a chunk of text', 0],
]);

rule('mappings, napi and the binding have one place each', places, [
  ['crates/pool/src/lib.rs', 'use memmap2::MmapMut;', 1],
  ['crates/pool/src/lib.rs', 'use rustix::{\n    fs,\n    mm,\n};', 3],
  ['crates/shm/src/lib.rs', 'use memmap2::MmapMut;', 0],
  ['crates/framelane/src/lib.rs', 'use napi_derive::napi;', 1],
  ['crates/node/src/lib.rs', 'use napi_derive::napi;', 0],
  ['benchmark/baselines/naive/src/lib.rs', 'use napi_derive::napi;', 0],
  ['lib/topic.ts', `import type { hot } from './${'generated'}/binding.js';`, 1],
  ['lib/native.ts', `import type { hot } from './${'generated'}/binding.js';`, 0],
  ['demo/camera.ts', `require('../framelane.${'node'}');`, 1],
]);

rule('generated files are marked', generated, [
  ['lib/generated/a.ts', '// Made by `npm run generate`.\n', 0],
  ['lib/generated/a.ts', 'export const a = 1; \n// generated', 1],
]);

rule('the lock file serves every platform and no address', lockFile, [
  ['package-lock.json', '{"packages":{"a":{"resolved":"https://example.com/a.tgz"}}}', 1],
  ['package-lock.json', '{"packages":{"a":{"optionalDependencies":{"b":"1.0.0"}}}}', 1],
  ['package-lock.json', '{"packages":{"a":{"optionalDependencies":{}}}}', 0],
  ['benchmark/package-lock.json', '{"packages":{"a":{"resolved":"b"}}}', 1],
]);

test('crates depend on lower layers only', (t) => {
  const text = output('cargo', 'metadata', '--no-deps', '--offline', '--format-version', '1');
  const { packages } = JSON.parse(text);
  t.true(packages.length > 0);
  t.deepEqual(layerViolations(packages), []);
});

test('crates depend on lower layers only: a violation is found', (t) => {
  const violations = (name: string, dependency: string) =>
    layerViolations([{ name, dependencies: [{ name: dependency }] }]).length;
  t.is(violations('framelane-pool', 'framelane-shm'), 0);
  t.is(violations('framelane-pool', 'framelane-ring'), 1);
  t.is(violations('framelane-layout', 'framelane-shm'), 1);
  t.is(violations('framelane-demo-vision', 'framelane'), 0);
  t.is(violations('framelane-demo-vision', 'framelane-topic'), 1);
  t.is(violations('framelane-pool', 'memmap2'), 1);
  t.is(violations('framelane', 'napi-sys'), 1);
  t.is(violations('framelane-unheard-of', 'libc'), 1);
});

/** The modules of lib by their path below it, without `.ts`. */
const modules = new Map(
  files
    .filter(({ path }) => /^lib\/.*\.ts$/.test(path) && !path.endsWith('.d.ts'))
    .map(({ path, text }) => [path.slice(4, -3), text]),
);

test('modules import what the table of layers lets them', (t) => {
  const architecture = files.find(({ path }) => path === 'ARCHITECTURE.md')!.text;
  t.deepEqual(importViolations(rowsOf(architecture), modules), []);
});

test('modules import what the table of layers lets them: a violation is found', (t) => {
  const rows = rowsOf(
    '## TypeScript\n| `lib/generated` | |\n| `a` `b` | |\n| `native` `c` | |\n| `d` | |\n## ',
  );
  const found = (name: string, text: string): number => {
    const others = ['a', 'b', 'native', 'c', 'd/e'].map((other) => [other, ''] as const);
    return importViolations(rows, new Map([...others, [name, text]])).length;
  };
  t.is(rows.length, 4);
  t.is(found('a', "from './b.js'"), 0);
  t.is(found('a', "from './generated/layout.js'"), 0);
  t.is(found('a', "from './c.js'"), 1);
  t.is(found('d/e', "from '../a.js'"), 0);
  t.is(found('c', "from './d/e.js'"), 1);
  const binding = ['./generated', 'binding.cjs'].join('/');
  t.is(found('native', `from '${binding}'`), 0);
  t.is(found('c', `from '${binding}'`), 1);
  t.is(found('x', ''), 1);
  t.is(
    importViolations([...rows, ['y']], modules).includes('y is in the table and not in lib'),
    true,
  );
});

test('every test file is compiled and run', (t) => {
  const specs = (folder: string, extension: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(extension))
      .map((path) => join(folder, path));
  const settings = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const sources = specs('__test__', '.spec.ts');
  t.true(sources.includes('__test__/tidy.spec.ts'));
  const compiled = specs('build/__test__', '.spec.js');
  t.deepEqual(specViolations(sources, compiled, settings.ava.files), []);
});

test('every test file is compiled and run: a violation is found', (t) => {
  const globs = ['build/__test__/**/*.spec.js'];
  const violations = (source: string, compiled: string) =>
    specViolations([source], [compiled], globs).length;
  t.is(violations('__test__/a.spec.ts', 'build/__test__/a.spec.js'), 0);
  t.is(violations('__test__/process/a.spec.ts', 'build/__test__/process/a.spec.js'), 0);
  t.is(violations('__test__/a.spec.ts', 'build/__test__/b.spec.js'), 2);
  t.is(violations('other/a.spec.ts', 'build/other/a.spec.js'), 1);
});
