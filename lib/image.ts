/** `Image`: pixels in rows, in a slot of shared memory. */
import { checkBytes, checkInteger, checkOptions, invalid } from './check.js';
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
import {
  assertHeld,
  Frame,
  frameType,
  holdOf,
  holdToWrite,
  LOANED,
  markCopied,
  openView,
  rawBytesOf,
  RECEIVED,
  retainInControl,
  slotFilled,
  viewOf,
  whereabouts,
  type FrameClass,
  type FrameLabel,
  type FrameType,
  type Tally,
} from './lease.js';
import { calling, errorOf, f64, fromNative, hot, load, u32, UNBOUND } from './native.js';
import {
  readArguments,
  readShape,
  shapeKeys,
  sizeKeys,
  type ImageOptions,
  type ImageShape,
  type Rgb8,
  type Wanted,
} from './shape.js';

/** What `JSON.stringify` sees of an image: no pixels; 64-bit numbers as decimal strings. */
export interface ImageJSON {
  type: 'Image';
  width: number;
  height: number;
  encoding: Encoding;
  dtype: string;
  channels: number;
  step: number;
  nbytes: number;
  frameId: string;
  timestampNs: string;
  sequence: number;
  sentNs: string;
}

/** File formats that `encode` writes. */
export type PictureFormat = 'png' | 'jpeg';

const formatCodes = { png: 0, jpeg: 1 } as const satisfies Record<PictureFormat, number>;

/** First argument of the constructor when the control array names the frame. */
const FROM_CONTROL = Symbol('from control');
/** For the frames of no topic. */
const unbound: Tally = { extraReleases: 0, copied: 0, guard: null };

/** An image whatever its encoding. */
type AnyImage = ImageFrame<Encoding, unknown>;

// Ways to the private fields of images, for the functions below; set inside the class.
let rowOf: (image: AnyImage) => EncodingInfo;
let isImage: (value: unknown) => value is AnyImage;
let decodeSlot: (bytes: Uint8Array, image: AnyImage) => void;
let describe: (image: AnyImage) => void;
let title: (image: AnyImage) => string;

/** The class behind `Image`; `D` is the type of `data`. */
export class ImageFrame<E extends Encoding = Encoding, D = DataOf<E>> extends Frame {
  // In this order in every image, so that all have one hidden class.
  readonly #code: number;
  readonly #height: number;
  readonly #width: number;
  readonly #step: number;

  /** See `ImageConstructor`. @internal */
  constructor(first: unknown, second?: unknown, third?: unknown, label?: FrameLabel | null) {
    const wanted = first === FROM_CONTROL ? null : readArguments(first, second, third);
    if (wanted === null) {
      super(second as number, third as Tally, label ?? null);
    } else {
      loanSlot(UNBOUND, wanted);
      super(LOANED, unbound, null);
    }
    this.#code = u32[ENCODING];
    this.#height = u32[DIM0];
    this.#width = u32[DIM1];
    this.#step = u32[STEP];
    if (wanted !== null) begin(this, wanted);
  }

  /** Rows. */
  get height(): number {
    assertHeld(this);
    return this.#height;
  }

  /** Pixels in a row. */
  get width(): number {
    assertHeld(this);
    return this.#width;
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
    assertHeld(this);
    return this.#step;
  }

  /** Bytes of the pixels, without any padding of rows. */
  get nbytes(): number {
    return this.#height * this.#width * rowOf(this).bytesPerPixel;
  }

  /** Bytes from the first pixel to the last, padding between rows included. */
  get byteLength(): number {
    return this.#step * (this.#height - 1) + this.#width * rowOf(this).bytesPerPixel;
  }

