/** What `data` is on: a buffer for each slot, a shared one, or a copy. */
import test, { type ExecutionContext } from 'ava';
import { configure, FramelaneError, type Settings } from 'framelane';
import { freshName, freshTopic, markOf, runScript, sendMarked } from './kit.js';

// The other tests run with guard, where each frame has its own buffer.
process.env['FRAMELANE_GUARD'] = '0';

const shared = { FRAMELANE_MEMORY: 'shared-buffer' };
const probe = `
  import { Image } from 'framelane';
  try { new Image(1, 1).release(); console.log('yes'); } catch (error) { console.log(error.code); }
`;
/** Whether this Node can make such buffers. */
const hasShared = (await runScript(probe, shared)).stdout === 'yes';

/** Runs a script with shared buffers: it says `said`, or why they cannot be had here. */
async function saysShared(t: ExecutionContext, script: string, said: string): Promise<void> {
  const caught = `process.on('uncaughtException', (error) => console.log(error.code ?? error));`;
  const { stdout, stderr } = await runScript(`${caught}\n${script}`, shared);
  t.is(stdout, hasShared ? said : 'ERR_FRAMELANE_EXTERNAL_MEMORY', stderr);
}

/** The buffer that the newest frame's `data` is on, once for each of `frames` frames. */
async function buffersOf(frames: number): Promise<ArrayBufferLike[]> {
  const topic = freshTopic({ depth: 1 });
  topic.tryRecv();
  const buffers: ArrayBufferLike[] = [];
  for (let n = 0; n < frames; n += 1) {
    sendMarked(topic, n);
    using image = await topic.recv();
    buffers.push(image.data.buffer);
  }
  topic.close();
  return buffers;
}

test('a slot has one buffer, the same again for each frame in it', async (t) => {
  const buffers = await buffersOf(100);
  const { size } = new Set(buffers);
  t.true(size <= 5, `${size} buffers for 100 frames`);
  t.true(size > 1, 'and not one for all slots');
});

test('a view shows its slot only: nothing of others is cloned with it', (t) => {
  const topic = freshTopic();
  const images = [1, 2, 3].map((mark) => {
    sendMarked(topic, mark);
    return topic.tryRecv()!;
  });
  for (const image of images) {
    t.is(image.data.byteOffset, 0);
    t.is(structuredClone(image.data).buffer.byteLength, 4096, 'a page, the smallest slot');
  }
  t.is(new Set(images.map(({ data }) => data.buffer)).size, 3);
  images.forEach((image) => image.release());
  topic.close();
});

test('the views of one frame are one, and of another type on the same buffer', (t) => {
  const topic = freshTopic();
  sendMarked(topic, 5);
  using image = topic.tryRecv();
  t.is(image?.data, image?.data);
  using again = image!.retain();
  t.is(again.data.buffer, image!.data.buffer);
  topic.close();
});

test('a view on a held frame stays after close()', (t) => {
  const topic = freshTopic();
  sendMarked(topic, 9);
  const image = topic.tryRecv()!;
  const { data } = image;
  topic.close();
  t.deepEqual([data[0], image.data[0]], [9, 9]);
  image.release();
});

// The next two take the memory out of our buffer, which must not be left looking at nothing.
const moves: [string, string][] = [
  ['transfer()', 'const moved = move(data.buffer);'],
  ['transfer() to another thread', 'const moved = await toWorker(move(data.buffer));'],
];

/**
 * Frames of ever other sizes, so that pools are retired, while somebody has a moved buffer; first
 * so many that the ring does not name the first pool any more.
 */
const moveScript = (move: string): string => `
  import { Image, Topic } from 'framelane';
  import { once } from 'node:events';
  import { Worker } from 'node:worker_threads';
  const topic = new Topic(Image, '${freshName()}', { depth: 1 });
  const loan = (width) => topic.loan({ width, height: 64, encoding: 'mono8' });
  const worker = new Worker(
    'const { parentPort } = require("worker_threads");' +
    'parentPort.once("message", (b) => parentPort.postMessage(b, [b]));',
    { eval: true, execArgv: [] });
  async function toWorker(buffer) {
    worker.postMessage(buffer, [buffer]);
    return (await once(worker, 'message'))[0];
  }
  // Node 20 has no \`transfer\` and copies what is transferred otherwise.
  const move = (buffer) => buffer.transfer?.() ?? structuredClone(buffer, { transfer: [buffer] });
  const first = loan(64);
  first.data.fill(7);
  topic.send(first);
  const image = topic.tryRecv();
  const { data } = image;
  ${move}
  if (data.length !== 0 && 'transfer' in data.buffer) throw new Error('not moved');
  image.release();
  for (let n = 0; n < 400; n += 1) {
    topic.send(loan(n < 300 ? 128 : 128 << n % 7));
    topic.tryRecv().release();
  }
  let sum = 0;
  for (const byte of new Uint8Array(moved)) sum += byte;
  console.log(sum, loan(64).data.length);
  await worker.terminate();
  topic.close();
`;

