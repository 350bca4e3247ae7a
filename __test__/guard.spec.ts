/** Guard: views end with their frame. */
import test from 'ava';
import { Image, Queue, Topic } from 'framelane';
import { freshName, freshTopic, markOf, runScript, sendMarked } from './kit.js';

const guard = true;

test('a kept view has length 0 after release', (t) => {
  const topic = freshTopic({ guard });
  sendMarked(topic, 3);
  const image = topic.tryRecv()!;
  const { data } = image;
  t.is(image.data, data);
  t.deepEqual([data.length, data[0]], [2, 3]);
  t.is(data.buffer.byteLength, 2, 'a buffer of this frame alone');
  image.release();
  t.deepEqual([data.length, data[0], data.buffer.byteLength], [0, undefined, 0]);
  topic.close();
});

test('after send, and what is written then reaches nobody', (t) => {
  const topic = freshTopic({ guard });
  const image = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
  const { data } = image;
  const other = image.retain();
  const view = other.data;
  t.not(view.buffer, data.buffer, 'each frame object has its own');
  data[0] = 8;
  t.is(view[0], 8, 'on the same memory');
  topic.send(image);
  t.deepEqual([data.length, view.length], [0, 0]);
  view[0] = 1;
  t.is(other.data[0], 8);
  t.is(other.data, other.data);
  const kept = other.data;
  other.release();
  t.is(kept.length, 0);
  topic.close();
});

test('after a send that fails it is there still', (t) => {
  const topic = freshTopic({ guard, overflow: 'block', depth: 1 });
  topic.tryRecv();
  sendMarked(topic, 1);
  const image = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
  const { data } = image;
  t.throws(() => topic.send(image), { code: 'ERR_FRAMELANE_BACKPRESSURE' });
  t.is(data.length, 2);
  image.release();
  t.is(data.length, 0);
  topic.close();
});

test('what is kept of a dropped frame keeps its view', (t) => {
  const topic = freshTopic({ guard, overflow: 'drop-newest', depth: 1 });
  topic.tryRecv();
  sendMarked(topic, 1);
  const image = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
  const kept = image.retain();
  const [one, two] = [image.data, kept.data];
  topic.send(image);
  t.is(topic.stats().dropped, 1);
  t.deepEqual([one.length, two.length], [0, 2]);
  kept.release();
  t.is(two.length, 0);
  topic.close();
});

test('after a loop step, and at the end of the loop', async (t) => {
  const topic = freshTopic({ guard, history: 8 });
  const views: Uint8Array[] = [];
  for (let mark = 0; mark < 3; mark += 1) sendMarked(topic, mark);
  for await (const { data } of topic) {
    t.deepEqual(
      views.map((view) => view.length),
      Array(views.length).fill(0),
    );
    t.is(data[0], views.length);
    if (views.push(data as Uint8Array) === 3) break;
  }
  t.deepEqual(
    views.map((view) => view.length),
    [0, 0, 0],
  );
  topic.close();
});

test('a retained frame has its own: one release leaves the other view', (t) => {
  const topic = freshTopic({ guard });
  sendMarked(topic, 4);
  const image = topic.tryRecv()!;
  const other = image.retain();
  const [one, two] = [image.data, other.data];
  image.release();
  t.deepEqual([one.length, two.length, two[0]], [0, 2, 4]);
  other.release();
  t.is(two.length, 0);
  topic.close();
});

test('views of a frame held stay after close(), until it is released', (t) => {
  const topic = freshTopic({ guard });
  sendMarked(topic, 6);
  const image = topic.tryRecv()!;
  const { data } = image;
  topic.close();
  t.is(data[0], 6);
  image.release();
  t.is(data.length, 0);
});

test('a queue has it, too, and another object of the topic need not', (t) => {
  const queue = new Queue(Image, freshName(), { guard });
  queue.send(Image.fromBytes(new Uint8Array([1]), { width: 1, height: 1, encoding: 'mono8' }));
  const image = queue.tryRecv()!;
  const { data } = image;
  image.release();
  t.is(data.length, 0);
  queue.close();
  const plain = freshTopic({ guard: false });
  const guarded = new Topic(Image, plain.name, { guard });
  sendMarked(plain, 2);
  const images = [plain.tryRecv()!, guarded.tryRecv()!];
  const views = images.map((received) => received.data);
  images.forEach((received) => received.release());
  t.deepEqual(
    views.map((view) => view.length),
    [2, 0],
  );
  [plain, guarded].forEach((topic) => topic.close());
});

test('guard must be true or false', (t) => {
  t.throws(() => freshTopic({ guard: 1 as unknown as boolean }), {
    code: 'ERR_FRAMELANE_INVALID_ARGUMENT',
    message: /guard: expected true or false, got 1/,
  });
});

test('clone, fromBytes and encode leave no view behind and see the frame', async (t) => {
  const topic = freshTopic({ guard });
  sendMarked(topic, 5);
  const image = topic.tryRecv()!;
  using copy = image.clone();
  t.is(markOf(copy), 5);
  const picture = image.encode('png');
  image.release();
  using decoded = Image.decode(await picture);
  t.is(markOf(decoded), 5);
  topic.close();
});

