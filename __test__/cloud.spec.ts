/** Point clouds: made, their fields and points, on topics. */
import test from 'ava';
import { Image, pair, PointCloud, Queue, Topic, type Dtype } from 'framelane';
import { freshName, runScript } from './kit.js';

const FROZEN = { code: 'ERR_FRAMELANE_FROZEN' };
const lidar = [
  { name: 'x' },
  { name: 'y' },
  { name: 'z' },
  { name: 'ring', dtype: 'uint16' },
  { name: 'flags', dtype: 'uint8', count: 3 },
  { name: 'time', dtype: 'float64' },
] as const;

test('the constructor takes points, fields and dtype', (t) => {
  using plain = new PointCloud(10_000);
  using xyz = new PointCloud(10_000, 3, 'float32');
  using named = new PointCloud({ numPoints: 10_000, fieldsPerPoint: 3, dtype: 'float32' });
  using short = new PointCloud({ points: 10_000, fields: 3 });
  for (const cloud of [plain, xyz, named, short]) {
    t.deepEqual([cloud.shape, cloud.dtype], [[10_000, 3], 'float32']);
    t.true(cloud.data instanceof Float32Array);
    t.true(cloud.data.every((value) => value === 0));
  }
  using bytes = new PointCloud(2, 4, 'uint8');
  t.deepEqual([bytes.pointStep, [...bytes.data]], [4, [0, 0, 0, 0, 0, 0, 0, 0]]);
});

test('fromArray copies points', (t) => {
  const values = new Float32Array([1, 2, 3, 4, 5, 6]);
  using cloud = PointCloud.fromArray(values, { fields: 3, frameId: 'lidar' });
  values.fill(9);
  t.deepEqual([cloud.pointCount, cloud.frameId, cloud.pointAt(1)], [2, 'lidar', [4, 5, 6]]);
  using pairs = PointCloud.fromArray(values, { fields: [{ name: 'u' }, { name: 'v' }] });
  t.deepEqual([pairs.pointCount, pairs.fields.map(({ name }) => name)], [3, ['u', 'v']]);
  using doubles = PointCloud.fromArray(new Float64Array(3));
  t.is(doubles.dtype, 'float64', 'no cast that nobody asked for');
  using asked = PointCloud.fromArray(new Float64Array([0.1, 0, 0]), { dtype: 'float32' });
  t.deepEqual([asked.dtype, asked.data[0]], ['float32', Math.fround(0.1)]);
  t.throws(() => PointCloud.fromArray(new Float32Array(7), { fields: 3 }), {
    code: 'ERR_FRAMELANE_INVALID_LENGTH',
    message: /multiple of 3 values, got 7/,
  });
});

test('fromArray takes a shape of points by fields', (t) => {
  const data = Float32Array.from({ length: 24 }, (_, index) => index);
  using packed = PointCloud.fromArray({ data, shape: [6, 4] });
  t.deepEqual([packed.fieldsPerPoint, packed.pointAt(5)], [4, [20, 21, 22, 23]]);
  using columns = PointCloud.fromArray({ data, shape: [8, 3], strides: [1, 8] });
  t.deepEqual(columns.pointAt(2), [2, 10, 18]);
  using rows = PointCloud.fromArray({ data, shape: [2, 4, 3] });
  t.deepEqual([rows.height, rows.width, rows.shape], [2, 4, [2, 4, 3]]);
  using back = PointCloud.fromArray({ data, shape: [2, 3], stride: [-4, -1], offset: 23 });
  t.deepEqual(
    [back.pointAt(0), back.pointAt(1)],
    [
      [23, 22, 21],
      [19, 18, 17],
    ],
  );
  t.throws(() => PointCloud.fromArray({ data, shape: [8, 4] }), {
    code: 'ERR_FRAMELANE_INVALID_LENGTH',
  });
});

