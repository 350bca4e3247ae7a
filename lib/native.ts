/**
 * The native side: finds and loads it at the first use, shares the control array with it, and
 * turns its errors into ours. The only file that imports the binding.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { takeSettings, type Settings } from './config.js';
import { ownTransfer } from './detach.js';
import type { ExtWords, FieldWords } from './ext-words.js';
import { codeFromNumber, FramelaneError, isErrorCode, type ErrorCode } from './errors.js';
import { CONTROL_WORDS } from './generated/layout.js';

/**
 * The functions of the hot path. What they take, their answer and the frame stand in the control
 * array: `hot.ts` has a function around each.
 */
export type Hot = Readonly<Record<HotName, () => void>>;

export type HotName =
  | 'loan'
  | 'send'
  | 'room'
  | 'next'
  | 'latest'
  | 'retain'
  | 'release'
  | 'ack'
  | 'sleep'
  | 'awake'
  | 'block';

/** What stands behind the `data` of frames. */
export interface Views {
  /** 0: external buffers, `SHARED`: external shared ones, `COPIES`: private copies. */
  readonly memory: number;
  readonly guard: boolean;
}

/** `Views.memory` where views are on a SharedArrayBuffer. */
export const SHARED = 1;
/** `Views.memory` where nothing of JavaScript's is in shared memory. */
export const COPIES = 2;

/** The topic of a loan that belongs to none. */
export const UNBOUND = 0xffff_ffff;

/** A picture in a slot. */
export interface Place {
  hold: number;
  /** Bytes from the start of the slot to the first pixel. */
  offset: number;
  /** A code. */
  encoding: number;
  width: number;
  height: number;
  step: number;
}

/** Size and fields of a point cloud. */
export interface CloudWords {
  width: number;
  height: number;
  /** Bytes of a point. */
  step: number;
  fields: FieldWords[];
}

/** How depths become points. */
export interface DepthWords {
  /** Millimetres of a raw unit. */
  scale: number;
  fx: number;
  fy: number;
  cx: number;
  cy: number;
  organised: boolean;
}

/** What a conversion has to know; all of them codes, 0 where nobody said. */
export interface ConversionWords {
  /** Matrix, and range above 8 bits. */
  colour: number;
  colourMap: number;
  /** Millimetres at both ends. */
  nearest?: number | undefined;
  farthest?: number | undefined;
}

/** What the native module exports; its functions throw errors that carry one of our codes. */
export interface Binding {
  configure(settings: Settings): void;
  register(control: ArrayBuffer, onWake: () => void): void;
  openTopic(
    name: string,
    kind: number,
    depth: number,
    history: number,
    maxHeld: number,
    mode: number,
  ): number;
  closeTopic(topic: number): void;
  topicStats(topic: number): object;
  prepare(topic: number, bytes: number): Promise<undefined | { code: string; message: string }>;
  takeViews(transfer: (() => void) | undefined, inWorker: boolean): Views;
  slotBuffer(pool: number, slot: number): ArrayBuffer | SharedArrayBuffer;
  guardBuffer(pool: number, slot: number, bytes: number, id: number): ArrayBuffer;
  unguard(id: number, buffer: ArrayBuffer): boolean;
  readSlot(pool: number, slot: number, target: Uint8Array): void;
  writeSlot(pool: number, slot: number, source: Uint8Array): void;
  readHeader(pool: number, slot: number, target: Uint8Array): void;
  headerBuffer(pool: number): ArrayBuffer;
  retiredPools(): number[];
  /** Gives back a frame whose object was collected; whether it was still held. */
  releaseLeaked(hold: number): boolean;
  /** Processes found dead since the last call. */
  takeNotices(): { pid: number; process: string; topic?: string }[];
  receivedPool(hold: number): number;
  addressOf(bytes: Uint8Array): number;
  toToken(hold: number, transfer: boolean, copied: boolean): string;
  fromToken(kind: number, token: string): number;
  writeExt(hold: number, payload: number, ext: ExtWords): number;
  readExt(hold: number): ExtWords;
  encode(
    place: Place,
    format: number,
    quality: number,
  ): Promise<Uint8Array | { code: string; message: string }>;
  probePicture(bytes: Uint8Array): { width: number; height: number; encoding: number };
  decodeInto(bytes: Uint8Array, into: Place): void;
  convert(from: Place, into: Place, how: ConversionWords): void;
  resize(from: Place, into: Place, filter: number): void;
  /** Least, greatest and mean, in metres. */
  depthStatistics(from: Place, scale: number): number[] | null;
  knownDepths(from: Place): number;
  depthToPoints(
    from: Place,
    colour: Place | undefined,
    how: DepthWords,
    into: number,
    bytes: number,
  ): number;
  probeCloud(bytes: Uint8Array): CloudWords;
  decodeCloud(bytes: Uint8Array, hold: number, cloud: CloudWords): void;
  encodeCloud(
    hold: number,
    cloud: CloudWords,
    format: number,
    ascii: boolean,
  ): Promise<Uint8Array | { code: string; message: string }>;
  tensorInput(from: Place, into: Float32Array, chw: boolean, mean: number[], std: number[]): void;
  isReceived(bytes: Uint8Array): boolean;
  lastError(): { code: string; message: string };
  hot(): Hot;
}

