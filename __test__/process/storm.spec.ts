// 64 processes open or make the same topics at once. The full count of 1,000 rounds:
// cargo run --release -p framelane-topic --example storm
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { rustExample } from './children.js';

test('64 processes that open the same names at once have one file each and no error', async (t) => {
  const program = await rustExample('framelane-topic', 'storm');
  const { stdout } = await promisify(execFile)(program, ['64', '100']);
  t.regex(stdout, /^64 processes, 100 rounds in .*: 0 errors, one file each\n$/);
});

// With many processes there is always somebody attached: only few let openers meet the cleaner
// that has just removed the last one's files.
test('two processes that take turns to remove and make files have one each', async (t) => {
  const program = await rustExample('framelane-topic', 'storm');
  const { stdout } = await promisify(execFile)(program, ['2', '1500']);
  t.regex(stdout, /^2 processes, 1500 rounds in .*: 0 errors, one file each\n$/);
});
