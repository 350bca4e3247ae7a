/** Single pixels, regions, crops, one colour for all: each against the values of `data`. */
import test from 'ava';
import { Image, type Encoding } from 'framelane';
import { freshTopic } from './kit.js';
import { counting, encodings, expectedPixel, valueMax } from './pictures.js';

type Rect = [x: number, y: number, w: number, h: number];

for (const encoding of encodings) {
  test(`pixel, at, setPixel and fill of ${encoding}`, (t) => {
    for (const padding of [0, 16]) {
      using image = counting(encoding, 8, 6, padding);
      for (let y = 0; y < 6; y++) {
        for (let x = 0; x < 8; x++) {
          const expected = expectedPixel(image, x, y);
          t.deepEqual(image.pixel(x, y), expected);
          t.deepEqual(image.at(y, x), expected);
          expected.forEach((value, c) => t.is(image.at(y, x, c), value));
        }
      }
      const before = image.data.slice();
      const { length } = image.pixel(0, 0);
      const written = Array.from({ length }, (_, c) => valueMax(image) - c);
      t.is(image.setPixel(5, 3, written), image);
      t.deepEqual(image.pixel(5, 3), written);
      const changed = Array.from(image.data).filter((value, at) => value !== before[at]);
      t.is(changed.length, length);

      const colour = Array.from({ length }, (_, c) => 7 * (c + 1));
      t.is(image.fill(colour), image);
      for (let y = 0; y < 6; y++) {
        for (let x = 0; x < 8; x++) t.deepEqual(image.pixel(x, y), colour);
      }
    }
  });
}

test('pixel gives the values of every encoding', (t) => {
  const expected: [Encoding, number[]][] = [
    ['mono8', [250]],
    ['mono16', [65_000]],
    ['mono32f', [0.5]],
    ['rgb8', [1, 2, 255]],
    ['rgb16', [1, 2, 65_535]],
    ['rgba8', [1, 2, 3, 4]],
    ['rgb32f', [0.25, -1, 1e30]],
    ['rgba32f', [0.25, -1, 3, Number.NaN]],
    ['depth16', [1234]],
    ['bayer_rggb8', [9]],
    ['yuv422', [16, 128]],
    ['nv12', [16, 128, 129]],
    ['i420', [16, 128, 129]],
  ];
  for (const [encoding, values] of expected) {
    using image = new Image({ width: 4, height: 2, encoding });
    const kept = Array.from(values, (value) =>
      image.dtype === 'float32' ? Math.fround(value) : value,
    );
    t.deepEqual(image.setPixel(2, 1, values).pixel(2, 1), kept, encoding);
    t.is(image.pixel(2, 1).length, image.channels, encoding);
  }
});

test('4:2:2: Y of each pixel, U of even and V of odd columns', (t) => {
  const bytes = Uint8Array.of(10, 20, 30, 40);
  const size = { width: 2, height: 1 };
  for (const encoding of ['yuv422', 'yuyv'] as const) {
    using image = Image.fromBytes(bytes, { ...size, encoding });
    t.deepEqual(
      [image.pixel(0, 0), image.pixel(1, 0)],
      [
        [10, 20],
        [30, 40],
      ],
    );
  }
  using image = Image.fromBytes(bytes, { ...size, encoding: 'uyvy' });
  t.deepEqual(
    [image.pixel(0, 0), image.pixel(1, 0)],
    [
      [20, 10],
      [40, 30],
    ],
  );
  t.deepEqual(Array.from(image.fill([1, 2]).data), [2, 1, 2, 1]);
  t.deepEqual(Array.from(image.fill([1, 2, 3]).data), [2, 1, 3, 1]);
  using other = new Image({ ...size, encoding: 'yuyv' });
  t.deepEqual(Array.from(other.fill([1, 2, 3]).data), [1, 2, 1, 3]);
});

test('planes: names, sizes, where they begin, and views on the values', (t) => {
  using nv12 = counting('nv12', 4, 4);
  using i420 = counting('i420', 4, 4);
  using padded = counting('i420', 4, 4, 4);
  using rgb = counting('rgb16', 4, 4, 6);
  const seen = (image: Image) =>
    image.planes.map(({ name, width, height, channels, step, offset, data }) =>
      [name, width, height, channels, step, offset, data.length].join(' '),
    );
  t.deepEqual(seen(nv12), ['y 4 4 1 4 0 16', 'uv 2 2 2 4 16 8']);
  t.deepEqual(seen(i420), ['y 4 4 1 4 0 16', 'u 2 2 1 2 16 4', 'v 2 2 1 2 20 4']);
  t.deepEqual(seen(padded), ['y 4 4 1 8 0 28', 'u 2 2 1 4 32 6', 'v 2 2 1 4 40 6']);
  t.deepEqual(seen(rgb), ['all 4 4 3 30 0 57']);
  i420.planes[2]!.data[3] = 99;
  t.deepEqual(i420.pixel(3, 3).at(-1), 99);
  t.is(i420.planes[1]!.data.buffer, i420.data.buffer);
});

