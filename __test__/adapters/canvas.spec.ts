/** The adapter of canvases, with `@napi-rs/canvas`. */
import { readFileSync } from 'node:fs';
import { Image } from 'framelane';
import { drawImage, fromCanvas, toImageData } from 'framelane/adapters/canvas';
import { freshTopic } from '../kit.js';
import { counting } from '../pictures.js';
import { packageOf } from './packages.js';

const { module: canvas, test } = packageOf('@napi-rs/canvas');
const photo = new URL('../../../__test__/data/photos/chelsea.png', import.meta.url);

test('an image is drawn and comes back', (t) => {
  using image = Image.decode(readFileSync(photo));
  const surface = canvas.createCanvas(500, 320);
  drawImage(surface.getContext('2d'), image, 20, 10);
  const part = { x: 20, y: 10, width: image.width, height: image.height };
  using back = fromCanvas(surface, { ...part, frameId: 'cat' });
  t.deepEqual([back.encoding, back.frameId, back.width], ['rgba8', 'cat', 451]);
  t.deepEqual(back.data, new Uint8Array(image.toImageData().data));
  using whole = fromCanvas(surface.getContext('2d'));
  t.deepEqual([whole.width, whole.height], [500, 320]);
  t.deepEqual([whole.pixel(0, 0), whole.pixel(20, 10)], [[0, 0, 0, 0], back.pixel(0, 0)]);
});

test('a received frame is drawn', (t) => {
  const topic = freshTopic();
  topic.send(counting('bgr8', 8, 6));
  using image = topic.tryRecv()!;
  const context = canvas.createCanvas(8, 6).getContext('2d');
  drawImage(context, image);
  const [b, g, r] = image.pixel(7, 5);
  t.deepEqual(Array.from(context.getImageData(7, 5, 1, 1).data), [r, g, b, 255]);
  topic.close();
});

test('fromCanvas fills a loan', (t) => {
  const topic = freshTopic();
  const surface = canvas.createCanvas(8, 6);
  const context = surface.getContext('2d');
  context.fillStyle = 'rgb(1, 2, 3)';
  context.fillRect(0, 0, 8, 6);
  const loan = topic.loan({ width: 4, height: 3, encoding: 'rgba8' });
  const filled = fromCanvas(surface, {
    x: 4,
    y: 3,
    width: 4,
    height: 3,
    into: loan,
    timestampNs: 7,
  });
  t.is(filled, loan);
  t.deepEqual([filled.pixel(3, 2), filled.timestampNs], [[1, 2, 3, 255], 7n]);
  topic.send(filled);
  topic.close();
});

test('the ImageData of the canvas shows memory of its own, the one of the image its slot', (t) => {
  using image = new Image(4, 4, 'rgba8');
  image.fill([1, 2, 3, 255]);
  const context = canvas.createCanvas(4, 4).getContext('2d');
  const own = toImageData(context, image);
  const shared = new canvas.ImageData(image.toImageData().data, 4, 4);
  image.fill([9, 8, 7, 255]);
  t.is(own.data[0], 1, 'a copy');
  t.is(shared.data[0], 9, 'no copy: the class keeps the array');
  context.putImageData(shared, 0, 0);
  image.fill([5, 5, 5, 255]);
  t.deepEqual(Array.from(context.getImageData(0, 0, 1, 1).data), [9, 8, 7, 255], 'drawn: a copy');
});

test('what fits together is checked', (t) => {
  const surface = canvas.createCanvas(8, 6);
  using rgb = new Image(6, 8);
  using small = new Image(2, 2, 'rgba8');
  const wrong: [object, string][] = [
    [{ into: rgb }, 'INVALID_ENCODING'],
    [{ into: small }, 'INVALID_SIZE'],
    [{ into: {} }, 'INVALID_ARGUMENT'],
    [{ x: 8 }, 'INVALID_ARGUMENT'],
    [{ x: 1, width: 8 }, 'INVALID_ARGUMENT'],
    [{ y: -1 }, 'INVALID_ARGUMENT'],
    [{ height: 0.5 }, 'INVALID_ARGUMENT'],
    [{ unknown: 1 }, 'INVALID_ARGUMENT'],
  ];
  for (const [options, code] of wrong) {
    t.throws(() => fromCanvas(surface, options), { code: `ERR_FRAMELANE_${code}` });
  }
  t.throws(() => fromCanvas({} as never), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  using floats = new Image(6, 8, 'mono32f');
  const context = surface.getContext('2d');
  t.throws(() => drawImage(context, floats), { code: 'ERR_FRAMELANE_INVALID_ENCODING' });
});
