/**
 * Every method of depth images and point clouds with what it cannot take: a typed error, and
 * nothing is changed.
 */
import test from 'ava';
import { DepthImage, FramelaneError, PointCloud, Topic } from 'framelane';
import { freshName } from './kit.js';

/** Whatever a caller without types would pass. */
type Any = any;
/** A wrong use of a frame, and the code of its error without the prefix. */
type Case = [what: string, use: (frame: Any) => unknown, code?: string | undefined];

/** Numbers that are no index, and what is no number. */
const wrong: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['text', '1'],
  ['an object', {}],
  ['a bigint', 1n],
  ['NaN', Number.NaN],
  ['infinity', Infinity],
  ['a negative number', -1],
  ['a fraction', 0.5],
  ['2^31', 2 ** 31],
  ['2^53', 2 ** 53],
];
const notSizes = [...wrong.slice(5), ['0', 0] as [string, unknown]];
const detached = (): Uint8Array => {
  const bytes = new Uint8Array(12);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};

/** A method with each wrong value in one place. */
function each(what: string, use: (frame: Any, value: Any) => unknown, code?: string): Case[] {
  return wrong.map(([name, value]) => [`${what}: ${name}`, (frame) => use(frame, value), code]);
}

const depths: Case[] = [
  ...each('getDepth x', (depth, x) => depth.getDepth(x, 0)),
  ...each('getDepth y', (depth, y) => depth.getDepth(0, y)),
  ['getDepth beyond the last column', (depth) => depth.getDepth(3, 0)],
  ['getDepth beyond the last row', (depth) => depth.getDepth(0, 2)],
  ...each('setDepth x', (depth, x) => depth.setDepth(x, 0, 1)),
  ...each('setDepth y', (depth, y) => depth.setDepth(0, y, 1)),
  ...each('setDepth metres', (depth, metres) => depth.setDepth(1, 1, metres)).filter(
    ([name]) => !name.endsWith('a fraction'),
  ),
  ['setDepth: more than 16 bits hold', (depth) => depth.setDepth(1, 1, 65.5355)],
  ['setDepth: a little below 0', (depth) => depth.setDepth(1, 1, -0.0001)],
  ...each('setDepthScale', (depth, scale) => depth.setDepthScale(scale)).filter(
    ([name]) => !/a fraction|2\^/.test(name),
  ),
  ['setDepthScale: 0', (depth) => depth.setDepthScale(0)],
  ['setDepthScale: too small for 32 bits', (depth) => depth.setDepthScale(1e-50)],
  ['setDepthScale: too large for 32 bits', (depth) => depth.setDepthScale(1e50)],
  ['setFrameId', (depth) => depth.setFrameId('\0')],
  ['setTimestampNs', (depth) => depth.setTimestampNs(-1)],
  ['setCameraInfo', (depth) => depth.setCameraInfo({ width: 1 })],
  ['toPointCloud: organised 1', (depth) => depth.toPointCloud({}, { organised: 1 })],
  ['toPointCloud: no such option', (depth) => depth.toPointCloud(undefined, { color: 1 })],
  ['toToken: no such option', (depth) => depth.toToken({ move: true })],
  ['toToken of what was not sent', (depth) => depth.toToken()],
];

