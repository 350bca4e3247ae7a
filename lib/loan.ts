/** Empty slots for new frames of all kinds: how one is taken, what a frame in it begins with. */
import { DIM0, DIM1, DIM2, PAYLOAD, STEP, TYPES } from './generated/layout.js';
import * as hot from './hot.js';
import type { Described } from './label.js';
import type { Tally } from './leak.js';
import { loaned, rawBytesOf, release, setFrameId, setTimestampNs, type Lease } from './lease.js';
import { errorOf, f64, load, u32 } from './native.js';

/** What a new frame is. */
export interface NewFrame extends Described {
  /** In bytes. */
  readonly payload: number;
}

/** What can be asked for with any new frame. */
export interface Beginning {
  readonly zeroed?: boolean;
  readonly frameId: unknown;
  readonly timestampNs: unknown;
}

/** A lease on an empty slot of at least so many bytes, of a topic or of none. */
export function takeSlot(topic: number, tally: Tally, bytes: number, frame: NewFrame): Lease {
  load();
  const status = hot.loan(topic, bytes);
  if (status < 0) throw errorOf(status);
  u32[TYPES] = frame.types;
  u32[DIM0] = frame.dim0;
  u32[DIM1] = frame.dim1;
  u32[DIM2] = frame.dim2;
  u32[STEP] = frame.step;
  f64[PAYLOAD / 2] = frame.payload;
  return loaned(tally);
}

/** Gives a new frame of so many bytes what it begins with. */
export function begin(lease: Lease, bytes: number, wanted: Beginning): Lease {
  const { zeroed = false, frameId, timestampNs } = wanted;
  // The rule: nothing is asked for.
  if (!zeroed && frameId === undefined && timestampNs === undefined) return lease;
  return orReleased(lease, () => {
    if (zeroed) rawBytesOf(lease, bytes).fill(0);
    if (frameId !== undefined) setFrameId(lease, frameId);
    if (timestampNs !== undefined) setTimestampNs(lease, timestampNs);
  });
}

/** Does something to a new frame, whose slot goes back where that fails. */
export function orReleased(lease: Lease, work: () => void): Lease {
  try {
    work();
    return lease;
  } catch (error) {
    release(lease);
    throw error;
  }
}
