/** The planes of a picture one by one, as views. */
import { rowOfCode, type EncodingInfo } from './encoding.js';
import type { Lease } from './lease.js';
import { numbersOf, placesOf } from './region.js';

/** One plane of an image. */
export interface Plane<D> {
  /** `'all'` where all values of a pixel lie together; `'uv'`: U and V by turns. */
  readonly name: 'all' | 'y' | 'u' | 'v' | 'uv';
  /** Places in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Values at a place. */
  readonly channels: number;
  /** BYTES from row to row. */
  readonly step: number;
  /** BYTES from the beginning of the image's `data`. */
  readonly offset: number;
  /** Its values, from the first to the last: a part of the image's `data`, no copy. */
  readonly data: D;
}

function namesOf({ planes }: EncodingInfo): readonly Plane<unknown>['name'][] {
  if (planes === 1) return ['all'];
  return planes === 2 ? ['y', 'uv'] : ['y', 'u', 'v'];
}

/** The planes of a frame. */
export function planeViews<D>(lease: Lease): Plane<D>[] {
  const row = rowOfCode(lease.encoding);
  const values = numbersOf(lease);
  const names = namesOf(row);
  return placesOf(lease).map(({ width, height, channels, step, offset, rowBytes }, index) => {
    const bytes = step * (height - 1) + rowBytes;
    const [start, end] = [offset / row.itemBytes, (offset + bytes) / row.itemBytes];
    const data = values.subarray(start, end) as D;
    return { name: names[index]!, width, height, channels, step, offset, data };
  });
}
