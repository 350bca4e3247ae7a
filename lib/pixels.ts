/** Single pixels, read and written by their values; one colour for all of them; bytes for all. */
import { addressOf } from './array-interface.js';
import { checkBytes, checkInteger, checkOptions, invalid, show } from './check.js';
import { planesOf, rowOfCode, spanBytes, wholeBytes } from './encoding.js';
import type { EncodingInfo, PlanePlace } from './encoding.js';
import { FramelaneError } from './errors.js';
import { fillSlot, labelToWrite, markCopied, type Lease } from './lease.js';
import { bytesOf, isPacked, numbersOf, packedBytes, placesOf, type Numbers } from './region.js';

/** Values of one pixel: as many as it has channels; a number where that is one. */
export type PixelValues = number | ArrayLike<number>;

/** Index of the values of a pixel, where all of them follow each other. */
function indexOf({ step }: Lease, { itemBytes, channels }: EncodingInfo, x: number, y: number) {
  return (step / itemBytes) * y + x * channels;
}

/** Where the values of a pixel are that shares its colours with its neighbours: Y, U, V. */
function sharedPlaces(lease: Lease, { name, planes }: EncodingInfo, x: number, y: number) {
  const { step, dim0 } = lease;
  if (planes === 1) {
    // Y of each pixel; U and V by turns.
    const at = step * y + 2 * x;
    return name === 'uyvy' ? [at + 1, at] : [at, at + 1];
  }
  const colours = step * dim0;
  const half = y >> 1;
  if (planes === 2) {
    const u = colours + step * half + (x & ~1);
    return [step * y + x, u, u + 1];
  }
  const u = colours + (step / 2) * half + (x >> 1);
  return [step * y + x, u, u + (step / 2) * (dim0 / 2)];
}

function isPlain({ channels, widthMultiple }: EncodingInfo): boolean {
  return widthMultiple === 1 && channels > 0;
}

/** The values of the pixel at column x of row y. */
export function readPixel(lease: Lease, x: number, y: number): number[] {
  const row = rowOfCode(lease.encoding);
  const values = numbersOf(lease);
  if (!isPlain(row)) return sharedPlaces(lease, row, x, y).map((at) => values[at]!);
  const at = indexOf(lease, row, x, y);
  switch (row.channels) {
    case 1:
      return [values[at]!];
    case 3:
      return [values[at]!, values[at + 1]!, values[at + 2]!];
    default:
      return [values[at]!, values[at + 1]!, values[at + 2]!, values[at + 3]!];
  }
}

/** One value of the pixel at column x of row y. */
export function readValue(lease: Lease, x: number, y: number, c: number): number {
  const row = rowOfCode(lease.encoding);
  const values = numbersOf(lease);
  return isPlain(row)
    ? values[indexOf(lease, row, x, y) + c]!
    : values[sharedPlaces(lease, row, x, y)[c]!]!;
}

/** Column and row of a pixel of the frame; `ERR_FRAMELANE_INVALID_ARGUMENT` for any other. */
export function checkPlace({ dim0, dim1 }: Lease, action: string, x: unknown, y: unknown): void {
  // Compared first: this is in the way of every pixel.
  if (!isIndex(x, dim1)) checkInteger(x, `${action}: x`, 0, dim1 - 1);
  if (!isIndex(y, dim0)) checkInteger(y, `${action}: y`, 0, dim0 - 1);
}

function isIndex(value: unknown, end: number): boolean {
  return typeof value === 'number' && value >= 0 && value < end && Number.isInteger(value);
}

/** Writes one pixel. */
export function writePixel(lease: Lease, x: unknown, y: unknown, given: unknown): void {
  labelToWrite(lease, 'setPixel');
  const row = rowOfCode(lease.encoding);
  checkPlace(lease, 'setPixel', x, y);
  const values = checkValues(given, row, [row.channels], 'setPixel');
  // What was read may have sent the frame.
  labelToWrite(lease, 'setPixel');
  const numbers = numbersOf(lease);
  const [column, line] = [x as number, y as number];
  if (isPlain(row)) {
    const at = indexOf(lease, row, column, line);
    for (let c = 0; c < values.length; c++) numbers[at + c] = values[c]!;
  } else {
    sharedPlaces(lease, row, column, line).forEach((at, c) => (numbers[at] = values[c]!));
  }
}

/** Values that an encoding can hold: of one of these counts, copied. */
function checkValues(
  given: unknown,
  row: EncodingInfo,
  counts: readonly number[],
  action: string,
): number[] {
  const expected = (): string =>
    `${action}: ${row.name} takes ${counts.join(' or ')} values of ${row.dtype}`;
  const list = typeof given === 'number' && counts[0] === 1 ? [given] : given;
  if (!isList(list)) throw invalid(expected(), 'an array of them', given);
  const { length } = list;
  if (!counts.includes(length)) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_LENGTH',
      `${expected()}, got ${length}; give one for each channel`,
    );
  }
  const values: number[] = [];
  for (let c = 0; c < length; c++) values.push(checkValue(list[c], row, action));
  return values;
}

