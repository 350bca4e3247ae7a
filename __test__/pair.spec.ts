/** `pair`: frames of two topics by their time stamps. */
import { getEventListeners } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { Image, pair, Queue, Topic, type PairOptions, type Pairs } from 'framelane';
import { freshName, freshTopic, runScript, sleep } from './kit.js';

/** Milliseconds. */
type Stamp = number;
type Stamps = [a: Stamp, b: Stamp];

/** A stamp that nothing comes near to, for both topics: what is before it is decided. */
const END = 1_000_000;

function open(t: ExecutionContext): [Topic, Topic] {
  const options = { depth: 64, history: 0, maxHeld: 80 };
  const topics: [Topic, Topic] = [freshTopic(options), freshTopic(options)];
  t.teardown(() => topics.forEach((topic) => topic.close()));
  return topics;
}

function send(topic: Topic, ...stamps: Stamp[]): void {
  for (const stamp of stamps) {
    const image = topic.loan({ width: 2, height: 1, encoding: 'mono8' });
    topic.send(image.setTimestampNs(Math.round((stamp + END) * 1e6)));
  }
}

const msOf = (image: Image): Stamp => Number(image.timestampNs - BigInt(END * 1e6)) / 1e6;

/** The next pair. */
async function next(pairs: Pairs<Image, Image>): Promise<Stamps | undefined> {
  const { value } = await pairs.next();
  return value && stampsOf(value);
}

function stampsOf([a, b]: [Image, Image]): Stamps {
  return [msOf(a), msOf(b)];
}

/** All pairs before END. */
async function collect(pairs: Pairs<Image, Image>): Promise<Stamps[]> {
  const all: Stamps[] = [];
  for await (const [a, b] of pairs) {
    if (msOf(a) === END) break;
    all.push([msOf(a), msOf(b)]);
  }
  return all;
}

/** What `pair` promises, with everything known: nearest first, then earliest, none crossing. */
function reference(a: Stamp[], b: Stamp[], tolerance: number): Stamps[] {
  const all = a.flatMap((x, i) => b.map((y, j) => ({ i, j, distance: Math.abs(x - y) })));
  const near = all.filter(({ distance }) => distance <= tolerance);
  near.sort((p, q) => p.distance - q.distance || p.i + p.j - (q.i + q.j));
  const chosen: typeof near = [];
  for (const one of near) {
    if (chosen.every(({ i, j }) => (one.i - i) * (one.j - j) > 0)) chosen.push(one);
  }
  return chosen.sort((p, q) => p.i - q.i).map(({ i, j }) => [a[i]!, b[j]!]);
}

/** Both topics get their stamps, in an order of topics that `first` decides. */
async function run(
  t: ExecutionContext,
  [a, b]: [Stamp[], Stamp[]],
  options: PairOptions,
  first: (a: Stamp, b: Stamp) => boolean = (x, y) => x <= y,
): Promise<{ pairs: Stamps[]; stats: ReturnType<Pairs<Image, Image>['stats']> }> {
  const topics = open(t);
  const loop = pair(...topics, options);
  const queues: [Stamp[], Stamp[]] = [
    [...a, END],
    [...b, END],
  ];
  while (queues[0].length + queues[1].length > 0) {
    const [x = Infinity, y = Infinity] = [queues[0][0], queues[1][0]];
    const from = y === Infinity || (x !== Infinity && first(x, y)) ? 0 : 1;
    send(topics[from], queues[from].shift()!);
  }
  const pairs = await collect(loop);
  for (const topic of topics) {
    t.is(topic.stats().held, 0);
    t.is(topic.stats().extraReleases, 0);
    topic.close();
  }
  return { pairs, stats: loop.stats() };
}

const numbers = (count: number, of: (n: number) => number): number[] =>
  Array.from({ length: count }, (_, n) => of(n));

