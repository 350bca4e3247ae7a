/** `memory: 'copy'`: pixels in JavaScript's own memory, for runtimes that allow no other. */
import { FramelaneError } from './errors.js';
import { calling, load } from './native.js';

/** The first bytes of a slot. */
export interface Place {
  readonly pool: number;
  readonly slot: number;
  readonly byteLength: number;
}

/** What is known of the pixels of a frame of ours, by all frame objects on its slot. */
export interface Pixels {
  /** The copy that stands for them; until the frame is sent the slot need not have them. */
  copy: Uint8Array | null;
  /** Whether the slot has pixels of this frame. */
  filled: boolean;
}

/** A private copy of the first bytes of a slot. */
export function readSlot({ pool, slot, byteLength }: Place): Uint8Array {
  const copy = new Uint8Array(byteLength);
  calling(() => load().readSlot(pool, slot, copy));
  return copy;
}

/** The copy of a frame that is not sent yet: zeros where nothing has been written so far. */
export function copyToWrite(pixels: Pixels, place: Place): Uint8Array {
  if (pixels.copy !== null) return attached(pixels.copy);
  pixels.copy = pixels.filled ? readSlot(place) : new Uint8Array(place.byteLength);
  return pixels.copy;
}

/** The native side has written to the slot: the copy is made the same, in place. */
export function slotWritten(pixels: Pixels, pool: number, slot: number): void {
  const { copy } = pixels;
  pixels.filled = true;
  if (copy !== null) calling(() => load().readSlot(pool, slot, copy));
}

/** Brings the copy of a frame that is not sent yet to its slot; whether there was one. */
export function writeBack(pixels: Pixels, pool: number, slot: number): boolean {
  if (pixels.copy === null) return false;
  const copy = attached(pixels.copy);
  calling(() => load().writeSlot(pool, slot, copy));
  return (pixels.filled = true);
}

function attached(copy: Uint8Array): Uint8Array {
  if (copy.length > 0) return copy;
  throw new FramelaneError(
    'ERR_FRAMELANE_DETACHED_BUFFER',
    'the buffer behind `data` of this frame has been detached (transferred to a worker or by ' +
      'structuredClone), so its pixels are gone; send the frame first',
  );
}
