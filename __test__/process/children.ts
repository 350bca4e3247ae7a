/** Starts the children of the process tests, and looks after them. */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { Said } from './child.js';

/** The checkout. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A topic that no other test uses. */
export const topicName = (what: string): string => `${what}.${randomBytes(6).toString('hex')}`;

/** The directory of this run. */
export function directory(): string {
  const namespace = process.env['FRAMELANE_NAMESPACE'] ?? 'default';
  const base = process.env['FRAMELANE_DIR'] ?? '/dev/shm';
  return join(base, `framelane-${userInfo().uid}`, namespace);
}

/** The files in a directory, none where there is no directory. */
export function files(path = directory()): string[] {
  return existsSync(path) ? readdirSync(path).sort() : [];
}

/** A running child. */
export class Child {
  readonly process: ChildProcess;
  readonly said: Said[] = [];

  constructor(
    t: ExecutionContext,
    role: string,
    args: (string | number)[],
    env = {},
    script = './child.js',
  ) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    this.process = fork(file, [role, ...args.map(String)], { env: { ...process.env, ...env } });
    this.process.on('message', (message) => this.said.push(message as Said));
    t.teardown(() => this.kill());
  }

  /** Waits until the child has said something of this type, `count` times in all. */
  async until(type: Said['type'], count = 1): Promise<Said[]> {
    for (;;) {
      const found = this.said.filter((said) => said.type === type);
      if (found.length >= count) return found;
      const error = this.said.find((said) => said.type === 'error');
      if (error !== undefined) throw new Error(`child: ${JSON.stringify(error)}`);
      if (this.process.exitCode !== null) throw new Error(`child ended: ${this.process.exitCode}`);
      await sleep(1);
    }
  }

  /** Waits for the end of the process; its exit code. */
  async end(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      await once(this.process, 'exit');
    }
    return this.process.exitCode;
  }

  /** Kills it for real, and waits until the kernel has cleared it away. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.end();
  }
}

/** Waits until `condition` holds. */
export async function eventually(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await sleep(2);
  }
}

/** A Rust example of a crate, built. */
export async function rustExample(crate: string, name: string): Promise<string> {
  const build = ['build', '--quiet', '--package', crate, '--example', name];
  await promisify(execFile)('cargo', build, { cwd: root });
  return join(root, 'target/debug/examples', name);
}

/** The Rust example that sends or receives. */
export const rustLane = (): Promise<string> => rustExample('framelane', 'lane');