/** One value of an encoding's element type. */
function checkValue(value: unknown, row: EncodingInfo, action: string): number {
  const { dtype, itemBytes, name } = row;
  if (typeof value !== 'number') throw invalid(`${action}: a value`, 'a number', value);
  if (dtype === 'float32') return value;
  const most = itemBytes === 1 ? 0xff : 0xffff;
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `${action}: a value of ${name} is a whole number from 0 to ${most}, got ${show(value)}; ` +
      'round or clip it before',
  );
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Gives every pixel one value. */
export function fillPixels(lease: Lease, given: unknown): void {
  labelToWrite(lease, 'fill');
  const row = rowOfCode(lease.encoding);
  const halved = row.widthMultiple > 1 && row.planes === 1;
  const values = checkValues(given, row, halved ? [2, 3] : [row.channels], 'fill');
  // What was read may have sent the frame.
  labelToWrite(lease, 'fill');
  const numbers = numbersOf(lease);
  if (!halved && row.planes === 1) {
    fillPlane(numbers, { ...placesOf(lease)[0]!, itemBytes: row.itemBytes }, values);
    return;
  }
  const [y = 0, u = 0, v = u] = values;
  if (halved) {
    const pair = row.name === 'uyvy' ? [u, y, v, y] : [y, u, y, v];
    fillPlane(numbers, { ...placesOf(lease)[0]!, itemBytes: 1 }, pair);
    return;
  }
  const colours = row.planes === 2 ? [[y], [u, v]] : [[y], [u], [v]];
  placesOf(lease).forEach((place, index) => {
    fillPlane(numbers, { ...place, itemBytes: 1 }, colours[index]!);
  });
}

/** Gives every place of a plane the same values; what lies between its rows stays as it was. */
function fillPlane(
  numbers: Numbers,
  place: { offset: number; step: number; height: number; rowBytes: number; itemBytes: number },
  values: readonly number[],
): void {
  const { itemBytes, height } = place;
  const [first, step] = [place.offset / itemBytes, place.step / itemBytes];
  const line = place.rowBytes / itemBytes;
  // Rows without padding are one long one.
  const packed = line === step;
  const [length, rows] = packed ? [line * height, 1] : [line, height];
  const same = values.every((value) => Object.is(value, values[0]));
  for (let y = 0; y < rows; y++) {
    const start = first + y * step;
    if (same) numbers.fill(values[0]!, start, start + length);
    else if (y === 0) repeat(numbers, start, length, values);
    else numbers.copyWithin(start, first, first + length);
  }
}

/** Repeats values: what is there already is copied behind itself, twice as much each time. */
function repeat(numbers: Numbers, start: number, length: number, values: readonly number[]): void {
  numbers.set(values, start);
  for (let done = values.length; done < length; done *= 2) {
    numbers.copyWithin(start + done, start, start + Math.min(done, length - done));
  }
}

/** Overwrites all pixels with bytes. */
export function copyPixels(lease: Lease, given: unknown, options: unknown): void {
  labelToWrite(lease, 'copyFrom');
  const bytes = checkBytes(given, 'copyFrom');
  const { rowStride } = checkOptions(options, ['rowStride'], 'copyFrom');
  const row = rowOfCode(lease.encoding);
  const { dim0: height, dim1: width } = lease;
  const packed = width * row.pixelBytes;
  const unit = row.planes === 3 ? 2 : 1;
  const stride =
    rowStride === undefined
      ? packed
      : checkInteger(rowStride, 'copyFrom: rowStride', packed, 2 ** 32 - 1);
  if (stride % unit !== 0) throw invalid('copyFrom: rowStride', 'an even number', stride);
  const [least, most] = [spanBytes(row, height, width, stride), wholeBytes(row, height, stride)];
  if (bytes.length !== most && bytes.length !== least) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_LENGTH',
      `copyFrom: ${width}x${height} ${row.name} in rows of ${stride} bytes takes ${most} bytes` +
        `${least === most ? '' : `, or ${least} without the last padding`}, got ` +
        `${bytes.length}; check the size, and give rowStride where rows are padded`,
    );
  }
  // What was read may have sent the frame.
  labelToWrite(lease, 'copyFrom');
  const target = bytesOf(numbersOf(lease));
  // Bytes of this very frame: its rows would be overwritten before they are read.
  const source = overlaps(bytes, target) ? bytes.slice() : bytes;
  if (stride === packed && isPacked(lease) && lease.part === null) {
    fillSlot(lease, source.subarray(0, packedBytes(lease)));
  } else {
    copyRows(source, planesOf(row, height, width, stride), target, placesOf(lease));
  }
  markCopied(lease);
}

/** By address: with guard two buffers can be on the same slot. */
function overlaps(one: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [addressOf(one), addressOf(other)];
  return a < b + other.length && b < a + one.length;
}

/** Copies rows from where they are to where the frame has them. */
function copyRows(
  from: Uint8Array,
  sources: readonly PlanePlace[],
  to: Uint8Array,
  targets: readonly PlanePlace[],
): void {
  targets.forEach((target, index) => {
    const source = sources[index]!;
    for (let y = 0; y < target.height; y++) {
      const start = source.offset + y * source.step;
      to.set(from.subarray(start, start + source.rowBytes), target.offset + y * target.step);
    }
  });
}
