/** Where the pixels of a frame are, as the native side is told when it works on them. */
import { holdOf, holdToWrite, type Lease } from './lease.js';
import type { Place } from './native.js';

/** Of a frame that is read; throws `ERR_FRAMELANE_RELEASED`. */
export function placeToRead(lease: Lease): Place {
  return placeOf(lease, holdOf(lease));
}

/** Of a frame that is written; throws `ERR_FRAMELANE_FROZEN` too. `slotFilled` comes after it. */
export function placeToWrite(lease: Lease, action: string): Place {
  return placeOf(lease, holdToWrite(lease, action));
}

function placeOf(lease: Lease, hold: number): Place {
  const { offset, encoding, dim0: height, dim1: width, step } = lease;
  return { hold, offset, encoding, width, height, step };
}
