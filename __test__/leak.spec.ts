/**
 * Frames that nobody gave back: found, released, counted, warned about; and no frame that
 * somebody still has. In processes of their own, where garbage can be collected at will.
 */
import test from 'ava';
import { runScript, type Outcome } from './kit.js';

const prelude = `
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  import { setImmediate as turn } from 'node:timers/promises';
  import { subscribe } from 'node:diagnostics_channel';
  import { Image, Queue, Topic } from 'framelane';
  const events = [], warnings = [];
  subscribe('framelane:leak', (event) => events.push(event));
  process.on('warning', (warning) => warnings.push(warning));
  const size = { width: 4, height: 2, encoding: 'mono8' };
  const topic = new Topic(Image, 'leak.' + process.pid, { maxHeld: 100 });
  const send = () => topic.send(topic.loan(size));
  const collect = async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    for (let n = 0; n < 3; n++) { gc(); await turn(); await turn(); }
  };
  const seen = (of = topic) => {
    const { leaked, held, loaned, extraReleases } = of.stats();
    return { leaked, held, loaned, extraReleases };
  };
  const say = (what) => console.log(JSON.stringify(what));
`;

/** What a script says, line by line. */
async function run(
  script: string,
  env: Record<string, string> = {},
): Promise<[unknown[], Outcome]> {
  const outcome = await runScript(prelude + script, { FRAMELANE_GUARD: '0', ...env });
  const said = outcome.stdout.split('\n').filter((line) => line.startsWith('{'));
  return [said.map((line) => JSON.parse(line) as unknown), outcome];
}

test('frames of every origin that nobody has any more are given back', async (t) => {
  const [said, { status, stderr }] = await run(`
    const ways = {
      tryRecv: () => topic.tryRecv(),
      recv: () => topic.recv(),
      waited: () => { const wait = topic.recv(); send(); return wait; },
      latest: () => topic.latest(),
      retained: async () => { for await (const frame of topic) { frame.retain(); break; } },
      loan: () => topic.loan(size),
      loanRetained: () => { const frame = topic.loan(size); frame.retain(); frame.release(); },
    };
    for (const [name, way] of Object.entries(ways)) {
      if (name !== 'waited') send();
      // In a call of its own, so that nothing is left on the stack.
      await (async () => { await way(); })();
      const { held, loaned } = seen();
      await collect();
      say({ name, before: held + loaned, ...seen() });
      for (let f = topic.tryRecv(); f !== null; f = topic.tryRecv()) f.release();
    }
  `);
  t.is(status, 0, stderr);
  const names = ['tryRecv', 'recv', 'waited', 'latest', 'retained', 'loan', 'loanRetained'];
  t.deepEqual(
    said,
    names.map((name, index) => {
      return { name, before: 1, leaked: index + 1, held: 0, loaned: 0, extraReleases: 0 };
    }),
  );
});

test('so are images of no topic, and a slot that came back can be had', async (t) => {
  const bytes = 64 * 4096;
  const [said, { status, stderr }] = await run(
    `
    const shape = { width: 4096, height: 8, encoding: 'mono8' };
    const png = await new Image(2, 2).encode('png');
    const pixels = new Uint8Array(4096 * 8);
    const made = () => {
      new Image(shape);
      Image.fromBytes(pixels, shape).clone();
      Image.decode(png);
    };
    made();
    await collect();
    say({ events: events.length, topics: events.map((event) => event.topic) });
    const fill = () => { try { for (;;) new Image(shape); } catch (error) { return error.code; } };
    const code = fill();
    await collect();
    new Image(shape).release();
    say({ code, more: events.length > 8 });
  `,
    { FRAMELANE_MAX_BYTES: String(bytes) },
  );
  t.is(status, 0, stderr);
  const topics = [null, null, null, null, null];
  t.deepEqual(said, [
    { events: 5, topics },
    { code: 'ERR_FRAMELANE_POOL_EXHAUSTED', more: true },
  ]);
});

