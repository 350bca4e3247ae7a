/** Every synchronisation edge that SPEC.md names has a model, and every model names one of them. */
import test from 'ava';
import { modelled, mentioned, violations } from './tidy/edges.js';
import { textFiles } from './tidy/repository.js';

const files = textFiles();
const specification = files.find(({ path }) => path === 'SPEC.md')?.text ?? '';

test('every edge of section 9 has a model', (t) => {
  const edges = mentioned(specification);
  t.true(edges.length >= 18, edges.join(' '));
  t.deepEqual(violations(edges, modelled(files)), []);
});

test('every edge of section 9 has a model: what is wrong is found', (t) => {
  const text = '## 9. Edges\n\n| `a` | x | y |\n| `entry-lock` | x | y |\n\n## 10. Next\n| `b` |\n';
  const edges = mentioned(text);
  t.deepEqual(edges, ['a', 'entry-lock']);
  const found = (...sources: [path: string, text: string][]) =>
    violations(edges, modelled(sources.map(([path, content]) => ({ path, text: content }))));
  const loom: [string, string] = ['crates/ring/src/models/a.rs', '// edge: a\n'];
  const spin: [string, string] = ['model/a.pml', '/* edge: entry-lock */\n'];
  t.deepEqual(found(loom, spin), []);
  t.deepEqual(found(loom), ['entry-lock has no model']);
  t.deepEqual(found(spin), ['a has no loom model']);
  t.deepEqual(found(spin, ['model/b.pml', '/* edge: a */']), ['a has no loom model']);
  t.deepEqual(found(loom, spin, ['crates/pool/src/models/b.rs', '// edge: c']), [
    'c is modelled and not specified',
  ]);
  t.deepEqual(found(loom, spin, ['crates/pool/src/b.rs', '// edge: c']), []);
});