test('fromArray is told how values lie that do not say it', (t) => {
  const data = Float32Array.from({ length: 12 }, (_, index) => index);
  const second = (array: never, options: object): number[] => {
    using cloud = PointCloud.fromArray(array, options);
    return cloud.pointAt(1);
  };
  t.deepEqual(second(data as never, { order: 'F' }), [1, 5, 9], 'all x, then all y, then all z');
  t.deepEqual(second(data as never, { order: 'F', fields: 2 }), [1, 7]);
  t.deepEqual(second(data as never, { order: 'C' }), [3, 4, 5]);
  t.deepEqual(second({ data, shape: [4, 3] } as never, { order: 'F' }), [1, 5, 9]);
  t.deepEqual(second({ data, shape: [2, 2, 3] } as never, { order: 'F' }), [2, 6, 10]);
  t.deepEqual(second({ data, shape: [3, 3] } as never, { strides: [4, 1] }), [4, 5, 6]);
  t.deepEqual(second({ data, shape: [6], stride: [2] } as never, {}), [6, 8, 10]);
  const wrong: [options: object, code: string][] = [
    [{ strides: [2] }, 'LENGTH'],
    [{ order: 'F', fields: 5 }, 'LENGTH'],
    [{ strides: [3, 1] }, 'ARGUMENT'],
    [{ strides: [1], order: 'C' }, 'ARGUMENT'],
    [{ order: 'Fortran' }, 'ARGUMENT'],
  ];
  for (const [options, code] of wrong) {
    t.throws(() => second(data as never, options), { code: `ERR_FRAMELANE_INVALID_${code}` });
  }
});

test('fromBytes copies whole points of any fields', (t) => {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setFloat32(0, 1.5, true);
  view.setUint16(4, 7, true);
  view.setFloat32(12, 2.5, true);
  const shape = { fields: [{ name: 'x' }, { name: 'ring', dtype: 'uint16' }], pointStep: 12 };
  using cloud = PointCloud.fromBytes(bytes, shape as never);
  t.deepEqual([cloud.pointCount, cloud.dtype, cloud.pointAt(0)], [2, 'mixed', [1.5, 7]]);
  t.deepEqual(cloud.pointAt(1), [2.5, 0]);
  for (const [length, points] of [
    [23, undefined],
    [0, undefined],
    [24, 3],
  ] as const) {
    const wrong = () =>
      PointCloud.fromBytes(bytes.subarray(0, length), { ...shape, points } as never);
    t.throws(wrong, { code: 'ERR_FRAMELANE_INVALID_LENGTH' });
  }
});

test('counts, fields, dtype and bytes', (t) => {
  using cloud = new PointCloud(100, 4, 'float64');
  t.deepEqual(
    [cloud.pointCount, cloud.numPoints, cloud.fieldsPerPoint, cloud.dtype, cloud.nbytes],
    [100, 100, 4, 'float64', 3200],
  );
  t.deepEqual([cloud.byteLength, cloud.pointStep, cloud.strides], [3200, 32, [4, 1]]);
  t.deepEqual([cloud.width, cloud.height, cloud.isOrganised], [100, 1, false]);
  using rows = new PointCloud({ width: 5, height: 4 });
  t.deepEqual([rows.pointCount, rows.isOrganised, rows.strides], [20, true, [15, 3, 1]]);
});

test('fields that go with a number have the usual names', (t) => {
  const names = (count: number): string => {
    using cloud = new PointCloud(1, count);
    return cloud.fields.map(({ name }) => name).join(' ');
  };
  t.is(names(3), 'x y z');
  t.is(names(4), 'x y z intensity');
  t.is(names(6), 'x y z r g b');
  t.is(names(2), 'f0 f1');
  using cloud = new PointCloud(1, 4, 'float64');
  t.deepEqual(cloud.fields[3], { name: 'intensity', offset: 24, dtype: 'float64', count: 1 });
});

test('fields are placed at multiples of their size, or where they are told', (t) => {
  using cloud = new PointCloud({ points: 2, fields: lidar });
  t.deepEqual(
    cloud.fields.map(({ offset, count }) => [offset, count]),
    [
      [0, 1],
      [4, 1],
      [8, 1],
      [12, 1],
      [14, 3],
      [24, 1],
    ],
  );
  t.deepEqual([cloud.pointStep, cloud.dtype, cloud.fieldsPerPoint], [32, 'mixed', 8]);
  t.deepEqual([cloud.shape, cloud.data.length], [[2, 32], 64]);
  using told = new PointCloud({
    points: 1,
    fields: [{ name: 'x' }, { name: 'i', offset: 16 }],
    pointStep: 32,
  });
  t.deepEqual([told.dtype, told.pointStep], ['mixed', 32]);
  using padded = new PointCloud({ points: 2, fields: 3, pointStep: 16 });
  t.deepEqual([padded.dtype, padded.strides, padded.nbytes], ['float32', [4, 1], 24]);
  t.deepEqual(padded.setPoint(1, [1, 2, 3]).pointAt(1), [1, 2, 3]);
  t.deepEqual([...padded.data], [0, 0, 0, 0, 1, 2, 3, 0]);
});

