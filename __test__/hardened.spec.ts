/** What goes wrong while arguments are read, and parts of frames that are written natively. */
import { createHash } from 'node:crypto';
import test from 'ava';
import { Image, PointCloud } from 'framelane';
import { freshTopic, runScript } from './kit.js';

/** Whatever a caller without types would pass. */
type Any = any;

const FROZEN = { code: 'ERR_FRAMELANE_FROZEN' };

/** A list whose first value sends the frame when it is read. */
function sending(send: () => void, values: number[]): number[] {
  const [first] = values;
  Object.defineProperty(values, 0, {
    get() {
      send();
      return first;
    },
  });
  return values;
}

test('a frame that is sent while its arguments are read is not written', (t) => {
  const topic = freshTopic();
  const uses: [string, (image: Image, list: number[], send: () => void) => unknown][] = [
    ['setPixel', (image, list) => image.setPixel(0, 0, list)],
    ['fill', (image, list) => image.fill(list)],
    [
      'copyFrom',
      (image, _, send) => {
        const options = {
          get rowStride(): number {
            send();
            return image.width;
          },
        };
        return image.copyFrom(new Uint8Array(image.nbytes).fill(9), options);
      },
    ],
  ];
  for (const [name, use] of uses) {
    for (const side of [8, 640]) {
      using image = new Image(side, side, 'mono8') as Any as Image;
      const send = (): void => topic.send(image.retain() as Any);
      t.throws(() => use(image, sending(send, [5]), send), FROZEN, name);
      using received = topic.latest()!;
      t.is(received.data[0], 0, `${name} ${side}`);
    }
  }
  using yuv = new Image(2, 2, 'yuyv');
  const options = {
    get matrix(): 'bt709' {
      topic.send(yuv.retain() as Any);
      return 'bt709';
    },
  };
  t.throws(() => yuv.setYuv(options), FROZEN);
  t.is(yuv.yuvMatrix, null);
  topic.close();
});

test('a cloud that is sent while its values are read is not written', (t) => {
  const topic = freshTopic() as Any;
  using cloud = new PointCloud(2, 3);
  const clouds = new topic.constructor(PointCloud, `${topic.name}-points`);
  const send = (): void => clouds.send(cloud.retain());
  t.throws(() => cloud.setPoint(0, sending(send, [1, 2, 3])), FROZEN);
  topic.close();
  clouds.close();
});

test('toImageData never writes into a frame that others read', (t) => {
  const topic = freshTopic();
  topic.send(topic.loan({ width: 4, height: 4, encoding: 'rgba8' }) as Any);
  using received = topic.tryRecv()!;
  const { buffer, byteOffset, length } = received.data as Any;
  const data = new Uint8ClampedArray(buffer, byteOffset, length);
  using other = new Image(4, 4, 'rgb8');
  const into = { width: 4, height: 4, data, colorSpace: 'srgb' } as Any;
  t.throws(() => other.toImageData({ into }), FROZEN);
  class Liar extends Uint8ClampedArray<ArrayBuffer> {
    override get buffer(): ArrayBuffer {
      return new ArrayBuffer(64);
    }
    override get byteOffset(): number {
      return 0;
    }
  }
  const liar = { ...into, data: new Liar(buffer, byteOffset, length) };
  t.throws(() => other.toImageData({ into: liar }), FROZEN);
  const word = { ...into, data: { [Symbol.toStringTag]: 'Uint8ClampedArray', length } };
  t.throws(() => other.toImageData({ into: word }), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
  topic.close();
});

test('what is written into a part says the colours of the whole, or is refused', (t) => {
  using whole = new Image({ width: 8, height: 8, encoding: 'yuyv', yuvMatrix: 'bt709' } as Any);
  using part = whole.crop(0, 0, 4, 4) as Any;
  using rgb = new Image(4, 4, 'rgb8');
  t.throws(() => rgb.convert('yuyv', { into: part, yuvMatrix: 'bt601' }), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    message: /setYuv/,
  });
  t.is((whole as Any).yuvMatrix, 'bt709');
  t.is(rgb.convert('yuyv', { into: part }), part);
  t.is((whole as Any).yuvMatrix, 'bt709');
});

test('a conversion that fails changes nothing that is said of the target', (t) => {
  using from = new Image({ width: 4, height: 4, encoding: 'yuyv', yuvMatrix: 'bt601' } as Any);
  using into = new Image({
    width: 4,
    height: 4,
    encoding: 'nv12',
    yuvMatrix: 'bt709',
    yuvRange: 'full',
  } as Any) as Any;
  t.throws(() => (from as Any).convert('nv12', { into }), {
    code: 'ERR_FRAMELANE_NO_CONVERSION',
  });
  t.deepEqual([into.yuvMatrix, into.yuvRange], ['bt709', 'full']);
});

