// What the scripts share: running commands, installing, building.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The checkout; every command runs in it. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A step went wrong and has said so: nothing to add but the exit code. */
export class Failure extends Error {}

/** A program of a development dependency. */
export const tool = (name) => join(root, 'node_modules/.bin', name);

/** Runs a command to its end; `output` holds what it wrote to both streams, `stdout` to one. */
export async function run(command, args, { env = process.env } = {}) {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
  const [code, signal] = await once(child, 'close');
  return { code: exitCode(code, signal), output, stdout };
}

/** Runs `action` and prints one line about it; what a failed action wrote comes after the line. */
export async function timed(name, action) {
  const start = performance.now();
  const result = await action();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${result.code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (result.code !== 0) console.log(result.output.trimEnd());
  return result;
}

/** A command that must succeed. */
export async function step(name, command, args, options) {
  const result = await timed(name, () => run(command, args, options));
  if (result.code !== 0) throw new Failure(name);
}

/** Runs a program that owns the terminal until it ends, and gives its exit code. */
export async function foreground(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // The terminal's Ctrl-C goes to the child as well: only wait for its clean end then.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  const [code, signal] = await once(child, 'close');
  return exitCode(code, signal);
}

/** Runs a script's body; a `Failure` ends it with exit code 1 and no stack. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`${error.message} failed`);
    process.exitCode = 1;
  }
}

/** Installs what is missing and builds the binding, the library, and tests and tools. */
export function build() {
  return exclusively(async () => {
    await install();
    await buildBinding();
    await step('library', tool('tsc'), ['-p', 'tsconfig.json']);
    await step('tests and tools', tool('tsc'), ['-p', 'tsconfig.tools.json']);
    removeOrphans('dist');
    removeOrphans('build');
  });
}

/** Writes every file of lib/generated, fresh, into `folder`. */
export function generate(folder) {
  return exclusively(async () => {
    await install();
    const emit = ['run', '-q', '-p', 'framelane-layout', '--example', 'emit', '--', folder];
    await step('tables', 'cargo', emit);
    await buildBinding();
    copyFileSync(join(root, declarations), join(folder, 'binding.d.ts'));
  });
}

// The build leaves committed files alone: only `generate` puts this one into lib/generated.
const declarations = 'target/binding.d.ts';

async function buildBinding() {
  if (spawnSync('cargo', ['--version']).status !== 0) {
    console.log('cargo does not run: install Rust, https://rustup.rs');
    throw new Failure('binding');
  }
  const where = ['--output-dir', 'lib/generated', '--dts', join('../..', declarations)];
  const what = ['--platform', '--release', '-p', 'framelane-node', '--no-js'];
  await step('binding', tool('napi'), ['build', ...what, ...where]);
}

/**
 * Installs the packages that adapters are tested with. Where that fails, for want of a network for
 * instance, their tests are skipped by name.
 */
export async function installAdapters() {
  await install('__test__/adapters').catch((error) => {
    if (!(error instanceof Failure)) throw error;
  });
}

/** Installs the locked dependencies, unless that was done for this very lock file. */
async function install(folder = '.') {
  const stamp = join(root, folder, 'node_modules/.installed');
  const lock = sha256(readFileSync(join(root, folder, 'package-lock.json')));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const args = ['ci', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund'];
  await step(folder === '.' ? 'install' : `install ${folder}`, 'npm', args);
  writeFileSync(stamp, lock);
}

/**
 * Runs `action` while no other process does so in this checkout. A socket name is the lock:
 * the kernel gives it back with the process, however that ends.
 */
async function exclusively(action) {
  const lock = createServer();
  for (let waits = 0; !(await listening(lock)); waits += 1) {
    if (waits === 0) console.log('waiting for another build of this checkout');
    await sleep(200);
  }
  try {
    await action();
  } finally {
    lock.close();
  }
}

async function listening(server) {
  server.listen(`\0framelane-build-${sha256(root).slice(0, 16)}`);
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    return false;
  }
}

/** Removes compiled files whose source is gone: a deleted test must not run on. */
function removeOrphans(output) {
  for (const path of readdirSync(join(root, output), { recursive: true })) {
    const source = path.replace(/\.d\.ts$|\.js$/, '.ts');
    if (source === path || existsSync(join(root, source))) continue;
    rmSync(join(root, output, path));
  }
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

function exitCode(code, signal) {
  return code ?? 128 + constants.signals[signal];
}
