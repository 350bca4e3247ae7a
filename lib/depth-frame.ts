/** The class behind `DepthImage`, and called so because of what users and V8 make of its name. */
import type { CameraInfoInput } from './camera-info.js';
import { checkBytes, checkOptions, invalid } from './check.js';
import type { BytesLike } from './check.js';
import type { CloudFrame } from './cloud-frame.js';
import {
  checkScale,
  depthEncodingOf,
  depthShapeKeys,
  depthSizeKeys,
  rawOf,
  readDepth,
  readDepthArguments,
  type DepthDtype,
  type DepthEncoding,
  type DepthEncodingOf,
  type DepthShape,
} from './depth-shape.js';
import { isRaw, pointsOf, statisticsOf } from './depth-points.js';
import type { DepthStatistics, ToPointCloudOptions } from './depth-points.js';
import type { Dtype, TypedArray, TypedArrayOf } from './dtype.js';
import { checkEncoding, rowOfCode, wholeBytes, type Encoding } from './encoding.js';
import { FramelaneError } from './errors.js';
import {
  FROM_LEASE,
  frameType,
  held,
  inspectedAs,
  LEASE,
  whereabouts,
  type FrameType,
} from './frame.js';
import { gathered, readPicture, type PictureKind } from './from-array.js';
import { ImageFrame } from './image-frame.js';
import {
  assertReadable,
  fillSlot,
  typesOf,
  labelToWrite,
  markCopied,
  received,
  retainedAs,
  type Lease,
} from './lease.js';
import { checkPlace } from './pixels.js';
import {
  byteLengthOf,
  bytesForRaster,
  copyRaster,
  loanRaster,
  newRaster,
  Raster,
  wantedOfCopy,
} from './raster.js';
import { copyLabel, depthScaleOf, filled, leaseOfToken } from './saying.js';
import type { Wanted } from './shape.js';
import { layoutKeys, type ArrayLayout } from './strided.js';
import { tokenOf, type TokenOptions } from './token.js';

/** The typed array of a depth image's values. */
export type DepthDataOf<D extends DepthDtype> = TypedArrayOf<D>;

/** What `fromArray` takes beside the array. */
export interface DepthArrayOptions<D extends DepthDtype = DepthDtype> extends ArrayLayout {
  /**
   * In pixels; without them as the array's shape says. Of a typed array one of the two is enough,
   * unless `strides` are given.
   */
  width?: number;
  height?: number;
  /** `'float32'` for a Float64Array of metres; else that of the array. */
  dtype?: D;
  depthScale?: number;
  frameId?: string;
  timestampNs?: bigint | number;
}

/** What `JSON.stringify` sees of a depth image; 64-bit numbers as decimal strings. */
export interface DepthJSON {
  type: 'DepthImage';
  width: number;
  height: number;
  dtype: DepthDtype;
  depthScale: number;
  step: number;
  nbytes: number;
  frameId: string;
  timestampNs: string;
  sequence: number;
  sentNs: string;
}

type AnyDepth = DepthImage<DepthDtype, unknown>;

/** `A` is the type of `data`. */
class DepthImage<D extends DepthDtype = DepthDtype, A = DepthDataOf<D>> extends Raster<
  DepthEncoding,
  A
