/** Rows of what the Rust core promises; README.md tells what each is. */
import { run } from '../children.js';
import { ratio, type Group } from '../group.js';
import { quantile } from '../numbers.js';
import { row, type Row } from '../report.js';

/** Calls in a round of what is timed in a loop. */
const CALLS = '1000000';
/** Frames for which sleepers must be woken, a round. */
const WOKEN = '100';
/** Milliseconds that a subscriber is stopped, a round. */
const STOPPED_MS = '2000';
/** Readers killed in a round. */
const KILLED = '25';
/** 1080p frames in a round. */
const FRAMES = '300';

interface Timed {
  clock: number;
  publish: number;
}

/** What the programs print: `crates/framelane/examples/bench`, `crates/pool/examples/count.rs`. */
interface Figures {
  publish: Timed & { publishUnstamped: number };
  receive: { receive: number };
  attached: { clock: number; publish: [number, number, number, number] };
  together: { alone: Timed; sameTopic: Timed; ownTopics: Timed };
  sleeping: { nobody: number; futex: number; fifo: number };
  feed: { receive: number };
  count: { slot: number; plain: number };
  stopped: {
    clock: number;
    alive: number;
    stopped: number;
    failed: number;
    sent: number;
    seconds: number;
  };
  killed: { ms: number[] };
  memory: { frame: number; resident: number; apparent: number; mapped: number };
}

const figures: { [Name in keyof Figures]: Figures[Name][] } = {
  publish: [],
  receive: [],
  attached: [],
  together: [],
  sleeping: [],
  feed: [],
  count: [],
  stopped: [],
  killed: [],
  memory: [],
};

/** `bench` and `count` are the programs of the crates `framelane` and `framelane-pool`. */
export function core(bench: string, count: string): Group {
  const job = async <Name extends keyof Figures>(name: Name, amount: string): Promise<void> => {
    const [program, args] = name === 'count' ? [count, [amount]] : [bench, [name, amount]];
    figures[name].push((await run(program, args)) as Figures[Name]);
  };
  return {
    // What is compared takes turns within each of the programs.
    jobs: [
      () => job('publish', CALLS),
      () => job('receive', CALLS),
      () => job('attached', CALLS),
      () => job('together', CALLS),
      () => job('sleeping', WOKEN),
      () => job('feed', CALLS),
      () => job('count', CALLS),
      () => job('stopped', STOPPED_MS),
      () => job('killed', KILLED),
      () => job('memory', FRAMES),
    ].map((each) => [each]),
    rows: () => [
      ...callRows(),
      ...attachedRows(),
      ...togetherRows(),
      ...sleepingRows(),
      ...receiveRows(),
      ...stoppedRows(),
      ...killedRows(),
      ...memoryRows(),
    ],
  };
}

/** What a call costs in one thread of a Rust program. */
function callRows(): Row[] {
  const net = (name: 'publish' | 'publishUnstamped'): number[] =>
    figures.publish.map((round) => round[name] - round.clock);
  const clock = figures.publish.map((round) => round.clock);
  const receive = figures.receive.map((round) => round.receive);
  const cycle = 'loan, header, descriptor, ring, recycling the oldest; minus clock-read';
  const unstamped = `${cycle}; no time stamp given, so that send reads a second clock`;
  return [
    row('clock-read', 'ns', null, clock, 'one reading of CLOCK_MONOTONIC, as send does it'),
    row('publish-rust', 'ns', '<= 30', net('publish'), `${cycle}; time stamp given`),
    row('publish-rust-unstamped', 'ns', null, net('publishUnstamped'), unstamped),
    row('receive-rust', 'ns', null, receive, 'try_recv and drop, sent by the same process'),
  ];
}

/** Publishing to processes that have received a frame and then do nothing. */
function attachedRows(): Row[] {
  const [none, one, four, sixteen] = [0, 1, 2, 3].map((step) =>
    figures.attached.map(({ clock, publish }) => publish[step]! - clock),
  ) as [number[], number[], number[], number[]];
  const whole = (step: 0 | 3): number[] => figures.attached.map(({ publish }) => publish[step]);
  const note = 'publish-rust with that many attached, minus clock-read';
  const id = 'publish-16-attached-vs-0';
  return [
    row('publish-0-attached', 'ns', '<= 30', none, note),
    row('publish-1-attached', 'ns', null, one, note),
    row('publish-4-attached', 'ns', null, four, note),
    row('publish-16-attached', 'ns', null, sixteen, note),
    ratio(id, '<= 1.2', sixteen, none, 'of what is on top of the clock'),
    ratio(`${id}-whole`, null, whole(3), whole(0), 'the clock included'),
  ];
}

