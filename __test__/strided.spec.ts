/** Arrays with strides, of any type and number of dimensions: copied as a plain loop does it. */
import test from 'ava';
import fc from 'fast-check';

/** Whatever a caller without types would pass. */
type Any = any;

// What all kinds of frames share, and types of arrays that none of them takes.
const inner = new URL('../../dist/lib/strided.js', import.meta.url).href;
const { copyStrided, foldInto, readStrided } = (await import(inner)) as Any;

const types: (new (buffer: ArrayBuffer) => Any)[] = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
];

/** An array of so many values that differ in each byte. */
function valuesOf(Type: (typeof types)[number], length: number): Any {
  const bytes = new Uint8Array(length * (Type as Any).BYTES_PER_ELEMENT);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 48_271) >>> 7;
  return new Type(bytes.buffer);
}

/** The index of each element, the last dimension the fastest. */
function placesOf(shape: number[], strides: number[], offset: number): number[] {
  let places = [offset];
  shape.forEach((extent, axis) => {
    const steps = Array.from({ length: extent }, (_, index) => index * strides[axis]!);
    places = places.flatMap((place) => steps.map((step) => place + step));
  });
  return places;
}

const bytesOf = (array: Any): Buffer =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** Elements one by one, their bytes as they are. */
function plainCopy(data: Any, places: number[]): Buffer {
  const size = data.BYTES_PER_ELEMENT;
  const bytes = bytesOf(data);
  return Buffer.concat(places.map((place) => bytes.subarray(place * size, (place + 1) * size)));
}

function copied(array: Any, beside?: Any): Any {
  const read = readStrided(array, 'test', beside);
  const count = read.shape.reduce((product: number, extent: number) => product * extent, 1);
  const target = new read.data.constructor(count + 1).fill(read.data instanceof Any64 ? 7n : 7);
  copyStrided(read, target.subarray(0, count), 'test');
  if (Number(target[count]) !== 7) throw new Error('wrote beyond the end');
  return target.subarray(0, count);
}

/** Arrays of bigints, for `instanceof`. */
const Any64 = {
  [Symbol.hasInstance]: (value: unknown) =>
    value instanceof BigInt64Array || value instanceof BigUint64Array,
} as Any;

const axis = fc.record({
  extent: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(8, 25, 40)),
  stride: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(1, 40)),
});

test('any number of dimensions, any strides and all types are copied as a loop does it', (t) => {
  const layouts = fc.record({
    axes: fc.array(axis, { minLength: 0, maxLength: 5 }),
    type: fc.integer({ min: 0, max: types.length - 1 }),
  });
  fc.assert(
    fc.property(layouts, ({ axes, type }) => {
      const shape = axes.map(({ extent }) => extent);
      if (shape.reduce((product, extent) => product * extent, 1) > 5000) return;
      const strides = axes.map(({ stride }) => stride);
      const places = placesOf(shape, strides, 0);
      const offset = -places.reduce((least, place) => Math.min(least, place), 0);
      const length = offset + places.reduce((most, place) => Math.max(most, place), 0) + 1;
      const data = valuesOf(types[type]!, length);
      const copy = copied({ data, shape, strides, offset });
      const expected = plainCopy(data, placesOf(shape, strides, offset));
      t.is(Buffer.compare(bytesOf(copy), expected), 0, JSON.stringify({ shape, strides, offset }));
    }),
    { seed: 6, numRuns: 400 },
  );
});

test('rows, columns, tiles and runs of all lengths are copied', (t) => {
  const layouts: [shape: number[], strides: number[], offset?: number][] = [
    [
      [70, 50, 3],
      [1, 70, 3500],
    ],
    [
      [70, 50, 3],
      [153, 3, 1],
    ],
    [
      [70, 50, 3],
      [200, 4, 1],
    ],
    [[70, 50, 3], [200, 4, -1], 2],
    [
      [3, 70, 50],
      [1, 150, 3],
    ],
    [
      [4, 40, 33, 2],
      [1, 4, 160, 5280],
    ],
    [
      [4, 40, 33, 12],
      [1, 4, 160, 5280],
    ],
    [
      [2, 3, 4, 5, 6, 7],
      [1, 2, 6, 24, 120, 720],
    ],
    [
      [9, 23],
      [30, 1],
    ],
    [
      [9, 24],
      [30, 1],
    ],
    [[9, 100], [-100, -1], 899],
    [
      [1, 1, 5],
      [77, -9, 2],
    ],
    [
      [60, 60],
      [0, 0],
    ],
    [[], []],
  ];
  for (const [shape, strides, offset = 0] of layouts) {
    const places = placesOf(shape, strides, offset);
    const length = places.reduce((most, place) => Math.max(most, place), 0) + 1;
    for (const Type of types) {
      const data = valuesOf(Type, length);
      const copy = copied({ data, shape, strides, offset });
      const same = Buffer.compare(bytesOf(copy), plainCopy(data, places)) === 0;
      t.true(same, `${Type.name} ${JSON.stringify({ shape, strides })}`);
    }
  }
});

