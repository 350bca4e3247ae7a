/** Pictures made of pictures: in another encoding, in another size, as the input of a model. */
import { checkBytes, checkOptions, checkWord, invalid, typedArrayTag } from './check.js';
import { checkEncoding, rowOfCode, type Encoding, type EncodingInfo } from './encoding.js';
import { FramelaneError } from './errors.js';
import { assertReadable, labelToWrite, slotFilled, type Lease } from './lease.js';
import { calling, load } from './native.js';
import { placeToRead, placeToWrite } from './place.js';
import { colourOf } from './saying.js';
import { colourWith, isYuv, mergeColours, type YuvMatrix, type YuvRange } from './yuv.js';

/** What stands for distances, from near to far; unknown ones are black. */
export type ColorMap = 'grey' | 'turbo' | 'viridis';

/** What `convert` can be told; `I` is the type of `into`. */
export interface ConvertOptions<I = unknown> {
  /** Write into this image, which is on loan and of the same size, instead of a new one. */
  into?: I;
  /**
   * From or to `depth16`: the distances in metres that are the two ends of the scale. Default:
   * from it the smallest and the largest of the picture, to it 0 and 65.535.
   */
  depthRange?: readonly [near: number, far: number];
  /** From `depth16` to colours. Default `'grey'`. */
  colorMap?: ColorMap;
  /** To Y, U and V: as what. Default that of `into`, else BT.601. */
  yuvMatrix?: YuvMatrix;
  /** To Y, U and V: as what. Default that of `into`, else `'limited'`. */
  yuvRange?: YuvRange;
}

/**
 * How pixels of another size come about: `'nearest'` takes the one under the centre; `'bilinear'`
 * weights those around by their distance, as many as lie under the new pixel where the picture is
 * made smaller (as Pillow and libvips do it); `'area'` is the exact mean of what the new pixel
 * covers.
 */
export type ResizeFilter = 'nearest' | 'bilinear' | 'area';

/** What `resize` takes: the new size in pixels, or an image of that size to write into. */
export interface ResizeOptions<I = unknown> {
  width?: number;
  height?: number;
  /** Default `'bilinear'`; `'nearest'` for `depth16`, which takes nothing else. */
  filter?: ResizeFilter;
  /** Write into this image, which is on loan and of the same encoding, instead of a new one. */
  into?: I;
}

/** Order of a tensor: channel, row, column, or row, column, channel. */
export type TensorLayout = 'chw' | 'hwc';

/** What `toTensorInput` can be told. */
export interface TensorInputOptions {
  /** Default `'chw'`. */
  layout?: TensorLayout;
  /** Subtracted from values of 0 to 1; one number, or one for each channel. Default 0. */
  mean?: number | ArrayLike<number>;
  /** Divides what is left; one number above 0, or one for each channel. Default 1. */
  std?: number | ArrayLike<number>;
  /** Write into this array, or the `data` of this tensor, of exactly as many values. */
  into?: Float32Array | { readonly data: Float32Array };
}

/** The input of a model: `data` in the order of `shape`. */
export interface TensorInput<D = Float32Array> {
  readonly data: D;
  /** `[channels, height, width]` or `[height, width, channels]`. */
  readonly shape: readonly [number, number, number];
  readonly dtype: 'float32';
}

const colorMaps = { grey: 0, turbo: 1, viridis: 2 } as const satisfies Record<ColorMap, number>;
const filters = { nearest: 0, bilinear: 1, area: 2 } as const satisfies Record<
  ResizeFilter,
  number
>;
const layouts = { chw: 1, hwc: 0 } as const satisfies Record<TensorLayout, number>;
const convertKeys = ['into', 'depthRange', 'colorMap', 'yuvMatrix', 'yuvRange'] as const;
const resizeKeys = ['width', 'height', 'filter', 'into'] as const;
const inputKeys = ['layout', 'mean', 'std', 'into'] as const;

/** A conversion, its arguments checked. */
export interface ConvertPlan {
  readonly row: EncodingInfo;
  readonly into: unknown;
  readonly colourMap: number;
  /** Matrix and range asked for; 0: none. */
  readonly colour: number;
  readonly nearest: number | undefined;
  readonly farthest: number | undefined;
}

/** Checks what `convert` was given. */
export function planConversion(lease: Lease, encoding: unknown, options: unknown): ConvertPlan {
  assertReadable(lease);
  const row = checkEncoding(encoding);
  const given = checkOptions(options, convertKeys, 'convert');
  const { into, depthRange, colorMap = 'grey', yuvMatrix, yuvRange } = given;
  const colour = colourWith(row, 0, yuvMatrix, yuvRange);
  const colourMap = colorMaps[checkWord(colorMap, 'colorMap', colorMaps)];
  const [nearest, farthest] = depthRange === undefined ? [] : readRange(depthRange);
  return { row, into, colourMap, colour, nearest, farthest };
}

function readRange(value: unknown): [number, number] {
  const expected = 'two distances in metres, from 0 to 65.535, the nearer one first';
  const numbers: unknown[] = Array.isArray(value) ? value : [];
  const [near, far] = numbers;
  const isDistance = (n: unknown): n is number => typeof n === 'number' && n >= 0 && n <= 65.535;
  if (numbers.length !== 2 || !isDistance(near) || !isDistance(far) || near > far) {
    throw invalid('depthRange', expected, value);
  }
  return [Math.round(near * 1000), Math.round(far * 1000)];
}

