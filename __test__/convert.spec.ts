/** `convert` from JavaScript: every pair of encodings, values against references written here. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { Image, type Encoding } from 'framelane';
import { freshTopic } from './kit.js';

const COMMON = ['rgb8', 'rgba8', 'bgr8', 'mono8'] as const satisfies Encoding[];
const OTHERS = [
  ...(['mono16', 'bgra8', 'yuv422', 'yuyv', 'uyvy', 'nv12', 'i420', 'rgb16', 'rgba16'] as const),
  ...(['mono32f', 'rgb32f', 'rgba32f', 'depth16'] as const),
  ...(['bayer_rggb8', 'bayer_bggr8', 'bayer_gbrg8', 'bayer_grbg8'] as const),
  ...(['bayer_rggb16', 'bayer_bggr16', 'bayer_gbrg16', 'bayer_grbg16'] as const),
] as const satisfies Encoding[];
const ALL: readonly Encoding[] = [...COMMON, ...OTHERS];

const clip = new URL('../../__test__/data/clip/', import.meta.url);

/** Whatever a caller without types would pass. */
type Any = any;

function random(width: number, height: number, encoding: Encoding): Image {
  const image = new Image({ width, height, encoding });
  const data = image.data as unknown as { [index: number]: number; length: number };
  const floats = image.dtype === 'float32';
  for (let index = 0; index < data.length; index++) {
    data[index] = floats ? Math.random() : Math.floor(Math.random() * 65_536);
  }
  return image;
}

test('every encoding becomes the four common ones, and those every encoding', (t) => {
  const common: readonly string[] = COMMON;
  const alias = (name: string): string => (name === 'yuyv' ? 'yuv422' : name);
  for (const from of ALL) {
    using image = random(6, 4, from);
    image.setFrameId('left').setTimestampNs(5n);
    for (const to of ALL) {
      const possible = common.includes(from) || common.includes(to) || alias(from) === alias(to);
      if (possible) {
        using made = image.convert(to);
        t.is(made.encoding, to);
        t.deepEqual([made.width, made.height, made.frameId], [6, 4, 'left']);
        t.is(made.timestampNs, 5n);
      } else {
        const error = t.throws(() => image.convert(to), {
          code: 'ERR_FRAMELANE_NO_CONVERSION',
        })!;
        const steps = /convert\('(\w+)'\) and then convert\('(\w+)'\)/.exec(error.message);
        t.is(steps?.[2], to, error.message);
        using between = image.convert(steps![1] as Encoding);
        using made = between.convert(to);
        t.is(made.encoding, to);
      }
    }
  }
});

test('rgba8 to bgra8 swaps red and blue', (t) => {
  using image = Image.fromBytes(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), {
    width: 2,
    height: 1,
    encoding: 'rgba8',
  });
  using swapped = image.convert('bgra8');
  t.deepEqual([...swapped.data], [3, 2, 1, 4, 7, 6, 5, 8]);
  using back = swapped.convert('rgba8');
  t.deepEqual([...back.data], [...image.data]);
  using opaque = image.convert('bgr8');
  t.deepEqual([...opaque.data], [3, 2, 1, 7, 6, 5]);
});

/** ITU-R BT.601 and BT.709 in floats, half to even. */
function reference(
  y: number,
  u: number,
  v: number,
  matrix: 'bt601' | 'bt709',
  range: 'limited' | 'full',
): number[] {
  const [kr, kb] = matrix === 'bt601' ? [0.299, 0.114] : [0.2126, 0.0722];
  const luma = range === 'limited' ? (y - 16) * (255 / 219) : y;
  const [blue, red] = [u - 128, v - 128].map((c) => (range === 'limited' ? c * (255 / 224) : c));
  const r = luma + 2 * (1 - kr!) * red!;
  const b = luma + 2 * (1 - kb!) * blue!;
  const g = (luma - kr! * r - kb! * b) / (1 - kr! - kb!);
  return [r, g, b].map((value) => Math.min(255, Math.max(0, value)));
}

