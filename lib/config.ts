/** Settings of the process: from `configure` and from the environment, checked, given once. */
import { checkInteger, checkOptions, checkWord, invalid } from './check.js';
import { FramelaneError } from './errors.js';
import { checkNamePart } from './name.js';

/** What can be set, by `configure` or by the environment. Each is optional. */
export interface Settings {
  /**
   * Absolute path of the directory that holds the shared files, on tmpfs; a directory
   * `framelane-<uid>` is made in it. Default `/dev/shm`. Environment: `FRAMELANE_DIR`.
   */
  dir?: string;
  /**
   * Topics of different namespaces do not see each other: `[a-z0-9][a-z0-9._-]{0,63}`.
   * Default `default`. Environment: `FRAMELANE_NAMESPACE`.
   */
  namespace?: string;
  /** Most bytes that all pools of this process may have. Default 1 GiB. `FRAMELANE_MAX_BYTES`. */
  maxBytes?: number;
  /** Most frames received and not released, per topic. Default 16. `FRAMELANE_MAX_HELD`. */
  maxHeld?: number;
  /** Most frames loaned and not sent, per topic. Default 8. `FRAMELANE_MAX_LOANS`. */
  maxLoans?: number;
  /**
   * How many microseconds `recv`, loops and `recvSync` look for a frame before they sleep, 0 to
   * 1,000,000, for those who pay CPU time for latency. Default 0. `FRAMELANE_SPIN_US`.
   */
  spinUs?: number;
  /**
   * How received frames are mapped. `'protected'`, the default: without write permission; a write
   * ends this process, and a line on stderr says which frame it was. `'shared'`: a write to `data`
   * succeeds and changes what everybody else sees. `FRAMELANE_ACCESS`.
   */
  access?: 'protected' | 'shared';
  /**
   * When the pixels of frames that are done with are wiped: `onRelease`, when their sender takes
   * the slot back; `onAlloc`, when the slot is loaned again; or `off`, the default: not at all,
   * only what a later frame does not cover. Costs a write over the frame. `FRAMELANE_SCRUB`.
   */
  scrub?: 'off' | 'onRelease' | 'onAlloc';
  /**
   * Name or number of a group whose members meet; otherwise only processes of one user do. The
   * directory is then `framelane-g<gid>`. Members can read each other's frames and cannot change
   * them. They can disturb each other otherwise: make frames disappear, keep slots, remove files.
   * `FRAMELANE_GROUP`.
   */
  group?: string;
  /**
   * With `true` the `data` of a frame is on a buffer of that frame alone, which is detached when
   * the frame is released, is sent, or a loop goes on: a view that somebody kept has length 0
   * from then on, instead of showing another frame. For tests and development. It costs one to
   * two microseconds a frame, and V8 reads typed arrays more slowly in the whole process once it
   * has detached one: by half on Node 20 and 22, less from 24 on. A buffer moved by `transfer()`
   * escapes it, and from Node 24 on one given to `markAsUntransferable`: do not, for Node itself
   * aborts then when the thread ends. Default `false`. `FRAMELANE_GUARD`:
   * `1` or `0`. Topics can say otherwise.
   */
  guard?: boolean;
  /**
   * What `data` is on, the same type whichever it is:
   *
   * - `'buffer'`, the default: an ArrayBuffer over the slot, one for each slot.
   * - `'shared-buffer'`: a SharedArrayBuffer over the slot. `postMessage` of a view shares the
   *   memory with a worker instead of copying it, and it cannot be detached: not with `guard`.
   *   Node.js 22.23, 24.21 and 26.10 have it; elsewhere the first topic or image throws
   *   `ERR_FRAMELANE_EXTERNAL_MEMORY`.
   * - `'copy'`: a private copy of the pixels, for runtimes that refuse buffers over foreign
   *   memory, as Electron does. What is received is copied when `data` is first read; what is
   *   written to a loaned frame is copied when it is sent, cloned or encoded, and what is written
   *   to a received frame stays here. Counted (`stats().copied`). `guard` has nothing to do then.
   *
   * `FRAMELANE_MEMORY`.
   */
  memory?: 'buffer' | 'shared-buffer' | 'copy';
}

/** Slots are numbered by 16 bits, so nobody can hold more. */
export const HELD_MAX = 65_535;

/** Longest time to look for a frame, in microseconds. */
export const SPIN_US_MAX = 1_000_000;

const keys = [
  'dir',
  'namespace',
  'maxBytes',
  'maxHeld',
  'maxLoans',
  'spinUs',
  'access',
  'scrub',
  'group',
  'guard',
  'memory',
] as const;

const variables = {
  dir: 'FRAMELANE_DIR',
  namespace: 'FRAMELANE_NAMESPACE',
  maxBytes: 'FRAMELANE_MAX_BYTES',
  maxHeld: 'FRAMELANE_MAX_HELD',
  maxLoans: 'FRAMELANE_MAX_LOANS',
  spinUs: 'FRAMELANE_SPIN_US',
  access: 'FRAMELANE_ACCESS',
  scrub: 'FRAMELANE_SCRUB',
  group: 'FRAMELANE_GROUP',
  guard: 'FRAMELANE_GUARD',
  memory: 'FRAMELANE_MEMORY',
} as const satisfies Record<keyof Settings, string>;