/** Converts; what a target of Y, U and V is as, stands in its label afterwards. */
export function convertInto(from: Lease, into: Lease, plan: ConvertPlan): void {
  const { colourMap, nearest, farthest } = plan;
  const place = placeToWrite(into, 'convert');
  const label = labelToWrite(into, 'convert');
  const source = isYuv(rowOfCode(from.encoding));
  if (source && plan.colour !== 0) {
    throw invalid('yuvMatrix, yuvRange', 'none where Y, U and V are copied', plan.row.name);
  }
  const merged = mergeColours(label.saying.colour, plan.colour);
  const colour = source ? colourOf(from) : merged;
  const how = { colour, colourMap, nearest, farthest };
  const becomes = isYuv(plan.row) ? colour : 0;
  if (into.part !== null && becomes !== label.saying.colour) throw otherColours('convert');
  calling(() => load().convert(placeToRead(from), place, how));
  if (becomes !== label.saying.colour) label.say({ colour: becomes });
  slotFilled(into);
}

/** A part of a frame has the matrix and range of the whole. */
function otherColours(action: string): FramelaneError {
  return invalid(
    'into',
    `a part of an image with the yuvMatrix and yuvRange that ${action} writes`,
    'one of an image with others; say them with setYuv, or use a clone()',
  );
}

/** A change of size, its arguments checked. */
export interface ResizePlan {
  readonly width: unknown;
  readonly height: unknown;
  readonly filter: number;
  readonly into: unknown;
}

/** Checks what `resize` was given. */
export function planResize(lease: Lease, options: unknown): ResizePlan {
  assertReadable(lease);
  const depth = rowOfCode(lease.encoding).name === 'depth16';
  const given = checkOptions(options, resizeKeys, 'resize');
  const { width, height, into, filter = depth ? 'nearest' : 'bilinear' } = given;
  return { width, height, into, filter: filters[checkWord(filter, 'filter', filters)] };
}

/** Resizes. */
export function resizeInto(from: Lease, into: Lease, filter: number): void {
  const target = placeToWrite(into, 'resize');
  const label = labelToWrite(into, 'resize');
  const colour = isYuv(rowOfCode(from.encoding)) ? colourOf(from) : 0;
  if (into.part !== null && colour !== label.saying.colour) throw otherColours('resize');
  calling(() => load().resize(placeToRead(from), target, filter));
  if (colour !== label.saying.colour) label.say({ colour });
  slotFilled(into);
}

/** Throws where `into` is another picture than asked for. */
export function checkInto(
  action: string,
  into: Lease,
  asked: { encoding: Encoding; width: unknown; height: unknown },
): void {
  const { name } = rowOfCode(into.encoding);
  if (name !== asked.encoding) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `${action}: expected \`into\` to be ${asked.encoding}, got ${name}`,
    );
  }
  const { width = into.dim1, height = into.dim0 } = asked;
  if (width !== into.dim1 || height !== into.dim0) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_SIZE',
      `${action}: expected \`into\` to be ${String(width)}x${String(height)}, ` +
        `got ${into.dim1}x${into.dim0}`,
    );
  }
}

/** The values of a picture as a model wants them. */
export function tensorInputOf(lease: Lease, options: unknown): TensorInput {
  assertReadable(lease);
  const {
    layout = 'chw',
    mean = 0,
    std = 1,
    into,
  } = checkOptions(options, inputKeys, 'toTensorInput');
  const chw = layouts[checkWord(layout, 'layout', layouts)] === 1;
  const channels = rowOfCode(lease.encoding).channels === 1 ? 1 : 3;
  const { dim0: height, dim1: width } = lease;
  const means = readFactors(mean, 'mean', channels, () => true);
  const stds = readFactors(std, 'std', channels, (n) => n > 0);
  const data = readTarget(into, channels * height * width);
  calling(() => load().tensorInput(placeToRead(lease), data, chw, means, stds));
  return {
    data,
    shape: chw ? [channels, height, width] : [height, width, channels],
    dtype: 'float32',
  };
}

function readFactors(
  value: unknown,
  what: string,
  channels: number,
  sound: (n: number) => boolean,
): number[] {
  const expected = `a finite number, or ${channels} of them` + (what === 'std' ? ', above 0' : '');
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
  const numbers: unknown[] = isList ? Array.from(value as ArrayLike<unknown>) : [value];
  if (isList && numbers.length !== channels && numbers.length !== 1) {
    throw invalid(what, expected, `${numbers.length} of them`);
  }
  for (const number of numbers) {
    const finite = typeof number === 'number' && Number.isFinite(Math.fround(number));
    if (!finite || !sound(Math.fround(number))) throw invalid(what, expected, number);
  }
  return numbers as number[];
}

function readTarget(into: unknown, length: number): Float32Array {
  if (into === undefined) return new Float32Array(length);
  const data: unknown =
    typeof into === 'object' && into !== null && !ArrayBuffer.isView(into) && 'data' in into
      ? into.data
      : into;
  if (typedArrayTag(data) !== 'Float32Array') {
    throw invalid('into', 'a Float32Array, or a tensor with one as its data', into);
  }
  const array = data as Float32Array;
  const got = checkBytes(array, 'toTensorInput: into').length / Float32Array.BYTES_PER_ELEMENT;
  if (got !== length) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_LENGTH',
      `toTensorInput: expected \`into\` to have ${length} values, got ${got}`,
    );
  }
  return array;
}
