/** A worker thread of the tests: several roles on topics and queues of one process at once. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { Image, Queue, Topic, type Ack } from 'framelane';

/** What a worker is told when it is started. */
export interface Task {
  role: 'all' | 'stall';
  id: number;
  workers: number;
  /** Frames that each worker sends on the topic, and as many on the queue. */
  frames: number;
  topic: string;
  queue: string;
  ack: Ack;
  /** One number: frames of the queue taken by all. */
  taken: SharedArrayBuffer;
}

/** What a worker has seen: frames by sender and number, in the order of arrival. */
export interface Seen {
  topic: [sender: number, number: number][];
  queue: [sender: number, number: number][];
  lapped: number;
}

const block = { overflow: 'block', depth: 4 } as const;

/** A frame that says who sent it, and as the how-manieth. */
export function labelled(from: Pick<Topic, 'loan'>, sender: number, number: number): Image {
  const image = from.loan({ width: 16, height: 16, encoding: 'mono16' });
  image.data.fill(number);
  image.data[0] = sender;
  return image as unknown as Image;
}

/** Who sent it, and as the how-manieth; throws where it is torn. */
export function labelOf(image: { data: ArrayLike<number> }): [sender: number, number: number] {
  const [sender = -1, number = -1] = Array.from(image.data);
  if (!Array.from(image.data).every((value, index) => index === 0 || value === number)) {
    throw new Error(`frame ${number} of ${sender} is torn`);
  }
  return [sender, number];
}

const tell = (message: unknown): void => parentPort?.postMessage(message);
const told = (): Promise<unknown> => once(parentPort!, 'message');

async function all(task: Task): Promise<void> {
  const topic = new Topic(Image, task.topic, { ...block, history: 0 });
  const queue = new Queue(Image, task.queue, { ...block, ack: task.ack });
  const taken = new Int32Array(task.taken);
  const seen: Seen = { topic: [], queue: [], lapped: 0 };
  topic.tryRecv();
  tell('ready');
  await told();
  const send = async (to: Pick<Topic, 'loan' | 'sendWhenReady'>): Promise<void> => {
    for (let number = 0; number < task.frames; number += 1) {
      await to.sendWhenReady(labelled(to, task.id, number), { timeoutMs: 30_000 });
    }
  };
  const listen = async (): Promise<void> => {
    for await (const image of topic) {
      if (seen.topic.push(labelOf(image)) === task.workers * task.frames) break;
    }
  };
  const work = async (): Promise<void> => {
    for await (const image of queue) {
      seen.queue.push(labelOf(image));
      if (task.ack === 'manual') (image as unknown as { ack(): boolean }).ack();
      Atomics.add(taken, 0, 1);
    }
  };
  const working = work();
  await Promise.all([send(topic), send(queue), listen()]);
  tell('done');
  await told();
  seen.lapped = topic.stats().lapped + queue.stats().lapped;
  queue.close();
  await working;
  topic.close();
  tell(seen);
}

/** Joins the topic and reads nothing; takes frames of the queue and keeps them. */
async function stall(task: Task): Promise<void> {
  const topic = new Topic(Image, task.topic, { ...block, history: 0 });
  const queue = new Queue(Image, task.queue, { ...block, ack: 'manual' });
  topic.tryRecv();
  const held = [];
  for (let n = 0; n < task.frames; n += 1) held.push(labelOf(await queue.recv()));
  tell(held);
  topic.ref();
}

if (parentPort !== null) {
  const task = workerData as Task;
  await (task.role === 'all' ? all(task) : stall(task));
  if (task.role === 'all') parentPort.close();
}
