/** Arrays of other libraries, checked: what image they are, and where its values are in them. */
import { checkBytes, checkInteger, checkOptions, invalid, show, typedArrayTag } from './check.js';
import type { Dtype } from './dtype.js';
import {
  checkEncoding,
  checkShape,
  encodingRows,
  type Encoding,
  type EncodingInfo,
} from './encoding.js';
import { FramelaneError } from './errors.js';
import { fillSlot, type Lease } from './lease.js';
import { numbersOf, packedStrides, type Numbers } from './region.js';
import { readShape, shapeKeys, type ImageShape, type Wanted } from './shape.js';
import { plainArray } from './strided.js';

/** A flat array with a shape, as `ndarray` and its relatives have it. */
export interface NdarrayInput {
  readonly data: ArrayBufferView;
  /** `[height, width]` or `[height, width, channels]`. */
  readonly shape: ArrayLike<number>;
  /** How many values of `data` lie from one element to the next; may be negative. */
  readonly stride?: ArrayLike<number>;
  readonly strides?: ArrayLike<number>;
  /** Index of the first value. */
  readonly offset?: number;
}

/** What `Image.fromArray` takes beside the array. */
export interface FromArrayOptions<E extends Encoding = Encoding> extends Omit<
  ImageShape<E>,
  'width' | 'height'
> {
  width?: number;
  height?: number;
  /**
   * How many VALUES of the array lie from one row, one pixel and one channel to the next, as
   * `[row, pixel]` or `[row, pixel, channel]`; may be negative, for an array with an offset.
   */
  strides?: ArrayLike<number>;
  /** `'F'`: columns lie one after another, as Fortran and MATLAB have them; else `'C'`: rows. */
  order?: 'C' | 'F';
}

/** What `Image.fromRows` takes beside the rows. */
export type FromRowsOptions<E extends Encoding = Encoding> = Omit<
  FromArrayOptions<E>,
  'strides' | 'order'
>;

/** An array that has been checked against an image. */
export interface Source {
  readonly wanted: Wanted;
  readonly values: Numbers;
  /** Of the first value. */
  readonly offset: number;
  /** From row to row, pixel to pixel, channel to channel; in values. */
  readonly strides: readonly [number, number, number];
  /** Rows, values of a row, values of a place: those of a picture in planes are one array. */
  readonly extents: readonly [number, number, number];
}

const keys = [...shapeKeys, 'strides', 'order'] as const;
type Given = { readonly [key in (typeof keys)[number]]?: unknown };

/** The encoding that an array is of where nobody says; nothing where there are several or none. */
const inferred: Readonly<Record<string, Encoding>> = {
  'uint8 x 1': 'mono8',
  'uint16 x 1': 'mono16',
  'float32 x 1': 'mono32f',
  'uint8 x 3': 'rgb8',
  'uint16 x 3': 'rgb16',
  'float32 x 3': 'rgb32f',
  'uint8 x 4': 'rgba8',
  'uint16 x 4': 'rgba16',
  'float32 x 4': 'rgba32f',
};

const dtypeByTag: Readonly<Record<string, Dtype>> = {
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Uint16Array: 'uint16',
  Float32Array: 'float32',
};

/** A typed array of numbers that images can have. */
function checkValues(value: unknown, what: string): { values: Numbers; dtype: Dtype } {
  const tag = typedArrayTag(value) ?? (ArrayBuffer.isView(value) ? 'DataView' : '');
  const dtype = Object.hasOwn(dtypeByTag, tag) ? dtypeByTag[tag] : undefined;
  const expected = `one of ${Object.keys(dtypeByTag).join(', ')}`;
  if (dtype !== undefined) return { values: plainArray(value, dtype, what) as Numbers, dtype };
  if (tag === '') throw invalid(what, expected, value);
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ENCODING',
    `${what}: images have values of uint8, uint16 or float32, got ${tag}; convert them before, ` +
      'for instance Float32Array.from(array)',
  );
}

