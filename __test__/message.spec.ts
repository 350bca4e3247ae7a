/** `Message`: JSON and bytes beside the frames, on the same topics and by the same rules. */
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  Image,
  Message,
  pair,
  Queue,
  Topic,
  type ErrorCode,
  type FramelaneError,
  type ReceivedMessage,
  type TopicOptions,
} from 'framelane';
import { freshName, runScript } from './kit.js';

/** Whatever a caller without types would pass. */
type Any = any;

interface Box {
  label: string;
  score: number;
  box: number[];
}

const boxes: Box[] = [
  { label: 'cup', score: 0.87, box: [12, 30, 40, 52] },
  { label: 'naïve ☕ \u{1f600} "quoted"', score: 0.5, box: [] },
];

function messages(t: ExecutionContext, options?: TopicOptions): Topic<Message> {
  const topic = new Topic(Message, freshName(), options);
  t.teardown(() => topic.close());
  return topic;
}

/** Sends a message and gives it as it comes. */
function through(t: ExecutionContext, message: Message, topic = messages(t)): ReceivedMessage {
  topic.send(message);
  const received = topic.tryRecv();
  if (received === null) throw new Error('nothing came');
  t.teardown(() => received[Symbol.dispose]());
  return received;
}

const bytesOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 31) & 255);

test('json arrives as it was', (t) => {
  const message = Message.json(boxes, { frameId: 'left', timestampNs: 5n });
  const length = Buffer.byteLength(JSON.stringify(boxes));
  t.deepEqual([message.format, message.byteLength, message.nbytes], ['json', length, length]);
  t.deepEqual([message.frameId, message.timestampNs, message.released], ['left', 5n, false]);
  t.deepEqual(message.json(), boxes, 'also before it is sent');
  const received = through(t, message);
  t.deepEqual(received.json<Box[]>(), boxes);
  t.is(received.text(), JSON.stringify(boxes));
  t.is(Buffer.from(received.bytes).toString(), JSON.stringify(boxes));
  t.deepEqual([received.format, received.byteLength, received.nbytes], ['json', length, length]);
  t.deepEqual([received.frameId, received.timestampNs], ['left', 5n]);
  t.not(received.json(), received.json(), 'a new value each time');
});

for (const [name, value] of [
  ['null', null],
  ['a number', -0.125],
  ['a text', 'é'],
  ['an empty text', ''],
  ['true', true],
  ['an empty list', []],
  ['what JSON calls by another name', new Date(0)],
] as const) {
  test(`JSON: ${name}`, (t) => {
    const received = through(t, Message.json(value));
    t.deepEqual(received.json(), JSON.parse(JSON.stringify(value)));
  });
}

test('bytes arrive with their format', (t) => {
  for (const length of [1, 63, 64, 65, 4096, 5000]) {
    const bytes = bytesOf(length);
    const topic = messages(t);
    for (const format of [undefined, 'cbor', 'é"\\ '.repeat(12), 'x'.repeat(63)]) {
      const options = format === undefined ? {} : { format };
      const received = through(t, Message.bytes(bytes, options), topic);
      t.is(received.format, format ?? null);
      t.deepEqual(received.bytes, bytes as Any);
      t.is(received.bytes, received.bytes, 'the same array');
    }
  }
});

test('every form of bytes is taken', (t) => {
  const { buffer } = bytesOf(8);
  const shared = new SharedArrayBuffer(8);
  new Uint8Array(shared).set(new Uint8Array(buffer));
  const forms = [buffer, shared, new Uint8Array(buffer), new Uint16Array(buffer)];
  for (const form of [...forms, new DataView(buffer), Buffer.from(buffer)]) {
    t.deepEqual([...through(t, Message.bytes(form)).bytes], [...new Uint8Array(buffer)]);
  }
  const part = new Uint8Array(buffer, 2, 3);
  t.deepEqual([...through(t, Message.bytes(part)).bytes], [...part]);
});

test('bytes that are said to be JSON are read as such', (t) => {
  const received = through(t, Message.bytes(Buffer.from('[1, 2]'), { format: 'json' }));
  t.is(received.format, 'json');
  t.deepEqual(received.json(), [1, 2]);
});

