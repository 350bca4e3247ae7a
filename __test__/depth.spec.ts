/** Depth images: made, read and written in metres, on topics, as points, as images. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { DepthImage, Image, PointCloud, Queue, Topic, pair } from 'framelane';
import { freshName, runScript } from './kit.js';

const stereo = new URL('../../__test__/data/stereo/', import.meta.url);
const file = (name: string): Buffer => readFileSync(new URL(name, stereo));
/** Of the quarter-size pair; see the folder's README. */
const camera = { width: 741, height: 500, fx: 994.978, fy: 994.978, cx: 311.193, cy: 254.877 };
const FROZEN = { code: 'ERR_FRAMELANE_FROZEN' };

/** Statistics by a plain loop. */
function loop(depth: DepthImage): { min: number; max: number; mean: number } | null {
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  for (let y = 0; y < depth.height; y++) {
    for (let x = 0; x < depth.width; x++) {
      const metres = depth.getDepth(x, y);
      if (!(metres > 0) || metres === Infinity) continue;
      min = Math.min(min, metres);
      max = Math.max(max, metres);
      sum += metres;
      count++;
    }
  }
  return count === 0 ? null : { min, max, mean: sum / count };
}

test('the constructor takes height, width and dtype', (t) => {
  using floats = new DepthImage(480, 640);
  using named = new DepthImage({ height: 480, width: 640, dtype: 'float32' });
  using raw = new DepthImage(480, 640, 'uint16');
  for (const depth of [floats, named]) {
    t.deepEqual([depth.height, depth.width, depth.dtype], [480, 640, 'float32']);
    t.true(depth.data instanceof Float32Array);
  }
  t.is(raw.dtype, 'uint16');
  t.true(raw.data instanceof Uint16Array);
  t.true(raw.data.every((value) => value === 0));
});

test('a new depth image is zeros, in a slot that was used before too', (t) => {
  const first = new DepthImage({ width: 64, height: 48, dtype: 'uint16' });
  first.data.fill(7);
  first.release();
  for (let n = 0; n < 8; n++) {
    using next = new DepthImage({ width: 64, height: 48, dtype: 'uint16' });
    t.true(next.data.every((value) => value === 0));
  }
});

test('fromArray copies depths', (t) => {
  const metres = new Float32Array([0.5, 1, 1.5, 2, 2.5, 3]);
  using depth = DepthImage.fromArray(metres, { height: 2, width: 3, frameId: 'left' });
  metres.fill(9);
  t.deepEqual([...depth.data], [0.5, 1, 1.5, 2, 2.5, 3]);
  t.is(depth.frameId, 'left');
  using raw = DepthImage.fromArray(new Uint16Array([1, 2, 3, 4]), {
    height: 2,
    width: 2,
    depthScale: 0.5,
  });
  t.deepEqual([raw.dtype, raw.depthScale, raw.getDepth(1, 1)], ['uint16', 0.5, 0.002]);
  using rounded = DepthImage.fromArray(new Float64Array([0.1, 0.2]), {
    height: 1,
    width: 2,
    dtype: 'float32',
  });
  t.deepEqual([...rounded.data], [Math.fround(0.1), Math.fround(0.2)]);
});

test('fromArray takes any strides', (t) => {
  const data = new Uint16Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  using transposed = DepthImage.fromArray({ data, shape: [3, 2], strides: [1, 6] });
  t.deepEqual([...transposed.data], [0, 6, 1, 7, 2, 8]);
  using flipped = DepthImage.fromArray({ data, shape: [2, 3], stride: [-6, -2], offset: 11 });
  t.deepEqual([...flipped.data], [11, 9, 7, 5, 3, 1]);
  using plain = DepthImage.fromArray({ data, shape: [3, 4] });
  t.deepEqual([...plain.data], [...data]);
});

