/**
 * Which module of `lib` may import which: the table in ARCHITECTURE.md, lowest first. A module may
 * import those of the rows above its own, and of its own row.
 */

/** The rows below `## TypeScript`: for each the modules that it names. */
export function rowsOf(architecture: string): string[][] {
  const section = /^## TypeScript$([\s\S]*?)^## /m.exec(architecture)?.[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => {
    const [, names = ''] = row.split('|');
    return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  });
}

/** What breaks the table in `files`: their text by their path below `lib`, without `.ts`. */
export function importViolations(rows: string[][], files: ReadonlyMap<string, string>): string[] {
  const rank = new Map(rows.flatMap((names, row) => names.map((name) => [name, row] as const)));
  const missing = [...files.keys()].filter((name) => rankOf(rank, name) === undefined);
  const found = missing.map((name) => `${name} is in no row of the table`);
  for (const [name, row] of rank) {
    if (!name.includes('.') && row > 0 && !isFolder(name, files) && !files.has(name)) {
      found.push(`${name} is in the table and not in lib`);
    }
  }
  for (const [name, text] of files) {
    const own = rankOf(rank, name) ?? -1;
    for (const imported of importsOf(name, text)) {
      const allowed = (rankOf(rank, imported) ?? Infinity) <= own;
      const binding = imported === 'generated/binding' && name !== 'native';
      if (!allowed || binding) found.push(`${name} may not import ${imported}`);
    }
  }
  return found;
}

/** A folder has one row. */
function rankOf(rank: ReadonlyMap<string, number>, name: string): number | undefined {
  return rank.get(name) ?? rank.get(name.split('/')[0]!) ?? rank.get(`lib/${name.split('/')[0]!}`);
}

/** Only for names outside `lib` too: `scripts`, `__test__`. */
function isFolder(name: string, files: ReadonlyMap<string, string>): boolean {
  const outside = ['__test__', 'benchmark', 'demo', 'scripts'];
  return outside.includes(name) || [...files.keys()].some((file) => file.startsWith(`${name}/`));
}

function importsOf(name: string, text: string): string[] {
  const base = name.split('/').slice(0, -1);
  return [...text.matchAll(/from '(\.[^']+)\.c?js'/g)].map(([, path]) => {
    const parts = [...base];
    for (const part of path!.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    return parts.join('/');
  });
}