for (const [name, move] of moves) {
  test(`memory moved away by ${name} stays readable`, async (t) => {
    for (const guard of ['0', '1']) {
      const outcome = await runScript(moveScript(move), { FRAMELANE_GUARD: guard });
      t.is(outcome.stdout, '28672 4096', outcome.stderr);
      t.is(outcome.status, 0);
    }
  });
}

test('shared-buffer: where Node has none, the first use says so and which Node does', async (t) => {
  const script = `
    import { Image, Topic } from 'framelane';
    for (const use of [() => new Image(1, 1), () => new Topic(Image, 'x')]) {
      try { use(); console.log('fine'); } catch (error) { console.log(error.code, error.message); }
    }
  `;
  const { stdout } = await runScript(script, shared);
  const major = Number(process.versions.node.split('.')[0]);
  if (major === 20) t.false(hasShared);
  if (hasShared) t.is(stdout, 'fine\nfine');
  else
    t.regex(stdout, /^(ERR_FRAMELANE_EXTERNAL_MEMORY memory 'shared-buffer': .*24\.21.*\n?){2}$/);
});

test('shared-buffer: a view posted to a worker shares', async (t) => {
  const script = `
    import { Image, Topic } from 'framelane';
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const topic = new Topic(Image, '${freshName()}');
    const worker = new Worker(
      'const { parentPort } = require("worker_threads");' +
      'parentPort.on("message", (view) => {' +
      '  if (view === 0) return process.exit();' +
      '  const seen = view[0]; view[1] = 42; parentPort.postMessage([seen, view.buffer]); });',
      { eval: true, execArgv: [] });
    const image = topic.loan({ width: 4, height: 1, encoding: 'mono8' });
    image.data.fill(11);
    worker.postMessage(image.data);
    const [[seen, buffer]] = await once(worker, 'message');
    console.log(image.data.buffer instanceof SharedArrayBuffer, seen, image.data[1]);
    topic.send(image);
    const got = topic.tryRecv();
    console.log([...got.data].join());
    worker.postMessage(0);
    await once(worker, 'exit');
    const kept = got.data;
    got.release();
    topic.close();
    console.log(kept[1], new Uint8Array(buffer)[1]);
  `;
  await saysShared(t, script, 'true 11 42\n11,42,11,11\n42 42');
});

test('shared-buffer: memory outlives pool and thread', async (t) => {
  // The worker has the pool first, posts a view, and ends; the pool is retired meanwhile.
  const script = `
    import { once } from 'node:events';
    import v8 from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { Worker } from 'node:worker_threads';
    const source = \`
      import { Image, Topic } from 'framelane';
      import { parentPort } from 'node:worker_threads';
      const topic = new Topic(Image, '${freshName()}', { depth: 1 });
      const send = (width) => {
        const image = topic.loan({ width, height: 64, encoding: 'mono8' });
        image.data.fill(width === 64 ? 7 : 9);
        topic.send(image);
        return topic.tryRecv();
      };
      const image = send(64);
      parentPort.postMessage(image.data);
      image.release();
      for (let n = 0; n < 400; n += 1) send(n < 300 ? 128 : 128 << n % 7).release();
      topic.close();
    \`;
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(
      source.replace("'framelane'", JSON.stringify(import.meta.resolve('framelane'))))));
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    const [view] = await once(worker, 'message');
    await exited;
    v8.setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    let sum = 0;
    for (const byte of new Uint8Array(view.buffer)) sum += byte;
    console.log(view.buffer instanceof SharedArrayBuffer, sum);
  `;
  await saysShared(t, script, 'true 28672');
});

const together: [string, string, Record<string, string>][] = [
  ['configure', `configure({ guard: true, memory: 'shared-buffer' });`, {}],
  [
    'configure in two calls',
    `configure({ guard: true }); configure({ memory: 'shared-buffer' });`,
    {},
  ],
  ['the environment', 'new Image(1, 1);', { ...shared, FRAMELANE_GUARD: '1' }],
  ['both', 'configure({ guard: true }); new Image(1, 1);', shared],
];

for (const [name, code, env] of together) {
  test(`guard and shared-buffer together are refused: ${name}`, async (t) => {
    const script = `
      import { configure, Image } from 'framelane';
      try { ${code} console.log('fine'); } catch (error) { console.log(error.code, error.message); }
    `;
    const { stdout } = await runScript(script, env);
    t.regex(
      stdout,
      /^ERR_FRAMELANE_INVALID_ARGUMENT .*guard.*SharedArrayBuffer cannot be detached/,
    );
  });
}

test('a topic with guard is refused where memory is shared', async (t) => {
  const script = `
    import { Image, Topic } from 'framelane';
    new Topic(Image, 'g', { guard: true });
  `;
  await saysShared(t, script, 'ERR_FRAMELANE_INVALID_ARGUMENT');
});

/** Runs `code` with memory 'copy'; what it gives to `say`. */
async function copying(code: string): Promise<string> {
  const script = `
    import { Image, Topic } from 'framelane';
    const say = (...values) => console.log(...values);
    const shape = { width: 4, height: 2, encoding: 'mono8' };
    const topic = new Topic(Image, '${freshName()}');
    ${code}
    topic.close();
  `;
  const { stdout, stderr } = await runScript(script, { FRAMELANE_MEMORY: 'copy' });
  return stdout + stderr;
}

