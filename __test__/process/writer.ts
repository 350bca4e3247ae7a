/**
 * What the tests of read-only memory start: `writer.js ROLE TOPIC [ACCESS]`. It takes a frame,
 * says where that is, waits for the word to go on, and does what its role says.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { configure, Image, Topic, type ReceivedImage, type Settings } from 'framelane';

/** What a writer says. */
export type WriterSaid =
  | { type: 'holding'; image: string; maps: string[]; pools: string[] }
  | { type: 'did'; value: number };

/** The first pixels before and after a write that succeeds. */
export const [before, after] = [7, 99];

const traps = 1000;

/** What is used of it; the types of Node.js 20 do not have it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Record<string, (address: number) => number> };
  RuntimeError: new () => Error;
};

/** `f(address)` reads its memory of one page there. */
const wasm = new Uint8Array(
  [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    [0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f],
    [0x03, 0x02, 0x01, 0x00],
    [0x05, 0x03, 0x01, 0x00, 0x01],
    [0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
    [0x0a, 0x09, 0x01, 0x07, 0x00, 0x20, 0x00, 0x28, 0x02, 0x00, 0x0b],
  ].flat(),
);

function say(said: WriterSaid): void {
  if (isMainThread) process.send?.(said);
  else parentPort?.postMessage(said);
}

/** Mappings of data files of other processes' pools: protection and name. */
function maps(): string[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, access, name] = /^\S+ (\S+) .*\/(p\.[0-9a-f]{16}\.d)/.exec(line) ?? [];
    return access === undefined ? [] : [`${access} ${name}`];
  });
}

/** The word to go on. */
function nextWord(): Promise<unknown> {
  return new Promise((resolve) => (parentPort ?? process).once('message', resolve));
}

/** Who has nothing but a frame's data does not hold the frame. */
const held: ReceivedImage[] = [];

/** Says what is held, and waits for the word to go on. */
async function hold(topic: Topic, image: ReceivedImage): Promise<Uint8Array> {
  held.push(image);
  const { data } = image;
  const went = nextWord();
  const pools = topic.stats().pools.map(({ id }) => `p.${id}.d`);
  say({ type: 'holding', image: inspect(image), maps: maps(), pools });
  await went;
  return data as unknown as Uint8Array;
}

function write(data: Uint8Array): void {
  data[0] = after;
  say({ type: 'did', value: data[0] });
}

/** Reads outside WebAssembly memory; how often that was a `RuntimeError`. */
function trap(times: number): number {
  const { Instance, Module, RuntimeError } = WebAssembly;
  const { f } = new Instance(new Module(wasm)).exports;
  let errors = 0;
  for (let time = 0; time < times; time += 1) {
    try {
      f?.(65_536 + time * 4096);
    } catch (error) {
      errors += Number(error instanceof RuntimeError);
    }
  }
  return errors;
}

function startWorker(role: string, name: string): Worker {
  const worker = new Worker(new URL(import.meta.url), { argv: [role, name] });
  worker.on('message', say);
  process.on('message', (word) => worker.postMessage(word));
  return worker;
}

const roles: Record<string, (topic: Topic, name: string) => Promise<void>> = {
  /** Writes to a frame of another process. */
  async write(topic) {
    write(await hold(topic, await topic.recv()));
  },

  /** Writes to a frame that it has sent itself, and received. */
  async 'write-own'(topic) {
    topic.send(picture());
    write(await hold(topic, await topic.recv()));
  },

  /** Writes to what it has retained of a frame that was of no topic before it was sent. */
  async 'write-retained'(topic) {
    const image = picture();
    topic.send(image.retain());
    write(await hold(topic, image as unknown as ReceivedImage));
  },

  /** Writes from four threads at once. */
  async 'write-everywhere'(topic, name) {
    for (let count = 0; count < 3; count += 1) startWorker('write', name);
    write(await hold(topic, await topic.recv()));
  },

  async 'write-in-worker'(_topic, name) {
    await once(startWorker('write', name), 'exit');
  },

  /** Traps of WebAssembly, compiled before and after the first frame; then a stray write. */
  async trap(topic) {
    const early = trap(10);
    const data = await hold(topic, await topic.recv());
    const errors = trap(traps);
    const went = nextWord();
    say({ type: 'did', value: early + errors });
    await went;
    write(data);
  },

  async 'trap-in-worker'(_topic, name) {
    await once(startWorker('trap', name), 'exit');
  },

  /** Reads a frame when its file may be gone. */
  async read(topic) {
    const data = await hold(topic, await topic.recv());
    say({ type: 'did', value: data[0] ?? 0 });
  },

  /** Writes to a loan, which is not a received frame, while it has one. */
  async 'write-loan'(topic) {
    const image = topic.loan({ width: 64, height: 64, encoding: 'mono8' });
    const { data } = image;
    data[0] = before;
    topic.send(picture());
    await hold(topic, await topic.recv());
    write(data);
  },
};

/** A frame of this process. */
export function picture(): Image {
  const image = new Image({ width: 64, height: 64, encoding: 'mono8' });
  image.data.fill(before);
  return image as unknown as Image;
}

const [, file, role, name, access] = process.argv;
if (file?.endsWith('writer.js') && role !== undefined && name !== undefined) {
  if (isMainThread) process.on('disconnect', () => process.exit());
  if (access !== undefined) configure({ access } as Settings);
  const topic = new Topic(Image, name) as unknown as Topic;
  topic.ref();
  await roles[role]?.(topic, name);
}
