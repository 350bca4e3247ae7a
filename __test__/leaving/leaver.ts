/**
 * Who leaves. As a process: `leaver.js INDEX UP`, the way by its index in `processWays`; it writes
 * a line when it is ready. As a worker thread: the way by index, and a message when it is ready.
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { LEFT, processWays, type Way } from './ways.js';

/** What a worker thread is told. */
export interface Told {
  way: Way;
  up: string;
}

/** Where it is started from. */
export const script = fileURLToPath(import.meta.url);

const sayReady = (): void => void writeSync(1, 'ready\n');

/** What a main thread that has never had the package does when its worker is ready. */
const mainEndings: Record<string, (worker: Worker) => void> = {
  nothing: () => {},
  exit: () => process.exit(LEFT),
  abort: () => process.abort(),
  terminate: (worker) => void worker.terminate(),
};

function startWorker(way: Way & { main: string }, up: string): void {
  const worker = new Worker(script, { workerData: { way, up } satisfies Told });
  const end = mainEndings[way.main];
  if (end === undefined) throw new Error(`the main thread cannot ${way.main}`);
  worker.once('message', () => end(worker));
}

const has = (way: Way): way is Way & { main: string } => way.main !== undefined;

if (!isMainThread) {
  const { way, up } = workerData as Told;
  const { leave } = await import('./scene.js');
  leave(way, up, () => {
    if (has(way)) sayReady();
    parentPort!.postMessage('ready');
  });
} else if (process.argv[1] === script) {
  const [, , index, up = ''] = process.argv;
  const way = processWays[Number(index)];
  if (way === undefined) throw new Error(`no way ${index}`);
  if (has(way)) startWorker(way, up);
  else (await import('./scene.js')).leave(way, up, sayReady);
}
