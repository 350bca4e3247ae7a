/** Images before they are sent: making, metadata, who holds what, copies, files. */
import { inspect } from 'node:util';
import test from 'ava';
import { FramelaneError, Image, type Encoding } from 'framelane';
import { freshTopic, markOf, sendMarked } from './kit.js';

test('height comes first in the positional form, names say it in the other', (t) => {
  using positional = new Image(480, 640, 'mono8');
  using named = new Image({ width: 640, height: 480, encoding: 'mono8' });
  t.deepEqual([positional.height, positional.width], [480, 640]);
  t.deepEqual([named.height, named.width], [480, 640]);
  t.true(positional instanceof Image);
  t.is(Image.name, 'Image');
});

test('a new image is zero, even where its slot held another before', (t) => {
  for (let round = 0; round < 20; round++) {
    using image = new Image(16, 16, 'rgb8');
    t.true(image.data.every((value) => value === 0));
    image.data.fill(0xee);
  }
  using raw = new Image({ width: 16, height: 16, uninitialized: true });
  t.is(raw.data.length, 768);
});

test('data is one array on the slot', (t) => {
  using image = new Image(2, 3, 'mono16');
  const { data } = image;
  data[5] = 65_535;
  t.is(image.data, data);
  t.is(image.data[5], 65_535);
});

test('a slot whose buffer was transferred away gets another', (t) => {
  const shape = { width: 33, height: 7, encoding: 'mono8' } as const;
  for (let round = 0; round < 20; round++) {
    using image = new Image(shape);
    t.is(image.data.fill(round).length, 231);
    const { buffer } = image.data;
    // Node.js 20 copies memory that is not its own, later releases refuse or really move it.
    const move: unknown = Reflect.get(buffer, 'transfer');
    if (typeof move === 'function') move.call(buffer);
    else structuredClone(buffer, { transfer: [buffer] });
  }
});

test('fromBytes takes every kind of bytes and copies them', (t) => {
  const values = Uint8Array.from({ length: 24 }, (_, index) => index * 7);
  const shifted = new Uint8Array(40);
  shifted.set(values, 3);
  const shared = new SharedArrayBuffer(24);
  new Uint8Array(shared).set(values);
  const kinds = {
    Uint8Array: values,
    ArrayBuffer: values.slice().buffer,
    'view with an offset': shifted.subarray(3, 27),
    Buffer: Buffer.from(values),
    DataView: new DataView(shifted.buffer, 3, 24),
    Uint16Array: new Uint16Array(values.slice().buffer),
    SharedArrayBuffer: shared,
  };
  for (const [kind, bytes] of Object.entries(kinds)) {
    using image = Image.fromBytes(bytes, { width: 4, height: 2, encoding: 'rgb8' });
    t.deepEqual(Array.from(image.data), Array.from(values), kind);
  }
  using image = Image.fromBytes(values, { width: 4, height: 2 });
  values.fill(0);
  t.is(image.data[1], 7);
});

test('fromBytes keeps floats exact', (t) => {
  const values = Float32Array.of(0.1, -0, Number.NaN, 1e30, 3, -7.5);
  const shape = { width: 3, height: 2, encoding: 'mono32f', frameId: 'depth' } as const;
  using image = Image.fromBytes(values, shape);
  t.deepEqual(image.data, values);
  t.is(image.frameId, 'depth');
});

test('frame id and time stamp', (t) => {
  using image = new Image({ width: 1, height: 1, frameId: 'left', timestampNs: 5 });
  t.deepEqual([image.frameId, image.timestampNs], ['left', 5n]);
  const longest = `${'é'.repeat(31)}x`;
  t.is(image.setFrameId(longest).setTimestampNs(2n ** 63n - 1n), image);
  t.deepEqual([image.frameId, image.timestampNs], [longest, 9_223_372_036_854_775_807n]);
  using fresh = new Image(1, 1);
  t.deepEqual([fresh.frameId, fresh.timestampNs, fresh.sequence, fresh.sentNs], ['', 0n, 0, 0n]);
});

