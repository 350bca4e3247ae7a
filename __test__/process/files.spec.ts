// What somebody else may have put into the directory: typed errors, and everything else goes on.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FramelaneError, Image, Topic } from 'framelane';
import { Child, directory, topicName } from './children.js';

function code(t: ExecutionContext, open: () => unknown): string | undefined {
  return t.throws(open, { instanceOf: FramelaneError })?.code;
}

const open = (name: string) => () => new Topic(Image, name);
const path = (name: string): string => join(directory(), `t.${name}`);

/** A topic that must work before and after, whatever lies beside it. */
function works(t: ExecutionContext, topic: Topic): void {
  const image = topic.loan({ width: 8, height: 8 });
  image.data.fill(9);
  topic.send(image);
  const received = topic.tryRecv();
  t.is(received?.data[0], 9);
  received?.release();
}

test.serial('foreign, truncated and altered files', (t) => {
  const good = topicName('good');
  const topic = new Topic(Image, good);
  t.teardown(() => topic.close());
  const bytes = readFileSync(path(good));
  const altered = (offset: number, value: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(value, offset);
    return copy;
  };
  const cases: [string, Buffer | string, string][] = [
    ['empty', '', 'ERR_FRAMELANE_CORRUPT'],
    ['text', 'this is not a topic', 'ERR_FRAMELANE_CORRUPT'],
    ['truncated', Buffer.from(bytes.subarray(0, bytes.length - 1)), 'ERR_FRAMELANE_CORRUPT'],
    ['header-only', Buffer.from(bytes.subarray(0, 4096)), 'ERR_FRAMELANE_CORRUPT'],
    ['magic', altered(0, 0), 'ERR_FRAMELANE_CORRUPT'],
    ['version', altered(8, 9), 'ERR_FRAMELANE_LAYOUT_VERSION'],
    ['byte-order', altered(12, 1), 'ERR_FRAMELANE_LAYOUT_VERSION'],
    ['hash', altered(16, bytes.readUInt8(16) ^ 1), 'ERR_FRAMELANE_LAYOUT_VERSION'],
    ['cells', altered(32, 3), 'ERR_FRAMELANE_CORRUPT'],
    ['publishers', altered(36, 0), 'ERR_FRAMELANE_CORRUPT'],
    ['subscribers', altered(38, 33), 'ERR_FRAMELANE_CORRUPT'],
    ['mode', altered(40, 7), 'ERR_FRAMELANE_TOPIC_MISMATCH'],
    ['kind', altered(41, 4), 'ERR_FRAMELANE_TOPIC_MISMATCH'],
    ['name', bytes, 'ERR_FRAMELANE_CORRUPT'],
  ];
  for (const [what, content, wanted] of cases) {
    const name = topicName(what);
    // Under its own name, lest that be what is found fault with.
    if (typeof content !== 'string' && content.length >= 256 && what !== 'name') {
      content.writeUInt8(name.length, 42);
      content.write(name.padEnd(208, '\0'), 48, 'utf8');
    }
    writeFileSync(path(name), content);
    t.teardown(() => rmSync(path(name), { force: true }));
    t.is(code(t, open(name)), wanted, what);
    works(t, topic);
  }
});

test.serial('a link, a directory and a FIFO in a topic’s place', (t) => {
  const topic = new Topic(Image, topicName('good'));
  t.teardown(() => topic.close());
  const [link, folder, fifo] = ['link', 'folder', 'fifo'].map(topicName);
  if (!link || !folder || !fifo) return t.fail();
  t.teardown(() => {
    for (const name of [link, folder, fifo]) rmSync(path(name), { recursive: true, force: true });
  });
  symlinkSync(path(topic.name), path(link));
  mkdirSync(path(folder));
  execFileSync('mkfifo', [path(fifo)]);
  for (const name of [link, folder, fifo]) t.is(code(t, open(name)), 'ERR_FRAMELANE_CORRUPT');
  works(t, topic);
});

test('a directory open to others, and one that is not in memory', async (t) => {
  const shared = mkdtempSync('/dev/shm/framelane-test-');
  t.teardown(() => rmSync(shared, { recursive: true }));
  const inner = join(shared, `framelane-${process.getuid?.()}`);
  mkdirSync(inner);
  chmodSync(inner, 0o755);
  const error = async (dir: string): Promise<string> => {
    const child = new Child(t, 'look', ['any'], { FRAMELANE_DIR: dir });
    await child.process.listeners('message');
    for (;;) {
      const said = child.said.find(({ type }) => type === 'error');
      if (said?.type === 'error') return said.code;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  t.is(await error(shared), 'ERR_FRAMELANE_PERMISSION');
  const disk = mkdtempSync(join(tmpdir(), 'framelane-'));
  t.teardown(() => rmSync(disk, { recursive: true }));
  t.is(await error(disk), 'ERR_FRAMELANE_INVALID_ARGUMENT');
});
