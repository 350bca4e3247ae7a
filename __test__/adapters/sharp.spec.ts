/** The adapter of sharp, with the real package; pixels against PNG files as libvips reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import { Image, Topic, type Encoding } from 'framelane';
import { fromSharp, toSharp } from 'framelane/adapters/sharp';
import { freshName, freshTopic } from '../kit.js';
import { counting } from '../pictures.js';
import { packageOf } from './packages.js';

const { module: sharp, test } = packageOf('sharp');
const photos = new URL('../../../__test__/data/photos/', import.meta.url);

/** The pixels that a pipeline gives, by sharp alone. */
async function rawOf(pipeline: typeof sharp, depth = 'uchar'): Promise<Uint8Array> {
  return pipeline.raw({ depth }).toBuffer();
}

test('every pixel of every photo is what another library decodes', async (t) => {
  const files = readdirSync(photos).filter((name) => name.endsWith('.png'));
  t.true(files.length >= 6);
  for (const file of files) {
    const bytes = readFileSync(new URL(file, photos));
    const channels = file === 'camera.png' ? 1 : file === 'horse-rgba.png' ? 4 : 3;
    // The values of the file, as they are there: `rocket.png` has a profile of Adobe RGB.
    const colours = sharp(bytes, { ignoreIcc: true });
    const plain = channels === 1 ? colours.toColourspace('b-w') : colours;
    const expected = await rawOf(plain);
    using image = Image.decode(bytes);
    t.is(image.channels, channels, file);
    t.is(image.nbytes, expected.length, file);
    let [wrong, at] = [0, 0];
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        const values = image.pixel(x, y);
        for (const value of values) if (value !== expected[at++]) wrong++;
        if (image.at(y, x, 0) !== values[0]) wrong++;
      }
    }
    t.is(wrong, 0, file);
    const { width, height } = image;
    const [w, h] = [width - 51, height - 41];
    const region = { left: 50, top: 40, width: w, height: h };
    t.deepEqual(
      image.roi(50, 40, w, h),
      new Uint8Array(await rawOf(plain.clone().extract(region))),
    );
  }
});

test('toSharp copies nothing: what is written afterwards is in the result', async (t) => {
  using image = new Image(48, 64);
  image.fill([10, 20, 30]);
  const pipeline: typeof sharp = toSharp(sharp, image);
  image.fill([1, 2, 3]);
  const pixels = await rawOf(pipeline);
  t.deepEqual(Array.from(pixels.subarray(0, 3)), [1, 2, 3]);
});

test('toSharp takes the encodings that sharp has', async (t) => {
  const known: [Encoding, string, string][] = [
    ['mono8', 'b-w', 'uchar'],
    ['rgb8', 'srgb', 'uchar'],
    ['rgba8', 'srgb', 'uchar'],
    ['mono16', 'grey16', 'ushort'],
    ['rgb16', 'rgb16', 'ushort'],
    ['rgba16', 'rgb16', 'ushort'],
  ];
  for (const [encoding, space, depth] of known) {
    for (const padding of [0, 16]) {
      using image = counting(encoding, 8, 6, padding);
      const pipeline: typeof sharp = toSharp(sharp, image);
      const pixels = await rawOf(pipeline.toColourspace(space), depth);
      t.deepEqual(new Uint8Array(pixels), image.roi(0, 0, 8, 6), encoding);
    }
  }
  for (const encoding of ['bgr8', 'yuv422', 'nv12', 'rgb32f'] as const) {
    using image = new Image(4, 4, encoding);
    const expected = { code: 'ERR_FRAMELANE_INVALID_ENCODING', message: /convert\('rgb8'\)/ };
    t.throws(() => toSharp(sharp, image), expected);
  }
});

test('toSharp of a received frame and of a part', async (t) => {
  const topic = freshTopic();
  topic.send(counting('rgb8', 40, 30));
  using image = topic.tryRecv()!;
  using part = image.crop(8, 4, 20, 10);
  const region = { left: 8, top: 4, width: 20, height: 10 };
  const expected = await rawOf(toSharp<typeof sharp>(sharp, image).extract(region));
  t.deepEqual(await rawOf(toSharp(sharp, part)), expected);
  topic.close();
});

test('fromSharp makes an image, or fills a loan', async (t) => {
  const file = readFileSync(new URL('chelsea.png', photos));
  const expected = await rawOf(sharp(file).resize(64, 48));
  using made = await fromSharp(sharp(file).resize(64, 48), { frameId: 'cat', timestampNs: 5n });
  t.deepEqual([made.encoding, made.width, made.height], ['rgb8', 64, 48]);
  t.deepEqual([made.frameId, made.timestampNs], ['cat', 5n]);
  t.deepEqual(made.data as Uint8Array, new Uint8Array(expected));

  const topic = new Topic(Image, freshName());
  const loan = topic.loan({ width: 64, height: 48 });
  const filled = await fromSharp(sharp(file).resize(64, 48), { into: loan, frameId: 'cat' });
  t.is(filled, loan);
  topic.send(filled);
  using received = topic.tryRecv()!;
  t.deepEqual(received.data, made.data);
  t.is(received.frameId, 'cat');
  topic.close();

  using grey = await fromSharp(sharp(file).toColourspace('b-w'), { encoding: 'mono8' });
  t.deepEqual([grey.encoding, grey.width], ['mono8', 451]);
  using deep = await fromSharp(sharp(file).toColourspace('rgb16'), { encoding: 'rgb16' });
  using plain = Image.decode(file);
  t.is(deep.pixel(100, 100)[0]! >> 8, plain.pixel(100, 100)[0]);
});

test('what fits together is checked', async (t) => {
  const file = readFileSync(new URL('chelsea.png', photos));
  using small = new Image(4, 4);
  using floats = new Image(4, 4, 'mono32f');
  const wrong: [object, string][] = [
    [{ encoding: 'mono8' }, 'INVALID_ENCODING'],
    [{ encoding: 'bgr8' }, 'INVALID_ARGUMENT'],
    [{ into: small }, 'INVALID_SIZE'],
    [{ into: floats }, 'INVALID_ARGUMENT'],
    [{ into: {} }, 'INVALID_ARGUMENT'],
    [{ unknown: 1 }, 'INVALID_ARGUMENT'],
  ];
  for (const [options, code] of wrong) {
    await t.throwsAsync(fromSharp(sharp(file), options), { code: `ERR_FRAMELANE_${code}` });
  }
});
