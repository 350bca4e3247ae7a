/**
 * What whoever leaves has open at that moment, and how it leaves: it is a publisher with frames
 * kept and one on loan, a subscriber that holds frames, and its doorbell hangs in the event loop.
 */
import { Image, Topic, type ReceivedImage } from 'framelane';
import { LEFT, type Way } from './ways.js';

/** Frames that whoever leaves holds, and as many that it has sent. */
export const FRAMES = 3;
/** Frames that whoever stays keeps for it. */
export const DEPTH = 4;

/** What is open. */
export interface Scene {
  /** From those who stay. */
  readonly down: Topic;
  /** To those who stay. */
  readonly up: Topic;
  /** Waits for what never comes, so that the doorbell hangs. */
  readonly idle: Topic;
  /** Held until the end, so that no collector gives anything back before it. */
  readonly held: (ReceivedImage | Image)[];
}

const shape = { width: 64, height: 48, encoding: 'mono8' } as const;

/** An empty frame of the size that all use here: one size, one kind of pool. */
export const loan = (topic: Topic): Image => topic.loan(shape) as unknown as Image;

/** Frame `number`, which says so. */
export function numbered(topic: Topic, number: number): Image {
  const image = loan(topic);
  image.data.fill(number);
  return image;
}

/** Opens everything. */
export function setScene(up: string): Scene {
  const down = new Topic(Image, 'down', { history: DEPTH });
  const scene = {
    down,
    up: new Topic(Image, up, { depth: FRAMES }),
    idle: new Topic(Image, 'idle'),
  };
  const held: Scene['held'] = [];
  for (let number = 0; number < FRAMES; number += 1) {
    const image = down.tryRecv();
    if (image === null) throw new Error(`frame ${number} of those who stay is missing`);
    held.push(image);
    scene.up.send(numbered(scene.up, number));
  }
  held.push(loan(scene.up));
  // Newer ones are those that the callbacks are about.
  while (down.tryRecv() !== null);
  scene.idle.unref();
  scene.idle.recv().catch(() => {});
  return { ...scene, held };
}

type Leave = () => void;

/** Where frames are in JavaScript's hands: each calls `leave` with one. */
export const kinds: Record<string, (scene: Scene, leave: Leave) => void> = {
  async 'for await'({ down }, leave) {
    for await (const image of down) if (image.width > 0) leave();
  },
  async forEach({ down }, leave) {
    await down.forEach((image) => {
      if (image.width > 0) leave();
    });
  },
  async recv({ down, held }, leave) {
    held.push(await down.recv());
    leave();
  },
  tryRecv(scene, leave) {
    const look = (): void => {
      const image = scene.down.tryRecv();
      if (image === null) return void setTimeout(look, 1);
      scene.held.push(image);
      leave();
    };
    look();
  },
  async loan({ down, up, held }, leave) {
    held.push(await down.recv());
    held.push(numbered(up, 9));
    leave();
  },
};

/** Says that it is about to leave, from within a loop that does not end, too. */
type Ready = () => void;

const on = new Error('left on purpose');

/** How it leaves. Called in a callback, or at the beginning: then it says that it is ready. */
export const endings: Record<string, (scene: Scene, ready: Ready) => void> = {
  end: (_scene, ready) => ready(),
  exit(_scene, ready) {
    ready();
    process.exit(LEFT);
  },
  throw(_scene, ready) {
    ready();
    throw on;
  },
  reject(_scene, ready) {
    ready();
    void Promise.reject(on);
  },
  abort(_scene, ready) {
    ready();
    process.abort();
  },
  stay({ idle }, ready) {
    idle.ref();
    ready();
  },
  handle({ idle }, ready) {
    idle.ref();
    process.on('SIGTERM', () => process.exit(LEFT));
    ready();
  },
  'busy frames'(_scene, ready) {
    const busy = new Topic(Image, 'busy', { depth: 2 });
    ready();
    for (;;) {
      busy.send(loan(busy));
      busy.tryRecv()?.release();
    }
  },
  'busy loop'(_scene, ready) {
    ready();
    for (;;);
  },
};

/** Sets the scene and leaves. */
export function leave(way: Way, up: string, ready: Ready): void {
  const scene = setScene(up);
  const end = endings[way.ending];
  if (end === undefined) throw new Error(`no ending ${way.ending}`);
  if (way.kind === undefined) return end(scene, ready);
  const kind = kinds[way.kind];
  if (kind === undefined) throw new Error(`no kind ${way.kind}`);
  // It waits for the frame now, so that a wake-up brings it.
  kind(scene, () => end(scene, () => {}));
  ready();
}
