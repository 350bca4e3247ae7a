// Shared memory that is really full: a small tmpfs of our own. A typed error, never a signal.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Said } from './child.js';
import { topicName } from './children.js';

type Command = [string, ...string[]];
type Way = (size: string, path: string, command: string[]) => Command;

const script = 'mount -t tmpfs -o size="$1",mode=700 framelane-test "$2" && shift 2 && exec "$@"';

/** Ways to have a tmpfs that only one process tree sees. */
const ways: Record<string, Way> = {
  unshare: (size, path, command) =>
    ['unshare', '-Urm', 'sh', '-c', script, 'sh', size, path].concat(command) as Command,
  sudo: (size, path, command) =>
    ['sudo', '-n', '--preserve-env', 'unshare', '-m', 'sh', '-c', script, 'sh', size, path].concat(
      command,
    ) as Command,
};

function find(): Way | undefined {
  const path = mkdtempSync('/dev/shm/framelane-test-');
  try {
    return Object.values(ways).find((way) => {
      const [program, ...args] = way('1m', path, ['true']);
      try {
        execFileSync(program, args, { stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    });
  } finally {
    rmdirSync(path);
  }
}

const way = find();
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
