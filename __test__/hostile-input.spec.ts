/** Arguments that say one thing and are another: each is refused, or taken as what it really is. */
import { inspect } from 'node:util';
import test from 'ava';
import { DepthImage, Image, Message, PointCloud } from 'framelane';

/** Whatever a caller without types would pass. */
type Any = any;

const LENGTH = { code: 'ERR_FRAMELANE_INVALID_LENGTH' };
const ARGUMENT = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(length: number): Resizable {
  return new (ArrayBuffer as Any)(length, { maxByteLength: length }) as Resizable;
}

/** An option that cuts the memory off when it is read. */
function cutting<T>(key: string, buffer: Resizable, value: T): Any {
  return Object.defineProperty({}, key, {
    enumerable: true,
    get: () => {
      buffer.resize(4);
      return value;
    },
  });
}

test('an array that shrinks while the options are read is refused', (t) => {
  const floats = resizable(256);
  const depth = { height: 8, ...{ width: 8 } };
  const dtype = Object.defineProperties(
    { ...depth },
    Object.getOwnPropertyDescriptors(cutting('dtype', floats, undefined)),
  );
  t.throws(() => DepthImage.fromArray(new Float32Array(floats), dtype), LENGTH);
  const points = resizable(240);
  const fields = cutting('fields', points, 3);
  t.throws(() => PointCloud.fromArray(new Float32Array(points, 0, 60), fields), LENGTH);
  const pixels = resizable(64);
  const label = cutting('frameId', pixels, 'x');
  const shaped = { data: new Uint8Array(pixels), shape: [8, 8] };
  t.throws(() => Image.fromArray(shaped, label), ARGUMENT);
  const bytes = resizable(64);
  t.throws(() => Message.bytes(bytes, cutting('format', bytes, 'x')), LENGTH);
});

test('a typed array is read from its memory, not by methods of its class', (t) => {
  class Lying extends Float32Array<ArrayBuffer> {
    override get length(): number {
      return 64;
    }
    override subarray(): Float32Array<ArrayBuffer> {
      return new Float32Array(1);
    }
  }
  const short = new Lying(new ArrayBuffer(12)).fill(2);
  t.throws(() => DepthImage.fromArray(short as Any, { height: 8, width: 8 }), LENGTH);
  using cloud = PointCloud.fromArray(short as Any, { fields: 3 });
  t.deepEqual([...(cloud.data as Float32Array)], [2, 2, 2]);
  class Long extends Uint8Array<ArrayBuffer> {
    override subarray(): Uint8Array<ArrayBuffer> {
      return new Uint8Array(1500).fill(0xee);
    }
  }
  using image = Image.fromArray(new Long(new ArrayBuffer(64)).fill(5), { width: 8, height: 8 });
  t.deepEqual(image.data as Any, new Uint8Array(64).fill(5));
  t.deepEqual(new Uint8Array(image.data.buffer).indexOf(0xee), -1);
  const row = Object.defineProperty(new Uint8Array(8).fill(9), 'byteLength', { value: 0 });
  using rows = Image.fromRows([row, row], { encoding: 'mono8' });
  t.deepEqual(rows.data as Any, new Uint8Array(16).fill(9));
});