test('equal stamps come at once, in order', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 0 });
  send(a, 1, 2, 3);
  send(b, 1, 2, 3);
  for (const stamp of [1, 2, 3]) t.deepEqual(await next(pairs), [stamp, stamp]);
  t.deepEqual([a.stats().held, b.stats().held], [1, 1], 'those of the last pair');
  await pairs.return?.();
  t.deepEqual([a.stats().held, b.stats().held], [0, 0]);
  t.is(pairs.stats().paired, 3);
});

test('a pair comes when no later frame could be nearer, not before', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 10 });
  send(a, 0);
  send(b, 4);
  const step = next(pairs);
  const early = (): Promise<unknown> => Promise.race([step, sleep(30)]);
  t.is(await early(), undefined);
  send(a, 7);
  t.is(await early(), undefined, '4 is nearer to 7, unless 7 finds something nearer still');
  send(b, 8);
  t.is(await early(), undefined, 'as 8, which may find something nearer');
  send(a, 12);
  t.deepEqual(await step, [0, 4]);
  const second = next(pairs);
  send(b, 30);
  t.deepEqual(await second, [7, 8]);
});

test('minPeriodMs: a pair does not wait for what cannot come', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 20, minPeriodMs: 30 });
  send(a, 0);
  send(b, 15);
  t.deepEqual(await next(pairs), [0, 15]);
  send(b, 45);
  send(a, 61);
  const step = next(pairs);
  t.is(await Promise.race([step, sleep(30)]), undefined, '16 ms apart');
  send(b, 75);
  t.deepEqual(await step, [61, 75]);
  await pairs.return?.();
});

test('jitter: every frame finds its own', async (t) => {
  const jitter = (n: number): number => ((n * 7919) % 11) - 5;
  const a = numbers(50, (n) => n * 33 + jitter(n));
  const b = numbers(50, (n) => n * 33 + jitter(n + 5));
  const { pairs, stats } = await run(t, [a, b], { toleranceMs: 10, queue: 64 });
  t.deepEqual(
    pairs,
    a.map((x, n) => [x, b[n]!]),
  );
  t.deepEqual([stats.paired, stats.unpairedA, stats.unpairedB], [51, 0, 0]);
});

test('dropped frames leave their partners without one', async (t) => {
  const a = numbers(40, (n) => n * 33).filter((_, n) => n % 7 !== 3);
  const b = numbers(40, (n) => n * 33 + 2).filter((_, n) => n % 5 !== 1);
  const both = numbers(40, (n) => n).filter((n) => n % 7 !== 3 && n % 5 !== 1);
  const { pairs, stats } = await run(t, [a, b], { toleranceMs: 16, queue: 64 });
  t.deepEqual(
    pairs,
    both.map((n) => [n * 33, n * 33 + 2]),
  );
  t.is(stats.unpairedA, a.length - both.length);
  t.is(stats.unpairedB, b.length - both.length);
});

test('what has gathered is read in the order of time, however little waits here', async (t) => {
  const a = numbers(40, (n) => n * 10);
  const b = a.map((stamp) => stamp + 1);
  for (const first of [() => true, () => false]) {
    const { pairs, stats } = await run(t, [a, b], { toleranceMs: 2, queue: 3 }, first);
    t.deepEqual(
      pairs,
      a.map((stamp) => [stamp, stamp + 1]),
    );
    t.deepEqual([stats.unpairedA, stats.unpairedB], [0, 0]);
  }
});

test('an offset within the tolerance pairs all, one beyond it none', async (t) => {
  const a = numbers(30, (n) => n * 100);
  const b = a.map((stamp) => stamp + 20);
  const within = await run(t, [a, b], { toleranceMs: 20, queue: 64 });
  t.deepEqual(
    within.pairs,
    a.map((stamp) => [stamp, stamp + 20]),
  );
  const beyond = await run(t, [a, b], { toleranceMs: 19.999, queue: 64 });
  t.deepEqual(beyond.pairs, []);
  t.deepEqual([beyond.stats.unpairedA, beyond.stats.unpairedB], [30, 30]);
});

