/**
 * One round of one lane: `pair.js TASK` (JSON, see `Task`) sends frames to a receiving process of
 * its own and prints what that has measured, as one line of JSON.
 */
import { once } from 'node:events';
import { Image, Topic } from 'framelane';
import { quantile } from '../numbers.js';
import { paced } from '../pace.js';
import { begin, finish, isPartner, startPartner, task, tell } from '../partner.js';
import { lanes, type Sender } from './lane.js';
import { fill, isAllRight, isRight, readStamp, stamp, stampOf } from './picture.js';

/** What a process is told. */
export interface Task {
  lane: string;
  /**
   * 60hz: every 1/60 s on an absolute schedule, both sides asleep in between. hot: as soon as the
   * frame before has arrived and the receiver has said so.
   */
  pace: '60hz' | 'hot';
  /**
   * Frames that are not measured, the same for all lanes of a row: slots are filled and mapped,
   * and both sides run compiled code.
   */
  warmUp: number;
  /** The path of `pin` where the two are to be on different cores. */
  pin: string | null;
}

/** What a round gives. */
export interface Round {
  /** From right before `send` to the first line of the receiving code, microseconds. */
  p50: number;
  lost: number;
}

const WARM_UP_MS = 1;
/** Frames of which every pixel is looked at; of the others a few are. */
const CHECKED = 100;
/** Frames after that at the measured pace, for caches and clocks of the CPU; not measured. */
const SETTLE = 15;
const MEASURED = { '60hz': 90, hot: 200 };
const PERIOD_MS = 1000 / 60;
/** The way back of the answers, the same for all lanes. */
const ANSWERS = 'bench.answers';

const given = task<Task>();
const { lane: name, pace, warmUp } = given;
const count = warmUp + SETTLE + MEASURED[pace];
const open = lanes[name];
if (open === undefined) throw new Error(`${name} is none of ${Object.keys(lanes).join(', ')}`);
const { lane } = await open();
if (isPartner) await receive();
else await send();

async function send(): Promise<void> {
  await lane.prepare?.();
  const answers = pace === 'hot' ? new Topic(Image, ANSWERS) : null;
  const receiver = await startPartner(given.pin);
  const sender = await lane.openSender(receiver);
  const warm = once(receiver, 'message');
  let number = 0;
  const sendNext = (): void | Promise<void> => sendOne(sender, number++);
  if (answers === null) await paced(warmUp, WARM_UP_MS, sendNext);
  else await sendAnswered(sendNext, warmUp, answers);
  await warm;
  const result = once(receiver, 'message');
  if (answers === null) await paced(count - warmUp, PERIOD_MS, sendNext);
  else await sendAnswered(sendNext, count - warmUp, answers);
  const [round] = (await result) as [Round];
  answers?.close();
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

async function sendAnswered(
  sendNext: () => void | Promise<void>,
  frames: number,
  answers: Topic,
): Promise<void> {
  for (let sent = 0; sent < frames; sent++) {
    await sendNext();
    (await answers.recv()).release();
  }
}

async function receive(): Promise<void> {
  const times: number[] = [];
  let expected = 0;
  let lost = 0;
  const answers = pace === 'hot' ? new Topic(Image, ANSWERS) : null;
  const receiver = await lane.openReceiver((bytes, arrivedNs) => {
    const { number, sentNs } = readStamp(bytes);
    const complete = number < CHECKED || number === count - 1;
    if (number < expected || !(complete ? isAllRight : isRight)(bytes)) {
      throw new Error(`${name}: frame ${number} is wrong, or not frame ${expected}`);
    }
    if (number >= warmUp) lost += number - expected;
    expected = number + 1;
    answers?.send(answers.loan({ width: 1, height: 1 }));
    if (number === warmUp - 1) tell('warm');
    if (number < warmUp + SETTLE) return;
    times.push(Number(arrivedNs - sentNs) / 1000);
    if (number !== count - 1) return;
    receiver.close();
    answers?.close();
    finish({ p50: quantile(times, 0.5), lost } satisfies Round);
  });
  begin();
}
