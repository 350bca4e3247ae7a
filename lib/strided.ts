/**
 * Arrays as libraries of them hand them over, a typed array or one with a shape and strides:
 * checked, and copied into one piece.
 */
import { checkBytes, invalid, typedArrayTag } from './check.js';
import { dtypes, type Dtype, type TypedArray } from './dtype.js';
import { FramelaneError } from './errors.js';

/** Any typed array, on shared memory too. */
export type AnyArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** What `fromArray` takes beside a typed array: `ndarray` and its relatives; strides in values. */
export interface StridedArray<A = AnyArray> {
  readonly data: A;
  readonly shape: ArrayLike<number>;
  /** How many values of `data` lie from one element to the next; packed rows without it. */
  readonly stride?: ArrayLike<number>;
  /** The same by its other name. */
  readonly strides?: ArrayLike<number>;
  /** Index of the first value, 0 without it. */
  readonly offset?: number;
}

/** An array, checked: every element lies in `data`. */
export interface Strided {
  readonly data: TypedArray;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

// By tag: an array of another realm is no `instanceof` of ours.
const dtypeOfTag: Record<string, Dtype> = {
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Int8Array: 'int8',
  Uint16Array: 'uint16',
  Int16Array: 'int16',
  Uint32Array: 'uint32',
  Int32Array: 'int32',
  BigUint64Array: 'uint64',
  BigInt64Array: 'int64',
  Float32Array: 'float32',
  Float64Array: 'float64',
};

function dtypeOf(value: unknown): Dtype | undefined {
  return dtypeOfTag[typedArrayTag(value) ?? ''];
}

/**
 * A typed array of that type on the same memory, of the language's own class: what the user's says
 * of itself may be anything, and its methods too.
 */
export function plainArray(value: unknown, dtype: Dtype, what: string): TypedArray {
  const { buffer, byteOffset, byteLength } = checkBytes(value, what);
  const { array, bytes } = dtypes[dtype];
  // Shared memory does not show in the types.
  return new array(buffer as ArrayBuffer, byteOffset, byteLength / bytes);
}

/** A typed array, of one dimension then, or an object with `data` and `shape`. */
export function readStrided(value: unknown, what: string): Strided {
  const flat = dtypeOf(value);
  if (flat !== undefined) {
    const data = plainArray(value, flat, what);
    return { data, dtype: flat, shape: [data.length], strides: [1], offset: 0 };
  }
  const {
    data,
    shape,
    stride,
    strides,
    offset = 0,
  } = (value ?? {}) as {
    [key in keyof StridedArray]?: unknown;
  };
  const dtype = dtypeOf(data);
  if (dtype === undefined || shape === undefined) {
    throw invalid(what, 'a typed array, or an object with data (a typed array) and shape', value);
  }
  const values = plainArray(data, dtype, what);
  const extents = readNumbers(shape, `${what}: shape`, 1);
  const given = stride ?? strides;
  const steps = given === undefined ? packed(extents) : readNumbers(given, `${what}: strides`);
  if (steps.length !== extents.length) {
    throw invalid(`${what}: strides`, `${extents.length} of them, as of shape`, steps.length);
  }
  const [first] = readNumbers([offset], `${what}: offset`, 0);
  const read = { data: values, dtype, shape: extents, strides: steps, offset: first! };
  checkInside(read, what);
  return read;
}

function readNumbers(value: unknown, what: string, least = -Infinity): number[] {
  const list = Array.isArray(value) || dtypeOf(value) !== undefined;
  if (!list) throw invalid(what, 'an array of whole numbers', value);
  const numbers = Array.from(value as ArrayLike<unknown>);
  for (const number of numbers) {
    if (!Number.isSafeInteger(number) || (number as number) < least) {
      const from = least === -Infinity ? '' : ` from ${least} on`;
      throw invalid(what, `whole numbers${from}`, number);
    }
  }
  return numbers as number[];
}

function packed(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

function checkInside({ data, shape, strides, offset }: Strided, what: string): void {
  let [least, most] = [offset, offset];
  shape.forEach((extent, axis) => {
    const reach = (extent - 1) * strides[axis]!;
    if (reach < 0) least += reach;
    else most += reach;
  });
  if (least >= 0 && most < data.length) return;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_LENGTH',
    `${what}: shape, strides and offset reach from index ${least} to ${most}, but data has ` +
      `${data.length} values; check shape and strides, which count values, not bytes`,
  );
}

/** How many elements an array has. */
export function countOf({ shape }: Strided): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * Copies the elements, the last dimension the fastest, to an array of as many.
 *
 * Throws `ERR_FRAMELANE_INVALID_LENGTH` where the source has become shorter since it was read.
 */
export function copyStrided(from: Strided, to: TypedArray): void {
  // Reading the options may have run code of the user that resized the memory.
  checkInside(from, 'fromArray');
  const { data, shape, strides, offset } = from;
  const plain = packed(shape).every((step, axis) => shape[axis] === 1 || strides[axis] === step);
  const [source, target] = [data as Float64Array, to as Float64Array];
  if (plain) {
    target.set(source.subarray(offset, offset + countOf(from)));
    return;
  }
  let at = 0;
  const copyAxis = (axis: number, start: number): void => {
    const [extent, step] = [shape[axis]!, strides[axis]!];
    if (axis + 1 < shape.length) {
      for (let index = 0; index < extent; index++) copyAxis(axis + 1, start + index * step);
      return;
    }
    for (let index = 0; index < extent; index++) target[at++] = source[start + index * step]!;
  };
  copyAxis(0, offset);
}
