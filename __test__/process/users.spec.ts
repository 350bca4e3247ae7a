// Several users on one machine: others have no access, members of a group as much as they need.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { eventually, root } from './children.js';

/** Ids that belong to nobody, as far as a test can know. */
const [anna, ben, eve] = [54_101, 54_102, 54_103];
const group = 54_200;

/** Runs a command as another user; `undefined` where that is not allowed. */
const prefix = [[], ['sudo', '-n', '--preserve-env']].find((words) => {
  const [program, ...args] = [...words, ...asUser(anna, group), process.execPath, '--version'];
  try {
    execFileSync(program as string, args, { stdio: 'ignore', cwd: root });
    // The other user must be able to read this checkout.
    const [look, ...path] = [...words, ...asUser(anna, group), 'test', '-r'];
    execFileSync(look as string, [...path, join(root, 'dist/index.js')], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
// Named in the runner's last lines; in CI a skipped suite is an error.
const run = prefix === undefined ? test.skip : test.serial;

function asUser(user: number, gid: number): string[] {
  return ['setpriv', `--reuid=${user}`, `--regid=${gid}`, '--clear-groups', '--'];
}

/** Runs a command as root; what it printed. */
function asRoot(...words: string[]): string {
  const [program, ...args] = [...(prefix as string[]), ...words];
  return execFileSync(program as string, args, { encoding: 'utf8' });
}

/** The files of a directory; none where it is gone. */
function files(path: string): string[] {
  const listed = asRoot('sh', '-c', 'test ! -d "$0" || ls -A "$0"', path);
  return listed.split('\n').filter(Boolean).sort();
}

/** Owner, group and permissions of a file. */
function stat(path: string): { uid: number; gid: number; mode: number } {
  const [uid, gid, mode] = asRoot('stat', '-c', '%u %g %a', path).split(' ');
  return { uid: Number(uid), gid: Number(gid), mode: Number.parseInt(mode ?? '', 8) };
}

/** A base directory that everybody may make things in, as /dev/shm. */
function base(t: ExecutionContext): string {
  const path = mkdtempSync('/dev/shm/framelane-test-');
  chmodSync(path, 0o1777);
  t.teardown(() => asRoot('rm', '-r', path));
  return path;
}

interface Person {
  process: ChildProcess;
  said: string[];
}

/** Starts a script as another user; what it says. */
function start(
  t: ExecutionContext,
  dir: string,
  user: number,
  script: string,
  { gid = group, env = {} }: { gid?: number; env?: Record<string, string> } = {},
): Person {
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const [program, ...args] = [...(prefix as string[]), ...asUser(user, gid), ...node];
  const child = spawn(program as string, args, {
    cwd: root,
    env: { ...process.env, FRAMELANE_DIR: dir, FRAMELANE_NAMESPACE: 'users', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
  return { process: child, said };
}

const send = `
  import { Image, Topic } from 'framelane';
  const topic = new Topic(Image, 'lane', { depth: 8 });
  for (let number = 0; number < 8; number += 1) {
    const image = topic.loan({ width: 100, height: 100, encoding: 'mono8' });
    image.data.fill(number);
    topic.send(image);
  }
  console.log('sent');
  process.stdin.resume();
`;

const receive = `
  import { Image, Topic } from 'framelane';
  try {
    const topic = new Topic(Image, 'lane', { history: 8 });
    for (let number = 0; number < 8; number += 1) {
      const image = topic.tryRecv();
      if (image === null || image.data.some((byte) => byte !== number)) throw new Error('wrong');
      image.release();
    }
    topic.send(topic.loan({ width: 4, height: 4 }));
    console.log('received');
    process.stdin.resume().once('end', () => topic.close());
  } catch (error) {
    console.log(error.code, error.message);
  }
`;

const inGroup = { env: { FRAMELANE_GROUP: `${group}` } };

run('members of a group meet, and cannot write each other’s pixels', async (t) => {
  const dir = base(t);
  const sender = start(t, dir, anna, send, inGroup);
  await eventually(() => sender.said.includes('sent'));
  const receiver = start(t, dir, ben, receive, inGroup);
  await eventually(() => receiver.said.length > 0);
  t.deepEqual(receiver.said, ['received']);

  const path = join(dir, `framelane-g${group}/users`);
  t.is(stat(path).mode, 0o2770);
  const owners = new Map<number, number>();
  for (const name of files(path)) {
    const { uid, gid, mode } = stat(join(path, name));
    t.is(gid, group);
    t.is(mode, name.endsWith('.d') ? 0o640 : 0o660, name);
    if (name.endsWith('.d')) owners.set(uid, (owners.get(uid) ?? 0) + 1);
  }
  t.deepEqual([...owners.keys()].sort(), [anna, ben]);
  const data = files(path).find(
    (name) => name.endsWith('.d') && stat(join(path, name)).uid === anna,
  );
  const write = ['sh', '-c', ': > "$0"', join(path, data ?? '')];
  const [program, ...args] = [...(prefix as string[]), ...asUser(ben, group), ...write];
  t.throws(
    () => execFileSync(program as string, args, { stdio: 'ignore' }),
    undefined,
    'read-only',
  );

  // Killed; the other member removes what is left of both.
  sender.process.kill('SIGKILL');
  await once(sender.process, 'exit');
  receiver.process.stdin?.end();
  await once(receiver.process, 'exit');
  t.deepEqual(files(path), []);
});

run('who is not in the group has no access', async (t) => {
  const dir = base(t);
  const sender = start(t, dir, anna, send, inGroup);
  await eventually(() => sender.said.includes('sent'));
  const other = start(t, dir, eve, receive, { ...inGroup, gid: eve });
  await eventually(() => other.said.length > 0);
  t.regex(other.said[0] ?? '', /^ERR_FRAMELANE_PERMISSION /);
  // Nor does he by being first.
  const first = base(t);
  const squatter = start(t, first, eve, receive, { ...inGroup, gid: eve });
  await eventually(() => squatter.said.length > 0);
  t.regex(squatter.said[0] ?? '', /^ERR_FRAMELANE_PERMISSION /);
  const squat = join(first, `framelane-g${group + 1}`);
  asRoot('mkdir', squat);
  asRoot('chown', `${eve}:${eve}`, squat);
  asRoot('chmod', '2777', squat);
  const env = { FRAMELANE_GROUP: `${group + 1}` };
  const member = start(t, first, anna, receive, { env, gid: group + 1 });
  await eventually(() => member.said.length > 0);
  t.regex(member.said[0] ?? '', /^ERR_FRAMELANE_PERMISSION .* belongs to group 54103, not to/);
});

run('a directory and a file of another user are refused', async (t) => {
  const dir = base(t);
  const path = join(dir, `framelane-${anna}`);
  asRoot('mkdir', '-m', '700', path);
  asRoot('chown', `${eve}:${eve}`, path);
  const refused = start(t, dir, anna, receive);
  await eventually(() => refused.said.length > 0);
  t.regex(refused.said[0] ?? '', /^ERR_FRAMELANE_PERMISSION /);

  asRoot('chown', `${anna}:${group}`, path);
  const sender = start(t, dir, anna, send);
  await eventually(() => sender.said.includes('sent'));
  asRoot('chown', `${eve}:${eve}`, join(path, 'users/t.lane'));
  asRoot('chmod', '666', join(path, 'users/t.lane'));
  const receiver = start(t, dir, anna, receive);
  await eventually(() => receiver.said.length > 0);
  t.regex(receiver.said[0] ?? '', /^ERR_FRAMELANE_PERMISSION .*t\.lane belongs to user 54103/);
});
