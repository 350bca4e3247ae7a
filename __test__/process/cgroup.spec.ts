// A control group with little memory: where the kernel would kill, a typed error comes first.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import test from 'ava';
import { rustExample, topicName } from './children.js';

/** Runs a command in a new group `$1`, whose limit stands in the file `$2`, and removes it. */
const script = `
  set -e
  group=$1 file=$2 limit=$3
  shift 3
  mkdir "$group"
  trap 'rmdir "$group"' EXIT
  echo "$limit" > "$group/$file"
  (echo 0 > "$group/cgroup.procs" && exec "$@")
`;

/** Where groups may be made: version 1, version 2. */
const parents = [
  ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
  ['/sys/fs/cgroup', 'memory.max'],
] as const;

type Way = (limit: number, command: string[]) => [string, ...string[]];

const ways: Way[] = parents.flatMap(([parent, file]) =>
  [[], ['sudo', '-n']].map((prefix): Way => (limit, command) => {
    const group = `${parent}/framelane-test-${randomBytes(6).toString('hex')}`;
    const whole = [...prefix, 'sh', '-c', script, 'sh', group, file, String(limit), ...command];
    return whole as [string, ...string[]];
  }),
);

const way = ways.find((candidate) => {
  const [program, ...args] = candidate(1 << 26, ['true']);
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
// Named in the runner's last lines; in CI a skipped suite is an error.
const run = way === undefined ? test.skip : test;

run('a control group that is full is a typed error, and nobody is killed', async (t) => {
  const full = await rustExample('framelane-topic', 'full');
  const namespace = `${process.env['FRAMELANE_NAMESPACE'] ?? 'default'}-${topicName('cgroup')}`;
  // 48 MiB: 40 slots of a mebibyte and the program itself fit, 48 do not.
  const command = [full, 'fill', '/dev/shm', String(1 << 20), '32', namespace];
  const [program, ...args] = (way as Way)(48 << 20, command);
  const { stdout } = await promisify(execFile)(program, args);
  t.regex(stdout, /^\d+ slots, then: .*control group .*framelane-test-\w+ allows 50331648 bytes/);
});
