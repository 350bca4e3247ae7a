/** `sendFrom`: frames out of streams. */
import { EventEmitter, getEventListeners } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import test, { type ExecutionContext } from 'ava';
import {
  FramelaneError,
  Image,
  Queue,
  Topic,
  type BytesLike,
  type ByteSource,
  type SendFromOptions,
  type TopicOptions,
} from 'framelane';
import { freshName, freshTopic, sleep } from './kit.js';

const size = { width: 10, height: 7, encoding: 'mono8' } as const;
const BYTES = 70;

/** The bytes of some frames, no two frames alike. */
function film(frames: number, bytes = BYTES): Uint8Array {
  return Uint8Array.from({ length: frames * bytes }, (_, n) => n + (n >> 8));
}

/** The same bytes in pieces of these lengths, over and over. */
function* pieces(bytes: Uint8Array, lengths: number[]): Generator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const length = lengths[n % lengths.length]!;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

type Make = (parts: Iterable<BytesLike | string | object>) => ByteSource;

const sources: Record<string, Make> = {
  Readable: (parts) => Readable.from(parts),
  'Readable with room': (parts) => {
    const stream = new Readable({ highWaterMark: 1 << 20, read() {} });
    for (const part of parts) stream.push(part);
    stream.push(null);
    return stream;
  },
  ReadableStream: (parts) =>
    new ReadableStream<BytesLike>({
      start(controller) {
        for (const part of parts) controller.enqueue(part as BytesLike);
        controller.close();
      },
    }),
  generator: async function* (parts) {
    for (const part of parts) yield part as BytesLike;
  },
};

/** A sender, and a reader that has joined. */
function ends(t: ExecutionContext, options: TopicOptions = { depth: 64 }): [Topic, Topic] {
  const sender = freshTopic(options);
  const reader = new Topic(Image, sender.name, { ...options, history: 0 });
  t.teardown(() => [sender, reader].forEach((topic) => topic.close()));
  t.is(reader.tryRecv(), null);
  return [sender, reader];
}

/** All that has arrived, one frame behind the other. */
function drain(reader: Topic): Uint8Array {
  const all: number[] = [];
  for (let image = reader.tryRecv(); image !== null; image = reader.tryRecv()) {
    all.push(...image.data);
    image.release();
  }
  return Uint8Array.from(all);
}

/** Waits until there is a frame that is not sent. */
async function loaned(topic: Topic): Promise<void> {
  while (topic.stats().loaned === 0) await sleep(1);
}

