/**
 * The class behind `Image`: pixels in rows, in a slot of shared memory. It is called `Image`, too,
 * because that is what users see of it, and giving a class another name afterwards keeps V8 from
 * ever compiling what makes its instances.
 */
import { checkBytes, checkInteger, checkOptions, invalid } from './check.js';
import type { BytesLike } from './check.js';
import type { Bytes } from './dtype.js';
import {
  checkInto,
  convertInto,
  planConversion,
  planResize,
  resizeInto,
  tensorInputOf,
  type ConvertOptions,
  type ResizeOptions,
  type TensorInput,
  type TensorInputOptions,
} from './convert.js';
import type { DepthFrame } from './depth-frame.js';
import { checkEncoding, rowOfCode, wholeBytes, type DataOf, type Encoding } from './encoding.js';
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
import { gathered, gatherRows, readArray, readRows } from './from-array.js';
import type { FromArrayOptions, FromRowsOptions } from './from-array.js';
import {
  assertReadable,
  fillSlot,
  labelToWrite,
  markCopied,
  received,
  type Lease,
} from './lease.js';
import { decodePicture, encodePicture, probePicture, type PictureFormat } from './picture.js';
import { checkPlace, fillPixels, readPixel, readValue, writePixel } from './pixels.js';
import type { PixelValues } from './pixels.js';
import { planeViews, type Plane } from './planes.js';
import {
  byteLengthOf,
  bytesForRaster,
  copyRaster,
  loanRaster,
  newRaster,
  Raster,
  rowOf,
  wantedOfCopy,
} from './raster.js';
import { colourOf, copyLabel, filled, leaseOfToken } from './saying.js';
import {
  loanKeys,
  readArguments,
  readShape,
  shapeKeys,
  sizeKeys,
  type ImageJSON,
  type ImageShape,
  type Wanted,
} from './shape.js';
import { imageDataOf, type ImageDataLike, type ToImageDataOptions } from './to-web.js';
import { tokenOf, type TokenOptions } from './token.js';
import { colourFrom, matrixOf, rangeOf } from './yuv.js';
import type { YuvMatrix, YuvOptions, YuvRange } from './yuv.js';

/** An image whatever its encoding. */
type AnyImage = Image<Encoding, unknown>;

/** `D` is the type of `data`. */
class Image<E extends Encoding = Encoding, D = DataOf<E>> extends Raster<E, D> {
  /** See `ImageConstructor`. @internal */
  constructor(first: unknown, second?: unknown, third?: unknown) {
    // One call of `super`, and nothing after it where the lease is given: V8 inlines that.
    super(
      first === FROM_LEASE
        ? (second as Lease)
        : newRaster('Image', readArguments(first, second, third)),
    );
  }

  /**
   * The same values as depths, of `mono32f` as metres, of `depth16` and `mono16` as raw units:
   * another frame object on the same slot, which is released for itself. No copy. One that is not
   * sent yet is sent as what it is then; what was received or sent already can be sent on as an
   * image only, as a depth image a `clone()` of it.
   *
   * Throws `ERR_FRAMELANE_INVALID_ENCODING` for other encodings, `ERR_FRAMELANE_RELEASED`,
   * `ERR_FRAMELANE_TOO_MANY_HELD`.
   */
  // Declared only: depth images are made of images, and what makes them stands above.
  declare readonly asDepth: () => DepthFrame<E extends 'mono32f' ? 'float32' : 'uint16', D>;

  /** How the pixels are laid out. */
  get encoding(): E {
    return rowOf(this).name as E;
  }

  /** The matrix of Y, U and V; `null` where nobody said, and for encodings without them. */
  get yuvMatrix(): YuvMatrix | 'bt2020' | null {
    return matrixOf(colourOf(held(this)));
  }

  /** The range of Y, U and V; `null` where nobody said, and for encodings without them. */
  get yuvRange(): YuvRange | null {
    return rangeOf(colourOf(held(this)));
  }

  /**
   * Says how Y, U and V become colours; it travels with the image, and `convert` goes by it. What
   * is left out stays as it was. Gives the image back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for an encoding without Y, U and V too,
   * `ERR_FRAMELANE_FROZEN` for an image received or sent, `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * image.setYuv({ matrix: 'bt709', range: 'limited' });
   */
  setYuv(options: YuvOptions): this {
    const { saying } = labelToWrite(this[LEASE], 'setYuv');
    const colour = colourFrom(rowOf(this), saying.colour, options);
    labelToWrite(this[LEASE], 'setYuv').say({ colour });
    return this;
  }

