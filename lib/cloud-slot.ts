/** Point clouds in slots: how one is taken, and what of it stands in the ext block. */
import { checkInteger } from './check.js';
import { dtypeOfCode, fieldsOfWords, fieldWords, usualFields } from './cloud-shape.js';
import type { CloudDtype, CloudLayout, CloudWanted, PointField } from './cloud-shape.js';
import { dtypes, type Elements, type TypedArray } from './dtype.js';
import { extOf, sayExt } from './ext.js';
import { UNBOUND_FRAMES } from './frame.js';
import type { Tally } from './leak.js';
import { typesOf, type Lease } from './lease.js';
import { begin, orReleased, takeSlot } from './loan.js';
import { UNBOUND } from './native.js';

/** Bytes of an ext block that every slot has room for, of its head and of one field. */
const [EXT_ROOM, EXT_HEADS, FIELD_BYTES] = [512, 16, 24];
/** What is added for more of them keeps the payload's alignment. */
const ALIGNMENT = 64;

/** Bytes to ask of a slot for a cloud and the names of its fields. */
export function slotBytes({ bytes, fields }: CloudWanted): number {
  const ext = fields === null ? 0 : EXT_HEADS + FIELD_BYTES * fields.length;
  return bytes + Math.ceil(Math.max(0, ext - EXT_ROOM) / ALIGNMENT) * ALIGNMENT;
}

function dtypeCode(dtype: CloudDtype): number {
  return dtype === 'mixed' ? 0 : dtypes[dtype].code;
}

/** A lease on an empty slot, of a topic or of none, for such a cloud. */
export function loanCloud(topic: number, tally: Tally, wanted: CloudWanted): Lease {
  const { height, width, step, bytes, values, dtype, fields } = wanted;
  const lease = takeSlot(topic, tally, slotBytes(wanted), {
    types: typesOf('PointCloud', 0, dtypeCode(dtype)),
    dim0: height,
    dim1: width,
    dim2: values,
    step,
    payload: bytes,
  });
  begin(lease, bytes, wanted);
  if (fields === null) return lease;
  return orReleased(lease, () => sayExt(lease, 'loan', { fields: fieldWords(fields) }));
}

/** A lease on an empty slot of no topic. */
export function newCloud(wanted: CloudWanted): Lease {
  return loanCloud(UNBOUND, UNBOUND_FRAMES, wanted);
}

/** Bytes of all points. */
export function bytesOfCloud({ dim0, dim1, step }: Lease): number {
  return dim0 * dim1 * step;
}

// What a frame says of its fields does not change, and asking a received one takes a while.
const layouts = new WeakMap<Lease, CloudLayout>();

/** How the points of a frame lie; throws `ERR_FRAMELANE_RELEASED`. */
export function layoutOfLease(lease: Lease): CloudLayout {
  const known = layouts.get(lease);
  if (known !== undefined) return known;
  const { dim2: values, step } = lease;
  const dtype = dtypeOfCode(lease.dtype);
  const said = fieldsOfWords(extOf(lease).fields ?? [], step);
  const fields = said.length > 0 || dtype === 'mixed' ? said : null;
  const layout = { values, dtype, step, fields };
  layouts.set(lease, layout);
  return layout;
}

/** The fields of a frame, those that go without saying too; the first `most` of them. */
export function namedFields(lease: Lease, most?: number): readonly Required<PointField>[] {
  const { fields, values, dtype } = layoutOfLease(lease);
  if (fields !== null) return most === undefined ? fields : fields.slice(0, most);
  return dtype === 'mixed' ? [] : usualFields(values, dtype, most);
}

const bytewise: Elements = { itemBytes: 1, array: Uint8Array };

/** What `data` of a cloud is made of. */
export function elementsOf(dtype: CloudDtype): Elements {
  if (dtype === 'mixed') return bytewise;
  const { bytes, array } = dtypes[dtype];
  return { itemBytes: bytes, array };
}

/** Number of a point of the frame; `ERR_FRAMELANE_INVALID_ARGUMENT` for any other. */
export function checkPoint({ dim0, dim1 }: Lease, action: string, index: unknown): number {
  return checkInteger(index, `${action}: index`, 0, dim0 * dim1 - 1);
}

/** The bytes of a frame with data as a DataView, for values at any place. */
export function viewOf({ buffer, byteOffset, byteLength }: TypedArray): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
