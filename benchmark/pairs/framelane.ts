/** Frames in shared memory, written in place: what the baselines are compared with. */
import { Image, Topic } from 'framelane';
import type { Arrived, Lane, Sender } from './lane.js';
import { HEIGHT, WIDTH } from './picture.js';

// Nobody else is in the namespace of the run, and one pair of processes at a time.
const NAME = 'bench';

export const lane: Lane = {
  async openReceiver(arrived) {
    const topic = new Topic(Image, NAME);
    void receive(topic, arrived);
    return topic;
  },

  async openSender(): Promise<Sender> {
    const topic = new Topic(Image, NAME);
    let image: Image<'rgb8'>;
    return {
      next() {
        image = topic.loan({ width: WIDTH, height: HEIGHT });
        return image.data;
      },
      send: () => topic.send(image),
      close: () => topic.close(),
    };
  },
};

async function receive(topic: Topic, arrived: Arrived): Promise<void> {
  for await (const image of topic) {
    const now = process.hrtime.bigint();
    arrived(image.data as Uint8Array, now);
  }
}
