/** Rows of 1080p frames with one copy, hot; README.md tells what each is. */
import { hasPeer } from '../build.js';
import { run, runScript } from '../children.js';
import { Figures, type Group } from '../group.js';
import { runPair } from '../pairs/rows.js';
import { BYTES } from '../pairs/picture.js';
import type { Row } from '../report.js';

/** Places that `memcpy` goes through, about as many as a publisher of such frames has slots. */
const SLOTS = '6';
const COPIES = '200';
const CLONES = '50';
/** Frames that are not measured. */
const WARM_UP = 500;

const LANES = ['framelane-copy', 'framelane-copy-spin', 'socket', 'ipc'];

/** `copy` is the program of `baselines/c`. */
export function copies(copy: string): Group {
  const figures = new Figures();
  const lanes = hasPeer('zeromq') ? [...LANES, 'zeromq'] : LANES;
  const pair = (lane: string) => async (): Promise<void> => {
    const { p50 } = await runPair({ lane, pace: 'hot', warmUp: WARM_UP, pin: null });
    figures.add(lane, p50);
  };
  const memcpy = async (): Promise<void> => {
    const round = await run(copy, [String(BYTES), SLOTS, COPIES]);
    const { rotating, same } = round as { rotating: number; same: number };
    figures.add('memcpy', rotating);
    figures.add('memcpy-same', same);
  };
  const clone = async (): Promise<void> => {
    const round = await runScript('copies/clone.js', CLONES);
    for (const [name, p50] of Object.entries(round as object)) figures.add(name, p50);
  };
  return {
    jobs: [[...lanes.map(pair), memcpy], [clone]],
    rows: () => rows(figures, lanes.includes('zeromq')),
  };
}

function rows(figures: Figures, zeromq: boolean): Row[] {
  const us = (name: string, id: string, note: string): Row =>
    figures.row(name, id, 'us', null, note);
  const ours = 'from-bytes-1080p-hot';
  const spin = 'from-bytes-1080p-spin';
  const note = 'p50, before the copy to the first line that has the frame';
  const here = 'p50, one process, sent nowhere';
  return [
    figures.ratio(`${ours}-vs-memcpy`, '<= 1.05', 'framelane-copy', 'memcpy'),
    figures.ratio(`${spin}-vs-memcpy`, null, 'framelane-copy-spin', 'memcpy'),
    figures.ratio(`${ours}-vs-socket`, '>= 2.4', 'socket', 'framelane-copy'),
    us('framelane-copy', ours, `${note}, which sleeps until then`),
    us('framelane-copy-spin', spin, `${note}, which does not sleep (spinUs)`),
    us('memcpy', 'memcpy-1080p', `C, p50, into ${SLOTS} places in turn`),
    us('memcpy-same', 'memcpy-1080p-same', 'C, p50, always into the same place'),
    us('socket', 'socket-1080p-bytes-hot', note),
    us('ipc', 'ipc-1080p-bytes-hot', note),
    ...(zeromq ? [us('zeromq', 'zeromq-1080p-bytes-hot', note)] : []),
    us('serialize', 'v8-serialize-1080p', here),
    us('structuredClone', 'structured-clone-1080p', here),
  ];
}
