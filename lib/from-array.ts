/** Arrays of others: which picture they are, and how they get into a slot. */
import { checkBytes, checkInteger, checkOptions, invalid, show } from './check.js';
import type { Dtype, TypedArray } from './dtype.js';
import { dtypes } from './dtype.js';
import {
  checkEncoding,
  checkShape,
  encodingRows,
  type Encoding,
  type EncodingInfo,
} from './encoding.js';
import { FramelaneError } from './errors.js';
import { LEASE, type Frame } from './frame.js';
import { fillSlot, markCopied, type Lease } from './lease.js';
import { bytesOf, numbersOf } from './region.js';
import { filled } from './saying.js';
import { readShape, shapeKeys, type ImageShape, type Wanted } from './shape.js';
import {
  copyStrided,
  layOut,
  layoutKeys,
  readStrided,
  readValues,
  wholePart,
  type ArrayLayout,
  type Strided,
  type Values,
} from './strided.js';

/**
 * What `Image.fromArray` takes beside the array. `strides` are from row to row, pixel to pixel and
 * channel to channel: `[row, pixel]` or `[row, pixel, channel]`.
 */
export interface FromArrayOptions<E extends Encoding = Encoding>
  extends Omit<ImageShape<E>, 'width' | 'height'>, ArrayLayout {
  width?: number;
  height?: number;
}

/** What `Image.fromRows` takes beside the rows. */
export type FromRowsOptions<E extends Encoding = Encoding> = Omit<
  FromArrayOptions<E>,
  keyof ArrayLayout
>;

/** Options of whoever makes a picture of an array. */
interface Given {
  readonly width?: unknown;
  readonly height?: unknown;
  readonly strides?: unknown;
  readonly order?: unknown;
}

/** What images and depth images do differently. */
export interface PictureKind<G extends Given, W extends Wanted> {
  /** The encoding of values of a type, where it does not follow from the number of channels. */
  known(dtype: Dtype, given: G): EncodingInfo | null;
  /** The encoding of so many channels; throws where there is none. */
  encoding(dtype: Dtype, channels: number, given: G): EncodingInfo;
  wanted(given: G, row: EncodingInfo, size: { width: unknown; height: unknown }): W;
}

/** An array that has been checked against a picture. */
export interface Source<W extends Wanted> {
  readonly wanted: W;
  readonly values: Strided;
}

type ImageGiven = { readonly [key in (typeof keys)[number]]?: unknown };

const keys = [...shapeKeys, ...layoutKeys] as const;

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

const image: PictureKind<ImageGiven, Wanted> = {
  known: (dtype, { encoding }) => {
    checkType(dtype, 'fromArray');
    return encoding === undefined ? null : checkEncoding(encoding);
  },
  encoding: (dtype, channels, { encoding }) => {
    checkType(dtype, 'fromArray');
    return chooseEncoding(encoding, dtype, channels, 'fromArray');
  },
  wanted: (given, { name }, size) => readShape({ ...given, ...size, encoding: name }),
};

/** What `Image.fromArray` was given, checked. */
export function readArray(array: unknown, options: unknown): Source<Wanted> {
  return readPicture(array, checkOptions(options, keys, 'fromArray'), image);
}

/** What `fromArray` was given, checked: an array, and a picture of that kind. */
export function readPicture<G extends Given, W extends Wanted>(
  array: unknown,
  given: G,
  kind: PictureKind<G, W>,
): Source<W> {
  const flat = ArrayBuffer.isView(array);
  return flat
    ? readFlat(readValues(array, 'fromArray'), given, kind)
    : readShaped(array, given, kind);
}

/** A typed array: its shape stands in the options. */
function readFlat<G extends Given, W extends Wanted>(
  { data, dtype }: Values,
  given: G,
  kind: PictureKind<G, W>,
): Source<W> {
  const known = kind.known(dtype, given);
  const size = sizeOfFlat(data.length, given, known);
  const channels = known === null ? channelsOfFlat(data.length, size, given) : arrayChannels(known);
  const row = kind.encoding(dtype, channels, given);
  const wanted = kind.wanted(given, row, size);
  const { strides, order } = given;
  const shape = shapeOfFlat(wanted, lengthOf(strides) !== 3);
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (strides === undefined && data.length !== count) throw badLength(wanted, count, data.length);
  return { wanted, values: layOut({ data, dtype }, shape, { strides, order }, 'fromArray') };
}

function badLength({ row, width, height }: Wanted, count: number, got: number): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_LENGTH',
    `fromArray: ${width}x${height} ${row.name} has ${count} values, the array has ${got}; check ` +
      'width, height and type, or pass strides',
  );
}

/** Values of a place: a picture in planes is one array of rows under each other. */
function arrayChannels({ planes, channels }: EncodingInfo): number {
  return planes > 1 ? 1 : channels;
}

/** Extents of a picture as one array; of one channel in two dimensions, unless three are meant. */
function shapeOfFlat({ row, width, height }: Wanted, two: boolean): number[] {
  const rows = row.planes > 1 ? (height * 3) / 2 : height;
  const channels = arrayChannels(row);
  return channels === 1 && two ? [rows, width] : [rows, width, channels];
}