test('yuv422 is Y U Y V', (t) => {
  const values = Uint8Array.of(81, 90, 145, 240);
  for (const [encoding, bytes] of [
    ['yuv422', values],
    ['yuyv', values],
    ['uyvy', Uint8Array.of(90, 81, 240, 145)],
  ] as const) {
    using image = Image.fromBytes(bytes, { width: 2, height: 1, encoding });
    using rgb = image.convert('rgb8');
    const wanted = [...reference(81, 90, 240, 'bt601', 'limited')];
    wanted.push(...reference(145, 90, 240, 'bt601', 'limited'));
    rgb.data.forEach((value, index) => {
      t.true(Math.abs(value - wanted[index]!) <= 1, `${encoding} ${index}: ${value}`);
    });
    using grey = image.convert('mono8');
    t.deepEqual([...grey.data], [76, 150], encoding);
  }
});

test('matrix and range are those of the frame, also after it was sent', (t) => {
  const topic = freshTopic();
  for (const yuvMatrix of ['bt601', 'bt709'] as const) {
    for (const yuvRange of ['limited', 'full'] as const) {
      const shape = { width: 2, height: 2, encoding: 'nv12', yuvMatrix, yuvRange } as const;
      const image = Image.fromBytes(Uint8Array.of(50, 100, 150, 200, 90, 180), shape as Any);
      topic.send(image as unknown as Image);
      using received = topic.tryRecv()!;
      using rgb = received.convert('rgb8');
      const wanted = [50, 100, 150, 200].flatMap((y) => reference(y, 90, 180, yuvMatrix, yuvRange));
      rgb.data.forEach((value, index) => {
        const what = `${yuvMatrix} ${yuvRange} ${index}: ${value} ${wanted[index]}`;
        t.true(Math.abs(value - wanted[index]!) <= 1, what);
      });
    }
  }
  topic.close();
});

test('real frames are the reference pictures', async (t) => {
  const frames = await readFile(new URL('frames-640x360.yuyv', clip));
  const bytes = 640 * 360 * 2;
  for (const number of [0, 1]) {
    const frame = frames.subarray(number * bytes, (number + 1) * bytes);
    using image = Image.fromBytes(frame, { width: 640, height: 360, encoding: 'yuyv' });
    using rgb = image.convert('rgb8');
    using wanted = Image.decode(await readFile(new URL(`frame${number}-640x360-rgb.png`, clip)));
    let worst = 0;
    rgb.data.forEach((value, index) => {
      worst = Math.max(worst, Math.abs(value - (wanted.data[index] as number)));
    });
    t.true(worst <= 1, `frame ${number}: ${worst}`);
  }
});

test('each Bayer order gives its colours back', (t) => {
  using flat = new Image(6, 8, 'rgb8');
  for (let index = 0; index < flat.data.length; index += 3) flat.data.set([200, 100, 50], index);
  for (const order of ['rggb', 'bggr', 'gbrg', 'grbg'] as const) {
    for (const bits of [8, 16] as const) {
      using mosaic = flat.convert(`bayer_${order}${bits}`);
      const [first, second] = mosaic.data;
      const value = { r: 200, g: 100, b: 50 };
      const scale = bits === 8 ? 1 : 257;
      t.is(first, value[order[0] as 'r'] * scale, order);
      t.is(second, value[order[1] as 'r'] * scale, order);
      using back = mosaic.convert('rgb8');
      t.deepEqual([...back.data], [...flat.data], `${order}${bits}`);
    }
  }
});

test('8 and 16 bits and floats are the same brightness', (t) => {
  using bytes = Image.fromBytes(
    Uint8Array.from({ length: 256 }, (_, index) => index),
    { width: 256, height: 1, encoding: 'mono8' },
  );
  using wide = bytes.convert('mono16');
  t.deepEqual(
    [...wide.data],
    Array.from({ length: 256 }, (_, index) => index * 257),
  );
  using floats = bytes.convert('mono32f');
  floats.data.forEach((value, index) => t.is(value, Math.fround(index / 255)));
  using all = Image.fromBytes(
    Uint16Array.from({ length: 65_536 }, (_, index) => index),
    { width: 256, height: 256, encoding: 'mono16' },
  );
  using narrow = all.convert('mono8');
  t.true(narrow.data.every((value, index) => value === Math.round(index / 257)));
  using odd = Image.fromBytes(Float32Array.of(-1, 2, Number.NaN, 0.5), {
    width: 4,
    height: 1,
    encoding: 'mono32f',
  });
  using clamped = odd.convert('mono8');
  t.deepEqual([...clamped.data], [0, 255, 0, 128]);
});

