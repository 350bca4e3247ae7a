/**
 * One round of one lane: `pair.js LANE` sends frames at 60 Hz to a receiving process of its own
 * (`pair.js LANE receive`) and prints what that has measured, as one line of JSON.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lanes, type Sender } from './lane.js';
import { quantile } from './numbers.js';
import { fill, isAllRight, isRight, readStamp, stamp, stampOf } from './picture.js';

/**
 * Frames that are not measured, the same for every lane: slots are filled and mapped, and both
 * sides run compiled code, as they do from the first minute of a stream on.
 */
const WARM_UP = 3000;
const WARM_UP_MS = 1;
/** Frames of which every pixel is looked at; of the others a few are. */
const CHECKED = 100;
/** Frames after that at the measured pace, for caches and clocks of the CPU; not measured. */
const SETTLE = 15;
const MEASURED = 90;
const PERIOD_MS = 1000 / 60;
const LAST = WARM_UP + SETTLE + MEASURED - 1;

/** What a round gives. */
export interface Round {
  /** From right before `send` to the first line of the receiving code, microseconds. */
  p50: number;
  /** The same from the moment that others could see the frame; for framelane only. */
  wakeUp: number | null;
  lost: number;
}

const [name = '', role] = process.argv.slice(2);
const open = lanes[name];
if (open === undefined) throw new Error(`${name} is none of ${Object.keys(lanes).join(', ')}`);
const { lane } = await open();
if (role === 'receive') await receive();
else await send();

async function send(): Promise<void> {
  await lane.prepare?.();
  const receiver = fork(fileURLToPath(import.meta.url), [name, 'receive'], {
    serialization: 'advanced',
  });
  // Where it fails it says why itself.
  receiver.once('exit', (code) => {
    if (code !== 0) process.exit(1);
  });
  await once(receiver, 'message');
  const sender = await lane.openSender(receiver);
  const warm = once(receiver, 'message');
  for (let number = 0; number < WARM_UP; number++) {
    await sendOne(sender, number);
    await sleep(WARM_UP_MS);
  }
  await warm;
  const result = once(receiver, 'message');
  await sendPaced(sender);
  const [round] = (await result) as [Round];
  sender.close();
  console.log(JSON.stringify(round));
}

async function sendOne(sender: Sender, number: number): Promise<void> {
  const bytes = sender.next();
  fill(bytes);
  const view = stampOf(bytes);
  stamp(view, number);
  await sender.send();
}

/** On an absolute schedule; where one frame takes too long, it goes on with the next tick. */
async function sendPaced(sender: Sender): Promise<void> {
  const start = performance.now();
  let tick = 0;
  for (let number = WARM_UP; number <= LAST; number++) {
    tick = Math.max(tick + 1, Math.ceil((performance.now() - start) / PERIOD_MS));
    await sleep(start + tick * PERIOD_MS - performance.now());
    await sendOne(sender, number);
  }
}

async function receive(): Promise<void> {
  const times: number[] = [];
  const wakeUps: number[] = [];
  let expected = 0;
  let lost = 0;
  const receiver = await lane.openReceiver((bytes, arrivedNs, publishedNs) => {
    const { number, sentNs } = readStamp(bytes);
    const complete = number < CHECKED || number === LAST;
    if (number < expected || !(complete ? isAllRight : isRight)(bytes)) {
      throw new Error(`${name}: frame ${number} is wrong, or not frame ${expected}`);
    }
    if (number >= WARM_UP) lost += number - expected;
    expected = number + 1;
    if (number === WARM_UP - 1) process.send!('warm');
    if (number < WARM_UP + SETTLE) return;
    times.push(microseconds(arrivedNs - sentNs));
    if (publishedNs !== undefined) wakeUps.push(microseconds(arrivedNs - publishedNs));
    if (number !== LAST) return;
    receiver.close();
    const round: Round = { p50: quantile(times, 0.5), wakeUp: middle(wakeUps), lost };
    process.send!(round, () => {
      process.off('disconnect', giveUp);
      process.disconnect();
    });
  });
  process.once('disconnect', giveUp);
  process.send!('ready');
}

/** The sender has died: nobody wants the figures any more. */
function giveUp(): void {
  process.exit(1);
}

function microseconds(ns: bigint): number {
  return Number(ns) / 1000;
}

function middle(values: number[]): number | null {
  return values.length === 0 ? null : quantile(values, 0.5);
}
