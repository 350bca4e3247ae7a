/** Frames that lie in memory of the sender's own and are copied into a slot: `fromBytes`. */
import { Image, Topic } from 'framelane';
import { forEach, spinForEach } from '../surface.js';
import type { Arrived, Lane, Sender } from './lane.js';
import { BYTES, HEIGHT, WIDTH } from './picture.js';

const NAME = 'bench';

export const lane: Lane = {
  async openReceiver(arrived) {
    const topic = new Topic(Image, NAME);
    void forEach(topic, (image) => {
      const now = process.hrtime.bigint();
      arrived(image.data as Uint8Array, now);
    });
    return topic;
  },
  openSender,
};

/** The same, the receiver never asleep. */
export const spinning: Lane = {
  async openReceiver(arrived: Arrived) {
    return spinForEach(NAME, {}, (image) => {
      const now = process.hrtime.bigint();
      arrived(image.data as Uint8Array, now);
    });
  },
  openSender,
};

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
