/** How Y, U and V become colours, as frames say it: matrix and range, by names and by codes. */
import { checkOptions, checkWord } from './check.js';
import type { EncodingInfo } from './encoding.js';
import { FramelaneError } from './errors.js';

/** The matrix between R G B and Y U V: that of SDTV, of HDTV. */
export type YuvMatrix = 'bt601' | 'bt709';

/** `'limited'`: Y is 16 to 235, U and V are 16 to 240; `'full'`: all are 0 to 255. */
export type YuvRange = 'limited' | 'full';

/** What `setYuv` takes; what is left out stays as it was. */
export interface YuvOptions {
  matrix?: YuvMatrix;
  range?: YuvRange;
}

const matrixCodes = { bt601: 1, bt709: 2 } as const satisfies Record<YuvMatrix, number>;
const rangeCodes = { full: 1, limited: 2 } as const satisfies Record<YuvRange, number>;
const matrixNames = [null, 'bt601', 'bt709', 'bt2020'] as const;
const rangeNames = [null, 'full', 'limited'] as const;
/** The range stands above the matrix. */
const RANGE_SHIFT = 8;

const yuvEncodings: ReadonlySet<string> = new Set(['yuv422', 'yuyv', 'uyvy', 'nv12', 'i420']);

/** The matrix of a frame's colours by name; `null` where nobody said. */
export function matrixOf(colour: number): YuvMatrix | 'bt2020' | null {
  return matrixNames[colour & 0xff] ?? null;
}

/** The range of a frame's colours by name; `null` where nobody said. */
export function rangeOf(colour: number): YuvRange | null {
  return rangeNames[colour >> RANGE_SHIFT] ?? null;
}

/** The code of a frame's colours, where matrix, range or both are said anew. */
export function colourWith(
  row: EncodingInfo,
  colour: number,
  matrix: unknown,
  range: unknown,
): number {
  if (matrix === undefined && range === undefined) return colour;
  if (!yuvEncodings.has(row.name)) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ARGUMENT',
      `yuvMatrix and yuvRange: ${row.name} has no Y, U and V; they are for ` +
        [...yuvEncodings].join(', '),
    );
  }
  let [low, high] = [colour & 0xff, colour >> RANGE_SHIFT];
  if (matrix !== undefined) low = matrixCodes[checkWord(matrix, 'yuvMatrix', matrixCodes)];
  if (range !== undefined) high = rangeCodes[checkWord(range, 'yuvRange', rangeCodes)];
  return low | (high << RANGE_SHIFT);
}

/** The same for what `setYuv` is given. */
export function colourFrom(row: EncodingInfo, colour: number, options: unknown): number {
  const { matrix, range } = checkOptions(options, ['matrix', 'range'], 'setYuv');
  return colourWith(row, colour, matrix, range);
}

/** Whether the values of an encoding are Y, U and V. */
export function isYuv(row: EncodingInfo): boolean {
  return yuvEncodings.has(row.name);
}

/** Matrix and range as they were, but for those that are said anew. */
export function mergeColours(colour: number, said: number): number {
  const [low, high] = [said & 0xff || colour & 0xff, said >> RANGE_SHIFT || colour >> RANGE_SHIFT];
  return low | (high << RANGE_SHIFT);
}
