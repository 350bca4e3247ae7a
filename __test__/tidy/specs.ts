/** Every test file is compiled and run, and nothing runs whose source is gone. */

/**
 * `sources` and `compiled` are paths of `*.spec.ts` and `*.spec.js` from the checkout on;
 * `globs` are the files that ava is told to run.
 */
export function specViolations(sources: string[], compiled: string[], globs: string[]): string[] {
  const run = globs.map(toRegExp);
  const expected = sources.map((path) => `build/${path.replace(/ts$/, 'js')}`);
  return [
    ...expected.filter((path) => !compiled.includes(path)).map((path) => `${path} is missing`),
    ...expected
      .filter((path) => !run.some((glob) => glob.test(path)))
      .map((path) => `${path} is not run`),
    ...compiled.filter((path) => !expected.includes(path)).map((path) => `${path} has no source`),
  ];
}

/** `**` stands for any folders, `*` for any part of a name. */
function toRegExp(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('**/', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('\0', '(?:.*/)?');
  return new RegExp(`^${pattern}$`);
}