test('fromArray is told how values lie that do not say it', (t) => {
  const data = new Float32Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const of = (array: never, options: object): number[][] => {
    using depth = DepthImage.fromArray(array, options);
    return [[depth.height, depth.width], [...depth.data]];
  };
  const three = { height: 3, width: 2 };
  t.deepEqual(of(data.subarray(0, 6) as never, { ...three, order: 'F' })[1], [0, 3, 1, 4, 2, 5]);
  t.deepEqual(of(data as never, { ...three, strides: [4, 2] })[1], [0, 2, 4, 6, 8, 10]);
  const shaped = { data, shape: [3, 2], offset: 1 } as never;
  t.deepEqual(of(shaped, { strides: [4, 1] })[1], [1, 2, 5, 6, 9, 10]);
  t.deepEqual(of(shaped, { order: 'F' })[1], [1, 4, 2, 5, 3, 6]);
  t.deepEqual(of({ data, shape: [3, 4, 1] } as never, {}), [[3, 4], [...data]]);
  t.deepEqual(of(data as never, { width: 3 })[0], [4, 3], 'the height follows');
  t.deepEqual(of(data as never, { height: 6 })[0], [6, 2], 'the width follows');
  const doubles = Float64Array.from(data) as never;
  const columns = { ...three, strides: [1, 3], dtype: 'float32' };
  t.deepEqual(of(doubles, columns)[1], [0, 3, 1, 4, 2, 5]);
  const wrong: [options: object, code: string][] = [
    [{ ...three, strides: [6, 2] }, 'LENGTH'],
    [{ ...three, strides: [-4, 2] }, 'LENGTH'],
    [{ ...three, order: 'F' }, 'LENGTH'],
    [{ width: 5 }, 'LENGTH'],
    [{ width: 2, strides: [4, 2] }, 'ARGUMENT'],
    [{ ...three, strides: [4, 2], order: 'C' }, 'ARGUMENT'],
    [{ ...three, strides: [4] }, 'ARGUMENT'],
    [{ width: 2, height: 6, order: 'row' }, 'ARGUMENT'],
  ];
  for (const [options, code] of wrong) {
    t.throws(() => of(data as never, options), { code: `ERR_FRAMELANE_INVALID_${code}` });
  }
});

test('fromBytes copies packed rows', (t) => {
  const bytes = new Uint8Array(new Uint16Array([1, 256, 65535, 4]).buffer);
  using depth = DepthImage.fromBytes(bytes, { width: 2, height: 2, dtype: 'uint16' });
  t.deepEqual([...depth.data], [1, 256, 65535, 4]);
  t.throws(() => DepthImage.fromBytes(bytes, { width: 2, height: 2 }), {
    code: 'ERR_FRAMELANE_INVALID_LENGTH',
    message: /2x2 float32 takes 16 bytes, got 8/,
  });
});

