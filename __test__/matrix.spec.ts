/**
 * Every member of the classes of frames x everything that can be wrong with its arguments or with
 * the frame: a typed error, and nothing has changed. A member without a row here fails a test.
 */
import test from 'ava';
import { FramelaneError, Image, type Topic } from 'framelane';
import { freshTopic } from './kit.js';
import { counting } from './pictures.js';
import {
  bytes,
  cameraInfo,
  extent,
  frameId,
  index,
  noNumber,
  noWord,
  options,
  timestampNs,
  values,
  word,
  type Argument,
  type Member,
  type Subject,
} from './wrong.js';

/** Whatever a caller without types would pass. */
type Any = any;

/** What both raw values and metadata are, of any frame. */
function stateOf(frame: Image): unknown {
  return [
    Array.from(frame.data),
    frame.toJSON(),
    frame.cameraInfo,
    frame.yuvMatrix,
    frame.yuvRange,
  ];
}

const region = [index(8), index(6), extent(1), extent(1)];
const images: readonly Member[] = [
  { name: 'pixel', args: [index(8), index(6)] },
  { name: 'at', args: [index(6), index(8)] },
  { name: 'at', args: [index(6), index(8), optional(index(3))] },
  { name: 'setPixel', args: [index(8), index(6), values([1, 2, 3], 255)], writes: true },
  { name: 'fill', args: [values([1, 2, 3], 255)], writes: true },
  { name: 'copyFrom', args: [bytes(144)], writes: true },
  {
    name: 'copyFrom',
    args: [bytes(156), options({ rowStride: 26 }, { rowStride: noNumber })],
    writes: true,
  },
  { name: 'roi', args: region },
  { name: 'crop', args: region },
  { name: 'toContiguous', args: [] },
  { name: 'toNdarray', args: [] },
  { name: 'toArray', args: [] },
  { name: 'toImageData', args: [options({}, { into: noWord })] },
  { name: 'encode', args: [word('png')] },
  { name: 'encode', args: [word('jpeg'), options({ quality: 50 }, { quality: noNumber })] },
  {
    name: 'convert',
    args: [word('mono8'), options({}, { into: noWord, yuvMatrix: noWord, depthRange: noWord })],
  },
  {
    name: 'resize',
    args: [options({ width: 4, height: 3 }, { width: noNumber, height: noNumber, filter: noWord })],
  },
  {
    name: 'toTensorInput',
    args: [options({ mean: 0.5 }, { layout: noWord, into: noWord })],
  },
  { name: 'clone', args: [] },
  { name: 'retain', args: [] },
  { name: 'setFrameId', args: [frameId], writes: true },
  { name: 'setTimestampNs', args: [timestampNs], writes: true },
  { name: 'setCameraInfo', args: [cameraInfo], writes: true },
  { name: 'toJSON', args: [], afterSend: true },
  { name: 'isCpu', args: [], afterSend: true },
  { name: 'data', args: [] },
  { name: 'planes', args: [] },
  { name: 'arrayInterface', args: [] },
];

const labels = { frameId: frameId.wrong, timestampNs: timestampNs.wrong };
const sizes = { width: noNumber, height: noNumber, encoding: noWord };
const shape = { width: 2, height: 2, encoding: 'rgb8' };
const statics: readonly Member[] = [
  { name: 'fromBytes', args: [bytes(12), options(shape, { ...sizes, ...labels })] },
  {
    name: 'fromArray',
    args: [
      without(bytes(12), 'as many values of another type'),
      options(shape, { ...sizes, ...labels, order: noWord, strides: noWord }),
    ],
  },
  { name: 'decode', args: [bytes(12), options({}, { encoding: noWord, into: noWord })] },
  { name: 'fromToken', args: [word('x')] },
];

/** An argument that can be left out. */
function optional(argument: Argument): Argument {
  return without(argument, 'undefined');
}

function without({ right, wrong }: Argument, left: string): Argument {
  return { right, wrong: wrong.filter(([title]) => title !== left) };
}

const subjects: readonly Subject[] = [
  {
    name: 'Image',
    make: () => counting('rgb8', 8, 6),
    topic: () => freshTopic(),
    state: stateOf,
    members: images,
    getters: (
      'height width dtype channels encoding step nbytes byteLength shape strides cameraInfo ' +
      'yuvMatrix yuvRange frameId timestampNs sequence sentNs device'
    ).split(' '),
  },
  {
    name: 'Image of nv12',
    make: () => counting('nv12', 8, 6),
    topic: () => freshTopic(),
    state: stateOf,
    members: [
      { name: 'setPixel', args: [index(8), index(6), values([1, 2, 3], 255)], writes: true },
      { name: 'fill', args: [values([1, 2, 3], 255)], writes: true },
      { name: 'copyFrom', args: [bytes(72)], writes: true },
      {
        name: 'setYuv',
        args: [options({ range: 'full' }, { matrix: noWord, range: noWord })],
        writes: true,
      },
    ],
    getters: [],
  },
  {
    name: 'Image of mono16, cropped',
    make: () => {
      using whole = counting('mono16', 9, 7);
      return whole.crop(1, 1, 8, 6);
    },
    topic: () => freshTopic(),
    state: stateOf,
    members: [
      { name: 'setPixel', args: [index(8), index(6), one(values([1], 65_535))], writes: true },
      { name: 'fill', args: [one(values([1], 65_535))], writes: true },
      { name: 'copyFrom', args: [bytes(96)], writes: true },
      { name: 'crop', args: region },
    ],
    getters: [],
  },
];