/** The encoding of an array of so many channels. */
function chooseEncoding(given: unknown, dtype: Dtype, channels: number, what: string) {
  if (given === undefined) {
    const name = inferred[`${dtype} x ${channels}`];
    if (name !== undefined) return checkEncoding(name);
    const fits = encodingRows
      .filter((row) => row.dtype === dtype && row.channels === channels && row.planes === 1)
      .map((row) => row.name);
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `${what}: ${channels} channels of ${dtype} are no encoding by themselves; expected ` +
        `${Object.keys(inferred).join(', ')}; ` +
        (fits.length > 0 ? `pass encoding: ${fits.join(' or ')}` : 'check width and height'),
    );
  }
  const row = checkEncoding(given);
  const count = row.planes > 1 ? 1 : row.channels;
  if (row.dtype === dtype && count === channels) return row;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ENCODING',
    `${what}: ${row.name} takes ${count} channels of ${row.dtype}, the array has ${channels} ` +
      `of ${dtype}; pass another encoding or convert the values before`,
  );
}

/** What `fromArray` was given, checked. */
export function readArray(array: unknown, options: unknown): Source {
  const given = checkOptions(options, keys, 'fromArray');
  if (ArrayBuffer.isView(array)) return readFlat(array, given);
  if (typeof array === 'object' && array !== null && 'data' in array && 'shape' in array) {
    return readShaped(array as { data: unknown; shape: unknown }, given);
  }
  throw invalid('fromArray', 'a typed array or { data, shape, stride, offset }', array);
}

/** A typed array: its shape stands in the options. */
function readFlat(array: unknown, given: Given): Source {
  const { values, dtype } = checkValues(array, 'fromArray');
  const explicit = given.encoding === undefined ? null : checkEncoding(given.encoding);
  const { width, height } = sizeOfFlat(values.length, given, explicit);
  const row = explicit ?? rowOfFlat(values, dtype, width, height, given);
  chooseEncoding(row.name, dtype, row.planes > 1 ? 1 : row.channels, 'fromArray');
  const wanted = readShape({ ...given, width, height, encoding: row.name });
  const extents = extentsOf(wanted);
  const strides = stridesOf(given, given.strides, extents);
  if (given.strides === undefined) {
    const count = extents[0] * extents[1] * extents[2];
    if (values.length !== count) throw badLength(wanted, count, values.length);
  }
  return bounded({ wanted, values, offset: 0, strides, extents });
}

function badLength({ row, width, height }: Wanted, count: number, got: number): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_LENGTH',
    `fromArray: ${width}x${height} ${row.name} has ${count} values, the array has ${got}; check ` +
      'width, height and encoding, or pass strides',
  );
}

/** Width and height, one of which can follow from the other where the encoding is known. */
function sizeOfFlat(length: number, { width, height, strides }: Given, row: EncodingInfo | null) {
  if (width !== undefined && height !== undefined) return { width, height };
  const known = width ?? height;
  if (known === undefined || row === null || strides !== undefined) {
    const missing = width === undefined ? 'width' : 'height';
    const need = known === undefined ? 'width and height' : `${missing}, or encoding`;
    throw invalid(`fromArray: ${missing}`, `${need}: a typed array has no shape`, undefined);
  }
  const side = checkInteger(known, width === undefined ? 'height' : 'width', 1, 2 ** 31 - 1);
  const perPixel = row.bytesPerPixel / row.itemBytes;
  const other = Math.floor(length / (side * perPixel));
  return width === undefined ? { width: other, height: side } : { width: side, height: other };
}

/** The encoding of a flat array of which only the size is known. */
function rowOfFlat(
  values: Numbers,
  dtype: Dtype,
  width: unknown,
  height: unknown,
  { strides }: Given,
): EncodingInfo {
  // Both are checked here, so that what is no number is not divided by.
  checkShape(checkEncoding('mono8'), width, height);
  if (strides !== undefined) {
    if (lengthOf(strides) === 2) return chooseEncoding(undefined, dtype, 1, 'fromArray');
    throw invalid('fromArray: encoding', 'an encoding beside three strides', undefined);
  }
  const channels = values.length / ((width as number) * (height as number));
  if (Number.isInteger(channels)) return chooseEncoding(undefined, dtype, channels, 'fromArray');
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_LENGTH',
    `fromArray: ${values.length} values are not ${show(width)}x${show(height)} pixels of as many ` +
      'channels each; check width and height, or pass strides',
  );
}

