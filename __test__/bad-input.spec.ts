/** Wrong arguments: a typed error that says what was expected, nothing lost, and it goes on. */
import test from 'ava';
import { DepthImage, FramelaneError, Image, PointCloud, Topic, type ErrorCode } from 'framelane';
import { freshTopic, markOf, sendMarked } from './kit.js';

/** A wrong use of a topic or an image, its code without the prefix, and what the error says. */
type Case = [name: string, use: (topic: Topic) => unknown, code: string, text: RegExp];

/** Whatever a caller without types would pass. */
type Any = any;

const image = (...args: unknown[]) => Reflect.construct(Image as Any, args) as Image;
const bytes = (data: unknown, shape: unknown) => Image.fromBytes(data as Any, shape as Any);
const decode = (data: unknown, options?: unknown) => Image.decode(data as Any, options as Any);
const topicOf = (...args: unknown[]) => Reflect.construct(Topic as Any, args) as Topic;

/** A buffer whose memory has gone elsewhere. */
function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(12);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

/** A typed array on such a buffer. */
function detachedView(): Uint8Array {
  const view = new Uint8Array(12);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

function released(): Image {
  const frame = image(2, 2);
  frame.release();
  return frame;
}

function sent(topic: Topic): Image {
  const frame = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
  topic.send(frame);
  topic.tryRecv()?.release();
  return frame;
}

const square = { width: 2, height: 2 };

const sizes: Case[] = [
  ['width 0', () => image(2, 0), 'INVALID_SIZE', /width: .* 1 to 2147483647, got 0/],
  ['height 0', () => image(0, 2), 'INVALID_SIZE', /height: .*got 0/],
  ['a fraction', () => image(2, 1.5), 'INVALID_SIZE', /width: .*got 1\.5/],
  ['a negative size', () => image(-1, 2), 'INVALID_SIZE', /height: .*got -1/],
  ['NaN', () => image(Number.NaN, 2), 'INVALID_SIZE', /got NaN/],
  ['infinity', () => image({ width: 2, height: 1 / 0 }), 'INVALID_SIZE', /got Infinity/],
  ['2^31', () => image(1, 2 ** 31), 'INVALID_SIZE', /width: .*got 2147483648/],
  ['2^31 high', () => image(2 ** 31, 1), 'INVALID_SIZE', /height: .*got 2147483648/],
  ['2^32 + 2', () => image(2 ** 32 + 2, 2), 'INVALID_SIZE', /got 4294967298/],
  ['a row over 4 GiB', () => image(1, 2 ** 31 - 1), 'INVALID_SIZE', /row of .* 6442450941 bytes/],
  [
    'a product over 48 bits',
    () => image({ width: 2 ** 30, height: 2 ** 20, encoding: 'mono8' }),
    'INVALID_SIZE',
    /1073741824x1048576 mono8 takes about 1125899906842624 bytes/,
  ],
  [
    'more than there is memory',
    () => image({ width: 2 ** 24, height: 2 ** 20, encoding: 'mono8' }),
    '(NO_SPACE|POOL_EXHAUSTED|INVALID_SIZE)',
    /./,
  ],
  [
    'planes beyond 4 GiB',
    () => image({ width: 2 ** 16, height: 2 ** 16, encoding: 'nv12' }),
    'INVALID_SIZE',
    /65536x65536 nv12 has planes that begin beyond 4 GiB/,
  ],
  [
    'planes within 4 GiB, if there were so much memory',
    () => image({ width: 2 ** 16, height: 2 ** 16 - 2, encoding: 'nv12' }),
    'INVALID_SIZE',
    /maxBytes/,
  ],
  [
    'planes beyond 4 GiB by padded rows',
    () => image({ width: 2, height: 2 ** 16, encoding: 'i420', step: 2 ** 16 - 2 ** 13 }),
    'INVALID_SIZE',
    /step: i420 of 65536 rows of 57344 bytes has planes that begin beyond 4 GiB/,
  ],
  ['an odd width', () => image(2, 3, 'yuv422'), 'INVALID_SIZE', /yuv422 needs a multiple of 2/],
  ['text', () => image('2', '2'), 'INVALID_ARGUMENT', /height|width/],
  ['a bigint', () => image(2n, 2), 'INVALID_ARGUMENT', /height: .*got 2n/],
  ['a loan of width 0', (topic) => topic.loan({ width: 0, height: 2 }), 'INVALID_SIZE', /got 0/],
];

const constructor: Case[] = [
  ['no arguments', () => image(), 'INVALID_ARGUMENT', /width: .*got undefined/],
  ['null', () => image(null), 'INVALID_ARGUMENT', /Image: .*got null/],
  ['height only', () => image(2), 'INVALID_ARGUMENT', /width/],
  ['an unknown encoding', () => image(2, 2, 'rgb9'), 'INVALID_ENCODING', /mono8.*got "rgb9"/],
  ['__proto__', () => image(2, 2, '__proto__'), 'INVALID_ENCODING', /got "__proto__"/],
  ['toString', () => image({ ...square, encoding: 'toString' }), 'INVALID_ENCODING', /toString/],
  ['encoding null', () => image(2, 2, null), 'INVALID_ENCODING', /got null/],
  ['an encoding by number', () => image(2, 2, 2), 'INVALID_ENCODING', /got 2/],
  ['an unknown option', () => image({ ...square, with: 3 }), 'INVALID_ARGUMENT', /"with"; known/],
  [
    'uninitialized: 1',
    () => image({ ...square, uninitialized: 1 }),
    'INVALID_ARGUMENT',
    /uninitialized: expected true or false, got 1/,
  ],
  [
    'an option that only new Image has',
    (topic) => topic.loan({ ...square, uninitialized: true } as Any),
    'INVALID_ARGUMENT',
    /unknown option "uninitialized"/,
  ],
];

const metadata: Case[] = [
  [
    'a long frame id',
    () => image({ ...square, frameId: 'é'.repeat(32) }),
    'INVALID_ARGUMENT',
    /64/,
  ],
  ['NUL in a frame id', () => image({ ...square, frameId: 'a\0' }), 'INVALID_ARGUMENT', /NUL/],
  ['half a character', () => image({ ...square, frameId: '\ud83d' }), 'INVALID_ARGUMENT', /formed/],
  ['a frame id of 5', () => image({ ...square, frameId: 5 }), 'INVALID_ARGUMENT', /got 5/],
  ['time -1', () => image({ ...square, timestampNs: -1n }), 'INVALID_ARGUMENT', /got -1n/],
  ['time 2^63', () => image({ ...square, timestampNs: 2n ** 63n }), 'INVALID_ARGUMENT', /least 0/],
  ['time 2^53', () => image({ ...square, timestampNs: 2 ** 53 }), 'INVALID_ARGUMENT', /safe/],
  ['time 1.5', () => image({ ...square, timestampNs: 1.5 }), 'INVALID_ARGUMENT', /got 1\.5/],
  ['time as text', () => image({ ...square, timestampNs: '1' }), 'INVALID_ARGUMENT', /got "1"/],
];

const buffers: Case[] = [
  [
    'a byte too few',
    () => bytes(new Uint8Array(11), square),
    'INVALID_LENGTH',
    /2x2 rgb8 takes 12 bytes, got 11/,
  ],
  ['a byte too many', () => bytes(new Uint8Array(13), square), 'INVALID_LENGTH', /got 13/],
  ['no bytes', () => bytes(new ArrayBuffer(0), square), 'INVALID_LENGTH', /got 0/],
  ['a detached buffer', () => bytes(detached(), square), 'DETACHED_BUFFER', /transferred/],
  ['a view of one', () => bytes(detachedView(), square), 'DETACHED_BUFFER', /transferred/],
  ['an array', () => bytes([1, 2, 3], square), 'INVALID_ARGUMENT', /got an array/],
  ['text as bytes', () => bytes('abc', square), 'INVALID_ARGUMENT', /got "abc"/],
  ['no shape', () => bytes(new Uint8Array(12), undefined), 'INVALID_ARGUMENT', /width/],
  ['a wrong shape', () => bytes(new Uint8Array(12), { width: 2, heigth: 2 }), '\\w+', /heigth/],
];

const pictures: Case[] = [
  ['no picture', () => decode(new Uint8Array(100)), 'CODEC', /./],
  ['an empty file', () => decode(new Uint8Array(0)), 'CODEC', /./],
  ['a detached file', () => decode(detached()), 'DETACHED_BUFFER', /transferred/],
  ['text to decode', () => decode('x.png'), 'INVALID_ARGUMENT', /got "x\.png"/],
  ['an unknown target', () => decode(new Uint8Array(9), { into: {} }), 'INVALID_ARGUMENT', /into/],
  ['a bad encoding', () => decode(new Uint8Array(9), { encoding: 'x' }), 'INVALID_ENCODING', /"x"/],
  ['into a released', () => decode(new Uint8Array(9), { into: released() }), 'RELEASED', /./],
  ['into a sent', (topic) => decode(new Uint8Array(9), { into: sent(topic) }), 'FROZEN', /sent/],
  [
    'two encodings',
    (topic) => {
      using loaned = topic.loan(square);
      decode(new Uint8Array(9), { into: loaned, encoding: 'mono8' });
    },
    'INVALID_ENCODING',
    /`into` is rgb8, but mono8/,
  ],
  [
    'another size',
    async (topic) => {
      using small = image(2, 2);
      const file = await small.encode('png');
      using loaned = topic.loan({ width: 3, height: 2 });
      decode(file, { into: loaned });
    },
    'INVALID_SIZE',
    /2x2.*3x2/,
  ],
  [
    'half a picture',
    async () => {
      using whole = image(64, 64);
      const file = await whole.encode('png');
      decode(file.subarray(0, file.length >> 1));
    },
    'CODEC',
    /./,
  ],
  [
    'a format that is none',
    async () => {
      using frame = image(2, 2);
      await frame.encode('gif' as Any);
    },
    'INVALID_ARGUMENT',
    /'png' or 'jpeg', got "gif"/,
  ],
  [
    'quality 0',
    async () => {
      using frame = image(2, 2);
      await frame.encode('jpeg', { quality: 0 });
    },
    'INVALID_ARGUMENT',
    /quality: .* 1 to 100, got 0/,
  ],
  [
    'an encoding without a file format',
    async () => {
      using frame = image(2, 2, 'mono32f');
      await frame.encode('png');
    },
    'CODEC',
    /mono32f/,
  ],
];

const topics: Case[] = [
  [
    '/../ in a name',
    () => topicOf(Image, 'a/../b'),
    'INVALID_NAME',
    /begins with a-z.*"a\/\.\.\/b"/,
  ],
  ['an absolute name', () => topicOf(Image, '/etc'), 'INVALID_NAME', /1 to 64 characters/],
  ['an empty name', () => topicOf(Image, ''), 'INVALID_NAME', /1 to 64 characters/],
  ['capitals', () => topicOf(Image, 'Camera'), 'INVALID_NAME', /only a-z/],
  ['a line feed', () => topicOf(Image, 'a\n'), 'INVALID_NAME', /only a-z/],
  ['a long part', () => topicOf(Image, 'x'.repeat(65)), 'INVALID_NAME', /1 to 64/],
  ['a long name', () => topicOf(Image, 'x/'.repeat(100) + 'x'), 'INVALID_NAME', /at most 200/],
  ['a name of 5', () => topicOf(Image, 5), 'INVALID_NAME', /expected a string; got 5/],
  ['another class', () => topicOf(Date, 'dates'), 'INVALID_ARGUMENT', /got the function Date/],
  ['no class', () => topicOf('camera'), 'INVALID_ARGUMENT', /new Topic\(Image\)/],
  [
    'a name of another type',
    (topic) => new Topic(PointCloud, topic.name),
    'TOPIC_MISMATCH',
    /carries Image .*, not PointCloud/,
  ],
  ['depth 0', () => topicOf(Image, 'x', { depth: 0 }), 'INVALID_ARGUMENT', /depth: .* 1 to 64/],
  ['depth 65', () => topicOf(Image, 'x', { depth: 65 }), 'INVALID_ARGUMENT', /got 65/],
  ['history -1', () => topicOf(Image, 'x', { history: -1 }), 'INVALID_ARGUMENT', /0 to 64/],
  ['maxHeld 0', () => topicOf(Image, 'x', { maxHeld: 0 }), 'INVALID_ARGUMENT', /maxHeld/],
  ['an option', () => topicOf(Image, 'x', { queue: 1 }), 'INVALID_ARGUMENT', /"queue"; known/],
];

const sending: Case[] = [
  ['nothing', (topic) => topic.send(undefined as Any), 'INVALID_ARGUMENT', /class Image, got und/],
  ['bytes', (topic) => topic.send(new Uint8Array(9) as Any), 'INVALID_ARGUMENT', /Uint8Array/],
  [
    'an impostor',
    (topic) => topic.send(Object.create(Image.prototype)),
    'INVALID_ARGUMENT',
    /a frame of the class Image/,
  ],
  [
    'a depth image',
    (topic) => {
      using depth = new DepthImage(2, 2);
      topic.send(depth as Any);
    },
    'INVALID_ARGUMENT',
    /class Image, got .*DepthImage/,
  ],
  ['a released frame', (topic) => topic.send(released()), 'RELEASED', /has been released/],
  ['a frame twice', (topic) => topic.send(sent(topic)), 'RELEASED', /has been sent/],
  [
    'a received frame that was released',
    (topic) => {
      sendMarked(topic, 1);
      const frame = topic.tryRecv() as Image;
      frame.release();
      topic.send(frame);
    },
    'RELEASED',
    /has been released/,
  ],
];

const receiving: Case[] = [
  ['an option of recv', (topic) => topic.recv({ wait: 1 } as Any), 'INVALID_ARGUMENT', /"wait"/],
  ['a negative time', (topic) => topic.recv({ timeoutMs: -1 }), 'INVALID_ARGUMENT', /got -1/],
  ['time NaN', (topic) => topic.recv({ timeoutMs: Number.NaN }), 'INVALID_ARGUMENT', /NaN/],
  ['a long time', (topic) => topic.recv({ timeoutMs: 2 ** 31 }), 'INVALID_ARGUMENT', /2147483647/],
  ['no signal', (topic) => topic.recv({ signal: true as Any }), 'INVALID_ARGUMENT', /AbortSignal/],
];

/** Everything above under one title each. */
const groups = { sizes, constructor, metadata, buffers, pictures, topics, sending, receiving };

for (const [group, cases] of Object.entries(groups)) {
  for (const [name, use, code, text] of cases) {
    test(`${group}: ${name}`, async (t) => {
      const topic = freshTopic();
      const wrong = async (): Promise<unknown> => use(topic);
      const error = await t.throwsAsync(wrong, { instanceOf: FramelaneError, message: text });
      t.regex(error.code satisfies ErrorCode, new RegExp(`^ERR_FRAMELANE_${code}$`));

      const before = topic.stats();
      t.is(before.held, 0);
      t.is(before.extraReleases, 0);
      sendMarked(topic, 99);
      using frame = await topic.recv({ timeoutMs: 2000 });
      t.is(markOf(frame), 99);
      topic.close();
    });
  }
}

test('no slot is lost by a thousand errors', (t) => {
  const topic = freshTopic();
  for (let round = 0; round < 1000; round++) {
    t.throws(() => image({ ...square, frameId: '\0' }));
    t.throws(() => topic.loan({ ...square, timestampNs: -1 }));
    t.throws(() => decode(Uint8Array.of(0x89, 0x50, 2, 2, 2, 2)));
  }
  sendMarked(topic, 1);
  using frame = topic.tryRecv();
  t.is(markOf(frame), 1);
  topic.close();
});
