/** `resize` from JavaScript: the filters, what they are refused for, and into whose memory. */
import test from 'ava';
import { Image, type Encoding } from 'framelane';
import { freshTopic } from './kit.js';

/** Whatever a caller without types would pass. */
type Any = any;

const PLAIN = [
  ...(['mono8', 'mono16', 'rgb8', 'bgr8', 'rgba8', 'bgra8', 'rgb16', 'rgba16'] as const),
  ...(['mono32f', 'rgb32f', 'rgba32f', 'nv12', 'i420'] as const),
] as const satisfies Encoding[];

function gradient(width: number, height: number, encoding: Encoding): Image {
  const image = new Image({ width, height, encoding });
  const data = image.data as unknown as { [index: number]: number; length: number };
  for (let index = 0; index < data.length; index++) data[index] = (index * 37) % 251;
  return image;
}

/** The mean of the source pixels that each target pixel covers, whole ones only. */
function shrunk(data: ArrayLike<number>, width: number, height: number, by: number): number[] {
  const out: number[] = [];
  for (let y = 0; y < height; y += by) {
    for (let x = 0; x < width; x += by) {
      let sum = 0;
      for (let dy = 0; dy < by; dy++) {
        for (let dx = 0; dx < by; dx++) sum += data[(y + dy) * width + x + dx]!;
      }
      out.push(sum / by ** 2);
    }
  }
  return out;
}

test('area is the mean of what a pixel covers', (t) => {
  using image = gradient(12, 8, 'mono8');
  using small = image.resize({ width: 3, height: 2, filter: 'area' });
  const wanted = shrunk(image.data, 12, 8, 4);
  t.is(small.data.length, 6);
  small.data.forEach((value, index) => t.true(Math.abs(value - wanted[index]!) <= 1));
  using floats = image.convert('mono32f');
  using exact = floats.resize({ width: 3, height: 2, filter: 'area' });
  exact.data.forEach((value, index) => t.true(Math.abs(value * 255 - wanted[index]!) < 1e-3));
});

test('nearest takes the pixel under the centre', (t) => {
  using image = gradient(10, 1, 'rgb8');
  using small = image.resize({ width: 4, height: 1, filter: 'nearest' });
  const at = [1, 3, 6, 8];
  t.deepEqual(
    [...small.data],
    at.flatMap((x) => [...image.data.subarray(x * 3, x * 3 + 3)]),
  );
  using large = image.resize({ width: 20, height: 2, filter: 'nearest' });
  t.is(large.data[3], image.data[0]);
});

test('bilinear is between its neighbours, and a flat picture stays flat', (t) => {
  using two = Image.fromBytes(Uint8Array.of(0, 100), { width: 2, height: 1, encoding: 'mono8' });
  using four = two.resize({ width: 4, height: 1 });
  t.deepEqual([...four.data], [0, 25, 75, 100]);
  for (const encoding of PLAIN) {
    using flat = new Image({ width: 30, height: 22, encoding });
    (flat.data as unknown as Uint8Array).fill(77);
    for (const [width, height] of [
      [8, 6],
      [64, 40],
    ] as const) {
      using made = flat.resize({ width, height });
      const values = [...(made.data as unknown as Uint8Array)];
      // Floats are within 1e-5 of the largest value.
      t.true(
        values.every((value) => Math.abs(value - 77) <= 77e-5),
        encoding,
      );
      t.deepEqual([made.width, made.height, made.encoding], [width, height, encoding]);
    }
  }
});

test('frame id, time stamp and camera stay', (t) => {
  using image = gradient(8, 8, 'rgb8');
  image.setFrameId('left').setTimestampNs(9n);
  image.setCameraInfo({ width: 8, height: 8, fx: 5, fy: 5, cx: 4, cy: 4 });
  using small = image.resize({ width: 4, height: 4 });
  t.deepEqual([small.frameId, small.timestampNs], ['left', 9n]);
  t.deepEqual(small.cameraInfo, image.cameraInfo);
});