/** What a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<FramelaneError> {
  return promise.then(
    () => new FramelaneError('ERR_FRAMELANE_INTERNAL', 'it was resolved'),
    (error: FramelaneError) => error,
  );
}

for (const [name, make] of Object.entries(sources)) {
  test(`${name}: pieces of any size become frames`, async (t) => {
    const bytes = film(20);
    for (const lengths of [[1], [69], [70], [71], [35], [140], [211], [3, 0, 500, 1], [1400]]) {
      const [sender, reader] = ends(t);
      const sent = await sender.sendFrom(make(pieces(bytes, lengths)), size);
      t.is(sent, 20, `${lengths}`);
      t.deepEqual(drain(reader), bytes, `${lengths}`);
      const { loaned, copied, held } = sender.stats();
      t.deepEqual([loaned, copied, held], [0, 20, 0]);
    }
  });

  test(`${name}: nothing at all is no frame and no error`, async (t) => {
    const [sender] = ends(t);
    t.is(await sender.sendFrom(make([]), size), 0);
    t.is(sender.stats().loaned, 0);
  });

  test(`${name}: an incomplete frame at the end says how much was left over`, async (t) => {
    const [sender, reader] = ends(t);
    const bytes = film(3).subarray(0, 2 * BYTES + 11);
    const error = await rejection(sender.sendFrom(make(pieces(bytes, [16])), size));
    t.is(error.code, 'ERR_FRAMELANE_INVALID_LENGTH');
    t.regex(error.message, /11 bytes were left over after 2 frames.*10x7 mono8 takes 70; check/);
    t.deepEqual(drain(reader), bytes.subarray(0, 2 * BYTES));
    t.is(sender.stats().loaned, 0);
  });
}

for (const name of ['Readable', 'ReadableStream', 'generator'] as const) {
  test(`${name}: pieces that are no bytes are refused, the frames before were sent`, async (t) => {
    const whole = film(1);
    const wrong: (BytesLike | string | object)[] = ['text', { length: 3 }];
    for (const piece of wrong) {
      const [sender, reader] = ends(t);
      const source = sources[name]!([whole, whole.subarray(0, 5), piece, whole]);
      const error = await rejection(sender.sendFrom(source, size));
      t.is(error.code, 'ERR_FRAMELANE_INVALID_ARGUMENT');
      t.deepEqual(drain(reader), whole);
      t.is(sender.stats().loaned, 0);
    }
  });
}

test('a stream with an encoding is told to have none', async (t) => {
  const [sender] = ends(t);
  const stream = Readable.from([film(1)], { objectMode: false }).setEncoding('latin1');
  const error = await rejection(sender.sendFrom(stream, size));
  t.regex(error.message, /must have no setEncoding\(\), got "/);
  t.true(stream.destroyed);
});

test('every kind of bytes, and other encodings', async (t) => {
  const [sender, reader] = ends(t);
  const bytes = film(1, 48);
  const parts = [
    new DataView(bytes.buffer, 0, 5),
    bytes.slice(5, 20).buffer,
    new Uint16Array(bytes.slice(20, 40).buffer),
    Buffer.from(bytes.subarray(40)),
  ];
  const options = { width: 3, height: 4, encoding: 'mono32f', frameId: 'pipe' } as const;
  t.is(await sender.sendFrom(sources['generator']!(parts), options), 1);
  using image = reader.tryRecv();
  t.deepEqual(image?.data, new Float32Array(bytes.buffer));
  t.deepEqual([image?.frameId, image?.encoding], ['pipe', 'mono32f']);
  t.true((image?.timestampNs ?? 0n) > 0n);
});

test('a detached piece is an error, not nothing', async (t) => {
  const [sender] = ends(t);
  const piece = film(1);
  structuredClone(piece.buffer, { transfer: [piece.buffer as ArrayBuffer] });
  const error = await rejection(sender.sendFrom(sources['generator']!([piece]), size));
  t.is(error.code, 'ERR_FRAMELANE_DETACHED_BUFFER');
});

test('a queue has it too; rgb8 is the default', async (t) => {
  const jobs = new Queue(Image, freshName());
  t.is(jobs.tryRecv(), null);
  t.is(await jobs.sendFrom(Readable.from([film(2, 12)]), { width: 2, height: 2 }), 2);
  using job = jobs.tryRecv();
  t.is(job?.encoding, 'rgb8');
  t.deepEqual(job?.data, film(1, 12));
  jobs.close();
});

test('wrong arguments leave the stream alone', async (t) => {
  const [sender] = ends(t);
  const signal = {} as AbortSignal;
  const wrong: [unknown, ...codes: string[]][] = [
    [undefined, 'INVALID_ARGUMENT'],
    [{ ...size, width: 0 }, 'INVALID_SIZE'],
    [{ ...size, encoding: 'rgb9' }, 'INVALID_ENCODING'],
    [{ ...size, frameId: 5 }, 'INVALID_ARGUMENT'],
    [{ ...size, fps: 30 }, 'INVALID_ARGUMENT'],
    [{ ...size, timeoutMs: -1 }, 'INVALID_ARGUMENT'],
    [{ ...size, signal }, 'INVALID_ARGUMENT'],
  ];
  const stream = Readable.from([film(1)]);
  for (const [options, code] of wrong) {
    const error = await rejection(sender.sendFrom(stream, options as SendFromOptions));
    t.is(error.code as string, `ERR_FRAMELANE_${code}`);
  }
  for (const source of [null, undefined, film(1), [film(1)], 'text', {}]) {
    const error = await rejection(sender.sendFrom(source as unknown as ByteSource, size));
    t.is(error.code, 'ERR_FRAMELANE_INVALID_ARGUMENT');
    t.regex(error.message, /a Readable, a ReadableStream or an async iterable of bytes/);
  }
  const locked = sources['ReadableStream']!([]) as ReadableStream;
  locked.getReader();
  t.regex((await rejection(sender.sendFrom(locked, size))).message, /nobody else reads/);
  const other = Readable.from([]).on('readable', () => {});
  t.regex((await rejection(sender.sendFrom(other, size))).message, /listener of 'readable'/);
  const closed = freshTopic();
  closed.close();
  t.is((await rejection(closed.sendFrom(stream, size))).code, 'ERR_FRAMELANE_CLOSED');
  t.false(stream.destroyed);
  t.is(await sender.sendFrom(stream, size), 1);
  t.is(sender.stats().loaned, 0);
});

test('the error of a stream comes after the frames before it', async (t) => {
  const failure = new Error('unplugged');
  const bytes = film(2);
  let pulls = 0;
  const bad: Record<string, ByteSource> = {
    Readable: Readable.from(
      (async function* () {
        yield bytes;
        yield bytes.subarray(0, 5);
        throw failure;
      })(),
    ),
    ReadableStream: new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (pulls++ === 0) controller.enqueue(bytes);
          else controller.error(failure);
        },
      },
      { highWaterMark: 0 },
    ),
    generator: (async function* () {
      yield bytes;
      yield bytes.subarray(0, 5);
      throw failure;
    })(),
  };
  for (const [name, source] of Object.entries(bad)) {
    const [sender, reader] = ends(t);
    t.is((await rejection(sender.sendFrom(source, size))) as Error, failure, name);
    t.deepEqual(drain(reader), bytes, name);
    t.is(sender.stats().loaned, 0, name);
  }
});

test('a stream that is destroyed without an end is an error', async (t) => {
  const [sender] = ends(t);
  const stream = new PassThrough();
  stream.write(film(1).subarray(0, 9));
  const sending = rejection(sender.sendFrom(stream, size));
  await loaned(sender);
  stream.destroy();
  t.is((await sending).code as string, 'ERR_STREAM_PREMATURE_CLOSE');
  t.is(sender.stats().loaned, 0);
  t.is(
    await sender.sendFrom(
      Readable.from([])
        .resume()
        .on('end', () => {}),
      size,
    ),
    0,
  );
});

/** Sources that give a part of a frame and then nothing; each says whether it was given up. */
function stalled(): Record<string, [source: ByteSource, gaveUp: () => boolean]> {
  const part = film(1).subarray(0, 9);
  const stream = new PassThrough();
  stream.write(part);
  let cancelled = false;
  const web = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(part),
    cancel: () => void (cancelled = true),
  });
  let returned = false;
  const iterator = {
    next: () =>
      returned || steps++ > 0
        ? new Promise<never>(() => {})
        : Promise.resolve({ done: false as const, value: part }),
    return: () => {
      returned = true;
      return new Promise<never>(() => {});
    },
  };
  let steps = 0;
  const iterable = { [Symbol.asyncIterator]: () => iterator };
  return {
    Readable: [stream, () => stream.destroyed],
    ReadableStream: [web, () => cancelled],
    iterator: [iterable, () => returned],
  };
}

