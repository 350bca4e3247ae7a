// Installs what is missing and builds everything that Node runs.
import { build, main } from './lib.mjs';

await main(build);