test('copy: what is written to a loan is received, and all copies are counted', async (t) => {
  const said = await copying(`
    const image = topic.loan(shape);
    image.data.set([1, 2, 3, 4, 5, 6, 7, 8]);
    const kept = image.data;
    topic.send(image.setFrameId('left').setTimestampNs(5));
    kept.fill(99);
    const got = topic.tryRecv();
    say(topic.stats().copied, got.frameId, got.timestampNs, got.sequence);
    say(got.data.join(), got.data === got.data, got.data.buffer.byteLength, topic.stats().copied);
    got.data.fill(0);
    const again = topic.latest();
    say(again.data.join());
    got.release();
    again.release();
  `);
  t.is(said, '1 left 5n 1\n1,2,3,4,5,6,7,8 true 8 2\n1,2,3,4,5,6,7,8'.replace('5n 1', '5n 0'));
});

test('copy: retained objects of a loan share their pixels until it is sent', async (t) => {
  const said = await copying(`
    const image = topic.loan(shape);
    image.data.fill(1);
    const other = image.retain();
    other.data[0] = 2;
    say(image.data[0]);
    const kept = other.data;
    topic.send(image);
    kept[0] = 77;
    say(other.data.join(), other.data === other.data);
    other.release();
  `);
  t.is(said, '2\n2,1,1,1,1,1,1,1 true');
});

test('copy: fromBytes, clone, encode, decode and relay see what data shows', async (t) => {
  const said = await copying(`
    const image = Image.fromBytes(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), shape);
    image.data[0] = 50;
    const copy = image.clone();
    say(copy.data.join());
    const png = await image.encode('png');
    say(Image.decode(png).data.join());
    const target = topic.loan(shape);
    const { data } = target;
    data.fill(3);
    Image.decode(png, { into: target });
    say(data.join(), target.data === data);
    data[1] = 60;
    topic.send(target);
    const got = topic.tryRecv();
    say(got.clone().data.join());
    topic.send(got);
    const relayed = topic.tryRecv();
    say(relayed.data.join());
    say(new Image(2, 2, 'mono8').data.join());
  `);
  const [first, second] = ['50,2,3,4,5,6,7,8', '50,60,3,4,5,6,7,8'];
  t.is(said, [first, first, `${first} true`, second, second, '0,0,0,0'].join('\n'));
});

test('copy: pixels moved away before they are sent are an error', async (t) => {
  const said = await copying(`
    const image = topic.loan(shape);
    structuredClone(image.data.buffer, { transfer: [image.data.buffer] });
    for (const use of [() => topic.send(image), () => image.clone()]) {
      try { use(); } catch (error) { say(error.code); }
    }
    await image.encode('png').catch((error) => say(error.code));
    say(image.released);
    image.release();
  `);
  t.is(said, `${'ERR_FRAMELANE_DETACHED_BUFFER\n'.repeat(3)}false`);
});

test('copy: what is kept of a dropped frame can be written and sent', async (t) => {
  const said = await copying(`
    const narrow = new Topic(Image, topic.name + '.n', { overflow: 'drop-newest', depth: 1 });
    narrow.tryRecv();
    narrow.send(narrow.loan(shape));
    const image = narrow.loan(shape);
    image.data.fill(1);
    const kept = image.retain();
    narrow.send(image);
    kept.data[0] = 9;
    narrow.tryRecv().release();
    narrow.send(kept);
    const got = narrow.tryRecv();
    say(got.data.join(), narrow.stats().dropped);
    got.release();
    narrow.close();
  `);
  t.is(said, '9,1,1,1,1,1,1,1 1');
});

test('copy is never taken unless asked for', (t) => {
  const topic = freshTopic();
  sendMarked(topic, 1);
  using image = topic.tryRecv();
  t.is(markOf(image), 1);
  t.is(topic.stats().copied, 0);
  topic.close();
});

const refused: [name: string, settings: unknown, text: RegExp][] = [
  ['another memory', { memory: 'heap' }, /memory: .*'shared-buffer' or 'copy', got "heap"/],
  ['guard as text', { guard: '1' }, /guard: expected true or false/],
];

for (const [name, settings, message] of refused) {
  test(`configure refuses ${name}`, (t) => {
    const code = 'ERR_FRAMELANE_INVALID_ARGUMENT';
    const expected = { instanceOf: FramelaneError, code, message };
    t.throws(() => configure(settings as Settings), expected);
  });
}

for (const name of ['FRAMELANE_GUARD', 'FRAMELANE_MEMORY']) {
  test(`${name}=yes is refused at the first use, by its name`, async (t) => {
    const script = `
      import { Image } from 'framelane';
      try { new Image(1, 1); } catch (error) { console.log(error.code, error.message); }
    `;
    const { stdout } = await runScript(script, { [name]: 'yes' });
    t.regex(stdout, new RegExp(`^ERR_FRAMELANE_INVALID_ARGUMENT ${name}: .*got "yes"`));
  });
}
