// Frames go from process to process in order, whole and without one missing, whoever sends them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import test from 'ava';
import { Image, Topic } from 'framelane';
import { send } from './child.js';
import { Child, rustLane, topicName } from './children.js';

const COUNT = 200;

test('Node to Node: every frame arrives once, in order and whole', async (t) => {
  const name = topicName('node-node');
  const receiver = new Child(t, 'receive', [name, COUNT]);
  await receiver.until('ready');
  const sender = new Child(t, 'send', [name, COUNT, 2]);
  const received = await receiver.until('received', COUNT);
  t.deepEqual(
    received.map((said) => (said.type === 'received' ? [said.number, said.missed] : [])),
    Array.from({ length: COUNT }, (_, number) => [number, 0]),
  );
  t.is(await receiver.end(), 0);
  t.is(sender.said.filter((said) => said.type === 'sent').length, COUNT);
});

test('Rust to Node', async (t) => {
  const name = topicName('rust-node');
  const topic = new Topic(Image, name);
  t.teardown(() => topic.close());
  const sender = promisify(execFile)(await rustLane(), ['send', name, String(COUNT)]);
  let number = 0;
  for await (const image of topic) {
    t.is(image.width, 64);
    t.is(image.encoding, 'rgb8');
    t.is(image.frameId, 'lane');
    t.true(image.data.every((byte) => byte === number % 256));
    t.is(image.sequence, number);
    number += 1;
    if (number === COUNT) break;
  }
  await sender;
  t.is(topic.stats().lapped, 0);
});

test('Node to Rust', async (t) => {
  const name = topicName('node-rust');
  const topic = new Topic(Image, name, { depth: 64 });
  t.teardown(() => topic.close());
  const receiver = spawn(await rustLane(), ['receive', name, String(COUNT)]);
  t.teardown(() => void receiver.kill('SIGKILL'));
  const ended = once(receiver, 'exit') as Promise<[number | null]>;
  let output = '';
  receiver.stdout.on('data', (data: Buffer) => (output += data));
  await once(receiver.stdout, 'data');
  for (let number = 0; number < COUNT; number += 1) {
    const image = topic.loan({ width: 32, height: 8 });
    image.data.fill(number % 256);
    topic.send(image);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const [code] = await ended;
  t.is(code, 0, output);
  t.regex(output, /200 frames, none missed/);
});

test('two subscribers in two processes see the same frames', async (t) => {
  const name = topicName('fan-out');
  const receivers = [1, 2].map(() => new Child(t, 'receive', [name, COUNT]));
  await Promise.all(receivers.map((receiver) => receiver.until('ready')));
  const topic = new Topic(Image, name, { depth: 64 }) as unknown as Topic;
  t.teardown(() => topic.close());
  for (let number = 0; number < COUNT; number += 1) {
    send(topic, number);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  for (const receiver of receivers) {
    const received = await receiver.until('received', COUNT);
    t.true(received.every((said) => said.type === 'received' && said.missed === 0));
  }
});
