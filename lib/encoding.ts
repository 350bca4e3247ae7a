/** Pixel formats: the generated table, types derived from it, and what a frame of one needs. */
import { show } from './check.js';
import { dtypes, type Dtype, type TypedArray, type TypedArrayOf } from './dtype.js';
import { FramelaneError } from './errors.js';
import { encodings } from './generated/encodings.js';

/**
 * How the pixels of an image are laid out. `yuv422` is Y0 U Y1 V and needs an even width;
 * `bayer_rggb8` is a raw sensor mosaic; `depth16` is millimetres; `mono32f` and `rgb32f` are
 * 32-bit floats; the digits are bits a value.
 */
export type Encoding = keyof typeof encodings;

/** The element type of an encoding's values. */
export type DtypeOf<E extends Encoding> = (typeof encodings)[E]['dtype'];

/** The typed array of an encoding's values: `Uint8Array` for `rgb8`. */
export type DataOf<E extends Encoding> = TypedArrayOf<DtypeOf<E>>;

/** One row of the table, with what follows from it. */
export interface EncodingInfo {
  readonly name: Encoding;
  readonly code: number;
  /** Values a pixel has. */
  readonly channels: number;
  readonly bytesPerPixel: number;
  /** The width must be a multiple of this. */
  readonly widthMultiple: number;
  readonly dtype: Dtype;
  readonly dtypeCode: number;
  /** Bytes of one value. */
  readonly itemBytes: number;
  readonly array: new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
}

function rowOf(name: Encoding): EncodingInfo {
  const { code, channels, bytesPerPixel, widthMultiple, dtype } = encodings[name];
  const { code: dtypeCode, bytes: itemBytes, array } = dtypes[dtype];
  return {
    name,
    code,
    channels,
    bytesPerPixel,
    widthMultiple,
    dtype,
    dtypeCode,
    itemBytes,
    array,
  };
}

const names = Object.keys(encodings) as Encoding[];

/** The rows by code. */
export const encodingRows: readonly EncodingInfo[] = names
  .map(rowOf)
  .sort((a, b) => a.code - b.code);

const rowByName = new Map<unknown, EncodingInfo>(encodingRows.map((row) => [row.name, row]));

/** The row of a name; throws `ERR_FRAMELANE_INVALID_ENCODING` for anything else. */
export function checkEncoding(name: unknown): EncodingInfo {
  const row = rowByName.get(name);
  if (row === undefined) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `encoding: expected one of ${names.join(', ')}, got ${show(name)}`,
    );
  }
  return row;
}

/** The row of a code that stands in shared memory. */
export function rowOfCode(code: number): EncodingInfo {
  const row = encodingRows[code];
  if (row === undefined) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `the frame's encoding has the code ${code}, which this release does not know; ` +
        'install the release that its publisher uses',
    );
  }
  return row;
}

/** Largest width and height: the descriptor keeps them as unsigned, others as signed numbers. */
const SIDE_MAX = 2 ** 31 - 1;
/** Most bytes of a row: the descriptor keeps 32 bits. */
const ROW_MAX = 2 ** 32 - 1;
/** Most bytes of a frame: the descriptor keeps 48 bits. */
const FRAME_MAX = 2 ** 48 - 1;

function badSize(text: string): FramelaneError {
  return new FramelaneError('ERR_FRAMELANE_INVALID_SIZE', text);
}

function checkSide(value: unknown, what: string): number {
  if (typeof value !== 'number') {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ARGUMENT',
      `${what}: expected a number of pixels, got ${show(value)}`,
    );
  }
  if (!Number.isInteger(value) || value < 1 || value > SIDE_MAX) {
    throw badSize(`${what}: expected a whole number from 1 to ${SIDE_MAX}, got ${value}`);
  }
  return value;
}

/**
 * Checks width and height against an encoding and gives the bytes of one packed row.
 *
 * Throws `ERR_FRAMELANE_INVALID_SIZE`, or `ERR_FRAMELANE_INVALID_ARGUMENT` for what is no number.
 */
export function checkShape(row: EncodingInfo, width: unknown, height: unknown): number {
  const columns = checkSide(width, 'width');
  const rows = checkSide(height, 'height');
  if (columns % row.widthMultiple !== 0) {
    throw badSize(
      `width: ${row.name} needs a multiple of ${row.widthMultiple}, got ${columns}; ` +
        'crop or pad the picture, or use another encoding',
    );
  }
  const rowBytes = columns * row.bytesPerPixel;
  if (rowBytes > ROW_MAX) {
    throw badSize(
      `width: a row of ${columns} ${row.name} pixels takes ${rowBytes} bytes, at most ` +
        `${ROW_MAX} are possible`,
    );
  }
  if (rowBytes * rows > FRAME_MAX) {
    throw badSize(
      `width and height: ${columns}x${rows} ${row.name} takes about ${rowBytes * rows} bytes, ` +
        `at most ${FRAME_MAX} are possible`,
    );
  }
  return rowBytes;
}
