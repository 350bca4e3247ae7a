/** Ways of waking the event loop of another process. */
import { constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { Image, Topic } from 'framelane';
import { loadNaive } from '../baselines/naive.js';

/**
 * What is called first of all when woken. It has read the clock in its first line; `rungNs` is
 * the time at which the other process has rung. Both in nanoseconds.
 */
export type Woken = (now: bigint, rungNs: bigint) => void;

/** One direction. */
export interface Bell {
  /** In the process that rings. */
  open(): () => void;
  /** In the process that sleeps. */
  listen(woken: Woken): void;
}

/** What a process has of a way: a bell in each direction. */
export interface Bells {
  there: Bell;
  back: Bell;
  close(): void;
}

/** All ways, made by the first process (`true`) and then by the second. */
export const ways: Record<string, (first: boolean) => Bells> = {
  framelane: topics,
  poll: (first) => fifos(first, byPoll),
  'net-socket': (first) => fifos(first, bySocket),
};

const SIZE = { width: 64, height: 48 };
/** So that none is passed by when a process does not get a core for a while. */
const DEPTH = 64;

/** A frame of 64x48, `forEach`. */
function topics(): Bells {
  const open: Topic[] = [];
  const topic = (name: string): Bell => ({
    open() {
      const sender = new Topic(Image, name, { depth: DEPTH });
      open.push(sender);
      return () => sender.send(sender.loan(SIZE));
    },
    listen(woken) {
      const receiver = new Topic(Image, name);
      open.push(receiver);
      void receiver.forEach((image) => {
        const now = process.hrtime.bigint();
        woken(now, image.sentNs);
      });
    },
  });
  return {
    there: topic('bench.there'),
    back: topic('bench.back'),
    close: () => open.forEach((each) => each.close()),
  };
}

/** A FIFO in each direction; what goes through it is the time. */
function fifos(first: boolean, listen: (fd: number, woken: Woken) => void): Bells {
  const naive = loadNaive();
  const pid = first ? process.pid : process.ppid;
  const fifo = (name: string): Bell => {
    const path = join(process.env['FRAMELANE_DIR']!, `fifo-${name}-${pid}`);
    if (first) execFileSync('mkfifo', [path]);
    // For both, so that it does not wait for the other side.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    if (!first) rmSync(path);
    return {
      open: () => () => {
        if (!naive.ring(fd)) throw new Error('the FIFO is full');
      },
      listen: (woken) => listen(fd, woken),
    };
  };
  // A poll keeps the process alive.
  return { there: fifo('there'), back: fifo('back'), close: () => setImmediate(process.exit) };
}

/** The least that it can take: libuv polls it, C reads it, JavaScript is called. */
function byPoll(fd: number, woken: Woken): void {
  loadNaive().watch(fd, (rungNs) => {
    const now = process.hrtime.bigint();
    woken(now, BigInt(rungNs));
  });
}

/** What Node has of its own; `onread`, because 'data' events are slower. */
function bySocket(fd: number, woken: Woken): void {
  const buffer = Buffer.alloc(8);
  const onread = {
    buffer,
    callback(): boolean {
      const now = process.hrtime.bigint();
      woken(now, buffer.readBigUInt64LE());
      return true;
    },
  };
  // The types have `onread` for `connect` only.
  const options: object = { fd, onread, writable: false };
  new Socket(options).resume();
}
