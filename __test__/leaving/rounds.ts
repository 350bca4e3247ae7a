/** Has everybody leave, way by way, and sees that the next one finds nothing of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runScript } from '../kit.js';
import { directory, files } from '../process/children.js';
import { titleOf, type Way } from './ways.js';

/** For each way, if it is set. */
const asked = Number(process.env['LEAVING_ROUNDS'] ?? 0);
const ROUNDS = 25;
const ROUNDS_OF_VARIANTS = 3;
/** For all ways before this one, too. Ava then waits as long for any test of the run. */
const PATIENCE_MS = asked > 0 ? 7_200_000 : 240_000;

const opener = `
  import { Image, Topic } from 'framelane';
  new Topic(Image, 'next').close();
`;

/** Lets at most `lanes` of its callers work at the same time. */
function gate(lanes: number): <T>(work: () => Promise<T>) => Promise<T> {
  const line: (() => void)[] = [];
  let free = lanes;
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => line.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** A test for each way. */
export function everyWay(what: 'processes' | 'workers', ways: readonly Way[], lanes: number): void {
  const pass = gate(lanes);
  for (const [index, way] of ways.entries()) {
    test(`${what}: ${titleOf(way)}`, async (t) => {
      t.timeout(PATIENCE_MS);
      await pass(async () => {
        const outcome = await rounds(what, index, way);
        t.deepEqual(outcome, { text: outcome.text, code: 0, left: [], exists: false });
        t.log(outcome.text);
      });
    });
  }
}

interface Outcome {
  text: string;
  code: number | string | null;
  left: string[];
  exists: boolean;
}

async function rounds(what: string, index: number, way: Way): Promise<Outcome> {
  const namespace = `${process.env['FRAMELANE_NAMESPACE'] ?? 'leaving'}-${what}-${index}`;
  const count = asked || (way.variant === true ? ROUNDS_OF_VARIANTS : ROUNDS);
  const script = fileURLToPath(new URL('./stayer.js', import.meta.url));
  const env = { ...process.env, FRAMELANE_NAMESPACE: namespace };
  const args = [script, what, String(index), String(count)];
  const stayer = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code, signal]] = await Promise.all([
    text(stayer.stdout),
    text(stayer.stderr),
    once(stayer, 'exit'),
  ]);
  await runScript(opener, { FRAMELANE_NAMESPACE: namespace });
  const path = directory().replace(/[^/]*$/, namespace);
  const left = files(path);
  return { text: (out + err).trim(), code: code ?? signal, left, exists: existsSync(path) };
}
