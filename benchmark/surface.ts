/** The parts of the library's surface that the measurements take in one way only. */
import { Image, Topic, type Received } from 'framelane';

/** How long a receive looks for a frame before it sleeps, where it is to spin. */
const SPIN_US = 1_000_000;
/** Attempts between two turns of the event loop. */
const TRIES = 100_000;

type Callback = (image: Received<Image>) => void;

interface Wanted {
  forEach?(callback: Callback): Promise<void>;
}

/** A topic with options that not every release has; `null` where this one has not. */
function openWith(name: string, options: object): Topic | null {
  try {
    return new Topic(Image, name, options);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_FRAMELANE_INVALID_ARGUMENT') throw error;
    return null;
  }
}

/** Calls back for each frame until the topic is closed. */
export async function forEach(topic: Topic, callback: Callback): Promise<void> {
  const wanted = topic as Wanted;
  if (wanted.forEach !== undefined) return wanted.forEach(callback);
  for await (const image of topic) callback(image);
}

/** The same, awake all the time. Gives the topic, which is to be closed. */
export function spinForEach(name: string, options: object, callback: Callback): Topic {
  const spinning = openWith(name, { ...options, spinUs: SPIN_US });
  if (spinning !== null) {
    void forEach(spinning, callback);
    return spinning;
  }
  const topic = new Topic(Image, name, options);
  const turn = (): void => {
    for (let tries = 0; tries < TRIES; tries++) {
      if (topic.closed) return;
      const image = topic.tryRecv();
      if (image === null) continue;
      callback(image);
      image.release();
    }
    setImmediate(turn);
  };
  setImmediate(turn);
  return topic;
}

/** A topic whose frames' buffers are detached at release. */
export function openGuarded(name: string): Topic {
  const topic = openWith(name, { guard: true });
  if (topic === null) throw new Error('this release has no option guard');
  return topic;
}