test('an empty message is one too', (t) => {
  for (const format of [undefined, 'cbor', 'json']) {
    const options = format === undefined ? {} : { format };
    const message = Message.bytes(new Uint8Array(0), options);
    t.is(message.bytes.length, 0);
    const received = through(t, message.setFrameId('empty'));
    t.deepEqual([received.byteLength, received.bytes.length, received.text()], [0, 0, '']);
    t.deepEqual([received.format, received.frameId], [format ?? null, 'empty']);
    const copy = received.clone();
    t.deepEqual([copy.byteLength, copy.format], [0, format ?? null]);
    copy.release();
    const code = format === 'json' ? 'CODEC' : 'INVALID_ENCODING';
    t.throws(() => received.json(), { code: `ERR_FRAMELANE_${code}` });
    received.release();
    t.throws(() => received.bytes, { code: 'ERR_FRAMELANE_RELEASED' });
  }
});

test('a large message, and a small one after it in the same slot', (t) => {
  const topic = messages(t, { depth: 1 });
  const large = bytesOf(5_000_001);
  const received = through(t, Message.bytes(large, { format: 'raw' }), topic);
  t.is(Buffer.compare(received.bytes, large), 0);
  t.is(received.format, 'raw');
  received.release();
  const list = Array.from({ length: 50_000 }, (_, id) => ({ id, name: `é ${id}` }));
  t.deepEqual(through(t, Message.json(list), topic).json(), list);
  t.deepEqual(through(t, Message.json(boxes), topic).json(), boxes);
});

test('a loan is filled in place, without a copy', (t) => {
  const topic = messages(t);
  const loan = topic.loan({ bytes: 5, format: 'text', frameId: 'x', timestampNs: 7 });
  loan.bytes.set(Buffer.from('hello'));
  const received = through(t, loan, topic);
  t.deepEqual([received.text(), received.format], ['hello', 'text']);
  t.deepEqual([received.frameId, received.timestampNs], ['x', 7n]);
  t.is(topic.stats().copied, 0);
  topic.send(Message.json(1));
  t.is(topic.stats().copied, 1, 'JSON is written once');
});

test('prepare makes the memory that later loans take', async (t) => {
  // A size that no other test here uses: the pool is this test's own.
  const topic = messages(t, { depth: 3 });
  await topic.prepare({ bytes: 1_234_567 });
  topic.send(topic.loan({ bytes: 1_234_567 }));
  const pool = topic.stats().pools.find(({ slotBytes }) => slotBytes >= 1_234_567);
  t.is(pool?.backed, 4, 'depth and one more');
  await topic.prepare({ bytes: 0 });
  await t.throwsAsync(topic.prepare({ bytes: -1 }), { code: 'ERR_FRAMELANE_INVALID_SIZE' });
});

test('detections beside the images they belong to, matched by pair', async (t) => {
  const camera = new Topic(Image, freshName());
  const detections = messages(t);
  t.teardown(() => camera.close());
  const both = pair(camera, detections, { toleranceMs: 0 });
  for (let stamp = 1; stamp <= 3; stamp += 1) {
    const image = camera.loan({ width: 4, height: 2, encoding: 'mono8' });
    image.data.fill(stamp);
    camera.send(image.setTimestampNs(stamp * 1e6));
  }
  detections.send(Message.json([{ label: 'none yet' }], { timestampNs: 2e6 }));
  detections.send(Message.json(boxes, { timestampNs: 3e6 }));
  const seen: unknown[] = [];
  for await (const [image, found] of both) {
    seen.push([image.data[0], found.json<{ label: string }[]>()[0]?.label]);
    if (seen.length === 2) break;
  }
  t.deepEqual(seen, [
    [2, 'none yet'],
    [3, 'cup'],
  ]);
  t.deepEqual([both.stats().paired, both.stats().unpairedA], [2, 1]);
});

test('a queue of messages shares work out', (t) => {
  const jobs = new Queue(Message, freshName(), { ack: 'manual' });
  t.teardown(() => jobs.close());
  jobs.send(Message.json({ path: 'a' }));
  const job = jobs.tryRecv()!;
  t.deepEqual(job.json(), { path: 'a' });
  job.release();
  const again = jobs.tryRecv()!;
  t.deepEqual(again.json(), { path: 'a' }, 'not acknowledged');
  t.true(again.ack());
  again.release();
  t.is(jobs.tryRecv(), null);
});