test('a signal ends it while the stream is silent, and gives the stream up', async (t) => {
  for (const [name, [source, gaveUp]] of Object.entries(stalled())) {
    const [sender] = ends(t);
    const controller = new AbortController();
    const sending = rejection(sender.sendFrom(source, { ...size, signal: controller.signal }));
    await loaned(sender);
    const reason = new Error('enough');
    controller.abort(reason);
    t.is((await sending) as Error, reason, name);
    t.true(gaveUp(), name);
    t.is(sender.stats().loaned, 0, name);
    t.is(getEventListeners(controller.signal, 'abort').length, 0);
  }
});

test('a signal that was aborted before, and close while the stream is silent', async (t) => {
  const reason = new Error('enough');
  for (const [name, [source, gaveUp]] of Object.entries(stalled())) {
    const [sender] = ends(t);
    const signal = AbortSignal.abort(reason);
    t.is((await rejection(sender.sendFrom(source, { ...size, signal }))) as Error, reason, name);
    t.true(gaveUp(), name);
  }
  for (const [name, [source, gaveUp]] of Object.entries(stalled())) {
    const topic = freshTopic();
    const loans: Image[] = [];
    const loan = topic.loan.bind(topic);
    const spy = (options: typeof size): Image => loans[loans.push(loan(options)) - 1]!;
    Object.assign(topic, { loan: spy });
    const sending = rejection(topic.sendFrom(source, size));
    await loaned(topic);
    topic.close();
    t.is((await sending).code, 'ERR_FRAMELANE_CLOSED', name);
    t.true(gaveUp(), name);
    t.true(loans.length > 0 && loans.every(({ released }) => released), name);
  }
});

test('an error that a destroyed stream still has does not end the process', async (t) => {
  const [sender] = ends(t);
  const stream = new Readable({
    read() {},
    destroy: (_error, callback) => void setTimeout(callback, 5, new Error('late')),
  });
  const sending = rejection(sender.sendFrom(stream, { ...size, signal: AbortSignal.timeout(5) }));
  t.is((await sending).name, 'TimeoutError');
  await sleep(20);
  t.true(stream.destroyed);
});

test('block: the stream is not read while a frame waits for room', async (t) => {
  const [sender, reader] = ends(t, { overflow: 'block', depth: 2 });
  let read = 0;
  const stream = new Readable({
    highWaterMark: BYTES,
    read() {
      this.push(read++ < 50 ? film(1) : null);
    },
  });
  const sending = sender.sendFrom(stream, size);
  while (sender.stats().sent < 2) await sleep(1);
  await loaned(sender);
  await sleep(30);
  t.true(read <= 5, `${read} pieces were read, but 2 frames have room`);
  let seen = 0;
  while (seen < 50) {
    using image = await reader.recv({ timeoutMs: 5000 });
    t.deepEqual(image.data, film(1));
    if (++seen % 10 === 0) await sleep(2);
    t.true(read <= seen + 6, `${read} were read, ${seen} taken`);
  }
  t.is(await sending, 50);
  t.deepEqual([reader.stats().lapped, sender.stats().loaned], [0, 0]);
});

