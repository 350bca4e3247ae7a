// Compiles a program against the published declarations with every supported release of
// TypeScript, with nothing skipped. The last line is the verdict. --no-build: takes what is built.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPackage } from './fetch.mjs';
import { build, Failure, main, root, run, timed } from './lib.mjs';

const RANGES = ['~5.6', '~5.7', '~5.8', '~5.9', '~6.0'];

/** Libraries, and packages of types: a bare program, and one on Node.js. */
const SETTINGS = [
  { lib: ['es2022', 'dom'], types: [] },
  { lib: ['es2022'], types: ['node'] },
];

await main(async () => {
  if (!process.argv.includes('--no-build')) await build();
  const verdicts = [];
  let good = true;
  for (const range of RANGES) {
    const { path, version, reason } = await fetchPackage('typescript', range);
    if (path === undefined) console.log(reason);
    const { code } = await timed(`TypeScript ${version ?? range}`, () => compile(path, range));
    verdicts.push(`${version ?? `${range} could not be fetched`}${code === 0 ? '' : ' FAILED'}`);
    good &&= code === 0;
  }
  console.log(`typescript: ${verdicts.join(', ')}: ${good ? 'all good' : 'FAILED'}`);
  if (!good) throw new Failure('typescript');
});

async function compile(path, range) {
  if (path === undefined) return { code: 1, output: '' };
  const folder = join(root, 'build/typescript');
  mkdirSync(folder, { recursive: true });
  for (const setting of SETTINGS) {
    const config = join(folder, `tsconfig.${range.slice(1)}.json`);
    writeFileSync(config, JSON.stringify(settings(setting)));
    const result = await run(process.execPath, [join(path, 'bin/tsc'), '-p', config]);
    if (result.code !== 0) return result;
  }
  return { code: 0, output: '' };
}

function settings({ lib, types }) {
  return {
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      lib,
      types,
      typeRoots: [join(root, 'node_modules/@types')],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    },
    files: [join(root, '__test__/types/surface.ts')],
  };
}
