/** The camera of a frame: what is checked, what it is by default, how it travels. */
import test from 'ava';
import { DepthImage, FramelaneError, Image, Topic, type CameraInfoInput } from 'framelane';
import { freshName, runScript } from './kit.js';

const size = { width: 640, height: 480 };
const focal = { fx: 525, fy: 520, cx: 319.5, cy: 239.5 };
const K = [525, 0, 319.5, 0, 520, 239.5, 0, 0, 1];
const UNIT = [1, 0, 0, 0, 1, 0, 0, 0, 1];

test('a frame has no camera until somebody says which', (t) => {
  using image = new Image(2, 2);
  t.is(image.cameraInfo, null);
  t.is(image.setCameraInfo({ ...size, ...focal }), image);
  t.not(image.cameraInfo, image.cameraInfo, 'a new object at each call');
});

test('K is made of fx, fy, cx and cy, or given; R and P follow from it', (t) => {
  using image = new Image(2, 2);
  const wanted = {
    ...size,
    distortionModel: 'none',
    D: [],
    K,
    R: UNIT,
    P: [525, 0, 319.5, 0, 0, 520, 239.5, 0, 0, 0, 1, 0],
  };
  t.deepEqual(image.setCameraInfo({ ...size, ...focal }).cameraInfo, wanted as never);
  t.deepEqual(
    image.setCameraInfo({ ...size, K: Float64Array.from(K) }).cameraInfo,
    wanted as never,
  );
  image.setCameraInfo({ ...size, fx: 525, cx: 1, cy: 2 });
  t.is(image.cameraInfo!.K[4], 525, 'fy is fx where it is left out');
});

test('D has the length of its model, up to 14', (t) => {
  using image = new Image(2, 2);
  for (let count = 0; count <= 14; count++) {
    const D = Array.from({ length: count }, (_, index) => (index + 1) / 8);
    const info = image.setCameraInfo({ ...size, K, D }).cameraInfo!;
    t.deepEqual([info.D, info.distortionModel], [D, count === 0 ? 'none' : 'plumb_bob']);
  }
  for (const distortionModel of ['equidistant', 'rational_polynomial', 'none'] as const) {
    const info = image.setCameraInfo({ ...size, K, distortionModel }).cameraInfo!;
    t.is(info.distortionModel, distortionModel);
  }
});

test('what was said before stays where what is said next is wrong', (t) => {
  using image = new Image(2, 2);
  const before = image.setCameraInfo({ ...size, K }).cameraInfo;
  const bad: [string, object][] = [
    ['nothing', undefined as never],
    ['null', null as never],
    ['no sizes', { K }],
    ['width 0', { ...size, width: 0, K }],
    ['a negative height', { ...size, height: -1, K }],
    ['a fraction', { ...size, width: 1.5, K }],
    ['2^31', { ...size, width: 2 ** 31, K }],
    ['width as text', { ...size, width: '640', K }],
    ['neither K nor fx', size],
    ['both', { ...size, K, ...focal }],
    ['fx 0', { ...size, ...focal, fx: 0 }],
    ['fy negative', { ...size, ...focal, fy: -1 }],
    ['NaN', { ...size, ...focal, cx: Number.NaN }],
    ['infinity', { ...size, ...focal, cy: Infinity }],
    ['K of 8', { ...size, K: K.slice(1) }],
    ['K of 10', { ...size, K: [...K, 1] }],
    ['K as text', { ...size, K: '525' }],
    ['K of texts', { ...size, K: K.map(String) }],
    ['D of 15', { ...size, K, D: Array.from({ length: 15 }, () => 0) }],
    ['D with NaN', { ...size, K, D: [Number.NaN] }],
    ['D as a number', { ...size, K, D: 1 }],
    ['R of 12', { ...size, K, R: [...UNIT, 0, 0, 0] }],
    ['P of 9', { ...size, K, P: UNIT }],
    ['an unknown model', { ...size, K, distortionModel: 'fisheye' }],
    ['__proto__', { ...size, K, distortionModel: '__proto__' }],
    ['an unknown key', { ...size, K, k: K }],
    ['a DataView', { ...size, K: new DataView(new ArrayBuffer(72)) }],
  ];
  for (const [what, info] of bad) {
    const error = t.throws(() => image.setCameraInfo(info as CameraInfoInput), {
      instanceOf: FramelaneError,
      code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    });
    t.true(error.message.length > 10, what);
    t.deepEqual(image.cameraInfo, before, what);
  }
});

test('it travels with the frame, and is frozen there', async (t) => {
  const name = freshName();
  const topic = new Topic(DepthImage, name);
  t.teardown(() => topic.close());
  const depth = topic.loan({ width: 4, height: 3 });
  const R = [0, -1, 0, 1, 0, 0, 0, 0, 1];
  const P = Array.from({ length: 12 }, (_, index) => index / 3);
  const D = [0.1, -0.2, 1e-300, Math.PI];
  depth.setCameraInfo({ ...size, K, R, P, D, distortionModel: 'equidistant' });
  const said = depth.cameraInfo;
  topic.send(depth);
  t.throws(() => depth.setCameraInfo({ ...size, K }), { code: 'ERR_FRAMELANE_FROZEN' });
  using received = topic.tryRecv()!;
  t.deepEqual(received.cameraInfo, said);
  t.deepEqual(said, { ...size, distortionModel: 'equidistant', D, K, R, P });
  const writer = received as unknown as DepthImage;
  t.throws(() => writer.setCameraInfo({ ...size, K }), { code: 'ERR_FRAMELANE_FROZEN' });
  using copy = received.clone();
  t.deepEqual(copy.cameraInfo, said);
  t.is(copy.setCameraInfo({ ...size, ...focal }).cameraInfo!.D.length, 0);
  t.deepEqual(received.cameraInfo, said);
  const script = `
    import { DepthImage, Topic } from 'framelane';
    const topic = new Topic(DepthImage, '${name}');
    console.log(JSON.stringify(topic.tryRecv().cameraInfo));
    topic.close();
  `;
  const { stdout, stderr } = await runScript(script);
  t.is(stderr, '');
  t.deepEqual(JSON.parse(stdout), said);
});

test('a released frame says nothing of its camera', (t) => {
  const image = new Image(2, 2);
  image.release();
  t.throws(() => image.cameraInfo, { code: 'ERR_FRAMELANE_RELEASED' });
  t.throws(() => image.setCameraInfo({ ...size, K }), { code: 'ERR_FRAMELANE_RELEASED' });
});
