/** Arguments that say one thing and are another: each is refused, or taken as what it really is. */
import { inspect } from 'node:util';
import test from 'ava';
import { DepthImage, Image, Message, PointCloud } from 'framelane';

/** Whatever a caller without types would pass. */
type Any = any;

const LENGTH = { code: 'ERR_FRAMELANE_INVALID_LENGTH' };
const SIZE = { code: 'ERR_FRAMELANE_INVALID_SIZE' };
const ARGUMENT = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(length: number): Resizable {
  return new (ArrayBuffer as Any)(length, { maxByteLength: length }) as Resizable;
}

/** An option that cuts the memory off when it is read. */
function cutting<T>(key: string, buffer: Resizable, value: T): Any {
  return Object.defineProperty({}, key, {
    enumerable: true,
    get: () => {
      buffer.resize(4);
      return value;
    },
  });
}

test('an array that shrinks while the options are read is refused', (t) => {
  const floats = resizable(256);
  const depth = { height: 8, width: 8 };
  const dtype = Object.defineProperties(
    { ...depth },
    Object.getOwnPropertyDescriptors(cutting('dtype', floats, undefined)),
  );
  t.throws(() => DepthImage.fromArray(new Float32Array(floats), dtype), LENGTH);
  const points = resizable(240);
  const fields = cutting('fields', points, 3);
  t.throws(() => PointCloud.fromArray(new Float32Array(points, 0, 60), fields), LENGTH);
  const pixels = resizable(64);
  const label = cutting('frameId', pixels, 'x');
  const shaped = { data: new Uint8Array(pixels), shape: [8, 8] };
  t.throws(() => Image.fromArray(shaped, label), LENGTH);
  const bytes = resizable(64);
  t.throws(() => Message.bytes(bytes, cutting('format', bytes, 'x')), LENGTH);
});

test('a typed array is read from its memory, not by methods of its class', (t) => {
  class Lying extends Float32Array<ArrayBuffer> {
    override get length(): number {
      return 64;
    }
    override subarray(): Float32Array<ArrayBuffer> {
      return new Float32Array(1);
    }
  }
  const short = new Lying(new ArrayBuffer(12)).fill(2);
  t.throws(() => DepthImage.fromArray(short as Any, { height: 8, width: 8 }), LENGTH);
  using cloud = PointCloud.fromArray(short as Any, { fields: 3 });
  t.deepEqual([...(cloud.data as Float32Array)], [2, 2, 2]);
  class Long extends Uint8Array<ArrayBuffer> {
    override subarray(): Uint8Array<ArrayBuffer> {
      return new Uint8Array(1500).fill(0xee);
    }
  }
  using image = Image.fromArray(new Long(new ArrayBuffer(64)).fill(5), { width: 8, height: 8 });
  t.deepEqual(image.data as Any, new Uint8Array(64).fill(5));
  t.deepEqual(new Uint8Array(image.data.buffer).indexOf(0xee), -1);
  const row = Object.defineProperty(new Uint8Array(8).fill(9), 'byteLength', { value: 0 });
  using rows = Image.fromRows([row, row], { encoding: 'mono8' });
  t.deepEqual(rows.data as Any, new Uint8Array(16).fill(9));
});

test('a number of fields has a bound, and few of them are shown', (t) => {
  t.throws(() => new PointCloud({ points: 1, fields: 65_536, dtype: 'uint8' }), ARGUMENT);
  t.throws(() => new PointCloud(1, 40e6, 'uint8'), ARGUMENT);
  using cloud = new PointCloud({ points: 1, fields: 65_535, dtype: 'uint8' });
  t.is(cloud.fields.length, 65_535);
  t.is(cloud.fields.at(-1)?.name, 'f65534');
  const shown = Array.from({ length: 12 }, (_, index) => `f${index}`).join(' ');
  t.true(inspect(cloud).startsWith(`PointCloud 1 points ${shown} … `), inspect(cloud));
  using named = new PointCloud({ points: 1, fields: [{ name: 'a' }, { name: 'b' }] });
  t.true(inspect(named).startsWith('PointCloud 1 points a b '), inspect(named));
});

