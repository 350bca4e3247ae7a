/**
 * A Node process that will be killed: one or two roles on one event loop. It is told its roles,
 * where its lines on the board are, a seed, and the numbers it may use as a sender and for jobs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FramelaneError, Image, Queue, Topic } from 'framelane';
import { isAcknowledged, Line, mark, setSent } from './board.js';
import { fill, isWhole, read, type Label } from './payload.js';
import { Gapless, Order } from './track.js';

const [names = '', seat = '', seed = '', numbers = ''] = process.argv.slice(2);
const roles = names.split(',');
const given = numbers.split(',').map(Number);
const firstJobs = given.slice(roles.length);
/** Jobs of each queue that this process may make, and how many it has made. */
const JOBS = 1 << 10;
const jobsMade: [number, number] = [0, 0];

let state = Number(seed) | 1;
/** A whole number below `end`. */
function below(end: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % end;
}

let over = false;
process.on('SIGTERM', () => (over = true));

/** A frame as its bytes. */
type Bytes = { readonly data: Uint8Array; release(): void };

/** A role at work. */
class Work {
  readonly line: Line;
  readonly sender: number;
  #held: { frame: Bytes; label: Label; due: number }[] = [];
  readonly #limit = below(4);

  constructor(index: number) {
    this.sender = given[index]!;
    this.line = new Line(Number(seat), index, this.sender);
  }

  /** Looks at a frame for the first time. */
  firstLook(frame: Bytes, stream: number): Label | null {
    const label = read(frame.data);
    this.line.add('received');
    if (label !== null && label.stream === stream) return label;
    this.line.complain('torn', `not whole: ${Buffer.from(frame.data.subarray(0, 32)).toJSON()}`);
    return null;
  }

  hold(frame: Bytes, label: Label): void {
    this.#held.push({ frame, label, due: performance.now() + below(5) });
    this.line.add('moved');
  }

  /** Gives back what is due, or all, after a second look. */
  release(all: boolean, giveBack = (frame: Bytes, _label: Label) => frame.release()): void {
    const first = () => this.#held[0];
    for (let next = first(); next !== undefined; next = first()) {
      const beyond = this.#held.length > this.#limit;
      if (!all && !beyond && performance.now() < next.due) return;
      this.#held.shift();
      if (isWhole(next.frame.data, next.label)) this.line.add('verified');
      else this.line.complain('wrong', `held ${JSON.stringify(next.label)}`);
      giveBack(next.frame, next.label);
    }
  }

  /** What is none of the library's fault is counted. */
  expect(error: unknown): void {
    const code = error instanceof FramelaneError ? error.code : '';
    if (code === 'ERR_FRAMELANE_POOL_EXHAUSTED') this.line.add('exhausted');
    else if (code === 'ERR_FRAMELANE_BACKPRESSURE') this.line.add('backpressure');
    else if (code !== 'ERR_FRAMELANE_TIMEOUT') throw error;
  }

  label(sequence: number, job: number, stream: number): Label {
    return { sender: this.sender, sequence, job, stream };
  }

  sent(sequence: number): void {
    setSent(this.sender, sequence + 1);
    this.line.add('published');
    this.line.add('moved');
  }
}

function filled(topic: Topic | Queue<Image, 'auto' | 'manual'>, label: Label): Image {
  const width = (64 + below(4000)) & ~3;
  const image = topic.loan({ width, height: 1, encoding: 'mono8' });
  fill(image.data, label);
  return image as unknown as Image;
}

/** Sends until the end, through `put`. */
async function sendAll(work: Work, put: (sequence: number) => Promise<boolean>): Promise<void> {
  for (let sequence = 0; !over;) {
    try {
      if (await put(sequence)) work.sent(sequence++);
    } catch (error) {
      work.expect(error);
    }
    await sleep(below(2));
  }
}

async function publish(work: Work): Promise<void> {
  const topic = new Topic(Image, 'all', { depth: 1 + below(8), history: 0 });
  await sendAll(work, async (sequence) => {
    topic.send(filled(topic, work.label(sequence, 0, 0)));
    return true;
  });
  topic.close();
}

async function send(work: Work): Promise<void> {
  const topic = new Topic(Image, 'lossless', { depth: 1 + below(8), overflow: 'block' });
  await sendAll(work, (sequence) => ready(topic, filled(topic, work.label(sequence, 0, 1))));
  topic.close();
}

/** Sends, or gives the frame back. */
async function ready(
  topic: Topic | Queue<Image, 'auto' | 'manual'>,
  image: Image,
): Promise<boolean> {
  try {
    await topic.sendWhenReady(image, { timeoutMs: 20 });
    return true;
  } catch (error) {
    image.release();
    throw error;
  }
}