test('frame id and time stamp', (t) => {
  using cloud = new PointCloud({ points: 1, frameId: 'lidar', timestampNs: 5n });
  t.deepEqual([cloud.frameId, cloud.timestampNs], ['lidar', 5n]);
  cloud.setFrameId('lidar_front').setTimestampNs(1234567890);
  t.deepEqual([cloud.frameId, cloud.timestampNs], ['lidar_front', 1234567890n]);
});

test('isXyz, hasIntensity and hasColor by the number of fields', (t) => {
  for (const [count, xyz, intensity, color] of [
    [2, false, false, false],
    [3, true, false, false],
    [4, false, true, false],
    [5, false, true, false],
    [6, false, true, true],
    [8, false, true, true],
  ] as const) {
    using cloud = new PointCloud(1, count);
    const found = [cloud.isXyz(), cloud.hasIntensity(), cloud.hasColor()];
    t.deepEqual(found, [xyz, intensity, color], `${count}`);
  }
  using named = new PointCloud({ points: 1, fields: [{ name: 'rgb' }, { name: 'intensity' }] });
  t.deepEqual([named.hasIntensity(), named.hasColor()], [true, true]);
});

test('pointAt gives the values of a point', (t) => {
  const samples: [Dtype, (number | bigint)[]][] = [
    ['float32', [1.5, -2, Number.NaN]],
    ['float64', [0.1, -1e300, 0]],
    ['uint8', [0, 7, 255]],
    ['int8', [-128, 0, 127]],
    ['uint16', [0, 1, 65_535]],
    ['int16', [-32_768, 0, 32_767]],
    ['uint32', [0, 1, 2 ** 32 - 1]],
    ['int32', [-(2 ** 31), 0, 2 ** 31 - 1]],
    ['uint64', [0n, 1n, 2n ** 53n]],
    ['int64', [-(2n ** 53n), 0n, 1n]],
    ['bool', [0, 1, 0]],
  ];
  for (const [dtype, values] of samples) {
    using cloud = new PointCloud(3, 3, dtype);
    t.is(cloud.setPoint(1, values), cloud);
    t.deepEqual(cloud.pointAt(1), values.map(Number), dtype);
    t.deepEqual([...cloud.pointAt(0), ...cloud.pointAt(2)], [0, 0, 0, 0, 0, 0], dtype);
    t.deepEqual(cloud.field('y').get(1), values[1], dtype);
  }
  using mixed = new PointCloud({ points: 2, fields: lidar });
  mixed.setPoint(1, [1, 2, 3, 65_535, 1, 2, 3, Math.PI]);
  t.deepEqual(mixed.pointAt(1), [1, 2, 3, 65_535, 1, 2, 3, Math.PI]);
  t.true(mixed.pointAt(0).every((value) => value === 0));
});

test('data is one array on the slot', (t) => {
  using cloud = new PointCloud(2, 3);
  cloud.data[4] = 7;
  t.is(cloud.data, cloud.data);
  t.is(cloud.toArray(), cloud.data);
  t.deepEqual(cloud.pointAt(1), [0, 7, 0]);
  using same = cloud.retain();
  t.is(same.data[4], 7);
});

test('toNdarray has a shape of points by fields', (t) => {
  using cloud = new PointCloud(5, 4);
  const { data, shape, stride, offset } = cloud.toNdarray();
  t.is(data, cloud.data);
  t.deepEqual([shape, stride, offset], [[5, 4], [4, 1], 0]);
});

test('points are in the memory of the processor', (t) => {
  using cloud = new PointCloud(1);
  t.deepEqual([cloud.isCpu(), cloud.device], [true, 'cpu']);
});

