/** Memory of a recycled slot, as JavaScript sees it. */
import test from 'ava';
import { freshTopic, runScript } from './kit.js';

test('a short frame in the slot of a long one shows its own bytes and zeros', (t) => {
  // Each slot has one buffer then.
  const topic = freshTopic({ depth: 1, guard: false });
  t.teardown(() => topic.close());
  const buffers = new Set<ArrayBufferLike>();
  for (let round = 0; round < 30; round += 1) {
    const height = round % 2 === 0 ? 100 : 84;
    const image = topic.loan({ width: 1000, height, encoding: 'mono8' });
    image.data.fill(round + 1);
    topic.send(image);
    const received = topic.tryRecv();
    if (received === null) return t.fail('a frame that was sent is there');
    const { data } = received;
    t.is(data.length, 1000 * height);
    t.is(data.byteOffset, 0);
    t.true(data.every((byte) => byte === round + 1));
    const rest = new Uint8Array(data.buffer, data.length);
    t.true(
      rest.every((byte) => byte === 0),
      `round ${round}: what lay there before shows`,
    );
    buffers.add(data.buffer);
    received.release();
  }
  t.true(buffers.size < 10, 'slots are used again');
});

/** What a second loan of a slot shows of the first. */
const again = `
  import { Image, Topic } from 'framelane';
  const topic = new Topic(Image, 'scrub-${process.pid}', { depth: 1 });
  const shape = { width: 100, height: 100, encoding: 'mono8' };
  const first = topic.loan(shape);
  first.data.fill(0xa5);
  first.release();
  const second = topic.loan(shape);
  console.log(second.data.filter((byte) => byte === 0xa5).length);
  second.release();
  topic.close();
`;

for (const [scrub, shown] of [
  ['off', '10000'],
  ['onRelease', '0'],
  ['onAlloc', '0'],
] as const) {
  test(`scrub ${scrub}: a loan shows ${shown} bytes of the one before`, async (t) => {
    const { stdout, stderr } = await runScript(again, { FRAMELANE_SCRUB: scrub });
    t.is(stdout + stderr, shown);
  });
}
