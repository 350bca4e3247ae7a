/** What a frame says in the ext block behind its payload: its camera, its fields, its format. */
import type { ExtWords } from './ext-words.js';
import { assertHeld, labelToWrite, RECEIVED, type Lease } from './lease.js';
import { calling, load } from './native.js';
import { headerExt } from './view.js';

/** What a frame says; nothing where it has no ext block. Throws `ERR_FRAMELANE_RELEASED`. */
export function extOf(lease: Lease): ExtWords {
  assertHeld(lease);
  const { label, state, pool, slot, hold } = lease;
  if (label !== null) return label.saying.ext ?? {};
  if (state !== RECEIVED || headerExt(pool, slot) === 0) return {};
  return calling(() => load().readExt(hold));
}

/** Says something; what was said already stays. Throws `ERR_FRAMELANE_FROZEN` too. */
export function sayExt(lease: Lease, action: string, said: ExtWords): void {
  const label = labelToWrite(lease, action);
  const ext = { ...label.saying.ext, ...said };
  label.say({ ext, extOffset: calling(() => load().writeExt(lease.hold, label.payload, ext)) });
}

/** Takes over what a frame says that was handed over before it was sent. */
export function adoptExt({ label, pool, slot, hold }: Lease): void {
  if (label === null) return;
  const extOffset = headerExt(pool, slot);
  if (extOffset !== 0) label.say({ extOffset, ext: calling(() => load().readExt(hold)) });
}
