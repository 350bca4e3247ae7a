/** What the tests of tokens start: worker threads by `workerData`, and one child process. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { Image, Topic, type ReceivedImage } from 'framelane';

/** What a worker is told when it is started. */
export interface Errand {
  role: 'check' | 'keep' | 'hand' | 'rally' | 'fill';
  topic: string;
  /** Frames, tokens or turns. */
  count: number;
  /** To the other side of a rally. */
  port?: MessagePort;
  /** Begins the rally; or with `keep`: never comes back to the event loop. */
  first?: boolean;
}

/** Every value of test frame `number`. */
export const valueOf = (number: number): number => number % 251;

/** An image of 32x32, one page and the same pool in every test. */
export const shape = { width: 32, height: 32, encoding: 'mono8' } as const;

/** Which frame it is, by its time stamp; throws where its pixels are of another. */
export function numberOf(image: ReceivedImage | Image): number {
  const number = Number(image.timestampNs) - 1;
  for (const value of image.data) {
    if (value !== valueOf(number)) throw new Error(`frame ${number} has ${value}`);
  }
  return number;
}

/** Fills an image as frame `number`. */
export function fill(image: Image<'mono8'>, number: number): Image {
  image.data.fill(valueOf(number));
  return image.setTimestampNs(BigInt(number) + 1n) as unknown as Image;
}

type Tell = (message: unknown) => void;

/** Says which frame each token leads to, and gives it back. Receives the topic itself besides. */
async function check({ topic: name, count }: Errand, tell: Tell): Promise<void> {
  const topic = new Topic(Image, name, { history: 0 });
  const numbers: number[] = [];
  const done = new Promise<void>((resolve) => {
    parentPort!.on('message', (token: string) => {
      const image = Image.fromToken(token);
      tell(numberOf(image));
      image.release();
      if (numbers.push(0) === count) resolve();
    });
  });
  const seen: number[] = [];
  const listening = (async () => {
    for await (const image of topic) seen.push(numberOf(image));
  })();
  tell('ready');
  await done;
  topic.close();
  await listening;
  tell(seen);
  parentPort!.close();
}

/** Holds frames in every way there is, and ends only when it is ended. */
async function keep({ topic: name, count, first }: Errand, tell: Tell): Promise<void> {
  const topic = new Topic(Image, name, { history: count, maxHeld: 3 * count });
  const held: unknown[] = [topic];
  const tokens: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const frame = await topic.recv();
    const named = Image.fromToken(frame.toToken());
    tokens.push(frame.retain().toToken({ transfer: true }));
    tokens.push(new Image(shape).toToken({ transfer: true }));
    held.push(frame, named, new Image(shape));
  }
  tell(tokens);
  topic.ref();
  // Busy until its end; the message above is on its way already.
  while (first === true) performance.now();
  await sleep(60_000);
  console.error(held.length);
}

/** Hands over one frame after the other, as fast as it can. */
async function hand({ count }: Errand, tell: Tell): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    tell(fill(new Image(shape), n).toToken({ transfer: true }));
    if (n % 8 === 7) await new Promise(setImmediate);
  }
  await sleep(60_000);
}

/** Sends one frame to and fro, hold and all, `count` times. */
async function rally({ topic: name, count, port, first }: Errand, tell: Tell): Promise<void> {
  const topic = new Topic(Image, name);
  let image = first === true ? topic.latest()! : await next(port!);
  const number = numberOf(image);
  for (let turn = 0; turn < count; turn += 1) {
    port!.postMessage(image.toToken({ transfer: true }));
    if (!image.released) throw new Error('it is still here');
    // The last one goes to the side that began, which closes the port when it has it.
    if (first !== true && turn === count - 1) break;
    image = await next(port!);
    if (numberOf(image) !== number) throw new Error('another frame');
  }
  if (first === true) {
    port!.close();
  } else {
    port!.ref();
    await once(port!, 'close');
  }
  image.release();
  tell(number);
  topic.close();
}

async function next(port: MessagePort): Promise<ReceivedImage> {
  return Image.fromToken((await once(port, 'message'))[0] as string);
}

/** Fills the images that it is given, and hands them back. */
async function fillAll({ count }: Errand, tell: Tell): Promise<void> {
  let filled = 0;
  for await (const [token] of on(parentPort!, count)) {
    const image = Image.fromToken(token) as unknown as Image<'mono8'>;
    tell(fill(image, filled).toToken({ transfer: true }));
    filled += 1;
  }
  // What is on its way comes back when its sender ends.
  await sleep(60_000);
}

async function* on(port: MessagePort, count: number): AsyncGenerator<[string]> {
  const waiting: string[] = [];
  let wake = (): void => {};
  port.on('message', (token: string) => {
    waiting.push(token);
    wake();
  });
  for (let n = 0; n < count; n += 1) {
    while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    yield [waiting.shift()!];
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const errand = workerData as Errand;
  const roles = { check, keep, hand, rally, fill: fillAll };
  await roles[errand.role](errand, (message) => port.postMessage(message));
} else if (process.argv[2] === 'token') {
  // A child: says of each token what came of it.
  const kept: ReceivedImage[] = [];
  process.on('message', (token: string) => {
    try {
      const image = Image.fromToken(token);
      kept.push(image);
      process.send?.({ type: 'token', number: numberOf(image), same: image.toToken() === token });
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      process.send?.({ type: 'refused', code, message });
    }
  });
  process.send?.({ type: 'ready' });
}
