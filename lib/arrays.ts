/** A frame's values as other libraries take arrays: with strides, in one piece, by address. */
import { addressOf, arrayInterfaceOf, slotAddress } from './array-interface.js';
import type { ArrayInterface } from './array-interface.js';
import type { Dtype } from './dtype.js';
import { rowOfCode } from './encoding.js';
import type { Lease } from './lease.js';
import { bytesOf, isPacked, layoutOf, numbersOf, packedCopy, shapeOf } from './region.js';
import { packedStrides } from './strided.js';

/** A flat array with a shape, as `ndarray` and its relatives have it; strides in values. */
export interface NdarrayLike<D> {
  data: D;
  shape: number[];
  /** How many values of `data` lie from one element to the next, in each dimension. */
  stride: number[];
  /** Index of the first value. */
  offset: number;
}

/** The values of a frame in one piece, without padding between rows. */
export interface Contiguous<D> {
  readonly data: D;
  readonly shape: readonly number[];
  /** How many values of `data` lie from one element to the next, in each dimension. */
  readonly strides: readonly number[];
  readonly dtype: Dtype;
  /** Whether a write is refused or is seen by nobody else. */
  readonly readonly: boolean;
  /** Whether this is a copy, because the rows of the frame are padded or it is cropped. */
  readonly copied: boolean;
  /** The same for native code; made when it is asked for. */
  readonly arrayInterface: ArrayInterface;
}

/** Whether a frame is not ours to write. */
export function isReadOnly({ label }: Lease): boolean {
  return label === null || label.sent;
}

/** What `arrayInterface` of a frame says. */
export function interfaceOf(lease: Lease): ArrayInterface {
  const bytes = bytesOf(numbersOf(lease));
  const { row, shape, strides } = layoutOf(lease, 'arrayInterface');
  const address = slotAddress(bytes, 'arrayInterface');
  const readonly = isReadOnly(lease);
  return arrayInterfaceOf({ shape, strides, dtype: row.dtype, address, readonly, copied: false });
}

/** The values in one piece: the frame's own where they are, else a copy. */
export function contiguousOf<D>(lease: Lease): Contiguous<D> {
  const values = numbersOf(lease);
  const { array, dtype, itemBytes } = rowOfCode(lease.encoding);
  const shape = shapeOf(lease);
  const strides = packedStrides(shape);
  const copied = !isPacked(lease);
  const readonly = copied || isReadOnly(lease);
  const bytes = copied ? packedCopy(lease) : bytesOf(values);
  const data = copied ? new array(bytes.buffer, 0, bytes.length / itemBytes) : values;
  return {
    data: data as D,
    shape,
    strides,
    dtype,
    readonly,
    copied,
    get arrayInterface() {
      const address = copied ? addressOf(bytes) : slotAddress(bytes, 'toContiguous');
      return arrayInterfaceOf({ shape, strides, dtype, address, readonly, copied });
    },
  };
}

/** Values, shape and strides of a frame; no copy. */
export function ndarrayOf<D>(lease: Lease): NdarrayLike<D> {
  const data = numbersOf(lease) as D;
  const { shape, strides } = layoutOf(lease, 'toNdarray');
  return { data, shape, stride: strides, offset: 0 };
}