  /**
   * The values of the pixel at column `x` of row `y`, one for each channel, in the encoding's
   * element type: bytes, 16-bit numbers or floats. Of 4:2:2 pictures Y and the U or V that is
   * stored with the pixel (U with even `x`, V with odd), of pictures in planes Y, U and V.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` outside of the image, `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * const [r, g, b] = image.pixel(320, 240);
   */
  pixel(x: number, y: number): number[] {
    assertReadable(this[LEASE]);
    checkPlace(this[LEASE], 'pixel', x, y);
    return readPixel(this[LEASE], x, y);
  }

  /**
   * The same pixel in the order of an index, ROW before column: its values, or with `c` one of
   * them. `image.at(240, 320)` is `image.pixel(320, 240)`.
   */
  at(y: number, x: number): number[];
  at(y: number, x: number, c: number): number;
  at(y: number, x: number, c?: number): number[] | number {
    const lease = this[LEASE];
    assertReadable(lease);
    checkPlace(lease, 'at', x, y);
    if (c === undefined) return readPixel(lease, x, y);
    return readValue(lease, x, y, checkInteger(c, 'at: c', 0, this.channels - 1));
  }

  /**
   * Writes the pixel at column `x` of row `y`: as many values as `pixel` gives, or a number where
   * that is one. Pixels that share U and V share what is written there. Gives the image back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` outside of the image and for values that the element
   * type cannot hold, `ERR_FRAMELANE_INVALID_LENGTH` for too few or too many,
   * `ERR_FRAMELANE_FROZEN`, `ERR_FRAMELANE_RELEASED`; then nothing is written.
   */
  setPixel(x: number, y: number, values: PixelValues): this {
    writePixel(this[LEASE], x, y, values);
    return this;
  }

  /**
   * Gives every pixel these values; padding between rows stays as it was. Of 4:2:2 pictures Y and
   * what both U and V are to be, or Y, U and V. Gives the image back; throws as `setPixel` does.
   *
   * @example
   * image.fill([0, 0, 0]);
   */
  fill(values: PixelValues): this {
    fillPixels(this[LEASE], values);
    return this;
  }

  /**
   * The planes of the image, each with a view on its values: Y and U V of nv12, Y, U and V of
   * i420, of all other encodings the whole as a single one. No copy.
   */
  get planes(): Plane<D>[] {
    return planeViews(this[LEASE]);
  }

  /**
   * The pixels as the web's `ImageData`, of mono8, rgb8, bgr8, rgba8 and bgra8: a copy, but for a
   * packed rgba8 image that is ours to write, whose values it shows as long as that is held. With
   * `into` they are copied there.
   *
   * Throws `ERR_FRAMELANE_INVALID_ENCODING` for other encodings, `…_INVALID_SIZE` for `into` of
   * another size.
   */
  toImageData(options?: ToImageDataOptions): ImageDataLike {
    return imageDataOf(this[LEASE], options);
  }

  /**
   * The image's name: 124 ASCII characters, for `postMessage`, IPC, JSON. `Image.fromToken` makes
   * an image of it, in any thread and any process of the same directory and namespace, while
   * somebody holds the image, the publisher for its subscribers for instance. It holds nothing.
   *
   * With `transfer: true` the hold goes along: this object is released, and the first
   * `Image.fromToken` in this process has the image, also one that is still to be sent. Unclaimed
   * it is given back when this thread ends; up to `maxHeld` of a topic can be on their way.
   *
   * Throws `ERR_FRAMELANE_RELEASED`; `ERR_FRAMELANE_INVALID_ARGUMENT` without `transfer` for an
   * image that has not been sent, with it for one that has not been sent and is retained, or that
   * is to be acknowledged; `ERR_FRAMELANE_TOO_MANY_HELD`.
   */
  toToken(options?: TokenOptions): string {
    return tokenOf(this[LEASE], options);
  }

  /**
   * A private copy that can be written and sent; rows are packed; frame id, time, colours and
   * camera are kept.
   */
  clone(): Image<E> {
    return filled(imageOf<E>(newRaster('Image', wantedOfCopy(this))), (copy) => {
      copyRaster(this[LEASE], copy[LEASE]);
      copyLabel(this[LEASE], copy[LEASE]);
    });
  }

  /**
   * The picture as a PNG or JPEG file, made off the event loop. The frame may be released
   * meanwhile; it must not be written.
   *
   * PNG takes mono8, mono16, depth16, rgb8, bgr8, rgba8 and bgra8, JPEG the 8-bit ones, without
   * alpha. `quality` is for JPEG, 1 to 100, default 85.
   *
   * Rejects with `ERR_FRAMELANE_CODEC` for other encodings, `ERR_FRAMELANE_INVALID_ARGUMENT`,
   * `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * await writeFile('frame.jpg', await image.encode('jpeg', { quality: 90 }));
   */
  async encode(format: PictureFormat, options?: { quality?: number }): Promise<Bytes> {
    assertReadable(this[LEASE]);
    return encodePicture(this[LEASE], format, options);
  }