const control = new ArrayBuffer(CONTROL_WORDS * 4);
/** The control array: how one frame crosses the boundary without an object. */
export const u32 = new Uint32Array(control);
/** The same memory. */
export const i32 = new Int32Array(control);
/** The same memory; the index of a field is half its word. */
export const f64 = new Float64Array(control);
/** The same memory; the index of a field is half its word. */
export const i64 = new BigInt64Array(control);
/** The same memory; the index of a field is four times its word. */
export const u8 = new Uint8Array(control);

let binding: Binding | undefined;
let wake = (): void => {};

/** The hot functions; only there after `load()`, and every frame and topic begins with that. */
export let raw: Hot;

/** What is in force for `data`; there after `load()`. */
export let views: Views;

/** Sets what runs in the event loop when a publisher has rung. */
export function onWake(listener: () => void): void {
  wake = listener;
}

/** The native side; loads it at the first call. */
export function load(): Binding {
  return binding ?? start();
}

function start(): Binding {
  const settings = takeSettings(process.env);
  const loaded = findBinding();
  const { register, configure, hot: takeHot } = loaded;
  calling(() => {
    register(control, wake);
    if (Object.keys(settings).length > 0) configure(settings);
    views = loaded.takeViews(ownTransfer, !isMainThread);
  });
  raw = takeHot();
  binding = loaded;
  return loaded;
}

/** Calls something native; what it throws becomes a `FramelaneError`. */
export function calling<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromNative(error);
  }
}

/** The same error as a `FramelaneError`. */
export function fromNative(error: unknown): FramelaneError {
  if (error instanceof FramelaneError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const known: ErrorCode = isErrorCode(code) ? code : 'ERR_FRAMELANE_INTERNAL';
  return new FramelaneError(known, String(message), { cause: error });
}

/** The error behind a negative result of a hot function. */
export function errorOf(status: number): FramelaneError {
  const code = codeFromNumber(-status) ?? 'ERR_FRAMELANE_INTERNAL';
  const last = load().lastError();
  const text = last.code === code ? last.message : `the native side failed with ${status}`;
  return new FramelaneError(code, text);
}

function unsupported(text: string, causes: unknown[]): FramelaneError {
  const options = causes.length > 0 ? { cause: new AggregateError(causes) } : {};
  return new FramelaneError('ERR_FRAMELANE_UNSUPPORTED_PLATFORM', text, options);
}

function findBinding(): Binding {
  const target = `${process.platform}-${process.arch}`;
  const foreign = ['bun', 'deno'].find((name) => process.versions[name] !== undefined);
  if (foreign !== undefined) {
    throw unsupported(
      `framelane runs on Node.js, not on ${foreign} ${process.versions[foreign]}: ` +
        'its event loop cannot wait for other processes the way this release does; use Node.js',
      [],
    );
  }
  const local = new URL(`../../lib/generated/framelane.${target}-gnu.node`, import.meta.url);
  const path = fileURLToPath(local);
  const name = `framelane-${target}-gnu`;
  const require = createRequire(import.meta.url);
  const causes: unknown[] = [];
  const tried: string[] = [];
  for (const place of existsSync(path) ? [path, name] : [name]) {
    try {
      return require(place) as Binding;
    } catch (error) {
      tried.push(`  ${place}: ${error instanceof Error ? firstLine(error) : String(error)}`);
      causes.push(error);
    }
  }
  throw unsupported(explain(target, name, tried), causes);
}

function firstLine(error: Error): string {
  return error.message.split('\n', 1)[0] ?? '';
}

function explain(target: string, name: string, tried: string[]): string {
  return [
    `framelane has no native part for ${target}, Node.js ${process.version}. Tried:`,
    ...tried,
    'Possible causes and what to do:',
    `  - optional dependencies were left out: npm install --include=optional, or ${name}`,
    '  - node_modules was copied from another system or CPU: remove it and install again',
    '  - the system is not Linux with glibc on x64 or arm64 (Alpine has musl): use one that is,',
    '    for instance the container image node:22-slim',
    '  - this is a checkout that has not been built: npm run build',
  ].join('\n');
}
