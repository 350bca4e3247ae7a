/** The frames that conformance is shown on, as `crates/framelane/examples/conform` has them too. */
import {
  DepthImage,
  Image,
  Message,
  PointCloud,
  type CameraInfo,
  type Dtype,
  type Encoding,
  type PointField,
} from 'framelane';

/** Name, values of a pixel, bytes of one, type of the values. */
export type EncodingRow = [Encoding, channels: number, itemBytes: number, dtype: Dtype];

/** By code. */
export const encodings: EncodingRow[] = [
  ['mono8', 1, 1, 'uint8'],
  ['mono16', 1, 2, 'uint16'],
  ['rgb8', 3, 1, 'uint8'],
  ['bgr8', 3, 1, 'uint8'],
  ['rgba8', 4, 1, 'uint8'],
  ['bgra8', 4, 1, 'uint8'],
  ['yuv422', 2, 1, 'uint8'],
  ['mono32f', 1, 4, 'float32'],
  ['rgb32f', 3, 4, 'float32'],
  ['bayer_rggb8', 1, 1, 'uint8'],
  ['depth16', 1, 2, 'uint16'],
  ['yuyv', 2, 1, 'uint8'],
  ['uyvy', 2, 1, 'uint8'],
  ['nv12', 3, 1, 'uint8'],
  ['i420', 3, 1, 'uint8'],
  ['rgb16', 3, 2, 'uint16'],
  ['rgba16', 4, 2, 'uint16'],
  ['bayer_bggr8', 1, 1, 'uint8'],
  ['bayer_gbrg8', 1, 1, 'uint8'],
  ['bayer_grbg8', 1, 1, 'uint8'],
  ['bayer_rggb16', 1, 2, 'uint16'],
  ['bayer_bggr16', 1, 2, 'uint16'],
  ['bayer_gbrg16', 1, 2, 'uint16'],
  ['bayer_grbg16', 1, 2, 'uint16'],
  ['rgba32f', 4, 4, 'float32'],
];

const yuv: ReadonlySet<Encoding> = new Set(['yuv422', 'yuyv', 'uyvy', 'nv12', 'i420']);

export const [WIDTH, HEIGHT] = [6, 4];

/** What is said of case `number`'s colours. */
export function yuvOf(number: number): { yuvMatrix?: 'bt709'; yuvRange?: 'full' | 'limited' } {
  if (!yuv.has(encodings[number]![0])) return {};
  return { yuvMatrix: 'bt709', yuvRange: number % 2 === 0 ? 'full' : 'limited' };
}

/** Planes of an encoding: width, height, channels, bytes from row to row, bytes. */
export function planesOf([name, channels, itemBytes]: EncodingRow): number[][] {
  const rest = [WIDTH / 2, HEIGHT / 2];
  const luma = [WIDTH, HEIGHT, 1, WIDTH, WIDTH * HEIGHT];
  if (name === 'nv12') return [luma, [...rest, 2, 6, 12]];
  if (name === 'i420') return [luma, [...rest, 1, 3, 6], [...rest, 1, 3, 6]];
  const step = WIDTH * channels * itemBytes;
  return [[WIDTH, HEIGHT, channels, step, step * HEIGHT]];
}

/** Bytes of case `number`. */
export const pattern = (number: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 31 + number * 7) & 255));

/** The time stamp of case `number`. */
export const stampOf = (number: number): bigint => 1_700_000_000_000_000_000n + BigInt(number);

/** A camera with every number another one. */
export function cameraOf(number: number): CameraInfo {
  const [fx, fy, cx, cy] = [525.5 + number, 526.25, 3.125, -0.5];
  const unit = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  return {
    width: 6,
    height: 4,
    distortionModel: 'plumb_bob',
    K: [fx, 0, cx, 0, fy, cy, 0, 0, 1],
    D: [-0.25, -0.125, 0, 0.125, 0.25],
    R: unit.map((value, index) => value + index / 16),
    P: [fx, 0, cx, -63.5, 0, fy, cy, 0, 0, 0, 1, 0],
  };
}

/** Every type that has an array here. */
export const dtypes: [Dtype, bytes: number][] = [
  ['uint8', 1],
  ['int8', 1],
  ['uint16', 2],
  ['int16', 2],
  ['uint32', 4],
  ['int32', 4],
  ['uint64', 8],
  ['int64', 8],
  ['float32', 4],
  ['float64', 8],
  ['bool', 1],
];

/** What a cloud is: type, values, bytes of a point, and its fields. */
export interface CloudCase {
  dtype: Dtype | 'mixed';
  values: number;
  step: number;
  fields: Required<PointField>[];
  /** The fields are those that go with the number of values. */
  usual: boolean;
}

const field = (name: string, offset: number, dtype: Dtype, count = 1) => ({
  name,
  offset,
  dtype,
  count,
});

const uniform = (names: string[], dtype: Dtype, bytes: number, usual: boolean): CloudCase => ({
  dtype,
  values: names.length,
  step: names.length * bytes,
  fields: names.map((name, index) => field(name, index * bytes, dtype)),
  usual,
});

export const clouds: CloudCase[] = [
  ...dtypes.map(([dtype, bytes]) => uniform(['x', 'y', 'z'], dtype, bytes, true)),
  {
    dtype: 'mixed',
    values: 8,
    step: 32,
    fields: [
      field('x', 0, 'float32'),
      field('y', 4, 'float32'),
      field('z', 8, 'float32'),
      field('ring', 14, 'uint16'),
      field('rgb', 17, 'uint8', 3),
      field('t', 24, 'float64'),
    ],
    usual: false,
  },
  uniform(['u', 'v'], 'int16', 2, false),
  uniform(['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6'], 'float32', 4, true),
];

/** Points in a row of a cloud; every other one has two rows. */
export const POINTS = 5;
export const rowsOf = (number: number): number => (number % 2 === 0 ? 1 : 2);

export const boxes = [{ label: 'naïve ☕', score: 0.5 }, null];

/** Bytes and format of the messages behind the one of JSON. */
export const messages: [bytes: number, format: string | null][] = [
  [70, null],
  [64, 'cbor'],
  [0, null],
  [0, 'a "b" é'],
];

/** The four classes, so that a topic of each can be opened by its name. */
export const classes = { image: Image, depth: DepthImage, cloud: PointCloud, message: Message };
