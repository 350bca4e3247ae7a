/** Images as the web has them: `ImageData`, four bytes a pixel. */
import { checkBytes, checkOptions, invalid, show, typedArrayTag } from './check.js';
import { rowOfCode } from './encoding.js';
import { FramelaneError } from './errors.js';
import { calling, load } from './native.js';
import { assertReadable, type Lease } from './lease.js';
import { isPacked, numbersOf, type Numbers } from './region.js';

/** Bytes that are clipped to 0 to 255 when they are written. */
type Clamped = InstanceType<typeof Uint8ClampedArray>;

/** `ImageData` of the web: where the runtime has that class, an instance of it. */
export interface ImageDataLike {
  /** R, G, B, A of each pixel, rows packed; alpha is not multiplied in. */
  readonly data: Clamped;
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  readonly colorSpace: 'srgb';
}

type ImageDataClass = new (data: Clamped, width: number, height: number) => ImageDataLike;

/** Where R, G, B and A of a pixel are among its values; -1: there is no alpha, it is opaque. */
type Order = readonly [r: number, g: number, b: number, a: number];

const orders: Readonly<Record<string, Order>> = {
  mono8: [0, 0, 0, -1],
  rgb8: [0, 1, 2, -1],
  bgr8: [2, 1, 0, -1],
  rgba8: [0, 1, 2, 3],
  bgra8: [2, 1, 0, 3],
};

/** What `toImageData` takes. */
export interface ToImageDataOptions {
  /** An `ImageData` of the image's size to be filled, one that a canvas has made for instance. */
  into?: ImageDataLike;
}

/** The pixels as `ImageData`; of a packed rgba8 frame that can be written, on the slot itself. */
export function imageDataOf(lease: Lease, options: unknown): ImageDataLike {
  assertReadable(lease);
  const { into } = checkOptions(options, ['into'], 'toImageData');
  const { name } = rowOfCode(lease.encoding);
  const order = orders[name];
  if (order === undefined) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `toImageData: expected one of ${Object.keys(orders).join(', ')}, got ${name}; ` +
        "convert('rgba8') before",
    );
  }
  const { dim0: height, dim1: width } = lease;
  if (into !== undefined) {
    const target = checkTarget(into, width, height);
    writeRgba(lease, order, target.data);
    return target;
  }
  const own = lease.label !== null && !lease.label.sent;
  const data =
    own && name === 'rgba8' && isPacked(lease)
      ? clamped(numbersOf(lease))
      : writeRgba(lease, order, new Uint8ClampedArray(height * width * 4));
  const known = (globalThis as { ImageData?: ImageDataClass }).ImageData;
  if (typeof known === 'function') return new known(data, width, height);
  return { data, width, height, colorSpace: 'srgb' };
}

function checkTarget(into: unknown, width: number, height: number): ImageDataLike {
  const given = (typeof into === 'object' ? into : null) as Partial<ImageDataLike> | null;
  const tag = typedArrayTag(given?.data);
  if (tag !== 'Uint8ClampedArray') throw invalid('toImageData: into', 'ImageData', into);
  const bytes = checkBytes(given?.data, 'toImageData: into');
  const fits = given?.width === width && given.height === height;
  if (fits && bytes.length === width * height * 4) {
    if (!calling(() => load().isReceived(bytes))) return given as ImageDataLike;
    throw new FramelaneError(
      'ERR_FRAMELANE_FROZEN',
      'toImageData: into lies in a received frame, which others read; pass another one',
    );
  }
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_SIZE',
    `toImageData: into is ${show(given?.width)}x${show(given?.height)}, the image is ` +
      `${width}x${height}; make ImageData of its size`,
  );
}

function clamped({ buffer, byteOffset, byteLength }: Numbers): Clamped {
  return new Uint8ClampedArray(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Copies the pixels in that order, rows packed. */
function writeRgba(lease: Lease, [r, g, b, a]: Order, to: Clamped): Clamped {
  const { dim0, dim1, step, encoding } = lease;
  const values = numbersOf(lease);
  const { channels, name } = rowOfCode(encoding);
  if (name === 'rgba8' && isPacked(lease)) {
    to.set(values);
    return to;
  }
  let at = 0;
  for (let y = 0; y < dim0; y++) {
    const end = y * step + dim1 * channels;
    for (let from = y * step; from < end; from += channels) {
      // Read before anything is written: `to` may be the frame's own memory.
      const [red, green, blue] = [values[from + r]!, values[from + g]!, values[from + b]!];
      const alpha = a < 0 ? 255 : values[from + a]!;
      to[at] = red;
      to[at + 1] = green;
      to[at + 2] = blue;
      to[at + 3] = alpha;
      at += 4;
    }
  }
  return to;
}