/** Of one channel a number will do. */
function one(argument: Argument): Argument {
  return without(argument, 'just a number');
}

/** Calls a method, or reads a getter. */
async function call(target: Any, { name }: Member, args: readonly unknown[]): Promise<unknown> {
  const member: unknown = target[name];
  return typeof member === 'function' ? member.apply(target, args) : member;
}

/** The code of what a call throws; what is none of ours is said in full. */
async function codeOf(target: Any, member: Member, args: readonly unknown[]): Promise<string> {
  try {
    const result: Any = await call(target, member, args);
    if (result instanceof Image && result !== target) result.release();
    return 'no error';
  } catch (error) {
    return error instanceof FramelaneError ? error.code : `not ours: ${String(error)}`;
  }
}

function rights({ args }: Member): unknown[] {
  return args.map(({ right }) => right);
}

/** Each wrong value in its place, the other arguments right. */
function wrongCalls(member: Member): [title: string, args: unknown[]][] {
  return member.args.flatMap(({ wrong }, place) =>
    wrong.map(([title, value]): [string, unknown[]] => {
      const args = rights(member);
      args[place] = value;
      return [`argument ${place + 1} is ${title}`, args];
    }),
  );
}

/** An error that says what was wrong with the arguments, not with the frame. */
const OF_ARGUMENTS =
  /^ERR_FRAMELANE_(INVALID_(ARGUMENT|LENGTH|SIZE|ENCODING)|DETACHED_BUFFER|CODEC)$/;

for (const { name, make, topic: makeTopic, state, members } of subjects) {
  for (const member of members) {
    const title = `${name}: ${member.name} with ${member.args.length} arguments`;

    test(`${title} refuses wrong ones and changes nothing`, async (t) => {
      using frame = make();
      const before = state(frame);
      for (const [what, args] of wrongCalls(member)) {
        t.regex(await codeOf(frame, member, args), OF_ARGUMENTS, what);
        t.deepEqual(state(frame), before, what);
      }
      t.is(await codeOf(frame, member, rights(member)), 'no error', 'right arguments');
      if (member.writes === true && member.name !== 'setTimestampNs') {
        t.notDeepEqual(state(frame), before, 'right arguments do something');
      }
    });

    test(`${title} refuses a frame that was released, sent or received`, async (t) => {
      const released = make();
      released.release();
      const gone = 'ERR_FRAMELANE_RELEASED';
      t.is(await codeOf(released, member, rights(member)), gone);
      for (const [what, args] of wrongCalls(member)) {
        t.is(await codeOf(released, member, args), gone, `the frame comes first: ${what}`);
      }
      const topic: Topic = makeTopic();
      using original = make();
      const sent = original.clone();
      topic.send(sent);
      using received = topic.tryRecv()!;
      const before = state(received as Image);
      const frozen = 'ERR_FRAMELANE_FROZEN';
      const ofSent = member.afterSend ? 'no error' : member.writes ? frozen : gone;
      t.is(await codeOf(sent, member, rights(member)), ofSent, 'sent');
      const ofReceived = member.writes ? frozen : 'no error';
      t.is(await codeOf(received, member, rights(member)), ofReceived, 'received');
      t.deepEqual(state(received as Image), before);
      topic.close();
    });
  }
}

for (const member of statics) {
  test(`Image.${member.name} refuses wrong arguments`, async (t) => {
    for (const [what, args] of wrongCalls(member)) {
      t.regex(await codeOf(Image, member, args), OF_ARGUMENTS, what);
    }
  });
}

test('new Image refuses wrong arguments', (t) => {
  const right = { width: 2, height: 2, encoding: 'mono8', step: 4 };
  const wrong = { ...sizes, ...labels, step: noNumber, yuvMatrix: noWord };
  for (const [what, value] of options(right, wrong).wrong) {
    if (what === 'text' || what === 'a number') continue;
    const error = t.throws(() => new Image(value as Any), { instanceOf: FramelaneError }, what);
    t.regex(error.code, OF_ARGUMENTS, what);
  }
});

test('every member of an image has a row', (t) => {
  const [{ members, getters }] = subjects as [Subject];
  const known = new Set([...members.map(({ name }) => name), ...getters]);
  // Released, sent and received are what they are about; others see what is sent and named, and
  // what becomes a depth image.
  const aside = ['constructor', 'release', 'released', 'ack', 'setYuv', 'toToken', 'asDepth'];
  for (let proto: Any = Image.prototype; proto !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(proto)) {
      t.true(known.has(name) || aside.includes(name), `${name} has no row in matrix.spec.ts`);
    }
    proto = Object.getPrototypeOf(proto);
  }
});
