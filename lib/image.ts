/** `Image`, as users see it. */
import type { BytesLike } from './check.js';
import type { DataOf, Encoding } from './encoding.js';
import type { FrameClass } from './frame.js';
import { withDepth } from './depth-frame.js';
import { ImageFrame } from './image-frame.js';
import type { FromArrayOptions, FromRowsOptions } from './from-array.js';
import type { ImageOptions, ImageShape, Rgb8 } from './shape.js';
import type { AnyArray, StridedArray } from './strided.js';

/**
 * A picture in shared memory: made here to be written and sent, or received to be read. Whoever
 * has one gives it back: a loop over a topic does it, or `using`, or `release()`; `topic.send`
 * gives it away.
 *
 * Errors that every member throws after `release()`: `ERR_FRAMELANE_RELEASED`, but for `released`
 * and `[Symbol.dispose]`. After `send` the metadata stay readable.
 */
export interface Image<E extends Encoding = Encoding> extends ImageFrame<E, DataOf<E>> {}

/**
 * An image as a topic hands it out: read-only, because others read the same memory. What could
 * write is missing here and throws `ERR_FRAMELANE_FROZEN`; `clone()` gives a copy to change.
 */
export interface ReceivedImage<E extends Encoding = Encoding> extends ImageFrame<
  E,
  Readonly<DataOf<E>>
> {
  readonly setFrameId: never;
  readonly setTimestampNs: never;
  readonly setCameraInfo: never;
  readonly setYuv: never;
  readonly setPixel: never;
  readonly fill: never;
  readonly copyFrom: never;
}

/** Makes images. */
export interface ImageConstructor extends FrameClass<Image> {
  readonly prototype: Image;

  /**
   * An image of zeros: height before width, as in NumPy; the other form cannot be mixed up.
   *
   * Throws `ERR_FRAMELANE_INVALID_SIZE`, `…_INVALID_ENCODING`, `…_INVALID_ARGUMENT`,
   * `…_NO_SPACE`, `…_POOL_EXHAUSTED`, `…_TOO_MANY_HELD`.
   *
   * @example
   * const image = new Image({ width: 640, height: 480, encoding: 'mono8', frameId: 'left' });
   */
  new (height: number, width: number): Image<'rgb8'>;
  new <E extends Encoding>(height: number, width: number, encoding: E): Image<E>;
  new (options: Rgb8<ImageOptions>): Image<'rgb8'>;
  new <E extends Encoding>(options: ImageOptions<E>): Image<E>;

  /**
   * An image with a copy of these bytes: packed rows, `height * width * bytesPerPixel` of them,
   * in the machine's byte order. One copy, straight into the slot.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH`, `…_DETACHED_BUFFER`, and what `new Image` throws.
   */
  fromBytes(bytes: BytesLike, shape: Rgb8<ImageShape>): Image<'rgb8'>;
  fromBytes<E extends Encoding>(bytes: BytesLike, shape: ImageShape<E>): Image<E>;

  /**
   * An image with a copy of these values: a typed array, whose `width` and `height` are given (one
   * of the two where `encoding` is), or an array with a shape, `{ data, shape, stride, offset }`
   * as `ndarray` has it. One copy, straight into the slot, also of an array that lies in a slot
   * already; with `topic.loan()` and `data` there is none.
   *
   * Without `encoding` it is found from element type and channels: mono8, mono16, mono32f for one
   * channel of uint8, uint16, float32; rgb8, rgb16, rgb32f for three; rgba8, rgba16, rgba32f for
   * four. With it, both are checked against it.
   *
   * `strides` are in VALUES: from row to row, pixel to pixel, channel to channel; they may be
   * negative where the array has an `offset`. `order: 'F'` is for an array whose columns lie one
   * after another.
   *
   * Throws `ERR_FRAMELANE_INVALID_ENCODING` where none or another fits, `…_INVALID_LENGTH` where
   * there are more values or fewer, or shape, strides and offset lead out of the array,
   * `…_INVALID_ARGUMENT`, `…_DETACHED_BUFFER`, and what `new Image` throws.
   *
   * @example
   * const image = Image.fromArray(new Float32Array(640 * 480), { width: 640, height: 480 });
   */
  fromArray<E extends Encoding>(
    array: AnyArray | StridedArray,
    options: FromArrayOptions<E> & { encoding: E },
  ): Image<E>;
  fromArray(array: AnyArray | StridedArray, options?: FromArrayOptions): Image;

  /**
   * An image of rows that lie anywhere: one typed array for each, packed. One copy, into the slot.
   * `encoding` is given, or `width`, which says how many channels there are.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH` for rows of another length, and as `fromArray` does.
   *
   * @example
   * const image = Image.fromRows([top, middle, bottom], { encoding: 'rgb8' });
   */
  fromRows<E extends Encoding>(
    rows: ArrayLike<AnyArray>,
    options: FromRowsOptions<E> & { encoding: E },
  ): Image<E>;
  fromRows(rows: ArrayLike<AnyArray>, options?: FromRowsOptions): Image;

  /**
   * Decodes a JPEG or PNG file into a new image, or straight into one of yours that is not sent
   * yet, a loaned one for instance. Without `encoding` and `into` the picture's own encoding is
   * taken: mono8, mono16, rgb8 or rgba8. Values are as the file has them; a colour profile in it
   * is not applied. Where decoding fails, what `into` holds is unspecified.
   *
   * Throws `ERR_FRAMELANE_CODEC`, and for `into` of another size `ERR_FRAMELANE_INVALID_SIZE`.
   *
   * @example
   * const image = topic.loan({ width: 1280, height: 720 });
   * topic.send(Image.decode(jpeg, { into: image }));
   */
  decode<I extends Image>(bytes: BytesLike, options: { encoding?: Encoding; into: I }): I;
  decode<E extends Encoding>(bytes: BytesLike, options: { encoding: E }): Image<E>;
  decode(bytes: BytesLike, options?: { encoding?: Encoding; into?: Image }): Image;

  /**
   * The image that a token names: one more hold on it, which is released for itself and belongs
   * to no topic, or the one that `toToken({ transfer: true })` has sent along. An image handed
   * over before it was sent is an `Image` still, to be written and sent.
   *
   * Throws `ERR_FRAMELANE_STALE` where nobody holds the image any more, where it lies in another
   * directory or namespace, where somebody else has taken a transfer over, and for a transfer of
   * another process; `ERR_FRAMELANE_INVALID_ARGUMENT` for what is no token, or not of an image;
   * `ERR_FRAMELANE_LIMIT` where 32 processes read the publisher's memory already.
   *
   * @example
   * worker.postMessage(frame.toToken({ transfer: true })); // in one thread
   * const frame = Image.fromToken(token); // in the other
   */
  fromToken(token: string): ReceivedImage;
}

export const Image = withDepth(ImageFrame) as unknown as ImageConstructor;

export type { ImageFrame };
