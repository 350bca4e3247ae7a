/** What is built for the benchmark alone: examples of crates, C programs, an addon, packages. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The checkout; compiled files lie two folders below. */
export const root = join(import.meta.dirname, '../..');

const cSources = join(root, 'benchmark/baselines/c');
const programs = join(root, 'build/benchmark/c');
const naive = join(root, 'benchmark/baselines/naive');
const packages = join(root, 'benchmark/node_modules');

/** Where the addon of `baselines/naive` lies once `buildNaive` is done. */
export const naiveAddon = join(root, 'build/benchmark/naive.node');

/** Builds an example of a crate; gives the path of its program. */
export function buildRust(crate: string, example: string): string {
  const what = ['-p', crate, '--example', example];
  for (const { target, executable } of cargo(...what)) {
    if (target?.name === example && typeof executable === 'string') return executable;
  }
  throw new Error(`cargo did not say where the example ${example} is`);
}

/** Builds the addon of `baselines/naive`. */
export function buildNaive(): void {
  // A folder of its own: the same crates with other features would push each other out.
  const target = join(root, 'target/naive');
  const where = ['--manifest-path', join(naive, 'Cargo.toml'), '--target-dir', target];
  for (const { target, filenames } of cargo('--locked', ...where)) {
    if (target?.name !== 'framelane_naive') continue;
    mkdirSync(join(naiveAddon, '..'), { recursive: true });
    copyFileSync(filenames![0]!, naiveAddon);
    return;
  }
  throw new Error('cargo did not say where the addon is');
}

interface Built {
  target?: { name: string };
  executable?: string | null;
  filenames?: string[];
}

function cargo(...what: string[]): Built[] {
  const args = ['build', '--release', '-q', '--message-format', 'json', ...what];
  const output = execFileSync('cargo', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Built);
}

/** Compiles a program of `baselines/c`; gives its path. */
export function buildC(name: string): string {
  mkdirSync(programs, { recursive: true });
  const program = join(programs, name);
  execFileSync('cc', ['-O2', '-o', program, join(cSources, `${name}.c`)], { stdio: 'inherit' });
  return program;
}

/** Compiles one that needs a library; `null` where that is not installed. */
export function tryBuildC(name: string, library: string): string | null {
  mkdirSync(programs, { recursive: true });
  const program = join(programs, name);
  const args = ['-O2', '-o', program, join(cSources, `${name}.c`), library];
  const { status } = spawnSync('cc', args, { stdio: 'ignore' });
  if (status !== 0) console.error(`${name}.c was not built: is the package of ${library} there?`);
  return status === 0 ? program : null;
}

/**
 * Installs the packages of `benchmark/package.json` unless they are there; where that fails, the
 * rows that need them are left out by name.
 */
export function installPeers(): void {
  const lock = join(packages, '.package-lock.json');
  const wanted = join(root, 'benchmark/package-lock.json');
  if (existsSync(lock) && statSync(lock).mtimeMs >= statSync(wanted).mtimeMs) return;
  console.error('installing what is compared with (benchmark/package.json)');
  const args = ['ci', '--prefer-offline', '--no-audit', '--no-fund'];
  const options = { cwd: join(root, 'benchmark'), encoding: 'utf8', timeout: 300_000 } as const;
  const { status, stderr } = spawnSync('npm', args, options);
  if (status !== 0) console.error(`npm ci failed in benchmark/:\n${stderr.slice(-500)}`);
}

/** Whether a package of `benchmark/package.json` is there. */
export function hasPeer(name: string): boolean {
  return existsSync(join(packages, name, 'package.json'));
}
