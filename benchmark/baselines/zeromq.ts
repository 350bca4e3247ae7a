/**
 * zeromq.js: `Push` and `Pull` over a unix socket. It takes a `Buffer` over without a copy, so
 * that the next frame is written into another one.
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
  Pull: new () => Pull;
  Push: new () => Push;
}

export const lane: Lane = {
  async openReceiver(arrived) {
    const pull = new (peer<ZeroMq>('zeromq').Pull)();
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
    const push = new (peer<ZeroMq>('zeromq').Push)();
    await push.bind(addressOf(process.pid));
    const frames = [Buffer.alloc(BYTES), Buffer.alloc(BYTES), Buffer.alloc(BYTES)];
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
