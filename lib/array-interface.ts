/** NumPy's `__array_interface__`, version 3: where values are and how they lie, for native code. */
import { dtypes, type Dtype } from './dtype.js';
import { FramelaneError } from './errors.js';
import { calling, COPIES, load, views } from './native.js';
import { isContiguous } from './strided.js';

/**
 * Where the values of a frame are and how they lie, as NumPy's protocol `__array_interface__`
 * says it, for native code in this process. Whoever uses the address holds the frame meanwhile:
 * the address stands for nothing once the frame is released.
 */
export interface ArrayInterface {
  readonly version: 3;
  /** Extents, the last dimension the fastest. */
  readonly shape: readonly number[];
  /** Byte order, kind and bytes of one value: `'|u1'`, `'<u2'`, `'<f4'`. */
  readonly typestr: string;
  /** Address of the first value, and whether the values must not be written. */
  readonly data: readonly [address: bigint, readonly: boolean];
  /** BYTES from one element to the next in each dimension; `null` where nothing lies between. */
  readonly strides: readonly number[] | null;
  /** Name and type of each field of an element; one without a name, unless a class says more. */
  readonly descr: readonly (readonly [name: string, typestr: string])[];
  /** Whether this is a copy: then nobody sees what is written to it. */
  readonly copied: boolean;
}

/** What of an array is needed to say all that. */
export interface Described {
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  readonly dtype: Dtype;
  /** Of the first value. */
  readonly address: number;
  readonly readonly: boolean;
  readonly copied: boolean;
  readonly descr?: ArrayInterface['descr'];
}

const kinds: Record<string, string> = { uint: 'u', int: 'i', float: 'f', bool: 'b' };

/** NumPy's code of an element type on a machine with the low byte first, as all of ours are. */
export function typestrOf(dtype: Dtype): string {
  const { bytes } = dtypes[dtype];
  const kind = kinds[dtype.replace(/\d+$/, '')]!;
  return `${bytes === 1 ? '|' : '<'}${kind}${bytes}`;
}

/** The interface of an array. */
export function arrayInterfaceOf(array: Described): ArrayInterface {
  const { shape, strides, dtype, address, readonly, copied } = array;
  const typestr = typestrOf(dtype);
  const { bytes } = dtypes[dtype];
  return {
    version: 3,
    shape: [...shape],
    typestr,
    data: [BigInt(address), readonly],
    strides: isContiguous(shape, strides) ? null : strides.map((stride) => stride * bytes),
    descr: array.descr ?? [['', typestr]],
    copied,
  };
}

/** Where bytes begin. */
export function addressOf(bytes: Uint8Array): number {
  return calling(() => load().addressOf(bytes));
}

/**
 * Where a frame's bytes begin in its slot; throws `ERR_FRAMELANE_EXTERNAL_MEMORY` where `data` is
 * a private copy.
 */
export function slotAddress(bytes: Uint8Array, action: string): number {
  if (views.memory !== COPIES) return addressOf(bytes);
  throw new FramelaneError(
    'ERR_FRAMELANE_EXTERNAL_MEMORY',
    `${action}: with memory 'copy' the values are a private copy without a lasting address; ` +
      'take data, or a copy that says so: toContiguous()',
  );
}