  /**
   * The picture in another encoding: a new image, or `into`, which is given back. Every encoding
   * becomes rgb8, rgba8, bgr8 and mono8, and those four become every encoding; one pass, straight
   * into the slot. Frame id, time stamp and camera are kept.
   *
   * YUV is read and written by `yuvMatrix` and `yuvRange`, those of the source, else of `into`;
   * BT.601 and limited where nobody said. U and V are those of the pixels that share them; mosaics
   * are demosaiced bilinearly; 16 bits are parts of 65,535, floats of 1; alpha is dropped, not
   * blended. `depth16` becomes colours by `colorMap` and `depthRange`.
   *
   * Throws `ERR_FRAMELANE_NO_CONVERSION`, which names two steps; for `into`
   * `ERR_FRAMELANE_INVALID_ENCODING`, `…_INVALID_SIZE`, `…_FROZEN`; `ERR_FRAMELANE_RELEASED`, and
   * what `new Image` throws.
   *
   * @example
   * using rgb = frame.convert('rgb8');
   */
  convert<F extends Encoding, I>(encoding: F, options: ConvertOptions<I> & { into: I }): I;
  convert<F extends Encoding>(encoding: F, options?: ConvertOptions<Image<F>>): Image<F>;
  convert(encoding: Encoding, options?: ConvertOptions): unknown {
    const from = this[LEASE];
    const plan = planConversion(from, encoding, options);
    const { dim0: height, dim1: width } = from;
    return made(this, 'convert', plan.into, { encoding: plan.row.name, width, height }, (to) => {
      convertInto(from, to, plan);
    });
  }

  /**
   * The picture in another size: a new image, or `into`, which is given back; one pass, straight
   * into the slot. Frame id, time stamp, colours and camera are kept; the camera's `width` and
   * `height` still say which size its numbers are for. Values are within 1 of the exact ones.
   *
   * Throws `ERR_FRAMELANE_INVALID_ENCODING` for yuv422, yuyv, uyvy and Bayer, convert those first,
   * and for another filter than nearest of depth16; otherwise as `convert` does.
   *
   * @example
   * using small = frame.resize({ width: 640, height: 360, filter: 'area' });
   */
  resize<I>(options: ResizeOptions<I> & { into: I }): I;
  resize(options: ResizeOptions<Image<E>> & { width: number; height: number }): Image<E>;
  resize(options: ResizeOptions): unknown {
    const from = this[LEASE];
    const { into, filter, width, height } = planResize(from, options);
    const encoding = rowOfCode(from.encoding).name;
    return made(this, 'resize', into, { encoding, width, height }, (to) => {
      resizeInto(from, to, filter);
    });
  }

  /**
   * The values as models want them: `(value / scale - mean) / std` as 32-bit floats, with scale 255
   * for 8 bits, 65,535 for 16 bits and 1 for floats; red, green, blue, whatever their order in
   * memory, or grey. Resize and crop before.
   *
   * Throws `ERR_FRAMELANE_INVALID_ENCODING` for YUV, Bayer and depth16, convert those first;
   * `ERR_FRAMELANE_INVALID_LENGTH` for `into` of another length, `ERR_FRAMELANE_FROZEN` where it
   * lies in a received frame; `ERR_FRAMELANE_INVALID_ARGUMENT`, `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * const { data, shape } = frame.toTensorInput({
   *   mean: [0.485, 0.456, 0.406],
   *   std: [0.229, 0.224, 0.225],
   * });
   * const input = new ort.Tensor('float32', data, [1, ...shape]);
   */
  toTensorInput(options?: TensorInputOptions): TensorInput {
    return tensorInputOf(this[LEASE], options);
  }

  /** Metadata only. */
  toJSON(): ImageJSON {
    const { width, height, encoding, dtype, channels, step, nbytes, frameId, sequence } = this;
    return {
      type: 'Image',
      width,
      height,
      encoding,
      dtype,
      channels,
      step,
      nbytes,
      frameId,
      timestampNs: String(this.timestampNs),
      sequence,
      sentNs: String(this.sentNs),
    };
  }