test('received and sent messages cannot be changed, released ones not be read', (t) => {
  const topic = messages(t);
  const message = Message.bytes(bytesOf(4), { format: 'x' });
  const kept = message.retain();
  const received = through(t, message, topic);
  const frozen = { code: 'ERR_FRAMELANE_FROZEN' };
  const gone = { code: 'ERR_FRAMELANE_RELEASED', message: /this Message has been/ };
  t.throws(() => (received as Any).setFrameId('x'), frozen);
  t.throws(() => (received as Any).setTimestampNs(1), frozen);
  t.throws(() => kept.setFrameId('x'), frozen);
  t.deepEqual([kept.format, [...kept.bytes]], ['x', [...bytesOf(4)]]);
  t.deepEqual([message.format, message.byteLength], ['x', 4], 'metadata stay');
  for (const use of [() => message.bytes, () => message.text(), () => message.json()]) {
    t.throws(use, gone);
  }
  kept.release();
  received.release();
  for (const use of [
    () => received.bytes,
    () => received.json(),
    () => received.text(),
    () => received.format,
    () => received.byteLength,
    () => received.clone(),
    () => received.retain(),
    () => received.toToken(),
    () => received.toJSON(),
    () => topic.send(received as Any),
  ]) {
    t.throws(use, gone);
  }
});

test('a clone is private and keeps what was said', (t) => {
  const message = Message.bytes(bytesOf(70), { format: 'raw', frameId: 'x', timestampNs: 3 });
  const received = through(t, message);
  const copy = received.clone();
  t.deepEqual([copy.format, copy.frameId, copy.timestampNs], ['raw', 'x', 3n]);
  copy.bytes[0] = 99;
  t.is(received.bytes[0], 0);
  const second = through(t, copy.setFrameId('y'));
  t.deepEqual([second.bytes[0], second.bytes[1], second.frameId], [99, 31, 'y']);
  t.deepEqual(second.format, 'raw');
  const value = through(t, Message.json(boxes)).clone();
  t.deepEqual([value.format, value.json()], ['json', boxes]);
  value.release();
});

test('a message is sent on, and a token names it', (t) => {
  const received = through(t, Message.bytes(bytesOf(9), { format: 'raw', timestampNs: 8 }));
  const other = messages(t);
  other.send(received as Any);
  const relayed = other.tryRecv()!;
  t.deepEqual([relayed.format, relayed.timestampNs], ['raw', 8n]);
  const named = Message.fromToken(relayed.toToken());
  t.deepEqual([...named.bytes], [...bytesOf(9)]);
  named.release();
  const loan = Message.json({ moved: true }, { frameId: 'm' });
  const mine = Message.fromToken(loan.toToken({ transfer: true })) as Any as Message;
  t.deepEqual([mine.json(), mine.frameId], [{ moved: true }, 'm']);
  const bytes = Message.bytes(bytesOf(3), { format: 'raw' });
  const moved = Message.fromToken(bytes.toToken({ transfer: true }));
  t.deepEqual([moved.format, [...moved.bytes]], ['raw', [...bytesOf(3)]]);
  t.throws(() => Image.fromToken(relayed.toToken()), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    message: /another kind, Message, not Image/,
  });
  for (const frame of [relayed, mine, moved]) frame.release();
});

