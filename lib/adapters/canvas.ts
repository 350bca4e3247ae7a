/** `framelane/adapters/canvas`: images onto canvases and from them, of Node packages and the web. */
import { checkInteger, checkOptions, invalid } from '../check.js';
import { FramelaneError } from '../errors.js';
import { Image, type ReceivedImage } from '../image.js';
import type { ImageDataLike } from '../to-web.js';

/** What is needed of the 2D context of a canvas; all canvas packages have it. */
export interface Context2D<I extends PixelsLike = PixelsLike> {
  createImageData(width: number, height: number): I;
  getImageData(x: number, y: number, width: number, height: number): I;
  putImageData(data: I, x: number, y: number): void;
  readonly canvas: { readonly width: number; readonly height: number };
}

/** `ImageData`, as far as it is needed. */
export interface PixelsLike {
  readonly data: ImageDataLike['data'];
  readonly width: number;
  readonly height: number;
}

/** A canvas, or the 2D context of one. */
export type CanvasLike = Context2D | { getContext(type: '2d'): unknown };

/** What `fromCanvas` takes beside the canvas: the part of it, in pixels, all of it by default. */
export interface FromCanvasOptions {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  /** An rgba8 image of that size that is not sent yet. */
  into?: Image;
  /** See `Image.setFrameId`. */
  frameId?: string;
  /** See `Image.setTimestampNs`. */
  timestampNs?: bigint | number;
}

/**
 * `ImageData` of the canvas's own class with the image's pixels: one copy. Takes what
 * `toImageData` of the image takes.
 */
export function toImageData<I extends PixelsLike>(
  context: Context2D<I>,
  image: Image | ReceivedImage,
): I {
  const data = context.createImageData(image.width, image.height);
  image.toImageData({ into: data as unknown as ImageDataLike });
  return data;
}

/**
 * Puts an image onto a canvas, its first pixel at column `dx` of row `dy`; what was there is
 * replaced, alpha included. Two copies: into `ImageData`, and the canvas's own.
 *
 * Throws `ERR_FRAMELANE_INVALID_ENCODING` where `toImageData` of the image does.
 *
 * @example
 * drawImage(canvas.getContext('2d'), image);
 */
export function drawImage<I extends PixelsLike>(
  context: Context2D<I>,
  image: Image | ReceivedImage,
  dx = 0,
  dy = 0,
): void {
  context.putImageData(toImageData(context, image), dx, dy);
}

/**
 * An rgba8 image of a canvas, or of a part of it: one copy beside the one that `getImageData`
 * makes.
 *
 * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for what is no canvas or reaches beyond its edges,
 * `…_INVALID_SIZE`, `…_INVALID_ENCODING` for `into` that does not fit.
 */
export function fromCanvas(canvas: CanvasLike, options?: FromCanvasOptions): Image<'rgba8'> {
  const known = ['x', 'y', 'width', 'height', 'into', 'frameId', 'timestampNs'] as const;
  const given = checkOptions(options, known, 'fromCanvas') as FromCanvasOptions;
  const context = contextOf(canvas);
  const { into, frameId, timestampNs } = given;
  const { width: columns, height: rows } = context.canvas;
  const x = checkInteger(given.x ?? 0, 'fromCanvas: x', 0, columns - 1);
  const y = checkInteger(given.y ?? 0, 'fromCanvas: y', 0, rows - 1);
  const width = checkInteger(given.width ?? columns - x, 'fromCanvas: width', 1, columns - x);
  const height = checkInteger(given.height ?? rows - y, 'fromCanvas: height', 1, rows - y);
  if (into !== undefined) checkInto(into, width, height);
  const { data } = context.getImageData(x, y, width, height);
  const label = {
    ...(frameId === undefined ? {} : { frameId }),
    ...(timestampNs === undefined ? {} : { timestampNs }),
  };
  if (into === undefined) {
    return Image.fromBytes(data, { width, height, encoding: 'rgba8', ...label });
  }
  into.copyFrom(data);
  if (frameId !== undefined) into.setFrameId(frameId);
  if (timestampNs !== undefined) into.setTimestampNs(timestampNs);
  return into as Image<'rgba8'>;
}

function contextOf(canvas: unknown): Context2D {
  const given = (canvas ?? {}) as Partial<Context2D> & { getContext?: unknown };
  if (typeof given.getImageData === 'function') return given as Context2D;
  const context: unknown =
    typeof given.getContext === 'function' ? given.getContext('2d') : undefined;
  if (typeof context === 'object' && context !== null) return context as Context2D;
  throw invalid('fromCanvas', 'a canvas or its 2D context', canvas);
}

function checkInto(into: unknown, width: number, height: number): void {
  if (!(into instanceof Image)) throw invalid('fromCanvas: into', 'an Image', into);
  if (into.encoding !== 'rgba8') {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `fromCanvas: a canvas has rgba8, into is ${into.encoding}; leave it out`,
    );
  }
  if (into.width !== width || into.height !== height) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_SIZE',
      `fromCanvas: the part is ${width}x${height}, into is ${into.width}x${into.height}`,
    );
  }
}
