// Fuzzes everything that is read from shared memory, and files of points, then lets a scribbler
// loose on a running topic, both under AddressSanitizer; the last line is the verdict.
// --runs N      inputs for each target that needs no files (10,000,000)
// --seconds N   how long the scribbler writes, for each mode of a topic (60)
// --target A,B  only these targets, and no scribbler
// --save        adds what was found worth keeping to fuzz/corpus, minimised
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root, run, step } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', default: '' },
    save: { type: 'boolean', default: false },
  },
});

/** The program that has a target, how long an input may be, its share of the runs. */
const TARGETS = {
  attach_pool: { program: 'bytes', longest: 112, share: 1 },
  attach_topic: { program: 'bytes', longest: 264, share: 1 },
  descriptor: { program: 'bytes', longest: 66, share: 1 },
  slot_header: { program: 'bytes', longest: 1024, share: 1 },
  ext: { program: 'bytes', longest: 1024, share: 1 },
  names: { program: 'bytes', longest: 256, share: 1 },
  token: { program: 'bytes', longest: 204, share: 1 },
  // Each input that is a cloud is written and read four times.
  cloud: { program: 'bytes', longest: 512, share: 1 / 4 },
  // These make files and mappings for each input.
  files: { program: 'files', longest: 768, share: 1 / 100 },
  program: { program: 'files', longest: 576, share: 1 / 100 },
};
/** Most files of a target's committed corpus; those named `found-…` come on top. */
const KEPT = 40;
const MACHINE = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`;
const ADDRESS = '-Zsanitizer=address';
/** What cargo-fuzz sets, and nothing more. */
const COVERAGE = [
  '--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares',
].join(' ');
const work = join(root, 'target/fuzz');
const findings = join(work, 'findings');

await main(async () => {
  const chosen = options.target === '' ? Object.keys(TARGETS) : options.target.split(',');
  const unknown = chosen.filter((name) => !(name in TARGETS));
  if (unknown.length > 0) throw new Failure(`there is no target ${unknown.join(', ')}; this`);
  const runs = Number(options.runs);
  const seconds = Number(options.seconds);
  if (!(Number.isSafeInteger(runs) && runs > 0 && seconds > 0))
    throw new Failure('reading numbers');
  if ((await run('cargo', ['+nightly', '--version'])).code !== 0) {
    console.log('the nightly compiler is missing: rustup toolchain install nightly');
    throw new Failure('fuzzing');
  }
  const manifest = ['--manifest-path', 'fuzz/Cargo.toml', '--target-dir', 'target/fuzz'];
  await step(
    'fuzz targets',
    'cargo',
    ['+nightly', 'build', '--release', ...manifest, ...machine()],
    {
      env: environment(`${COVERAGE} ${ADDRESS}`),
    },
  );
  mkdirSync(findings, { recursive: true });
  const results = await together(chosen, (name) => fuzz(name, runs));
  if (options.save) for (const name of chosen) await save(name);
  if (options.target === '') results.push(await scribble(seconds));
  const inputs = results.reduce((sum, result) => sum + result.inputs, 0);
  const found = results.filter((result) => result.found).map((result) => result.name);
  const verdict = found.length === 0 ? 'passed' : `failed (${found.join(', ')})`;
  console.log(`fuzz ${verdict}: ${inputs.toLocaleString('en')} inputs, ${found.length} findings`);
  return found.length === 0 ? 0 : 1;
});

function machine() {
  return ['--target', MACHINE];
}

function environment(flags, more = {}) {
  return { ...process.env, RUSTFLAGS: flags, CARGO_TERM_COLOR: 'never', ...more };
}

/** Runs `action` for each name, as many at a time as there are processors. */
async function together(names, action) {
  const waiting = [...names];
  const results = [];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      results.push(await action(name));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

/** One target, from its seeds, the committed corpus and what earlier runs have left. */
async function fuzz(name, runs) {
  const { share } = TARGETS[name];
  const corpus = corpusOf(name);
  const inputs = Math.ceil(runs * share);
  const start = performance.now();
  const result = await libFuzzer(name, [`-runs=${inputs}`, '-print_final_stats=1', corpus]);
  const spent = (performance.now() - start) / 1000;
  const done = Number(/number_of_executed_units: (\d+)/.exec(result.output)?.[1] ?? 0);
  const found = result.code !== 0 || done < inputs;
  const speed = Math.round(done / spent).toLocaleString('en');
  const figures = `${done.toLocaleString('en')} inputs, ${speed}/s, ${spent.toFixed(0)} s`;
  console.log(`${found ? 'FAILED' : 'ok    '} ${name}: ${figures}, ${found ? 1 : 0} findings`);
  if (found) console.log(result.output.slice(-6000).trimEnd());
  return { name, inputs: done, found };
}

function corpusOf(name) {
  const corpus = join(work, 'corpus', name);
  mkdirSync(corpus, { recursive: true });
  const committed = join(root, 'fuzz/corpus', name);
  cpSync(committed, corpus, { recursive: true });
  return corpus;
}

function libFuzzer(name, args, seeds = corpusOf(name)) {
  const { program, longest } = TARGETS[name];
  const limits = [`-max_len=${longest}`, '-timeout=20', '-rss_limit_mb=2048'];
  const prefix = `-artifact_prefix=${join(findings, name)}-`;
  const env = environment('', {
    FRAMELANE_TARGET: name,
    FRAMELANE_SEEDS: seeds,
    // Where memory came from is of no interest until something is wrong with it.
    ASAN_OPTIONS: 'malloc_context_size=2:quarantine_size_mb=8',
  });
  const binary = join(work, MACHINE, 'release', program);
  return run(binary, [...limits, prefix, ...args], { env });
}

/** Replaces the committed corpus of a target by few files that reach as much. */
async function save(name) {
  const committed = join(root, 'fuzz/corpus', name);
  const merged = join(work, 'merged', name);
  rmSync(merged, { recursive: true, force: true });
  mkdirSync(merged, { recursive: true });
  const result = await libFuzzer(name, ['-set_cover_merge=1', merged, corpusOf(name)]);
  if (result.code !== 0) throw new Failure(`merging ${name}`);
  for (const file of readdirSync(committed)) {
    if (!file.startsWith('found-')) rmSync(join(committed, file));
  }
  const size = (file) => statSync(join(merged, file)).size;
  const files = readdirSync(merged).sort((a, b) => size(a) - size(b));
  // Evenly from the short to the long ones, where there are too many.
  const every = Math.max(1, files.length / KEPT);
  for (let index = 0; index < files.length; index += every) {
    const file = files[Math.floor(index)];
    copyFileSync(join(merged, file), join(committed, file.slice(0, 16)));
  }
  console.log(`saved  ${name}: ${readdirSync(committed).length} of ${files.length} files`);
}

/** The scribbler of crates/framelane/tests, with every process under AddressSanitizer. */
async function scribble(seconds) {
  const env = environment(ADDRESS, {
    FRAMELANE_SCRIBBLE_SECONDS: String(seconds),
    ASAN_OPTIONS: 'detect_leaks=0',
  });
  const where = ['--target-dir', 'target/asan', ...machine()];
  const test = ['+nightly', 'test', '-p', 'framelane', '--test', 'scribbler', ...where];
  const result = await run('cargo', [...test, '--', '--nocapture'], { env });
  const scribbles = [...result.output.matchAll(/"scribbles": (\d+)/g)];
  const inputs = scribbles.reduce((sum, match) => sum + Number(match[1]), 0);
  const found = result.code !== 0 || inputs === 0;
  const figures = `${inputs.toLocaleString('en')} words, ${seconds} s a mode`;
  console.log(`${found ? 'FAILED' : 'ok    '} scribbler: ${figures}, ${found ? 1 : 0} findings`);
  const seen = result.output.split('\n').filter((line) => /^\W?\w+: \{/.test(line));
  console.log(found ? result.output.slice(-6000).trimEnd() : seen.join('\n'));
  return { name: 'scribbler', inputs, found };
}
