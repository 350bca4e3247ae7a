/** The frame that all ways of sending carry: 1080p rgb8, of known content. */

export const WIDTH = 1920;
export const HEIGHT = 1080;
export const BYTES = WIDTH * HEIGHT * 3;

/** The first bytes of a frame: when it was sent, and its number. All else stays as it is. */
const STAMP_BYTES = 16;
/** How many bytes of every frame are looked at, the last one among them. */
const PROBES = 16;

const pattern = new Uint8Array(BYTES);
for (let index = STAMP_BYTES; index < BYTES; index++) {
  pattern[index] = index * 7 + (index >> 8) * 13;
}

/** Fills a frame, unless it is filled already. */
export function fill(bytes: Uint8Array): void {
  if (!isRight(bytes)) bytes.set(pattern);
}

/** The view on a frame's stamp; made before the clock is read. */
export function stampOf(bytes: Readonly<Uint8Array>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, STAMP_BYTES);
}

/** Writes the number, then reads the clock: the last thing before the frame is sent. */
export function stamp(view: DataView, number: number): void {
  view.setBigUint64(8, BigInt(number), true);
  view.setBigUint64(0, process.hrtime.bigint(), true);
}

/** What `stamp` wrote. */
export function readStamp(bytes: Readonly<Uint8Array>): { number: number; sentNs: bigint } {
  const view = stampOf(bytes);
  return { number: Number(view.getBigUint64(8, true)), sentNs: view.getBigUint64(0, true) };
}

/** Whether a few bytes of the frame, spread over all of it, are what they should be. */
export function isRight(bytes: Readonly<Uint8Array>): boolean {
  if (bytes.length !== BYTES) return false;
  for (let probe = 1; probe <= PROBES; probe++) {
    const index = (BYTES / PROBES) * probe - 1;
    if (bytes[index] !== pattern[index]) return false;
  }
  return true;
}

/** Whether every byte behind the stamp is what it should be. */
export function isAllRight(bytes: Readonly<Uint8Array>): boolean {
  const source = pattern.subarray(STAMP_BYTES);
  return Buffer.compare(bytes.subarray(STAMP_BYTES), source) === 0;
}
