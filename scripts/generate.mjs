// Writes lib/generated anew from the Rust sources, and docs/rows.md from its table.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, main, root } from './lib.mjs';
import { readAreas, rowsPage } from './rows.mjs';

await main(async () => {
  writeFileSync(join(root, 'docs/rows.md'), rowsPage(readAreas(root)));
  await generate(join(root, 'lib/generated'));
});
