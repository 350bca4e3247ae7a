/** `PointCloud`, as users see it. */
import type { BytesLike } from './check.js';
import { CloudFrame, type CloudArrayOptions, type CloudDataOf } from './cloud-frame.js';
import type { CloudDtype, CloudOptions, CloudShape } from './cloud-shape.js';
import type { Dtype } from './dtype.js';
import type { FrameClass } from './frame.js';
import type { AnyArray, StridedArray } from './strided.js';

/**
 * Points in shared memory: made here to be written and sent, or received to be read. Whoever has
 * one gives it back, as of `Image`.
 *
 * Errors that every member throws after `release()`: `ERR_FRAMELANE_RELEASED`, but for `released`
 * and `[Symbol.dispose]`. After `send` the metadata stay readable.
 */
export interface PointCloud<D extends CloudDtype = CloudDtype> extends CloudFrame<
  D,
  CloudDataOf<D>
> {}

/**
 * A cloud as a topic hands it out: read-only, because others read the same memory. What could
 * write is missing here and throws `ERR_FRAMELANE_FROZEN`; `clone()` gives a copy to change.
 */
export interface ReceivedPointCloud<D extends CloudDtype = CloudDtype> extends CloudFrame<
  D,
  Readonly<CloudDataOf<D>>
> {
  readonly setFrameId: never;
  readonly setTimestampNs: never;
  readonly setPoint: never;
}

/** Makes point clouds. */
export interface PointCloudConstructor extends FrameClass<PointCloud> {
  readonly prototype: PointCloud;

  /**
   * A cloud of zeros: so many points with so many values of one type each. In the other form
   * points can stand in rows (`width`, `height`) and have named fields, of several types too. Its
   * type is known to TypeScript where `fields` is a number.
   *
   * Throws `ERR_FRAMELANE_INVALID_SIZE`, `…_INVALID_ARGUMENT`, `…_NO_SPACE`, `…_POOL_EXHAUSTED`,
   * `…_TOO_MANY_HELD`. A cloud has a point at least.
   *
   * @example
   * const cloud = new PointCloud({
   *   points: 1000,
   *   fields: [{ name: 'x' }, { name: 'y' }, { name: 'z' }, { name: 'ring', dtype: 'uint16' }],
   *   frameId: 'lidar',
   * });
   */
  new (numPoints: number, fieldsPerPoint?: number): PointCloud<'float32'>;
  new <D extends Dtype>(numPoints: number, fieldsPerPoint: number, dtype: D): PointCloud<D>;
  new <D extends Dtype = 'float32'>(options: CloudOptions<D> & { fields?: number }): PointCloud<D>;
  new (options: CloudOptions): PointCloud;

  /**
   * A cloud with a copy of these values, of their type: a typed array with the values of one point
   * after another, with `order: 'F'` those of one field after another, or an array with a shape,
   * `[points, fields]` or `[height, width, fields]`, and any strides. One copy, straight into the
   * slot.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH` where the values are no whole points, or shape, strides
   * and offset lead out of the array; `…_INVALID_ARGUMENT`, `…_DETACHED_BUFFER`, and what
   * `new PointCloud` throws.
   *
   * @example
   * const cloud = PointCloud.fromArray(new Float32Array([1, 2, 3, 4, 5, 6]), { fields: 3 });
   */
  fromArray(array: AnyArray | StridedArray, options?: CloudArrayOptions): PointCloud;

  /**
   * A cloud with a copy of these bytes: points of `pointStep` bytes one after another, in the
   * machine's byte order. Without `points` and `width` the bytes say how many.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH`, `…_DETACHED_BUFFER`, and what `new PointCloud` throws.
   */
  fromBytes(bytes: BytesLike, shape: CloudShape): PointCloud;

  /**
   * The cloud of a PCD file (0.5 to 0.7; ascii, binary or compressed) or a PLY file (ascii or
   * binary; its vertices), by its first bytes. Fields keep their names and types.
   *
   * Throws `ERR_FRAMELANE_CODEC`, `…_INVALID_SIZE` for a file without points, and what
   * `new PointCloud` throws.
   *
   * @example
   * const cloud = PointCloud.decode(await readFile('scan.pcd'));
   */
  decode(bytes: BytesLike): PointCloud;

  /** The cloud that a token names; see `Image.fromToken`. */
  fromToken(token: string): ReceivedPointCloud;
}

export const PointCloud = CloudFrame as unknown as PointCloudConstructor;

export type { CloudFrame };
