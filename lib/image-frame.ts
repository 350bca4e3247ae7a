/**
 * The class behind `Image`: pixels in rows, in a slot of shared memory. It is called `Image`, too,
 * because that is what users see of it, and giving a class another name afterwards keeps V8 from
 * ever compiling what makes its instances.
 */
import { checkBytes, checkOptions, invalid } from './check.js';
import type { BytesLike } from './check.js';
import type { Bytes } from './dtype.js';
import {
  checkEncoding,
  rowOfCode,
  type DataOf,
  type DtypeOf,
  type Encoding,
  type EncodingInfo,
} from './encoding.js';
import { FramelaneError } from './errors.js';
import {
  DIM0,
  DIM1,
  DIM2,
  DTYPE,
  ENCODING,
  FLAGS,
  KIND,
  PAYLOAD,
  STEP,
  kinds,
} from './generated/layout.js';
import { Frame, frameType, held, LEASE, whereabouts, type FrameType } from './frame.js';
import * as hot from './hot.js';
import { Tally, trace } from './leak.js';
import {
  fillSlot,
  keptView,
  loaned,
  markCopied,
  openView,
  rawBytesOf,
  received,
  release,
  retained,
  setFrameId,
  setTimestampNs,
  slotFilled,
  watched,
  type Lease,
} from './lease.js';
import { errorOf, f64, load, u32, UNBOUND } from './native.js';
import { decodePicture, encodePicture, probePicture, type PictureFormat } from './picture.js';
import {
  readArguments,
  readShape,
  shapeKeys,
  sizeKeys,
  type ImageJSON,
  type ImageShape,
  type Wanted,
} from './shape.js';
import { COPIED_LOAN, READ, takeToken, tokenOf, type TokenOptions } from './token.js';
import { headerFrameId, headerStamp } from './view.js';

/** First argument of the constructor when the second is the frame's lease. */
const FROM_LEASE = Symbol('from lease');
/** For the frames of no topic. */
const unbound = new Tally(null, null);

/** An image whatever its encoding. */
type AnyImage = Image<Encoding, unknown>;

/** `D` is the type of `data`. */
class Image<E extends Encoding = Encoding, D = DataOf<E>> extends Frame {
  /** See `ImageConstructor`. @internal */
  constructor(first: unknown, second?: unknown, third?: unknown) {
    // One call of `super`, and nothing after it where the lease is given: V8 inlines that.
    super(first === FROM_LEASE ? (second as Lease) : newLease(readArguments(first, second, third)));
  }

  /** Rows. */
  get height(): number {
    return held(this).dim0;
  }

  /** Pixels in a row. */
  get width(): number {
    return held(this).dim1;
  }

  /** How the pixels are laid out. */
  get encoding(): E {
    return rowOf(this).name as E;
  }

  /** Type of one value, by NumPy's name. */
  get dtype(): DtypeOf<E> {
    return rowOf(this).dtype as DtypeOf<E>;
  }

  /** Values a pixel has. */
  get channels(): number {
    return rowOf(this).channels;
  }

  /** Bytes from the start of one row to the start of the next. */
  get step(): number {
    return held(this).step;
  }

  /** Bytes of the pixels, without any padding of rows. */
  get nbytes(): number {
    const { dim0, dim1, encoding } = held(this);
    return dim0 * dim1 * rowOfCode(encoding).bytesPerPixel;
  }

  /** Bytes from the first pixel to the last, padding between rows included. */
  get byteLength(): number {
    return byteLengthOf(held(this));
  }

  /** Extents as in NumPy: `[height, width]`, or `[height, width, channels]` for several. */
  get shape(): number[] {
    const { channels } = rowOf(this);
    const { dim0, dim1 } = this[LEASE];
    return channels === 1 ? [dim0, dim1] : [dim0, dim1, channels];
  }

  /** For each dimension of `shape`, how many elements of `data` lie from one to the next. */
  get strides(): number[] {
    const { channels, itemBytes } = rowOf(this);
    const line = this[LEASE].step / itemBytes;
    return channels === 1 ? [line, 1] : [line, channels, 1];
  }

  /**
   * The values, as the typed array of the encoding, on the slot itself: no copy. Rows follow
   * each other; row `y` begins at `y * strides[0]`. The array is for as long as the frame is held:
   * after `release()` or `send()` its memory belongs to another frame.
   *
   * Of a received frame it is read-only: a write ends the process, unless `access` is `'shared'`.
   * With `guard` the array has length 0 once the frame is gone, with memory `'copy'` it is a
   * private copy; see `Settings`.
   *
   * Throws `ERR_FRAMELANE_RELEASED`, `…_EXTERNAL_MEMORY` where the runtime refuses buffers over
   * foreign memory, `…_DETACHED_BUFFER` with memory `'copy'` where the pixels were moved away.
   */
  get data(): D {
    const lease = this[LEASE];
    const kept = keptView(lease);
    if (kept !== null) return kept as D;
    return openView(lease, rowOfCode(lease.encoding), byteLengthOf(lease)) as D;
  }

  /**
   * Another frame object on the same slot, which is released for itself: to hold a frame longer
   * than the loop that received it, or to go on holding what is sent.
   */
  retain(): this {
    return new Image<E, D>(FROM_LEASE, retained(this[LEASE])) as this;
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
    return tokenOf(this[LEASE], options, describe);
  }

