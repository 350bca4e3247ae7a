/** Point clouds as files: PCD and PLY, read and written by the native side. */
import { checkBoolean, checkOptions, checkWord } from './check.js';
import { checkCount, fieldWords, type PointField } from './cloud-shape.js';
import type { Bytes } from './dtype.js';
import { holdOf, holdToWrite, slotFilled, type Lease } from './lease.js';
import { calling, fromNative, load, type CloudWords } from './native.js';

/** File formats that `PointCloud.encode` writes. */
export type CloudFormat = 'pcd' | 'ply';

const formatCodes = { pcd: 0, ply: 1 } as const satisfies Record<CloudFormat, number>;

/** The cloud as a file, made off the event loop. */
export async function encodeCloud(
  lease: Lease,
  fields: readonly Required<PointField>[],
  format: unknown,
  options: unknown,
): Promise<Bytes> {
  const code = formatCodes[checkWord(format, 'format', formatCodes)];
  const { ascii = false } = checkOptions(options, ['ascii'], 'encode');
  const asText = checkBoolean(ascii, 'ascii');
  const { dim0: height, dim1: width, step } = lease;
  const words = { width, height, step, fields: fieldWords(fields) };
  const hold = holdOf(lease);
  const file = await calling(() => load().encodeCloud(hold, words, code, asText));
  if (file instanceof Uint8Array) return file as Bytes;
  throw fromNative(file);
}

/** Size and fields of the cloud in a file; `ERR_FRAMELANE_INVALID_SIZE` where it has no points. */
export function probeCloud(bytes: Uint8Array): CloudWords {
  const words = calling(() => load().probeCloud(bytes));
  checkCount(words.height, 'decode: height of the file');
  checkCount(words.width, 'decode: width of the file');
  return words;
}

/** Reads a file into a frame that was made for it. */
export function decodeCloud(bytes: Uint8Array, lease: Lease, words: CloudWords): void {
  const hold = holdToWrite(lease, 'decode');
  calling(() => load().decodeCloud(bytes, hold, words));
  slotFilled(lease);
}
