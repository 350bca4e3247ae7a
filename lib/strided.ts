/**
 * Arrays as libraries of them hand them over, a typed array or one with a shape and strides, of any
 * type and number of dimensions: read, checked, and copied into one piece. All strides and offsets
 * here count values, not bytes.
 */
import { checkBytes, checkWord, invalid, typedArrayTag } from './check.js';
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

/** What `fromArray` takes beside a typed array: `ndarray` and its relatives. */
export interface StridedArray<A = AnyArray> {
  readonly data: A;
  /** Extents: `[height, width]` or `[height, width, channels]` of images. */
  readonly shape: ArrayLike<number>;
  /**
   * How many values of `data` lie from one element to the next, in each dimension; may be negative.
   * Without it rows follow each other, unless `fromArray` is told otherwise.
   */
  readonly stride?: ArrayLike<number>;
  /** The same by its other name. */
  readonly strides?: ArrayLike<number>;
  /** Index of the first value, 0 without it. */
  readonly offset?: number;
}

/** How the values of an array lie that does not say it itself. */
export interface ArrayLayout {
  /**
   * How many VALUES lie from one element to the next, in each dimension; may be negative, for an
   * array with an offset.
   */
  strides?: ArrayLike<number>;
  /** `'F'`: columns lie one after another, as Fortran and MATLAB have them; else `'C'`: rows. */
  order?: 'C' | 'F';
}

/** The same before it is checked. */
export type GivenLayout = { readonly [key in keyof ArrayLayout]?: unknown };

/** What options of that kind are called. */
export const layoutKeys = ['strides', 'order'] as const satisfies (keyof ArrayLayout)[];

/** A typed array, checked. */
export interface Values {
  readonly data: TypedArray;
  readonly dtype: Dtype;
}

