/** What a process does to what others see, other than by atomics, is a crash point as well. */
import type { Rule } from './repository.js';
import { parseRust } from './rust.js';

/** System calls that change files or wake somebody, and plain writes into a mapping. */
const STEPS = new RegExp(
  [
    String.raw`\bfs::(linkat|unlinkat|ftruncate|mknodat|mkdir|chmod|renameat\w*)\(`,
    String.raw`\bUnixDatagram::bind\(`,
    String.raw`\bfallocate\(`,
    String.raw`\bF_OFD_SETLK\b`,
    String.raw`\bio::write\(`,
    String.raw`\bfutex::wake\w*\(`,
    String.raw`\.cast::<\w+>\(\)\.write(_volatile)?\(`,
    String.raw`&mut \*pointer\b`,
  ].join('|'),
);
/** How many lines above such a step `step()` may stand, comments included. */
const REACH = 4;

/** Each of them has a `step()` of its own above it, in one of the crates that share memory. */
export const steps: Rule = (path, text) => {
  if (!/^crates\/(shm|pool|ring|topic)\/src\//.test(path)) return [];
  const { code, testModules } = parseRust(text);
  let taken = -1;
  return code.flatMap((line, index) => {
    if (testModules.some(({ start, end }) => start <= index && index <= end)) return [];
    if (/^\s*use\b/.test(line) || !STEPS.test(line)) return [];
    for (let above = index; above > taken && above >= index - REACH; above -= 1) {
      if (!/\bstep\(\);/.test(code[above] ?? '')) continue;
      taken = above;
      return [];
    }
    return [`${index + 1}: no sync::step() directly above`];
  });
};
