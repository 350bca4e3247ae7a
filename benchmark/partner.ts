/**
 * The second process of a measurement: the same script, started by the first. It speaks to the
 * first by IPC, before and after what is measured, and ends when that is gone.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Whether this is the second process. */
export const isPartner = process.argv[3] === 'partner';

/** What the first process was told, and the second is. */
export function task<T>(): T {
  return JSON.parse(process.argv[2]!) as T;
}

/**
 * Starts the second process; with a path of `pin`, on the second core only. Done when it has said
 * that it is ready.
 */
export async function startPartner(pin: string | null): Promise<ChildProcess> {
  const [node, script, given] = process.argv as [string, string, string];
  const how = pin === null ? {} : { execPath: pin, execArgv: ['1', node] };
  const partner = fork(script, [given, 'partner'], { serialization: 'advanced', ...how });
  // Where it fails it says why itself.
  partner.once('exit', (code) => {
    if (code !== 0) process.exit(1);
  });
  await once(partner, 'message');
  return partner;
}

/** In the second process: says something to the first. */
export function tell(message: unknown): void {
  process.send!(message);
}

/** In the second process: the first one's death ends it, until `finish`. */
export function begin(): void {
  process.once('disconnect', giveUp);
  tell('ready');
}

/** In the second process: the last word; then it ends as soon as nothing keeps it. */
export function finish(result: unknown): void {
  process.send!(result, () => {
    process.off('disconnect', giveUp);
    process.disconnect();
  });
}

/** Nobody wants the figures any more. */
function giveUp(): void {
  process.exit(1);
}