/** An array that says its shape. */
function readShaped(
  array: { data: unknown; shape: unknown; stride?: unknown; strides?: unknown; offset?: unknown },
  given: Given,
): Source {
  const { values, dtype } = checkValues(array.data, 'fromArray: data');
  const shape = checkList(array.shape, 'fromArray: shape', 'two or three extents', 1);
  const [rows = 0, columns = 0, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3) {
    throw invalid('fromArray: shape', '[height, width] or [height, width, channels]', show(shape));
  }
  const row = chooseEncoding(given.encoding, dtype, channels, 'fromArray');
  const height = row.planes > 1 ? (rows * 2) / 3 : rows;
  agree(given.width, columns, 'width');
  agree(given.height, height, 'height');
  const wanted = readShape({ ...given, width: columns, height, encoding: row.name });
  const own = array.stride ?? array.strides;
  if (own !== undefined && (given.strides !== undefined || given.order !== undefined)) {
    throw invalid('fromArray: strides and order', 'none beside an array with strides', own);
  }
  const extents = extentsOf(wanted);
  const strides = stridesOf(given, own ?? given.strides, extents, shape.length);
  const { offset = 0 } = array;
  const first = checkInteger(offset, 'fromArray: offset', 0, Math.max(0, values.length - 1));
  return bounded({ wanted, values, offset: first, strides, extents });
}

function agree(given: unknown, own: number, what: string): void {
  if (given === undefined || given === own) return;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `fromArray: ${what} is ${show(given)}, but ${own} by the array's shape; leave it out`,
  );
}

/** Rows, pixels of a row, values of a pixel; of a picture in planes its rows under each other. */
function extentsOf({ row, width, height }: Wanted): [number, number, number] {
  return row.planes > 1 ? [(height * 3) / 2, width, 1] : [height, width, row.channels];
}

/** From row to row, pixel to pixel, channel to channel. */
function stridesOf(
  { order }: Given,
  given: unknown,
  extents: readonly [number, number, number],
  dimensions = 0,
): [number, number, number] {
  const [rows, columns, channels] = extents;
  if (order !== undefined && order !== 'C' && order !== 'F') {
    throw invalid('fromArray: order', "'C' or 'F'", order);
  }
  if (given === undefined) {
    if (order === 'F') return [1, rows, rows * columns];
    return packedStrides(extents) as [number, number, number];
  }
  if (order !== undefined) throw invalid('fromArray: order', 'none beside strides', order);
  const strides = checkList(given, 'fromArray: strides', 'a whole number a dimension', -Infinity);
  const wanted = dimensions > 0 ? dimensions : channels > 1 ? 3 : strides.length;
  if (strides.length !== wanted || wanted < 2 || wanted > 3) {
    const count = dimensions > 0 ? dimensions : channels > 1 ? 3 : '2 or 3';
    throw invalid('fromArray: strides', `${count} of them`, `${strides.length}`);
  }
  return [strides[0]!, strides[1]!, strides[2] ?? 1];
}

/** Whole numbers from `least` on. */
function checkList(value: unknown, what: string, expected: string, least: number): number[] {
  const list = Array.isArray(value) || (ArrayBuffer.isView(value) && lengthOf(value) >= 0);
  if (!list) throw invalid(what, expected, value);
  const numbers = Array.from(value as ArrayLike<unknown>);
  for (const number of numbers) {
    if (!Number.isSafeInteger(number) || (number as number) < least) {
      throw invalid(what, least > 0 ? `whole numbers from ${least}` : expected, number);
    }
  }
  return numbers as number[];
}

function lengthOf(value: unknown): number {
  const length: unknown = (value as { length?: unknown } | null)?.length;
  return typeof length === 'number' ? length : -1;
}

/** The same, if every value of it is in the array. */
function bounded(source: Source): Source {
  const { values, offset, strides, extents } = source;
  // Far outside a sum may be rounded, which takes it no nearer.
  const reaches = strides.map((stride, axis) => stride * (extents[axis]! - 1));
  const first = reaches.reduce((sum, reach) => sum + Math.min(reach, 0), offset);
  const last = reaches.reduce((sum, reach) => sum + Math.max(reach, 0), offset);
  if (first >= 0 && last < values.length) return source;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `fromArray: strides and offset lead to values ${first} to ${last} of the array, which has ` +
      `${values.length}; check strides, offset, width and height`,
  );
}

