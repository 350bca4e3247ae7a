/** `DepthImage`, as users see it. */
import type { BytesLike } from './check.js';
import { DepthFrame, type DepthArrayOptions, type DepthDataOf } from './depth-frame.js';
import type { DepthDtype, DepthOptions, DepthShape } from './depth-shape.js';
import type { FrameClass } from './frame.js';
import type { StridedArray } from './strided.js';

/**
 * Distances in shared memory, one for each pixel: metres as floats, or raw units of 16 bits.
 * Whoever has one gives it back, as of `Image`.
 *
 * Errors that every member throws after `release()`: `ERR_FRAMELANE_RELEASED`, but for `released`
 * and `[Symbol.dispose]`. After `send` the metadata stay readable.
 */
export interface DepthImage<D extends DepthDtype = DepthDtype> extends DepthFrame<
  D,
  DepthDataOf<D>
> {}

/**
 * A depth image as a topic hands it out: read-only, because others read the same memory. What could
 * write is missing here and throws `ERR_FRAMELANE_FROZEN`; `clone()` gives a copy to change.
 */
export interface ReceivedDepthImage<D extends DepthDtype = DepthDtype> extends DepthFrame<
  D,
  Readonly<DepthDataOf<D>>
> {
  readonly setFrameId: never;
  readonly setTimestampNs: never;
  readonly setCameraInfo: never;
  readonly setDepth: never;
  readonly setDepthScale: never;
}

/** Makes depth images. */
export interface DepthImageConstructor extends FrameClass<DepthImage> {
  readonly prototype: DepthImage;

  /**
   * A depth image of zeros, which stand for no known depth: height before width, as in NumPy; the
   * other form cannot be mixed up.
   *
   * Throws `ERR_FRAMELANE_INVALID_SIZE`, `…_INVALID_ARGUMENT`, `…_NO_SPACE`, `…_POOL_EXHAUSTED`,
   * `…_TOO_MANY_HELD`.
   *
   * @example
   * const depth = new DepthImage({ width: 640, height: 480, dtype: 'uint16', frameId: 'left' });
   */
  new (height: number, width: number): DepthImage<'float32'>;
  new <D extends DepthDtype>(height: number, width: number, dtype: D): DepthImage<D>;
  new <D extends DepthDtype = 'float32'>(options: DepthOptions<D>): DepthImage<D>;

  /**
   * A depth image with a copy of these values: a Float32Array of metres or a Uint16Array of raw
   * units, row by row unless `strides` or `order` say how they lie, or such an array with a shape,
   * `[height, width]`, and any strides. One copy, straight into the slot.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH` where there are more values or fewer, or shape, strides
   * and offset lead out of the array, `…_INVALID_ARGUMENT` for other types, `…_DETACHED_BUFFER`,
   * and what `new DepthImage` throws.
   */
  fromArray(
    array: Float32Array | StridedArray<Float32Array>,
    options?: DepthArrayOptions<'float32'>,
  ): DepthImage<'float32'>;
  fromArray(
    array: Uint16Array | StridedArray<Uint16Array>,
    options?: DepthArrayOptions<'uint16'>,
  ): DepthImage<'uint16'>;
  fromArray(
    array: Float64Array | StridedArray<Float64Array>,
    options: DepthArrayOptions<'float32'> & { dtype: 'float32' },
  ): DepthImage<'float32'>;

  /**
   * A depth image with a copy of these bytes: packed rows, in the machine's byte order.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH`, `…_DETACHED_BUFFER`, and what `new DepthImage` throws.
   */
  fromBytes<D extends DepthDtype = 'float32'>(
    bytes: BytesLike,
    shape: DepthShape<D>,
  ): DepthImage<D>;

  /** The depth image that a token names; see `Image.fromToken`. */
  fromToken(token: string): ReceivedDepthImage;
}

export const DepthImage = DepthFrame as unknown as DepthImageConstructor;

export type { DepthFrame };