test('bits of a NaN are copied as they are', (t) => {
  for (const [Type, words] of [[Float32Array, 1] as const, [Float64Array, 2] as const]) {
    const bits = new Uint32Array(6 * words).fill(0x7fa0_0001);
    const data = new Type(bits.buffer);
    const copy = copied({ data, shape: [2, 3], strides: [1, 2] });
    t.deepEqual(new Uint32Array(copy.buffer, 0, 6 * words), bits);
  }
});

test('Fortran order is that of the columns, in any number of dimensions', (t) => {
  const data = valuesOf(Uint16Array, 2 * 3 * 4 * 5);
  const shape = [2, 3, 4, 5];
  const strides = [1, 2, 6, 24];
  const expected = copied({ data, shape, strides });
  t.deepEqual(copied({ data, shape }, { order: 'F' }), expected);
  t.deepEqual(copied({ data, shape }, { strides }), expected);
  t.deepEqual(copied({ data, shape }, { order: 'C' }), data);
  const flat = readStrided(data, 'test');
  t.deepEqual(flat.shape, [120]);
  t.deepEqual(foldInto(flat, shape, 'F').strides, strides);
  t.deepEqual(foldInto(flat, shape).strides, [60, 20, 5, 1]);
});

test('other types are taken with their values', (t) => {
  const data = Float64Array.from({ length: 300 }, (_, at) => at / 8);
  const read = readStrided({ data, shape: [100, 3], strides: [1, 100] }, 'test');
  const floats = new Float32Array(300);
  copyStrided(read, floats, 'test');
  const expected = Float32Array.from(placesOf([100, 3], [1, 100], 0), (place) => place / 8);
  t.deepEqual(floats, expected);
});

test('what is no layout, and what leads out of the data, is refused', (t) => {
  const data = new Int32Array(24);
  const wrong: [array: Any, beside: Any, code: string][] = [
    [{ data, shape: [24], strides: [2] }, {}, 'LENGTH'],
    [{ data, shape: [25] }, {}, 'LENGTH'],
    [{ data, shape: [2, 3, 4], offset: 1 }, {}, 'LENGTH'],
    [{ data, shape: [2, 3, 4], offset: 24 }, { order: 'F' }, 'LENGTH'],
    [{ data, shape: [2, 3, 4], strides: [12, 4, -1] }, {}, 'LENGTH'],
    [{ data, shape: [2, 3, 4] }, { strides: [12, 4, 2] }, 'LENGTH'],
    [data, { strides: [2] }, 'LENGTH'],
    [{ data, shape: [2, 3, 4] }, { strides: [4, 1] }, 'ARGUMENT'],
    [{ data, shape: [2, 3, 4] }, { strides: [12, 4, 1], order: 'C' }, 'ARGUMENT'],
    [{ data, shape: [2, 3, 4], strides: [12, 4, 1] }, { order: 'C' }, 'ARGUMENT'],
    [{ data, shape: [2, 3, 4], stride: [12, 4, 1] }, { strides: [12, 4, 1] }, 'ARGUMENT'],
    [{ data, shape: [2, 3, 4] }, { order: 'f' }, 'ARGUMENT'],
    [{ data, shape: [2, 3, 4] }, { order: null }, 'ARGUMENT'],
    [{ data, shape: [2, 0, 4] }, {}, 'ARGUMENT'],
    [{ data, shape: '24' }, {}, 'ARGUMENT'],
    [{ data, shape: [24], offset: 0.5 }, {}, 'ARGUMENT'],
    [{ data: [1, 2], shape: [2] }, {}, 'ARGUMENT'],
    [{ data }, {}, 'ARGUMENT'],
    [new DataView(data.buffer), {}, 'ARGUMENT'],
    ['abc', {}, 'ARGUMENT'],
    [null, {}, 'ARGUMENT'],
  ];
  for (const [array, beside, code] of wrong) {
    const expected = { code: `ERR_FRAMELANE_INVALID_${code}` };
    t.throws(() => readStrided(array, 'test', beside), expected);
  }
});
