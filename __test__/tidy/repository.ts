/** The files of the repository, as the rules see them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A rule for one file: gives its violations, each as `line: what is wrong`. */
export type Rule = (path: string, text: string) => string[];

/** The checkout; compiled tests lie two folders below it, these helpers three. */
export const root = join(import.meta.dirname, '../../..');

/** What `command` writes to its standard output. */
export function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
}

/** Every text file that is committed or could be. */
export function textFiles(): { path: string; text: string }[] {
  const files = [];
  for (const path of output('git', 'ls-files', '-co', '--exclude-standard', '-z').split('\0')) {
    if (path === '' || !existsSync(join(root, path))) continue;
    const bytes = readFileSync(join(root, path));
    if (!bytes.includes(0)) files.push({ path, text: bytes.toString('utf8') });
  }
  return files;
}

/** One violation for each line on which a match of a global `pattern` ends. */
export function matches(text: string, pattern: RegExp, what: string): string[] {
  const line = (index: number) => text.slice(0, index).split('\n').length;
  const ends = [...text.matchAll(pattern)].map((match) => line(match.index + match[0].length));
  return [...new Set(ends)].map((end) => `${end}: ${what}`);
}
