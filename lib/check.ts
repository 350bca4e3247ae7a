/** Checks of arguments: each gives the value back, or throws and says what was expected. */
import { FramelaneError } from './errors.js';

/** Longest piece of a user's string that an error shows. */
const SHOWN_MAX = 60;

/** Says in a few words what a value is, for "got …". */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > SHOWN_MAX
        ? `${JSON.stringify(value.slice(0, SHOWN_MAX))}… (${value.length} characters)`
        : JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`;
    case 'object':
      return value === null ? 'null' : showObject(value);
    default:
      return String(value);
  }
}

function showObject(value: object): string {
  if (Array.isArray(value)) return 'an array';
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `a value of type ${name}`
    : 'an object';
}

/** An argument of the wrong type or out of range. */
export function invalid(what: string, expected: string, got: unknown): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `${what}: expected ${expected}, got ${show(got)}`,
  );
}

/** An options object without unknown keys; `undefined` counts as an empty one. */
export function checkOptions<K extends string>(
  value: unknown,
  known: readonly K[],
  what: string,
): { readonly [key in K]?: unknown } {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(what, `an object with ${listOf(known)}`, value);
  }
  // Makes no list of the keys: this is done for each frame.
  for (const key in value) {
    if (!(known as readonly string[]).includes(key) && Object.hasOwn(value, key)) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_ARGUMENT',
        `${what}: unknown option ${JSON.stringify(key)}; known are ${listOf(known)}`,
      );
    }
  }
  return value as { readonly [key in K]?: unknown };
}

function listOf(words: readonly string[]): string {
  return words.length === 0 ? 'no options' : words.join(', ');
}

/** A whole number of the range `min` to `max`, both included. */
export function checkInteger(value: unknown, what: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(what, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}

/** A boolean. */
export function checkBoolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw invalid(what, 'true or false', value);
  return value;
}

/** One of some words. */
export function checkWord<W extends string>(
  value: unknown,
  what: string,
  words: Readonly<Record<W, unknown>>,
): W {
  if (typeof value === 'string' && Object.hasOwn(words, value)) return value as W;
  const known = Object.keys(words).map((word) => `'${word}'`);
  throw invalid(what, known.join(' or '), value);
}

/** Bytes as users have them: a buffer, or any view on one. */
export type BytesLike = ArrayBufferLike | ArrayBufferView;

/**
 * The bytes of a buffer or of a view on one, not copied.
 *
 * Throws `ERR_FRAMELANE_DETACHED_BUFFER` where the memory has been moved away.
 */
export function checkBytes(value: unknown, what: string): Uint8Array {
  const view = ArrayBuffer.isView(value);
  if (!view && !isBuffer(value)) {
    throw invalid(what, 'an ArrayBuffer, a typed array, a Buffer or a DataView', value);
  }
  try {
    // A view of a detached buffer has length 0; only making a new one on it tells the two apart.
    return view ? bytesOfView(value) : new Uint8Array(value);
  } catch (cause) {
    throw new FramelaneError(
      'ERR_FRAMELANE_DETACHED_BUFFER',
      `${what}: the buffer has been detached (transferred to a worker or by structuredClone), ` +
        'so its bytes are gone; pass the bytes before they are transferred',
      { cause },
    );
  }
}

type Getter = (this: unknown) => unknown;

function gettersOf(prototype: object): Record<'buffer' | 'byteOffset' | 'byteLength', Getter> {
  const get = (name: string): Getter =>
    Object.getOwnPropertyDescriptor(prototype, name)!.get as Getter;
  return { buffer: get('buffer'), byteOffset: get('byteOffset'), byteLength: get('byteLength') };
}

// A class of the user's can say anything of its memory by properties of the same names.
const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as object;
const ofTypedArray = gettersOf(typedArrays);
const ofDataView = gettersOf(DataView.prototype);
const tagGetter = Object.getOwnPropertyDescriptor(typedArrays, Symbol.toStringTag)!.get as Getter;

/** Which typed array a value really is, `'Uint8Array'` for instance; of any realm. */
export function typedArrayTag(value: unknown): string | undefined {
  return tagGetter.call(value) as string | undefined;
}

function bytesOfView(view: ArrayBufferView): Uint8Array {
  const { buffer, byteOffset, byteLength } =
    typedArrayTag(view) === undefined ? ofDataView : ofTypedArray;
  return new Uint8Array(
    buffer.call(view) as ArrayBufferLike,
    byteOffset.call(view) as number,
    byteLength.call(view) as number,
  );
}

/** By tag: a buffer of another realm (`vm`, some test runners) is no `instanceof` of ours. */
function isBuffer(value: unknown): value is ArrayBufferLike {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]';
}
