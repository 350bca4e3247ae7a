// Writes lib/generated anew from the Rust sources.
import { join } from 'node:path';
import { generate, main, root } from './lib.mjs';

await main(() => generate(join(root, 'lib/generated')));