test('depths become grey and colours over a range', (t) => {
  using depth = Image.fromBytes(Uint16Array.of(0, 1000, 2000, 3000), {
    width: 4,
    height: 1,
    encoding: 'depth16',
  });
  using grey = depth.convert('mono8');
  t.deepEqual([...grey.data], [0, 1, 128, 255]);
  using ranged = depth.convert('mono8', { depthRange: [0, 3] });
  t.deepEqual([...ranged.data], [0, 86, 170, 255]);
  using turbo = depth.convert('rgb8', { colorMap: 'turbo' });
  using viridis = depth.convert('rgb8', { colorMap: 'viridis' });
  t.deepEqual([...turbo.data.subarray(0, 3)], [0, 0, 0]);
  t.deepEqual([...viridis.data.subarray(3, 6)], [68, 1, 84]);
  t.deepEqual([...viridis.data.subarray(9, 12)], [253, 231, 37]);
  t.notDeepEqual([...turbo.data], [...viridis.data]);
});

test('straight into a frame on loan, which is given back', (t) => {
  const topic = freshTopic();
  using image = random(8, 6, 'yuyv');
  const loaned = topic.loan({ width: 8, height: 6, encoding: 'rgb8' });
  t.is(image.convert('rgb8', { into: loaned }), loaned);
  using wanted = image.convert('rgb8');
  t.deepEqual([...loaned.data], [...wanted.data]);
  topic.send(loaned);
  topic.close();
});

test('what is wrong with into is said, and nothing is written', (t) => {
  const topic = freshTopic();
  using image = random(4, 4, 'rgb8');
  const wrong = (into: unknown, code: string, text: RegExp): void => {
    t.throws(() => image.convert('mono8', { into } as Any), {
      code: `ERR_FRAMELANE_${code}`,
      message: text,
    });
  };
  using other = new Image(4, 4, 'rgb8');
  wrong(other, 'INVALID_ENCODING', /expected `into` to be mono8, got rgb8/);
  using small = new Image(4, 3, 'mono8');
  wrong(small, 'INVALID_SIZE', /expected `into` to be 4x4, got 4x3/);
  t.true(small.data.every((value) => value === 0));
  wrong({}, 'INVALID_ARGUMENT', /into: expected an Image/);
  const sent = topic.loan({ width: 4, height: 4, encoding: 'mono8' });
  topic.send(sent);
  wrong(sent, 'FROZEN', /was sent/);
  using received = topic.tryRecv();
  wrong(received, 'FROZEN', /was received/);
  const gone = new Image(4, 4, 'mono8');
  gone.release();
  wrong(gone, 'RELEASED', /has been released/);
  t.throws(() => image.convert('rgb8', { into: image }), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    message: /expected another frame/,
  });
  using again = image.retain();
  t.throws(() => image.convert('rgb8', { into: again }), { message: /expected another frame/ });
  t.throws(() => gone.convert('rgb8'), { code: 'ERR_FRAMELANE_RELEASED' });
  topic.close();
});

const options: [name: string, options: unknown, text: RegExp][] = [
  ['an unknown option', { to: 1 }, /unknown option "to"/],
  ['an unknown map', { colorMap: 'jet' }, /'grey' or 'turbo' or 'viridis', got "jet"/],
  ['one distance', { depthRange: [1] }, /two distances in metres/],
  ['a range of NaN', { depthRange: [0, Number.NaN] }, /two distances/],
  ['a negative distance', { depthRange: [-1, 2] }, /two distances/],
  ['a far one', { depthRange: [0, 66] }, /65\.535/],
  ['the farther one first', { depthRange: [2, 1] }, /nearer one first/],
];
for (const [name, given, text] of options) {
  test(`refused: ${name}`, (t) => {
    using image = random(2, 2, 'depth16');
    const before = [...image.data];
    t.throws(() => image.convert('rgb8', given as Any), {
      code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
      message: text,
    });
    t.deepEqual([...image.data], before);
    t.throws(() => image.convert('rgb9' as Any), { code: 'ERR_FRAMELANE_INVALID_ENCODING' });
  });
}

test('an odd width has no yuv422', (t) => {
  using image = random(3, 2, 'rgb8');
  t.throws(() => image.convert('yuyv'), {
    code: 'ERR_FRAMELANE_INVALID_SIZE',
    message: /multiple of 2/,
  });
});
