/** Rows of rings between two threads; README.md tells what each is. */
import { run } from '../children.js';
import type { Group } from '../group.js';
import { row, type Row } from '../report.js';

const CALLS = '1000000';

type Rings = Record<'spsc' | 'arrayQueue' | 'syncChannel', { alone: number; across: number }>;

const rounds: Rings[] = [];

/** `spsc` is the program of the crate `framelane-ring`. */
export function rings(spsc: string): Group {
  return {
    jobs: [[async () => void rounds.push((await run(spsc, [CALLS])) as Rings)]],
    rows: ringRows,
  };
}

/** What a value costs from thread to thread of one process, 64 of them in between at most. */
function ringRows(): Row[] {
  const names = { spsc: 'spsc', arrayQueue: 'array-queue', syncChannel: 'sync-channel' } as const;
  const notes = { alone: 'push and pop, one thread', across: 'two threads, as fast as they can' };
  const rows = (['alone', 'across'] as const).map((how) =>
    (Object.keys(names) as (keyof Rings)[]).map((name) => {
      const each = rounds.map((round) => round[name][how]);
      return row(`${names[name]}-${how}`, 'ns', null, each, notes[how]);
    }),
  );
  return rows.flat();
}
