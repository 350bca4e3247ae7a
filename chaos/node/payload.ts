/** What is in a frame, word for word as `chaos/src/payload.rs` says. */

const HEAD = 8;
const MAGIC = 0x46524d31;
const FACTOR = 0x9e3779b1;

/** Says which frame it is. */
export interface Label {
  sender: number;
  sequence: number;
  job: number;
  stream: number;
}

function wordsOf(data: Uint8Array): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.byteLength >>> 2);
}

function seedOf({ sender, sequence, job, stream }: Label): number {
  let mixed = Math.imul(sender, 0x85ebca6b) ^ ((stream << 27) | (stream >>> 5));
  mixed = ((mixed ^ (mixed >>> 15)) + Math.imul(sequence, 0xc2b2ae35)) | 0;
  return (mixed ^ (mixed >>> 13) ^ Math.imul(job, 0x27d4eb2f)) >>> 0;
}

function headOf(label: Label, words: number): number[] {
  const { sender, sequence, job, stream } = label;
  const head = [MAGIC, seedOf(label), sender, sequence, job, words, stream];
  let check = FACTOR;
  for (const word of head) check = Math.imul(check ^ word, FACTOR);
  return [...head, check >>> 0];
}

/** Fills a frame. */
export function fill(data: Uint8Array, label: Label): void {
  const words = wordsOf(data);
  const head = headOf(label, words.length);
  const seed = head[1]!;
  for (let index = 0; index < words.length; index += 1) {
    words[index] = index < HEAD ? head[index]! : seed ^ Math.imul(index, FACTOR);
  }
}

/** Whether `data` is this frame, to the last byte. */
export function isWhole(data: Uint8Array, label: Label): boolean {
  const words = wordsOf(data);
  const head = headOf(label, words.length);
  const seed = head[1]!;
  let wrong = 0;
  for (let index = 0; index < words.length; index += 1) {
    wrong |= words[index]! ^ (index < HEAD ? head[index]! : seed ^ Math.imul(index, FACTOR));
  }
  return wrong === 0;
}

/** Which frame this is; `null` where it is not whole. */
export function read(data: Uint8Array): Label | null {
  const words = wordsOf(data);
  if (words.length < HEAD) return null;
  const label = { sender: words[2]!, sequence: words[3]!, job: words[4]!, stream: words[6]! };
  return isWhole(data, label) ? label : null;
}
