/** `framelane/adapters/sharp`: images into sharp without a copy, and out of it with one. */
import { checkOptions, invalid } from '../check.js';
import type { Encoding } from '../encoding.js';
import { FramelaneError } from '../errors.js';
import { Image, type ReceivedImage } from '../image.js';

/** Encodings that sharp has, too. */
export type SharpEncoding = 'mono8' | 'rgb8' | 'rgba8' | 'mono16' | 'rgb16' | 'rgba16';

/** Size of raw pixels as sharp takes it. */
export interface RawSize {
  raw: { width: number; height: number; channels: 1 | 3 | 4 };
}

/** The function that the package `sharp` exports. */
export type SharpFunction<S> = (
  input: InstanceType<typeof Uint8Array> | InstanceType<typeof Uint16Array>,
  options: RawSize,
) => S;

/** What is needed of a pipeline of sharp. */
export interface SharpPipeline {
  raw(options?: { depth?: 'uchar' | 'ushort' }): SharpPipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: ArrayBufferView;
    info: { width: number; height: number; channels: number };
  }>;
}

/** What `fromSharp` takes beside the pipeline. */
export interface FromSharpOptions<E extends SharpEncoding = SharpEncoding> {
  /** What is expected; by the channels mono8, rgb8 or rgba8 where it is left out. */
  encoding?: E;
  /** An image of the size and encoding of the result that is not sent yet. */
  into?: Image;
  /** See `Image.setFrameId`. */
  frameId?: string;
  /** See `Image.setTimestampNs`. */
  timestampNs?: bigint | number;
}

const channelsOf = {
  mono8: 1,
  rgb8: 3,
  rgba8: 4,
  mono16: 1,
  rgb16: 3,
  rgba16: 4,
} as const satisfies Record<SharpEncoding, number>;

const byChannels: Readonly<Record<number, SharpEncoding>> = { 1: 'mono8', 3: 'rgb8', 4: 'rgba8' };

function isKnown(encoding: unknown): encoding is SharpEncoding {
  return typeof encoding === 'string' && Object.hasOwn(channelsOf, encoding);
}

/**
 * A pipeline of sharp over an image's own values: no copy, sharp reads them when the pipeline
 * runs. So hold the image until what the pipeline makes is there, and do not write to it. Only the
 * rows of a padded or cropped image are gathered into a copy before, which sharp cannot skip.
 *
 * Throws `ERR_FRAMELANE_INVALID_ENCODING` for what sharp does not have, `…_RELEASED`.
 *
 * @example
 * import sharp from 'sharp';
 * const file = await toSharp(sharp, image).resize(320).webp().toBuffer();
 * image.release();
 */
export function toSharp<S>(sharp: SharpFunction<S>, image: Image | ReceivedImage): S {
  const { width, height, encoding } = image;
  if (!isKnown(encoding)) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `toSharp: sharp has ${Object.keys(channelsOf).join(', ')}, the image is ${encoding}; ` +
        "convert('rgb8') before",
    );
  }
  const { data } = image.toContiguous();
  const raw = { width, height, channels: channelsOf[encoding] };
  return sharp(data as InstanceType<typeof Uint8Array>, { raw });
}

/**
 * Runs a pipeline and makes an image of its result, or fills `into`: one copy, of what sharp has
 * allocated. For the encodings of 16 bits the pipeline has to be in such a colour space:
 * `.toColourspace('rgb16')` or `'grey16'`.
 *
 * Rejects with `ERR_FRAMELANE_INVALID_ENCODING` for a result of other channels,
 * `…_INVALID_SIZE` where it does not fit into `into`, and what sharp rejects with.
 *
 * @example
 * topic.send(await fromSharp(sharp('photo.webp').resize(640, 480).removeAlpha()));
 */
export async function fromSharp<E extends SharpEncoding>(
  pipeline: SharpPipeline,
  options: FromSharpOptions<E> & { encoding: E },
): Promise<Image<E>>;
export async function fromSharp(
  pipeline: SharpPipeline,
  options?: FromSharpOptions,
): Promise<Image>;
export async function fromSharp(
  pipeline: SharpPipeline,
  options?: FromSharpOptions,
): Promise<Image> {
  const known = ['encoding', 'into', 'frameId', 'timestampNs'] as const;
  const given = checkOptions(options, known, 'fromSharp') as FromSharpOptions;
  const { into, frameId, timestampNs } = given;
  if (into !== undefined && !(into instanceof Image)) throw invalid('into', 'an Image', into);
  const asked: Encoding | undefined = given.encoding ?? into?.encoding;
  if (asked !== undefined && !isKnown(asked)) {
    throw invalid('fromSharp: encoding', Object.keys(channelsOf).join(', '), asked);
  }
  const depth = asked?.endsWith('16') ? 'ushort' : 'uchar';
  const { data, info } = await pipeline.raw({ depth }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const encoding = asked ?? byChannels[channels];
  if (encoding === undefined || channelsOf[encoding] !== channels) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `fromSharp: the result has ${channels} channels, expected ` +
        `${asked === undefined ? '1, 3 or 4' : `${channelsOf[asked]} for ${asked}`}; ` +
        "toColourspace('b-w'), removeAlpha() or ensureAlpha() before",
    );
  }
  const label = {
    ...(frameId === undefined ? {} : { frameId }),
    ...(timestampNs === undefined ? {} : { timestampNs }),
  };
  if (into === undefined) {
    return Image.fromBytes(data, { width, height, encoding, ...label });
  }
  if (into.width !== width || into.height !== height) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_SIZE',
      `fromSharp: the result is ${width}x${height}, into is ${into.width}x${into.height}; ` +
        'resize() to its size before',
    );
  }
  into.copyFrom(data);
  if (frameId !== undefined) into.setFrameId(frameId);
  if (timestampNs !== undefined) into.setTimestampNs(timestampNs);
  return into;
}