const clouds: Case[] = [
  ...each('pointAt', (cloud, index) => cloud.pointAt(index)),
  ['pointAt beyond the last', (cloud) => cloud.pointAt(2)],
  ...each('setPoint index', (cloud, index) => cloud.setPoint(index, [1, 2])),
  ['setPoint beyond the last', (cloud) => cloud.setPoint(2, [1, 2])],
  ...each('setPoint values', (cloud, value) => cloud.setPoint(1, [1, value])).filter(
    // The second field is of uint32.
    ([name]) => !name.endsWith('2^31'),
  ),
  ['setPoint: no list', (cloud) => cloud.setPoint(1, 5)],
  ['setPoint: too few', (cloud) => cloud.setPoint(1, [1]), 'INVALID_LENGTH'],
  ['setPoint: too many', (cloud) => cloud.setPoint(1, [1, 2, 3]), 'INVALID_LENGTH'],
  ['setPoint: 2^32', (cloud) => cloud.setPoint(1, [1, 2 ** 32])],
  ...each('field', (cloud, name) => cloud.field(name)),
  ['field: no such name', (cloud) => cloud.field('z')],
  ['field: __proto__', (cloud) => cloud.field('__proto__')],
  ...each('field get', (cloud, index) => cloud.field('x').get(index)),
  ['field get beyond', (cloud) => cloud.field('x').get(2)],
  ...each('field set index', (cloud, index) => cloud.field('n').set(index, 1)),
  ...each('field set value', (cloud, value) => cloud.field('n').set(1, value)).filter(
    ([name]) => !name.endsWith('2^31'),
  ),
  ['field set of a float: text', (cloud) => cloud.field('x').set(1, '1')],
  ['field set of a float: a bigint', (cloud) => cloud.field('x').set(1, 1n)],
  ['setFrameId', (cloud) => cloud.setFrameId(5)],
  ['setTimestampNs', (cloud) => cloud.setTimestampNs(1.5)],
  ['encode: no such format', (cloud) => cloud.encode('las')],
  ['encode: ascii 1', (cloud) => cloud.encode('pcd', { ascii: 1 })],
  ['encode: no such option', (cloud) => cloud.encode('pcd', { binary: true })],
  ['toToken: no such option', (cloud) => cloud.toToken({ move: true })],
  ['toToken of what was not sent', (cloud) => cloud.toToken()],
];

const filledDepth = (): DepthImage<'uint16'> =>
  DepthImage.fromArray(new Uint16Array([1, 2, 3, 4, 5, 6]), { height: 2, width: 3 });
const fields = [{ name: 'x' }, { name: 'n', dtype: 'uint32' }] as const;
const filledCloud = (): PointCloud =>
  new PointCloud({ points: 2, fields }).setPoint(0, [1, 2]).setPoint(1, [3, 4]);

const make = { depths: filledDepth, clouds: filledCloud };
for (const [group, cases] of Object.entries({ depths, clouds })) {
  for (const [what, use, code = 'INVALID_ARGUMENT'] of cases) {
    test(`${group}: ${what}`, async (t) => {
      const frame = make[group as 'depths']() as DepthImage;
      const before = [JSON.stringify(frame), String(frame.data)];
      const error = await t.throwsAsync(async () => use(frame), { instanceOf: FramelaneError });
      t.is(error.code as string, `ERR_FRAMELANE_${code}`);
      t.deepEqual([JSON.stringify(frame), String(frame.data)], before);
      frame.release();
    });
  }
}

