/** What comes out: rows, as a table, as JSON, and on record. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { median, rounded } from './numbers.js';

/** One figure. */
export interface Row {
  id: string;
  /** Median of the rounds, or what `note` says. */
  value: number;
  unit: 'x' | 'ms' | 'us' | 'ns' | 'MB' | 'frames';
  /** `'>= 15'` or `'<= 30'`; `null`: only told. */
  goal: string | null;
  met: boolean | null;
  /** The figure of each round. */
  rounds: number[];
  note: string;
}

/** A row; `value` is the median of the rounds where it is left out. */
export function row(
  id: string,
  unit: Row['unit'],
  goal: string | null,
  rounds: readonly number[],
  note: string,
  value = median(rounds),
): Row {
  const shown = rounded(value);
  const met = goal === null ? null : isMet(shown, goal);
  return { id, value: shown, unit, goal, met, rounds: rounds.map(rounded), note };
}

function isMet(value: number, goal: string): boolean {
  const [sign, bound] = goal.split(' ');
  return sign === '>=' ? value >= Number(bound) : value <= Number(bound);
}

/** The rows in columns; a goal that is missed says so. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ id, value, unit, goal, met, rounds }) => {
    const range = `${Math.min(...rounds)} to ${Math.max(...rounds)}`;
    const verdict = met === null ? '' : met ? 'ok' : 'MISS';
    return [id, String(value), unit, goal ?? '', verdict, range];
  });
  const cells = [['', 'value', '', 'goal', '', 'rounds'], ...lines];
  const widths = cells[0]!.map((_, column) =>
    Math.max(...cells.map((line) => line[column]!.length)),
  );
  const align = (cell: string, column: number): string =>
    column === 1 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return cells.map((line) => line.map(align).join('  ').trimEnd()).join('\n');
}

export function writeJson(path: string, rows: readonly Row[], skipped: readonly string[]): void {
  writeFileSync(path, toJson({ skipped, rows }));
}

/** Writes the rows and what they were measured on into `folder`; gives the file's path. */
export function record(folder: string, rows: readonly Row[], skipped: readonly string[]): string {
  const date = new Date().toISOString();
  const machine = {
    date,
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadAverage: loadavg().map(rounded),
  };
  const path = join(folder, `${date.slice(0, 16).replace(':', '')}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, toJson({ ...machine, skipped, rows }));
  return path;
}

/** Indented, but lists of numbers on one line. */
function toJson(value: object): string {
  const oneLine = (list: string): string =>
    list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']');
  return `${JSON.stringify(value, null, 2).replace(/\[[\d\s,.e+-]+\]/g, oneLine)}\n`;
}
