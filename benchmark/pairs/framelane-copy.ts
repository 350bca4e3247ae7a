/** Frames that lie in memory of the sender's own and are copied into a slot: `fromBytes`. */
import { Image, Topic } from 'framelane';
import type { Arrived, Lane, Sender } from './lane.js';
import { BYTES, HEIGHT, WIDTH } from './picture.js';

const NAME = 'bench';
const SPIN_US = 1_000_000;

export const lane: Lane = { openReceiver: (arrived) => openReceiver(arrived, 0), openSender };

/** The same, the receiver never asleep. */
export const spinning: Lane = {
  openReceiver: (arrived) => openReceiver(arrived, SPIN_US),
  openSender,
};

async function openReceiver(arrived: Arrived, spinUs: number): Promise<Topic> {
  const topic = new Topic(Image, NAME, { spinUs });
  // Its first look would keep this process from saying that it is ready.
  setImmediate(() => {
    void topic.forEach((image) => {
      const now = process.hrtime.bigint();
      arrived(image.data as Uint8Array, now);
    });
  });
  return topic;
}

async function openSender(): Promise<Sender> {
  const topic = new Topic(Image, NAME);
  const bytes = new Uint8Array(BYTES);
  return {
    next: () => bytes,
    send: () =>
      topic.send(Image.fromBytes(bytes, { width: WIDTH, height: HEIGHT, encoding: 'rgb8' })),
    close: () => topic.close(),
  };
}
