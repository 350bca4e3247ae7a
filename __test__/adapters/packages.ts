/**
 * The packages that adapters are tested with, of the `package.json` beside this file. Where one is
 * not installed, its tests are skipped by name, which is an error in CI.
 */
import { createRequire } from 'node:module';
import ava, { type TestFn } from 'ava';

// The compiled file lies in build/__test__/adapters.
const require = createRequire(new URL('../../../__test__/adapters/package.json', import.meta.url));

/** Whatever such a package exports; only the adapters' own types are checked. */
type Any = any;

/** A package; what uses it in a test that is skipped is never run. */
export function packageOf(name: string): { module: Any; test: TestFn } {
  try {
    return { module: require(name), test: ava };
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    return { module: undefined, test: ava.skip as unknown as TestFn };
  }
}
