/** The error class, and what happens where there is no native part. */
import { inspect } from 'node:util';
import test from 'ava';
import { FramelaneError, Image } from 'framelane';
import { runScript } from './kit.js';

test('an error has a name, a code and a text', (t) => {
  const error = t.throws(() => new Image(0, 1), { instanceOf: FramelaneError });
  t.true(error instanceof Error);
  t.is(error.name, 'FramelaneError');
  t.is(error.code, 'ERR_FRAMELANE_INVALID_SIZE');
  t.is(error.message, 'height: expected a whole number from 1 to 2147483647, got 0');
  t.true(error.stack?.startsWith(`FramelaneError: ${error.message}`));
  t.regex(inspect(error), /code: 'ERR_FRAMELANE_INVALID_SIZE'/);
  t.deepEqual(Object.keys(error), ['code']);
});

test('the error that led to another is its cause', (t) => {
  const cause = new TypeError('before');
  t.is(new FramelaneError('ERR_FRAMELANE_INTERNAL', 'after', { cause }).cause, cause);
  t.false('cause' in new FramelaneError('ERR_FRAMELANE_INTERNAL', 'alone'));
});

/** Runs what uses framelane on a system that has no native part. */
function elsewhere(setup: string): ReturnType<typeof runScript> {
  return runScript(`
    ${setup}
    const { Image, Topic, configure } = await import('framelane');
    configure({ maxLoans: 3 });
    const uses = [
      () => new Image(2, 2),
      () => new Topic(Image),
      () => Image.fromBytes(new Uint8Array(12), { width: 2, height: 2 }),
      () => Image.decode(new Uint8Array(12)),
      () => new Image(2, 2),
    ];
    for (const use of uses) {
      try {
        use();
        console.log('no error');
      } catch (error) {
        console.log(error.constructor.name, error.code);
        if (use === uses[4]) console.log(error.message);
      }
    }
  `);
}

const refused = Array(5).fill('FramelaneError ERR_FRAMELANE_UNSUPPORTED_PLATFORM').join('\n');

test('importing never throws; the first use says what is missing and what to do', async (t) => {
  const { stdout, stderr } = await elsewhere(
    `Object.defineProperty(process, 'platform', { value: 'plan9' });`,
  );
  t.is(stderr, '');
  t.true(stdout.startsWith(refused), stdout);
  t.regex(stdout, /no native part for plan9-x64|no native part for plan9-arm64/);
  t.regex(stdout, /Tried:\n {2}framelane-plan9-\w+-gnu: Cannot find/);
  t.regex(stdout, /npm install/);
  t.regex(stdout, /npm run build/);
});

test('a runtime whose event loop cannot be waited in is refused by name', async (t) => {
  const { stdout, stderr } = await elsewhere(
    `const versions = { ...process.versions, bun: '1.4.5' };
     Object.defineProperty(process, 'versions', { value: versions });`,
  );
  t.is(stderr, '');
  t.true(stdout.startsWith(refused), stdout);
  t.regex(stdout, /not on bun 1\.4\.5/);
});
