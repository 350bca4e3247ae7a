/**
 * zeromq.js: `Push` and `Pull` over a unix socket. It takes a `Buffer` over without a copy and
 * does not say when it is done with it: frames are written into several in turn, more than may
 * stand in its queues.
 */
import type { Lane, Sender } from '../pairs/lane.js';
import { BYTES } from '../pairs/picture.js';
import { peer } from './peer.js';

interface Pull extends AsyncIterable<[Uint8Array]> {
  connect(address: string): void;
  close(): void;
}

interface Push {
  bind(address: string): Promise<void>;
  send(bytes: Uint8Array): Promise<void>;
  close(): void;
}

interface ZeroMq {
  Pull: new (options: object) => Pull;
  Push: new (options: object) => Push;
}

/** Frames in a queue, at the sender and at the receiver. */
const QUEUE = 2;
const BUFFERS = 8;

export const lane: Lane = {
  async openReceiver(arrived) {
    const pull = new (peer<ZeroMq>('zeromq').Pull)({ receiveHighWaterMark: QUEUE });
    pull.connect(addressOf(process.ppid));
    void (async () => {
      for await (const [frame] of pull) {
        const now = process.hrtime.bigint();
        arrived(frame, now);
      }
    })();
    return pull;
  },

  async openSender(): Promise<Sender> {
    const push = new (peer<ZeroMq>('zeromq').Push)({ sendHighWaterMark: QUEUE });
    await push.bind(addressOf(process.pid));
    const frames = Array.from({ length: BUFFERS }, () => Buffer.alloc(BYTES));
    let turn = 0;
    return {
      next: () => frames[(turn = (turn + 1) % frames.length)]!,
      send: () => push.send(frames[turn]!),
      close: () => push.close(),
    };
  },
};

/** A name without a file: it goes with the process. */
const addressOf = (pid: number): string => `ipc://@framelane-bench-${pid}`;
