/** What a depth image is to be: the arguments of everything that makes one, checked. */
import { checkBoolean, checkOptions, checkWord, invalid } from './check.js';
import { readShape, type Wanted } from './shape.js';

/** `'float32'` holds metres, `'uint16'` raw units of `depthScale` millimetres each. */
export type DepthDtype = 'float32' | 'uint16';

/** The same by the pixel formats of images. */
export type DepthEncoding = 'mono32f' | 'depth16';

/** The format that goes with a type. */
export type DepthEncodingOf<D extends DepthDtype> = D extends 'float32' ? 'mono32f' : 'depth16';

/** That format, by the type's name. */
export const depthEncodingOf = {
  float32: 'mono32f',
  uint16: 'depth16',
} as const satisfies Record<DepthDtype, DepthEncoding>;

/** What `prepare` takes: size in pixels; `dtype` is `'float32'` where it is left out. */
export interface DepthSize<D extends DepthDtype = DepthDtype> {
  width: number;
  height: number;
  dtype?: D;
}

/** What `loan` and `fromBytes` take. */
export interface DepthShape<D extends DepthDtype = DepthDtype> extends DepthSize<D> {
  /** Of `'uint16'`: millimetres of one raw unit; 1 without it. */
  depthScale?: number;
  /** See `DepthImage.setFrameId`. */
  frameId?: string;
  /** See `DepthImage.setTimestampNs`. */
  timestampNs?: bigint | number;
}

/** What `new DepthImage` takes. */
export interface DepthOptions<D extends DepthDtype = DepthDtype> extends DepthShape<D> {
  /** Leave what is in the slot, which may be an older picture, instead of zeros. */
  uninitialized?: boolean;
}

export const depthSizeKeys = ['width', 'height', 'dtype'] as const;
export const depthShapeKeys = [...depthSizeKeys, 'depthScale', 'frameId', 'timestampNs'] as const;
const optionKeys = [...depthShapeKeys, 'uninitialized'] as const;

/** Options that were looked through for unknown ones. */
export type DepthGiven = { readonly [key in (typeof depthShapeKeys)[number]]?: unknown };

/** What the constructor was given, in either of its forms. */
export function readDepthArguments(first: unknown, second: unknown, third: unknown): Wanted {
  if (typeof first === 'object' || first === undefined) {
    const options = checkOptions(first, optionKeys, 'DepthImage');
    const { uninitialized = false } = options;
    return readDepth(options, !checkBoolean(uninitialized, 'uninitialized'));
  }
  return readDepth({ height: first, width: second, dtype: third }, true);
}

/** A depth image from known options. */
export function readDepth(given: DepthGiven, zeroed = false): Wanted {
  const { width, height, dtype = 'float32', depthScale, frameId, timestampNs } = given;
  const type = checkWord(dtype, 'dtype', depthEncodingOf);
  const scale = depthScale === undefined ? 1 : checkScale(depthScale, type);
  const encoding = depthEncodingOf[type];
  return readShape({ width, height, encoding, frameId, timestampNs }, zeroed, scale);
}

/** A number of millimetres, as it stands in a frame's header: of 32 bits. */
export function checkScale(value: unknown, dtype: DepthDtype): number {
  if (dtype !== 'uint16') {
    throw invalid('depthScale', 'none: values of float32 are metres', value);
  }
  const scale = typeof value === 'number' ? Math.fround(value) : Number.NaN;
  if (scale > 0 && scale < Infinity) return scale;
  throw invalid('depthScale', 'millimetres of one raw unit, a finite number above 0', value);
}

/** Raw units of some metres: the nearest, half a unit rounded up. */
export function rawOf(metres: number, scale: number): number {
  const raw = Math.round((metres * 1000) / scale);
  if (metres >= 0 && raw <= 65_535) return raw;
  const most = (65_535 * scale) / 1000;
  throw invalid('setDepth', `metres from 0 to ${most}, which uint16 can hold`, metres);
}
