/** Pixel formats: the generated table, types derived from it, and what a frame of one needs. */
import { invalid, show } from './check.js';
import { dtypes, type Dtype, type Elements, type TypedArrayOf } from './dtype.js';
import { FramelaneError } from './errors.js';
import { encodings } from './generated/encodings.js';

/**
 * How the pixels of an image are laid out; the digits are bits a value. `yuv422` and `yuyv` are the
 * same, Y0 U Y1 V, `uyvy` is U Y0 V Y1, and they need an even width. `nv12` is a plane of Y and one
 * of U V pairs, `i420` a plane each of Y, U and V, both with half the colour rows and columns; they
 * need an even width and height. `bayer_…` are raw sensor mosaics, named by the first two pixels of
 * the first two rows; `depth16` is millimetres; `…32f` are 32-bit floats, 0 to 1 where they show
 * brightness.
 */
export type Encoding = keyof typeof encodings;

/** The element type of an encoding's values. */
export type DtypeOf<E extends Encoding> = (typeof encodings)[E]['dtype'];

/** The typed array of an encoding's values: `Uint8Array` for `rgb8`. */
export type DataOf<E extends Encoding> = TypedArrayOf<DtypeOf<E>>;

/** One row of the table, with what follows from it. */
export interface EncodingInfo extends Elements {
  readonly name: Encoding;
  readonly code: number;
  /** Values a pixel has. */
  readonly channels: number;
  /** Of all planes together. */
  readonly bytesPerPixel: number;
  /** Bytes that a pixel takes in a row of the first plane. */
  readonly pixelBytes: number;
  /** The width must be a multiple of this. */
  readonly widthMultiple: number;
  /** The height must be a multiple of this. */
  readonly heightMultiple: number;
  /** 2: the second has U V pairs; 3: the second has U and the third V. */
  readonly planes: number;
  readonly dtype: Dtype;
  readonly dtypeCode: number;
}

function rowOf(name: Encoding): EncodingInfo {
  const { code, channels, bytesPerPixel, widthMultiple, dtype } = encodings[name];
  const { heightMultiple, planes } = encodings[name];
  const { code: dtypeCode, bytes: itemBytes, array } = dtypes[dtype];
  return {
    name,
    code,
    channels,
    bytesPerPixel,
    pixelBytes: planes === 1 ? bytesPerPixel : itemBytes,
    widthMultiple,
    heightMultiple,
    planes,
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
/** Where the last plane begins at most: the slot's header keeps 32 bits. */
const PLANE_MAX = 2 ** 32 - 1;

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
  if (rows % row.heightMultiple !== 0) {
    throw badSize(
      `height: ${row.name} needs a multiple of ${row.heightMultiple}, got ${rows}; ` +
        'crop or pad the picture, or use another encoding',
    );
  }
  const rowBytes = columns * row.pixelBytes;
  if (rowBytes > ROW_MAX) {
    throw badSize(
      `width: a row of ${columns} ${row.name} pixels takes ${rowBytes} bytes, at most ` +
        `${ROW_MAX} are possible`,
    );
  }
  checkWhole(row, rows, rowBytes, `width and height: ${columns}x${rows} ${row.name}`);
  return rowBytes;
}

function checkWhole(row: EncodingInfo, rows: number, step: number, what: string): void {
  const bytes = wholeBytes(row, rows, step);
  if (bytes > FRAME_MAX) {
    throw badSize(`${what} takes about ${bytes} bytes, at most ${FRAME_MAX} are possible`);
  }
  if (row.planes > 1 && lastPlane(row, rows, step) > PLANE_MAX) {
    throw badSize(`${what} has planes that begin beyond 4 GiB; use another encoding`);
  }
}

/** Where the last of several planes begins: U and V together, or V behind U. */
function lastPlane(row: EncodingInfo, rows: number, step: number): number {
  return row.planes === 2 ? step * rows : (step * rows * 5) / 4;
}

/** A row's bytes with padding: at least a packed row, whole values in each plane. */
export function checkStep(
  row: EncodingInfo,
  height: number,
  packed: number,
  step: unknown,
): number {
  const unit = row.planes === 3 ? 2 * row.itemBytes : row.itemBytes;
  if (typeof step !== 'number') throw invalid('step', 'a number of bytes', step);
  if (!Number.isInteger(step) || step < packed || step > ROW_MAX || step % unit !== 0) {
    throw badSize(
      `step: a row takes ${packed} bytes; expected that or more, at most ${ROW_MAX} and a ` +
        `multiple of ${unit}, got ${step}`,
    );
  }
  checkWhole(row, height, step, `step: ${row.name} of ${height} rows of ${step} bytes`);
  return step;
}

/** Bytes of `rows` rows of `step` bytes each, with those of the planes behind them. */
export function wholeBytes(row: EncodingInfo, rows: number, step: number): number {
  return row.planes === 1 ? step * rows : (step * rows * 3) / 2;
}

/** Bytes from the first to the last of a picture. */
export function spanBytes(row: EncodingInfo, rows: number, columns: number, step: number): number {
  const line = columns * row.pixelBytes;
  if (row.planes === 1) return step * (rows - 1) + line;
  if (row.planes === 2) return step * ((rows * 3) / 2 - 1) + line;
  return step * rows + (step / 2) * (rows - 1) + line / 2;
}

/** One plane of a picture; sizes in bytes but for `height` and `width`. */
export interface PlanePlace {
  /** From the start of the picture. */
  readonly offset: number;
  readonly step: number;
  readonly height: number;
  /** Of one row, without padding. */
  readonly rowBytes: number;
  readonly width: number;
  /** Values that a place of the plane has. */
  readonly channels: number;
}

/** Where the planes of a picture are: one, or Y and U V, or Y, U and V. */
export function planesOf(
  row: EncodingInfo,
  height: number,
  width: number,
  step: number,
): PlanePlace[] {
  const { pixelBytes, channels, planes } = row;
  const first = { offset: 0, step, height, width, rowBytes: width * pixelBytes, channels };
  if (planes === 1) return [first];
  const luma = { ...first, channels: 1 };
  const half = { height: height / 2, width: width / 2 };
  const offset = step * height;
  if (planes === 2) return [luma, { ...half, offset, step, rowBytes: width, channels: 2 }];
  const u = { ...half, offset, step: step / 2, rowBytes: width / 2, channels: 1 };
  return [luma, u, { ...u, offset: offset + u.step * u.height }];
}