const inWorker = (code: string, guarded = '1'): Promise<{ stdout: string; stderr: string }> =>
  runScript(
    `
    import { Worker } from 'node:worker_threads';
    import { once } from 'node:events';
    const source = ${JSON.stringify(code)}
      .replace("'framelane'", JSON.stringify(import.meta.resolve('framelane')));
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)));
    const [said] = await once(worker, 'message');
    console.log(said);
    await worker.terminate();
    console.log('ended');
  `,
    { FRAMELANE_GUARD: guarded },
  );

test('by FRAMELANE_GUARD, in a worker, which ends with a frame in its hands', async (t) => {
  const { stdout, stderr } = await inWorker(`
    import { Image, Topic } from 'framelane';
    import { parentPort } from 'node:worker_threads';
    const topic = new Topic(Image, '${freshName()}');
    const views = [];
    for (let n = 0; n < 50; n += 1) {
      const loan = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
      views.push(loan.data);
      topic.send(loan);
      const image = topic.tryRecv();
      views.push(image.data);
      image.release();
    }
    topic.send(new Image(2, 2));
    const held = topic.tryRecv();
    parentPort.postMessage(views.every((view) => view.length === 0) + ' ' + held.data.length);
    setInterval(() => held.data[0], 1);
  `);
  t.is(stdout, 'true 12\nended', stderr);
});

test('memory moved out of a worker that ends stays readable', async (t) => {
  for (const guarded of ['0', '1']) {
    const { stdout, stderr } = await runScript(
      `
      import { Worker } from 'node:worker_threads';
      import { once } from 'node:events';
      const source = \`
        import { Image, Topic } from 'framelane';
        import { parentPort } from 'node:worker_threads';
        const topic = new Topic(Image, '${freshName()}');
        const loan = topic.loan({ width: 64, height: 64, encoding: 'mono8' });
        loan.data.fill(7);
        topic.send(loan);
        const image = topic.tryRecv();
        const { buffer } = image.data;
        const moved = buffer.transfer?.() ?? structuredClone(buffer, { transfer: [buffer] });
        parentPort.postMessage(moved, [moved]);
      \`.replace("'framelane'", JSON.stringify(import.meta.resolve('framelane')));
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)));
      const exited = once(worker, 'exit');
      const [moved] = await once(worker, 'message');
      await exited;
      let sum = 0;
      for (const byte of new Uint8Array(moved)) sum += byte;
      console.log(sum);
    `,
      { FRAMELANE_GUARD: guarded },
    );
    t.is(stdout, String(64 * 64 * 7), stderr);
  }
});

for (const guarded of ['0', '1']) {
  test(`markAsUntransferable never ends the process, FRAMELANE_GUARD=${guarded}`, async (t) => {
    const script = `
      import { Image, Topic } from 'framelane';
      import { markAsUntransferable } from 'node:worker_threads';
      const topic = new Topic(Image, '${freshName()}', { depth: 1 });
      const views = [];
      for (let n = 0; n < 400; n += 1) {
        const width = n < 300 ? 64 : 64 << n % 8;
        const loan = topic.loan({ width, height: 64, encoding: 'mono8' });
        markAsUntransferable(loan.data.buffer);
        topic.send(loan);
        const image = topic.tryRecv();
        views.push(image.data);
        markAsUntransferable(image.data.buffer);
        image.release();
      }
      let sum = 0;
      for (const view of views) for (let n = 0; n < view.length; n += 1) sum += view[n];
      topic.close();
      console.log('alive', sum >= 0);
      // Node 24 would end with an abort otherwise, as for such a buffer of any addon.
      setImmediate(() => process.kill(process.pid, 'SIGKILL'));
    `;
    const { stdout, stderr } = await runScript(script, { FRAMELANE_GUARD: guarded });
    t.is(stdout, 'alive true', stderr);
    const warnings = stderr.match(/\[FRAMELANE_GUARD\] FramelaneWarning/g) ?? [];
    const major = Number(process.versions.node.split('.')[0]);
    t.is(warnings.length, guarded === '1' && major >= 24 ? 1 : 0, stderr);
  });
}

test('memory comes back at once: frames of ever other sizes, without a turn between', async (t) => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { configure, Image, Topic } from 'framelane';
    configure({ guard: true });
    const topic = new Topic(Image, '${freshName()}', { depth: 1 });
    const mapped = () => readFileSync('/proc/self/maps', 'utf8').match(/framelane-/g).length;
    let first = 0;
    for (let n = 0; n < 2000; n += 1) {
      const size = Math.floor(n / 100);
      const loan = topic.loan({ width: 1024, height: 4 + size * size, encoding: 'mono8' });
      loan.data[0] = n;
      topic.send(loan);
      const image = topic.tryRecv();
      if (image.data[0] !== n % 256) throw new Error('torn');
      image.release();
      if (n === 1000) first = mapped();
    }
    console.log(mapped() - first);
  `;
  const { stdout, stderr } = await runScript(script);
  t.true(Number(stdout) < 6, `${stdout} more mappings\n${stderr}`);
});
