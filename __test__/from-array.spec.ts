/** `Image.fromArray` and `fromRows`: what arrays become which image, and what is refused. */
import test from 'ava';
import { Image, type Encoding } from 'framelane';
import { freshTopic } from './kit.js';
import { counting, encodings } from './pictures.js';

/** Whatever a caller without types would pass. */
type Any = any;

const count = (length: number): number[] => Array.from({ length }, (_, at) => at + 1);

test('an array becomes an image of its values', (t) => {
  const pixels = Uint8Array.from({ length: 480 * 640 * 3 }, (_, at) => (at * 48_271) >> 5);
  using image = Image.fromArray(pixels, { width: 640, height: 480 });
  t.deepEqual([image.encoding, image.height, image.width], ['rgb8', 480, 640]);
  t.is(Buffer.compare(image.data as Uint8Array, pixels), 0);
  pixels.fill(0);
  t.true(
    image.data.some((value) => value !== 0),
    'a copy',
  );
  const shape = { width: 2, height: 2, frameId: 'left', timestampNs: 5 };
  using named = Image.fromArray(new Float32Array(4), shape);
  t.deepEqual([named.frameId, named.timestampNs], ['left', 5n]);
});

test('the encoding is found from dtype and channels', (t) => {
  const rows: [new (length: number) => Any, number, Encoding][] = [
    [Uint8Array, 1, 'mono8'],
    [Uint16Array, 1, 'mono16'],
    [Float32Array, 1, 'mono32f'],
    [Uint8Array, 3, 'rgb8'],
    [Uint16Array, 3, 'rgb16'],
    [Float32Array, 3, 'rgb32f'],
    [Uint8Array, 4, 'rgba8'],
    [Uint8ClampedArray, 4, 'rgba8'],
    [Uint16Array, 4, 'rgba16'],
    [Float32Array, 4, 'rgba32f'],
  ];
  for (const [Type, channels, encoding] of rows) {
    const array = new Type(6 * channels).fill(7);
    using flat = Image.fromArray(array, { width: 3, height: 2 });
    using shaped = Image.fromArray({ data: array, shape: [2, 3, channels] });
    for (const image of [flat, shaped]) {
      t.deepEqual([image.encoding, image.height, image.width], [encoding, 2, 3]);
      t.true(image.data.every((value) => value === 7));
    }
    if (channels > 1) continue;
    using plane = Image.fromArray({ data: array, shape: [2, 3] });
    t.is(plane.encoding, encoding);
  }
  using buffer = Image.fromArray(Buffer.from(count(6)), { width: 3, height: 2 });
  t.is(buffer.encoding, 'mono8');
});

test('what is no encoding by itself is refused, and the error says what to pass', (t) => {
  const size = { width: 2, height: 2 };
  const wrong: [Any, RegExp][] = [
    [new Uint8Array(8), /2 channels of uint8 .*pass encoding: yuv422 or yuyv or uyvy/],
    [new Float32Array(8), /2 channels of float32 .*check width and height/],
    [new Uint16Array(20), /5 channels of uint16/],
    [new Float64Array(4), /got float64; convert them before/],
    [new Int16Array(4), /got int16/],
    [new BigUint64Array(4), /got uint64/],
  ];
  for (const [array, message] of wrong) {
    const error = t.throws(() => Image.fromArray(array, size), { message });
    t.like(error, { code: 'ERR_FRAMELANE_INVALID_ENCODING' });
  }
  t.throws(() => Image.fromArray({ data: new Uint8Array(8), shape: [2, 2, 2] }), {
    message: /pass encoding: yuv422/,
  });
});