> {
  /** See `DepthImageConstructor`. @internal */
  constructor(first: unknown, second?: unknown, third?: unknown) {
    super(
      first === FROM_LEASE ? (second as Lease) : newDepth(readDepthArguments(first, second, third)),
    );
  }

  /** Type of one value: `'float32'` for metres, `'uint16'` for raw units. */
  override get dtype(): D {
    return rowOfCode(held(this).encoding).dtype as D;
  }

  /** Millimetres of one raw unit; 1 unless somebody said otherwise, and for metres. */
  get depthScale(): number {
    return depthScaleOf(held(this));
  }

  /**
   * Says how many millimetres one raw unit is; it travels with the frame, as a number of 32 bits.
   * Gives the frame back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for metres and for what is no finite number above 0,
   * `ERR_FRAMELANE_FROZEN`, `ERR_FRAMELANE_RELEASED`.
   */
  setDepthScale(depthScale: number): this {
    const label = labelToWrite(this[LEASE], 'setDepthScale');
    label.say({ depthScale: checkScale(depthScale, this.dtype) });
    return this;
  }

  /** Whether values are metres: `dtype` is `'float32'`. */
  isMeters(): boolean {
    return !isRaw(held(this));
  }

  /** Whether values are millimetres, or another unit that `depthScale` says: `'uint16'`. */
  isMillimeters(): boolean {
    return isRaw(held(this));
  }

  /**
   * The depth in metres at column `x` of row `y`, whatever the dtype. 0, and of floats also NaN,
   * infinity and what is negative, stand for no known depth.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` outside the picture, `ERR_FRAMELANE_RELEASED`.
   */
  getDepth(x: number, y: number): number {
    const lease = this[LEASE];
    const values = this.data as TypedArray;
    const value = Number(values[indexOf(lease, 'getDepth', x, y)]);
    return isRaw(lease) ? (value * depthScaleOf(lease)) / 1000 : value;
  }

  /**
   * Writes a depth in metres at column `x` of row `y`; as raw unit the nearest one, so that all of
   * them come back. Floats take any number. Gives the frame back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` outside the picture, for what is no number, and of
   * `'uint16'` for NaN, infinity, what is negative or larger than 65,535 units;
   * `ERR_FRAMELANE_FROZEN`, `ERR_FRAMELANE_RELEASED`.
   */
  setDepth(x: number, y: number, metres: number): this {
    const lease = this[LEASE];
    labelToWrite(lease, 'setDepth');
    const index = indexOf(lease, 'setDepth', x, y);
    if (typeof metres !== 'number') throw invalid('setDepth', 'a number of metres', metres);
    const value = isRaw(lease) ? rawOf(metres, depthScaleOf(lease)) : metres;
    (this.data as Float32Array)[index] = value;
    return this;
  }

  /**
   * Least, greatest and mean depth in metres, over all that are finite and above 0; `null` where
   * there is none. Also a list: `const [min, max, mean] = …`. The mean is exact to 1e-6 of it.
   *
   * Throws `ERR_FRAMELANE_RELEASED`.
   */
  depthStatistics(): DepthStatistics | null {
    return statisticsOf(this[LEASE]);
  }

  /**
   * The points of the picture: x to the right, y down, z forward, metres as float32, in the frame
   * of the camera; frame id and time are kept. With `colour` a field `rgb` more, whose bits are
   * 0x00RRGGBB, as PCL has it. The camera is `cameraInfo`, else that of the frame; its K is used,
   * as for a rectified picture: distortion is not taken out.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` where no camera is known; `ERR_FRAMELANE_INVALID_SIZE`
   * where no depth is, and where camera, `colour` or `into` are of another size;
   * `ERR_FRAMELANE_INVALID_ENCODING` for other colours, `ERR_FRAMELANE_FROZEN`,
   * `ERR_FRAMELANE_RELEASED`, and what `new PointCloud` throws.
   *
   * @example
   * const camera = { width: 640, height: 480, fx: 525, fy: 525, cx: 320, cy: 240 };
   * using cloud = depth.toPointCloud(camera);
   */
  toPointCloud(cameraInfo?: CameraInfoInput, options?: ToPointCloudOptions): CloudFrame<'float32'> {
    const lease = this[LEASE];
    assertReadable(lease);
    const { frameId, timestampNs } = this;
    return pointsOf(lease, cameraInfo, options, { frameId, timestampNs });
  }

  /**
   * The same values as an image, `mono32f` of metres or `depth16` of raw units: another frame
   * object on the same slot, which is released for itself. No copy. One that is not sent yet is
   * sent as what it is then; what was received or sent already can be sent on as a depth image
   * only, as an image a `clone()` of it.
   *
   * Throws `ERR_FRAMELANE_RELEASED`, `ERR_FRAMELANE_TOO_MANY_HELD`.
   */
  asImage(): ImageFrame<DepthEncodingOf<D>, A> {
    const lease = this[LEASE];
    const { encoding, dtype } = lease;
    return new ImageFrame(FROM_LEASE, retainedAs(lease, typesOf('Image', encoding, dtype)));
  }

  /** The depth image's name; see `Image.toToken`. */
  toToken(options?: TokenOptions): string {
    return tokenOf(this[LEASE], options);
  }

  /**
   * A private copy that can be written and sent; rows are packed; scale, frame id, time and camera
   * are kept.
   */
  clone(): DepthImage<D> {
    return filled(depthOf<D>(newDepth(wantedOfCopy(this))), (copy) => {
      copyRaster(this[LEASE], copy[LEASE]);
      copyLabel(this[LEASE], copy[LEASE]);
    });
  }

  /** Metadata only. */
  toJSON(): DepthJSON {
    const { width, height, dtype, depthScale, step, nbytes, frameId, sequence } = this;
    return {
      type: 'DepthImage',
      width,
      height,
      dtype,
      depthScale,
      step,
      nbytes,
      frameId,
      timestampNs: String(this.timestampNs),
      sequence,
      sentNs: String(this.sentNs),
    };
  }

  /** See `DepthImageConstructor`. */
  static fromArray(array: unknown, options?: DepthArrayOptions): AnyDepth {
    const given = checkOptions(options, arrayKeys, 'fromArray');
    const { wanted, values } = readPicture(array, given, depthKind);
    return gathered(depthOf(newDepth(wanted)), values);
  }

  /** See `DepthImageConstructor`. */
  static fromBytes(bytes: BytesLike, shape: DepthShape): AnyDepth {
    const source = checkBytes(bytes, 'fromBytes');
    const wanted = readDepth(checkOptions(shape, depthShapeKeys, 'fromBytes'));
    const { row, width, height, rowBytes } = wanted;
    const size = wholeBytes(row, height, rowBytes);
    if (source.length !== size) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_LENGTH',
        `fromBytes: ${width}x${height} ${row.dtype} takes ${size} bytes, got ${source.length}; ` +
          'check width, height and dtype, and cut off any padding',
      );
    }
    return filled(depthOf(newDepth(wanted)), (depth) => {
      fillSlot(depth[LEASE], source);
      markCopied(depth[LEASE]);
    });
  }

  /** See `DepthImageConstructor`. */
  static fromToken(token: string): AnyDepth {
    return depthOf(leaseOfToken('DepthImage', token));
  }

  /** How topics deal with depth images. */
  static readonly [frameType]: FrameType<DepthImage, Wanted> = {
    name: 'DepthImage',
    sizeKeys: depthSizeKeys,
    loanKeys: depthShapeKeys,
    read: readDepth,
    bytesFor: bytesForRaster,
    bytesOf: byteLengthOf,
    take: (topic, tally, wanted) => loanRaster('DepthImage', topic, tally, wanted),
    make: depthOf,
    receive: (tally) => new DepthImage(FROM_LEASE, received(tally)),
    owns: isDepth,
  };

  static {
    inspectedAs(this.prototype, inspectDepth);
  }
}

