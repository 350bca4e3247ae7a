/** Where values are in a slot: the frame's values, its planes, and parts of them. */
import { checkInteger } from './check.js';
import type { Bytes, TypedArray } from './dtype.js';
import { planesOf, rowOfCode, spanBytes, type EncodingInfo, type PlanePlace } from './encoding.js';
import { FramelaneError } from './errors.js';
import { keptView, openView, type Lease } from './lease.js';

/** A rectangle of pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** What the typed arrays of all encodings have in common; 64-bit values are not among them. */
export type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/** The values of a frame, from its first to its last; throws `ERR_FRAMELANE_RELEASED`. */
export function numbersOf(lease: Lease): Numbers {
  const kept = keptView(lease);
  if (kept !== null) return kept as Numbers;
  const { dim0, dim1, step, encoding } = lease;
  const row = rowOfCode(encoding);
  return openView(lease, row, spanBytes(row, dim0, dim1, step)) as Numbers;
}

/** The bytes behind an array. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Bytes {
  // Shared memory does not show in the types, as in those of `data`.
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** The planes of a frame. */
export function placesOf({ dim0, dim1, step, encoding }: Lease): PlanePlace[] {
  return planesOf(rowOfCode(encoding), dim0, dim1, step);
}

/** Bytes of the pixels without padding. */
export function packedBytes({ dim0, dim1, encoding }: Lease): number {
  return dim0 * dim1 * rowOfCode(encoding).bytesPerPixel;
}

/** Whether rows follow each other without padding. */
export function isPacked({ dim0, dim1, step, encoding }: Lease): boolean {
  return dim0 === 1 || step === dim1 * rowOfCode(encoding).pixelBytes;
}

/** A region of a frame; throws `ERR_FRAMELANE_INVALID_ARGUMENT` for one beyond the edges. */
export function checkRegion(
  lease: Lease,
  action: string,
  x: unknown,
  y: unknown,
  w: unknown,
  h: unknown,
): Region {
  const left = checkInteger(x, `${action}: x`, 0, lease.dim1 - 1);
  const top = checkInteger(y, `${action}: y`, 0, lease.dim0 - 1);
  const region = {
    x: left,
    y: top,
    w: checkInteger(w, `${action}: w`, 1, lease.dim1 - left),
    h: checkInteger(h, `${action}: h`, 1, lease.dim0 - top),
  };
  const { name, widthMultiple, heightMultiple } = rowOfCode(lease.encoding);
  const across = `${name} has colours for ${widthMultiple}x${heightMultiple} pixels together`;
  const way = "take a larger region, or convert('rgb8') before";
  mustBeEven(region.x, widthMultiple, `${action}: x`, across, way);
  mustBeEven(region.w, widthMultiple, `${action}: w`, across, way);
  mustBeEven(region.y, heightMultiple, `${action}: y`, across, way);
  mustBeEven(region.h, heightMultiple, `${action}: h`, across, way);
  return region;
}

function mustBeEven(value: number, multiple: number, what: string, why: string, way: string): void {
  if (value % multiple === 0) return;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `${what}: expected a multiple of ${multiple}, because ${why}, got ${value}; ${way}`,
  );
}

/** What of a frame `crop` shows: bytes from its first value to the region's, checked. */
export function cropOffset(lease: Lease, { x, y }: Region): number {
  const row = rowOfCode(lease.encoding);
  if (row.planes > 1) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ENCODING',
      `crop: ${row.name} lies in ${row.planes} planes, of which no single view shows a part; ` +
        "copy it with roi(), or convert('rgb8') before",
    );
  }
  if (row.name.startsWith('bayer_')) {
    const why = `otherwise the colours of ${row.name} would change places`;
    const way = 'begin one pixel before';
    mustBeEven(x, 2, 'crop: x', why, way);
    mustBeEven(y, 2, 'crop: y', why, way);
  }
  return y * lease.step + x * row.pixelBytes;
}

/** Copies a region into bytes of their own, rows packed, planes one after another. */
export function copyRegion(lease: Lease, { x, y, w, h }: Region): Bytes {
  const row = rowOfCode(lease.encoding);
  const bytes = bytesOf(numbersOf(lease));
  const copy = new Uint8Array(w * h * row.bytesPerPixel);
  let at = 0;
  for (const plane of placesOf(lease)) {
    const across = plane.width / lease.dim1;
    const unit = plane.rowBytes / plane.width;
    const [line, rows] = [w * across * unit, h * (plane.height / lease.dim0)];
    const first = y * (plane.height / lease.dim0);
    let from = plane.offset + first * plane.step + x * across * unit;
    if (line === plane.step) {
      copy.set(bytes.subarray(from, from + line * rows), at);
      at += line * rows;
      continue;
    }
    for (let count = 0; count < rows; count++) {
      copy.set(bytes.subarray(from, from + line), at);
      at += line;
      from += plane.step;
    }
  }
  return copy;
}

/** All of a frame, packed: a copy. */
export function packedCopy(lease: Lease): Bytes {
  return copyRegion(lease, { x: 0, y: 0, w: lease.dim1, h: lease.dim0 });
}

/** Shape and strides, in values, of a frame as one array; throws where it is none. */
export function layoutOf(
  lease: Lease,
  action: string,
): { row: EncodingInfo; shape: number[]; strides: number[] } {
  const { dim1, step, encoding } = lease;
  const row = rowOfCode(encoding);
  const { channels, itemBytes, planes, name } = row;
  const line = step / itemBytes;
  if (planes === 3 && step !== dim1) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ARGUMENT',
      `${action}: the rows of this ${name} image are padded, differently in each plane, which ` +
        'no strides can say; use planes, or a packed copy: toContiguous() or clone()',
    );
  }
  const strides = channels === 1 || planes > 1 ? [line, 1] : [line, channels, 1];
  return { row, shape: shapeOf(lease), strides };
}

/** Extents of a frame as one array. */
export function shapeOf({ dim0, dim1, encoding }: Lease): number[] {
  const { channels, planes } = rowOfCode(encoding);
  if (planes > 1) return [(dim0 * 3) / 2, dim1];
  return channels === 1 ? [dim0, dim1] : [dim0, dim1, channels];
}
