/** What several test files need: fresh names, frames that can be told apart, other processes. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Image, Topic, type TopicOptions } from 'framelane';

/** A name that no other test uses. */
export function freshName(): string {
  return `t-${randomBytes(6).toString('hex')}`;
}

/** A topic that no other test uses. */
export function freshTopic(options?: TopicOptions): Topic {
  return new Topic(Image, freshName(), options);
}

/** Sends a small frame whose first pixel says which one it is. */
export function sendMarked(topic: Topic, mark: number): void {
  const image = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
  image.data[0] = mark;
  topic.send(image);
}

/** What `sendMarked` put into a frame. */
export function markOf(image: Image | null): number | undefined {
  return image?.data[0];
}

/** What a script did. */
export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
  /** From start to end, milliseconds. */
  tookMs: number;
}

/** Runs an ECMAScript module in a process of its own, in the package's folder. */
export function runScript(script: string, env: Record<string, string> = {}): Promise<Outcome> {
  const begin = performance.now();
  const args = ['--input-type=module', '--eval', script];
  const options = { env: { ...process.env, ...env }, timeout: 30_000 };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      const tookMs = performance.now() - begin;
      resolve({ status: child.exitCode, stdout: stdout.trim(), stderr: stderr.trim(), tookMs });
    });
  });
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
