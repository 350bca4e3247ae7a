// Kills processes at random while frames flow between them: builds the harness, runs it.
// --seconds N --json FILE --seed N --roles NAME,NAME --processes N --life-ms N: see chaos/src.
// --no-node: only processes in Rust. --no-build: runs what is built.
// --bugs: puts each deliberate bug in and wants it to be found, by chaos or by a model.
import { join } from 'node:path';
import { build, Failure, foreground, main, root, run, step, timed } from './lib.mjs';

/** Bugs that killing finds, and where: shared state that is wrong for long enough. */
const FOUND_BY_CHAOS = [
  'bug-no-lock-table',
  'bug-acquire-no-generation',
  'bug-recycle-ignores-readers',
  'bug-no-scrub',
  'bug-scrub-without-lock',
  'bug-no-bury',
  'bug-bury-without-lock',
];

/** Bugs of a few instructions, which a loom model of the real code finds each time. */
const FOUND_BY_LOOM = {
  'bug-no-recheck': 'a_descriptor_is_never_mixed_from_two',
  'bug-no-help': 'a_position_is_one_frame_whoever_wrote_it',
  'bug-join-once': 'who_has_joined_loses_nothing',
  'bug-tombstone-rewrite': 'a_cell_that_is_emptied_is_whole_or_gone',
};

/** Link-time optimisation would take longer than the run. */
const quickly = {
  ...process.env,
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
};

const SECONDS = 20;
const args = process.argv.slice(2);
const flag = (name) => args.includes(name) && args.splice(args.indexOf(name), 1).length > 0;

await main(async () => {
  if (flag('--bugs')) return bugs();
  const [withoutNode, ready] = [flag('--no-node'), flag('--no-build')];
  if (!withoutNode && !ready) await build();
  if (!ready) await step('harness', 'cargo', ['build', '--release', '-p', 'framelane-chaos']);
  const node = withoutNode ? [] : ['--node', join(root, 'build/chaos/node/actor.js')];
  return foreground(join(root, 'target/release/framelane-chaos'), [...node, ...args]);
});

async function bugs() {
  const missed = [];
  for (const bug of FOUND_BY_CHAOS) {
    if (!(await foundByChaos(bug))) missed.push(bug);
  }
  for (const [bug, test] of Object.entries(FOUND_BY_LOOM)) {
    if (!(await foundByLoom(bug, test))) missed.push(bug);
  }
  const all = FOUND_BY_CHAOS.length + Object.keys(FOUND_BY_LOOM).length;
  console.log(`${all - missed.length} of ${all} bugs found`);
  if (missed.length > 0) throw new Failure(`finding ${missed.join(', ')}`);
}

async function foundByChaos(bug) {
  const target = join(root, 'target/bugs');
  const what = ['build', '--release', '-p', 'framelane-chaos', '--target-dir', target];
  const built = await run('cargo', [...what, '--features', bug], { env: quickly });
  if (built.code !== 0) {
    console.log(built.output);
    throw new Failure(`building ${bug}`);
  }
  return found(bug, /^chaos FAILED.*: \d+ \w+/, async () => {
    const binary = join(target, 'release/framelane-chaos');
    return run(binary, ['--seconds', String(SECONDS), '--until-wrong', 'yes', ...args]);
  });
}

async function foundByLoom(bug, test) {
  const target = join(root, 'target/loom');
  const what = ['test', '--release', '-p', 'framelane-ring', '--lib', '--target-dir', target];
  const env = { ...quickly, RUSTFLAGS: '--cfg loom', LOOM_MAX_PREEMPTIONS: '3' };
  return found(bug, /^test \S+ \.\.\. FAILED/, () =>
    run('cargo', [...what, '--features', bug, test], { env }),
  );
}

/** Says by what a bug was found; whether it was: `sign` is what finding it looks like. */
async function found(bug, sign, action) {
  let verdict = '';
  const { code } = await timed(bug, async () => {
    const { code: inner, output } = await action();
    verdict = output.split('\n').findLast((line) => sign.test(line));
    const good = inner !== 0 && verdict !== undefined;
    return { code: good ? 0 : 1, output: `not found: ${output}` };
  });
  if (code === 0) console.log(`       ${verdict}`);
  return code === 0;
}
