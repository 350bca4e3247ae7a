/** What a way of sending frames from process to process looks like to the benchmark. */
import type { ChildProcess } from 'node:child_process';

/** The sending end. */
export interface Sender {
  /** The bytes of the next frame, to be written by the caller. */
  next(): Uint8Array;
  /** Sends them. Done when the bytes may be written again. */
  send(): void | Promise<void>;
  close(): void;
}

/**
 * What a receiving end calls for each frame, once all of it is there. It reads the clock first
 * of all and passes it as `arrivedNs`. `bytes` may be read until the call returns.
 */
export type Arrived = (bytes: Readonly<Uint8Array>, arrivedNs: bigint) => void;

/** One way. */
export interface Lane {
  /** In the sending process, before it starts the receiving one. */
  prepare?(): Promise<void>;
  /** In the receiving process. */
  openReceiver(arrived: Arrived): Promise<{ close(): void }>;
  /** In the sending process, when `openReceiver` is done. */
  openSender(receiver: ChildProcess): Promise<Sender>;
}

/** All ways. A process loads only its own. */
export const lanes: Record<string, () => Promise<{ lane: Lane }>> = {
  framelane: () => import('./framelane.js'),
  'framelane-copy': () => import('./framelane-copy.js'),
  'framelane-copy-spin': async () => ({ lane: (await import('./framelane-copy.js')).spinning }),
  socket: () => import('../baselines/socket.js'),
  ipc: () => import('../baselines/ipc.js'),
  shm: () => import('../baselines/shm.js'),
  zeromq: () => import('../baselines/zeromq.js'),
};
