/** Settings: what is refused, which of two sources holds, and that they act. */
import test from 'ava';
import { configure, FramelaneError, Image, type Settings } from 'framelane';
import { freshTopic, markOf, runScript } from './kit.js';

const refused: [name: string, settings: unknown, code: string, text: RegExp][] = [
  ['no object', 5, 'ERR_FRAMELANE_INVALID_ARGUMENT', /expected an object with dir, namespace/],
  ['an array', [], 'ERR_FRAMELANE_INVALID_ARGUMENT', /expected an object .* got an array/],
  ['null', null, 'ERR_FRAMELANE_INVALID_ARGUMENT', /got null/],
  ['an unknown key', { maxByte: 1 }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /"maxByte"; known are dir/],
  ['a relative dir', { dir: 'shm' }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /absolute path/],
  ['an empty dir', { dir: '' }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /absolute path/],
  ['a dir with NUL', { dir: '/a\0b' }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /absolute path/],
  ['namespace ..', { namespace: '..' }, 'ERR_FRAMELANE_INVALID_NAME', /begins with a-z or 0-9/],
  ['a slash', { namespace: 'a/b' }, 'ERR_FRAMELANE_INVALID_NAME', /one part/],
  ['an upper-case namespace', { namespace: 'A' }, 'ERR_FRAMELANE_INVALID_NAME', /only a-z/],
  ['a number as namespace', { namespace: 1 }, 'ERR_FRAMELANE_INVALID_NAME', /a string; got 1/],
  ['maxBytes 0', { maxBytes: 0 }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /maxBytes: .* got 0/],
  ['maxBytes as text', { maxBytes: '1' }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /got "1"/],
  ['maxHeld 1.5', { maxHeld: 1.5 }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /maxHeld: .* got 1\.5/],
  ['maxHeld 65536', { maxHeld: 65_536 }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /65535, got 65536/],
  ['another access', { access: 'rw' }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /'shared', got "rw"/],
  ['scrub true', { scrub: true }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /scrub: .*'onAlloc'.* true/],
  ['an empty group', { group: '' }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /number of a group.* got ""/],
  ['a group as number', { group: 5 }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /as text, got 5/],
  ['maxLoans NaN', { maxLoans: Number.NaN }, 'ERR_FRAMELANE_INVALID_ARGUMENT', /got NaN/],
];

for (const [name, settings, code, message] of refused) {
  test(`configure refuses ${name}`, (t) => {
    const expected = { instanceOf: FramelaneError, code, message };
    t.throws(() => configure(settings as Settings), expected);
  });
}

test('after the first use nothing can be set', (t) => {
  new Image(1, 1).release();
  t.throws(() => configure({ maxHeld: 3 }), {
    instanceOf: FramelaneError,
    code: 'ERR_FRAMELANE_CONFIGURED',
    message: /before the first/,
  });
});

/** Says how many frames can be loaned at once, or why none can. */
function loansWith(setup: string, env: Record<string, string>): Promise<string> {
  const script = `
    import { configure, Image, Topic } from 'framelane';
    try {
      ${setup}
      const topic = new Topic(Image, 'loans-${Math.random().toString(36).slice(2)}');
      const loans = [];
      try {
        while (loans.length < 50) loans.push(topic.loan({ width: 1, height: 1 }));
      } catch (error) {
        console.log(loans.length, error.code);
      }
      for (const loan of loans) loan.release();
    } catch (error) {
      console.log(error.code, error.message);
    }
  `;
  return runScript(script, env).then(({ stdout, stderr }) => stdout + stderr);
}

test('the environment sets a limit', async (t) => {
  const said = await loansWith('', { FRAMELANE_MAX_LOANS: '3' });
  t.is(said, '3 ERR_FRAMELANE_TOO_MANY_HELD');
});

test('configure wins over the environment, and a later call over an earlier', async (t) => {
  const setup =
    'configure({ maxLoans: 2 }); configure({ maxLoans: 5 }); configure({ maxHeld: 9 });';
  t.is(await loansWith(setup, { FRAMELANE_MAX_LOANS: '3' }), '5 ERR_FRAMELANE_TOO_MANY_HELD');
});

test('an empty variable is none', async (t) => {
  t.is(await loansWith('', { FRAMELANE_MAX_LOANS: '' }), '8 ERR_FRAMELANE_TOO_MANY_HELD');
});

const variables: [string, string, string, RegExp][] = [
  ['FRAMELANE_MAX_HELD', 'many', 'ERR_FRAMELANE_INVALID_ARGUMENT', /FRAMELANE_MAX_HELD: .*"many"/],
  ['FRAMELANE_SCRUB', 'yes', 'ERR_FRAMELANE_INVALID_ARGUMENT', /FRAMELANE_SCRUB: .*"yes"/],
  ['FRAMELANE_GROUP', 'no such', 'ERR_FRAMELANE_INVALID_ARGUMENT', /"no such" is not the name/],
  ['FRAMELANE_MAX_LOANS', '-1', 'ERR_FRAMELANE_INVALID_ARGUMENT', /FRAMELANE_MAX_LOANS: .*"-1"/],
  ['FRAMELANE_MAX_LOANS', '0', 'ERR_FRAMELANE_INVALID_ARGUMENT', /FRAMELANE_MAX_LOANS: .* 0$/],
  ['FRAMELANE_MAX_BYTES', '1e9', 'ERR_FRAMELANE_INVALID_ARGUMENT', /FRAMELANE_MAX_BYTES: .*"1e9"/],
  ['FRAMELANE_ACCESS', '1', 'ERR_FRAMELANE_INVALID_ARGUMENT', /FRAMELANE_ACCESS: .*got "1"/],
  ['FRAMELANE_DIR', 'relative', 'ERR_FRAMELANE_INVALID_ARGUMENT', /FRAMELANE_DIR: .*absolute/],
  ['FRAMELANE_NAMESPACE', '../x', 'ERR_FRAMELANE_INVALID_NAME', /FRAMELANE_NAMESPACE: /],
];

for (const [name, value, code, text] of variables) {
  test(`${name}=${value} is refused at the first use, by its name`, async (t) => {
    const said = await loansWith('', { [name]: value });
    t.true(said.startsWith(code), said);
    t.regex(said, text);
  });
}

test('namespaces do not see each other', async (t) => {
  const topic = freshTopic();
  const script = (setup: string): string => `
    import { configure, Image, Topic } from 'framelane';
    ${setup}
    const topic = new Topic(Image, '${topic.name}');
    topic.send(Image.fromBytes(new Uint8Array([77]), { width: 1, height: 1, encoding: 'mono8' }));
    console.log('sent');
  `;
  const foreign = 'configure({ namespace: "elsewhere-" + process.pid });';
  t.is((await runScript(script(foreign))).stdout, 'sent');
  t.is(topic.tryRecv(), null);
  t.is((await runScript(script(''))).stdout, 'sent');
  using image = topic.tryRecv();
  t.is(markOf(image), 77);
  topic.close();
});