test('an encoding that is given wins and is checked', (t) => {
  const bytes = Uint8Array.from(count(12));
  using bgr = Image.fromArray(bytes, { width: 2, height: 2, encoding: 'bgr8' });
  t.deepEqual([bgr.encoding, bgr.pixel(1, 1)], ['bgr8', [10, 11, 12]]);
  using yuv = Image.fromArray({ data: bytes, shape: [3, 2, 2] }, { encoding: 'yuv422' });
  t.deepEqual(yuv.pixel(1, 2), [11, 12]);
  using depth = Image.fromArray(new Uint16Array(4), { width: 2, encoding: 'depth16' });
  t.deepEqual([depth.encoding, depth.height], ['depth16', 2]);
  using nv12 = Image.fromArray({ data: bytes.subarray(0, 6), shape: [3, 2] }, { encoding: 'nv12' });
  t.deepEqual([nv12.height, nv12.pixel(1, 1)], [2, [4, 5, 6]]);
  const wrong: [Any, Any, RegExp][] = [
    [bytes, { width: 2, height: 2, encoding: 'rgb16' }, /rgb16 takes 3 channels of uint16/],
    [new Float32Array(3), { width: 1, height: 1, encoding: 'rgba8' }, /rgba8 takes 4 .* uint8/],
    [new Uint16Array(4), { width: 2, height: 2, encoding: 'yuv422' }, /of uint8, the array/],
    [{ data: bytes, shape: [2, 2, 3] }, { encoding: 'mono8' }, /1 channels of uint8, .* has 3/],
  ];
  for (const [array, options, message] of wrong) {
    const error = t.throws(() => Image.fromArray(array, options), { message });
    t.like(error, { code: 'ERR_FRAMELANE_INVALID_ENCODING' });
  }
});

test('an array is copied once', (t) => {
  const topic = freshTopic();
  using slot = new Image(2, 2);
  const arrays = [
    Image.fromArray(new Uint8Array(12), { width: 2, height: 2 }),
    Image.fromArray(slot.toNdarray()),
    Image.fromRows([new Uint8Array(6), new Uint8Array(6)], { encoding: 'rgb8' }),
  ];
  for (const [index, image] of arrays.entries()) {
    topic.send(image);
    t.is(topic.stats().copied, index + 1);
  }
  topic.send(topic.loan({ width: 2, height: 2 }).fill([1, 2, 3]));
  t.is(topic.stats().copied, 3, 'a loan is not');
  topic.close();
});

test('C and Fortran order give the same image', (t) => {
  const [height, width, channels] = [3, 5, 3];
  const rows = Uint8Array.from(count(45));
  const columns = new Uint8Array(45);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        columns[y + height * (x + width * c)] = rows[(y * width + x) * channels + c]!;
      }
    }
  }
  using c = Image.fromArray(rows, { width, height, order: 'C' });
  using f = Image.fromArray(columns, { width, height, order: 'F' });
  using shaped = Image.fromArray({ data: columns, shape: [3, 5, 3] }, { order: 'F' });
  t.deepEqual(c.data, rows as Any);
  t.deepEqual(f.data, c.data);
  t.deepEqual(shaped.data, c.data);
  using large = Image.fromArray(Uint16Array.from(count(70 * 100)), {
    width: 70,
    height: 100,
    order: 'F',
  });
  t.deepEqual(large.pixel(69, 1), [69 * 100 + 2]);
});

test('strided and padded arrays are taken as they are', (t) => {
  const data = Uint8Array.from(count(24));
  const of = (array: Any, options?: Any): number[] => {
    using image = Image.fromArray(array, options);
    return Array.from(image.data as Iterable<number>);
  };
  const two = { width: 2, height: 2 };
  t.deepEqual(of(data, { ...two, strides: [6, 1] }), [1, 2, 7, 8]);
  t.deepEqual(of(data, { ...two, strides: [6, 3, 1], encoding: 'rgb8' }).slice(6, 9), [7, 8, 9]);
  t.deepEqual(of({ data, shape: [2, 2], stride: [-6, -1], offset: 23 }), [24, 23, 18, 17]);
  t.deepEqual(of({ data, shape: [2, 2], strides: [0, 1] }), [1, 2, 1, 2]);
  t.deepEqual(of({ data, shape: [1, 2, 3], stride: [6, 3, -1], offset: 2 }), [3, 2, 1, 6, 5, 4]);
  t.deepEqual(of({ data, shape: [2, 2], stride: Int32Array.of(4, 2) }), [1, 3, 5, 7]);
  t.deepEqual(of({ data: data.subarray(3), shape: [2, 1], offset: 1 }), [5, 6]);
  for (const encoding of encodings) {
    if (encoding === 'i420') continue;
    using padded = counting(encoding, 8, 6, 16);
    using copy = Image.fromArray(padded.toNdarray(), { encoding });
    t.deepEqual(copy.data, padded.toContiguous().data, encoding);
  }
});

