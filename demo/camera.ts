/**
 * The camera process of the demo: replays real footage, 1280x720 at 25 frames a second. Each
 * picture is decoded straight into a slot of shared memory, and published there.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Image, Topic } from 'framelane';

const PERIOD_MS = 40;
const clip = readFileSync(new URL('../../demo/clip/clip.mjpeg', import.meta.url));
const pictures = split(clip);
const topic = new Topic(Image, process.argv[2]);

let running = true;
const stop = (): void => {
  running = false;
};
process.on('message', stop).on('disconnect', stop);

const start = performance.now();
for (let number = 0; running; number += 1) {
  // An absolute grid: what one frame takes does not move the next.
  await sleep(Math.max(0, start + number * PERIOD_MS - performance.now()));
  const frame = topic.loan({ width: 1280, height: 720, encoding: 'rgb8' });
  Image.decode(pictures[number % pictures.length] as Buffer, { into: frame });
  frame.setFrameId('clip');
  topic.send(frame);
}

const { sent, copied } = topic.stats();
topic.close();
if (process.connected) process.send?.({ sent, copied }, () => process.disconnect());

/** The pictures of a motion JPEG file: each begins with SOI and ends with EOI. */
function split(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(Buffer.from([0xff, 0xd9]), at) + 2;
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}
