/**
 * One round of handing frames over between two processes that never sleep: `hand-over.js TASK`
 * (JSON, see `Task`) prints the p50 from right before `send` to the first line that has the
 * frame, in microseconds, for each size, as JSON. One frame is on its way at a time; the answer
 * comes by a small frame, for which the sender spins, too.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Image, Topic } from 'framelane';
import { peer } from '../baselines/peer.js';
import { quantile } from '../numbers.js';
import { begin, finish, isPartner, startPartner, task } from '../partner.js';

/** What a process is told. */
export interface Task {
  lane: 'framelane' | 'shared-memory-disruptor';
  /** Width and height. They take turns, so that all of them meet the same cores. */
  sizes: readonly (readonly [number, number])[];
  /** The path of `pin` where the two are to be on different cores. */
  pin: string | null;
}

export interface Round {
  /** In the order of the sizes. */
  p50s: number[];
}

/** The first turns of each size are not measured. */
const WARM_UP_TURNS = 20;
const TURNS = 50;
/** Frames in a turn. */
const TURN = 500;
/** Of the frames' bytes: when it was sent, and its number. */
const STAMP_BYTES = 16;

const { lane, sizes, pin } = task<Task>();
const COUNT = TURNS * TURN * sizes.length;
const MEASURED_FROM = WARM_UP_TURNS * TURN * sizes.length;
const SPIN_US = 1_000_000;
// Two frames are enough for one on its way: a frame of 8K takes 100 MB.
const OPTIONS = { depth: 2 };
const SLOTS = 4;

const times: number[][] = sizes.map(() => []);
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

/** The index of the size of a frame. */
function sizeOf(number: number): number {
  return Math.floor(number / TURN) % sizes.length;
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
  const took = Number(now - view.getBigUint64(0)) / 1000;
  if (expected >= MEASURED_FROM) times[sizeOf(expected)]!.push(took);
  expected++;
  answers.send(answers.loan({ width: 1, height: 1 }));
  if (expected < COUNT) return false;
  answers.close();
  finish({ p50s: times.map((each) => quantile(each, 0.5)) } satisfies Round);
  return true;
}

function sendFrames(): void {
  const topic = new Topic(Image, 'bench', OPTIONS);
  // One of each size is kept: memory of a size that nobody uses would be given back each turn.
  const spare = sizes.map(([width, height]) => topic.loan({ width, height }));
  for (let number = 0; number < COUNT; number++) {
    const [width, height] = sizes[sizeOf(number)]!;
    const image = topic.loan({ width, height });
    stamp(image.data, number);
    topic.send(image);
    awaitAnswer();
  }
  spare.forEach((image) => image.release());
  topic.close();
}

function receiveFrames(): void {
  const topic = new Topic(Image, 'bench', { spinUs: SPIN_US });
  begin();
  void topic.forEach((image) => {
    const now = process.hrtime.bigint();
    if (take(image.data as Uint8Array, now)) topic.close();
  });
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
  const [width, height] = sizes[0]!;
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