  /** See `ImageConstructor`. */
  static fromBytes(bytes: BytesLike, shape: ImageShape): AnyImage {
    const source = checkBytes(bytes, 'fromBytes');
    const wanted = readShape(checkOptions(shape, shapeKeys, 'fromBytes'));
    const { row, width, height, rowBytes } = wanted;
    const size = wholeBytes(row, height, rowBytes);
    if (source.length !== size) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_LENGTH',
        `fromBytes: ${width}x${height} ${row.name} takes ${size} bytes, got ${source.length}; ` +
          'check width, height and encoding, and cut off any padding',
      );
    }
    return filled(imageOf(newRaster('Image', wanted)), (image) => {
      fillSlot(image[LEASE], source);
      markCopied(image[LEASE]);
    });
  }

  /** See `ImageConstructor`. */
  static fromArray(array: unknown, options?: FromArrayOptions): AnyImage {
    const { wanted, values } = readArray(array, options);
    return gathered(imageOf(newRaster('Image', wanted)), values);
  }

  /** See `ImageConstructor`. */
  static fromRows(rows: unknown, options?: FromRowsOptions): AnyImage {
    const { wanted, lines } = readRows(rows, options);
    return filled(imageOf(newRaster('Image', wanted)), (image) => {
      gatherRows(lines, image[LEASE]);
      markCopied(image[LEASE]);
    });
  }

  /** See `ImageConstructor`. */
  static decode(bytes: BytesLike, options?: { encoding?: Encoding; into?: Image }): AnyImage {
    const given = checkBytes(bytes, 'decode');
    const { encoding, into } = checkOptions(options, ['encoding', 'into'], 'decode');
    // Another thread may write to shared bytes while they are read: the decoder gets a copy.
    const source = given.buffer instanceof ArrayBuffer ? given : given.slice();
    if (into !== undefined) return decodeInto(source, into, encoding);
    const wanted = encoding === undefined ? undefined : checkEncoding(encoding);
    const info = probePicture(source);
    const { name } = wanted ?? rowOfCode(info.encoding);
    const shape = readShape({ width: info.width, height: info.height, encoding: name });
    return filled(imageOf(newRaster('Image', shape)), (image) =>
      decodePicture(source, image[LEASE]),
    );
  }

  /** See `ImageConstructor`. */
  static fromToken(token: string): AnyImage {
    return new Image(FROM_LEASE, leaseOfToken('Image', token));
  }

  /** How topics deal with images. */
  static readonly [frameType]: FrameType<Image, Wanted> = {
    name: 'Image',
    sizeKeys,
    loanKeys,
    read: readShape,
    bytesFor: bytesForRaster,
    bytesOf: byteLengthOf,
    take: (topic, tally, wanted) => loanRaster('Image', topic, tally, wanted),
    make: imageOf,
    receive: (tally) => new Image(FROM_LEASE, received(tally)),
    owns: isImage,
  };

  static {
    inspectedAs(this.prototype, inspectImage);
  }
}

function isImage(value: unknown): value is AnyImage {
  return value instanceof Image && LEASE in value;
}

/** An image with this lease. */
function imageOf<E extends Encoding>(lease: Lease): Image<E> {
  return new Image<E>(FROM_LEASE, lease);
}

function title(image: AnyImage): string {
  const { dim0, dim1, encoding } = image[LEASE];
  return `Image ${dim1}x${dim0} ${rowOfCode(encoding).name} ${whereabouts(image)}`;
}

/** One line, never pixels. The prototype itself can be inspected too. */
function inspectImage(this: unknown): string {
  return isImage(this) ? title(this) : 'Image {}';
}

/** The image that `work` has filled: `into`, or a new one that says what the first one does. */
function made(
  image: AnyImage,
  action: string,
  into: unknown,
  asked: { encoding: Encoding; width: unknown; height: unknown },
  work: (to: Lease) => void,
): AnyImage {
  if (into !== undefined) {
    if (!isImage(into)) throw invalid('into', 'an Image', into);
    checkInto(action, into[LEASE], asked);
    work(into[LEASE]);
    return into;
  }
  const { frameId, timestampNs } = image;
  const wanted = readShape({ ...asked, frameId, timestampNs });
  return filled(imageOf(newRaster('Image', wanted)), (copy) => {
    copyLabel(image[LEASE], copy[LEASE]);
    work(copy[LEASE]);
    markCopied(copy[LEASE]);
  });
}

function decodeInto(bytes: Uint8Array, into: unknown, encoding: unknown): AnyImage {
  if (!isImage(into)) throw invalid('into', 'an Image', into);
  if (encoding !== undefined && checkEncoding(encoding).name !== into.encoding) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `decode: \`into\` is ${into.encoding}, but ${String(encoding)} was asked for; ` +
        'leave one of the two out',
    );
  }
  decodePicture(bytes, into[LEASE]);
  return into;
}

export { Image as ImageFrame };