const depth = (...args: unknown[]): unknown => Reflect.construct(DepthImage as Any, args);
const cloud = (...args: unknown[]): unknown => Reflect.construct(PointCloud as Any, args);
const square = { width: 2, height: 2 };
const one = (field: object): object => ({ points: 1, fields: [field] });
const makers: Case[] = [
  ...notSizes.flatMap(([name, value]): Case[] => [
    [`DepthImage height: ${name}`, () => depth(value, 2), 'INVALID_SIZE'],
    [`DepthImage width: ${name}`, () => depth({ height: 2, width: value }), 'INVALID_SIZE'],
    [`PointCloud points: ${name}`, () => cloud(value), 'INVALID_SIZE'],
    [`PointCloud width: ${name}`, () => cloud({ height: 2, width: value }), 'INVALID_SIZE'],
    [`PointCloud height: ${name}`, () => cloud({ height: value, width: 2 }), 'INVALID_SIZE'],
  ]),
  ...each('PointCloud fields', (_, value) => cloud(2, value)).filter(
    ([name]) => !name.endsWith('nothing'),
  ),
  ['DepthImage: no arguments', () => depth()],
  ['DepthImage: null', () => depth(null)],
  ['DepthImage: text', () => depth('2', '2')],
  ['DepthImage: another dtype', () => depth(2, 2, 'float64')],
  ['DepthImage: __proto__', () => depth(2, 2, '__proto__')],
  ['DepthImage: an encoding', () => depth({ ...square, encoding: 'depth16' })],
  ['DepthImage: a scale of metres', () => depth({ ...square, depthScale: 1 })],
  ['DepthImage: uninitialized 1', () => depth({ ...square, uninitialized: 1 })],
  ['PointCloud: no arguments', () => cloud()],
  ['PointCloud: null', () => cloud(null)],
  ['PointCloud: text', () => cloud('2')],
  ['PointCloud: another dtype', () => cloud(2, 3, 'float16')],
  ['PointCloud: points and rows', () => cloud({ points: 4, ...square })],
  ['PointCloud: two names of one', () => cloud({ points: 4, numPoints: 5 })],
  ['PointCloud: fields 0', () => cloud(2, 0)],
  ['PointCloud: no fields', () => cloud({ points: 1, fields: [] })],
  ['PointCloud: 256 fields', () => cloud({ points: 1, fields: Array(256).fill({ name: 'x' }) })],
  ['PointCloud: pointStep too small', () => cloud({ points: 1, pointStep: 11 })],
  ['PointCloud: a crooked pointStep', () => cloud({ points: 1, pointStep: 13 })],
  ['a field without a name', () => cloud(one({}))],
  ['a field with an empty name', () => cloud(one({ name: '' }))],
  ['a field with a space', () => cloud(one({ name: 'a b' }))],
  ['a field of 17 bytes', () => cloud(one({ name: 'é'.repeat(8) + 'x' }))],
  ['a field twice', () => cloud({ points: 1, fields: [{ name: 'x' }, { name: 'x' }] })],
  ['a field of no such type', () => cloud(one({ name: 'x', dtype: 'complex64' }))],
  ['a field with count 0', () => cloud(one({ name: 'x', count: 0 }))],
  ['a field with count 256', () => cloud(one({ name: 'x', count: 256 }))],
  ['a field at -1', () => cloud(one({ name: 'x', offset: -1 }))],
  ['a field with an unknown key', () => cloud(one({ name: 'x', datatype: 7 }))],
  ['a field that is text', () => cloud({ points: 1, fields: ['x'] })],
  [
    'a field that leaves its point',
    () => cloud({ ...one({ name: 'x', offset: 8 }), pointStep: 8 }),
  ],
  ['a cloud over 48 bits', () => cloud({ width: 2 ** 30, height: 2 ** 20 }), 'INVALID_SIZE'],
  [
    'DepthImage.fromArray: bytes',
    () => DepthImage.fromArray(new Uint8Array(4) as Any, { ...square }),
  ],
  [
    'DepthImage.fromArray: doubles',
    () => DepthImage.fromArray(new Float64Array(4) as Any, { ...square } as Any),
  ],
  ['DepthImage.fromArray: an array', () => DepthImage.fromArray([1, 2] as Any, square)],
  [
    'DepthImage.fromArray: too few',
    () => DepthImage.fromArray(new Uint16Array(3), square),
    'INVALID_LENGTH',
  ],
  [
    'DepthImage.fromArray: another shape',
    () => DepthImage.fromArray({ data: new Uint16Array(6), shape: [2, 3] }, { width: 2 }),
  ],
  [
    'DepthImage.fromArray: three dimensions',
    () => DepthImage.fromArray({ data: new Uint16Array(6), shape: [1, 2, 3] }),
  ],
  [
    'DepthImage.fromArray: beyond the end',
    () => DepthImage.fromArray({ data: new Uint16Array(6), shape: [2, 3], offset: 1 }),
    'INVALID_LENGTH',
  ],
  [
    'DepthImage.fromBytes: detached',
    () => DepthImage.fromBytes(detached(), { width: 1, height: 3 }),
    'DETACHED_BUFFER',
  ],
  ['DepthImage.fromToken: no token', () => DepthImage.fromToken('x')],
  ['DepthImage.fromToken: a number', () => DepthImage.fromToken(5 as Any)],
  ['PointCloud.fromArray: text', () => PointCloud.fromArray('1 2 3' as Any)],
  ['PointCloud.fromArray: nothing', () => PointCloud.fromArray(undefined as Any)],
  [
    'PointCloud.fromArray: empty',
    () => PointCloud.fromArray(new Float32Array(0)),
    'INVALID_LENGTH',
  ],
  [
    'PointCloud.fromArray: four dimensions',
    () => PointCloud.fromArray({ data: new Float32Array(3), shape: [1, 1, 1, 3] }),
  ],
  [
    'PointCloud.fromArray: strides before the start',
    () => PointCloud.fromArray({ data: new Float32Array(6), shape: [2, 3], strides: [-3, 1] }),
    'INVALID_LENGTH',
  ],
  [
    'PointCloud.fromArray: half a stride',
    () => PointCloud.fromArray({ data: new Float32Array(6), shape: [2, 3], strides: [1.5, 1] }),
  ],
  [
    'PointCloud.fromArray: other columns',
    () => PointCloud.fromArray({ data: new Float32Array(6), shape: [2, 3] }, { fields: 4 }),
    'INVALID_LENGTH',
  ],
  [
    'PointCloud.fromArray: another type',
    () => PointCloud.fromArray(new Float32Array(3), { dtype: 'uint8' }),
  ],
  [
    'PointCloud.fromArray: fields of others',
    () => PointCloud.fromArray(new Float32Array(3), { fields: [{ name: 'n', dtype: 'uint8' }] }),
  ],
  ['PointCloud.fromArray: detached', () => PointCloud.fromArray(detached()), 'DETACHED_BUFFER'],
  ['PointCloud.fromToken: no token', () => PointCloud.fromToken('x')],
  ['PointCloud.decode: detached', () => PointCloud.decode(detached()), 'DETACHED_BUFFER'],
];

