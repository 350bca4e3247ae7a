/** The adapter of ndarray, with the real package. */
import { Image } from 'framelane';
import { fromNdarray, toNdarray } from 'framelane/adapters/ndarray';
import { counting, encodings } from '../pictures.js';
import { packageOf } from './packages.js';

const { module: ndarray, test } = packageOf('ndarray');

/** Whatever ndarray gives. */
type Any = any;

test('toNdarray is a view: both see what the other writes', (t) => {
  using image = counting('rgb8', 8, 6);
  const array: Any = toNdarray(ndarray, image);
  t.is(array.data, image.data);
  t.deepEqual(Array.from(array.shape), [6, 8, 3]);
  image.setPixel(5, 2, [1, 2, 3]);
  t.deepEqual([array.get(2, 5, 0), array.get(2, 5, 2)], [1, 3]);
  array.set(3, 4, 1, 250);
  t.is(image.at(3, 4, 1), 250);
  using part = image.crop(2, 1, 4, 3);
  const view: Any = toNdarray(ndarray, part);
  t.deepEqual(Array.from(view.shape), [3, 4, 3]);
  t.is(view.get(2, 2, 1), 250);
});

test('fromNdarray takes every view of an array, by one copy', (t) => {
  using image = counting('rgb8', 8, 6);
  const array: Any = toNdarray(ndarray, image);
  const views: Record<string, Any> = {
    whole: array,
    transposed: array.transpose(1, 0, 2),
    mirrored: array.step(1, -1, 1),
    'upside down': array.step(-1, 1, 1),
    'every other': array.step(2, 2, 1),
    'a part': array.lo(1, 2, 0).hi(3, 4, 3),
    'blue first': array.step(1, 1, -1),
    'one channel': array.pick(null, null, 1),
  };
  for (const [name, view] of Object.entries(views)) {
    using copy = fromNdarray(view);
    t.deepEqual([copy.height, copy.width, copy.channels], [...view.shape, 1].slice(0, 3), name);
    for (let y = 0; y < copy.height; y++) {
      for (let x = 0; x < copy.width; x++) {
        const expected = Array.from({ length: copy.channels }, (_, c) => view.get(y, x, c));
        t.deepEqual(copy.pixel(x, y), expected, name);
      }
    }
  }
  using blue = fromNdarray(array.step(1, 1, -1), { encoding: 'bgr8', frameId: 'left' });
  t.deepEqual([blue.encoding, blue.frameId], ['bgr8', 'left']);
});

test('there and back, every encoding', (t) => {
  for (const encoding of encodings) {
    using image = counting(encoding, 8, 6);
    using again = fromNdarray(toNdarray(ndarray, image) as Any, { encoding });
    t.deepEqual(again.data, image.data, encoding);
  }
});

test('arrays of other types are refused', (t) => {
  const code = 'ERR_FRAMELANE_INVALID_ENCODING';
  t.throws(() => fromNdarray(ndarray(new Float64Array(4), [2, 2])), { code });
  t.throws(() => fromNdarray(ndarray(new Int32Array(4), [2, 2])), { code });
  const plain = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };
  t.throws(() => fromNdarray(ndarray([1, 2, 3, 4], [2, 2])), plain);
  t.throws(() => fromNdarray(ndarray(new Uint8Array(16), [2, 2, 2, 2])), plain);
  t.true(fromNdarray(ndarray(new Uint8Array(4), [2, 2])) instanceof Image);
});
