/**
 * The monitor process of the demo: a live table of two topics, and once a second a picture of
 * each in `demo/out`, encoded off the event loop.
 */
import { mkdirSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Image, Topic, type ReceivedImage } from 'framelane';

/** What the monitor has seen of a topic. */
export interface TopicReport {
  name: string;
  received: number;
  lost: number;
  copied: number;
  /** Frames a second, over the whole time. */
  rate: number;
  /** From `sentNs` to the first line of the receiving loop. */
  p50Ms: number;
  p99Ms: number;
  holders: string;
}

/** The last thing the monitor says. */
export interface Report {
  topics: TopicReport[];
}

/** Latencies kept for the table. */
const WINDOW = 10_000;

class Lane {
  readonly #topic: Topic;
  readonly #picture: string;
  readonly #latencies: number[] = [];
  #received = 0;
  #firstMs = 0;
  #lastMs = 0;
  #holders = 'nobody yet';
  #wanted = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(name: string, picture: string) {
    this.#topic = new Topic(Image, name);
    this.#picture = picture;
  }

  async run(): Promise<void> {
    for await (const frame of this.#topic) {
      const latencyNs = process.hrtime.bigint() - frame.sentNs;
      this.#latencies[this.#received % WINDOW] = Number(latencyNs) / 1e6;
      this.#received += 1;
      this.#lastMs = performance.now();
      this.#firstMs ||= this.#lastMs;
      if (this.#wanted) {
        this.#wanted = false;
        this.#holders = holders(this.#topic);
        this.#writing = this.#write(frame);
      }
    }
  }

  /** Makes a picture of the next frame, and looks who holds it. */
  async snapshot(): Promise<void> {
    await this.#writing;
    this.#wanted = true;
  }

  async #write(frame: ReceivedImage): Promise<void> {
    // The frame is held until its picture is made, whatever the loop does meanwhile.
    const bytes = await frame.encode('png');
    await writeFile(`${this.#picture}.part`, bytes);
    await rename(`${this.#picture}.part`, this.#picture);
  }

  report(): TopicReport {
    const sorted = this.#latencies.slice().sort((a, b) => a - b);
    const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
    const stats = this.#topic.stats();
    const seconds = (this.#lastMs - this.#firstMs) / 1000;
    return {
      name: this.#topic.name,
      received: this.#received,
      lost: stats.lapped + stats.rejected,
      copied: stats.copied,
      rate: seconds > 0 ? (this.#received - 1) / seconds : 0,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      holders: this.#holders,
    };
  }

  async close(): Promise<void> {
    this.#topic.close();
    await this.#writing;
  }
}

/** Who holds how many slots at this moment. */
function holders(topic: Topic): string {
  const held = topic.stats().pools.flatMap((pool) => pool.holders);
  return held.map(({ process, slots }) => `${process} ${slots}`).join(', ');
}

function table(reports: TopicReport[]): string[] {
  const head = ['topic', 'fps', 'p50 ms', 'p99 ms', 'frames', 'lost', 'copies', 'slots held by'];
  const rows = reports.map((report) => [
    report.name,
    report.rate.toFixed(1),
    report.p50Ms.toFixed(2),
    report.p99Ms.toFixed(2),
    String(report.received),
    String(report.lost),
    String(report.copied),
    report.holders,
  ]);
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows].map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

let shown = false;

/** Prints the table over the last one in a terminal, below it elsewhere. */
function show(lines: string[]): void {
  const { isTTY } = process.stdout;
  const up = isTTY && shown ? `\x1b[${lines.length}A` : '';
  shown = true;
  const clear = isTTY ? '\x1b[K' : '';
  process.stdout.write(up + lines.map((line) => `${line}${clear}\n`).join(''));
}

const out = fileURLToPath(new URL('../../demo/out/', import.meta.url));
mkdirSync(out, { recursive: true });
const [rgb = 'camera.rgb', edges = 'camera.edges'] = process.argv.slice(2);
const lanes = [new Lane(rgb, `${out}frame.png`), new Lane(edges, `${out}edges.png`)];
const loops = lanes.map((lane) => lane.run());
process.send?.('ready');

let ticks = 0;
const timer = setInterval(() => {
  ticks += 1;
  if (ticks % lanes.length === 0) show(table(lanes.map((lane) => lane.report())));
  // One picture at a time: they share the machine with the processes they look at.
  void lanes[ticks % lanes.length]?.snapshot();
}, 1000 / lanes.length);

await new Promise<void>((resolve) => {
  process.on('message', () => resolve()).on('disconnect', () => resolve());
});
clearInterval(timer);
const report: Report = { topics: lanes.map((lane) => lane.report()) };
await Promise.all(lanes.map((lane) => lane.close()));
await Promise.all(loops);
if (process.connected) process.send?.(report, () => process.disconnect());