function isDepth(value: unknown): value is AnyDepth {
  return value instanceof DepthImage && LEASE in value;
}

/** A depth image with this lease. */
function depthOf<D extends DepthDtype>(lease: Lease): DepthImage<D> {
  return new DepthImage<D>(FROM_LEASE, lease);
}

/** A lease on an empty slot of no topic for such a depth image. */
function newDepth(wanted: Wanted): Lease {
  return newRaster('DepthImage', wanted);
}

function indexOf(lease: Lease, action: string, x: unknown, y: unknown): number {
  checkPlace(lease, action, x, y);
  const { step, encoding } = lease;
  return (y as number) * (step / rowOfCode(encoding).itemBytes) + (x as number);
}

const arrayKeys = [...depthShapeKeys, ...layoutKeys] as const;

type ArrayGiven = { readonly [key in (typeof arrayKeys)[number]]?: unknown };

/** What depth image an array becomes. */
const depthKind: PictureKind<ArrayGiven, Wanted> = {
  known: (dtype, given) => checkEncoding(depthEncodingOf[typeFor(dtype, given.dtype)]),
  encoding: (dtype, channels, given) => {
    if (channels === 1) return checkEncoding(depthEncodingOf[typeFor(dtype, given.dtype)]);
    throw invalid('fromArray: shape', '[height, width]', `${channels} channels`);
  },
  wanted: (given, { dtype }, size) => readDepth({ ...given, ...size, dtype }),
};

/** The type of a depth image made of an array. */
function typeFor(own: Dtype, wanted: unknown): DepthDtype {
  if (own === 'float64' && wanted === 'float32') return wanted;
  if (own !== 'float32' && own !== 'uint16') {
    const way = own === 'float64' ? "; { dtype: 'float32' } rounds a Float64Array" : '';
    const expected = `a Float32Array of metres or a Uint16Array of raw units${way}`;
    throw invalid('fromArray', expected, `values of ${own}`);
  }
  if (wanted === undefined || wanted === own) return own;
  throw invalid('dtype', `'${own}', of an array of ${own}; convert the array before`, wanted);
}

/** One line, never depths. The prototype itself can be inspected too. */
function inspectDepth(this: unknown): string {
  if (!isDepth(this)) return 'DepthImage {}';
  const { dim0, dim1, encoding } = this[LEASE];
  return `DepthImage ${dim1}x${dim0} ${rowOfCode(encoding).dtype} ${whereabouts(this)}`;
}

/** The encodings whose values can be depths. */
const depthEncodings: Partial<Record<Encoding, DepthEncoding>> = {
  mono16: 'depth16',
  depth16: 'depth16',
  mono32f: 'mono32f',
};

/** Gives images the method that leads here, which they cannot name: this file stands above. */
export function withDepth(images: typeof ImageFrame): typeof ImageFrame {
  const asDepth = function (this: ImageFrame): AnyDepth {
    const lease = this[LEASE];
    assertReadable(lease);
    const { name, dtypeCode } = rowOfCode(lease.encoding);
    const encoding = depthEncodings[name];
    if (encoding === undefined) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_ENCODING',
        `asDepth: ${name} holds no depths: expected mono32f (metres), depth16 or mono16 (raw ` +
          "units); convert('depth16') makes some of brightness",
      );
    }
    const { code } = checkEncoding(encoding);
    return depthOf(retainedAs(lease, typesOf('DepthImage', code, dtypeCode)));
  };
  Object.defineProperty(images.prototype, 'asDepth', { value: asDepth, writable: true });
  return images;
}

export { DepthImage as DepthFrame };