for (const [what, use, code = 'INVALID_ARGUMENT'] of makers) {
  test(`made of what cannot be: ${what}`, (t) => {
    const error = t.throws(() => use(null), { instanceOf: FramelaneError });
    t.is(error.code as string, `ERR_FRAMELANE_${code}`);
  });
}

/** Everything that looks at a frame, and everything that writes it. */
const readers: Case[] = [
  ['data', (frame) => frame.data],
  ['clone', (frame) => frame.clone()],
  ['retain', (frame) => frame.retain()],
  ['toToken', (frame) => frame.toToken()],
  ['toArray', (frame) => frame.toArray()],
];
const more = {
  depths: [
    ['getDepth', (frame) => frame.getDepth(0, 0)],
    ['depthStatistics', (frame) => frame.depthStatistics()],
    ['toPointCloud', (frame) => frame.toPointCloud()],
    ['asImage', (frame) => frame.asImage()],
  ] as Case[],
  clouds: [
    ['pointAt', (frame) => frame.pointAt(0)],
    ['encode', (frame) => frame.encode('pcd')],
    ['field.get', (frame) => frame.field('x').get(0)],
  ] as Case[],
};
const writers = {
  depths: [
    ['setDepth', (frame) => frame.setDepth(0, 0, 1)],
    ['setDepthScale', (frame) => frame.setDepthScale(2)],
    ['setFrameId', (frame) => frame.setFrameId('x')],
    ['setCameraInfo', (frame) => frame.setCameraInfo({ ...square, fx: 1, cx: 0, cy: 0 })],
  ] as Case[],
  clouds: [
    ['setPoint', (frame) => frame.setPoint(0, [1, 2])],
    ['field.set', (frame) => frame.field('x').set(0, 1)],
    ['setTimestampNs', (frame) => frame.setTimestampNs(1)],
  ] as Case[],
};

for (const group of ['depths', 'clouds'] as const) {
  for (const [what, use] of [...readers, ...more[group], ...writers[group]]) {
    test(`${group} released: ${what}`, async (t) => {
      const frame = make[group]();
      frame.release();
      await t.throwsAsync(async () => use(frame), { code: 'ERR_FRAMELANE_RELEASED' });
    });
  }
  for (const [what, use] of writers[group]) {
    test(`${group} frozen: ${what}`, async (t) => {
      const topic = new Topic((group === 'depths' ? DepthImage : PointCloud) as Any, freshName());
      t.teardown(() => topic.close());
      const frame = make[group]();
      const kept = frame.retain();
      topic.send(frame as Any);
      using received = topic.tryRecv() as Any;
      for (const each of [received, kept]) {
        const before = [String(each.data), each.frameId, each.timestampNs];
        await t.throwsAsync(async () => use(each), { code: 'ERR_FRAMELANE_FROZEN' });
        t.deepEqual([String(each.data), each.frameId, each.timestampNs], before);
      }
      kept.release();
    });
  }
}
