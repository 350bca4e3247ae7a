/**
 * The woken side of `doorbell.ts`: `bells.js ADDON KIND:PATH:WAY ...` opens the bells, says so,
 * notes when each is heard, and tells all of it when it is asked.
 */
import { createServer } from 'node:net';
import { constants } from 'node:os';
import process from 'node:process';
import { Image, Topic } from 'framelane';

/** What `benchmark/baselines/bell` exports. */
interface Bare {
  open(kind: string, path: string, way: string, callback: () => void): void;
}

const [addon = '', ...bells] = process.argv.slice(2);
const resolved = Promise.resolve();
const heard: bigint[][] = bells.map(() => []);
const module = { exports: {} };
process.dlopen(module, addon, constants.dlopen.RTLD_NOW);
const bare = module.exports as Bare;
for (const [index, bell] of bells.entries()) await listen(bell, heard[index]!);
process.on('message', () => {
  process.send!(
    heard.map((times) => times.map(Number)),
    () => process.exit(),
  );
});
process.once('disconnect', () => process.exit(1));
process.send!('ready');

async function listen(bell: string, times: bigint[]): Promise<void> {
  const [kind = '', path = '', way = '', when] = bell.split(':');
  if (kind === 'topic') {
    void receive(new Topic(Image, path), times);
  } else if (kind === 'stream') {
    await hearStream(path, times);
  } else {
    const note = (): void => {
      const now = process.hrtime.bigint();
      times.push(now);
    };
    bare.open(kind, path, way, when === 'later' ? () => void resolved.then(note) : note);
  }
}

async function receive(topic: Topic, times: bigint[]): Promise<void> {
  for await (const _ of topic) {
    const now = process.hrtime.bigint();
    times.push(now);
  }
}

/** What one would write without a library: a socket of `node:net`, data as it comes. */
async function hearStream(path: string, times: bigint[]): Promise<void> {
  const server = createServer((socket) => {
    socket.on('data', () => {
      const now = process.hrtime.bigint();
      times.push(now);
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
}
