/** Single values of an element type: checked, and read and written at any byte. */
import { invalid } from './check.js';
import { dtypes, type Dtype } from './dtype.js';

/** A value as typed arrays have it: a bigint for the integers of 64 bits, else a number. */
export type ElementOf<D extends Dtype> = D extends 'int64' | 'uint64' ? bigint : number;

const ranges: Partial<Record<Dtype, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  uint32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  bool: [0, 1],
};

/**
 * A value that a type can hold as it is, but for the rounding of floats.
 *
 * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for any other.
 */
export function checkElement(value: unknown, dtype: Dtype, what: string): number | bigint {
  if (dtype === 'float32' || dtype === 'float64') {
    if (typeof value === 'number') return value;
    throw invalid(what, 'a number', value);
  }
  if (dtype === 'int64' || dtype === 'uint64') {
    const [least, most] = dtype === 'int64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    if (typeof value === 'bigint' && value >= least && value <= most) return value;
    throw invalid(what, `a bigint from ${least} to ${most}`, value);
  }
  const [least, most] = ranges[dtype]!;
  if (dtype === 'bool' && typeof value === 'boolean') return Number(value);
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number;
  }
  throw invalid(what, `a whole number from ${least} to ${most}`, value);
}

/** Reads a value at a byte. */
export function readElement(view: DataView, dtype: Dtype, at: number): number | bigint {
  switch (dtype) {
    case 'int8':
      return view.getInt8(at);
    case 'uint16':
      return view.getUint16(at, true);
    case 'int16':
      return view.getInt16(at, true);
    case 'uint32':
      return view.getUint32(at, true);
    case 'int32':
      return view.getInt32(at, true);
    case 'uint64':
      return view.getBigUint64(at, true);
    case 'int64':
      return view.getBigInt64(at, true);
    case 'float32':
      return view.getFloat32(at, true);
    case 'float64':
      return view.getFloat64(at, true);
    default:
      return view.getUint8(at);
  }
}

const one = new ArrayBuffer(8);
const oneBytes = new Uint8Array(one);

/** Writes a value, which was checked, at a byte. */
export function writeElement(
  view: DataView,
  dtype: Dtype,
  at: number,
  value: number | bigint,
): void {
  const { array, bytes } = dtypes[dtype];
  const cell = new array(one, 0, 1) as { [index: number]: number | bigint };
  cell[0] = value;
  for (let index = 0; index < bytes; index++) view.setUint8(at + index, oneBytes[index]!);
}
