// A minute of processes in Rust and Node that are killed at random while frames flow.
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { freshName } from './kit.js';

const SECONDS = 60;
/** A machine of two cores that does nothing else reaches ten times as many. */
const [KILLS, NODE_KILLS, VERIFIED] = [1500, 20, 50_000];

interface Outcome {
  code: number | null;
  said: string;
}

function run(json: string): Promise<Outcome> {
  const namespace = `${process.env['FRAMELANE_NAMESPACE'] ?? 't'}.${freshName()}`;
  const script = join(import.meta.dirname, '../../scripts/chaos.mjs');
  const settings = ['--seconds', String(SECONDS), '--json', json, '--namespace', namespace];
  // Built and compiled is what this test comes from; only the harness may be missing.
  const args = [script, '--only-harness', ...settings];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, said: stdout + stderr });
    });
  });
}

test('processes are killed at random: nothing is torn, lost, left or stuck', async (t) => {
  t.timeout(600_000, 'the harness is built first');
  const json = join(tmpdir(), `${freshName()}.json`);
  t.teardown(() => rmSync(json, { force: true }));
  const { code, said } = await run(json);
  const found = JSON.parse(readFileSync(json, 'utf8'));
  t.is(code, 0, said);
  const {
    kills,
    nodeKills,
    verified,
    passed: _,
    details: { seed },
    ...faults
  } = found;
  const none = { tornFrames: 0, wrongReads: 0, lostSlots: 0, leakedFiles: 0, hangs: 0 };
  t.deepEqual(faults, none, `seed ${seed}`);
  t.true(kills >= KILLS, `${kills} kills`);
  t.true(nodeKills >= NODE_KILLS, `${nodeKills} kills of Node`);
  t.true(verified >= VERIFIED, `${verified} frames verified`);
});