  /** Extents as in NumPy: `[height, width]`, or `[height, width, channels]` for several. */
  get shape(): number[] {
    const { channels } = rowOf(this);
    return channels === 1 ? [this.#height, this.#width] : [this.#height, this.#width, channels];
  }

  /** For each dimension of `shape`, how many elements of `data` lie from one to the next. */
  get strides(): number[] {
    const { channels, itemBytes } = rowOf(this);
    const line = this.#step / itemBytes;
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
    return (viewOf(this) ?? openView(this, rowOf(this), this.byteLength)) as D;
  }

  /**
   * Another frame object on the same slot, which is released for itself: to hold a frame longer
   * than the loop that received it, or to go on holding what is sent.
   */
  retain(): this {
    const { state, tally, label } = retainInControl(this);
    u32[ENCODING] = this.#code;
    u32[DIM0] = this.#height;
    u32[DIM1] = this.#width;
    u32[STEP] = this.#step;
    return new ImageFrame<E, D>(FROM_CONTROL, state, tally, label) as this;
  }

  /** A private copy that can be written and sent; rows are packed, frame id and time are kept. */
  clone(): Image<E> {
    const row = rowOf(this);
    const [width, height, step] = [this.#width, this.#height, this.#step];
    const rowBytes = width * row.bytesPerPixel;
    const { frameId, timestampNs } = this;
    const source = rawBytesOf(this, this.byteLength);
    const wanted = { row, width, height, rowBytes, frameId, timestampNs, zeroed: false };
    return filled(loanImage<E>(UNBOUND, unbound, wanted), (copy) => {
      markCopied(copy);
      const target = rawBytesOf(copy, rowBytes * height);
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
    if (!Object.hasOwn(formatCodes, format)) throw invalid('format', "'png' or 'jpeg'", format);
    const { quality = 85 } = checkOptions(options, ['quality'], 'encode');
    const level = checkInteger(quality, 'quality', 1, 100);
    const hold = holdOf(this);
    const code = formatCodes[format];
    const [width, height, step] = [this.#width, this.#height, this.#step];
    const file = await calling(() =>
      load().encode(hold, code, level, this.#code, width, height, step),
    );
    if (file instanceof Uint8Array) return file as Bytes;
    throw fromNative(file);
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
      rawBytesOf(image, size).set(source);
      markCopied(image);
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
    const info = calling(() => load().probePicture(source));
    const { name } = wanted ?? rowOfCode(info.encoding);
    const shape = readShape({ width: info.width, height: info.height, encoding: name });
    return filled(loanImage(UNBOUND, unbound, shape), (image) => decodeSlot(source, image));
  }

  /** How topics deal with images. */
  static readonly [frameType]: FrameType<Image> = {
    kind: kinds.Image,
    name: 'Image',
    bytesFor: (options) => {
      const { rowBytes, height } = readShape(checkOptions(options, sizeKeys, 'prepare'));
      return rowBytes * height;
    },
    bytesOf: (frame) => (frame as AnyImage).byteLength,
    loan: (topic, tally, options) =>
      loanImage(topic, tally, readShape(checkOptions(options, shapeKeys, 'loan'))),
    receive: (tally) => new ImageFrame(FROM_CONTROL, RECEIVED, tally),
    owns: (value) => isImage(value),
    describe: (frame) => describe(frame as AnyImage),
  };

  static {
    Object.defineProperty(this, 'name', { value: 'Image', configurable: true });
    const inspect = Symbol.for('nodejs.util.inspect.custom');
    Object.defineProperty(this.prototype, inspect, { value: inspectImage });
    rowOf = (image) => {
      assertHeld(image);
      return rowOfCode(image.#code);
    };
    isImage = (value): value is AnyImage =>
      typeof value === 'object' && value !== null && #code in value;
    decodeSlot = (bytes, image) => {
      const hold = holdToWrite(image, 'decode');
      const [code, width, height] = [image.#code, image.#width, image.#height];
      calling(() => load().decodeInto(bytes, hold, code, width, height, image.#step));
      slotFilled(image);
    };
    describe = (image) => {
      const row = rowOfCode(image.#code);
      u32[KIND] = kinds.Image;
      u32[ENCODING] = image.#code;
      u32[DTYPE] = row.dtypeCode;
      u32[FLAGS] = 0;
      u32[DIM0] = image.#height;
      u32[DIM1] = image.#width;
      u32[DIM2] = row.channels;
      u32[STEP] = image.#step;
      f64[PAYLOAD / 2] = image.#step * image.#height;
    };
    title = (image) =>
      `Image ${image.#width}x${image.#height} ${rowOfCode(image.#code).name} ${whereabouts(image)}`;
  }
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
  return begin(new ImageFrame<E>(FROM_CONTROL, LOANED, tally), wanted);
}

/** Gives a new image what it begins with. */
function begin<I extends AnyImage>(image: I, wanted: Wanted): I {
  return filled(image, () => {
    if (wanted.zeroed) rawBytesOf(image, wanted.rowBytes * wanted.height).fill(0);
    if (wanted.frameId !== undefined) image.setFrameId(wanted.frameId as string);
    if (wanted.timestampNs !== undefined) image.setTimestampNs(wanted.timestampNs as bigint);
  });
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
  decodeSlot(bytes, into);
  return into;
}

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
   * Decodes a JPEG or PNG file into a new image, or straight into one of yours that is not sent
   * yet, a loaned one for instance. Without `encoding` and `into` the picture's own encoding is
   * taken: mono8, mono16, rgb8 or rgba8. Where decoding fails, what `into` holds is unspecified.
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
}

export const Image = ImageFrame as unknown as ImageConstructor;