test('more values of a point than anybody can give have no names', async (t) => {
  const inner = new URL('../../dist/lib/cloud-shape.js', import.meta.url).href;
  const { usualFields } = (await import(inner)) as Any;
  t.deepEqual(usualFields(65_536, 'uint8'), []);
  t.deepEqual(usualFields(2 ** 32 - 1, 'float32', 13), []);
});

test('a file without points is no cloud', (t) => {
  const head = 'VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n';
  const file = Buffer.from(`${head}WIDTH 0\nHEIGHT 1\nPOINTS 0\nDATA ascii\n`);
  t.throws(() => PointCloud.decode(file), SIZE);
});

test('toTensorInput writes to real arrays of floats only', (t) => {
  using image = new Image({ width: 8, height: 8, encoding: 'rgb8' });
  const tag = { value: 'Float32Array' };
  const doubles = Object.defineProperty(new Float64Array(192), Symbol.toStringTag, tag);
  const none = { length: 192, [Symbol.toStringTag]: 'Float32Array' };
  const view = Object.defineProperty(new DataView(new ArrayBuffer(768)), Symbol.toStringTag, tag);
  const proxy = new Proxy(new Float32Array(192), {});
  for (const into of [doubles, none, view, proxy] as Any[]) {
    t.throws(() => image.toTensorInput({ into }), ARGUMENT);
  }
  const short = Object.defineProperty(new Float32Array(10), 'length', { value: 192 });
  t.throws(() => image.toTensorInput({ into: short }), LENGTH);
  const into = new Float32Array(192);
  t.is(image.toTensorInput({ into }).data, into);
});

test('fields that lie on each other have no list of names for NumPy', (t) => {
  const fields = [
    { name: 'all', dtype: 'uint32', offset: 0 },
    { name: 'low', dtype: 'uint16', offset: 0 },
    { name: 'x', dtype: 'float32', offset: 4 },
  ] as const;
  using cloud = new PointCloud({ points: 2, fields: [...fields] });
  t.deepEqual(cloud.arrayInterface.descr as Any, [['', '|V8']]);
  using inside = new PointCloud({
    points: 2,
    fields: [
      { name: 'all', dtype: 'uint32', count: 2, offset: 0 },
      { name: 'low', dtype: 'uint16', offset: 2 },
    ],
  });
  t.deepEqual(inside.arrayInterface.descr as Any, [['', '|V8']]);
  using apart = new PointCloud({ points: 2, fields: fields.slice(1) });
  t.deepEqual(apart.arrayInterface.descr as Any, [
    ['low', '<u2'],
    ['', '|V2'],
    ['x', '<f4'],
  ]);
});

test('a list of a camera has as many numbers as come out of it', (t) => {
  using image = new Image({ width: 8, height: 8, encoding: 'mono8' });
  const K = [5, 0, 4, 0, 5, 4, 0, 0, 1];
  const lying = [...K];
  lying[Symbol.iterator] = () => [5, 0, 4, 0, 5][Symbol.iterator]();
  t.throws(() => image.setCameraInfo({ width: 8, height: 8, K: lying }), {
    ...ARGUMENT,
    message: /^K: expected 9 finite numbers/,
  });
  const D: number[] = [1];
  D[Symbol.iterator] = () => Array.from({ length: 15 }, () => 1)[Symbol.iterator]();
  t.throws(() => image.setCameraInfo({ width: 8, height: 8, K, D }), {
    ...ARGUMENT,
    message: /^D: expected 0 to 14 finite numbers/,
  });
  D.length = 2 ** 32 - 1;
  t.throws(() => image.setCameraInfo({ width: 8, height: 8, K, D }), ARGUMENT);
  t.is(image.cameraInfo, null);
});

test('toImageData swaps the channels of a frame in its own memory', (t) => {
  using image = new Image({ width: 2, height: 1, encoding: 'bgra8' });
  image.data.set([1, 2, 3, 4, 5, 6, 7, 8]);
  const { buffer, byteOffset, byteLength } = image.data;
  const data = new Uint8ClampedArray(buffer as ArrayBuffer, byteOffset, byteLength);
  image.toImageData({ into: { data, width: 2, height: 1, colorSpace: 'srgb' } });
  t.deepEqual([...data], [3, 2, 1, 4, 7, 6, 5, 8]);
});
