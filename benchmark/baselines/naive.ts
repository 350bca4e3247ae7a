/** The addon of `naive/`, as it is to JavaScript. */
import { createRequire } from 'node:module';
import { naiveAddon } from '../build.js';

/** A frame as an instance of a native class. */
export interface NaiveImage {
  readonly width: number;
  readonly data: Uint8Array;
  release(): void;
}

/** A frame as an object of all its properties. */
export interface NaiveObject {
  id: number;
  width: number;
  height: number;
  encoding: string;
  sequence: number;
  sentNs: bigint;
  timestampNs: bigint;
  data: Uint8Array;
}

export interface NaiveTopic {
  send(width: number, height: number, first: number): void;
  tryRecv(): NaiveImage | null;
  tryRecvObject(): NaiveObject | null;
  release(id: number): void;
}

interface Eight {
  a: number;
  h: number;
}

export interface Naive {
  NaiveTopic: new (name: string, depth: number) => NaiveTopic;
  Counter: new (number: number) => { readonly number: number; next(): number };
  macroEmpty(): void;
  macroNumber(number: number): number;
  macroBytes(bytes: Uint8Array): number;
  macroObject(number: number): Eight;
  rawEmpty(): void;
  rawNumber(number: number): number;
  rawBytes(bytes: Uint8Array): number;
  rawObject(number: number): Eight;
  /** Takes the array of 8 numbers that `rawFill` fills. */
  rawRegister(control: Uint32Array): void;
  rawFill(number: number): number;
  /** Maps the first bytes of a file for reading and writing. */
  mapShared(fd: number, bytes: number): Uint8Array;
  /** Writes the time, in nanoseconds, into a FIFO. */
  ring(fd: number): boolean;
  /** Calls back with the time that was written, for each. */
  watch(fd: number, callback: (ringNs: number) => void): void;
}

/** Loads it; `buildNaive` must have been called. */
export function loadNaive(): Naive {
  return createRequire(import.meta.url)(naiveAddon) as Naive;
}
