// Received frames are read-only: a stray write ends its process with one line that names the
// frame, harms nobody else's, and leaves every other signal as it was.
import { fork, type ChildProcess } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Image, Topic } from 'framelane';
import { directory, eventually, topicName } from './children.js';
import { after, before, picture, type WriterSaid } from './writer.js';

const file = fileURLToPath(new URL('./writer.js', import.meta.url));

/** How a process ended. */
interface End {
  code: number | null;
  signal: string | null;
  stderr: string;
}

/** What a process is started with. */
interface Start {
  env?: Record<string, string>;
  execArgv?: string[];
}

class Writer {
  readonly process: ChildProcess;
  readonly #said: WriterSaid[] = [];
  #stderr = '';
  #closed = false;

  constructor(
    t: ExecutionContext,
    role: string,
    args: string[],
    { env = {}, execArgv }: Start = {},
  ) {
    const options = { env: { ...process.env, ...env }, execArgv: execArgv ?? [], silent: true };
    this.process = fork(file, [role, ...args], options);
    this.process.on('message', (message) => this.#said.push(message as WriterSaid));
    this.process.stderr?.setEncoding('utf8').on('data', (text) => (this.#stderr += text));
    this.process.on('close', () => (this.#closed = true));
    t.teardown(() => this.process.kill('SIGKILL'));
  }

  /** What it has said of one type, once it has said so `count` times. */
  async until<T extends WriterSaid['type']>(
    type: T,
    count = 1,
  ): Promise<Extract<WriterSaid, { type: T }>[]> {
    const said = () => this.#said.filter((one) => one.type === type);
    const ended = () => this.process.exitCode !== null || this.process.signalCode !== null;
    await eventually(() => said().length >= count || ended(), 20_000);
    if (said().length < count) throw new Error(`ended before ${type}: ${this.#stderr}`);
    return said() as Extract<WriterSaid, { type: T }>[];
  }

  /** Everything that it did. */
  did(): number[] {
    return this.#said.flatMap((said) => (said.type === 'did' ? [said.value] : []));
  }

  go(): void {
    this.process.send('go');
  }

  async end(): Promise<End> {
    await eventually(() => this.#closed, 20_000);
    return {
      code: this.process.exitCode,
      signal: this.process.signalCode,
      stderr: this.#stderr,
    };
  }
}

/** A topic of this process with one frame, which it has received itself, too. */
function published(t: ExecutionContext, what: string) {
  const name = topicName(what);
  const topic = new Topic(Image, name) as unknown as Topic;
  topic.send(picture());
  const image = topic.tryRecv();
  if (image === null) throw new Error('no frame');
  t.teardown(() => {
    image.release();
    topic.close();
  });
  return { name, topic, data: image.data as Readonly<Uint8Array> };
}

/** The line for a frame of this topic, and the `slot 7#42` in it. */
function slotIn(t: ExecutionContext, stderr: string, name: string): string {
  const line = new RegExp(
    String.raw`^framelane: a received frame was written to \(topic (\S+), pool [0-9a-f]{16}, ` +
      String.raw`(slot \d+#\d+)\); frames are read-only: use frame\.clone\(\) for a private ` +
      String.raw`copy or configure\(\{ access: 'shared' \}\)\n$`,
  );
  const [, topic, slot] = line.exec(stderr) ?? [];
  t.is(topic, name, JSON.stringify(stderr));
  return slot ?? 'no slot';
}

async function strayWrite(
  t: ExecutionContext,
  role: string,
  execArgv: string[] = [],
): Promise<void> {
  const { name, data } = published(t, role);
  const writer = new Writer(t, role, [name], { execArgv });
  const [held] = await writer.until('holding');
  writer.go();
  const { signal, code, stderr } = await writer.end();
  t.is(signal, 'SIGSEGV');
  t.is(code, null);
  const slot = slotIn(t, stderr, name);
  t.true(held?.image.includes(`${slot} `), `${slot} is not in ${held?.image}`);
  t.deepEqual(writer.did(), [], 'the write did not happen');
  t.true(
    data.every((value) => value === before),
    'what others see is as it was',
  );
}

for (const [role, what] of [
  ['write', 'a frame of another process'],
  ['write-in-worker', 'a frame of another process, from a worker'],
  ['write-own', 'a frame the process has sent itself'],
  ['write-retained', 'what is retained of a frame that was sent'],
] as const) {
  test(`a write to ${what} ends the process with one line`, (t) => strayWrite(t, role));
}

test('a write ends the process with one line where nobody handled the signal before', (t) =>
  strayWrite(t, 'write', ['--disable-wasm-trap-handler']));

test('writes of several threads at once make one line', async (t) => {
  const { name } = published(t, 'everywhere');
  const writer = new Writer(t, 'write-everywhere', [name]);
  await writer.until('holding', 4);
  writer.go();
  const { signal, stderr } = await writer.end();
  t.is(signal, 'SIGSEGV');
  slotIn(t, stderr, name);
});

for (const role of ['trap', 'trap-in-worker']) {
  test(`WebAssembly out of bounds is a RuntimeError as ever: ${role}`, async (t) => {
    const { name } = published(t, role);
    const writer = new Writer(t, role, [name]);
    await writer.until('holding');
    writer.go();
    await writer.until('did');
    writer.go();
    const { signal, stderr } = await writer.end();
    t.deepEqual(writer.did(), [1010], 'every trap, before and after the first frame');
    // The process has lived through them, and the handler is still there.
    t.is(signal, 'SIGSEGV');
    slotIn(t, stderr, name);
  });
}

for (const execArgv of [[], ['--disable-wasm-trap-handler']]) {
  test(`other signals end the process as ever, without a line ${execArgv}`, async (t) => {
    const { name } = published(t, 'other');
    for (const sent of ['SIGSEGV', 'SIGBUS', 'SIGABRT'] as const) {
      const writer = new Writer(t, 'write', [name], { execArgv });
      await writer.until('holding');
      writer.process.kill(sent);
      const { signal, code, stderr } = await writer.end();
      t.deepEqual({ signal, code, stderr }, { signal: sent, code: null, stderr: '' });
    }
  });
}

test('a fault of memory that is no received frame ends the process without a line', async (t) => {
  const name = topicName('loan');
  const writer = new Writer(t, 'write-loan', [name]);
  const [held] = await writer.until('holding');
  for (const pool of held?.pools ?? []) truncateSync(join(directory(), pool), 0);
  writer.go();
  t.deepEqual(await writer.end(), { signal: 'SIGBUS', code: null, stderr: '' });
});

test('a file made shorter under its readers is a line, too', async (t) => {
  const name = topicName('shorter');
  const owner = new Writer(t, 'write-own', [name]);
  await owner.until('holding');
  const reader = new Writer(t, 'read', [name]);
  const [held] = await reader.until('holding');
  for (const pool of held?.pools ?? []) truncateSync(join(directory(), pool), 0);
  reader.go();
  const { signal, stderr } = await reader.end();
  t.is(signal, 'SIGBUS');
  const frame = String.raw`topic ${name}, pool [0-9a-f]{16}, slot \d+`;
  const what = 'the file of a received frame was made shorter by somebody';
  const line = String.raw`^framelane: ${what} \(${frame}\); its pixels are gone\n$`;
  t.regex(stderr, new RegExp(line));
});

test('a subscriber has no mapping through which it could write', async (t) => {
  const { name } = published(t, 'maps');
  const writer = new Writer(t, 'write', [name]);
  const [held] = await writer.until('holding');
  t.deepEqual(
    held?.maps,
    held?.pools.map((pool) => `r--s ${pool}`),
  );
  t.is(held?.maps.length, 1);
});

test("access 'shared' by the environment: a write succeeds, and others see it", async (t) => {
  const { name, data } = published(t, 'shared');
  const writer = new Writer(t, 'write', [name], { env: { FRAMELANE_ACCESS: 'shared' } });
  const [held] = await writer.until('holding');
  t.deepEqual(held?.maps, [`rw-s ${held?.pools[0]}`]);
  writer.go();
  await writer.until('did');
  t.deepEqual(writer.did(), [after]);
  t.deepEqual([data[0], data[1]], [after, before]);
});

test("access 'shared' by configure: to a frame of its own, too", async (t) => {
  const name = topicName('shared-own');
  const topic = new Topic(Image, name);
  t.teardown(() => topic.close());
  const writer = new Writer(t, 'write-own', [name, 'shared']);
  await writer.until('holding');
  const image = await topic.recv();
  writer.go();
  await writer.until('did');
  t.deepEqual(writer.did(), [after]);
  t.is(image.data[0], after);
  image.release();
});