/** Publishing beside another process that publishes as fast as it can. */
function togetherRows(): Row[] {
  const net = (how: keyof Figures['together']): number[] =>
    figures.together.map((round) => round[how].publish - round[how].clock);
  const whole = (how: keyof Figures['together']): number[] =>
    figures.together.map((round) => round[how].publish);
  const note = 'minus clock-read at the same time';
  const id = 'publish-two-vs-one';
  return [
    row('publish-one', 'ns', null, net('alone'), `alone, ${note}`),
    row('publish-two', 'ns', null, net('sameTopic'), `another on the same topic, ${note}`),
    ratio(id, '<= 1.5', net('sameTopic'), net('alone'), 'of what is on top of the clock'),
    ratio(`${id}-whole`, null, whole('sameTopic'), whole('alone'), 'the clock included'),
    ratio(
      'publish-two-topics-vs-one',
      null,
      net('ownTopics'),
      net('alone'),
      'another on a topic of its own: what is the machine',
    ),
  ];
}

/** Publishing when somebody must be woken. */
function sleepingRows(): Row[] {
  const us = (how: keyof Figures['sleeping']): number[] =>
    figures.sleeping.map((round) => round[how] / 1000);
  const note = 'p50 of a single loan and send after a pause, the clock included';
  return [
    row('publish-0-asleep', 'us', null, us('nobody'), note),
    row('publish-16-asleep-futex', 'us', null, us('futex'), `${note}; 16 wake-ups`),
    row('publish-16-asleep-fifo', 'us', null, us('fifo'), `${note}; 16 wake-ups`),
  ];
}

/** Receiving what another process has sent, and what of it is the slot's word. */
function receiveRows(): Row[] {
  const feed = figures.feed.map(({ receive }) => receive);
  const slot = figures.count.map((round) => round.slot);
  const plain = figures.count.map((round) => round.plain);
  return [
    row('receive-rust-other', 'ns', '<= 35', feed, 'try_recv and drop, sent by another process'),
    row('acquire-release', 'ns', null, slot, 'a slot taken and given back, uncontended'),
    row('plain-count', 'ns', null, plain, 'a shared count up and down, uncontended'),
    ratio('acquire-release-vs-plain-count', '<= 1.3', slot, plain, 'the two above'),
  ];
}

/** Publishing beside a subscriber that is stopped with 16 frames in its hands. */
function stoppedRows(): Row[] {
  const sum = (of: 'failed' | 'sent' | 'seconds'): number =>
    figures.stopped.reduce((total, round) => total + round[of], 0);
  const failed = figures.stopped.map((round) => round.failed);
  const net = (of: 'alive' | 'stopped'): number[] =>
    figures.stopped.map((round) => round[of] - round.clock);
  const note = `of ${sum('sent')} in ${sum('seconds').toFixed(1)} s of being stopped, altogether`;
  return [
    row('stopped-failed', 'frames', '<= 0', failed, note, sum('failed')),
    row('publish-alive', 'ns', null, net('alive'), 'p50, minus clock-read; holds nothing'),
    row('publish-stopped', 'ns', null, net('stopped'), 'p50, minus clock-read; holds 16'),
    ratio('stopped-vs-alive', '<= 1.2', net('stopped'), net('alive'), 'the two above'),
  ];
}

/** From SIGKILL for the holder of all slots to the next loan. */
function killedRows(): Row[] {
  const all = figures.killed.flatMap(({ ms }) => ms);
  const at = (id: string, part: number, goal: string): Row => {
    const each = figures.killed.map(({ ms }) => quantile(ms, part));
    return row(id, 'ms', goal, each, `of ${all.length} kills`, quantile(all, part));
  };
  return [at('killed-p50', 0.5, '<= 3'), at('killed-p99', 0.99, '<= 25')];
}

/** What a topic of 1080p takes with one subscriber that keeps up. */
function memoryRows(): Row[] {
  const megabytes = (of: 'resident' | 'apparent' | 'mapped'): number[] =>
    figures.memory.map((round) => round[of] / 1e6);
  const frames = figures.memory.map(({ frame, resident }) => resident / frame);
  return [
    row('memory-1080p', 'frames', '<= 3.15', frames, 'memory of all files, at most'),
    row('memory-1080p-resident', 'MB', null, megabytes('resident'), 'the same'),
    row('memory-1080p-apparent', 'MB', '<= 45', megabytes('apparent'), 'size of all files'),
    row('memory-1080p-mapped', 'MB', null, megabytes('mapped'), 'RssShmem of the publisher'),
  ];
}