test('pixel takes x first, at takes y first', (t) => {
  using image = new Image({ width: 640, height: 480 });
  image.data.set([7, 8, 9], (240 * 640 + 320) * 3);
  t.deepEqual(image.pixel(320, 240), [7, 8, 9]);
  t.deepEqual(image.at(240, 320), [7, 8, 9]);
  t.is(image.at(240, 320, 1), 8);
  t.deepEqual(image.pixel(240, 320), [0, 0, 0]);
  const expected = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };
  t.throws(() => image.pixel(320, 480), expected);
  t.throws(() => image.at(480, 320), expected);
  t.throws(() => image.at(0, 0, 3), expected);
});

test('setPixel writes one pixel and no other', (t) => {
  using image = new Image({ width: 640, height: 480 });
  image.setPixel(320, 240, [255, 0, 0]);
  t.is(image.data.indexOf(255), (240 * 640 + 320) * 3);
  t.is(
    image.data.reduce((sum, value) => sum + value, 0),
    255,
  );
  using grey = new Image(2, 2, 'mono8');
  t.deepEqual(
    Array.from(grey.setPixel(1, 0, 5).setPixel(0, 1, Uint8Array.of(6)).data),
    [0, 5, 6, 0],
  );
});

test('setPixel refuses too few and too many values', (t) => {
  using image = counting('rgb8', 4, 4);
  const before = image.data.slice();
  for (const values of [[], [1], [1, 2], [1, 2, 3, 4], 5]) {
    const error = t.throws(() => image.setPixel(1, 1, values));
    t.regex(error.message, /rgb8 takes 3 values of uint8/);
  }
  t.deepEqual(image.data, before);
});

