/**
 * What frames of pixels in rows have in common, images and depth images: their size and layout,
 * `data`, the camera that took them, and how they are made.
 */
import type { ArrayInterface } from './array-interface.js';
import { contiguousOf, interfaceOf, ndarrayOf } from './arrays.js';
import type { Contiguous, NdarrayLike } from './arrays.js';
import { cameraInfoOf, checkCameraInfo, type CameraInfo } from './camera-info.js';
import type { CameraInfoInput } from './camera-info.js';
import type { BytesLike } from './check.js';
import type { Bytes, TypedArray } from './dtype.js';
import {
  planesOf,
  rowOfCode,
  spanBytes,
  wholeBytes,
  type DtypeOf,
  type Encoding,
  type EncodingInfo,
} from './encoding.js';
import { extOf, sayExt } from './ext.js';
import { Frame, held, LEASE, sibling, UNBOUND_FRAMES } from './frame.js';
import type { Tally } from './leak.js';
import {
  assertReadable,
  typesOf,
  keptView,
  labelToWrite,
  markCopied,
  openView,
  partOf,
  rawBytesOf,
  type Lease,
} from './lease.js';
import { begin, takeSlot } from './loan.js';
import { UNBOUND } from './native.js';
import { copyPixels } from './pixels.js';
import { checkRegion, copyRegion, cropOffset } from './region.js';
import type { Wanted } from './shape.js';

/** `D` is the type of `data`. */
export abstract class Raster<E extends Encoding, D> extends Frame {
  /** Rows. */
  get height(): number {
    return held(this).dim0;
  }

  /** Pixels in a row. */
  get width(): number {
    return held(this).dim1;
  }

  /** Type of one value, by NumPy's name. */
  get dtype(): DtypeOf<E> {
    return rowOf(this).dtype as DtypeOf<E>;
  }

  /** Values a pixel has. */
  get channels(): number {
    return rowOf(this).channels;
  }

  /** Bytes from the start of one row to the start of the next, in the first plane. */
  get step(): number {
    return held(this).step;
  }

  /** Bytes of the pixels, of all planes, without any padding of rows. */
  get nbytes(): number {
    const { dim0, dim1, encoding } = held(this);
    return dim0 * dim1 * rowOfCode(encoding).bytesPerPixel;
  }

  /** Bytes from the first pixel to the last, padding between rows included. */
  get byteLength(): number {
    return byteLengthOf(held(this));
  }

  /**
   * Extents as in NumPy: `[height, width]`, or `[height, width, channels]` for several. Of
   * pictures in planes `[height * 3 / 2, width]`: the rows of all planes under each other.
   */
  get shape(): number[] {
    const { channels, planes } = rowOf(this);
    const { dim0, dim1 } = this[LEASE];
    if (planes > 1) return [(dim0 * 3) / 2, dim1];
    return channels === 1 ? [dim0, dim1] : [dim0, dim1, channels];
  }

