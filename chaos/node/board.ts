/**
 * The board of the harness as Node sees it: descriptor 3, written with plain `write` calls, so
 * that what was said outlasts whoever says it. `chaos/src/board.rs` has the same places.
 */
import { readSync, writeSync } from 'node:fs';

const BOARD = 3;
const SENDERS_AT = 1 << 20;
const LEDGERS_AT = 128 << 20;
const JOBS = 16 << 20;
const MARKS = 4;
const LINE_BYTES = 512;
const TEXT_OFFSET = 3072 - 256;
const NEXT_SENDER = 8;
const LOOK_BACK = 1024;

/** Words of a role, in their order. */
export const fields = {
  ready: 0,
  moved: 1,
  verified: 2,
  torn: 3,
  wrong: 4,
  disorder: 5,
  gaps: 6,
  published: 7,
  received: 8,
  relayed: 9,
  twice: 10,
  exhausted: 11,
  backpressure: 12,
  lapped: 13,
  rejected: 14,
  acknowledging: 15,
  errors: 16,
  sender: 17,
  acknowledged: 18,
} as const;

export type Field = keyof typeof fields;

/** Marks of a job, in their order. */
const marks = { published: 0, delivered: 1, acknowledged: 2 } as const;

/** The words of one role. */
export class Line {
  readonly #at: number;
  readonly #seat: number;
  readonly #words = new BigUint64Array(Object.keys(fields).length);

  constructor(seat: number, line: number, sender: number) {
    this.#seat = seat;
    this.#at = seat + line * LINE_BYTES;
    this.#words[fields.sender] = BigInt(sender) + 1n;
  }

  set(field: Field, value: number): void {
    this.#words[fields[field]] = BigInt(value);
    this.#write(field);
  }

  add(field: Field, more = 1): void {
    this.#words[fields[field]]! += BigInt(more);
    this.#write(field);
  }

  #write(field: Field): void {
    const offset = fields[field] * 8;
    writeSync(BOARD, this.#words, offset, 8, this.#at + offset);
  }

  /** Counts what must not happen, and says what it was. */
  complain(field: Field, text: string): void {
    this.add(field);
    const bytes = Buffer.from(text).subarray(0, 1000);
    writeSync(BOARD, bytes, 0, bytes.length, this.#seat + TEXT_OFFSET + 8);
    writeSync(BOARD, new BigUint64Array([BigInt(bytes.length)]), 0, 8, this.#seat + TEXT_OFFSET);
  }
}

/** Says how many frames a sender has sent. */
export function setSent(sender: number, sent: number): void {
  writeSync(BOARD, new Uint32Array([sent]), 0, 4, SENDERS_AT + sender * 8);
}

/** Number of the next sender. */
export function nextSender(): number {
  const word = new BigUint64Array(1);
  readSync(BOARD, word, 0, 8, NEXT_SENDER);
  return Number(word[0]);
}

/** What is known of a sender. */
export interface Sent {
  sender: number;
  sent: number;
  stream: number;
  finished: boolean;
}

/** The senders from `low` on, but no more than the last ones. */
export function senders(low: number): Sent[] {
  const end = nextSender();
  const first = Math.max(low, end - LOOK_BACK, 0);
  const words = new Uint32Array(Math.max(end - first, 0) * 2);
  if (words.length > 0) readSync(BOARD, words, 0, words.byteLength, SENDERS_AT + first * 8);
  return Array.from({ length: words.length / 2 }, (_, index) => {
    const high = words[index * 2 + 1]!;
    const [sent, stream] = [words[index * 2]!, (high >>> 24) & 127];
    return { sender: first + index, sent, stream, finished: high >>> 31 === 1 };
  });
}

/** Marks a job of queue 0 or 1; whether it was marked before. */
export function mark(queue: number, job: number, what: keyof typeof marks): boolean {
  const at = LEDGERS_AT + (queue * MARKS + marks[what]) * JOBS + (job % JOBS);
  const byte = new Uint8Array(1);
  readSync(BOARD, byte, 0, 1, at);
  const before = byte[0] === 1;
  byte[0] = 1;
  if (!before) writeSync(BOARD, byte, 0, 1, at);
  return before;
}

/** Whether a job has been acknowledged. */
export function isAcknowledged(queue: number, job: number): boolean {
  const byte = new Uint8Array(1);
  readSync(BOARD, byte, 0, 1, LEDGERS_AT + (queue * MARKS + marks.acknowledged) * JOBS + job);
  return byte[0] === 1;
}
