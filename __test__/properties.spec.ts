/** Sizes, strides and regions made up by fast-check, each against the plainest way to say it. */
import test from 'ava';
import fc from 'fast-check';
import { Image, type Encoding } from 'framelane';
import { encodings, expectedPixel, counting, valueMax } from './pictures.js';

/** A seed in the environment repeats a run; each failure prints its own. */
const settings = { numRuns: Number(process.env['FRAMELANE_TEST_RUNS'] ?? 200) };

/** An encoding and a size that it can have. */
const shapes = fc
  .record({
    encoding: fc.constantFrom(...encodings),
    across: fc.integer({ min: 1, max: 9 }),
    down: fc.integer({ min: 1, max: 9 }),
    padding: fc.constantFrom(0, 0, 8, 24),
  })
  .map(({ encoding, across, down, padding }) => {
    const halved = /^(yuv|yuyv|uyvy|nv12|i420)/.test(encoding);
    const planar = /^(nv12|i420)$/.test(encoding);
    return {
      encoding,
      width: halved ? 2 * across : across,
      height: planar ? 2 * down : down,
      padding,
    };
  });

type Shape = typeof shapes extends fc.Arbitrary<infer S> ? S : never;

/** A region of a picture with these shares of what is possible. */
function regionOf({ encoding, width, height }: Shape, shares: readonly number[]) {
  const [unitX, unitY] = unitsOf(encoding);
  const pick = (share: number, count: number): number => Math.floor(share * count);
  const [columns, rows] = [width / unitX, height / unitY];
  const x = pick(shares[0]!, columns);
  const y = pick(shares[1]!, rows);
  const w = 1 + pick(shares[2]!, columns - x);
  const h = 1 + pick(shares[3]!, rows - y);
  return { x: x * unitX, y: y * unitY, w: w * unitX, h: h * unitY };
}

/** What x and w, y and h must be multiples of. */
function unitsOf(encoding: Encoding): [number, number] {
  if (encoding === 'nv12' || encoding === 'i420') return [2, 2];
  if (/^(yuv|yuyv|uyvy)/.test(encoding)) return [2, 1];
  return [1, 1];
}

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const shares = fc.tuple(share, share, share, share);

test('shape, strides and bytes agree, of every encoding and size', (t) => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const { encoding, width, height, padding } = shape;
      using image = counting(encoding, width, height, padding);
      using packed = new Image({ width, height, encoding });
      const product = image.shape.reduce((all, extent) => all * extent, 1);
      t.is(product * image.data.BYTES_PER_ELEMENT, image.nbytes);
      t.is(packed.byteLength, packed.nbytes);
      t.is(packed.data.length, product);
      t.is(image.strides.at(-1), 1);
      t.is(image.shape.length, image.strides.length);
      t.is(image.strides[0]! * image.data.BYTES_PER_ELEMENT, image.step);
      t.is(image.step, packed.step + padding);
      t.is(image.data.byteLength, image.byteLength);
      const places = image.planes.reduce(
        (sum, plane) => sum + plane.width * plane.height * plane.channels,
        0,
      );
      t.is(places, product);
      const last = image.planes.at(-1)!;
      t.is(last.offset + last.data.byteLength, image.byteLength);
      t.is(image.toContiguous().data.length, product);
    }),
    settings,
  );
});

test('roi and crop show the pixels of the whole', (t) => {
  fc.assert(
    fc.property(shapes, shares, (shape, picks) => {
      const { encoding, width, height, padding } = shape;
      using image = counting(encoding, width, height, padding);
      const { x, y, w, h } = regionOf(shape, picks);
      const bytes = image.roi(x, y, w, h);
      using part = Image.fromBytes(bytes, { width: w, height: h, encoding });
      const same = (other: Image): void => {
        for (let row = 0; row < h; row++) {
          for (let column = 0; column < w; column++) {
            const expected = expectedPixel(image, x + column, y + row);
            t.deepEqual(other.pixel(column, row), expected);
          }
        }
      };
      same(part);
      const bayer = encoding.startsWith('bayer') && (x % 2 !== 0 || y % 2 !== 0);
      if (unitsOf(encoding)[1] === 2 || bayer) {
        t.throws(() => image.crop(x, y, w, h));
        return;
      }
      using view = image.crop(x, y, w, h);
      same(view);
      using copy = view.clone();
      t.deepEqual(copy.roi(0, 0, w, h), bytes);
    }),
    settings,
  );
});

