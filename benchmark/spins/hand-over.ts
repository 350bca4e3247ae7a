/**
 * One round of handing frames over between two processes that never sleep: `hand-over.js TASK`
 * (JSON, see `Task`) prints the p50 from right before `send` to the first line that has the
 * frame, in microseconds, as JSON. One frame is on its way at a time; the answer comes by a small
 * frame, for which the sender spins, too.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Image, Topic } from 'framelane';
import { peer } from '../baselines/peer.js';
import { quantile } from '../numbers.js';
import { begin, finish, isPartner, startPartner, task } from '../partner.js';
import { spinForEach } from '../surface.js';

/** What a process is told. */
export interface Task {
  lane: 'framelane' | 'shared-memory-disruptor';
  width: number;
  height: number;
  /** The path of `pin` where the two are to be on different cores. */
  pin: string | null;
}

export interface Round {
  p50: number;
}

const WARM_UP = 20_000;
const MEASURED = 20_000;
const COUNT = WARM_UP + MEASURED;
/** Of the frames' bytes: when it was sent, and its number. */
const STAMP_BYTES = 16;

const { lane, width, height, pin } = task<Task>();
// Two frames are enough for one on its way: a frame of 8K takes 100 MB.
const OPTIONS = { depth: 2 };
const SLOTS = 4;

const times: number[] = [];
let expected = 0;
const answers = new Topic(Image, 'bench.answers');
const lanes = {
  framelane: [sendFrames, receiveFrames],
  'shared-memory-disruptor': [sendElements, receiveElements],
} as const;
const [send, receive] = lanes[lane];
if (isPartner) receive();
else await start();

async function start(): Promise<void> {
  const partner = await startPartner(pin);
  const result = once(partner, 'message');
  send();
  const [round] = (await result) as [Round];
  answers.close();
  console.log(JSON.stringify(round));
}

/** Writes the number, then reads the clock: the last thing before it is sent. */
function stamp(bytes: Uint8Array, number: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, STAMP_BYTES);
  view.setFloat64(8, number);
  view.setBigUint64(0, process.hrtime.bigint());
}

function awaitAnswer(): void {
  for (;;) {
    const answer = answers.tryRecv();
    if (answer === null) continue;
    answer.release();
    return;
  }
}

/** Takes what has arrived; whether it was the last. */
function take(bytes: Readonly<Uint8Array>, now: bigint): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, STAMP_BYTES);
  const number = view.getFloat64(8);
  if (number !== expected) throw new Error(`frame ${number} instead of ${expected}`);
  if (expected >= WARM_UP) times.push(Number(now - view.getBigUint64(0)) / 1000);
  expected++;
  answers.send(answers.loan({ width: 1, height: 1 }));
  if (expected < COUNT) return false;
  answers.close();
  finish({ p50: quantile(times, 0.5) } satisfies Round);
  return true;
}

function sendFrames(): void {
  const topic = new Topic(Image, 'bench', OPTIONS);
  for (let number = 0; number < COUNT; number++) {
    const image = topic.loan({ width, height });
    stamp(image.data, number);
    topic.send(image);
    awaitAnswer();
  }
  topic.close();
}

function receiveFrames(): void {
  const topic = spinForEach('bench', {}, (image) => {
    const now = process.hrtime.bigint();
    if (take(image.data as Uint8Array, now)) topic.close();
  });
  begin();
}

interface Disruptor {
  produceClaimSync(): Buffer;
  produceCommitSync(): boolean;
  consumeNewSync(): Buffer[];
  consumeCommit(): boolean;
  release(): void;
}

/** Whole frames in a ring; the second process makes it, because it says when it is ready. */
function openDisruptor(): Disruptor {
  const { Disruptor } = peer<{ Disruptor: new (...args: unknown[]) => Disruptor }>(lane);
  const name = nameOf(isPartner ? process.ppid : process.pid);
  return new Disruptor(`/${name}`, SLOTS, width * height * 3, 1, 0, isPartner, true);
}

function nameOf(pid: number): string {
  return `framelane-bench-${pid}.disruptor`;
}

function sendElements(): void {
  const disruptor = openDisruptor();
  // It leaves its memory behind.
  rmSync(join('/dev/shm', nameOf(process.pid)));
  for (let number = 0; number < COUNT; number++) {
    const bytes = disruptor.produceClaimSync();
    stamp(bytes, number);
    disruptor.produceCommitSync();
    awaitAnswer();
  }
  disruptor.release();
}

function receiveElements(): void {
  const disruptor = openDisruptor();
  begin();
  // After the message has gone out.
  setTimeout(() => {
    for (let done = false; !done;) {
      for (const bytes of disruptor.consumeNewSync()) {
        const now = process.hrtime.bigint();
        done = take(bytes, now);
      }
      disruptor.consumeCommit();
    }
    disruptor.release();
  }, 50);
}