test('resized into a frame, Y, U and V keep their meaning', (t) => {
  using from = new Image({
    width: 8,
    height: 8,
    encoding: 'nv12',
    yuvMatrix: 'bt709',
    yuvRange: 'full',
  } as Any) as Any;
  using into = new Image({ width: 4, height: 4, encoding: 'nv12' }) as Any;
  from.resize({ into });
  t.deepEqual([into.yuvMatrix, into.yuvRange], ['bt709', 'full']);
});

test('a padded frame handed over before it was sent can say its camera afterwards', (t) => {
  const topic = freshTopic();
  const loan = topic.loan({ width: 10, height: 4, step: 256 } as Any);
  const image = Image.fromToken(loan.toToken({ transfer: true })) as Any;
  image.setCameraInfo({ width: 10, height: 4, fx: 5, fy: 5, cx: 5, cy: 2 });
  topic.send(image);
  using received = topic.tryRecv()!;
  t.is(received.cameraInfo?.K[0], 5);
  topic.close();
});

test("with memory 'copy' a part that is written natively leaves the rest as it was", async (t) => {
  const script = `
    import { Image } from 'framelane';
    const whole = new Image(32, 32);
    whole.fill([200, 201, 202]);
    const part = whole.crop(8, 8, 16, 16);
    const green = new Image(16, 16);
    green.fill([0, 255, 0]);
    green.convert('rgb8', { into: part });
    const first = whole.pixel(0, 0);
    const large = new Image(32, 32);
    large.fill([1, 2, 3]);
    large.resize({ into: part });
    console.log(JSON.stringify([first, whole.pixel(8, 8), whole.pixel(31, 31)]));
  `;
  for (const memory of ['copy', 'buffer']) {
    const { stdout, stderr } = await runScript(script, {
      FRAMELANE_MEMORY: memory,
      FRAMELANE_GUARD: '0',
    });
    t.is(stdout, '[[200,201,202],[1,2,3],[200,201,202]]', `${memory} ${stderr}`);
  }
});

test("with memory 'copy' pixels that were moved away are an error", async (t) => {
  const script = `
    import { Image } from 'framelane';
    const image = new Image(4, 4);
    structuredClone(image.data.buffer, { transfer: [image.data.buffer] });
    const codes = [() => image.pixel(0, 0), () => image.setPixel(0, 0, [1, 2, 3]),
      () => image.fill([1, 2, 3]), () => image.roi(0, 0, 1, 1)].map((use) => {
      try { return String(use()); } catch (error) { return error.code; }
    });
    console.log([...new Set(codes)].join());
  `;
  const env = { FRAMELANE_MEMORY: 'copy', FRAMELANE_GUARD: '0' };
  const { stdout, stderr } = await runScript(script, env);
  t.is(stdout, 'ERR_FRAMELANE_DETACHED_BUFFER', stderr);
});

test('with guard parts of a frame that is held long leave nothing behind', async (t) => {
  const script = `
    import { Image } from 'framelane';
    const image = new Image(16, 16, 'mono8');
    image.fill(1);
    const round = () => { const part = image.crop(0, 0, 4, 4); part.fill(2); part.release(); };
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    for (let n = 0; n < 2000; n++) round();
    const before = heap();
    for (let n = 0; n < 20000; n++) {
      round();
      if (n % 1000 === 0) await new Promise(setImmediate);
    }
    const grown = heap() - before;
    console.log(grown < 1.5e6 ? 'steady' : grown);
  `;
  const { stdout, stderr } = await runScript(script, {
    FRAMELANE_GUARD: '1',
    NODE_OPTIONS: '--expose-gc',
  });
  t.is(stdout, 'steady', stderr);
});

test('the hash of a received frame stays what it was', (t) => {
  const topic = freshTopic();
  topic.send(topic.loan({ width: 16, height: 16 }).fill([1, 2, 3]));
  using received = topic.tryRecv()!;
  const hash = (): string => createHash('sha1').update(received.data).digest('hex');
  const before = hash();
  using part = received.crop(2, 2, 4, 4) as Any;
  for (const use of [
    () => part.fill([0, 0, 0]),
    () => part.setPixel(0, 0, [0, 0, 0]),
    () => part.copyFrom(new Uint8Array(48)),
    () => new Image(4, 4).convert('rgb8', { into: part }),
    () => new Image(8, 8).resize({ into: part }),
  ]) {
    t.throws(use, FROZEN);
  }
  t.is(hash(), before);
  topic.close();
});
