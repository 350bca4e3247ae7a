/** Starts the processes that measure, each with shared memory of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Longest time that one process may take. */
const TIMEOUT_MS = 60_000;

// A directory of its own can be removed whatever happens to the processes in it.
const shared = mkdtempSync(join(process.env['FRAMELANE_DIR'] ?? '/dev/shm', 'framelane-bench-'));
let running: ChildProcess | undefined;

process.once('exit', () => rmSync(shared, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    running?.kill('SIGKILL');
    process.exit(130);
  });
}

/** Runs one of the compiled files to its end; gives the JSON that it prints. */
export function runScript(file: string, ...args: string[]): Promise<unknown> {
  return run(process.execPath, [join(import.meta.dirname, file), ...args]);
}

/** As `runScript`; with a path of `pin`, on the first core only. */
export function runPinned(pin: string | null, file: string, ...args: string[]): Promise<unknown> {
  if (pin === null) return runScript(file, ...args);
  return run(pin, ['0', process.execPath, join(import.meta.dirname, file), ...args]);
}

/** Runs a program to its end; gives the JSON that it prints. Nothing may be left of it. */
export async function run(command: string, args: string[]): Promise<unknown> {
  const namespace = `bench-${randomBytes(6).toString('hex')}`;
  const child = spawn(command, args, {
    env: { ...process.env, FRAMELANE_DIR: shared, FRAMELANE_NAMESPACE: namespace },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  running = child;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  // Also waits for the processes it has started, which write to the same pipe.
  const [code, signal] = await once(child, 'close');
  const left = readdirSync(shared, { recursive: true });
  const what = [command, ...args].join(' ');
  if (code !== 0) throw new Error(`${what} ended with ${signal ?? `exit code ${code}`}`);
  if (left.length > 0) throw new Error(`${what} left in shared memory: ${left.join(', ')}`);
  return JSON.parse(output);
}