test('strides that lead out of the array are refused', (t) => {
  const data = new Uint8Array(24);
  const outside: Any[] = [
    { stride: [13, 12] },
    { stride: [12, 12] },
    { stride: [-1, 1] },
    { stride: [6, 1], offset: 17 },
    { stride: [6, 1], offset: 24 },
    { stride: [-6, 1], offset: 5 },
    { stride: [2 ** 52, 1] },
    { stride: [2 ** 53 - 1, -(2 ** 53 - 1)] },
    { stride: [-(2 ** 53 - 1), 2 ** 53 - 1] },
    { shape: [5, 5] },
    { shape: [3, 2 ** 40] },
  ];
  const wrong: Any[] = [
    { stride: [2 ** 53, 1] },
    { stride: [1.5, 1] },
    { stride: [Number.NaN, 1] },
    { stride: [1] },
    { stride: [1, 1, 1] },
    { stride: 'ab' },
    { stride: [6, 1], offset: -1 },
    { stride: [6, 1], offset: 0.5 },
  ];
  for (const [layouts, code] of [
    [outside, 'INVALID_LENGTH'] as const,
    [wrong, 'INVALID_ARGUMENT'] as const,
  ]) {
    for (const layout of layouts) {
      const array = { data, shape: [2, 3], ...layout };
      t.throws(() => Image.fromArray(array), { code: `ERR_FRAMELANE_${code}` });
    }
  }
  const size = { width: 3, height: 2, strides: [22, 1] };
  t.throws(() => Image.fromArray(data, size), {
    code: 'ERR_FRAMELANE_INVALID_LENGTH',
    message: /reach from index 0 to 24, but data has 24 values/,
  });
  using whole = Image.fromArray({ data, shape: [2, 3], stride: [21, 1] });
  t.is(whole.width, 3);
});

test('shapes and sizes that contradict the array or each other are refused', (t) => {
  const data = new Uint8Array(12);
  const wrong: [Any, Any, string][] = [
    [data, undefined, 'INVALID_ARGUMENT'],
    [data, {}, 'INVALID_ARGUMENT'],
    [data, { width: 2 }, 'INVALID_ARGUMENT'],
    [data, { width: 0, height: 2 }, 'INVALID_SIZE'],
    [data, { width: 2, height: Number.NaN }, 'INVALID_SIZE'],
    [data, { width: '2', height: 2 }, 'INVALID_ARGUMENT'],
    [data, { width: 5, height: 2 }, 'INVALID_LENGTH'],
    [data, { width: 3, height: 2, encoding: 'rgb8' }, 'INVALID_LENGTH'],
    [data, { height: 5, encoding: 'rgb8' }, 'INVALID_SIZE'],
    [data, { width: 3, encoding: 'rgb8' }, 'INVALID_LENGTH'],
    [data, { width: 2, height: 2, order: 'X' }, 'INVALID_ARGUMENT'],
    [data, { width: 2, height: 2, strides: [2, 1], order: 'C' }, 'INVALID_ARGUMENT'],
    [data, { width: 2, height: 2, strides: [6, 3, 1] }, 'INVALID_ARGUMENT'],
    [data, { width: 2, height: 2, channels: 3 }, 'INVALID_ARGUMENT'],
    [data, { width: 2, height: 2, encoding: 'rgb9' }, 'INVALID_ENCODING'],
    [{ data, shape: [12] }, undefined, 'INVALID_ARGUMENT'],
    [{ data, shape: [1, 2, 2, 3] }, undefined, 'INVALID_ARGUMENT'],
    [{ data, shape: [0, 2, 3] }, undefined, 'INVALID_ARGUMENT'],
    [{ data, shape: [2, 3] }, { width: 2 }, 'INVALID_ARGUMENT'],
    [{ data, shape: [2, 3] }, { height: 3 }, 'INVALID_ARGUMENT'],
    [{ data, shape: [2, 2 ** 31], strides: [0, 0] }, undefined, 'INVALID_SIZE'],
    [{ data, shape: [2, 2 ** 31] }, undefined, 'INVALID_LENGTH'],
    [{ data, shape: [3, 3, 3] }, undefined, 'INVALID_LENGTH'],
    [{ data: [1, 2], shape: [1, 2] }, undefined, 'INVALID_ARGUMENT'],
    [{ data, shape: [2, 2, 3], stride: [6, 3, 1] }, { order: 'C' }, 'INVALID_ARGUMENT'],
    [[1, 2, 3], { width: 3, height: 1 }, 'INVALID_ARGUMENT'],
    [new DataView(new ArrayBuffer(4)), { width: 2, height: 2 }, 'INVALID_ARGUMENT'],
    [{ data: new DataView(new ArrayBuffer(4)), shape: [2, 2] }, undefined, 'INVALID_ARGUMENT'],
    [null, { width: 3, height: 1 }, 'INVALID_ARGUMENT'],
    ['abc', { width: 3, height: 1 }, 'INVALID_ARGUMENT'],
  ];
  for (const [array, options, code] of wrong) {
    t.throws(() => Image.fromArray(array, options), { code: `ERR_FRAMELANE_${code}` });
  }
  const gone = new Uint8Array(12);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const expected = { code: 'ERR_FRAMELANE_DETACHED_BUFFER' };
  t.throws(() => Image.fromArray(gone, { width: 2, height: 2 }), expected);
});