test('straight into a frame on loan, whose size it takes', (t) => {
  const topic = freshTopic();
  using image = gradient(16, 12, 'rgb8');
  const loaned = topic.loan({ width: 4, height: 3 });
  t.is(image.resize({ into: loaned }), loaned);
  using wanted = image.resize({ width: 4, height: 3 });
  t.deepEqual([...loaned.data], [...wanted.data]);
  topic.send(loaned);
  using received = topic.tryRecv()!;
  using twice = received.resize({ width: 8, height: 6 });
  t.is(twice.width, 8);
  topic.close();
});

test('distances are not averaged', (t) => {
  using depth = gradient(8, 8, 'depth16');
  using small = depth.resize({ width: 4, height: 4 });
  t.true([...small.data].every((value) => [...depth.data].includes(value)));
  t.throws(() => depth.resize({ width: 4, height: 4, filter: 'area' }), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    message: /use nearest/,
  });
});

test('what has its colours by its place is converted first', (t) => {
  for (const encoding of ['yuv422', 'yuyv', 'uyvy', 'bayer_rggb8', 'bayer_grbg16'] as const) {
    using image = gradient(8, 8, encoding);
    t.throws(() => image.resize({ width: 4, height: 4 }), {
      code: 'ERR_FRAMELANE_INVALID_ENCODING',
      message: /convert\('rgb8'\) first/,
    });
  }
});

const wrong: [name: string, options: unknown, code: string, text: RegExp][] = [
  ['nothing', undefined, 'INVALID_ARGUMENT', /width/],
  ['no height', { width: 4 }, 'INVALID_ARGUMENT', /height/],
  ['width 0', { width: 0, height: 2 }, 'INVALID_SIZE', /got 0/],
  ['a fraction', { width: 1.5, height: 2 }, 'INVALID_SIZE', /got 1\.5/],
  ['NaN', { width: Number.NaN, height: 2 }, 'INVALID_SIZE', /NaN/],
  ['2^31', { width: 2 ** 31, height: 1 }, 'INVALID_SIZE', /2147483648/],
  ['2^53', { width: 2, height: 2 ** 53 }, 'INVALID_SIZE', /9007199254740992/],
  ['text', { width: '4', height: 4 }, 'INVALID_ARGUMENT', /"4"/],
  ['an unknown filter', { width: 4, height: 4, filter: 'cubic' }, 'INVALID_ARGUMENT', /"cubic"/],
  ['an unknown option', { width: 4, height: 4, fit: 1 }, 'INVALID_ARGUMENT', /"fit"; known/],
];
for (const [name, options, code, text] of wrong) {
  test(`refused: ${name}`, (t) => {
    using image = gradient(4, 4, 'rgb8');
    const before = [...image.data];
    const error = { code: `ERR_FRAMELANE_${code}`, message: text };
    t.throws(() => image.resize(options as Any), error);
    t.deepEqual([...image.data], before);
  });
}

test('what is wrong with into is said', (t) => {
  const topic = freshTopic();
  using image = gradient(4, 4, 'rgb8');
  using other = new Image(2, 2, 'mono8');
  t.throws(() => image.resize({ into: other as Any }), {
    code: 'ERR_FRAMELANE_INVALID_ENCODING',
  });
  using small = new Image(2, 2, 'rgb8');
  t.throws(() => image.resize({ width: 3, height: 2, into: small }), {
    code: 'ERR_FRAMELANE_INVALID_SIZE',
    message: /3x2, got 2x2/,
  });
  t.throws(() => image.resize({ into: image }), { message: /expected another frame/ });
  topic.send(topic.loan({ width: 2, height: 2 }));
  using received = topic.tryRecv();
  t.throws(() => image.resize({ into: received as Any }), { code: 'ERR_FRAMELANE_FROZEN' });
  topic.close();
});