/** Every getter and method of an image by name, so that none is forgotten. */
function membersOf(image: object): string[] {
  const names: string[] = [];
  for (let proto = Object.getPrototypeOf(image); proto !== Object.prototype;) {
    names.push(...Object.getOwnPropertyNames(proto).filter((name) => name !== 'constructor'));
    proto = Object.getPrototypeOf(proto);
  }
  return names;
}

test('after release every member throws, but for release and released', async (t) => {
  const image = new Image(2, 2);
  t.false(image.released);
  t.is(image.data.length, 12);
  image.release();
  const silent = new Set(['released', 'release']);
  const args: Record<string, unknown[]> = {
    encode: ['png'],
    setFrameId: ['x'],
    setTimestampNs: [1n],
  };
  const members = membersOf(image).filter((name) => !silent.has(name));
  t.true(members.length >= 20, members.join());
  for (const name of members) {
    const use = async (): Promise<unknown> => {
      const value: unknown = Reflect.get(image, name);
      return typeof value === 'function' ? value.apply(image, args[name] ?? []) : value;
    };
    const expected = { instanceOf: FramelaneError, code: 'ERR_FRAMELANE_RELEASED' };
    await t.throwsAsync(use, expected, name);
  }
  t.true(image.released);
  t.notThrows(() => image.release());
  t.notThrows(() => image[Symbol.dispose]());
});

test('release twice is counted by the topic, dispose is not', (t) => {
  const topic = freshTopic();
  const image = topic.loan({ width: 2, height: 2 });
  image.release();
  t.is(topic.stats().extraReleases, 0);
  image[Symbol.dispose]();
  t.is(topic.stats().extraReleases, 0);
  image.release();
  image.release();
  t.is(topic.stats().extraReleases, 2);
  topic.close();
});

test('using gives a frame back at the end of its scope', (t) => {
  let kept: Image;
  {
    using image = new Image(2, 2);
    kept = image;
    t.false(kept.released);
  }
  t.true(kept.released);
});

test('retain: each object is released for itself', (t) => {
  const first = new Image({ width: 2, height: 2, encoding: 'mono8', frameId: 'a' });
  const second = first.retain();
  t.not(first, second);
  t.deepEqual([second.encoding, second.shape, second.frameId], ['mono8', [2, 2], 'a']);
  first.data[3] = 9;
  first.release();
  t.is(second.data[3], 9);
  second.setFrameId('b');
  second.release();
  t.true(second.released);
});

test('retain: objects on one slot share their metadata', (t) => {
  using first = new Image(2, 2);
  using second = first.retain();
  second.setFrameId('seen').setTimestampNs(7n);
  t.deepEqual([first.frameId, first.timestampNs], ['seen', 7n]);
});

test('clone is a copy of its own', (t) => {
  using image = new Image({ width: 3, height: 2, encoding: 'depth16', frameId: 'd' });
  image.setTimestampNs(11n).data.set([1, 2, 3, 4, 5, 6]);
  using copy = image.clone();
  image.data.fill(0);
  t.deepEqual(Array.from(copy.data), [1, 2, 3, 4, 5, 6]);
  t.deepEqual([copy.encoding, copy.frameId, copy.timestampNs], ['depth16', 'd', 11n]);
});

test('clone of a received frame can be written and sent', (t) => {
  const topic = freshTopic();
  sendMarked(topic, 5);
  const received = topic.tryRecv();
  const copy = received?.clone();
  received?.release();
  if (copy === undefined) return t.fail('nothing received');
  t.is(copy.data[0], 5);
  copy.data[0] = 6;
  topic.send(copy);
  using again = topic.tryRecv();
  t.is(markOf(again), 6);
  topic.close();
});

test('JSON has the metadata and no pixels', (t) => {
  using image = new Image({ width: 640, height: 480, frameId: 'left', timestampNs: 2n ** 60n });
  t.deepEqual(JSON.parse(JSON.stringify(image)), {
    type: 'Image',
    width: 640,
    height: 480,
    encoding: 'rgb8',
    dtype: 'uint8',
    channels: 3,
    step: 1920,
    nbytes: 921_600,
    frameId: 'left',
    timestampNs: '1152921504606846976',
    sequence: 0,
    sentNs: '0',
  });
});

