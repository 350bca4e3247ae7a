/** A small tmpfs that only one process tree sees, for tests of memory that is full. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';

export type Command = [string, ...string[]];
/** Turns a command into one that runs it where a tmpfs of `size` is mounted at `path`. */
export type Way = (size: string, path: string, command: string[]) => Command;

const script = 'mount -t tmpfs -o size="$1",mode=700 framelane-test "$2" && shift 2 && exec "$@"';

const ways: Record<string, Way> = {
  unshare: (size, path, command) =>
    ['unshare', '-Urm', 'sh', '-c', script, 'sh', size, path].concat(command) as Command,
  sudo: (size, path, command) =>
    ['sudo', '-n', '--preserve-env', 'unshare', '-m', 'sh', '-c', script, 'sh', size, path].concat(
      command,
    ) as Command,
};

/** The first way that works here, if any does. */
export function findWay(): Way | undefined {
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
