/** `framelane/adapters/ndarray`: images as `ndarray` of npm has arrays, and back. */
import type { NdarrayLike } from '../arrays.js';
import type { Encoding } from '../encoding.js';
import type { FromArrayOptions } from '../from-array.js';
import { Image } from '../image.js';
import type { StridedArray } from '../strided.js';

/** The function that the package `ndarray` exports. */
export type NdarrayFunction<D, N> = (
  data: D,
  shape: number[],
  stride: number[],
  offset: number,
) => N;

/**
 * An image, or a part made by `crop`, as an ndarray of `[height, width]` or `[height, width,
 * channels]` on the image's own values: no copy. It is for as long as the image is held.
 *
 * Throws what `toNdarray` of the image throws.
 *
 * @example
 * import ndarray from 'ndarray';
 * const blue = toNdarray(ndarray, image).pick(null, null, 2);
 */
export function toNdarray<D, N>(
  ndarray: NdarrayFunction<D, N>,
  image: { toNdarray(): NdarrayLike<D> },
): N {
  const { data, shape, stride, offset } = image.toNdarray();
  return ndarray(data, shape, stride, offset);
}

/**
 * A new image of an ndarray's values, whatever its strides: one copy, into the slot. The same as
 * `Image.fromArray`.
 *
 * Throws what `Image.fromArray` throws, for one over a plain array or of int32 for instance.
 */
export function fromNdarray<E extends Encoding>(
  array: StridedArray,
  options: FromArrayOptions<E> & { encoding: E },
): Image<E>;
export function fromNdarray(array: StridedArray, options?: FromArrayOptions): Image;
export function fromNdarray(array: StridedArray, options?: FromArrayOptions): Image {
  return Image.fromArray(array, options);
}