test('different rates: the nearest of the faster', async (t) => {
  const a = numbers(10, (n) => n * 50);
  const b = numbers(50, (n) => n * 10 + 3);
  const { pairs, stats } = await run(t, [a, b], { toleranceMs: 100, queue: 64 });
  t.deepEqual(pairs, reference(a, b, 100));
  t.deepEqual(pairs[3], [150, 153]);
  t.is(stats.paired + stats.unpairedB, 51);
});

/** Numbers from 0 to 1, the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

test('at random, whatever the order of arrival: what the simple search finds', async (t) => {
  let [found, missed] = [0, 0];
  for (let seed = 1; seed <= 120; seed++) {
    const chance = random(seed * 7919);
    // Whole numbers bring ties.
    const round = seed % 2 === 0 ? Math.round : (x: number) => Math.round(x * 1000) / 1000;
    const least = seed % 3 === 0 ? 4 : 0;
    const stamps = (): Stamp[] => {
      let at = 100;
      return numbers(30, () => (at = round(at + least + chance() * chance() * 20)));
    };
    const both: [Stamp[], Stamp[]] = [stamps(), stamps()];
    const toleranceMs = round(chance() * 12);
    const expected = reference(...both, toleranceMs);
    const options = { toleranceMs, minPeriodMs: least * 0.999, queue: 64 };
    const skew = chance() * 60 - 30;
    for (const first of [
      (x: Stamp, y: Stamp) => x <= y,
      (x: Stamp, y: Stamp) => x <= y + skew,
      () => chance() < 0.5,
    ]) {
      const { pairs, stats } = await run(t, both, options, first);
      t.deepEqual(pairs, expected, `seed ${seed}`);
      t.is(stats.paired + stats.unpairedA, 31);
      t.is(stats.paired + stats.unpairedB, 31);
    }
    found += expected.length;
    missed += 30 - expected.length;
  }
  t.true(found > 500 && missed > 500, `${found} pairs, ${missed} without`);
});

test('a topic that stops: the other’s frames are not kept for ever, and flow again', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 5, queue: 4 });
  send(a, 0);
  send(b, 1);
  const [first, second] = [next(pairs), next(pairs)];
  const taken = () => pairs.stats().paired + pairs.stats().unpairedB + pairs.stats().waitingB;
  for (let n = 1; n <= 200; n++) {
    send(b, n * 10);
    while (n % 10 === 0 && taken() <= n) await sleep(1);
    if (n > 20) t.true(b.stats().held <= 4 && a.stats().held === 0);
  }
  t.deepEqual(await first, [0, 1], 'without waiting for more of what stopped');
  send(a, 2001);
  send(b, 2010);
  send(a, 2010);
  t.deepEqual(await second, [2001, 2000]);
  const { unpairedA, unpairedB, waitingB } = pairs.stats();
  t.deepEqual([unpairedA, unpairedB, waitingB <= 4], [0, 199, true]);
  t.is(b.stats().lapped, 0);
  await pairs.return?.();
  t.deepEqual([a.stats().held, b.stats().held], [0, 0]);
});

test('one topic alone is no loop that keeps timers out', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 5 });
  const step = pairs.next();
  let ticks = 0;
  const timer = setInterval(() => ++ticks, 1);
  // Always one more, as soon as one is taken.
  const loan = b.loan.bind(b);
  let stamp = 0;
  const receive = b.tryRecv.bind(b);
  b.tryRecv = () => {
    const image = loan({ width: 2, height: 1, encoding: 'mono8' });
    if (ticks < 5) b.send(image.setTimestampNs(++stamp));
    else image.release();
    return receive();
  };
  send(b, 0);
  while (ticks < 5) await sleep(1);
  clearInterval(timer);
  await pairs.return?.();
  t.true((await step).done);
  t.true(stamp > 0);
});

test('break, throw, a signal and close give everything back', async (t) => {
  const ways = ['break', 'throw', 'signal', 'closeA', 'closeB'];
  for (const way of ways) {
    const [a, b] = open(t);
    const [longA, longB] = [new Topic(Image, a.name), new Topic(Image, b.name)];
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('enough');
    send(a, 0, 10, 20, 30);
    send(b, 0, 10, 21);
    let [caught, seen]: [unknown, Image[]] = [null, []];
    try {
      for await (const [one, other] of pair(a, b, { toleranceMs: 2, signal })) {
        seen.push(one, other);
        if (seen.length < 4) continue;
        t.deepEqual([seen[0]?.released, one.released], [true, false]);
        if (way === 'break') break;
        if (way === 'throw') throw reason;
        if (way === 'signal') controller.abort(reason);
        if (way === 'closeA') a.close();
        if (way === 'closeB') b.close();
      }
    } catch (error) {
      caught = error;
    }
    t.is(caught, way === 'throw' || way === 'signal' ? reason : null, way);
    t.is(seen.length, 4, way);
    t.true(
      seen.every(({ released }) => released),
      way,
    );
    for (const topic of [a, b]) if (!topic.closed) t.is(topic.stats().held, 0, way);
    t.is(getEventListeners(signal, 'abort').length, 0);
    for (const topic of [longA, longB]) topic.close();
  }
});

test('while it waits: return, a signal and close', async (t) => {
  for (const way of ['return', 'signal', 'closeA', 'closeB']) {
    const [a, b] = open(t);
    const controller = new AbortController();
    const reason = new Error('enough');
    const pairs = pair(a, b, { toleranceMs: 2, signal: controller.signal });
    send(a, 5, 10);
    const [step, ahead] = [pairs.next(), pairs.next()];
    const failed = step.catch((error: unknown) => error);
    while (a.stats().held < 2) await sleep(1);
    if (way === 'return') t.true((await pairs.return?.())?.done);
    if (way === 'signal') controller.abort(reason);
    if (way === 'closeA') a.close();
    if (way === 'closeB') b.close();
    const answer = await failed;
    if (way === 'signal') t.is(answer, reason);
    else t.deepEqual(answer, { done: true, value: undefined } as never, way);
    t.true((await ahead).done, way);
    t.true((await pairs.next()).done, way);
    if (way !== 'closeA') t.is(a.stats().held, 0, way);
    t.is(getEventListeners(controller.signal, 'abort').length, 0);
    t.is(pairs.stats().waitingA, 0);
  }
});

test('a signal aborted before the first step', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 2, signal: AbortSignal.abort(5) });
  t.is(await pairs.next().catch((error: unknown) => error as number), 5);
});

test('what is retained of a pair outlives it', async (t) => {
  const [a, b] = open(t);
  send(a, 1, END);
  send(b, 1, END);
  const kept: Image[] = [];
  for await (const [one] of pair(a, b, { toleranceMs: 0 })) {
    kept.push(one.retain());
    if (kept.length === 2) break;
  }
  t.deepEqual(kept.map(msOf), [1, END]);
  for (const image of kept) image.release();
  t.is(a.stats().held, 0);
});

test('several publishers on a topic: late frames find their place, or go', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 3 });
  send(a, 10, 30, 20);
  const first = next(pairs);
  while (a.stats().held < 3) await sleep(1);
  send(b, 10, 20, 30);
  t.deepEqual(await first, [10, 10]);
  for (const stamp of [20, 30]) t.deepEqual(await next(pairs), [stamp, stamp]);
  const last = next(pairs);
  send(a, 25);
  send(b, 25);
  await Promise.race([last, sleep(30)]);
  send(a, 40);
  send(b, 40);
  t.deepEqual(await last, [40, 40], '25 is before what was handed out');
  t.deepEqual([pairs.stats().unpairedA, pairs.stats().unpairedB], [1, 1]);
  await pairs.return?.();
});

test('a clock that is set back, or a recording that begins again', async (t) => {
  const [a, b] = open(t);
  const pairs = pair(a, b, { toleranceMs: 1, queue: 4 });
  const seen: Stamps[] = [];
  const reading = (async () => {
    for await (const [x, y] of pairs) {
      seen.push([msOf(x), msOf(y)]);
      if (msOf(x) === END) break;
    }
  })();
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 20; n++) {
      send(a, n * 10);
      send(b, n * 10);
      await sleep(1);
    }
  }
  send(a, END);
  send(b, END);
  await reading;
  // Four of each recording but the first tell that it has begun again.
  t.true(seen.length >= 61 - 2 * 4 && seen.length <= 61, `${seen.length} pairs`);
  t.true(seen.every(([x, y]) => x === y));
  t.is(pairs.stats().waitingA, 0);
});

test('more than maxHeld allows is said, and everything given back', async (t) => {
  const a = freshTopic({ maxHeld: 3, depth: 16 });
  const b = freshTopic();
  send(a, 1, 2, 3, 4, 5);
  const error = await t.throwsAsync(pair(a, b, { toleranceMs: 1 }).next());
  t.is((error as { code?: string }).code, 'ERR_FRAMELANE_TOO_MANY_HELD');
  t.is(a.stats().held, 0);
  for (const topic of [a, b]) topic.close();
});

test('wrong arguments', (t) => {
  const [a, b] = open(t);
  const queue = new Queue(Image, freshName());
  const wrong: [unknown, unknown, unknown, RegExp][] = [
    [a, b, undefined, /toleranceMs: expected milliseconds, a finite number of at least 0, got und/],
    [a, b, { toleranceMs: -1 }, /toleranceMs: .* got -1/],
    [a, b, { toleranceMs: NaN }, /toleranceMs: .* got NaN/],
    [a, b, { toleranceMs: Infinity }, /toleranceMs: .* got Infinity/],
    [a, b, { toleranceMs: 1n }, /toleranceMs: .* got 1n/],
    [a, b, { toleranceMs: 1, minPeriodMs: -1 }, /minPeriodMs: /],
    [a, b, { toleranceMs: 1, queue: 1 }, /queue: expected a whole number from 2 to 64, got 1/],
    [a, b, { toleranceMs: 1, signal: {} }, /signal: /],
    [a, b, { tolerance: 1 }, /unknown option "tolerance"/],
    [a, a, { toleranceMs: 1 }, /two topic objects/],
    [a, queue, { toleranceMs: 1 }, /two topics, then options/],
    [null, b, { toleranceMs: 1 }, /two topics, then options/],
  ];
  for (const [one, other, options, message] of wrong) {
    const use = () => pair(one as Topic, other as Topic, options as PairOptions);
    t.throws(use, { code: 'ERR_FRAMELANE_INVALID_ARGUMENT', message });
  }
  t.notThrows(() => pair(a, b, { toleranceMs: Number.MAX_VALUE }));
  b.close();
  t.throws(() => pair(a, b, { toleranceMs: 1 }), { code: 'ERR_FRAMELANE_CLOSED' });
  queue.close();
});

test('a step that waits keeps the process alive, unless unref was called', async (t) => {
  const preamble = `
    import { Image, Topic, pair } from 'framelane';
    const [a, b] = ['a', 'b'].map((name) => new Topic(Image, name + '.' + process.pid));
    const pairs = pair(a, b, { toleranceMs: 1 });
  `;
  const waits = await runScript(`${preamble}
    setTimeout(() => [a, b].map((topic) => {
      topic.send(topic.loan({ width: 2, height: 2, timestampNs: 5 }));
    }), 300).unref();
    console.log((await pairs.next()).value.length);`);
  t.deepEqual([waits.status, waits.stdout], [0, '2'], waits.stderr);
  const leaves = await runScript(`${preamble}
    a.unref(), b.unref();
    pairs.next();
    console.log('end');`);
  t.deepEqual([leaves.status, leaves.stdout], [0, 'end'], leaves.stderr);
  t.true(leaves.tookMs < 5000);
});