  /** For each dimension of `shape`, how many elements of `data` lie from one to the next. */
  get strides(): number[] {
    const { channels, itemBytes, planes } = rowOf(this);
    const line = this[LEASE].step / itemBytes;
    return channels === 1 || planes > 1 ? [line, 1] : [line, channels, 1];
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

  /** The values: `data` as a call, by the name that array libraries use. No copy. */
  toArray(): D {
    return this.data;
  }

  /**
   * Values, shape and strides as plain properties, for array libraries: `ndarray(data, shape,
   * stride, offset)`. No copy; the values are those of `data`.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for i420 with padded rows, which no strides describe.
   */
  toNdarray(): NdarrayLike<D> {
    return ndarrayOf(this[LEASE]);
  }

  /**
   * Where the values are and how they lie, for native code: NumPy's `__array_interface__`, version
   * 3, with the strides in BYTES. Of a frame that is not ours to write it says read-only.
   *
   * Throws `ERR_FRAMELANE_EXTERNAL_MEMORY` with memory `'copy'`, and as `toNdarray` does.
   */
  get arrayInterface(): ArrayInterface {
    return interfaceOf(this[LEASE]);
  }

  /**
   * The values in one piece, for what knows no strides: the frame's own, `copied: false`, or where
   * its rows are padded or it is cropped a private copy, `readonly` and `copied`, because what is
   * written to it would not be in the frame.
   */
  toContiguous(): Contiguous<D> {
    return contiguousOf(this[LEASE]);
  }

  /**
   * Bytes of the rectangle `w` by `h` pixels from column `x` of row `y` on: a copy, rows packed,
   * planes one after another. Of 4:2:2 pictures `x` and `w` are even, of pictures in planes all.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for what reaches beyond the edges.
   */
  roi(x: number, y: number, w: number, h: number): Bytes {
    assertReadable(this[LEASE]);
    return copyRegion(this[LEASE], checkRegion(this[LEASE], 'roi', x, y, w, h));
  }

  /**
   * The rectangle `w` by `h` pixels from column `x` of row `y` on as a frame object of its own, no
   * copy: its rows lie as far apart as those of the whole. It can be written if the whole can, has
   * its frame id, time and camera, and is released for itself. Nobody can be sent a part: `send`
   * and `toToken` refuse it, `clone()` makes a packed copy for that.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` beyond the edges, for an odd `x` or `w` of 4:2:2 and
   * an odd `x` or `y` of Bayer pictures; `ERR_FRAMELANE_INVALID_ENCODING` for pictures in planes;
   * `ERR_FRAMELANE_TOO_MANY_HELD`.
   *
   * @example
   * using top = image.crop(0, 0, image.width, 10);
   * top.fill([255, 255, 255]);
   */
  crop(x: number, y: number, w: number, h: number): this {
    const lease = this[LEASE];
    assertReadable(lease);
    const region = checkRegion(lease, 'crop', x, y, w, h);
    return sibling(this, partOf(lease, cropOffset(lease, region), region.h, region.w));
  }

  /**
   * Overwrites the pixels with these bytes: packed rows, or rows that begin `rowStride` BYTES after
   * each other (the last may lack its padding); planes one after another, the rows of U and V of
   * i420 half of that. One copy. Gives the frame back.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH` for any other length, `ERR_FRAMELANE_FROZEN`,
   * `ERR_FRAMELANE_DETACHED_BUFFER`; then nothing is written.
   */
  copyFrom(bytes: BytesLike, options?: { rowStride?: number }): this {
    copyPixels(this[LEASE], bytes, options);
    return this;
  }

  /** The camera that took the frame, or `null` where nobody said. A new object at each call. */
  get cameraInfo(): CameraInfo | null {
    const { camera } = extOf(this[LEASE]);
    return camera === undefined || camera === null ? null : cameraInfoOf(camera);
  }

  /**
   * Says which camera took the frame; it travels with the frame. Gives the frame back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT`, `ERR_FRAMELANE_FROZEN` for a frame received or sent,
   * `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * image.setCameraInfo({ width: 640, height: 480, fx: 525, fy: 525, cx: 319.5, cy: 239.5 });
   */
  setCameraInfo(cameraInfo: CameraInfoInput): this {
    labelToWrite(this[LEASE], 'setCameraInfo');
    sayExt(this[LEASE], 'setCameraInfo', { camera: checkCameraInfo(cameraInfo, 'setCameraInfo') });
    return this;
  }
}

/** Any frame of pixels in rows. */
export type AnyRaster = Raster<Encoding, unknown>;

/** What is known of a frame's encoding; throws `ERR_FRAMELANE_RELEASED`. */
export function rowOf(frame: Frame): EncodingInfo {
  return rowOfCode(held(frame).encoding);
}

/** Bytes from the first pixel to the last. */
export function byteLengthOf({ step, dim0, dim1, encoding }: Lease): number {
  return spanBytes(rowOfCode(encoding), dim0, dim1, step);
}

/** Bytes of a slot for such a picture. */
export function bytesForRaster({ row, height, rowBytes }: Wanted): number {
  return wholeBytes(row, height, rowBytes);
}

/** The frame's bytes; throws `ERR_FRAMELANE_RELEASED`. */
export function bytesOfRaster(lease: Lease): Uint8Array {
  return rawBytesOf(lease, byteLengthOf(lease));
}

/** The values of a frame, as a typed array on its bytes; to be written if it is on loan. */
export function valuesOf(frame: AnyRaster): TypedArray {
  return frame.data as TypedArray;
}

/** A lease on an empty slot, of a topic or of none, for such a picture. */
export function loanRaster(
  name: 'Image' | 'DepthImage',
  topic: number,
  tally: Tally,
  wanted: Wanted,
): Lease {
  const { row, width, height, rowBytes, colour, depthScale } = wanted;
  const bytes = wholeBytes(row, height, rowBytes);
  const lease = takeSlot(topic, tally, bytes, {
    types: typesOf(name, row.code, row.dtypeCode),
    dim0: height,
    dim1: width,
    dim2: row.channels,
    step: rowBytes,
    payload: bytes,
  });
  if (colour !== 0 || depthScale !== 1) lease.label?.say({ colour, depthScale });
  return begin(lease, bytes, wanted);
}

/** A lease on an empty slot of no topic for such a picture. */
export function newRaster(name: 'Image' | 'DepthImage', wanted: Wanted): Lease {
  return loanRaster(name, UNBOUND, UNBOUND_FRAMES, wanted);
}

/** What a copy of a frame is to be: rows are packed. The rest of what it says is `copyLabel`'s. */
export function wantedOfCopy(frame: AnyRaster): Wanted {
  const lease = frame[LEASE];
  assertReadable(lease);
  const row = rowOfCode(lease.encoding);
  const { dim0: height, dim1: width } = lease;
  return {
    row,
    width,
    height,
    rowBytes: width * row.pixelBytes,
    frameId: frame.frameId,
    timestampNs: frame.timestampNs,
    zeroed: false,
    colour: 0,
    depthScale: 1,
  };
}

/** Copies the pixels of a frame into one on loan of the same size and encoding, without padding. */
export function copyRaster(from: Lease, to: Lease): void {
  const row = rowOfCode(from.encoding);
  const { dim0: height, dim1: width } = from;
  const [source, target] = [bytesOfRaster(from), bytesOfRaster(to)];
  markCopied(to);
  if (from.step === to.step) {
    target.set(source);
    return;
  }
  const places = planesOf(row, height, width, from.step);
  planesOf(row, height, width, to.step).forEach((packed, index) => {
    const plane = places[index]!;
    for (let y = 0; y < plane.height; y++) {
      const start = plane.offset + y * plane.step;
      target.set(source.subarray(start, start + plane.rowBytes), packed.offset + y * packed.step);
    }
  });
}
