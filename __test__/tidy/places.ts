/** What may stand in one place only, what generated files look like, what is locked. */
import { matches, type Rule } from './repository.js';
import { parseRust } from './rust.js';

/**
 * crates/shm makes mappings (and chaos/ one for its counters), crates/node uses napi,
 * lib/native.ts loads the binding. What the benchmark compares with does as it likes.
 */
export const places: Rule = (path, text) => {
  if (path.startsWith('benchmark/baselines/')) return [];
  if (path.endsWith('.rs')) {
    const code = parseRust(text).code.join('\n');
    const mapping = /\b(memmap2|mmap\w*|Mmap\w*)\b|\brustix::(mm\b|\{[^;]*\bmm\b)/g;
    const shm = path.startsWith('crates/shm/') || path === 'chaos/src/board.rs';
    const node = path.startsWith('crates/node/');
    return [
      ...(shm ? [] : matches(code, mapping, 'maps outside crates/shm')),
      ...(node ? [] : matches(code, /\bnapi\w*/g, 'napi outside crates/node')),
    ];
  }
  if (!path.endsWith('.ts') || path === 'lib/native.ts') return [];
  const binding = /\b(from|import|require)\b.*['"`](.*\bgenerated\/binding.*|.*\.node)['"`]/g;
  return matches(text, binding, 'only lib/native.ts loads the binding');
};

/** A generated file says so on its first line; that of the binding is written by its own tool. */
export const generated: Rule = (path, text) => {
  if (!path.startsWith('lib/generated/') || path.endsWith('/binding.d.ts')) return [];
  return /^.*(made by|generated)/i.test(text) ? [] : ['1: nothing hand-written lies here'];
};

interface Locked {
  packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>;
}

/** No package is tied to an address, and none for other platforms is missing (npm ci wants all). */
export const lockFile: Rule = (path, text) => {
  if (!/(^|\/)package-lock\.json$/.test(path)) return [];
  const { packages } = JSON.parse(text) as Locked;
  return Object.entries(packages).flatMap(([name, { resolved, optionalDependencies = {} }]) => [
    ...(resolved === undefined ? [] : [`1: ${name} is tied to an address`]),
    ...Object.keys(optionalDependencies)
      .filter((wanted) => !(`node_modules/${wanted}` in packages))
      .map((wanted) => `1: ${wanted} is missing (version, os, cpu, optional: true)`),
  ]);
};
