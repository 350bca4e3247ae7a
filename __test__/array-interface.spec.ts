/** NumPy's array interface of images, and their values in one piece. */
import test from 'ava';
import { DepthImage, Image, PointCloud, Topic } from 'framelane';
import { freshName, freshTopic, runScript } from './kit.js';
import { counting, encodings } from './pictures.js';

const types = { uint8: '|u1', uint16: '<u2', float32: '<f4' } as const;

test('every encoding says shape, typestr, data and version 3', (t) => {
  for (const encoding of encodings) {
    using image = new Image({ width: 6, height: 4, encoding });
    const { shape, dtype } = image;
    const { data, ...rest } = image.arrayInterface;
    const typestr = types[dtype];
    const descr = [['', typestr]];
    t.deepEqual(rest as object, {
      version: 3,
      shape,
      typestr,
      strides: null,
      descr,
      copied: false,
    });
    t.is(typeof data[0], 'bigint');
    t.true(data[0] > 0n && data[0] % 64n === 0n, String(data[0]));
    t.false(data[1]);
  }
});

test('the address is that of the first value', (t) => {
  using image = new Image(8, 8, 'mono16');
  using again = image.retain();
  using part = image.crop(3, 2, 4, 4);
  const [address] = image.arrayInterface.data;
  t.is(again.arrayInterface.data[0], address);
  t.is(part.arrayInterface.data[0] - address, BigInt(2 * image.step + 3 * 2));
});

test('a cropped image says its strides', (t) => {
  using image = counting('rgb16', 8, 6);
  using part = image.crop(1, 2, 3, 2);
  const { shape, strides } = part.arrayInterface;
  t.deepEqual(
    [shape, strides],
    [
      [2, 3, 3],
      [48, 6, 2],
    ],
    'in bytes',
  );
  using row = image.crop(1, 2, 3, 1);
  t.is(row.arrayInterface.strides, null, 'a single row has nothing between');
  using grey = counting('mono32f', 8, 6).crop(0, 0, 4, 4);
  t.deepEqual(grey.arrayInterface.strides, [32, 4]);
});

