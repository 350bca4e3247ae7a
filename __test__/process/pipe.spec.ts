/** `sendFrom` and a process at the other end of the pipe. */
import { spawn } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { Image, Topic, type TopicOptions } from 'framelane';
import { freshTopic, sleep } from '../kit.js';

/** A sender, and a reader that has joined. */
function ends(t: ExecutionContext, options: TopicOptions): [Topic, Topic] {
  const sender = freshTopic(options);
  const reader = new Topic(Image, sender.name, { ...options, history: 0 });
  t.teardown(() => [sender, reader].forEach((topic) => topic.close()));
  t.is(reader.tryRecv(), null);
  return [sender, reader];
}

/** A process that writes so many frames, of which byte `n` is `n % 251`, and says how far it is. */
function writer(frames: number, bytes: number, piece: number) {
  const script = `
    const { writeSync } = require('node:fs');
    const total = ${frames * bytes};
    const film = Buffer.from(Array.from({ length: ${piece} + 251 }, (_, n) => n % 251));
    for (let at = 0; at < total;) {
      const start = at % 251;
      try {
        const count = Math.min(${piece}, total - at);
        at += writeSync(1, film, start, count);
        if (at % 65536 < ${piece}) writeSync(2, at + '\\n');
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
      }
    }`;
  const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let written = 0;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written = Math.max(written, Number(text.trim().split('\n').at(-1)));
  });
  return { child, written: () => written };
}

for (const [frames, piece] of [
  [40, 65_536],
  [40, 8192],
  [12, 1000],
] as const) {
  test(`a child process that writes ${piece} bytes at a time`, async (t) => {
    const [width, height] = [160, 121];
    const bytes = width * height * 3;
    const [sender, reader] = ends(t, { overflow: 'block', depth: 4 });
    const { child } = writer(frames, bytes, piece);
    const sending = sender.sendFrom(child.stdout, { width, height });
    for (let n = 0; n < frames; n++) {
      using image = await reader.recv({ timeoutMs: 20_000 });
      t.true(
        image.data.every((value, index) => value === (n * bytes + index) % 251),
        `frame ${n}`,
      );
    }
    t.is(await sending, frames);
    t.is(child.exitCode ?? 0, 0);
    t.is(sender.stats().loaned, 0);
  });
}

test('block: the process at the other end of the pipe is held up', async (t) => {
  const [width, height, frames] = [320, 240, 40];
  const bytes = width * height * 3;
  const [sender, reader] = ends(t, { overflow: 'block', depth: 2 });
  const { child, written } = writer(frames, bytes, 16_384);
  const sending = sender.sendFrom(child.stdout, { width, height });
  // Three frames here, and what a pipe and the stream in front of it hold.
  const most = 3 * bytes + 512 * 1024;
  while (sender.stats().sent < 2) await sleep(5);
  let before = -1;
  for (let calm = 0; calm < 5; calm++) {
    await sleep(50);
    if (written() !== before) calm = -1;
    before = written();
  }
  t.true(before < most && before < frames * bytes, `${before} bytes were written`);
  t.is(child.exitCode, null);
  for (let n = 0; n < frames; n++) (await reader.recv({ timeoutMs: 20_000 })).release();
  t.is(await sending, frames);
  t.is(reader.stats().lapped, 0);
});

test('a child process ends where its frames are no longer wanted', async (t) => {
  const [sender] = ends(t, { depth: 8 });
  const { child } = writer(1_000_000, 300, 4096);
  const controller = new AbortController();
  const options = { width: 10, height: 10, signal: controller.signal };
  const sending = t.throwsAsync(sender.sendFrom(child.stdout, options), { message: 'enough' });
  while (sender.stats().sent < 10) await sleep(5);
  controller.abort(new Error('enough'));
  await sending;
  await new Promise((resolve) => child.once('close', resolve));
  t.not(child.exitCode, 0);
  t.is(sender.stats().loaned, 0);
});