test('field is a view on the slot, with strides where it can be', (t) => {
  using cloud = new PointCloud({ points: 3, fields: lidar });
  const [x, ring, flags] = [cloud.field('x'), cloud.field('ring'), cloud.field('flags')];
  t.deepEqual([x.stride, x.strideBytes, x.count, x.length], [8, 32, 1, 3]);
  t.true(x.data instanceof Float32Array);
  x.data![8] = 2.5;
  t.deepEqual([...x], [0, 2.5, 0]);
  t.is(x.data!.buffer, cloud.data.buffer, 'no copy');
  ring.set(2, 9).set(0, 1);
  t.deepEqual([...ring], [1, 0, 9]);
  t.deepEqual([flags.count, flags.length], [3, 9]);
  for (let index = 0; index < 9; index++) flags.set(index, index + 1);
  t.deepEqual([...flags], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.deepEqual(cloud.pointAt(2), [0, 0, 0, 9, 7, 8, 9, 0]);
});

test('a field at an odd place is read and written byte by byte', (t) => {
  const fields = [
    { name: 'tag', dtype: 'uint8' },
    { name: 'value', dtype: 'float64', offset: 1 },
    { name: 'id', dtype: 'int64', offset: 9 },
    { name: 'n', dtype: 'int16', offset: 17, count: 2 },
  ] as const;
  using cloud = new PointCloud({ points: 2, fields });
  const odd = cloud.field('value');
  t.deepEqual([cloud.pointStep, odd.stride, odd.data], [24, null, null]);
  using tight = new PointCloud({ points: 2, fields, pointStep: 21 });
  const [value, id, n] = [tight.field('value'), tight.field('id'), tight.field('n')];
  value.set(1, Math.E);
  id.set(1, -(2n ** 63n) as never);
  n.set(2, -5).set(3, 32_767);
  t.deepEqual([...value], [0, Math.E]);
  t.deepEqual([...id] as unknown[], [0n, -(2n ** 63n)]);
  t.deepEqual([...n], [0, 0, -5, 32_767]);
  t.deepEqual(tight.pointAt(1), [0, Math.E, -(2 ** 63), -5, 32_767]);
});

test('a field belongs to its cloud: read-only with it, gone with it', (t) => {
  const topic = new Topic(PointCloud, freshName());
  t.teardown(() => topic.close());
  const cloud = topic.loan({ points: 2, fields: lidar });
  const own = cloud.field('ring').set(0, 5);
  topic.send(cloud);
  t.throws(() => own.get(0), { code: 'ERR_FRAMELANE_RELEASED' });
  t.throws(() => own.set(0, 1), FROZEN);
  const received = topic.tryRecv()!;
  const field = received.field('ring');
  t.is(field.get(0), 5);
  t.throws(() => field.set(0, 1), FROZEN);
  t.throws(() => (received as unknown as PointCloud).setPoint(0, []), FROZEN);
  received.release();
  t.throws(() => field.get(0), { code: 'ERR_FRAMELANE_RELEASED' });
  t.throws(() => field.data, { code: 'ERR_FRAMELANE_RELEASED' });
  t.throws(() => [...field], { code: 'ERR_FRAMELANE_RELEASED' });
});

test('as many fields as there can be travel', async (t) => {
  const topic = new Topic(PointCloud, freshName());
  t.teardown(() => topic.close());
  const fields = Array.from({ length: 255 }, (_, n) => ({
    name: `field-${n}`,
    dtype: 'uint8' as const,
  }));
  for (const points of [1, 63, 64, 65, 4096]) {
    await topic.prepare({ points, fields });
    const cloud = topic.loan({ points, fields });
    (cloud.data as Uint8Array).fill(1);
    cloud.field('field-254').set(points - 1, 200);
    topic.send(cloud);
    using received = topic.tryRecv()!;
    t.is(received.fields.length, 255);
    t.deepEqual([...received.field('field-254')].at(-1), 200);
    t.is(received.data.length, 255 * points);
    using copy = received.clone();
    t.deepEqual(copy.fields, received.fields);
    t.deepEqual(copy.pointAt(points - 1), received.pointAt(points - 1));
  }
});

test('a cloud arrives with everything that was said of it', async (t) => {
  const topic = new Topic(PointCloud, freshName());
  t.teardown(() => topic.close());
  const shape = { width: 3, height: 2, fields: lidar, frameId: 'lidar', timestampNs: 9n } as const;
  const sent = topic.loan(shape);
  for (let n = 0; n < 6; n++) sent.setPoint(n, [n, n, n, n, n, n, n, n / 8]);
  topic.send(sent);
  t.true(sent.released);
  using cloud = await topic.recv({ timeoutMs: 2000 });
  t.deepEqual([cloud.width, cloud.height, cloud.isOrganised], [3, 2, true]);
  t.deepEqual([cloud.dtype, cloud.pointStep, cloud.fieldsPerPoint], ['mixed', 32, 8]);
  t.deepEqual([cloud.frameId, cloud.timestampNs], ['lidar', 9n]);
  t.deepEqual(
    cloud.fields.map(({ name }) => name),
    lidar.map(({ name }) => name),
  );
  for (let n = 0; n < 6; n++) t.deepEqual(cloud.pointAt(n), [n, n, n, n, n, n, n, n / 8]);
  using copy = cloud.clone();
  t.deepEqual([copy.fields, copy.frameId, copy.timestampNs], [cloud.fields, 'lidar', 9n]);
  copy.setPoint(0, [9, 9, 9, 9, 9, 9, 9, 9]);
  t.is(cloud.pointAt(0)[0], 0);
});

test('clouds on queues, in pairs with images, by token and relayed', async (t) => {
  const [clouds, images] = [new Topic(PointCloud, freshName()), new Topic(Image, freshName())];
  const jobs = new Queue(PointCloud, freshName(), { ack: 'manual' });
  t.teardown(() => [clouds, images, jobs].forEach((each) => each.close()));
  const cloud = clouds.loan({ points: 2, timestampNs: 5n });
  cloud.data.fill(4);
  clouds.send(cloud);
  images.send(images.loan({ width: 2, height: 2, timestampNs: 5n }));
  for await (const [one, other] of pair(clouds, images, { toleranceMs: 1 })) {
    t.deepEqual([one.pointAt(1), other.width], [[4, 4, 4], 2]);
    jobs.send(one);
    t.throws(() => images.send(one as never), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
    break;
  }
  const job = jobs.tryRecv()!;
  using named = PointCloud.fromToken(job.toToken());
  t.deepEqual(named.pointAt(0), [4, 4, 4]);
  t.throws(() => Image.fromToken(job.toToken()), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  t.true(job.ack());
  job.release();
  const moved = new PointCloud({ points: 1, fields: lidar, frameId: 'lidar' });
  const claimed = PointCloud.fromToken(moved.toToken({ transfer: true })) as unknown as PointCloud;
  t.deepEqual([claimed.frameId, claimed.fields.length], ['lidar', 6]);
  clouds.send(claimed.setPoint(0, [1, 2, 3, 4, 5, 6, 7, 8]));
  clouds.tryRecv()?.release();
});

test('with guard a view ends with its cloud', (t) => {
  const topic = new Topic(PointCloud, freshName(), { guard: true });
  t.teardown(() => topic.close());
  topic.send(topic.loan({ points: 4 }));
  const cloud = topic.tryRecv()!;
  const [{ data }, inner] = [cloud, cloud.field('x').data!];
  t.deepEqual([data.length, inner.length], [12, 10]);
  cloud.release();
  t.deepEqual([data.length, inner.length], [0, 0]);
});

test('inspect and JSON show no points', async (t) => {
  const { inspect } = await import('node:util');
  const cloud = new PointCloud({ points: 9, fields: lidar, frameId: 'lidar' });
  const text = /^PointCloud 9 points x y z ring flags time slot \d+#\d+ "lidar" not sent$/;
  t.regex(inspect(cloud), text);
  t.like(JSON.parse(JSON.stringify(cloud)), { type: 'PointCloud', points: 9, dtype: 'mixed' });
  cloud.release();
  t.is(inspect(cloud), 'PointCloud 9 points released');
  using rows = new PointCloud({ width: 3, height: 2, fields: 20 });
  t.regex(inspect(rows), /^PointCloud 3x2 points f0 .* f11 … slot/);
});

for (const env of [{}, { FRAMELANE_MEMORY: 'copy' }]) {
  test(`another process sees the same points, ${JSON.stringify(env)}`, async (t) => {
    const [name, back] = [freshName(), freshName()];
    const topic = new Topic(PointCloud, name);
    const answers = new Topic(PointCloud, back);
    t.teardown(() => [topic, answers].forEach((each) => each.close()));
    const cloud = new PointCloud({ width: 2, height: 1, fields: lidar, frameId: 'far' });
    cloud.setPoint(1, [1, 2, 3, 4, 5, 6, 7, 0.125]);
    topic.send(cloud);
    const script = `
      import { PointCloud, Topic } from 'framelane';
      const [topic, answers] = [new Topic(PointCloud, '${name}'), new Topic(PointCloud, '${back}')];
      const cloud = topic.tryRecv();
      const { fields, frameId, dtype, pointCount } = cloud;
      const said = { fields, frameId, dtype, pointCount, at: cloud.pointAt(1) };
      console.log(JSON.stringify({ ...said, time: [...cloud.field('time')] }));
      const answer = cloud.clone();
      answer.field('ring').set(0, 77);
      answers.send(answer);
      answers.tryRecv().release();
      topic.close();
    `;
    const { stdout, stderr } = await runScript(script, { FRAMELANE_GUARD: '0', ...env });
    t.is(stderr, '');
    t.like(JSON.parse(stdout), {
      frameId: 'far',
      dtype: 'mixed',
      pointCount: 2,
      time: [0, 0.125],
      at: [1, 2, 3, 4, 5, 6, 7, 0.125],
    });
    using answer = answers.tryRecv()!;
    t.is(answer.field('ring').get(0), 77, 'readable after its publisher has ended');
    t.deepEqual(JSON.parse(stdout).fields, answer.fields);
  });
}