test('what is released, sent, held or looped over is no leak', async (t) => {
  const [said, { status, stderr }] = await run(`
    const kept = [];
    for (let n = 0; n < 300; n++) {
      send();
      const frame = topic.tryRecv();
      if (n % 10 === 0) kept.push([frame, frame.sequence]);
      else if (n % 2 === 0) frame.release();
      else frame[Symbol.dispose]();
      const loan = topic.loan(size);
      loan.setFrameId('x');
      if (n % 3 === 0) loan.release();
      else { topic.send(loan); topic.tryRecv().release(); }
    }
    let count = 0;
    send();
    for await (const frame of topic) {
      if (++count === 50) break;
      send();
      if (count % 10 === 0) await collect();
    }
    await collect();
    const right = kept.every(([frame, sequence]) => frame.sequence === sequence && !frame.released);
    say({ right, ...seen(), events: events.length, warnings: warnings.length });
    for (const [frame] of kept) frame.release();
    await collect();
    say({ ...seen(), events: events.length });
  `);
  t.is(status, 0, stderr);
  t.deepEqual(said, [
    { right: true, leaked: 0, held: 30, loaned: 0, extraReleases: 0, events: 0, warnings: 0 },
    { leaked: 0, held: 0, loaned: 0, extraReleases: 0, events: 0 },
  ]);
});

test('leaks among frames in use: only what is lost is given back', async (t) => {
  const [said, { status, stderr }] = await run(`
    let lost = 0, wrong = 0;
    const kept = [];
    for (let round = 0; round < 20; round++) {
      (() => {
        for (let n = 0; n < 30; n++) {
          send();
          const frame = topic.tryRecv();
          if (n % 3 === 0) kept.push([frame, frame.sequence]);
          else if (n % 3 === 1) frame.release();
          else lost++;
          if (kept.length > 20) kept.shift()[0].release();
        }
      })();
      await collect();
      wrong += kept.filter(([frame, sequence]) => frame.sequence !== sequence).length;
    }
    say({ wrong, all: seen().leaked === lost, held: seen().held === kept.length, lost });
  `);
  t.is(status, 0, stderr);
  t.deepEqual(said, [{ wrong: 0, all: true, held: true, lost: 200 }]);
});

test('a frame of a queue that is lost without ack() is offered again', async (t) => {
  const [said, { status, stderr }] = await run(`
    const queue = new Queue(Image, 'leak.queue.' + process.pid, { ack: 'manual' });
    queue.send(queue.loan(size));
    await (async () => { await queue.recv(); })();
    const none = queue.tryRecv() === null;
    await collect();
    const again = await queue.recv({ timeoutMs: 5000 });
    say({ none, acknowledged: again.ack(), leaked: queue.stats().leaked });
    again.release();
  `);
  t.is(status, 0, stderr);
  t.deepEqual(said, [{ none: true, acknowledged: true, leaked: 1 }]);
});

const leaks = `
  async function forgetful() { topic.tryRecv(); }
  async function patient() { await topic.recv(); }
  for (let n = 0; n < 3; n++) {
    send();
    await forgetful();
    const waiting = patient();
    send();
    await waiting;
  }
  const other = new Topic(Image, topic.name);
  (() => { other.loan(size); new Image(2, 2); new Image(2, 2); })();
  await collect();
  say({ warnings: warnings.map(({ code, name, message }) => [code, name, message]) });
  say({ stacks: events.map(({ stack }) => stack ?? 'none') });
`;

test('a warning once for each topic object says what to do', async (t) => {
  const [said, { status, stderr }] = await run(leaks);
  t.is(status, 0, stderr);
  const { warnings } = said[0] as { warnings: [string, string, string][] };
  t.is(warnings.length, 3, JSON.stringify(warnings));
  for (const [code, name, message] of warnings) {
    t.deepEqual([code, name], ['FRAMELANE_LEAK', 'FramelaneWarning']);
    t.regex(message, /for await.*using.*release\(\).*NODE_DEBUG=framelane/);
  }
  const about = warnings.map(([, , message]) => /topic "leak\.\d+"|no topic/.exec(message)?.[0]);
  t.is(about.filter((text) => text === 'no topic').length, 1);
  t.deepEqual(said[1], { stacks: Array.from({ length: 9 }, () => 'none') });
});