/** An array, checked: every element lies in `data`. */
export interface Strided extends Values {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

// By tag: an array of another realm is no `instanceof` of ours.
const dtypeOfTag: Readonly<Record<string, Dtype>> = {
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

const orders = { C: 'C', F: 'F' } as const;

/**
 * A typed array, as one of the language's own class on the same memory: what the user's says of
 * itself may be anything, and its methods too.
 */
export function readValues(
  value: unknown,
  what: string,
  expected = `one of ${Object.keys(dtypeOfTag).join(', ')}`,
): Values {
  const dtype = dtypeOfTag[typedArrayTag(value) ?? ''];
  if (dtype === undefined) throw invalid(what, expected, value);
  const { buffer, byteOffset, byteLength } = checkBytes(value, what);
  const { array, bytes } = dtypes[dtype];
  // Shared memory does not show in the types.
  return { data: new array(buffer as ArrayBuffer, byteOffset, byteLength / bytes), dtype };
}

/**
 * A typed array, of one dimension then, or an object with `data` and `shape`, whose layout may
 * stand beside it.
 *
 * Throws `ERR_FRAMELANE_INVALID_LENGTH` where not all elements lie in the data,
 * `ERR_FRAMELANE_INVALID_ARGUMENT`, `ERR_FRAMELANE_DETACHED_BUFFER`.
 */
export function readStrided(value: unknown, what: string, beside: GivenLayout = {}): Strided {
  if (ArrayBuffer.isView(value)) {
    const values = readValues(value, what);
    return layOut(values, [values.data.length], beside, what);
  }
  type Fields = { readonly [key in keyof StridedArray]?: unknown };
  const { data, shape, stride, strides, offset = 0 } = (value ?? {}) as Fields;
  const expected = 'a typed array, or an object with data (a typed array) and shape';
  if (data === undefined || shape === undefined) throw invalid(what, expected, value);
  const values = readValues(data, `${what}: data`);
  const extents = readNumbers(shape, `${what}: shape`, 1);
  const own = stride ?? strides;
  if (own !== undefined && (beside.strides !== undefined || beside.order !== undefined)) {
    throw invalid(`${what}: strides and order`, 'none beside an array with strides', own);
  }
  const [first] = readNumbers([offset], `${what}: offset`, 0);
  const layout = own === undefined ? beside : { strides: own };
  return layOut(values, extents, layout, what, first);
}

/** Values as an array of that shape; throws as `readStrided` does. */
export function layOut(
  { data, dtype }: Values,
  shape: readonly number[],
  { strides: given, order }: GivenLayout,
  what: string,
  offset = 0,
): Strided {
  const known = order === undefined ? undefined : checkWord(order, `${what}: order`, orders);
  if (given !== undefined && known !== undefined) {
    throw invalid(`${what}: order`, 'none beside strides', known);
  }
  const strides =
    given === undefined ? stridesOf(shape, known) : readNumbers(given, `${what}: strides`);
  if (strides.length !== shape.length) {
    throw invalid(`${what}: strides`, `${shape.length} of them, as of shape`, strides.length);
  }
  const array = { data, dtype, shape, strides, offset };
  checkInside(array, what);
  return array;
}

/** An array of one dimension as one of several that has as many elements. */
export function foldInto(from: Strided, shape: readonly number[], order?: unknown): Strided {
  const [step] = from.strides as [number];
  const strides = stridesOf(shape, order).map((stride) => stride * step);
  return { ...from, shape, strides };
}

/** Whole numbers from `least` on. */
function readNumbers(value: unknown, what: string, least = -Infinity): number[] {
  const list = Array.isArray(value) || typedArrayTag(value) !== undefined;
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

function stridesOf(shape: readonly number[], order: unknown): number[] {
  return order === 'F' ? packedStrides([...shape].reverse()).reverse() : packedStrides(shape);
}

/** Strides of an array whose values follow each other, last dimension first. */
export function packedStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/** Whether elements follow each other; it does not matter how far a single one lies apart. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let packed = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    if (extent > 1 && strides[axis] !== packed) return false;
    packed *= extent;
  }
  return true;
}

/** How many elements an array has. */
export function countOf({ shape }: Strided): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function checkInside({ data, shape, strides, offset }: Strided, what: string): void {
  if (shape.includes(0)) return;
  // Far outside a sum may be rounded, which takes it no nearer.
  let least = offset;
  let most = offset;
  for (let axis = 0; axis < shape.length; axis++) {
    const reach = (shape[axis]! - 1) * strides[axis]!;
    if (reach < 0) least += reach;
    else most += reach;
  }
  if (least >= 0 && most < data.length) return;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_LENGTH',
    `${what}: shape, strides and offset reach from index ${least} to ${most}, but data has ` +
      `${data.length} values; check shape and strides, which count values, not bytes`,
  );
}

/**
 * The elements of an array where they are, if they follow each other already; else `null`.
 *
 * Throws `ERR_FRAMELANE_INVALID_LENGTH` where the data have become shorter since they were read:
 * reading options may have run code of the user that resized the memory.
 */
export function wholePart(from: Strided, what: string): TypedArray | null {
  checkInside(from, what);
  const { data, shape, strides, offset } = from;
  return isContiguous(shape, strides) ? data.subarray(offset, offset + countOf(from)) : null;
}

/**
 * Copies the elements, the last dimension the fastest, to an array of as many, whose type may be
 * another one with values of the same sort (numbers, or bigints).
 *
 * Throws as `wholePart` does.
 */
export function copyStrided(from: Strided, to: TypedArray, what: string): void {
  const whole = wholePart(from, what);
  if (whole !== null) {
    (to as Float64Array).set(whole as Float64Array);
    return;
  }
  const { data, shape, strides, offset } = from;
  if (data.constructor !== to.constructor) {
    copyAxes(axesOf(shape, strides, 1), data as Float64Array, offset, to as Float64Array);
    return;
  }
  // As integers: then the loops below see three types at most, and NaNs keep their bits.
  const words = Math.max(1, data.BYTES_PER_ELEMENT / 4);
  copyAxes(axesOf(shape, strides, words), wordsOf(data), offset * words, wordsOf(to));
}

type Words = Uint8Array | Uint16Array | Int32Array | Float64Array;

function wordsOf(array: TypedArray): Words {
  if (array instanceof Uint8Array || array instanceof Uint16Array) return array;
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: bytes } = array;
  if (bytes === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (bytes === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

/** A dimension: how many elements, and how far apart they are in the source and in the copy. */
interface Axis {
  readonly extent: number;
  readonly from: number;
  readonly to: number;
}

const ONE: Axis = { extent: 1, from: 0, to: 1 };

/** The dimensions of elements of so many words, those that are one together as one. */
function axesOf(shape: readonly number[], strides: readonly number[], words: number): Axis[] {
  const axes: Axis[] = words === 1 ? [] : [{ extent: words, from: 1, to: 1 }];
  let to = words;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [extent, from] = [shape[axis]!, strides[axis]! * words];
    const [inner] = axes;
    if (extent === 1) continue;
    if (inner !== undefined && from === inner.from * inner.extent) {
      axes[0] = { ...inner, extent: inner.extent * extent };
    } else {
      axes.unshift({ extent, from, to });
    }
    to *= extent;
  }
  return axes;
}

/** From how many words on `set` is faster than a loop. */
const RUN = 24;
/** A last dimension shorter than this is taken with the one before it. */
const SHORT = 8;
/** Columns that are gathered of each row before the next row comes: that many cache lines. */
const TILE = 32;

/** Whole runs where there are some; else single words. */
function copyAxes(axes: readonly Axis[], source: Words, start: number, target: Words): void {
  const outer = [...axes];
  const last = outer.pop() ?? ONE;
  if (last.from === 1 && last.extent >= RUN) {
    const rows = outer.pop() ?? ONE;
    each(outer, start, 0, (from, to) => {
      copyRuns(source, from, target, to, last.extent, rows);
    });
    return;
  }
  const isShort = last.extent < SHORT && outer.length > 0;
  const channels = isShort ? last : ONE;
  const columns = isShort ? (outer.pop() ?? ONE) : last;
  // Where what is next to each other in the source is not so in the copy: the rows of a tile.
  const steps = outer.map(({ from }) => Math.abs(from));
  const nearest = steps.indexOf(Math.min(...steps));
  const crossed = outer.length > 0 && steps[nearest]! < Math.abs(columns.from);
  const rows = outer.splice(crossed ? nearest : -1, 1)[0] ?? ONE;
  const plan = { rows, columns, channels, tile: crossed ? TILE : columns.extent };
  each(outer, start, 0, (from, to) => {
    gather(source, from, target, to, plan);
  });
}

function copyRuns(
  source: Words,
  start: number,
  target: Words,
  first: number,
  length: number,
  rows: Axis,
): void {
  for (let y = 0; y < rows.extent; y++) {
    const from = start + y * rows.from;
    target.set(source.subarray(from, from + length), first + y * rows.to);
  }
}

/** Goes over the elements of the outer dimensions. */
function each(
  axes: readonly Axis[],
  from: number,
  to: number,
  visit: (from: number, to: number) => void,
  level = 0,
): void {
  const axis = axes[level];
  if (axis === undefined) {
    visit(from, to);
    return;
  }
  for (let index = 0; index < axis.extent; index++) {
    each(axes, from + index * axis.from, to + index * axis.to, visit, level + 1);
  }
}

/** The innermost three dimensions; the last two of them follow each other in the copy. */
interface Plan {
  readonly rows: Axis;
  readonly columns: Axis;
  readonly channels: Axis;
  /** Columns of a tile. */
  readonly tile: number;
}

/** Word by word, in tiles, so that columns that follow each other are read from the cache. */
function gather(source: Words, start: number, target: Words, first: number, plan: Plan): void {
  const { rows, columns, channels, tile } = plan;
  for (let left = 0; left < columns.extent; left += tile) {
    const count = Math.min(tile, columns.extent - left);
    for (let y = 0; y < rows.extent; y++) {
      const from = start + y * rows.from + left * columns.from;
      const to = first + y * rows.to + left * channels.extent;
      gatherLine(source, from, target, to, count, columns.from, channels);
    }
  }
}

/** Written out for few channels: half the time, and less, of what a loop in a loop takes. */
function gatherLine(
  source: Words,
  from: number,
  target: Words,
  to: number,
  count: number,
  right: number,
  { extent: depth, from: deep }: Axis,
): void {
  const stop = to + count * depth;
  let at = to;
  if (depth === 1) {
    for (let x = from; at < stop; x += right) target[at++] = source[x]!;
  } else if (depth === 2) {
    for (let x = from; at < stop; x += right) {
      target[at++] = source[x]!;
      target[at++] = source[x + deep]!;
    }
  } else if (depth === 3) {
    for (let x = from; at < stop; x += right) {
      target[at++] = source[x]!;
      target[at++] = source[x + deep]!;
      target[at++] = source[x + 2 * deep]!;
    }
  } else {
    for (let x = from; at < stop; x += right) {
      for (let c = 0; c < depth; c++) target[at++] = source[x + c * deep]!;
    }
  }
}
