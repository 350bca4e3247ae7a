/**
 * The ways in which a process or a worker thread leaves, and what others see of it. No module of
 * the package is imported here: in some ways the main thread must not have it.
 */

/** What is done to bring the end about, once whoever leaves has said that it is ready. */
export type Act = 'nothing' | 'frame' | 'terminate' | NodeJS.Signals;

/** One way to leave. */
export interface Way {
  /** What whoever leaves does: a key of `endings` in `scene.ts`. */
  readonly ending: string;
  /** In which callback it does so: a key of `kinds` in `scene.ts`; none: in no callback. */
  readonly kind?: string;
  readonly act: Act;
  /**
   * The package is used by a worker thread of the process, and its main thread has never had it.
   * What that one does when the worker is ready: a key of `mainEndings` in `leaver.ts`.
   */
  readonly main?: string;
  /** Much like another way: fewer rounds where time is short. */
  readonly variant?: true;
  /** What others see at the end. */
  readonly code: number | null;
  readonly signal?: NodeJS.Signals;
}

/** Exit code of all that leave on purpose. */
export const LEFT = 7;
/** Node's exit code after an error that nobody caught, and of a terminated worker. */
const FAILED = 1;

/** Where frames are in JavaScript's hands. Another one is a line here, and one in `scene.ts`. */
const KINDS: { kind: string; variant?: true }[] = [
  { kind: 'for await' },
  { kind: 'forEach' },
  { kind: 'recv', variant: true },
  { kind: 'tryRecv' },
  { kind: 'loan' },
];

const exits = KINDS.map((kind): Way => ({ ...kind, ending: 'exit', act: 'frame', code: LEFT }));
const throws = KINDS.map((kind, index): Way => {
  const variant = index === 0 ? {} : { variant: true as const };
  return { ...kind, ...variant, ending: 'throw', act: 'frame', code: FAILED };
});

/** Ways of a process. */
export const processWays: readonly Way[] = [
  { ending: 'end', act: 'nothing', code: 0 },
  { ending: 'exit', act: 'nothing', code: LEFT },
  { ending: 'throw', act: 'nothing', code: FAILED },
  { ending: 'reject', act: 'nothing', code: FAILED },
  { ending: 'abort', act: 'nothing', code: null, signal: 'SIGABRT' },
  { ending: 'stay', act: 'SIGTERM', code: null, signal: 'SIGTERM' },
  { ending: 'stay', act: 'SIGINT', code: null, signal: 'SIGINT' },
  { ending: 'stay', act: 'SIGKILL', code: null, signal: 'SIGKILL' },
  { ending: 'handle', act: 'SIGTERM', code: LEFT, variant: true },
  ...exits,
  ...throws,
  { ending: 'stay', act: 'nothing', main: 'exit', code: LEFT },
  { ending: 'stay', act: 'nothing', main: 'abort', code: null, signal: 'SIGABRT', variant: true },
  { ending: 'stay', act: 'SIGTERM', main: 'nothing', code: null, signal: 'SIGTERM', variant: true },
  { ending: 'end', act: 'nothing', main: 'nothing', code: 0, variant: true },
  { ending: 'throw', act: 'nothing', main: 'nothing', code: FAILED, variant: true },
  { ending: 'busy frames', act: 'nothing', main: 'terminate', code: 0, variant: true },
];

/** Ways of a worker thread whose main thread stays. */
export const workerWays: readonly Way[] = [
  { ending: 'end', act: 'nothing', code: 0 },
  { ending: 'exit', act: 'nothing', code: LEFT },
  { ending: 'throw', act: 'nothing', code: FAILED },
  { ending: 'reject', act: 'nothing', code: FAILED, variant: true },
  { ending: 'stay', act: 'terminate', code: FAILED, variant: true },
  { ending: 'stay', kind: 'for await', act: 'terminate', code: FAILED },
  { ending: 'stay', kind: 'forEach', act: 'terminate', code: FAILED },
  { ending: 'stay', kind: 'recv', act: 'terminate', code: FAILED },
  { ending: 'busy frames', act: 'terminate', code: FAILED },
  { ending: 'busy loop', act: 'terminate', code: FAILED },
  ...exits,
  ...throws,
];

/** What a way is called. */
export function titleOf({ ending, kind, act, main }: Way): string {
  const what = act === 'nothing' || act === 'frame' ? ending : `${act}, ${ending}`;
  const where = kind === undefined ? '' : ` in ${kind}`;
  return `${what}${where}${main === undefined ? '' : `, in a worker alone, main: ${main}`}`;
}
