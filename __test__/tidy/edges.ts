/** Which synchronisation edges SPEC.md names, and which the models show. */

/** Made by the kernel, which loom does not run: these may be shown by a SPIN model alone. */
const BY_KERNEL = new Set(['entry-lock', 'file-named', 'file-attached']);

/** An edge, and what shows it. */
export interface Shown {
  edge: string;
  by: 'loom' | 'spin';
}

/** The edges in the first column of section 9's table. */
export function mentioned(specification: string): string[] {
  const section = /^## 9\. [^]*?(?=^## )/m.exec(specification)?.[0] ?? '';
  return [...section.matchAll(/^\| `([\w-]+)`/gm)].map((match) => match[1]!);
}

/** The edges that loom tests and SPIN models say they show. */
export function modelled(files: { path: string; text: string }[]): Shown[] {
  return files.flatMap(({ path, text }): Shown[] => {
    if (/^crates\/\w+\/src\/models(\/\w+)?\.rs$/.test(path)) {
      return names(text, /^\s*\/\/ edge: ([\w-]+)$/gm).map((edge) => ({
        edge,
        by: 'loom' as const,
      }));
    }
    if (!/^model\/.*\.pml$/.test(path)) return [];
    return names(text, /\/\* edge: ([\w-]+) \*\//g).map((edge) => ({ edge, by: 'spin' }));
  });
}

function names(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

/** What is missing on either side. */
export function violations(edges: string[], shown: Shown[]): string[] {
  const by = (edge: string) =>
    new Set(shown.filter((one) => one.edge === edge).map((one) => one.by));
  const missing = edges.flatMap((edge) => {
    if (by(edge).size === 0 && BY_KERNEL.has(edge)) return [`${edge} has no model`];
    return by(edge).has('loom') || BY_KERNEL.has(edge) ? [] : [`${edge} has no loom model`];
  });
  const unknown = new Set(shown.map(({ edge }) => edge).filter((edge) => !edges.includes(edge)));
  return [...missing, ...[...unknown].map((edge) => `${edge} is modelled and not specified`)];
}
