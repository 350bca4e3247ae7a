/** Pictures as files: PNG and JPEG, read and written by the native side. */
import { checkInteger, checkOptions, invalid } from './check.js';
import type { Bytes } from './dtype.js';
import { slotFilled, type Lease } from './lease.js';
import { calling, fromNative, load } from './native.js';
import { placeToRead, placeToWrite } from './place.js';

/** File formats that `encode` writes. */
export type PictureFormat = 'png' | 'jpeg';

const formatCodes = { png: 0, jpeg: 1 } as const satisfies Record<PictureFormat, number>;

/** The frame as a file, made off the event loop. */
export async function encodePicture(
  lease: Lease,
  format: PictureFormat,
  options: unknown,
): Promise<Bytes> {
  if (!Object.hasOwn(formatCodes, format)) throw invalid('format', "'png' or 'jpeg'", format);
  const { quality = 85 } = checkOptions(options, ['quality'], 'encode');
  const level = checkInteger(quality, 'quality', 1, 100);
  const place = placeToRead(lease);
  const code = formatCodes[format];
  const file = await calling(() => load().encode(place, code, level));
  if (file instanceof Uint8Array) return file as Bytes;
  throw fromNative(file);
}

/** Size and own encoding of the picture in a file. */
export function probePicture(bytes: Uint8Array): {
  width: number;
  height: number;
  encoding: number;
} {
  return calling(() => load().probePicture(bytes));
}

/** Decodes a file into a frame of its size that can be written. */
export function decodePicture(bytes: Uint8Array, lease: Lease): void {
  const place = placeToWrite(lease, 'decode');
  calling(() => load().decodeInto(bytes, place));
  slotFilled(lease);
}