test('a padded image says its strides', (t) => {
  for (const encoding of encodings) {
    using image = counting(encoding, 8, 6, 16);
    if (encoding === 'i420') {
      t.throws(() => image.arrayInterface, { message: /toContiguous\(\) or clone\(\)/ });
      t.throws(() => image.toNdarray(), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
      continue;
    }
    const { strides, shape } = image.arrayInterface;
    t.is(strides?.length, shape.length);
    t.is(strides?.[0], image.step);
    t.is(strides?.at(-1), image.data.BYTES_PER_ELEMENT);
  }
});

test('of a received frame it is read-only', (t) => {
  const topic = freshTopic();
  const image = topic.loan({ width: 4, height: 4 });
  t.false(image.arrayInterface.data[1]);
  using kept = image.retain();
  topic.send(image);
  t.true(kept.arrayInterface.data[1], 'sent');
  using received = topic.tryRecv()!;
  using part = received.crop(0, 0, 2, 2);
  t.true(received.arrayInterface.data[1]);
  t.true(part.arrayInterface.data[1]);
  t.true(received.toContiguous().readonly);
  t.false(received.toContiguous().copied);
  t.throws(() => image.arrayInterface, { code: 'ERR_FRAMELANE_RELEASED' });
  topic.close();
});

test('contiguous makes a copy, read-only and marked so', (t) => {
  using image = counting('rgb8', 8, 6);
  using part = image.crop(1, 2, 3, 2);
  const whole = image.toContiguous();
  t.is(whole.data, image.data, 'where nothing lies between there is no copy');
  t.deepEqual([whole.readonly, whole.copied], [false, false]);
  t.deepEqual(whole.arrayInterface, image.arrayInterface);

  const { data, shape, strides, dtype, readonly, copied, arrayInterface } = part.toContiguous();
  t.deepEqual([readonly, copied, dtype], [true, true, 'uint8']);
  t.deepEqual(
    [shape, strides],
    [
      [2, 3, 3],
      [9, 3, 1],
    ],
  );
  t.deepEqual(data, part.clone().data);
  t.deepEqual([arrayInterface.data[1], arrayInterface.copied], [true, true]);
  t.is(arrayInterface.strides, null);
  t.not(arrayInterface.data[0], part.arrayInterface.data[0]);
  data.fill(0);
  t.not(part.pixel(0, 0)[0], 0);
});

test('contiguous of every encoding', (t) => {
  for (const encoding of encodings) {
    using image = counting(encoding, 8, 6, 16);
    using packed = image.clone();
    const { data, shape, strides, copied } = image.toContiguous();
    t.true(copied);
    t.deepEqual(data, packed.data, encoding);
    t.deepEqual([shape, strides], [packed.shape, packed.strides]);
  }
});

test('native code finds the values at the address', async (t) => {
  // The process looks into its own memory, as native code would.
  const outcome = await runScript(`
    import { openSync, readSync } from 'node:fs';
    import { Image } from 'framelane';
    const image = new Image(4, 4, 'mono16');
    image.data.forEach((_, at, data) => (data[at] = at * 1000));
    const part = image.crop(1, 1, 2, 2);
    const file = openSync('/proc/self/mem');
    for (const { data } of [part.arrayInterface, part.toContiguous().arrayInterface]) {
      const found = new Uint16Array(2);
      readSync(file, found, 0, 4, Number(data[0]));
      console.log(found.join());
    }
  `);
  t.is(outcome.stdout, '5000,6000\n5000,6000', outcome.stderr);
});

test('clouds and depth images say theirs', (t) => {
  for (const [dtype, typestr] of [
    ['float32', '<f4'],
    ['uint16', '<u2'],
  ] as const) {
    using depth = new DepthImage(4, 6, dtype);
    using picture = depth.asImage();
    const said = depth.arrayInterface;
    t.like(said, { version: 3, shape: [4, 6], typestr, strides: null, copied: false });
    t.deepEqual(said.data, picture.arrayInterface.data, 'of the same slot');
  }
  for (const [dtype, typestr] of [
    ['float32', '<f4'],
    ['float64', '<f8'],
    ['uint8', '|u1'],
    ['int64', '<i8'],
    ['bool', '|b1'],
  ] as const) {
    using cloud = new PointCloud(5, 4, dtype);
    const { data, ...said } = cloud.arrayInterface;
    t.like(said, { version: 3, shape: [5, 4], typestr, strides: null, copied: false });
    t.true(data[0] > 0n && data[0] % 64n === 0n);
    t.false(data[1]);
  }
  using rows = new PointCloud({ width: 5, height: 2, fields: 3, pointStep: 16 });
  t.like(rows.arrayInterface, { shape: [2, 5, 3], strides: [80, 16, 4] }, 'in bytes');
});

test('points of several types are elements with fields', (t) => {
  const topic = new Topic(PointCloud, freshName());
  t.teardown(() => topic.close());
  const fields = [
    { name: 'x' },
    { name: 'ring', dtype: 'uint16' },
    { name: 'flags', dtype: 'uint8', count: 2, offset: 8 },
  ] as const;
  const cloud = topic.loan({ points: 3, fields, pointStep: 12 });
  const { data, ...said } = cloud.arrayInterface;
  t.false(data[1]);
  t.deepEqual(said as object, {
    version: 3,
    shape: [3],
    typestr: '|V12',
    strides: null,
    descr: [
      ['x', '<f4'],
      ['ring', '<u2'],
      ['', '|V2'],
      ['flags_0', '|u1'],
      ['flags_1', '|u1'],
      ['', '|V2'],
    ],
    copied: false,
  });
  topic.send(cloud);
  using received = topic.tryRecv()!;
  t.true(received.arrayInterface.data[1], 'read-only');
  t.deepEqual(received.arrayInterface.descr, said.descr);
});

test("with memory 'copy' there is no address but that of a copy", async (t) => {
  const outcome = await runScript(
    `import { Image } from 'framelane';
    const image = new Image(4, 4, 'mono8').fill(3);
    const part = image.crop(1, 1, 2, 2);
    for (const use of [() => image.arrayInterface, () => part.arrayInterface]) {
      try {
        use();
        console.log('no error');
      } catch ({ code }) {
        console.log(code);
      }
    }
    console.log(typeof part.toContiguous().arrayInterface.data[0], part.pixel(1, 1).join());`,
    { FRAMELANE_MEMORY: 'copy', FRAMELANE_GUARD: '0' },
  );
  const code = 'ERR_FRAMELANE_EXTERNAL_MEMORY';
  t.is(outcome.stdout, `${code}\n${code}\nbigint 3`, outcome.stderr);
});

test("with memory 'shared-buffer' everything is the same", async (t) => {
  const outcome = await runScript(
    `import { Image } from 'framelane';
    const image = new Image(4, 4, 'mono8').fill(3).setPixel(1, 1, 7);
    const part = image.crop(1, 1, 2, 2);
    const start = image.arrayInterface.data[0];
    console.log(image.data.buffer.constructor.name, part.arrayInterface.data[0] - start);
    console.log(part.roi(0, 0, 2, 1).join(), part.toContiguous().data.join());
    console.log(Image.fromArray(part.toNdarray()).copyFrom(part.clone().data).data.join());`,
    { FRAMELANE_MEMORY: 'shared-buffer', FRAMELANE_GUARD: '0' },
  );
  const said = 'SharedArrayBuffer 5n\n7,3 7,3,3,3\n7,3,3,3';
  // Node.js 20 and 25 have no such buffers, and the error says so.
  if (outcome.status === 0) t.is(outcome.stdout, said);
  else t.regex(outcome.stderr, /EXTERNAL_MEMORY/);
});
