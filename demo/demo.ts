/**
 * The demo: three processes in two languages and no copy between them.
 *
 *   camera (Node) ── camera.rgb ──▶ vision (Rust) ── camera.edges ──▶ monitor (Node)
 *                          └───────────────────────────────────────────▲
 *
 * This process only starts and ends them. `npm start -- --seconds 10` ends by itself.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Report } from './monitor.js';

const root = new URL('../../', import.meta.url);
const namespace = `demo-${process.pid}`;
const topics = ['camera.rgb', 'camera.edges'] as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
  const seconds = values.seconds === undefined ? Infinity : Number(values.seconds);
  if (!(seconds > 0)) {
    console.error('usage: npm start -- [--seconds N]');
    return 2;
  }
  process.env['FRAMELANE_NAMESPACE'] = namespace;
  const stop = stopped(seconds);

  // Those who look come first, so that they see the first frame.
  const monitor = start('monitor', [...topics]);
  const vision = startVision();
  const early = [vision, monitor].map((child) => once(child, 'exit'));
  const ready = Promise.all([once(monitor, 'message'), once(vision.stdout ?? vision, 'data')]);
  await Promise.race([ready, stop, ...early]);
  const camera = start('camera', [topics[0]]);
  const ends = [once(camera, 'exit'), ...early];
  await Promise.race([stop, ...ends]);

  // And they leave last. Each ends when its line to us does.
  const sent = await end(camera, () => camera.send('stop'), ends[0]);
  vision.stdin?.end();
  await ends[1];
  const report = await end(monitor, () => monitor.send('stop'), ends[2]);
  const codes = (await Promise.all(ends)).map(([code]) => code as number | null);
  return summarise(codes, sent as { sent: number; copied: number }, report as Report);
}

/** Resolves at Ctrl-C, at SIGTERM, or when the time is over. */
function stopped(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (Number.isFinite(seconds)) setTimeout(resolve, seconds * 1000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
  });
}

/** Starts a Node process. In a group of its own: Ctrl-C is for this process alone. */
function start(name: string, args: string[]): ChildProcess {
  const file = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return fork(file, args, { detached: true });
}

function startVision(): ChildProcess {
  // Said by `npm start`, which has built it.
  const path = process.env['DEMO_VISION'] ?? 'target/release/framelane-demo-vision';
  const program = fileURLToPath(new URL(path, root));
  return spawn(program, topics, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Asks a process to end, and waits for the last thing it says and for its end. */
async function end(
  child: ChildProcess,
  ask: () => void,
  ended: Promise<unknown> | undefined,
): Promise<unknown> {
  let last: unknown;
  child.on('message', (message) => (last = message));
  if (child.connected) ask();
  await ended;
  return last;
}

function summarise(
  codes: (number | null)[],
  camera: { sent: number; copied: number } | undefined,
  monitor: Report | undefined,
): number {
  const left = existsSync(`/dev/shm/framelane-${userInfo().uid}/${namespace}`);
  if (camera === undefined || monitor === undefined || codes.some((code) => code !== 0) || left) {
    const what = left ? 'files are left in shared memory' : `exit codes ${codes.join(', ')}`;
    console.log(`demo failed: ${what}`);
    return 1;
  }
  const lines = monitor.topics.map(
    ({ name, received, rate, p50Ms, p99Ms }) =>
      `${name} ${received} at ${rate.toFixed(1)} fps, ` +
      `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
  );
  const lost = monitor.topics.reduce((sum, { received }) => sum + (camera.sent - received), 0);
  const copied = camera.copied + monitor.topics.reduce((sum, topic) => sum + topic.copied, 0);
  console.log(`${camera.sent} frames sent, ${lost} lost, ${copied} copied; ${lines.join('; ')}`);
  return 0;
}
