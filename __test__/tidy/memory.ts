/** Comments that unsafe code and memory orders must carry, and where atomics come from. */
import { matches, type Rule } from './repository.js';
import { parseRust, type Span } from './rust.js';

/** The only module that may name the atomics of the standard library. */
const ATOMICS = /^crates\/layout\/src\/sync(\/\w+)?\.rs$/;
const ORDER = /\bOrdering::(Relaxed|Acquire|Release|AcqRel|SeqCst)\b/;
/** How many lines above a memory order its comment may stand. */
const REACH = 6;

/** `unsafe` blocks and impls have a `SAFETY:` comment above, `unsafe fn` a `# Safety` section. */
export const unsafety: Rule = (path, text) => {
  if (!path.endsWith('.rs')) return [];
  const { code, commented } = parseRust(text);
  return code.flatMap((line, index) => {
    const block = /\bunsafe\s*(\{|impl\b)/.test(line);
    if (block && !/\/\/.*SAFETY:/.test(`${commented[index]}\n${above(code, commented, index)}`)) {
      return [`${index + 1}: unsafe without a SAFETY: comment directly above`];
    }
    const declared = /\bunsafe\s+(extern\s.*)?fn\s+\w/.test(line);
    if (declared && !/\/\/\/ # Safety/.test(above(code, commented, index))) {
      return [`${index + 1}: unsafe fn without a # Safety section in its documentation`];
    }
    return [];
  });
};

/** Each memory order has a comment `ordering: …` that says why, and with what it pairs. */
export const ordering: Rule = (path, text) => {
  if (!path.endsWith('.rs') || /(^|\/)(tests|models)(\/|\.rs$)/.test(path)) return [];
  const { code, commented, functions, testModules } = parseRust(text);
  return code.flatMap((line, index) => {
    const around = functions.filter((span) => contains(span, index)).map(({ start }) => start);
    const first = Math.max(index - REACH, 0, ...around);
    const reach = commented.slice(first, index + 1).join('\n');
    if (testModules.some((span) => contains(span, index))) return [];
    if (/\buse\b.*\bOrdering::/.test(line)) return [`${index + 1}: write Ordering:: at each use`];
    if (!ORDER.test(line) || /\/\/.*\bordering:/.test(reach)) return [];
    return [`${index + 1}: memory order without an "ordering:" comment`];
  });
};

/** Atomics are imported from one module, so that a model checker can take their place. */
export const atomics: Rule = (path, text) => {
  if (!path.endsWith('.rs') || ATOMICS.test(path)) return [];
  const direct =
    /\b(sync\s*::\s*(atomic\b|\{[^;]*\batomic\b)|Atomic(Bool|Ptr|[IU]size|[IU]16|I\d+)\b)/g;
  return matches(
    parseRust(text).code.join('\n'),
    direct,
    'atomics come from crates/layout/src/sync.rs',
  );
};

function contains({ start, end }: Span, line: number): boolean {
  return start <= line && line <= end;
}

/** The comment above the statement that `index` is in; attributes may stand between. */
function above(code: string[], commented: string[], index: number): string {
  let line = index - 1;
  while (line >= 0 && /[^\s;{}]\s*$/.test(code[line] ?? '')) line -= 1;
  const last = line;
  while (line >= 0 && code[line]?.trim() === '' && /\/\//.test(commented[line] ?? '')) line -= 1;
  return commented.slice(line + 1, last + 1).join('\n');
}
