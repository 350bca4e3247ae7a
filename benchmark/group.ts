/** Rows that belong together, and what is run for them in each round. */
import { median } from './numbers.js';
import { row, type Row } from './report.js';

/** Measures something once. */
export type Job = () => Promise<void>;

/** One topic of the benchmark. */
export interface Group {
  /**
   * Each is run once a round. Jobs that are compared with each other stand in one list: they are
   * run one right after another, in shuffled order, and the lists of all groups are shuffled.
   */
  jobs: Job[][];
  /** After the last round. */
  rows(): Row[];
}

/** The figures of each round, by name. */
export class Figures {
  readonly #rounds = new Map<string, number[]>();

  add(name: string, figure: number): void {
    const known = this.#rounds.get(name);
    if (known === undefined) this.#rounds.set(name, [figure]);
    else known.push(figure);
  }

  of(name: string): number[] {
    const rounds = this.#rounds.get(name);
    if (rounds === undefined) throw new Error(`${name} has not been measured`);
    return rounds;
  }

  /** A row of one of them. */
  row(name: string, id: string, unit: Row['unit'], goal: string | null, note: string): Row {
    return row(id, unit, goal, this.of(name), note);
  }

  /** A row `a / b`, the ratio of the medians; each round's ratio is that of its own figures. */
  ratio(id: string, goal: string | null, a: string, b: string, note = `${a} / ${b}`): Row {
    return ratio(id, goal, this.of(a), this.of(b), note);
  }
}

/** A row `a / b`: the ratio of the medians. */
export function ratio(
  id: string,
  goal: string | null,
  a: readonly number[],
  b: readonly number[],
  note: string,
): Row {
  const each = a.map((value, index) => value / b[index]!);
  return row(id, 'x', goal, each, note, median(a) / median(b));
}