async function produce(work: Work, queue: 0 | 1): Promise<void> {
  const topic = openQueue(queue, 1 + below(8));
  await sendAll(work, async (sequence) => {
    if (jobsMade[queue] === JOBS) return false;
    const job = firstJobs[queue]! + jobsMade[queue]++;
    await ready(topic, filled(topic, work.label(sequence, job, 2 + queue)));
    mark(queue, job, 'published');
    return true;
  });
  topic.close();
}

function openQueue(queue: 0 | 1, depth: number): Queue<Image, 'auto' | 'manual'> {
  return queue === 0
    ? new Queue<Image, 'auto' | 'manual'>(Image, 'once', { depth, ack: 'auto' })
    : new Queue<Image, 'auto' | 'manual'>(Image, 'least', { depth, ack: 'manual' });
}

/** The next frame, `null` where there is none in time. All of ours are of bytes. */
async function next(channel: object): Promise<Bytes | null> {
  const topic = channel as {
    tryRecv(): Bytes | null;
    recv(options: { timeoutMs: number }): Promise<Bytes>;
  };
  if (below(2) === 0) {
    const frame = topic.tryRecv();
    if (frame === null) await sleep(0);
    return frame;
  }
  try {
    return await topic.recv({ timeoutMs: 20 });
  } catch (error) {
    if (error instanceof FramelaneError && error.code === 'ERR_FRAMELANE_TIMEOUT') return null;
    throw error;
  }
}

/**
 * Receives, and sends on what it receives where it is to. Then it wants nothing of before it came:
 * its predecessor may have sent that on already.
 */
async function receive(work: Work, name: string, onward: Topic | null): Promise<void> {
  const late = name === 'all' && onward === null;
  const topic = new Topic(Image, name, { history: late ? below(3) : 0 });
  const order = new Order();
  while (!over) {
    const image = await next(topic);
    const label = image && work.firstLook(image, 0);
    if (image !== null && label !== null) {
      order.note(work.line, label);
      if (onward !== null) {
        onward.send(image as unknown as Image);
        work.line.add('relayed');
      }
      work.hold(image, label);
    }
    work.release(false);
  }
  work.release(true);
  topic.close();
}

async function relay(work: Work): Promise<void> {
  const onward = new Topic(Image, 'relayed', { depth: 1 + below(4), history: 0 });
  await receive(work, 'all', onward);
  onward.close();
}

async function subscribe(work: Work): Promise<void> {
  const topic = new Topic(Image, 'lossless', { history: 0, overflow: 'block' });
  let first = topic.tryRecv() as unknown as Bytes | null;
  const gapless = new Gapless(1);
  while (!over) {
    const snapshot = gapless.snapshot();
    const image = first ?? (await next(topic));
    first = null;
    if (image === null) {
      gapless.caughtUp(work.line, snapshot);
    } else {
      const label = work.firstLook(image, 1);
      if (label !== null) {
        gapless.note(work.line, label);
        work.hold(image, label);
      }
    }
    work.release(false);
  }
  work.release(true);
  topic.close();
}

async function consume(work: Work, queue: 0 | 1): Promise<void> {
  const topic = openQueue(queue, 1);
  const giveBack = (frame: Bytes, { job }: Label) => {
    if (queue === 1 && below(10) > 0) acknowledge(work, frame, job);
    frame.release();
  };
  while (!over) {
    const image = await next(topic);
    const label = image && work.firstLook(image, 2 + queue);
    if (image !== null && label !== null) {
      const before = mark(queue, label.job, 'delivered');
      if (queue === 0 ? before : isAcknowledged(1, label.job)) {
        work.line.complain('twice', `job ${label.job} came again`);
      }
      work.hold(image, label);
    }
    work.release(false, giveBack);
  }
  work.release(true, giveBack);
  topic.close();
}

function acknowledge(work: Work, frame: Bytes, job: number): void {
  work.line.set('acknowledging', job + 1);
  if ((frame as Bytes & { ack(): boolean }).ack()) {
    mark(1, job, 'acknowledged');
    work.line.add('acknowledged');
  } else {
    work.line.complain('twice', `job ${job} was taken away`);
  }
  work.line.set('acknowledging', 0);
}

const play: Record<string, (work: Work) => Promise<void>> = {
  publisher: publish,
  reader: (work) => receive(work, 'all', null),
  viewer: (work) => receive(work, 'relayed', null),
  relay,
  sender: send,
  subscriber: subscribe,
  producer: (work) => produce(work, 0),
  consumer: (work) => consume(work, 0),
  client: (work) => produce(work, 1),
  worker: (work) => consume(work, 1),
};

await Promise.all(
  roles.map(async (role, index) => {
    const work = new Work(index);
    try {
      work.line.set('ready', 1);
      await play[role]!(work);
    } catch (error) {
      work.line.complain('errors', `${role}: ${error instanceof Error ? error.stack : error}`);
    }
    work.line.set('ready', 0);
  }),
);
