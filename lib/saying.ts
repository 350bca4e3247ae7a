/**
 * What a frame says of itself, made the same on another one: on a copy, and on what a token names.
 */
import { adoptExt, extOf, sayExt } from './ext.js';
import { UNBOUND_FRAMES, type Frame } from './frame.js';
import { kinds } from './generated/layout.js';
import { trace } from './leak.js';
import {
  loaned,
  markCopied,
  received,
  setFrameId,
  setTimestampNs,
  slotFilled,
  watched,
  type Lease,
} from './lease.js';
import { COPIED_LOAN, READ, takeToken } from './token.js';
import { headerColour, headerDepthScale, headerFrameId, headerStamp } from './view.js';

/** The frame that a token names: one to read, or a loan that another thread has handed over. */
export function leaseOfToken(name: keyof typeof kinds, token: unknown): Lease {
  const what = takeToken(kinds[name], token);
  if (what === READ) return watched(received(UNBOUND_FRAMES), trace());
  const lease = loaned(UNBOUND_FRAMES);
  adopt(lease);
  if (what === COPIED_LOAN) markCopied(lease);
  return lease;
}

/** Makes the label of a loan that another thread has handed over say what it said there. */
function adopt(lease: Lease): void {
  const { pool, slot, label } = lease;
  setFrameId(lease, headerFrameId(pool, slot));
  setTimestampNs(lease, headerStamp(pool, slot));
  slotFilled(lease);
  adoptExt(lease);
  if (label === null) return;
  label.say({ colour: headerColour(pool, slot), depthScale: headerDepthScale(pool, slot) });
}

/** Matrix, and range above 8 bits, of a frame's colours, by their codes. */
export function colourOf({ label, pool, slot }: Lease): number {
  return label === null ? headerColour(pool, slot) : label.saying.colour;
}

/** Millimetres a raw unit of a frame's depth. */
export function depthScaleOf({ label, pool, slot }: Lease): number {
  return label === null ? headerDepthScale(pool, slot) : label.saying.depthScale;
}

/** Makes a new frame say of itself what another one says, apart from frame id and time. */
export function copyLabel(from: Lease, to: Lease): void {
  const { label } = to;
  if (label === null) return;
  label.say({ colour: colourOf(from), depthScale: depthScaleOf(from) });
  const ext = extOf(from);
  if (Object.values(ext).some((said) => said !== undefined && said !== null)) {
    sayExt(to, 'clone', ext);
  }
}

/** Fills a new frame; where that fails, its slot goes back. */
export function filled<F extends Frame>(frame: F, fill: (frame: F) => void): F {
  try {
    fill(frame);
    return frame;
  } catch (error) {
    frame.release();
    throw error;
  }
}