/** Width and height, one of which can follow from the other where the encoding is known. */
function sizeOfFlat(length: number, { width, height, strides }: Given, row: EncodingInfo | null) {
  if (width !== undefined && height !== undefined) return { width, height };
  const known = width ?? height;
  if (known === undefined || row === null || strides !== undefined) {
    const missing = width === undefined ? 'width' : 'height';
    const way = strides === undefined ? `${missing}, or encoding` : missing;
    const need = known === undefined ? 'width and height' : way;
    throw invalid(`fromArray: ${missing}`, `${need}: a typed array has no shape`, undefined);
  }
  const side = checkInteger(known, width === undefined ? 'height' : 'width', 1, 2 ** 31 - 1);
  const perPixel = row.bytesPerPixel / row.itemBytes;
  const other = Math.floor(length / (side * perPixel));
  return width === undefined ? { width: other, height: side } : { width: side, height: other };
}

/** The channels of a flat array of which only the size is known. */
function channelsOfFlat(
  length: number,
  { width, height }: { width: unknown; height: unknown },
  { strides }: Given,
): number {
  // Both are checked here, so that what is no number is not divided by.
  checkShape(checkEncoding('mono8'), width, height);
  if (strides !== undefined) {
    if (lengthOf(strides) === 2) return 1;
    throw invalid('fromArray: encoding', 'an encoding beside three strides', undefined);
  }
  const channels = length / ((width as number) * (height as number));
  if (Number.isInteger(channels)) return channels;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_LENGTH',
    `fromArray: ${length} values are not ${show(width)}x${show(height)} pixels of as many ` +
      'channels each; check width and height, or pass strides',
  );
}

/** An array that says its shape. */
function readShaped<G extends Given, W extends Wanted>(
  array: unknown,
  given: G,
  kind: PictureKind<G, W>,
): Source<W> {
  const { strides, order } = given;
  const values = readStrided(array, 'fromArray', { strides, order });
  const { shape, dtype } = values;
  const [rows = 0, width = 0, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3) {
    const expected = '[height, width] or [height, width, channels]';
    throw invalid('fromArray: shape', expected, `${shape.length} dimensions`);
  }
  const row = kind.encoding(dtype, channels, given);
  const height = row.planes > 1 ? (rows * 2) / 3 : rows;
  agree(given.width, width, 'width');
  agree(given.height, height, 'height');
  return { wanted: kind.wanted(given, row, { width, height }), values };
}

function agree(given: unknown, own: number, what: string): void {
  if (given === undefined || given === own) return;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `fromArray: ${what} is ${show(given)}, but ${own} by the array's shape; leave it out`,
  );
}

function checkType(dtype: Dtype, what: string): void {
  if (dtype === 'uint8' || dtype === 'uint16' || dtype === 'float32') return;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ENCODING',
    `${what}: images have values of uint8, uint16 or float32, got ${dtype}; convert them before, ` +
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
  const count = arrayChannels(row);
  if (row.dtype === dtype && count === channels) return row;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ENCODING',
    `${what}: ${row.name} takes ${count} channels of ${row.dtype}, the array has ${channels} ` +
      `of ${dtype}; pass another encoding or convert the values before`,
  );
}

function lengthOf(value: unknown): number {
  const length: unknown = (value as { length?: unknown } | null | undefined)?.length;
  return typeof length === 'number' ? length : -1;
}

/** Fills a new frame with an array: one copy; where that fails, the frame's slot goes back. */
export function gathered<F extends Frame & { readonly data: unknown }>(
  frame: F,
  values: Strided,
): F {
  return filled(frame, () => {
    const lease = frame[LEASE];
    const whole = wholePart(values, 'fromArray');
    if (whole !== null && dtypes[values.dtype].code === lease.dtype) {
      fillSlot(lease, bytesOf(whole));
    } else {
      copyStrided(values, frame.data as TypedArray, 'fromArray');
    }
    markCopied(lease);
  });
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
    readValues((rows as ArrayLike<unknown>)[y], `fromRows: row ${y}`),
  );
  const { data, dtype } = list[0]!;
  checkType(dtype, 'fromRows: row 0');
  if (given.height !== undefined && given.height !== count) {
    throw invalid('fromRows: height', `as many as there are rows, ${count}`, given.height);
  }
  const row = encodingOfRows(given, dtype, data.length);
  const width = given.width ?? data.length / row.channels;
  const wanted = readShape({ ...given, width, height: count, encoding: row.name });
  const lines = list.map((line, y) => {
    if (line.dtype !== dtype) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_ENCODING',
        `fromRows: row ${y} has values of ${line.dtype}, row 0 of ${dtype}; convert them before`,
      );
    }
    if (line.data.length !== wanted.width * row.channels) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_LENGTH',
        `fromRows: a row of ${wanted.width} ${row.name} pixels has ` +
          `${wanted.width * row.channels} values, row ${y} has ${line.data.length}; cut off ` +
          'padding with subarray()',
      );
    }
    return checkBytes(line.data, `fromRows: row ${y}`);
  });
  return { wanted, lines };
}

/** The encoding of rows of so many values. */
function encodingOfRows(
  { encoding, width }: ImageGiven,
  dtype: Dtype,
  length: number,
): EncodingInfo {
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
