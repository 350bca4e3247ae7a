/** What an image is to be: the arguments of everything that makes one, checked. */
import { checkBoolean, checkOptions } from './check.js';
import {
  checkEncoding,
  checkShape,
  checkStep,
  type Encoding,
  type EncodingInfo,
} from './encoding.js';
import { colourWith, type YuvMatrix, type YuvRange } from './yuv.js';

/** Size and encoding of an image, in pixels; `encoding` is `'rgb8'` where it is left out. */
export interface ImageShape<E extends Encoding = Encoding> {
  width: number;
  height: number;
  encoding?: E;
  /** See `Image.setFrameId`. */
  frameId?: string;
  /** See `Image.setTimestampNs`. */
  timestampNs?: bigint | number;
  /** Of Y, U and V, for the encodings that have them; see `Image.setYuv`. */
  yuvMatrix?: YuvMatrix;
  yuvRange?: YuvRange;
}

/** What a topic's `loan` takes. */
export interface LoanShape<E extends Encoding = Encoding> extends ImageShape<E> {
  /**
   * Bytes from row to row, of the first plane: at least those of a row and a multiple of those of
   * a value, for what writes padded rows. Without it rows are packed.
   */
  step?: number;
}

/** What `prepare` takes: size in pixels; `encoding` is `'rgb8'` where it is left out. */
export interface ImageSize {
  width: number;
  height: number;
  encoding?: Encoding;
}

/** What `new Image` takes. */
export interface ImageOptions<E extends Encoding = Encoding> extends LoanShape<E> {
  /** Leave what is in the slot, which may be an older picture, instead of zeros. */
  uninitialized?: boolean;
}

/** A shape without an encoding, which is therefore rgb8. */
export type Rgb8<O> = Omit<O, 'encoding'> & { encoding?: undefined };

export const sizeKeys = ['width', 'height', 'encoding'] as const;
export const shapeKeys = [
  ...sizeKeys,
  ...(['frameId', 'timestampNs', 'yuvMatrix', 'yuvRange'] as const),
] as const;
export const loanKeys = [...shapeKeys, 'step'] as const;
const optionKeys = [...loanKeys, 'uninitialized'] as const;

/** What both forms of the constructor, `fromBytes` and `loan` are given, checked. */
export interface Wanted {
  row: EncodingInfo;
  width: number;
  height: number;
  rowBytes: number;
  frameId: unknown;
  timestampNs: unknown;
  zeroed: boolean;
  /** Matrix, and range above 8 bits, by their codes. */
  colour: number;
  /** Of depths: millimetres a raw unit. */
  depthScale: number;
}

/** What the constructor was given, in either of its forms. */
export function readArguments(first: unknown, second: unknown, third: unknown): Wanted {
  if (typeof first === 'object' || first === undefined) {
    const options = checkOptions(first, optionKeys, 'Image');
    const { uninitialized = false } = options;
    return readShape(options, !checkBoolean(uninitialized, 'uninitialized'));
  }
  return readShape({ height: first, width: second, encoding: third }, true);
}

/** A shape from known options; throws for anything that is none. */
export function readShape(
  options: { readonly [key in (typeof loanKeys)[number]]?: unknown },
  zeroed = false,
  depthScale = 1,
): Wanted {
  const { width, height, encoding = 'rgb8', frameId, timestampNs, step } = options;
  const row = checkEncoding(encoding);
  const packed = checkShape(row, width, height);
  const [columns, rows] = [width as number, height as number];
  const rowBytes = step === undefined ? packed : checkStep(row, rows, packed, step);
  const colour = colourWith(row, 0, options.yuvMatrix, options.yuvRange);
  // Field by field: spreading another object here takes V8 a microsecond.
  return {
    row,
    width: columns,
    height: rows,
    rowBytes,
    frameId,
    timestampNs,
    zeroed,
    colour,
    depthScale,
  };
}

/** What `JSON.stringify` sees of an image: no pixels; 64-bit numbers as decimal strings. */
export interface ImageJSON {
  type: 'Image';
  width: number;
  height: number;
  encoding: Encoding;
  dtype: string;
  channels: number;
  step: number;
  nbytes: number;
  frameId: string;
  timestampNs: string;
  sequence: number;
  sentNs: string;
}