test('sizes, dtype, bytes and scale', (t) => {
  using depth = new DepthImage({ width: 6, height: 4, dtype: 'uint16', depthScale: 0.25 });
  t.deepEqual(
    [depth.width, depth.height, depth.dtype, depth.nbytes, depth.byteLength, depth.depthScale],
    [6, 4, 'uint16', 48, 48, 0.25],
  );
  t.deepEqual([depth.shape, depth.strides, depth.step], [[4, 6], [6, 1], 12]);
  t.is(depth.setDepthScale(0.1).depthScale, Math.fround(0.1), 'as it will travel');
  using metres = new DepthImage(4, 6);
  t.deepEqual([metres.nbytes, metres.depthScale], [96, 1]);
  t.throws(() => metres.setDepthScale(0.5), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
});

test('frame id and time stamp', (t) => {
  using depth = new DepthImage({ width: 2, height: 2, frameId: 'left', timestampNs: 5 });
  t.deepEqual([depth.frameId, depth.timestampNs], ['left', 5n]);
  depth.setFrameId('right').setTimestampNs(7n);
  t.deepEqual([depth.frameId, depth.timestampNs, depth.isCpu()], ['right', 7n, true]);
});

test('isMeters and isMillimeters', (t) => {
  using metres = new DepthImage(2, 2, 'float32');
  using millimetres = new DepthImage(2, 2, 'uint16');
  t.deepEqual([metres.isMeters(), metres.isMillimeters()], [true, false]);
  t.deepEqual([millimetres.isMeters(), millimetres.isMillimeters()], [false, true]);
});

test('getDepth is in metres, whatever the dtype', (t) => {
  using metres = DepthImage.fromArray(new Float32Array([1.25, 2.5]), { height: 1, width: 2 });
  using raw = DepthImage.fromArray(new Uint16Array([1234, 65535]), { height: 1, width: 2 });
  t.deepEqual([metres.getDepth(0, 0), metres.getDepth(1, 0)], [1.25, 2.5]);
  t.deepEqual([raw.getDepth(0, 0), raw.getDepth(1, 0)], [1.234, 65.535]);
  raw.setDepthScale(0.25);
  t.is(raw.getDepth(0, 0), 0.3085);
});

for (const scale of [1, 0.25, 0.1, 10]) {
  const title = scale === 1 ? 'all 65,536 values come back' : `the same at ${scale} millimetres`;
  test(title, (t) => {
    using depth = new DepthImage({ width: 256, height: 256, dtype: 'uint16', depthScale: scale });
    using copy = depth.clone();
    for (let raw = 0; raw < 65_536; raw++) depth.data[raw] = raw;
    for (let raw = 0; raw < 65_536; raw++) {
      const [x, y] = [raw & 255, raw >> 8];
      copy.setDepth(x, y, depth.getDepth(x, y));
      if (copy.data[raw] !== raw) return t.fail(`${raw} came back as ${copy.data[raw]}`);
    }
    t.pass();
  });
}

test('setDepth rounds to the nearest unit, floats take any number', (t) => {
  using raw = new DepthImage(1, 1, 'uint16');
  for (const [metres, units] of [
    [0.00149, 1],
    [0.0015, 2],
    [65.5354, 65535],
    [0, 0],
  ] as const) {
    t.is(raw.setDepth(0, 0, metres).data[0], units);
  }
  using floats = new DepthImage(1, 1);
  for (const metres of [Number.NaN, -1, Infinity, 1e30, 1.5]) {
    t.is(floats.setDepth(0, 0, metres).getDepth(0, 0), Math.fround(metres));
  }
});

test('depthStatistics is over finite values above 0', (t) => {
  const values = [Number.NaN, Infinity, -Infinity, -1, 0, 2, 4, 0.5];
  using depth = DepthImage.fromArray(new Float32Array(values), { height: 2, width: 4 });
  const found = depth.depthStatistics()!;
  t.deepEqual({ ...found }, { min: 0.5, max: 4, mean: 6.5 / 3 });
  const [min, max, mean] = found;
  t.deepEqual([min, max, mean], [found.min, found.max, found.mean]);
  using raw = DepthImage.fromArray(new Uint16Array([0, 1, 3, 65535]), { height: 2, width: 2 });
  t.deepEqual({ ...raw.depthStatistics()! }, { min: 0.001, max: 65.535, mean: 65.539 / 3 });
});

test('depthStatistics is null without a valid value', (t) => {
  using raw = new DepthImage(3, 3, 'uint16');
  t.is(raw.depthStatistics(), null);
  using floats = DepthImage.fromArray(new Float32Array([Number.NaN, -1, 0, Infinity]), {
    height: 2,
    width: 2,
  });
  t.is(floats.depthStatistics(), null);
});

test('data is one array on the slot', (t) => {
  using depth = new DepthImage(2, 2, 'uint16');
  depth.data[3] = 1500;
  t.is(depth.data, depth.data);
  t.is(depth.toArray(), depth.data);
  t.is(depth.getDepth(1, 1), 1.5);
  using same = depth.retain();
  t.is(same.getDepth(1, 1), 1.5);
});

test('toNdarray has a shape of height by width', (t) => {
  for (const dtype of ['float32', 'uint16'] as const) {
    using depth = new DepthImage(4, 6, dtype);
    const { data, shape, stride, offset } = depth.toNdarray();
    t.is(data, depth.data, 'no copy');
    t.deepEqual([shape, stride, offset], [[4, 6], [6, 1], 0]);
    depth.setDepth(5, 3, 1.5);
    t.is(data[3 * stride[0]! + 5 * stride[1]!], dtype === 'uint16' ? 1500 : 1.5);
  }
});

test('a depth image arrives with everything that was said of it', async (t) => {
  const topic = new Topic(DepthImage, freshName());
  t.teardown(() => topic.close());
  await topic.prepare({ width: 6, height: 4, dtype: 'uint16' });
  const sent = topic.loan({ width: 6, height: 4, dtype: 'uint16', frameId: 'left' });
  sent.data.forEach((_, index) => (sent.data[index] = index));
  sent.setDepthScale(0.25).setTimestampNs(9n);
  sent.setCameraInfo({ width: 6, height: 4, fx: 5, fy: 6, cx: 3, cy: 2, D: [0.1, 0.2] });
  topic.send(sent);
  t.throws(() => sent.setDepthScale(1), FROZEN);
  t.true(sent.released);
  using depth = await topic.recv({ timeoutMs: 2000 });
  t.deepEqual([depth.width, depth.height, depth.dtype], [6, 4, 'uint16']);
  t.deepEqual([depth.depthScale, depth.frameId, depth.timestampNs], [0.25, 'left', 9n]);
  t.deepEqual(
    [...depth.data],
    Array.from({ length: 24 }, (_, index) => index),
  );
  t.is(depth.getDepth(4, 0), 0.001);
  t.like(depth.cameraInfo, { distortionModel: 'plumb_bob', D: [0.1, 0.2] });
  t.deepEqual([...depth.cameraInfo!.K], [5, 0, 3, 0, 6, 2, 0, 0, 1]);
  const writer = depth as unknown as DepthImage<'uint16'>;
  t.throws(() => writer.setDepth(0, 0, 1), FROZEN);
  t.throws(() => writer.setCameraInfo(camera), FROZEN);
  using copy = depth.clone();
  t.deepEqual([copy.depthScale, copy.frameId, copy.timestampNs], [0.25, 'left', 9n]);
  t.deepEqual(copy.cameraInfo, depth.cameraInfo);
  t.is(copy.setDepth(0, 0, 1).data[0], 4000);
  t.is(depth.data[0], 0);
});

test('depth images on queues, in pairs, by token and relayed', async (t) => {
  const [a, b] = [new Topic(DepthImage, freshName()), new Topic(DepthImage, freshName())];
  const jobs = new Queue(DepthImage, freshName(), { ack: 'manual' });
  t.teardown(() => [a, b, jobs].forEach((each) => each.close()));
  for (const topic of [a, b]) {
    const depth = topic.loan({ width: 2, height: 2, timestampNs: 5n });
    depth.data.fill(1.5);
    topic.send(depth);
  }
  for await (const [one, other] of pair(a, b, { toleranceMs: 1 })) {
    t.deepEqual([one.getDepth(0, 0), other.getDepth(1, 1)], [1.5, 1.5]);
    jobs.send(one);
    break;
  }
  const job = jobs.tryRecv()!;
  const kept = job.retain();
  t.is(job.getDepth(1, 0), 1.5);
  using named = DepthImage.fromToken(kept.toToken());
  t.is(named.getDepth(0, 1), 1.5);
  t.throws(() => Image.fromToken(kept.toToken()), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  t.true(job.ack());
  kept.release();
  job.release();
  const moved = new DepthImage({ width: 1, height: 1, dtype: 'uint16', depthScale: 0.5 });
  using claimed = DepthImage.fromToken(moved.toToken({ transfer: true })) as unknown as DepthImage;
  t.deepEqual([claimed.depthScale, claimed.setDepth(0, 0, 1).data[0]], [0.5, 2000]);
});

test('with guard a view ends with its depth image', (t) => {
  const topic = new Topic(DepthImage, freshName(), { guard: true });
  t.teardown(() => topic.close());
  topic.send(topic.loan({ width: 4, height: 4 }));
  const depth = topic.tryRecv()!;
  const { data } = depth;
  t.is(data.length, 16);
  depth.release();
  t.is(data.length, 0);
});

test('a depth16 image and a depth image of uint16 have the same values', (t) => {
  const image = new Image(2, 2, 'depth16');
  image.data.set([1, 2, 3, 1500]);
  const depth = image.asDepth();
  t.is(depth.dtype, 'uint16');
  t.is(depth.getDepth(1, 1), 1.5);
  depth.setDepth(0, 0, 0.004);
  t.is(image.data[0], 4, 'the same memory');
  const back = depth.asImage();
  t.deepEqual([back.encoding, [...back.data]], ['depth16', [4, 2, 3, 1500]]);
  image.release();
  back.release();
  t.is(depth.getDepth(0, 0), 0.004, 'with a hold of its own');
  depth.release();
  using floats = new DepthImage(1, 2);
  using picture = floats.setDepth(1, 0, 2.5).asImage();
  t.deepEqual([picture.encoding, picture.data[1]], ['mono32f', 2.5]);
  using colours = new Image(2, 2);
  t.throws(() => colours.asDepth(), { code: 'ERR_FRAMELANE_INVALID_ENCODING', message: /rgb8/ });
});

test('what is not sent yet is sent as what it is then, what is sent stays what it was', (t) => {
  const [images, depths] = [new Topic(Image, freshName()), new Topic(DepthImage, freshName())];
  t.teardown(() => [images, depths].forEach((topic) => topic.close()));
  const image = new Image(1, 1, 'depth16');
  const depth = image.asDepth().setDepthScale(0.5);
  image.release();
  depths.send(depth);
  using received = depths.tryRecv()!;
  t.is(received.depthScale, 0.5);
  using seen = received.asImage() as Image<'depth16'>;
  const error = t.throws(() => images.send(seen), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  t.regex(error.message, /sent as a DepthImage.*clone\(\)/s);
  t.is(images.tryRecv(), null);
  images.send(seen.clone());
  using copy = images.tryRecv()!;
  t.is(copy.encoding, 'depth16');
  const other = new Image(1, 1, 'mono32f');
  using kept = other.asDepth();
  images.send(other);
  t.throws(() => depths.send(kept as DepthImage), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  images.tryRecv()?.release();
});

test('statistics of a real depth image are those of a plain loop', (t) => {
  using image = Image.decode(file('depth-mm.png'));
  using depth = image.asDepth();
  const [found, wanted] = [depth.depthStatistics()!, loop(depth as unknown as DepthImage)!];
  t.deepEqual([found.min, found.max], [2.11, 5.017]);
  t.deepEqual([found.min, found.max], [wanted.min, wanted.max]);
  t.true(Math.abs(found.mean / wanted.mean - 1) < 1e-6);
});

test('a real depth image gives the points of its cloud', (t) => {
  using image = Image.decode(file('depth-mm.png'), { encoding: 'depth16' });
  using left = Image.decode(file('left.png'));
  using depth = image.asDepth();
  using made = depth.toPointCloud(camera, { organised: true, colour: left });
  using wanted = PointCloud.decode(file('cloud-organised.pcd'));
  t.deepEqual([made.width, made.height, wanted.width, wanted.height], [741, 500, 247, 167]);
  t.deepEqual(made.fields, wanted.fields);
  const [bits, wantedBits] = [made, wanted].map(
    ({ data }) => new Uint32Array(data.buffer, data.byteOffset, data.length),
  );
  let [compared, colours] = [0, 0];
  for (let row = 0; row < 167; row++) {
    for (let column = 0; column < 247; column++) {
      const index = row * 247 + column;
      const from = row * 3 * 741 + column * 3;
      const [, , z = 0] = wanted.pointAt(index);
      if (wantedBits![index * 4 + 3] === bits![from * 4 + 3]) colours++;
      if (Number.isNaN(z)) {
        t.true(made.pointAt(from).slice(0, 3).every(Number.isNaN));
        continue;
      }
      // The cloud was made of depths before they were rounded to a millimetre.
      const off = made.pointAt(from).map((value, axis) => value - wanted.pointAt(index)[axis]!);
      if (off.slice(0, 3).some((metres) => Math.abs(metres) > 0.000_51)) {
        return t.fail(`point ${index} is off by ${off}`);
      }
      compared++;
    }
  }
  t.is(compared, 38_198);
  t.is(colours, 247 * 167);
});

test('points follow the formula, those without a depth are left out', (t) => {
  const data = new Uint16Array([0, 1000, 2000, 0, 500, 3000]);
  using depth = DepthImage.fromArray({ data, shape: [2, 3] }, { frameId: 'cam', timestampNs: 3 });
  depth.setCameraInfo({ width: 3, height: 2, fx: 2, fy: 4, cx: 1, cy: 0.5 });
  using cloud = depth.toPointCloud();
  t.deepEqual([cloud.pointCount, cloud.isXyz(), cloud.isOrganised], [4, true, false]);
  t.deepEqual([cloud.frameId, cloud.timestampNs], ['cam', 3n]);
  t.deepEqual(
    Array.from({ length: 4 }, (_, index) => cloud.pointAt(index)),
    [
      [0, -0.125, 1],
      [1, -0.25, 2],
      [0, 0.0625, 0.5],
      [1.5, 0.375, 3],
    ],
  );
  using into = new PointCloud(4, 3);
  t.is(depth.toPointCloud(undefined, { into }), into);
  t.deepEqual([...into.data], [...cloud.data]);
});

test('toPointCloud refuses what does not fit, and changes nothing', (t) => {
  using depth = DepthImage.fromArray(new Float32Array([1, 2]), { height: 1, width: 2 });
  const size = { fx: 1, fy: 1, cx: 0, cy: 0 };
  const fits = { width: 2, height: 1, ...size };
  const invalid = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };
  const badSize = { code: 'ERR_FRAMELANE_INVALID_SIZE' };
  t.throws(() => depth.toPointCloud(), { ...invalid, message: /setCameraInfo/ });
  t.throws(() => depth.toPointCloud({ width: 3, height: 1, ...size }), badSize);
  using small = new PointCloud(1, 3);
  using wide = new PointCloud(2, 4);
  using colours = new Image(2, 2);
  using grey = new Image(1, 2, 'mono8');
  t.throws(() => depth.toPointCloud(fits, { into: small }), badSize);
  t.throws(() => depth.toPointCloud(fits, { into: wide }), invalid);
  t.throws(() => depth.toPointCloud(fits, { into: colours }), invalid);
  t.throws(() => depth.toPointCloud(fits, { colour: colours }), badSize);
  t.throws(() => depth.toPointCloud(fits, { colour: small }), invalid);
  t.throws(() => depth.toPointCloud(fits, { colour: grey }), {
    code: 'ERR_FRAMELANE_INVALID_ENCODING',
  });
  t.true([...small.data, ...wide.data].every((value) => value === 0));
  using none = new DepthImage(1, 2);
  t.throws(() => none.toPointCloud(fits), { ...badSize, message: /no pixel has a known depth/ });
  using all = none.toPointCloud(fits, { organised: true });
  t.true(all.data.every(Number.isNaN));
});

test('inspect and JSON show no depths', async (t) => {
  const { inspect } = await import('node:util');
  const depth = new DepthImage({ width: 6, height: 4, dtype: 'uint16', frameId: 'left' });
  t.regex(inspect(depth), /^DepthImage 6x4 uint16 slot \d+#\d+ "left" not sent$/);
  t.like(JSON.parse(JSON.stringify(depth)), { type: 'DepthImage', dtype: 'uint16', nbytes: 48 });
  depth.release();
  t.regex(inspect(depth), /^DepthImage 6x4 uint16 released$/);
});

for (const env of [{}, { FRAMELANE_MEMORY: 'copy' }]) {
  const how = Object.values(env)[0] ?? 'buffer';
  test(`another process sees the same depths, memory ${how}`, async (t) => {
    const name = freshName();
    const topic = new Topic(DepthImage, name);
    t.teardown(() => topic.close());
    const sent = new DepthImage({ width: 3, height: 2, dtype: 'uint16', depthScale: 0.5 });
    sent.data.set([0, 2, 4, 6, 8, 65535]);
    sent.setFrameId('far').setCameraInfo({ ...camera, width: 3, height: 2, D: [1, 2, 3] });
    topic.send(sent);
    const script = `
      import { DepthImage, Topic } from 'framelane';
      const topic = new Topic(DepthImage, '${name}');
      const depth = topic.tryRecv();
      const { data, dtype, depthScale, frameId, cameraInfo } = depth;
      const [min, max] = depth.depthStatistics();
      const points = depth.toPointCloud().pointCount;
      const said = { data: [...data], dtype, depthScale, frameId, min, max, points };
      console.log(JSON.stringify({ ...said, D: cameraInfo.D, K: cameraInfo.K }));
      topic.close();
    `;
    // Guard and copies do not go together.
    const { stdout, stderr } = await runScript(script, { FRAMELANE_GUARD: '0', ...env });
    t.is(stderr, '');
    t.deepEqual(JSON.parse(stdout), {
      data: [0, 2, 4, 6, 8, 65535],
      dtype: 'uint16',
      depthScale: 0.5,
      frameId: 'far',
      min: 0.001,
      max: 32.7675,
      points: 5,
      D: [1, 2, 3],
      K: [994.978, 0, 311.193, 0, 994.978, 254.877, 0, 0, 1],
    });
  });
}
