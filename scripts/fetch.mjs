// Packages that a check needs in a version other than the installed one: each in a folder of its
// own below node_modules/.cache, from whatever registry npm is set up for.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './lib.mjs';

/**
 * Fetches the newest release of `name` that `range` allows. Gives its folder and version; where it
 * cannot be had, `undefined` and the reason.
 */
export async function fetchPackage(name, range) {
  const folder = join(root, 'node_modules/.cache', name, range);
  mkdirSync(folder, { recursive: true });
  // Its own root: npm would otherwise take the checkout's.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  const { code, output } = await run('npm', ['install', ...options, `${name}@${range}`]);
  const path = join(folder, 'node_modules', name);
  // What was fetched before serves without a network.
  if (code !== 0 && !existsSync(join(path, 'package.json'))) return { reason: output.trimEnd() };
  const { version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  // Some packages of binaries say `v22.12.0`.
  return { path, version: version.replace(/^v/, '') };
}
