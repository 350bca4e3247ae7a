// Shared memory that is really full: a small tmpfs of our own. A typed error, never a signal.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { Said } from './child.js';
import { rustExample, topicName } from './children.js';
import { findWay, type Way } from './mounts.js';

const way = findWay();
// Named in the runner's last lines; in CI a skipped suite is an error.
const run = way === undefined ? test.skip : test;

async function fill(t: ExecutionContext, size: string, role = 'fill'): Promise<Said | undefined> {
  const path = mkdtempSync('/dev/shm/framelane-test-');
  t.teardown(() => rmdirSync(path));
  const child = fileURLToPath(new URL('./child.js', import.meta.url));
  const command = [process.execPath, child, role, topicName('full')];
  const [program, ...args] = (way as Way)(size, path, command);
  const running: ChildProcess = spawn(program, args, {
    env: { ...process.env, FRAMELANE_DIR: path },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const said: Said[] = [];
  running.on('message', (message) => said.push(message as Said));
  const [code, signal] = (await once(running, 'exit')) as [number | null, string | null];
  t.is(signal, null, 'no signal');
  t.is(code, 0, JSON.stringify(said));
  return said.at(-1);
}

// 1.44 MB an image: 8 MiB hold five and the control files, 3 MiB hold two.
for (const [size, most] of [
  ['8m', 5],
  ['3m', 2],
] as const) {
  run(`full shared memory (tmpfs of ${size}) is a typed error, and all goes on`, async (t) => {
    const said = await fill(t, size);
    if (said?.type !== 'full') return t.fail(JSON.stringify(said));
    t.deepEqual(said.codes, ['ERR_FRAMELANE_NO_SPACE', 'ERR_FRAMELANE_NO_SPACE']);
    t.is(said.images, most, 'every byte that can hold an image does');
    t.true(said.intact, 'no image wrote over another');
    t.true(said.works, 'after images were given back');
  });
}

run('a change of size on a full tmpfs takes the memory of the old size', async (t) => {
  const said = await fill(t, '8m', 'resize');
  t.deepEqual(said, { type: 'holding', count: 50 });
});

run('a tmpfs too small for anything is a typed error, too', async (t) => {
  const path = mkdtempSync('/dev/shm/framelane-test-');
  t.teardown(() => rmdirSync(path));
  const child = fileURLToPath(new URL('./child.js', import.meta.url));
  const [program, ...args] = (way as Way)('32k', path, [process.execPath, child, 'look', 'tiny']);
  const running = spawn(program, args, {
    env: { ...process.env, FRAMELANE_DIR: path },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const said: Said[] = [];
  running.on('message', (message) => {
    said.push(message as Said);
    running.kill();
  });
  await once(running, 'exit');
  t.is(said[0]?.type === 'error' && said[0].code, 'ERR_FRAMELANE_NO_SPACE');
});

const page = 4096;
/** What a pool of 16 slots of 1,000,000 bytes takes: data file, then control file. */
const exact = (2 + 16 * Math.ceil(1_000_000 / page) + 2) * page;
const MiB = 1 << 20;

/** Runs the Rust program on a tmpfs of its own; it checks, and fails with a signal or a code. */
async function full(t: ExecutionContext, size: number, args: (string | number)[]): Promise<string> {
  const path = mkdtempSync('/dev/shm/framelane-test-');
  t.teardown(() => rmdirSync(path));
  const [mode, ...rest] = args.map(String) as [string, ...string[]];
  const program = await rustExample('framelane-topic', 'full');
  const [command, ...given] = (way as Way)(`${size}`, path, [program, mode, path, ...rest]);
  const { stdout } = await promisify(execFile)(command, given, { env: process.env });
  return stdout;
}

for (const [size, slots, bytes, fits] of [
  [8 * MiB, 16, MiB, 'no'],
  [64 * MiB, 64, MiB, 'no'],
  [64 * MiB, 63, MiB, 'yes'],
  [64 * MiB, 1, 1 << 30, 'no'],
  [exact, 16, 1_000_000, 'yes'],
  [exact + page, 16, 1_000_000, 'yes'],
  [exact - page, 16, 1_000_000, 'no'],
  [exact - 2 * page, 16, 1_000_000, 'no'],
  [exact - 3 * page, 16, 1_000_000, 'no'],
] as const) {
  const whether = fits === 'yes' ? 'fits, every byte of it' : 'is refused, and leaves nothing';
  run(`a pool of ${slots} x ${bytes} bytes on a tmpfs of ${size} bytes ${whether}`, async (t) => {
    await full(t, size, ['fit', slots, bytes, fits]);
    t.pass();
  });
}

run('a container with 64 MB has ten frames of 1080p', async (t) => {
  await full(t, 64 * MiB, ['fill', 1920 * 1080 * 3, 10, 'fill']);
  t.pass();
});

run(
  'memory that ends at any slot of a growing pool is an error, and the topic goes on',
  async (t) => {
    const said = await full(t, 16 * MiB, ['grow']);
    t.regex(said, /slots loaned before memory ended/);
  },
);
