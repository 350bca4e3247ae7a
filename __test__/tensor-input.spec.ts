/** `toTensorInput`: the floats that a model wants, in the order it wants them. */
import test from 'ava';
import { Image, type Encoding } from 'framelane';
import { freshTopic } from './kit.js';

/** Whatever a caller without types would pass. */
type Any = any;

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

function coloured(encoding: Encoding): Image {
  using rgb = new Image({ width: 5, height: 3 });
  rgb.data.forEach((_, index, data) => (data[index] = (index * 41) % 256));
  return rgb.convert(encoding as 'bgr8') as unknown as Image;
}

function close(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted));
}

test('the floats that a model wants', (t) => {
  using rgb = coloured('bgr8').convert('rgb8');
  const orders = [
    'rgb8',
    'bgr8',
    'rgba8',
    'bgra8',
    'rgb16',
    'rgba16',
    'rgb32f',
    'rgba32f',
  ] as const;
  for (const encoding of orders) {
    using image = encoding === 'bgra8' ? coloured('rgba8').convert('bgra8') : coloured(encoding);
    const chw = image.toTensorInput({ mean: MEAN, std: STD });
    const hwc = image.toTensorInput({ layout: 'hwc', mean: MEAN, std: STD });
    t.deepEqual([chw.shape, hwc.shape, chw.dtype], [[3, 3, 5], [3, 5, 3], 'float32']);
    for (let pixel = 0; pixel < 15; pixel++) {
      for (let c = 0; c < 3; c++) {
        const wanted = (rgb.data[pixel * 3 + c]! / 255 - MEAN[c]!) / STD[c]!;
        t.true(close(chw.data[c * 15 + pixel]!, wanted), `${encoding} chw ${pixel} ${c}`);
        t.true(close(hwc.data[pixel * 3 + c]!, wanted), `${encoding} hwc ${pixel} ${c}`);
      }
    }
  }
});

test('grey has one channel', (t) => {
  using grey = Image.fromBytes(Uint8Array.of(0, 51, 255), {
    width: 3,
    height: 1,
    encoding: 'mono8',
  });
  const plain = grey.toTensorInput();
  t.deepEqual(plain.shape, [1, 1, 3]);
  [0, 0.2, 1].forEach((wanted, index) => t.true(close(plain.data[index]!, wanted)));
  const around = grey.toTensorInput({ mean: 0.5, std: [0.5], layout: 'hwc' });
  t.deepEqual([around.shape, around.data[0], around.data[2]], [[1, 3, 1], -1, 1]);
});

test('into an array, or the data of a tensor', (t) => {
  using image = coloured('rgba8');
  const into = new Float32Array(45);
  t.is(image.toTensorInput({ into }).data, into);
  const tensor = { data: new Float32Array(45) };
  t.is(image.toTensorInput({ into: tensor }).data, tensor.data);
  t.deepEqual(tensor.data, into);
  t.true(into.some((value) => value !== 0));
});

test('never into a frame that others read, nor into its own', (t) => {
  const topic = freshTopic();
  topic.send(topic.loan({ width: 9, height: 5, encoding: 'mono32f' }) as Any);
  using received = topic.tryRecv()!;
  using image = coloured('rgba8');
  const error = t.throws(() => image.toTensorInput({ into: received.data as Any }));
  t.is((error as Any).code, 'ERR_FRAMELANE_FROZEN');
  using floats = new Image(3, 4, 'mono32f');
  t.throws(() => floats.toTensorInput({ into: floats.data }), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    message: /memory of its own/,
  });
  topic.close();
});

const wrong: [name: string, options: unknown, code: string, text: RegExp][] = [
  ['a layout', { layout: 'nchw' }, 'INVALID_ARGUMENT', /'chw' or 'hwc', got "nchw"/],
  ['two means', { mean: [1, 2] }, 'INVALID_ARGUMENT', /mean: .*3 of them, got "2 of them"/],
  ['a mean of NaN', { mean: Number.NaN }, 'INVALID_ARGUMENT', /mean: expected a finite number/],
  ['a mean of text', { mean: '0' }, 'INVALID_ARGUMENT', /got "0"/],
  ['a mean beyond floats', { mean: 1e300 }, 'INVALID_ARGUMENT', /1e\+300/],
  ['std 0', { std: [1, 0, 1] }, 'INVALID_ARGUMENT', /above 0, got 0/],
  ['std below 0', { std: -1 }, 'INVALID_ARGUMENT', /above 0, got -1/],
  ['std below floats', { std: 1e-60 }, 'INVALID_ARGUMENT', /above 0/],
  ['a short array', { into: new Float32Array(44) }, 'INVALID_LENGTH', /45 values, got 44/],
  ['doubles', { into: new Float64Array(45) }, 'INVALID_ARGUMENT', /into: expected a Float32Array/],
  ['an unknown option', { batch: 1 }, 'INVALID_ARGUMENT', /unknown option "batch"/],
];
for (const [name, options, code, text] of wrong) {
  test(`refused: ${name}`, (t) => {
    using image = coloured('rgba8');
    const error = { code: `ERR_FRAMELANE_${code}`, message: text };
    t.throws(() => image.toTensorInput(options as Any), error);
  });
}

test('encodings without colours of their own are converted first', (t) => {
  for (const encoding of ['yuyv', 'nv12', 'bayer_rggb8', 'depth16'] as const) {
    using image = new Image({ width: 4, height: 4, encoding });
    t.throws(() => image.toTensorInput(), {
      code: 'ERR_FRAMELANE_INVALID_ENCODING',
    });
  }
});