test('inspect prints one line in every state', (t) => {
  const topic = freshTopic();
  const image = topic.loan({ width: 64, height: 48, encoding: 'mono8', frameId: 'front "1"' });
  t.regex(inspect(image), /^Image 64x48 mono8 slot \d+#\d+ "front \\"1\\"" not sent$/);
  topic.send(image);
  t.regex(inspect(image), /^Image 64x48 mono8 slot \d+#\d+ "front \\"1\\"" sent \d+\.\d ms ago$/);
  const received = topic.tryRecv();
  t.regex(inspect(received), /^Image 64x48 mono8 slot \d+#\d+ "front \\"1\\"" \d+\.\d ms old$/);
  received?.release();
  t.is(inspect(received), 'Image 64x48 mono8 released');
  t.is(inspect(Object.create(Image.prototype)), 'Image {}');
  topic.close();
});

/** An image whose values differ everywhere. */
function gradient<E extends Encoding>(width: number, height: number, encoding: E): Image<E> {
  const image = new Image({ width, height, encoding });
  for (let index = 0; index < image.data.length; index++) image.data[index] = index * 37;
  return image;
}

for (const encoding of ['mono8', 'rgb8', 'rgba8', 'mono16'] as const) {
  test(`png and back, ${encoding}`, async (t) => {
    using image = gradient(31, 17, encoding);
    const file = await image.encode('png');
    t.deepEqual([file[0], file[1]], [0x89, 0x50]);
    using back = Image.decode(file);
    t.deepEqual([back.width, back.height, back.encoding], [31, 17, encoding as Encoding]);
    t.deepEqual(Array.from(back.data), Array.from(image.data));
  });
}

test('decode makes the encoding that is asked for', async (t) => {
  using image = gradient(8, 4, 'rgb8');
  using swapped = Image.decode(await image.encode('png'), { encoding: 'bgr8' });
  t.is(swapped.encoding, 'bgr8');
  const [red, green, blue] = image.data;
  t.deepEqual(Array.from(swapped.data.subarray(0, 3)), [blue, green, red]);
});

test('decode straight into a loaned frame', async (t) => {
  const topic = freshTopic();
  using image = gradient(8, 4, 'rgb8');
  const file = await image.encode('png');
  const loaned = topic.loan({ width: 8, height: 4 });
  t.is(Image.decode(file, { into: loaned }), loaned);
  t.deepEqual(Array.from(loaned.data), Array.from(image.data));
  t.is(Image.decode(file, { into: loaned, encoding: 'rgb8' }), loaned);
  topic.send(loaned);
  topic.close();
});

test('decode reads bytes that threads share', async (t) => {
  using image = gradient(8, 4, 'mono8');
  const file = await image.encode('png');
  const shared = new Uint8Array(new SharedArrayBuffer(file.length));
  shared.set(file);
  using back = Image.decode(shared);
  t.deepEqual(Array.from(back.data), Array.from(image.data));
});

test('encode keeps the frame while it works', async (t) => {
  const image = gradient(64, 64, 'rgb8');
  const expected = Array.from(image.data);
  const pending = image.encode('png');
  image.release();
  // Other frames come and go on the same slot meanwhile.
  for (let round = 0; round < 20; round++) new Image(64, 64, 'rgb8').release();
  using back = Image.decode(await pending);
  t.deepEqual(Array.from(back.data), expected);
});

test('jpeg has a quality', async (t) => {
  using image = gradient(64, 64, 'rgb8');
  const [poor, good] = await Promise.all([
    image.encode('jpeg', { quality: 10 }),
    image.encode('jpeg', { quality: 95 }),
  ]);
  t.deepEqual([poor[0], poor[1]], [0xff, 0xd8]);
  t.true(poor.length < good.length, `${poor.length} < ${good.length}`);
});