/** Copies an array into a new frame: once, and at once where its rows follow each other. */
export function gather(source: Source, lease: Lease): void {
  // Reading the options may have run code of the user that resized the memory.
  const { values, offset, strides, extents } = bounded(source);
  const [rows, columns, channels] = extents;
  const [down, right, deep] = strides;
  const line = columns * channels;
  const whole = (channels === 1 || deep === 1) && (columns === 1 || right === channels);
  if (whole && (rows === 1 || down === line)) {
    const part = values.subarray(offset, offset + rows * line);
    fillSlot(lease, new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    return;
  }
  const to = numbersOf(lease);
  if (whole) {
    for (let y = 0; y < rows; y++) {
      const from = offset + y * down;
      to.set(values.subarray(from, from + line), y * line);
    }
    return;
  }
  scatter(source, to);
}

/** Columns that are gathered of each row before the next row comes: two cache lines of bytes. */
const TILE = 32;

/** Value by value, in tiles, so that columns that follow each other are read from the cache. */
function scatter({ values, offset, strides, extents }: Source, to: Numbers): void {
  const [rows, columns, channels] = extents;
  const [down, right, deep] = strides;
  for (let left = 0; left < columns; left += TILE) {
    const end = Math.min(left + TILE, columns);
    for (let y = 0; y < rows; y++) {
      let at = (y * columns + left) * channels;
      for (let x = left; x < end; x++) {
        let from = offset + y * down + x * right;
        for (let c = 0; c < channels; c++, from += deep) to[at++] = values[from]!;
      }
    }
  }
}

/** What `fromRows` was given, checked: the image, and its rows as bytes. */
export function readRows(rows: unknown, options: unknown): { wanted: Wanted; lines: Uint8Array[] } {
  const given = checkOptions(options, shapeKeys, 'fromRows');
  if (!Array.isArray(rows) && !(typeof rows === 'object' && lengthOf(rows) >= 0)) {
    throw invalid('fromRows', 'an array of typed arrays, one for each row', rows);
  }
  if (ArrayBuffer.isView(rows)) throw invalid('fromRows', 'one typed array for each row', rows);
  const count = checkInteger(lengthOf(rows), 'fromRows: rows', 1, 2 ** 31 - 1);
  const list = Array.from({ length: count }, (_, y) =>
    checkValues((rows as ArrayLike<unknown>)[y], `fromRows: row ${y}`),
  );
  const { values, dtype } = list[0]!;
  if (given.height !== undefined && given.height !== count) {
    throw invalid('fromRows: height', `as many as there are rows, ${count}`, given.height);
  }
  const row = encodingOfRows(given, dtype, values.length);
  const width = given.width ?? values.length / row.channels;
  const wanted = readShape({ ...given, width, height: count, encoding: row.name });
  const lines = list.map((line, y) => {
    if (line.dtype !== dtype) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_ENCODING',
        `fromRows: row ${y} has values of ${line.dtype}, row 0 of ${dtype}; convert them before`,
      );
    }
    if (line.values.length !== wanted.width * row.channels) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_LENGTH',
        `fromRows: a row of ${wanted.width} ${row.name} pixels has ` +
          `${wanted.width * row.channels} values, row ${y} has ${line.values.length}; cut off ` +
          'padding with subarray()',
      );
    }
    return checkBytes(line.values, `fromRows: row ${y}`);
  });
  return { wanted, lines };
}

/** The encoding of rows of so many values. */
function encodingOfRows({ encoding, width }: Given, dtype: Dtype, length: number): EncodingInfo {
  if (encoding === undefined) {
    if (width === undefined) {
      throw invalid('fromRows: encoding', 'encoding or width: rows have no shape', undefined);
    }
    const columns = checkInteger(width, 'fromRows: width', 1, 2 ** 31 - 1);
    return chooseEncoding(undefined, dtype, length / columns, 'fromRows');
  }
  const row = checkEncoding(encoding);
  if (row.planes > 1) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `fromRows: the planes of ${row.name} have rows of their own; use fromBytes, or new Image ` +
        'and planes',
    );
  }
  return chooseEncoding(encoding, dtype, row.channels, 'fromRows');
}

/** Copies rows into a new frame. */
export function gatherRows(lines: readonly Uint8Array[], lease: Lease): void {
  const values = numbersOf(lease);
  const to = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  lines.forEach((line, y) => to.set(line, y * line.length));
}
