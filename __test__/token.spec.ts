/** Tokens within one thread: what they lead to, what they move, and what is none. */
import { randomBytes, randomInt } from 'node:crypto';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { FramelaneError, Image, Queue, Topic, type ReceivedImage } from 'framelane';
import { freshName, freshTopic, markOf, sendMarked } from './kit.js';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const INVALID = { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' };
const STALE = { code: 'ERR_FRAMELANE_STALE' };
/** What a token says, without its checksum. */
const BODY_BYTES = 82;

const bodyOf = (token: string): Buffer =>
  Buffer.from(token.slice(4), 'base64url').subarray(0, BODY_BYTES);

/** A token with the right checksum, whatever its body says. */
function forge(body: Buffer): string {
  let sum = 0xcbf29ce484222325n;
  for (const byte of body) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  const end = Buffer.alloc(8);
  end.writeBigUInt64LE(sum);
  return `fl1.${Buffer.concat([body, end]).toString('base64url')}`;
}

/** A topic with one frame received from it, all given back at the end. */
function received(t: ExecutionContext, mark = 7): { topic: Topic; frame: ReceivedImage } {
  const topic = freshTopic({ depth: 1 });
  t.teardown(() => topic.close());
  sendMarked(topic, mark);
  const frame = topic.tryRecv()!;
  t.teardown(() => frame[Symbol.dispose]());
  return { topic, frame };
}

test('a token leads to its frame for as long as somebody holds it, and holds nothing', (t) => {
  const { topic, frame } = received(t);
  const token = frame.toToken();
  t.regex(token, /^fl1\.[\w-]{120}$/);
  t.is(JSON.parse(JSON.stringify({ token })).token, token);
  const same = Image.fromToken(token);
  t.deepEqual(
    [same.width, same.height, same.encoding, same.timestampNs, same.sequence, same.sentNs],
    [2, 1, 'mono8', frame.timestampNs, frame.sequence, frame.sentNs],
  );
  const slotOf = (image: object): string | undefined => /slot \d+#\d+/.exec(inspect(image))?.[0];
  t.regex(slotOf(same) ?? '', /#/);
  t.is(slotOf(same), slotOf(frame));
  t.deepEqual([...same.data], [...frame.data]);
  t.is(same.toToken(), token);
  t.is(topic.stats().held, 1, 'a frame from a token is of no topic');
  frame.release();
  t.is(markOf(same), 7, 'a hold for itself');
  sendMarked(topic, 8);
  const again = Image.fromToken(token);
  same.release();
  again.release();
  sendMarked(topic, 9);
  for (let round = 0; round < 100; round += 1) sendMarked(topic, round);
  t.throws(() => Image.fromToken(token), STALE, 'and never another frame');
});

test('what is kept of a sent frame has a token; one that is not sent has none', (t) => {
  const topic = freshTopic();
  t.teardown(() => topic.close());
  const image = new Image({ width: 3, height: 2, encoding: 'mono8', frameId: 'left' });
  t.throws(() => image.toToken(), { ...INVALID, message: /has not been sent.*retain.*transfer/ });
  const kept = image.retain();
  topic.send(image);
  t.throws(() => image.toToken(), { code: 'ERR_FRAMELANE_RELEASED' });
  const other = Image.fromToken(kept.toToken());
  t.is(other.frameId, 'left');
  t.throws(() => (other as Image).setFrameId('x'), { code: 'ERR_FRAMELANE_FROZEN' });
  const second = freshTopic();
  t.teardown(() => second.close());
  second.send(other);
  const relayed = second.tryRecv();
  t.is(Image.fromToken(relayed!.toToken()).frameId, 'left', 'a relayed frame too');
  kept.release();
  t.throws(() => kept.toToken(), { code: 'ERR_FRAMELANE_RELEASED' });
});

test('arguments are checked', (t) => {
  const { frame } = received(t);
  for (const wrong of [1, null, 'transfer', { move: true }, { transfer: 1 }]) {
    t.throws(() => frame.toToken(wrong as object), INVALID);
  }
  for (const wrong of [undefined, null, 1, {}, [], Symbol('fl1.'), Buffer.from(frame.toToken())]) {
    t.throws(() => Image.fromToken(wrong as string), INVALID);
  }
  t.false(frame.released);
});

test('a transfer moves the hold, once', (t) => {
  const { topic, frame } = received(t);
  const token = frame.toToken({ transfer: true });
  t.true(frame.released);
  t.throws(() => frame.data, { code: 'ERR_FRAMELANE_RELEASED' });
  t.deepEqual([topic.stats().held, topic.stats().extraReleases], [0, 0]);
  for (let mark = 0; mark < 50; mark += 1) sendMarked(topic, mark);
  const taken = Image.fromToken(token);
  t.is(markOf(taken), 7, 'nobody else held it meanwhile');
  const same = Image.fromToken(token);
  t.is(markOf(same), 7, 'held otherwise: as every token');
  taken.release();
  same.release();
  for (let mark = 0; mark < 50; mark += 1) sendMarked(topic, mark);
  t.throws(() => Image.fromToken(token), STALE);
});

test('a frame that is still to be sent can be handed over, with all it says', (t) => {
  const topic = freshTopic();
  t.teardown(() => topic.close());
  const shape = { width: 5, height: 3, encoding: 'mono8', frameId: 'ü'.repeat(31) } as const;
  const image = Image.fromBytes(new Uint8Array(15).fill(4), { ...shape, timestampNs: 123n });
  const token = image.toToken({ transfer: true });
  t.true(image.released);
  const taken = Image.fromToken(token) as unknown as Image<'mono8'>;
  t.throws(() => Image.fromToken(token), STALE, 'only one may write it');
  t.deepEqual([taken.frameId, taken.timestampNs, taken.sentNs], [shape.frameId, 123n, 0n]);
  t.true(taken.data.every((value) => value === 4));
  taken.data[0] = 5;
  taken.setFrameId('mine');
  topic.send(taken);
  t.throws(() => Image.fromToken(token), STALE, 'also when it has been sent');
  const seen = topic.tryRecv()!;
  t.deepEqual([seen.data[0], seen.data[1], seen.frameId], [5, 4, 'mine']);
  t.is(topic.stats().copied, 1, 'how it was made is not forgotten');
  seen.release();

  const loan = topic.loan({ width: 2, height: 2 });
  const other = loan.retain();
  t.throws(() => loan.toToken({ transfer: true }), { ...INVALID, message: /retained/ });
  other.release();
  t.is(topic.stats().loaned, 1);
  const moved = loan.toToken({ transfer: true });
  t.is(topic.stats().loaned, 0);
  Image.fromToken(moved).release();
});

test('transfers that nobody claims count', (t) => {
  const topic = freshTopic({ maxHeld: 2, depth: 8 });
  t.teardown(() => topic.close());
  for (let mark = 0; mark < 4; mark += 1) sendMarked(topic, mark);
  const tokens = [1, 2].map(() => topic.tryRecv()!.toToken({ transfer: true }));
  const frame = topic.tryRecv()!;
  const error = t.throws(() => frame.toToken({ transfer: true }));
  t.is((error as FramelaneError).code, 'ERR_FRAMELANE_TOO_MANY_HELD');
  t.deepEqual([frame.released, markOf(frame)], [false, 2]);
  for (const token of tokens) Image.fromToken(token).release();
  Image.fromToken(frame.toToken({ transfer: true })).release();
});

test('a frame that is to be acknowledged stays where its claim is', (t) => {
  const queue = new Queue(Image, freshName(), { ack: 'manual' });
  t.teardown(() => queue.close());
  queue.send(new Image(1, 1, 'mono8'));
  const job = queue.tryRecv()!;
  t.throws(() => job.toToken({ transfer: true }), { ...INVALID, message: /ack\(\)/ });
  Image.fromToken(job.toToken()).release();
  t.true(job.ack());
  Image.fromToken(job.toToken({ transfer: true })).release();
  t.true(job.released);
});

test('every token changed in one place, cut off or made up is refused', (t) => {
  const { frame } = received(t);
  const token = frame.toToken();
  const refused = (text: string): void => void t.throws(() => Image.fromToken(text), INVALID, text);
  for (let at = 0; at < token.length; at += 1) {
    for (const letter of [...'Aa0-_.=~ \0é😀', LETTERS[randomInt(64)]!]) {
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      if (changed !== token) refused(changed);
    }
    refused(token.slice(0, at));
    refused(token.slice(at + 1));
  }
  refused(`${token}A`);
  refused(token.repeat(2));
  refused('fl1.'.padEnd(2 ** 20, 'A'));
  refused(`${token.slice(0, -1)}\ud800`);
  for (let round = 0; round < 500; round += 1) {
    refused(`fl1.${randomBytes(90).toString('base64url')}`);
    refused(randomBytes(randomInt(200)).toString('latin1'));
  }
  t.is(markOf(Image.fromToken(token)), 7);
});

test('a forged token leads to the frame as it is, or nowhere', (t) => {
  const { frame } = received(t);
  const token = frame.toToken();
  const body = bodyOf(token);
  t.is(forge(body), token);
  const codes = new Map<string, number>();
  const attempt = (forged: Buffer): void => {
    try {
      const image = Image.fromToken(forge(forged));
      const said = [image.width, image.height, image.encoding, image.step, image.byteLength];
      t.deepEqual(said, [2, 1, 'mono8', 2, 2]);
      t.is(markOf(image), 7);
      void [image.sentNs, image.timestampNs, image.sequence, image.frameId];
      image.release();
      codes.set('led to it', (codes.get('led to it') ?? 0) + 1);
    } catch (error) {
      const { code } = error as FramelaneError;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  for (let at = 0; at < BODY_BYTES; at += 1) {
    for (let value = 0; value < 256; value += 1) {
      const forged = Buffer.from(body);
      forged[at] = value;
      attempt(forged);
    }
  }
  for (let round = 0; round < 2000; round += 1) {
    const forged = Buffer.from(body);
    const at = randomInt(16, BODY_BYTES - 8);
    randomBytes(randomInt(1, 9)).copy(forged, at);
    attempt(forged);
  }
  const kinds = ['ERR_FRAMELANE_INVALID_ARGUMENT', 'ERR_FRAMELANE_STALE', 'led to it'];
  t.deepEqual([...codes.keys()].sort(), kinds);
  frame.release();
});

test('the number of a transfer moves nothing but its own frame', (t) => {
  const [one, two] = [received(t, 1).frame, received(t, 2).frame];
  const tokens = [one, two].map((frame) => frame.toToken({ transfer: true }));
  const mixed = bodyOf(tokens[0]!);
  bodyOf(tokens[1]!).copy(mixed, 72, 72, 80);
  const image = Image.fromToken(forge(mixed));
  t.is(markOf(image), 1, 'what the rest of it names');
  image.release();
  t.deepEqual(
    tokens.map((token) => markOf(Image.fromToken(token))),
    [1, 2],
  );
  const loans = [3, 4].map((mark) => {
    const loan = new Image(1, 1, 'mono8');
    loan.data[0] = mark;
    return loan.toToken({ transfer: true });
  });
  bodyOf(loans[0]!).copy(mixed);
  bodyOf(loans[1]!).copy(mixed, 72, 72, 80);
  t.throws(() => Image.fromToken(forge(mixed)), STALE);
  t.deepEqual(
    loans.map((token) => markOf(Image.fromToken(token))),
    [3, 4],
  );
  const foreign = bodyOf(tokens[0]!);
  foreign[64]! ^= 1;
  t.throws(() => Image.fromToken(forge(foreign)), STALE, 'a transfer of another process');
});

test('a token made up for a slot that is being written leads nowhere', (t) => {
  const { topic } = received(t);
  const shape = { width: 2, height: 1, encoding: 'mono8' } as const;
  // Among them slots used before, and slots never used.
  for (let round = 0; round < 30; round += 1) {
    const token = topic.loan(shape).toToken({ transfer: true });
    const body = bodyOf(token);
    body.fill(0, 64);
    const forged = forge(body);
    t.throws(() => Image.fromToken(forged), STALE);
    const loan = Image.fromToken(token) as Image;
    t.throws(() => Image.fromToken(forged), STALE);
    const other = topic.loan(shape);
    loan.data[0] = round;
    topic.send(loan);
    t.is(markOf(Image.fromToken(forged)), round, 'it was right but for the time');
    other.release();
  }
});
