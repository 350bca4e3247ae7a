/**
 * The best unix socket that Node has: the sender writes the frame's own memory, and `onread`
 * lets the kernel write into the receiver's frame, so that each side copies once.
 *
 * Tried as well, 1080p at 60 Hz on a two-core virtual machine, where this way takes 2.1 to 2.7 ms:
 * - slices of 64 or 256 KiB instead of all that is missing of the frame: the same within noise;
 * - one fixed buffer for `onread`, copied from: 0.1 to 0.4 ms slower;
 * - 'data' events, copied into one frame: 0.8 ms slower; joined by Buffer.concat: 1.3 ms;
 * - a larger SO_SNDBUF (8 MiB instead of the default of 208 KiB): the same within noise. Node
 *   cannot set it for a stream; the try used a pair of sockets made by another program.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Lane, Sender } from '../pairs/lane.js';
import { BYTES } from '../pairs/picture.js';

let accepted: Promise<Socket>;

export const lane: Lane = {
  async prepare() {
    const server = createServer();
    server.listen(pathOf(process.pid));
    await once(server, 'listening');
    accepted = once(server, 'connection').then(([socket]: Socket[]) => {
      server.close();
      return socket!;
    });
  },

  async openReceiver(arrived) {
    const frame = new Uint8Array(BYTES);
    let filled = 0;
    const onread = {
      buffer: () => frame.subarray(filled),
      callback(count: number): boolean {
        filled += count;
        if (filled === BYTES) {
          const now = process.hrtime.bigint();
          filled = 0;
          arrived(frame, now);
        }
        return true;
      },
    };
    const socket = connect({ path: pathOf(process.ppid), onread });
    await once(socket, 'connect');
    return { close: () => socket.destroy() };
  },

  async openSender(): Promise<Sender> {
    const frame = new Uint8Array(BYTES);
    const socket = await accepted;
    return {
      next: () => frame,
      send: () => new Promise((resolve) => socket.write(frame, () => resolve())),
      close: () => socket.destroy(),
    };
  },
};

/** A name without a file: it goes with the process. */
const pathOf = (pid: number): string => `\0framelane-bench-${pid}`;