test('inspect shows one line without content, toJSON metadata', (t) => {
  const message = Message.json('secret', { frameId: 'left' });
  t.regex(inspect(message), /^Message 8 B json slot \d+#\d+ "left" not sent$/);
  t.regex(inspect(Message.bytes(bytesOf(1200))), /^Message 1\.2 kB slot \d+#\d+ not sent$/);
  t.regex(inspect(Message.bytes(bytesOf(3e6), { format: 'a' })), /^Message 3\.0 MB a slot/);
  const received = through(t, message);
  t.regex(inspect(received), /^Message 8 B json slot \d+#\d+ "left" \d+\.\d ms old$/);
  const { timestampNs, sequence, sentNs } = received;
  t.deepEqual(JSON.parse(JSON.stringify(received)), {
    type: 'Message',
    format: 'json',
    nbytes: 8,
    frameId: 'left',
    timestampNs: String(timestampNs),
    sequence,
    sentNs: String(sentNs),
  });
  received.release();
  t.is(inspect(received), 'Message 8 B released');
  t.is(inspect(Object.create(Message.prototype)), 'Message {}');
});

/** A wrong use, its code without the prefix, and what the error says. */
type Case = [name: string, use: () => unknown, code: string, text: RegExp];

const json = (...args: unknown[]) => (Message.json as Any)(...args) as Message;
const bytes = (...args: unknown[]) => (Message.bytes as Any)(...args) as Message;
const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;
const throws = {
  toJSON() {
    throw new Error('on purpose');
  },
};

function detached(): Uint8Array {
  const view = new Uint8Array(12);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

const topic = new Topic(Message, freshName());
test.after.always(() => topic.close());
const loan = (options?: unknown) => (topic.loan as Any)(options) as Message;
const size = (value: unknown) => () => loan({ bytes: value });

const cases: Case[] = [
  ['undefined', () => json(undefined), 'INVALID_ARGUMENT', /json: .*JSON has, got undefined/],
  ['a function', () => json(loan), 'INVALID_ARGUMENT', /got the function loan/],
  ['a symbol', () => json(Symbol('x')), 'INVALID_ARGUMENT', /json/],
  ['a bigint', () => json({ big: 1n }), 'INVALID_ARGUMENT', /an object has .*BigInt/],
  ['a cycle', () => json(cycle), 'INVALID_ARGUMENT', /an object has .*circular/],
  ['a toJSON that throws', () => json(throws), 'INVALID_ARGUMENT', /on purpose/],
  ['JSON with a format', () => json(1, { format: 'x' }), 'INVALID_ARGUMENT', /"format"; known/],
  ['a long frame id', () => json(1, { frameId: 'é'.repeat(32) }), 'INVALID_ARGUMENT', /63 bytes/],
  ['a negative time', () => json(1, { timestampNs: -1 }), 'INVALID_ARGUMENT', /timestampNs/],
  ['text for bytes', () => bytes('text'), 'INVALID_ARGUMENT', /a typed array.*got "text"/],
  ['a list for bytes', () => bytes([1]), 'INVALID_ARGUMENT', /got an array/],
  ['no bytes', () => bytes(), 'INVALID_ARGUMENT', /got undefined/],
  ['detached bytes', () => bytes(detached()), 'DETACHED_BUFFER', /bytes: .*detached/],
  [
    'a format of 64 bytes',
    () => bytes(bytesOf(1), { format: 'é'.repeat(32) }),
    'INVALID_ARGUMENT',
    /at most 63 bytes/,
  ],
  [
    'an empty format',
    () => bytes(bytesOf(1), { format: '' }),
    'INVALID_ARGUMENT',
    /'cbor'.*got ""/,
  ],
  [
    'a format of control characters',
    () => bytes(bytesOf(1), { format: 'a\n' }),
    'INVALID_ARGUMENT',
    /format/,
  ],
  [
    'a format with half a character',
    () => bytes(bytesOf(1), { format: '\ud800' }),
    'INVALID_ARGUMENT',
    /format/,
  ],
  ['a number for a format', () => bytes(bytesOf(1), { format: 1 }), 'INVALID_ARGUMENT', /got 1/],
  [
    'an unknown option',
    () => bytes(bytesOf(1), { id: 1 }),
    'INVALID_ARGUMENT',
    /"id"; known are format/,
  ],
  ['a loan of nothing said', () => loan(), 'INVALID_ARGUMENT', /a number of bytes, got undefined/],
  ['a loan of a text', size('1'), 'INVALID_ARGUMENT', /got "1"/],
  ['a loan of -1', size(-1), 'INVALID_SIZE', /got -1/],
  ['a loan of a fraction', size(1.5), 'INVALID_SIZE', /got 1\.5/],
  ['a loan of NaN', size(Number.NaN), 'INVALID_SIZE', /got NaN/],
  ['a loan of 2^32', size(2 ** 32), 'INVALID_SIZE', /to 4294967295, got 4294967296/],
  ['a loan of 2^53', size(2 ** 53), 'INVALID_SIZE', /got 9007199254740992/],
  [
    'an image’s options',
    () => loan({ width: 2, height: 2 }),
    'INVALID_ARGUMENT',
    /"width"; known are bytes/,
  ],
  ['an image', () => topic.send(new Image(1, 1) as Any), 'INVALID_ARGUMENT', /class Message/],
  [
    'new',
    () => Reflect.construct(Message as Any, [{}]),
    'INVALID_ARGUMENT',
    /Message\.json\(value\)/,
  ],
  ['no token', () => Message.fromToken('x'), 'INVALID_ARGUMENT', /token/],
];

for (const [name, use, code, text] of cases) {
  test(`refused: ${name}`, (t) => {
    const before = topic.stats().loaned;
    t.throws(use, { code: `ERR_FRAMELANE_${code}`, message: text });
    t.is(topic.stats().loaned, before, 'nothing is lost');
  });
}

test('refused: what is not what its format says', (t) => {
  const raised = (use: () => unknown) => t.throws<FramelaneError>(use as () => void);
  const code = (error: FramelaneError | undefined): ErrorCode | undefined => error?.code;
  const named = through(t, Message.bytes(bytesOf(5), { format: 'cbor' }));
  const other = raised(() => named.json());
  t.is(code(other), 'ERR_FRAMELANE_INVALID_ENCODING');
  t.regex(other?.message ?? '', /expected a message of JSON, got 5 B cbor/);
  const odd = through(t, Message.bytes(Buffer.from('{"a": '), { format: 'json' }));
  const half = raised(() => odd.json());
  t.is(code(half), 'ERR_FRAMELANE_CODEC');
  t.regex(half?.message ?? '', /json: this Message, 6 B json, is no JSON: /);
  const wild = through(t, Message.bytes(Uint8Array.of(0x22, 0xff, 0x22), { format: 'json' }));
  for (const use of [() => wild.json(), () => wild.text()]) {
    const text = raised(use);
    t.is(code(text), 'ERR_FRAMELANE_CODEC');
    t.regex(text?.message ?? '', /3 B json, is no UTF-8/);
  }
  t.throws(() => new Topic(Image, topic.name), { code: 'ERR_FRAMELANE_TOPIC_MISMATCH' });
});

/** Receives three messages of a topic, answers on another one, in a process of its own. */
const partner = (name: string): string => `
  import { Message, Topic } from 'framelane';
  const topic = new Topic(Message, '${name}', { history: 3 });
  const answers = new Topic(Message, '${name}.answers');
  const seen = [];
  for (let n = 0; n < 3; n += 1) {
    const message = await topic.recv({ timeoutMs: 20000 });
    const { format, byteLength, frameId } = message;
    const value = format === 'json' ? message.json() : [...message.bytes.subarray(0, 3)];
    seen.push([format, byteLength, frameId, String(message.timestampNs), value]);
    if (n === 2) {
      const { bytes } = message;
      message.release();
      seen.push(bytes.length);
    }
  }
  answers.send(Message.json(seen));
`;

for (const [mode, env, left] of [
  ['as it is', {}, 4],
  ['with guard', { FRAMELANE_GUARD: '1' }, 0],
  ["with memory 'copy'", { FRAMELANE_GUARD: '0', FRAMELANE_MEMORY: 'copy' }, 4],
] as const) {
  test(`two processes, ${mode}`, async (t) => {
    const topic = messages(t, { history: 3 });
    const answers = new Topic(Message, `${topic.name}.answers`);
    t.teardown(() => answers.close());
    topic.send(Message.json(boxes, { frameId: 'left', timestampNs: 1 }));
    topic.send(Message.bytes(new Uint8Array(0), { format: 'none', timestampNs: 2 }));
    topic.send(Message.bytes(bytesOf(4), { format: 'raw', timestampNs: 3 }));
    const { status, stderr } = await runScript(partner(topic.name), {
      FRAMELANE_GUARD: '0',
      ...env,
    });
    t.deepEqual([status, stderr], [0, '']);
    const answer = await answers.recv({ timeoutMs: 1000 });
    t.deepEqual(answer.json(), [
      ['json', Buffer.byteLength(JSON.stringify(boxes)), 'left', '1', boxes],
      ['none', 0, '', '2', []],
      ['raw', 4, '', '3', [0, 31, 62]],
      left,
    ]);
    answer.release();
  });
}

test('nothing of an older, longer message is seen behind a shorter one', async (t) => {
  // One slot: the second message lies where the first one did.
  const topic = messages(t, { depth: 1, history: 0 });
  through(t, Message.bytes(new Uint8Array(4000).fill(0xaa)), topic).release();
  for (const format of [undefined, 'raw']) {
    const options = format === undefined ? {} : { format };
    for (let round = 0; round < 3; round += 1) {
      const received = through(t, Message.bytes(bytesOf(3), options), topic);
      const { buffer } = received.bytes;
      const rest = new Uint8Array(buffer).subarray(3, 4096);
      t.false(rest.includes(0xaa));
      received.release();
    }
  }
});
