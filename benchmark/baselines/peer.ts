/** Loads packages of `benchmark/package.json`, which the root knows nothing of. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../build.js';

/** A package, which must be there. */
export function peer<T>(name: string): T {
  return createRequire(join(root, 'benchmark/package.json'))(name) as T;
}
