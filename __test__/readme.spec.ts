/**
 * What README.md shows, done as a reader would do it. A block of TypeScript, JavaScript or Rust
 * has a mark above it: `<!-- run: NAME -->` runs it, `<!-- run: NAME with OTHER -->` runs two
 * blocks at the same time, as two processes.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import ts from 'typescript';

interface Block {
  language: string;
  code: string;
  /** Of its first line. */
  line: number;
  name: string | undefined;
  other: string | undefined;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'build/readme');
const target = join(root, 'target');
const base = process.env['FRAMELANE_NAMESPACE'] ?? `t-${randomBytes(6).toString('hex')}`;

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const isRun = ({ language }: Block): boolean => /^(ts|js|rust)$/.test(language);
const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
const readme = read('README.md');
/** Those that are run. */
const blocks = findBlocks(readme).filter((block) => isRun(block) && block.name !== undefined);

function findBlocks(markdown: string): Block[] {
  const mark = /(?:^<!-- run: (?<name>\w+)(?: with (?<other>\w+))? -->\n\n?)?/.source;
  const fence = /^```(?<language>\w*)\n(?<code>.*?)^```$/.source;
  return [...markdown.matchAll(new RegExp(mark + fence, 'gms'))].map((match) => {
    const { language = '', code = '', name, other } = match.groups ?? {};
    const line = markdown.slice(0, match.index + match[0].indexOf('```')).split('\n').length + 1;
    return { language, code, line, name, other };
  });
}

/** What is wrong with the marks, and which commands of npm do not exist. */
function problems(markdown: string, commands: string[]): string[] {
  const found = findBlocks(markdown);
  const names = found.filter(isRun).map(({ name }) => name);
  const marks = markdown.match(/<!--\s*run\b/g) ?? [];
  const marked = names.filter((name) => name !== undefined);
  const fences = markdown.match(/^\s*```/gm) ?? [];
  return [
    ...(marks.length === marked.length ? [] : ['a mark stands above no block']),
    ...(fences.length === found.length * 2 ? [] : ['the fence of a block is not plain']),
    ...found.flatMap(({ language, code, line, name, other }, index) => {
      if (language === 'sh') {
        const said = [...code.matchAll(/\bnpm (?:run )?([\w:-]+)/g)].map(([, word]) => word ?? '');
        const missing = said.filter((word) => !commands.includes(word));
        return missing.map((word) => `${line}: npm has no script ${word}`);
      }
      if (!isRun({ language, code, line, name, other })) return [];
      if (name === undefined) return [`${line}: no mark`];
      const again = found.findIndex((block) => block.name === name) < index;
      if (again) return [`${line}: a second ${name}`];
      return other === undefined || names.includes(other) ? [] : [`${line}: no block ${other}`];
    }),
  ];
}

/** Compiles the TypeScript among the blocks beside its source, as strictly as can be. */
function compile(): string[] {
  const files = blocks.filter(({ language }) => language === 'ts').map(sourceOf);
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2022.d.ts'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  };
  const program = ts.createProgram(files, options);
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(
    ({ file, messageText }) =>
      `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
}

/** A crate of its own with the Rust among the blocks; it finds built what the tests build. */
function manifest(): string {
  const workspace = read('Cargo.toml');
  return `[package]
name = "framelane-readme"
version = "0.0.0"
edition = "2024"
[dependencies]
framelane = { path = "../../crates/framelane" }
[lints.rust]
warnings = "deny"
[workspace]
${workspace.slice(workspace.indexOf('[profile'))}`;
}

function sourceOf({ language, name }: Block): string {
  const path = language === 'rust' ? `examples/readme-${name}.rs` : `${name}.${language}`;
  return join(folder, path);
}

function commandOf({ language, name }: Block): [file: string, args: string[]] {
  if (language === 'rust') return [join(target, `debug/examples/readme-${name}`), []];
  return [process.execPath, [join(folder, `${name}.js`)]];
}

interface Outcome {
  code: string | number | null;
  stdout: string;
  stderr: string;
}

function run(file: string, args: string[], env: Record<string, string>): Promise<Outcome> {
  const options = { cwd: folder, env: { ...process.env, ...env }, timeout: 120_000 };
  return new Promise((resolve) => {
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? error?.message ?? null, stdout, stderr });
    });
  });
}

let errors: string[] = [];
let built: Promise<Outcome> | undefined;

/** The examples of the crate, built once. */
function build(): Promise<Outcome> {
  const args = ['build', '--quiet', '--offline', '--examples'];
  return (built ??= run('cargo', args, { CARGO_TARGET_DIR: target }));
}

async function runs(t: ExecutionContext, block: Block): Promise<void> {
  t.timeout(180_000);
  const other = blocks.find(({ name }) => name === block.other);
  const both = other === undefined ? [block] : [block, other];
  if (both.some(({ language }) => language === 'rust')) {
    const { code, stderr } = await build();
    t.is(code, 0, stderr);
  }
  const namespace = `${base}-${block.name}`;
  const running = both.map((one) => run(...commandOf(one), { FRAMELANE_NAMESPACE: namespace }));
  for (const { code, stderr } of await Promise.all(running)) t.deepEqual([code, stderr], [0, '']);
  const shm = process.env['FRAMELANE_DIR'] ?? '/dev/shm';
  const left = join(shm, `framelane-${userInfo().uid}`, namespace);
  t.false(existsSync(left), 'nothing is left in shared memory');
}

test.before(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'examples'), { recursive: true });
  for (const block of blocks) writeFileSync(sourceOf(block), block.code);
  writeFileSync(join(folder, 'Cargo.toml'), manifest());
  copyFileSync(join(root, 'Cargo.lock'), join(folder, 'Cargo.lock'));
  errors = compile();
});

test('every block of the README is run, every command exists', (t) => {
  t.deepEqual(problems(readme, scripts), []);
});

test('a block that is not run, or a command that does not exist, is found', (t) => {
  const fence = (language: string, code: string) => `\`\`\`${language}\n${code}\n\`\`\`\n`;
  const block = fence('ts', 'let a;');
  const count = (text: string) => problems(text, ['start', 'lint']).length;
  t.is(count(`<!-- run: a -->\n${block}\n<!-- run: b with a -->\n\n${fence('rust', '')}`), 0);
  for (const language of ['ts', 'js', 'rust']) t.is(count(fence(language, '')), 1, language);
  t.is(count(`<!-- run: a -->\n\ntext\n\n${block}`), 2);
  t.is(count(`<!-- run a -->\n${block}`), 2);
  t.is(count(`<!-- run: a -->\n${fence('sh', 'ls')}`), 1);
  t.is(count(`<!-- run: a -->\n${block}\n<!-- run: a -->\n${block}`), 1);
  t.is(count(`<!-- run: a with b -->\n${block}`), 1);
  t.is(count(fence('ts {1}', '')), 1);
  t.is(count(fence('sh', 'npm start # all\nnpm run lint\nnpm run ci:all\nnpm begin')), 2);
});

test('the TypeScript of the README compiles', (t) => {
  t.deepEqual(errors, []);
});

for (const block of blocks) {
  const title = block.other === undefined ? block.name : `${block.name} with ${block.other}`;
  test(`the README's ${title} runs`, runs, block);
}