  /** A private copy that can be written and sent; rows are packed, frame id and time are kept. */
  clone(): Image<E> {
    const row = rowOf(this);
    const { dim0: height, dim1: width, step } = this[LEASE];
    const rowBytes = width * row.bytesPerPixel;
    const { frameId, timestampNs } = this;
    const source = rawBytesOf(this[LEASE], this.byteLength);
    const wanted = { row, width, height, rowBytes, frameId, timestampNs, zeroed: false };
    return filled(loanImage<E>(UNBOUND, unbound, wanted), (copy) => {
      markCopied(copy[LEASE]);
      const target = rawBytesOf(copy[LEASE], rowBytes * height);
      if (step === rowBytes) {
        target.set(source);
        return;
      }
      for (let y = 0; y < height; y++) {
        target.set(source.subarray(y * step, y * step + rowBytes), y * rowBytes);
      }
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
    return encodePicture(this[LEASE], format, options);
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
    const size = rowBytes * height;
    if (source.length !== size) {
      throw new FramelaneError(
        'ERR_FRAMELANE_INVALID_LENGTH',
        `fromBytes: ${width}x${height} ${row.name} takes ${size} bytes, got ${source.length}; ` +
          'check width, height and encoding, and cut off any padding',
      );
    }
    const image = loanImage(UNBOUND, unbound, wanted);
    return filled(image, () => {
      fillSlot(image[LEASE], source);
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
    return filled(loanImage(UNBOUND, unbound, shape), (image) =>
      decodePicture(source, image[LEASE]),
    );
  }

  /** See `ImageConstructor`. */
  static fromToken(token: string): AnyImage {
    const what = takeToken(kinds.Image, token);
    if (what === READ) {
      return new Image(FROM_LEASE, watched(received('Image', unbound), trace()));
    }
    const lease = loaned('Image', unbound);
    setFrameId(lease, headerFrameId(lease.pool, lease.slot));
    setTimestampNs(lease, headerStamp(lease.pool, lease.slot));
    slotFilled(lease);
    if (what === COPIED_LOAN) markCopied(lease);
    return new Image(FROM_LEASE, lease);
  }

  /** How topics deal with images. */
  static readonly [frameType]: FrameType<Image> = {
    kind: kinds.Image,
    name: 'Image',
    bytesFor: (options) => {
      const { rowBytes, height } = readShape(checkOptions(options, sizeKeys, 'prepare'));
      return rowBytes * height;
    },
    bytesOf: (lease) => byteLengthOf(lease),
    loan: (topic, tally, options) =>
      loanImage(topic, tally, readShape(checkOptions(options, shapeKeys, 'loan'))),
    receive: (tally) => new Image(FROM_LEASE, received('Image', tally)),
    owns: (value) => isImage(value),
    describe,
  };

  static {
    const inspect = Symbol.for('nodejs.util.inspect.custom');
    Object.defineProperty(this.prototype, inspect, { value: inspectImage });
  }
}

function isImage(value: unknown): value is AnyImage {
  return value instanceof Image && LEASE in value;
}

/** What is known of a frame's encoding; throws `ERR_FRAMELANE_RELEASED`. */
function rowOf(image: AnyImage): EncodingInfo {
  return rowOfCode(held(image).encoding);
}

function byteLengthOf({ step, dim0, dim1, encoding }: Lease): number {
  return step * (dim0 - 1) + dim1 * rowOfCode(encoding).bytesPerPixel;
}

function describe({ encoding, dim0, dim1, step }: Lease): void {
  const row = rowOfCode(encoding);
  u32[KIND] = kinds.Image;
  u32[ENCODING] = encoding;
  u32[DTYPE] = row.dtypeCode;
  u32[FLAGS] = 0;
  u32[DIM0] = dim0;
  u32[DIM1] = dim1;
  u32[DIM2] = row.channels;
  u32[STEP] = step;
  f64[PAYLOAD / 2] = step * dim0;
}

function title(image: AnyImage): string {
  const { dim0, dim1, encoding } = image[LEASE];
  return `Image ${dim1}x${dim0} ${rowOfCode(encoding).name} ${whereabouts(image)}`;
}

/** One line, never pixels. The prototype itself can be inspected too. */
function inspectImage(this: unknown): string {
  return isImage(this) ? title(this) : 'Image {}';
}

/** Takes a slot and completes the control array, so that it names an empty image. */
function loanSlot(topic: number, { row, width, height, rowBytes }: Wanted): void {
  load();
  const status = hot.loan(topic, rowBytes * height);
  if (status < 0) throw errorOf(status);
  u32[ENCODING] = row.code;
  u32[DIM0] = height;
  u32[DIM1] = width;
  u32[STEP] = rowBytes;
}

function loanImage<E extends Encoding>(topic: number, tally: Tally, wanted: Wanted): Image<E> {
  loanSlot(topic, wanted);
  return new Image<E>(FROM_LEASE, begin(loaned('Image', tally), wanted));
}

/** A lease on a slot of no topic. */
function newLease(wanted: Wanted): Lease {
  loanSlot(UNBOUND, wanted);
  return begin(loaned('Image', unbound), wanted);
}

/** Gives a new frame what it begins with. */
function begin(lease: Lease, wanted: Wanted): Lease {
  try {
    if (wanted.zeroed) rawBytesOf(lease, wanted.rowBytes * wanted.height).fill(0);
    if (wanted.frameId !== undefined) setFrameId(lease, wanted.frameId);
    if (wanted.timestampNs !== undefined) setTimestampNs(lease, wanted.timestampNs);
    return lease;
  } catch (error) {
    release(lease);
    throw error;
  }
}

/** Fills a new image; where that fails, its slot goes back. */
function filled<I extends AnyImage>(image: I, fill: (image: I) => void): I {
  try {
    fill(image);
    return image;
  } catch (error) {
    image.release();
    throw error;
  }
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