test('fromRows gathers rows from anywhere', (t) => {
  const rows = [Uint8Array.of(1, 2, 3), new Uint8Array(9).fill(4).subarray(3, 6)];
  rows.push(Buffer.from([7, 8, 9]), rows[0]!);
  const expected = [1, 2, 3, 4, 4, 4, 7, 8, 9, 1, 2, 3];
  using grey = Image.fromRows(rows, { encoding: 'mono8', frameId: 'rows' });
  t.deepEqual([grey.height, grey.width, grey.frameId], [4, 3, 'rows']);
  t.deepEqual(Array.from(grey.data), expected);
  using colours = Image.fromRows(rows, { width: 1 });
  t.deepEqual([colours.encoding, colours.pixel(0, 2)], ['rgb8', [7, 8, 9]]);
  using floats = Image.fromRows([Float32Array.of(0.5, 1)], { width: 2, height: 1 });
  t.deepEqual(floats.data as Any, Float32Array.of(0.5, 1));
});

test('fromRows refuses rows of another length or type', (t) => {
  const row = new Uint8Array(6);
  const wrong: [Any, Any, string][] = [
    [[row, new Uint8Array(5)], { encoding: 'rgb8' }, 'INVALID_LENGTH'],
    [[row, new Uint8Array(7)], { encoding: 'rgb8' }, 'INVALID_LENGTH'],
    [[row, row], { width: 3, encoding: 'rgb8' }, 'INVALID_LENGTH'],
    [[row, new Uint16Array(6)], { encoding: 'rgb8' }, 'INVALID_ENCODING'],
    [[new Float32Array(6)], { encoding: 'rgb8' }, 'INVALID_ENCODING'],
    [[row], { encoding: 'nv12' }, 'INVALID_ENCODING'],
    [[row, row], {}, 'INVALID_ARGUMENT'],
    [[row, row], { encoding: 'rgb8', height: 3 }, 'INVALID_ARGUMENT'],
    [[row, [1, 2, 3, 4, 5, 6]], { encoding: 'rgb8' }, 'INVALID_ARGUMENT'],
    [[row, undefined], { encoding: 'rgb8' }, 'INVALID_ARGUMENT'],
    [[], { encoding: 'rgb8' }, 'INVALID_ARGUMENT'],
    [row, { encoding: 'rgb8' }, 'INVALID_ARGUMENT'],
    [undefined, { encoding: 'rgb8' }, 'INVALID_ARGUMENT'],
    [[row], { width: 5 }, 'INVALID_ENCODING'],
    [[row], { width: 0 }, 'INVALID_ARGUMENT'],
    [[new Uint8Array(5)], { encoding: 'rgb8' }, 'INVALID_SIZE'],
  ];
  for (const [rows, options, code] of wrong) {
    t.throws(() => Image.fromRows(rows, options), { code: `ERR_FRAMELANE_${code}` });
  }
});
