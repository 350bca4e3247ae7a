/** Images as typed arrays, as arrays with a shape, and as the web's ImageData. */
import test from 'ava';
import { Image, type Encoding } from 'framelane';
import { freshTopic } from './kit.js';
import { counting, encodings } from './pictures.js';

test('toArray is data', (t) => {
  for (const encoding of encodings) {
    using image = counting(encoding, 4, 4);
    t.is(image.toArray(), image.data);
  }
});

test('toNdarray has data, shape, stride and offset', (t) => {
  using image = counting('rgb8', 6, 4);
  const { data, shape, stride, offset } = image.toNdarray();
  t.is(data, image.data);
  t.deepEqual([shape, stride, offset], [[4, 6, 3], [18, 3, 1], 0]);
  using part = image.crop(2, 1, 3, 2);
  const view = part.toNdarray();
  t.deepEqual(
    [view.shape, view.stride],
    [
      [2, 3, 3],
      [18, 3, 1],
    ],
  );
  t.is(view.data[view.stride[0]! + view.stride[1]!], image.at(2, 3, 0));
  view.data[0] = 250;
  t.is(image.at(1, 2, 0), 250);
  using planes = counting('nv12', 4, 4, 4);
  const { shape: rows, stride: line } = planes.toNdarray();
  t.deepEqual(
    [rows, line],
    [
      [6, 4],
      [8, 1],
    ],
  );
});

/** R, G, B, A by the definition of the encodings that ImageData is made of. */
function rgba(image: Image, x: number, y: number): number[] {
  const [a = 0, b = 0, c = 0, d = 255] = image.pixel(x, y);
  if (image.encoding === 'mono8') return [a, a, a, 255];
  return image.encoding.startsWith('bgr') ? [c, b, a, d] : [a, b, c, d];
}

test('toImageData has rgba8 pixels', (t) => {
  for (const encoding of ['mono8', 'rgb8', 'bgr8', 'rgba8', 'bgra8'] as const) {
    for (const padding of [0, 4]) {
      using image = counting(encoding, 5, 3, padding);
      const into = { data: new Uint8ClampedArray(60), width: 5, height: 3, colorSpace: 'srgb' };
      t.is(image.toImageData({ into: into as never }), into as never);
      for (const { data, width, height, colorSpace } of [image.toImageData(), into]) {
        t.deepEqual([width, height, colorSpace, data.length], [5, 3, 'srgb', 60]);
        t.true(data instanceof Uint8ClampedArray);
        for (let at = 0; at < 15; at++) {
          const expected = rgba(image, at % 5, Math.floor(at / 5));
          t.deepEqual(Array.from(data.subarray(at * 4, at * 4 + 4)), expected);
        }
      }
    }
  }
});

test('toImageData of packed rgba8 is a view where it can be written, else a copy', (t) => {
  const topic = freshTopic();
  const own = topic.loan({ width: 2, height: 2, encoding: 'rgba8' });
  own.toImageData().data.fill(300);
  t.deepEqual(own.pixel(1, 1), [255, 255, 255, 255]);
  using kept = own.retain();
  topic.send(own);
  kept.toImageData().data.fill(0);
  using received = topic.tryRecv()!;
  received.toImageData().data.fill(0);
  t.deepEqual(received.pixel(1, 1), [255, 255, 255, 255]);
  using other = counting('rgb8', 2, 2);
  const before = other.data.slice();
  other.toImageData().data.fill(0);
  t.deepEqual(other.data, before);
  topic.close();
});

test('toImageData makes one of the runtime where it has the class', (t) => {
  class ImageData {
    readonly colorSpace = 'srgb';
    constructor(
      readonly data: Uint8ClampedArray,
      readonly width: number,
      readonly height: number,
    ) {}
  }
  Object.assign(globalThis, { ImageData });
  try {
    using image = counting('rgb8', 3, 2);
    const made = image.toImageData();
    t.true(made instanceof ImageData);
    t.deepEqual([made.width, made.height, made.data.length], [3, 2, 24]);
  } finally {
    Reflect.deleteProperty(globalThis, 'ImageData');
  }
});

test('toImageData refuses other encodings and names the way', (t) => {
  for (const encoding of ['mono16', 'yuv422', 'nv12', 'rgb32f', 'bayer_rggb8'] as Encoding[]) {
    using image = new Image(4, 4, encoding);
    t.throws(() => image.toImageData(), {
      code: 'ERR_FRAMELANE_INVALID_ENCODING',
      message: /got .*; convert\('rgba8'\) before/,
    });
  }
});

test('toImageData refuses a target that does not fit', (t) => {
  using image = new Image(4, 4);
  const into = { width: 4, height: 4, colorSpace: 'srgb' as const };
  const data = new Uint8ClampedArray(64);
  const wrong: [unknown, string][] = [
    [{ ...into, data, width: 3 }, 'INVALID_SIZE'],
    [{ ...into, data: data.subarray(1) }, 'INVALID_SIZE'],
    [{ ...into, data: new Uint8Array(64) }, 'INVALID_ARGUMENT'],
    [{}, 'INVALID_ARGUMENT'],
    [null, 'INVALID_ARGUMENT'],
    [5, 'INVALID_ARGUMENT'],
  ];
  for (const [target, code] of wrong) {
    t.throws(() => image.toImageData({ into: target as never }), {
      code: `ERR_FRAMELANE_${code}`,
    });
  }
});
