/** Short files, short functions, short lines. */
import ts from 'typescript';
import { matches, type Rule } from './repository.js';
import { parseRust, type Span } from './rust.js';

const FILE_LINES = 500;
const FUNCTION_LINES = 70;
const COLUMNS = 100;

export const size: Rule = (path, text) => {
  if (!/\.(rs|ts|mjs)$/.test(path) || path === 'lib/generated/binding.d.ts') return [];
  const lines = text.replace(/\n$/, '').split('\n');
  const functions = path.endsWith('.rs') ? parseRust(text).functions : scriptFunctions(path, text);
  const long = functions.filter(({ start, end }) => end - start >= FUNCTION_LINES);
  return [
    ...(lines.length > FILE_LINES ? [`1: the file has ${lines.length} lines`] : []),
    ...long.map(({ start, end }) => `${start + 1}: the function has ${end - start + 1} lines`),
    ...matches(text, new RegExp(`^.{${COLUMNS + 1}}`, 'gmu'), `longer than ${COLUMNS} columns`),
  ];
};

function scriptFunctions(path: string, text: string): Span[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const line = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const found: Span[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      found.push({ start: line(node.getStart(source)), end: line(node.end) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