test('block: a stream that others resume is not read twice at a time', async (t) => {
  const [sender, reader] = ends(t, { overflow: 'block', depth: 2 });
  const bytes = film(12);
  const stream = new PassThrough({ highWaterMark: 1 << 20 });
  const sending = sender.sendFrom(stream, size);
  for (const piece of pieces(bytes, [100, 33, 7])) stream.write(piece);
  stream.end();
  while (sender.stats().sent < 2) await sleep(1);
  await loaned(sender);
  // As Node.js does with the pipes of a child process that has ended.
  stream.resume();
  await sleep(5);
  const all: number[] = [];
  while (all.length < bytes.length) {
    using image = await reader.recv({ timeoutMs: 5000 });
    all.push(...image.data);
    stream.resume();
  }
  t.deepEqual(Uint8Array.from(all), bytes);
  t.is(await sending, 12);
  t.is(sender.stats().loaned, 0);
});

test('block: time-out, signal, close and a failing stream while a frame waits', async (t) => {
  const reason = new Error('enough');
  const ways: Record<string, [object, (sender: Topic, stream: Readable) => void, unknown]> = {
    timeout: [{ timeoutMs: 20 }, () => {}, 'ERR_FRAMELANE_BACKPRESSURE'],
    signal: [{}, () => {}, reason],
    close: [{}, (sender) => sender.close(), 'ERR_FRAMELANE_CLOSED'],
  };
  for (const [name, [options, act, expected]] of Object.entries(ways)) {
    const [sender, reader] = ends(t, { overflow: 'block', depth: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const stream = new Readable({ read() {} });
    stream.push(film(5));
    const sending = rejection(sender.sendFrom(stream, { ...size, signal, ...options }));
    while (sender.stats().sent < 1) await sleep(1);
    await loaned(sender);
    act(sender, stream);
    if (name === 'signal') controller.abort(reason);
    const error = await sending;
    t.is(typeof expected === 'string' ? error.code : error, expected as never, name);
    t.true(stream.destroyed, name);
    t.deepEqual(drain(reader), film(1), name);
    if (name !== 'close') t.is(sender.stats().loaned, 0, name);
  }
  const [sender, reader] = ends(t, { overflow: 'block', depth: 1 });
  const stream = new Readable({ read() {} });
  stream.push(film(2));
  const sending = rejection(sender.sendFrom(stream, size));
  while (sender.stats().sent < 1) await sleep(1);
  await loaned(sender);
  stream.destroy(reason);
  await sleep(10);
  t.deepEqual(drain(reader), film(1));
  t.is((await sending) as Error, reason, 'after the frame that was whole');
  t.deepEqual(drain(reader), film(2).subarray(BYTES));
});

test('sources that are never empty leave timers their turn', async (t) => {
  const piece = film(1).subarray(0, 7);
  const repeat = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (;;) yield bytes;
  };
  const endless: (() => ByteSource)[] = [
    () =>
      new Readable({
        read() {
          this.push(piece);
        },
      }),
    () => repeat(piece),
    () => repeat(new Uint8Array()),
  ];
  // Of the big one not even one frame comes together.
  for (const shape of [size, { width: 8192, height: 1024 }]) {
    for (const make of endless) {
      const [sender] = ends(t);
      const controller = new AbortController();
      let ticks = 0;
      const timer = setInterval(() => ++ticks === 5 && controller.abort(), 1);
      const { signal } = controller;
      const error = await rejection(sender.sendFrom(make(), { ...shape, signal }));
      clearInterval(timer);
      t.is(error.name, 'AbortError');
      t.is(sender.stats().loaned, 0);
    }
  }
});

test('several streams at a time, and listeners that stay', async (t) => {
  const [sender, reader] = ends(t);
  const controller = new AbortController();
  const { signal } = controller;
  const streams = [1, 2, 3].map(() => new PassThrough());
  const sending = streams.map((stream) => sender.sendFrom(stream, { ...size, signal }));
  for (const part of pieces(film(4), [33])) {
    for (const stream of streams) stream.write(part);
    await sleep(0);
  }
  for (const stream of streams) stream.end();
  t.deepEqual(await Promise.all(sending), [4, 4, 4]);
  t.is(drain(reader).length, 12 * BYTES);
  t.is(getEventListeners(signal, 'abort').length, 0);
  for (const stream of streams) {
    t.is(stream.listenerCount('data') + (stream as EventEmitter).listenerCount('error'), 0);
  }
});