test('fill of a crop changes its pixels and no others', (t) => {
  fc.assert(
    fc.property(shapes, shares, (shape, picks) => {
      const { encoding, width, height, padding } = shape;
      if (unitsOf(encoding)[1] === 2) return;
      using image = counting(encoding, width, height, padding);
      const region = regionOf(shape, picks);
      // Of Bayer pictures the pattern must not move.
      const x = encoding.startsWith('bayer') ? region.x & ~1 : region.x;
      const y = encoding.startsWith('bayer') ? region.y & ~1 : region.y;
      const before = image.data.slice();
      using part = image.crop(x, y, region.w, region.h);
      const colour = part.pixel(0, 0).map((_, c) => valueMax(image) - c);
      part.fill(colour);
      const line = image.strides[0]!;
      const size = image.data.BYTES_PER_ELEMENT;
      const unit = image.nbytes / (width * height) / size;
      image.data.forEach((value, at) => {
        const [row, column] = [Math.floor(at / line), Math.floor((at % line) / unit)];
        const inside = row >= y && row < y + region.h && column >= x && column < x + region.w;
        if (!inside) t.is(value, before[at]);
        else t.true(value >= valueMax(image) - 3);
      });
    }),
    settings,
  );
});

test('pixels come back as they were set', (t) => {
  const values = fc.array(share, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(shapes, shares, values, (shape, picks, drawn) => {
      const { encoding, width, height, padding } = shape;
      using image = counting(encoding, width, height, padding);
      const [x, y] = [Math.floor(picks[0] * width), Math.floor(picks[1] * height)];
      const written = image.pixel(0, 0).map((_, c) => Math.floor(drawn[c]! * valueMax(image)));
      t.deepEqual(image.setPixel(x, y, written).pixel(x, y), written);
      t.deepEqual(expectedPixel(image, x, y), written);
    }),
    settings,
  );
});

const stride = fc.integer({ min: -12, max: 12 });

test('fromArray gathers what strides and offset say, or refuses', (t) => {
  let [taken, refused] = [0, 0];
  const layouts = fc.record({
    height: fc.integer({ min: 1, max: 5 }),
    width: fc.integer({ min: 1, max: 5 }),
    channels: fc.constantFrom(1, 3, 4),
    strides: fc.tuple(stride, stride, stride),
    offset: fc.integer({ min: 0, max: 119 }),
    dtype: fc.constantFrom(Uint8Array, Uint16Array, Float32Array),
  });
  fc.assert(
    fc.property(layouts, ({ height, width, channels, strides, offset, dtype }) => {
      const data = new dtype(120).map((_: number, at: number) => at);
      const places: number[] = [];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          for (let c = 0; c < channels; c++) {
            places.push(offset + y * strides[0] + x * strides[1] + c * strides[2]);
          }
        }
      }
      const array = { data, shape: [height, width, channels], stride: strides, offset };
      if (places.some((place) => place < 0 || place >= 120)) {
        refused++;
        t.throws(() => Image.fromArray(array), { code: 'ERR_FRAMELANE_INVALID_LENGTH' });
        return;
      }
      taken++;
      using image = Image.fromArray(array);
      t.deepEqual(Array.from(image.data), places);
      t.deepEqual([image.height, image.width, image.channels], [height, width, channels]);
    }),
    { numRuns: 5 * settings.numRuns },
  );
  t.true(taken > settings.numRuns / 2 && refused > settings.numRuns / 2, `${taken} ${refused}`);
});

test('what toNdarray gives, fromArray takes', (t) => {
  fc.assert(
    fc.property(shapes, shares, (shape, picks) => {
      const { encoding, width, height, padding } = shape;
      if (encoding === 'i420' && padding > 0) return;
      using image = counting(encoding, width, height, padding);
      using again = Image.fromArray(image.toNdarray(), { encoding });
      t.deepEqual(again.data, image.toContiguous().data);
      if (unitsOf(encoding)[1] === 2 || encoding.startsWith('bayer')) return;
      const { x, y, w, h } = regionOf(shape, picks);
      using part = image.crop(x, y, w, h);
      using gathered = Image.fromArray(part.toNdarray(), { encoding });
      t.deepEqual(gathered.roi(0, 0, w, h), image.roi(x, y, w, h));
    }),
    settings,
  );
});

test('copyFrom takes rows of any padding', (t) => {
  fc.assert(
    fc.property(shapes, fc.constantFrom(0, 8, 32), (shape, other) => {
      const { encoding, width, height, padding } = shape;
      using from = counting(encoding, width, height, padding);
      using packed = new Image({ width, height, encoding });
      using to = new Image({ width, height, encoding, step: packed.step + other });
      to.copyFrom(from.data, { rowStride: from.step });
      t.deepEqual(to.roi(0, 0, width, height), from.roi(0, 0, width, height));
    }),
    settings,
  );
});
