/** Settings of the process: from `configure` and from the environment, checked, given once. */
import { checkInteger, checkOptions, invalid } from './check.js';
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
} as const satisfies Record<keyof Settings, string>;

let chosen: Settings = {};
let inForce: Settings = {};
let used = false;

/**
 * Sets what the process uses, before its first topic or image; what is left out stands in the
 * environment (`FRAMELANE_DIR`, `FRAMELANE_MAX_BYTES` and so on, see `Settings`) or has its
 * default. A later call adds to an earlier one.
 *
 * Throws `ERR_FRAMELANE_CONFIGURED` after the first use, `ERR_FRAMELANE_INVALID_ARGUMENT` for an
 * unknown option or a bad value, `ERR_FRAMELANE_INVALID_NAME` for a bad namespace.
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
  chosen = { ...chosen, ...checked };
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