test('values that the element type cannot hold are refused', (t) => {
  const wrong: [Encoding, number[]][] = [
    ['mono8', [256, -1, 0.5, Number.NaN, Infinity, 2 ** 31, 2 ** 53]],
    ['mono16', [65_536, -1, 0.5, Number.NaN, -Infinity, 2 ** 32]],
  ];
  for (const [encoding, values] of wrong) {
    using image = counting(encoding, 4, 4);
    const before = image.data.slice();
    for (const value of values) {
      t.throws(() => image.setPixel(0, 0, value), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
      t.throws(() => image.fill([value]), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
    }
    t.deepEqual(image.data, before);
  }
  using floats = new Image(1, 1, 'mono32f');
  for (const value of [1e30, -1, 0.5, Number.NaN, -0]) {
    t.deepEqual(floats.fill(value).pixel(0, 0), [Math.fround(value)]);
  }
});

test('fill gives every pixel one value', (t) => {
  using image = counting('rgb8', 64, 48);
  t.true(image.fill([0, 0, 0]).data.every((value) => value === 0));
  image.fill([1, 2, 3]);
  t.true(image.data.every((value, at) => value === 1 + (at % 3)));
  using floats = new Image(5, 7, 'rgb32f');
  floats.fill([0.5, -0, Number.NaN]);
  t.deepEqual(floats.pixel(6, 4), [0.5, -0, Number.NaN]);
});

test('fill leaves what lies between rows as it was', (t) => {
  for (const encoding of encodings) {
    using image = counting(encoding, 8, 6, 16);
    const before = image.data.slice();
    image.fill(Array.from({ length: image.pixel(0, 0).length }, (_, c) => c + 1));
    const places = new Set<number>();
    const size = image.data.BYTES_PER_ELEMENT;
    for (const { width, height, channels, step, offset } of image.planes) {
      for (let y = 0; y < height; y++) {
        const start = (offset + y * step) / size;
        for (let at = 0; at < width * channels; at++) places.add(start + at);
      }
    }
    const wrong = Array.from(image.data).filter(
      (value, at) => !places.has(at) && value !== before[at],
    );
    t.deepEqual(wrong, [], encoding);
  }
});

test('copyFrom takes all bytes', (t) => {
  using image = new Image(4, 6);
  const values = Uint8Array.from({ length: 72 }, (_, at) => at + 1);
  t.is(image.copyFrom(values), image);
  t.deepEqual(image.data, values);
  image.copyFrom(values.slice().reverse().buffer);
  t.is(image.data[0], 72);
  using floats = new Image(1, 2, 'mono32f');
  t.deepEqual(floats.copyFrom(Float32Array.of(0.1, -0)).data, Float32Array.of(0.1, -0));
});

test('copyFrom takes padded rows, and fills padded and cropped images', (t) => {
  for (const encoding of encodings) {
    using from = counting(encoding, 8, 6, 16);
    using packed = new Image({ width: 8, height: 6, encoding });
    const rowStride = from.step;
    packed.copyFrom(from.data, { rowStride });
    using to = new Image({ width: 8, height: 6, encoding, step: rowStride + 8 });
    to.copyFrom(packed.data);
    for (const image of [packed, to]) {
      t.deepEqual(image.roi(0, 0, 8, 6), from.roi(0, 0, 8, 6), encoding);
    }
  }
  using whole = new Image(4, 4, 'mono8');
  using part = whole.crop(1, 1, 2, 2);
  part.copyFrom(Uint8Array.of(1, 2, 3, 4));
  t.deepEqual(Array.from(whole.data), [0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0]);
  const last = Uint8Array.of(5, 6, 0, 7, 8);
  part.copyFrom(last, { rowStride: 3 }).copyFrom(Uint8Array.of(...last, 0), { rowStride: 3 });
  t.deepEqual(Array.from(part.roi(0, 0, 2, 2)), [5, 6, 7, 8]);
});

test('copyFrom of bytes of the same image', (t) => {
  using image = new Image(8, 8, 'mono8');
  image.copyFrom(Uint8Array.from({ length: 64 }, (_, at) => at));
  using lower = image.crop(0, 1, 8, 4);
  lower.copyFrom(image.data.subarray(0, 32));
  t.deepEqual(
    Array.from(lower.data),
    Array.from({ length: 32 }, (_, at) => at),
  );
});

test('copyFrom of many bytes to the rows below others', (t) => {
  using image = new Image(1024, 1024, 'mono8');
  using lower = image.crop(0, 512, 1024, 512);
  lower.copyFrom(new Uint8Array(512 * 1024).fill(7));
  t.deepEqual([image.pixel(0, 511), image.pixel(0, 512), image.pixel(1023, 1023)], [[0], [7], [7]]);
  t.is(image.data.indexOf(7), 512 * 1024);
});

test('copyFrom refuses another length and changes nothing', (t) => {
  using image = counting('rgb8', 4, 4);
  const before = image.data.slice();
  for (const length of [0, 47, 49, 480]) {
    const error = t.throws(() => image.copyFrom(new Uint8Array(length)));
    t.like(error, { code: 'ERR_FRAMELANE_INVALID_LENGTH' });
    t.regex(error.message, /takes 48 bytes, got/);
  }
  t.throws(() => image.copyFrom(new Uint8Array(48), { rowStride: 11 }), { message: /rowStride/ });
  t.throws(() => image.copyFrom(new Uint8Array(48), { rowStride: 13 }), { message: /got 48/ });
  t.deepEqual(image.data, before);
});

test('roi is what a slice of rows and columns is', (t) => {
  using image = counting('rgb8', 300, 300);
  const region = image.roi(100, 100, 200, 200);
  t.is(region.length, 200 * 200 * 3);
  t.true(region instanceof Uint8Array);
  for (let y = 0; y < 200; y++) {
    const start = ((100 + y) * 300 + 100) * 3;
    const row = region.subarray(y * 600, (y + 1) * 600);
    t.is(Buffer.compare(row, (image.data as Uint8Array).subarray(start, start + 600)), 0);
  }
  region.fill(0);
  t.not(image.at(100, 100, 1), 0, 'a copy');
  t.deepEqual(image.roi(0, 0, 300, 300), image.data.slice());
  t.deepEqual(Array.from(image.roi(299, 299, 1, 1)), image.pixel(299, 299));
});

test('roi of pictures in planes has the planes one after another', (t) => {
  for (const encoding of ['nv12', 'i420'] as const) {
    using image = counting(encoding, 8, 8, 16);
    const bytes = image.roi(2, 4, 4, 2);
    using part = Image.fromBytes(bytes, { width: 4, height: 2, encoding });
    for (let y = 0; y < 2; y++) {
      for (let x = 0; x < 4; x++) t.deepEqual(part.pixel(x, y), image.pixel(x + 2, y + 4));
    }
    const odd: Rect[] = [
      [1, 0, 2, 2],
      [0, 1, 2, 2],
      [0, 0, 3, 2],
      [0, 0, 2, 1],
    ];
    for (const region of odd) {
      t.throws(() => image.roi(...region), { message: /multiple of 2.*nv12|i420/ });
    }
  }
});

test('roi and crop refuse what lies outside', (t) => {
  using image = new Image(4, 6);
  const outside: Rect[] = [
    [0, 0, 7, 4],
    [0, 0, 6, 5],
    [6, 0, 1, 1],
    [0, 4, 1, 1],
    [5, 3, 2, 1],
    [-1, 0, 2, 2],
    [0, 0, 0, 1],
    [0, 0, 1, 0],
    [1, 0, 2 ** 32, 1],
    [1, 0, 2 ** 32 - 1, 1],
  ];
  for (const region of outside) {
    t.throws(() => image.roi(...region), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
    t.throws(() => image.crop(...region), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  }
});

test('crop is a view: what is written to it is in the image', (t) => {
  using image = new Image({ width: 640, height: 480, frameId: 'left' });
  using top = image.crop(0, 0, image.width, 10);
  top.fill([255, 255, 255]);
  t.is(image.data.lastIndexOf(255), 10 * 640 * 3 - 1);
  t.is(image.data.indexOf(0), 10 * 640 * 3);
  using part = image.crop(5, 8, 20, 12);
  t.deepEqual([part.height, part.width, part.step, part.frameId], [12, 20, 1920, 'left']);
  t.deepEqual(
    [part.shape, part.strides],
    [
      [12, 20, 3],
      [1920, 3, 1],
    ],
  );
  t.deepEqual([part.nbytes, part.byteLength], [720, 11 * 1920 + 60]);
  t.true(part instanceof Image);
  part.setPixel(1, 2, [1, 2, 3]);
  t.deepEqual(image.pixel(6, 10), [1, 2, 3]);
  using inner = part.crop(1, 2, 3, 3);
  t.deepEqual(inner.pixel(0, 0), [1, 2, 3]);
  using copy = inner.clone();
  t.deepEqual([copy.step, copy.pixel(0, 0)], [9, [1, 2, 3]]);
  copy.fill([9, 9, 9]);
  t.deepEqual(image.pixel(6, 10), [1, 2, 3]);
});

test('crop is released for itself and holds the slot', (t) => {
  const topic = freshTopic();
  const image = topic.loan({ width: 4, height: 4, encoding: 'mono8' });
  image.fill(5);
  const part = image.crop(1, 1, 2, 2);
  image.release();
  t.deepEqual(part.pixel(1, 1), [5]);
  t.is(topic.stats().loaned, 1);
  part.release();
  t.is(topic.stats().loaned, 0);
  t.throws(() => part.pixel(0, 0), { code: 'ERR_FRAMELANE_RELEASED' });
  topic.close();
});

test('crop of a received image is read-only', (t) => {
  const topic = freshTopic();
  topic.send(topic.loan({ width: 4, height: 4, encoding: 'mono8' }).fill(7));
  using image = topic.tryRecv()!;
  using part = image.crop(1, 1, 2, 2);
  t.deepEqual(part.pixel(0, 0), [7]);
  t.deepEqual(Array.from(part.clone().data), [7, 7, 7, 7]);
  const written = part as unknown as Image;
  t.throws(() => written.fill(1), { code: 'ERR_FRAMELANE_FROZEN' });
  t.throws(() => written.setPixel(0, 0, 1), { code: 'ERR_FRAMELANE_FROZEN' });
  t.throws(() => written.copyFrom(new Uint8Array(4)), { code: 'ERR_FRAMELANE_FROZEN' });
  topic.close();
});

test('a crop is read-only once the whole is sent', (t) => {
  const topic = freshTopic();
  const image = topic.loan({ width: 4, height: 4, encoding: 'mono8' });
  using part = image.crop(1, 1, 2, 2);
  topic.send(image.fill(7));
  t.deepEqual(part.pixel(1, 1), [7]);
  t.throws(() => part.fill(1), { code: 'ERR_FRAMELANE_FROZEN' });
  topic.close();
});

test('nobody can be sent a part, but a copy of it', async (t) => {
  const topic = freshTopic();
  using image = counting('rgb8', 8, 8);
  using part = image.crop(2, 3, 4, 2);
  const expected = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT', message: /clone\(\)/ } as const;
  t.throws(() => topic.send(part), expected);
  t.throws(() => part.toToken(), expected);
  t.throws(() => part.toToken({ transfer: true }), expected);
  topic.send(part.clone());
  using received = topic.tryRecv()!;
  t.deepEqual(received.roi(0, 0, 4, 2), part.roi(0, 0, 4, 2));
  using decoded = Image.decode(await part.encode('png'));
  t.deepEqual(decoded.data, received.data, 'the file shows the part');
  part.fill([1, 2, 3]);
  Image.decode(await received.encode('png'), { into: part });
  t.deepEqual(part.roi(0, 0, 4, 2), received.roi(0, 0, 4, 2));
  t.deepEqual(image.pixel(0, 0), expectedPixel(image, 0, 0));
  topic.close();
});

test('crop refuses what no view shows, and says what to do', (t) => {
  const wrong: [Encoding, [number, number, number, number], RegExp][] = [
    ['nv12', [0, 0, 2, 2], /2 planes.*roi\(\).*convert\('rgb8'\)/],
    ['i420', [0, 0, 2, 2], /3 planes/],
    ['yuyv', [1, 0, 2, 2], /crop: x: .*2x1 pixels together.*got 1/],
    ['uyvy', [0, 0, 3, 2], /crop: w: .*got 3/],
    ['bayer_rggb8', [1, 0, 2, 2], /crop: x: .*colours of bayer_rggb8 would change places/],
    ['bayer_gbrg16', [0, 1, 2, 2], /crop: y/],
  ];
  for (const [encoding, region, message] of wrong) {
    using image = new Image(8, 8, encoding);
    t.throws(() => image.crop(...region), { message });
  }
  using bayer = counting('bayer_rggb8', 8, 8);
  using part = bayer.crop(2, 2, 3, 3);
  t.deepEqual(part.pixel(0, 0), bayer.pixel(2, 2));
});

test('pixels are in the memory of the processor', (t) => {
  using image = new Image(2, 2);
  t.is(image.device, 'cpu');
  t.true(image.isCpu());
});

test('matrix and range of Y, U and V are said and travel', (t) => {
  const topic = freshTopic();
  const shape = { width: 4, height: 2, encoding: 'nv12' } as const;
  using none = new Image(shape);
  t.deepEqual([none.yuvMatrix, none.yuvRange], [null, null]);
  none.setYuv({ matrix: 'bt601' }).setYuv({ range: 'full' });
  t.deepEqual([none.yuvMatrix, none.yuvRange], ['bt601', 'full']);
  topic.send(topic.loan({ ...shape, yuvMatrix: 'bt709', yuvRange: 'limited' }));
  using received = topic.tryRecv()!;
  using copy = received.clone();
  for (const image of [received, copy]) {
    t.deepEqual([image.yuvMatrix, image.yuvRange], ['bt709', 'limited']);
  }
  using bytes = Image.fromBytes(new Uint8Array(12), { ...shape, yuvRange: 'full' });
  t.deepEqual([bytes.yuvMatrix, bytes.yuvRange], [null, 'full']);
  const wrong = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' } as const;
  t.throws(() => new Image({ width: 2, height: 2, yuvMatrix: 'bt709' }), wrong);
  t.throws(() => none.setYuv({ matrix: 'bt2020' as 'bt709' }), wrong);
  t.throws(() => none.setYuv({ colour: 1 } as object), wrong);
  topic.close();
});

test('rows can be padded', (t) => {
  using image = new Image({ width: 3, height: 2, encoding: 'mono16', step: 10 });
  t.deepEqual([image.step, image.strides, image.nbytes, image.byteLength], [10, [5, 1], 12, 16]);
  for (const step of [5, 7, -6, 2 ** 32, 6.5, Number.NaN, 0]) {
    const shape = { width: 3, height: 2, encoding: 'mono16', step } as const;
    t.throws(() => new Image(shape), { code: 'ERR_FRAMELANE_INVALID_SIZE' });
  }
  const odd = { width: 4, height: 2, encoding: 'i420', step: 5 } as const;
  t.throws(() => new Image(odd), { message: /multiple of 2, got 5/ });
  const topic = freshTopic();
  topic.send(topic.loan({ width: 3, height: 2, encoding: 'mono8', step: 8 }).fill(3));
  using received = topic.tryRecv()!;
  t.deepEqual([received.step, received.pixel(2, 1)], [8, [3]]);
  t.deepEqual(Array.from(received.clone().data), [3, 3, 3, 3, 3, 3]);
  topic.close();
});
