/**
 * Shared memory by hand: a file that both processes map, frames written in place, and a message of
 * 64 bytes through a unix socket that says where. A byte comes back when the receiver is done with
 * a frame. One receiver, and nothing is cleared up after a crash: it is what one would write in
 * an afternoon.
 *
 * The socket is the one of `socket.ts`: `onread` into a fixed buffer, the message in one write.
 */
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Lane, Sender } from '../pairs/lane.js';
import { BYTES } from '../pairs/picture.js';
import { loadNaive } from './naive.js';

const SLOTS = 4;
const MESSAGE_BYTES = 64;
const DONE = Buffer.of(1);
/** Slots begin at pages. */
const STRIDE = Math.ceil(BYTES / 4096) * 4096;

let slots: Uint8Array[];
let accepted: Promise<Socket>;

export const lane: Lane = {
  async prepare() {
    slots = map(process.pid, 'wx+');
    const server = createServer();
    server.listen(nameOf(process.pid));
    await once(server, 'listening');
    accepted = once(server, 'connection').then(([socket]: Socket[]) => {
      server.close();
      return socket!;
    });
  },

  async openReceiver(arrived) {
    slots = map(process.ppid, 'r+');
    rmSync(fileOf(process.ppid));
    const message = Buffer.alloc(MESSAGE_BYTES);
    let filled = 0;
    const onread = {
      buffer: () => message.subarray(filled),
      callback(count: number): boolean {
        filled += count;
        if (filled === MESSAGE_BYTES) {
          const frame = slots[message.readUInt32LE(0)]!;
          const now = process.hrtime.bigint();
          filled = 0;
          arrived(frame, now);
          socket.write(DONE);
        }
        return true;
      },
    };
    const socket = connect({ path: nameOf(process.ppid), onread });
    await once(socket, 'connect');
    return { close: () => socket.destroy() };
  },

  async openSender(): Promise<Sender> {
    const socket = await accepted;
    const message = Buffer.alloc(MESSAGE_BYTES);
    let slot = 0;
    let busy = 0;
    let proceed = (): void => {};
    socket.on('data', ({ length }: Buffer) => {
      busy -= length;
      proceed();
    });
    return {
      next: () => slots[(slot = (slot + 1) % SLOTS)]!,
      send() {
        message.writeUInt32LE(slot, 0);
        socket.write(message);
        // The slot after this one must be free.
        if (++busy < SLOTS) return;
        return new Promise((resolve) => (proceed = resolve));
      },
      close: () => socket.destroy(),
    };
  },
};

function map(pid: number, flags: string): Uint8Array[] {
  const fd = openSync(fileOf(pid), flags);
  ftruncateSync(fd, STRIDE * SLOTS);
  const memory = loadNaive().mapShared(fd, STRIDE * SLOTS);
  closeSync(fd);
  return Array.from({ length: SLOTS }, (_, slot) =>
    memory.subarray(STRIDE * slot, STRIDE * slot + BYTES),
  );
}

const fileOf = (pid: number): string => join(process.env['FRAMELANE_DIR']!, `shm-${pid}`);

/** A name without a file: it goes with the process. */
const nameOf = (pid: number): string => `\0framelane-bench-${pid}`;
