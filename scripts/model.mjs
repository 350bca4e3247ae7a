// Searches every state of the models in model/ with SPIN; the last line is the verdict.
// --quick: the small searches only, and every mutant. --only NAME: one model. --jobs N: at once.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, root, run } from './lib.mjs';

const folder = join(root, 'model');
const options = { quick: { type: 'boolean' }, only: { type: 'string' }, jobs: { type: 'string' } };
const { values } = parseArgs({ options });
const jobs = Number(values.jobs ?? Math.min(2, availableParallelism()));
/** Compiling a mutant takes longer than finding it. The largest search takes 3 GB. */
const COMPILE = {
  full: ['-O2', '-DMEMLIM=4500'],
  quick: ['-O1', '-DMEMLIM=1000'],
  mutant: ['-O0', '-DMEMLIM=1000'],
};
const scratch = mkdtempSync(join(tmpdir(), 'framelane-model-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** What a model's first comment says of its searches and mutants; a line may go on, indented. */
const SEARCH = /^ \* {3}(quick|full): (.+?): ([A-Z0-9_= ]+)$/gm;
const MUTANT = /^ \* {3}mutant (\w+)(?: \(([A-Z0-9_= ]+)\))?: (.+)$/gm;
const DECLARATIONS = /^ \* {3}(?:quick:|full:|mutant )/gm;
/** Macros that stand in a condition. */
const CONDITIONS = /(?<=^ *#(?:if|elif).*)\b[A-Z]\w+/gm;
/** Macros that a file makes itself. */
const DEFINITIONS = /(?<=^ *#define )\w+/gm;

await main(async () => {
  const missing = await lacking(['spin', 'gcc']);
  if (missing.length > 0) {
    console.log(`model: skipped, ${missing[0]} is not on PATH`);
    return process.env.CI ? 1 : 0;
  }
  const files = readdirSync(folder).filter((name) => name.endsWith('.pml'));
  const wanted = files.filter((name) => !values.only || name === `${values.only}.pml`);
  const problems = wanted.flatMap(undeclared);
  const tasks = wanted.flatMap(readModel).filter(({ size }) => size !== 'full' || !values.quick);
  tasks.sort((a, b) => (b.size === 'full') - (a.size === 'full'));
  print('model', 'search or mutant', 'states', 'seconds', 'verdict');
  const results = await inParallel(tasks, search);
  return verdict(results, problems);
});

/** The searches and mutants of one model. A mutant is its first search plus one define. */
function readModel(file) {
  const text = readFileSync(join(folder, file), 'utf8').replace(/\n \* {5}/g, ' ');
  const searches = [...text.matchAll(SEARCH)].map(([, size, name, settings]) => {
    return { file, size, name, defines: parseSettings(settings) };
  });
  const mutants = [...text.matchAll(MUTANT)].map(([, name, settings = '']) => {
    const defines = { ...searches[0].defines, ...parseSettings(settings), [name]: '1' };
    return { file, size: 'mutant', name, defines };
  });
  return [...searches, ...mutants];
}

function parseSettings(text) {
  return Object.fromEntries(text.match(/\S+/g)?.map((pair) => pair.split('=')) ?? []);
}

/** Lines that say nothing, macros that nothing sets, mutants that the model does not ask for. */
function undeclared(file) {
  const text = readFileSync(join(folder, file), 'utf8');
  const asked = text.match(CONDITIONS) ?? [];
  const shared = readFileSync(join(folder, 'common.h'), 'utf8').match(CONDITIONS);
  const settings = readModel(file).flatMap(({ defines }) => Object.keys(defines));
  const known = [...settings, ...(text.match(DEFINITIONS) ?? [])];
  const mutants = readModel(file).filter(({ size }) => size === 'mutant');
  const silent = (text.match(DECLARATIONS) ?? []).length - readModel(file).length;
  return [
    ...(silent > 0 ? [`${silent} searches or mutants cannot be read`] : []),
    ...asked.filter((name) => !known.includes(name)).map((name) => `nothing sets ${name}`),
    ...mutants
      .filter(({ name }) => ![...asked, ...shared].includes(name))
      .map(({ name }) => `${name} is unused`),
  ].map((problem) => `${file}: ${problem}`);
}

/** Compiles and runs one search, and says what is wrong with it, if anything. */
async function search({ file, size, name, defines }) {
  const start = performance.now();
  const path = mkdtempSync(join(scratch, 'search-'));
  const macros = Object.entries(defines).map(([key, value]) => `-D${key}=${value}`);
  const steps = [
    ['spin', ...macros, '-a', join(folder, file)],
    ['gcc', '-w', ...COMPILE[size], '-DSAFETY', '-DNOFAIR', '-DVECTORSZ=512', '-opan', 'pan.c'],
    ['./pan', '-m100000', size === 'full' ? '-w26' : '-w20'],
  ];
  let output;
  for (const step of steps) {
    output = await run('sh', ['-c', 'cd "$0" && exec "$@"', path, ...step]);
    if (output.code !== 0) break;
  }
  rmSync(path, { recursive: true });
  const problems = size === 'mutant' ? notFound(output) : notProved(output);
  const states = Number(output.output.match(/(\d+) states, stored/)?.[1] ?? 0);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const good = size === 'mutant' ? 'found' : 'complete';
  print(basename(file, '.pml'), name, states.toLocaleString('en'), seconds, problems[0] ?? good);
  for (const problem of problems.slice(1)) console.log(`    ${problem}`);
  return { size, good: problems.length === 0 };
}

/** Why a search proves nothing: it broke off, found an error, or did not see everything. */
function notProved({ code, output }) {
  if (code !== 0 || !/errors: \d+/.test(output)) return doesNotRun(output);
  const problems = [];
  if (!/errors: 0\b/.test(output)) problems.push(output.match(/^pan:\d+: .*/m)?.[0] ?? 'ERROR');
  if (/not completed|too small|truncated|out of memory/i.test(output))
    problems.push('NOT COMPLETE');
  const unreached = [...output.matchAll(/^\t(.+:\d+), state \d+, (.*)/gm)];
  return [...problems, ...unreached.map(([, at, what]) => `NOT REACHED ${basename(at)} ${what}`)];
}

/** A mutant must be found by an assertion or by processes that wait for ever. */
function notFound({ code, output }) {
  if (code !== 0 || !/errors: \d+/.test(output)) return doesNotRun(output);
  return /^pan:1: (assertion violated|invalid end state)/m.test(output) ? [] : ['NOT FOUND'];
}

function doesNotRun(output) {
  return ['DOES NOT RUN', output.trim().slice(0, 500)];
}

function verdict(results, problems) {
  const searches = results.filter(({ size }) => size !== 'mutant');
  const mutants = results.filter(({ size }) => size === 'mutant');
  const found = `${mutants.filter(({ good }) => good).length} of ${mutants.length} mutants found`;
  for (const problem of problems) console.log(problem);
  const failed = results.filter(({ good }) => !good).length + problems.length;
  if (failed > 0 || results.length === 0) {
    console.log(`model: FAILED (${failed} wrong, ${found})`);
    return 1;
  }
  const all = `${searches.length} searches complete, 0 errors, every statement reached`;
  console.log(`model: ${all}; ${found}`);
  return 0;
}

function print(model, name, states, seconds, verdict) {
  const columns = [model.padEnd(10), name.padEnd(44), states.padStart(12), seconds.padStart(8)];
  console.log(`${columns.join(' ')}  ${verdict}`);
}

/** Which of these programs are not to be had. */
async function lacking(programs) {
  const look = (program) => run('sh', ['-c', 'command -v "$0"', program]);
  const found = await Promise.all(programs.map(look));
  return programs.filter((_, index) => found[index].code !== 0);
}

async function inParallel(tasks, action) {
  const waiting = [...tasks];
  const results = [];
  const worker = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      results.push(await action(task));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}