test('NODE_DEBUG=framelane says where each came from', async (t) => {
  const [said, { status, stderr }] = await run(leaks, { NODE_DEBUG: 'framelane' });
  t.is(status, 0, stderr);
  const { stacks } = said[1] as { stacks: string[] };
  t.is(stacks.length, 9);
  for (const name of ['forgetful', 'patient']) {
    t.is(stacks.filter((stack) => stack.includes(`at ${name} `)).length, 3, name);
    t.true(stderr.includes(`at ${name} `), stderr);
  }
  t.is(stderr.match(/FRAMELANE \d+: /g)?.length, 9, stderr);
  t.notRegex(JSON.stringify(said[0]), /NODE_DEBUG/);
});

/** 60 frames a second of which none is released, for four seconds. */
const careless = (how: string): string => `
  const few = new Topic(Image, 'leak.few.' + process.pid, { maxHeld: 40 });
  let sent = 0, received = 0, open = true;
  const refused = (error) => {
    if (error.code !== 'ERR_FRAMELANE_TOO_MANY_HELD') throw error;
  };
  const take = {
    tryRecv() { try { if (few.tryRecv() !== null) received++; } catch (error) { refused(error); } },
    recv() {},
  }.${how};
  const loop = async () => {
    while (open) {
      try { await few.recv({ timeoutMs: 500 }); received++; }
      catch (error) {
        if (error.code === 'ERR_FRAMELANE_TIMEOUT') continue;
        refused(error);
        await turn();
      }
    }
  };
  const looping = '${how}' === 'recv' ? loop() : undefined;
  // One at a time, also after a stall of the machine: a burst is not 60 Hz.
  for (; sent < 240; sent++) {
    const next = performance.now() + 1000 / 60;
    few.send(few.loan({ width: 640, height: 480 }));
    take();
    while (performance.now() < next) await new Promise((r) => setTimeout(r, 1));
  }
  open = false;
  await looping;
  const { leaked, held } = few.stats();
  say({ sent, received, leaked, held });
`;

for (const how of ['tryRecv', 'recv']) {
  test(`60 Hz by ${how}, nothing ever released: nine of ten frames arrive`, async (t) => {
    const [said, { status, stderr }] = await run(careless(how));
    t.is(status, 0, stderr);
    const { sent, received, leaked, held } = said[0] as Record<string, number>;
    t.log(`${received} of ${sent}, ${leaked} found`);
    t.true((received ?? 0) >= 0.9 * (sent ?? 0), JSON.stringify(said));
    t.is((leaked ?? 0) + (held ?? 0), received, 'each frame is found or still held');
  });
}

test('loans and images that are forgotten do not block for good', async (t) => {
  const [said, { status, stderr }] = await run(
    `
    const shape = { width: 1024, height: 1024, encoding: 'mono8' };
    const ways = { loan: () => topic.loan(size), image: () => new Image(shape) };
    for (const [name, way] of Object.entries(ways)) {
      let [made, refused] = [0, 0];
      const end = performance.now() + 10_000;
      while (made < 40 && performance.now() < end) {
        try { way(); made++; } catch { refused++; await new Promise((r) => setTimeout(r, 10)); }
      }
      say({ name, made, refused: refused > 0 });
    }
  `,
    { FRAMELANE_MAX_BYTES: String(16 << 20) },
  );
  t.is(status, 0, stderr);
  t.deepEqual(said, [
    { name: 'loan', made: 40, refused: true },
    { name: 'image', made: 40, refused: true },
  ]);
});
