/** Every encoding against the table as the documents give it, written down once more here. */
import test from 'ava';
import { Image, type Encoding } from 'framelane';

type Row = [Encoding, channels: number, bytesPerPixel: number, dtype: string, values: string];

const table: Row[] = [
  ['mono8', 1, 1, 'uint8', 'Uint8Array'],
  ['mono16', 1, 2, 'uint16', 'Uint16Array'],
  ['rgb8', 3, 3, 'uint8', 'Uint8Array'],
  ['bgr8', 3, 3, 'uint8', 'Uint8Array'],
  ['rgba8', 4, 4, 'uint8', 'Uint8Array'],
  ['bgra8', 4, 4, 'uint8', 'Uint8Array'],
  ['yuv422', 2, 2, 'uint8', 'Uint8Array'],
  ['mono32f', 1, 4, 'float32', 'Float32Array'],
  ['rgb32f', 3, 12, 'float32', 'Float32Array'],
  ['bayer_rggb8', 1, 1, 'uint8', 'Uint8Array'],
  ['depth16', 1, 2, 'uint16', 'Uint16Array'],
  // Beyond the documents.
  ['yuyv', 2, 2, 'uint8', 'Uint8Array'],
  ['uyvy', 2, 2, 'uint8', 'Uint8Array'],
  ['rgb16', 3, 6, 'uint16', 'Uint16Array'],
  ['rgba16', 4, 8, 'uint16', 'Uint16Array'],
  ['rgba32f', 4, 16, 'float32', 'Float32Array'],
  ['bayer_bggr8', 1, 1, 'uint8', 'Uint8Array'],
  ['bayer_gbrg8', 1, 1, 'uint8', 'Uint8Array'],
  ['bayer_grbg8', 1, 1, 'uint8', 'Uint8Array'],
  ['bayer_rggb16', 1, 2, 'uint16', 'Uint16Array'],
  ['bayer_bggr16', 1, 2, 'uint16', 'Uint16Array'],
  ['bayer_gbrg16', 1, 2, 'uint16', 'Uint16Array'],
  ['bayer_grbg16', 1, 2, 'uint16', 'Uint16Array'],
];

for (const encoding of ['nv12', 'i420'] as const) {
  test(`${encoding}: channels, bytes, element type, shape`, (t) => {
    using image = new Image({ width: 6, height: 4, encoding });
    t.is(image.encoding, encoding);
    t.is(image.channels, 3);
    t.is(image.dtype, 'uint8');
    t.is(image.step, 6);
    t.is(image.nbytes, 36);
    t.is(image.byteLength, 36);
    t.deepEqual(image.shape, [6, 6]);
    t.deepEqual(image.strides, [6, 1]);
    t.is(image.data.constructor.name, 'Uint8Array');
    t.is(image.data.length, 36);
  });
}

for (const [encoding, channels, bytesPerPixel, dtype, values] of table) {
  test(`${encoding}: channels, bytes, element type, shape`, (t) => {
    using image = new Image({ width: 6, height: 4, encoding });
    t.is(image.encoding, encoding);
    t.is(image.channels, channels);
    t.is(image.dtype, dtype as typeof image.dtype);
    t.is(image.step, 6 * bytesPerPixel);
    t.is(image.nbytes, 24 * bytesPerPixel);
    t.is(image.byteLength, 24 * bytesPerPixel);
    t.deepEqual(image.shape, channels === 1 ? [4, 6] : [4, 6, channels]);
    t.deepEqual(image.strides, channels === 1 ? [6, 1] : [6 * channels, channels, 1]);
    t.is(image.data.constructor.name, values);
    t.is(image.data.length, 24 * channels);
    t.is(image.data.byteOffset, 0);
    t.is(image.data.byteLength, image.nbytes);
  });
}

test('without an encoding it is rgb8', (t) => {
  using positional = new Image(4, 6);
  using named = new Image({ width: 6, height: 4 });
  using bytes = Image.fromBytes(new Uint8Array(72), { width: 6, height: 4 });
  t.deepEqual([positional.encoding, named.encoding, bytes.encoding], ['rgb8', 'rgb8', 'rgb8']);
});