const memories = { buffer: 0, 'shared-buffer': 0, copy: 0 };

let chosen: Settings = {};
let inForce: Settings = {};
let used = false;

/**
 * Sets what the process uses, before its first topic or image; what is left out stands in the
 * environment (`FRAMELANE_DIR`, `FRAMELANE_MAX_BYTES` and so on, see `Settings`) or has its
 * default. A later call adds to an earlier one.
 *
 * Throws `ERR_FRAMELANE_CONFIGURED` after the first use, `ERR_FRAMELANE_INVALID_ARGUMENT` for an
 * unknown option or a bad value, and for `guard` with memory `'shared-buffer'`;
 * `ERR_FRAMELANE_INVALID_NAME` for a bad namespace.
 *
 * @example
 * configure({ namespace: 'line-2', maxBytes: 512 * 1024 * 1024 });
 */
export function configure(settings: Settings): void {
  const given = checkOptions(settings, keys, 'configure');
  const checked: Settings = {};
  for (const key of keys) {
    if (given[key] !== undefined) assign(checked, key, given[key], `configure: ${key}`);
  }
  if (used) {
    throw new FramelaneError(
      'ERR_FRAMELANE_CONFIGURED',
      'configure: a topic or image has been made already, and settings hold for the whole ' +
        'process; call configure() before the first of them',
    );
  }
  const all = { ...chosen, ...checked };
  if (all.guard === true && all.memory === 'shared-buffer') throw guardOfShared('configure: guard');
  chosen = all;
}

/** What is wrong with the two together. */
export function guardOfShared(what: string): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `${what}: expected no guard with memory 'shared-buffer', got both: a SharedArrayBuffer ` +
      'cannot be detached; leave one of the two out',
  );
}

/**
 * What `configure` was told, for the native side, which reads the environment itself; what stands
 * there is checked here, where an error can say more. From now on nothing can be changed.
 */
export function takeSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  for (const key of keys) {
    const name = variables[key];
    const text = environment[name];
    if (text !== undefined && text !== '') assign(inForce, key, fromText(key, text), name);
  }
  inForce = { ...inForce, ...chosen };
  used = true;
  return chosen;
}

/** How long a receive looks for a frame where its topic object does not say. */
export function spinUsDefault(): number {
  return inForce.spinUs ?? 0;
}

/** Numbers are decimal digits only: `Number` would take '', '1e3' and '0x10' too. */
function fromText(key: keyof Settings, text: string): unknown {
  if (key === 'guard') return text === '1' || (text === '0' ? false : text);
  const numeric = key.startsWith('max') || key === 'spinUs';
  return numeric && /^\d{1,16}$/.test(text) ? Number(text) : text;
}

function assign(target: Settings, key: keyof Settings, value: unknown, what: string): void {
  switch (key) {
    case 'dir':
      target.dir = checkDirectory(value, what);
      break;
    case 'namespace':
      target.namespace = checkNamePart(value, what);
      break;
    case 'maxBytes':
      target.maxBytes = checkInteger(value, what, 1, Number.MAX_SAFE_INTEGER);
      break;
    case 'spinUs':
      target.spinUs = checkInteger(value, what, 0, SPIN_US_MAX);
      break;
    case 'access':
      target.access = checkAccess(value, what);
      break;
    case 'group':
      target.group = checkGroup(value, what);
      break;
    case 'guard':
      target.guard = checkGuard(value, what);
      break;
    case 'memory':
      target.memory = checkWord(value, what, memories);
      break;
    case 'scrub':
      target.scrub = checkScrub(value, what);
      break;
    default:
      target[key] = checkInteger(value, what, 1, HELD_MAX);
  }
}

function checkDirectory(value: unknown, what: string): string {
  if (typeof value !== 'string' || !value.startsWith('/') || value.includes('\0')) {
    throw invalid(what, 'the absolute path of a directory', value);
  }
  return value;
}

function checkGuard(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(what, 'true or false, in the environment 1 or 0', value);
}

function checkAccess(value: unknown, what: string): 'protected' | 'shared' {
  if (value !== 'protected' && value !== 'shared') {
    throw invalid(what, "'protected' or 'shared'", value);
  }
  return value;
}

function checkScrub(value: unknown, what: string): NonNullable<Settings['scrub']> {
  if (value === 'off' || value === 'onRelease' || value === 'onAlloc') return value;
  throw invalid(what, "'off', 'onRelease' or 'onAlloc'", value);
}

/** Whether there is such a group the native side says. */
function checkGroup(value: unknown, what: string): string {
  if (typeof value === 'string' && /^[^\0]+$/.test(value)) return value;
  throw invalid(what, 'the name or number of a group, as text', value);
}
