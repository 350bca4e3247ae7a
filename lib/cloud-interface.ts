/** NumPy's `__array_interface__` of a cloud: values of one type, or points of several. */
import {
  arrayInterfaceOf,
  slotAddress,
  typestrOf,
  type ArrayInterface,
} from './array-interface.js';
import { bytesOfCloud, layoutOfLease } from './cloud-slot.js';
import type { PointField } from './cloud-shape.js';
import { dtypes } from './dtype.js';
import { rawBytesOf, type Lease } from './lease.js';
import { isReadOnly } from './arrays.js';

/** What `arrayInterface` of a cloud says. Points of several types are elements with fields. */
export function cloudInterface(lease: Lease): ArrayInterface {
  const { dim0, dim1, step } = lease;
  const address = slotAddress(rawBytesOf(lease, bytesOfCloud(lease)), 'arrayInterface');
  const { dtype, values, fields } = layoutOfLease(lease);
  const readonly = isReadOnly(lease);
  const rows = dim0 > 1 ? [dim0, dim1] : [dim1];
  if (dtype === 'mixed') {
    const data = [BigInt(address), readonly] as const;
    const descr = descrOf(fields ?? [], step);
    return {
      version: 3,
      shape: rows,
      typestr: `|V${step}`,
      data,
      strides: null,
      descr,
      copied: false,
    };
  }
  const point = step / dtypes[dtype].bytes;
  const shape = [...rows, values];
  const strides = dim0 > 1 ? [dim1 * point, point, 1] : [point, 1];
  return arrayInterfaceOf({ shape, strides, dtype, address, readonly, copied: false });
}

/**
 * Names and types of a point's fields in their order, with what lies between them as padding. NumPy
 * has no list for fields that lie on each other: then a point is bytes without names.
 */
function descrOf(fields: readonly Required<PointField>[], step: number): ArrayInterface['descr'] {
  const descr: [name: string, typestr: string][] = [];
  let at = 0;
  const skip = (to: number): void => {
    if (to > at) descr.push(['', `|V${to - at}`]);
    at = to;
  };
  for (const { name, offset, dtype, count } of [...fields].sort((a, b) => a.offset - b.offset)) {
    if (offset < at) return [['', `|V${step}`]];
    skip(offset);
    for (let index = 0; index < count; index++) {
      descr.push([count === 1 ? name : `${name}_${index}`, typestrOf(dtype)]);
    }
    at = offset + count * dtypes[dtype].bytes;
  }
  skip(step);
  return descr;
}
