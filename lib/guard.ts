/** Guard: a buffer for one frame alone, taken away with the frame, so that no view outlives it. */
import { calling, load } from './native.js';

/** The buffer of one frame. */
export interface Guard {
  /** Never used twice. */
  readonly id: number;
  readonly buffer: ArrayBuffer;
}

let lastId = 0;
let warned = false;

/** Makes a buffer over the first bytes of a slot. */
export function guardSlot(pool: number, slot: number, byteLength: number): Guard {
  const id = ++lastId;
  return { id, buffer: calling(() => load().guardBuffer(pool, slot, byteLength, id)) };
}

/** Takes it away: views on it have length 0 from now on. */
export function unguard(guard: Guard): void {
  if (load().unguard(guard.id, guard.buffer) || warned) return;
  warned = true;
  process.emitWarning(
    "a frame's buffer was given to markAsUntransferable and cannot be taken away: views on it " +
      'that are kept show whatever frame comes into its slot',
    { type: 'FramelaneWarning', code: 'FRAMELANE_GUARD' },
  );
}
