/**
 * What work on pixels costs, beside what one would do without it, in one process and in turns:
 * `measure.js COUNT` prints the p50 of each in microseconds, views in nanoseconds, as one line of
 * JSON.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DepthImage, Image, Topic } from 'framelane';
import { hasPeer, root } from '../build.js';
import { quantile } from '../numbers.js';

const count = Number(process.argv[2]);
const WARM_UP = Math.ceil(count / 10) + 5;
const SLOTS = 6;
/** Of the calls that are too short to be timed one by one. */
const MANY = 20_000;

const figures: Record<string, number> = {};

/** Times calls that take turns; the results are p50 of microseconds. */
async function inTurns(ways: Record<string, (turn: number) => unknown>): Promise<void> {
  const times = Object.keys(ways).map((): number[] => []);
  for (let turn = 0; turn < WARM_UP + count; turn++) {
    let index = 0;
    for (const way of Object.values(ways)) {
      const start = process.hrtime.bigint();
      const result = way(turn);
      if (result instanceof Promise) await result;
      const took = Number(process.hrtime.bigint() - start) / 1000;
      if (turn >= WARM_UP) times[index]!.push(took);
      index += 1;
    }
  }
  Object.keys(ways).forEach((name, index) => (figures[name] = quantile(times[index]!, 0.5)));
}

/** Nanoseconds of one call, in a loop of its own; the p50 of several. */
function each(name: string, loop: (calls: number) => void): void {
  const times: number[] = [];
  for (let turn = 0; turn < 30; turn++) {
    const start = process.hrtime.bigint();
    loop(MANY);
    const took = Number(process.hrtime.bigint() - start) / MANY;
    if (turn >= 10) times.push(took);
  }
  figures[name] = quantile(times, 0.5);
}

async function convert(): Promise<void> {
  const size = { width: 1920, height: 1080 };
  const frame = new Image({ ...size, encoding: 'yuyv' });
  frame.data.forEach((_, index, data) => (data[index] = (index * 7) >> 3));
  const targets = Array.from({ length: SLOTS }, () => new Image({ ...size, encoding: 'rgb8' }));
  await inTurns({ convert: (turn) => frame.convert('rgb8', { into: targets[turn % SLOTS] }) });
  for (const image of [frame, ...targets]) image.release();
}

/** What of sharp is used here; it is installed with the benchmark only. */
type Sharp = (
  pixels: Uint8Array,
  options: { raw: { width: number; height: number; channels: 3 } },
) => {
  resize(
    width: number,
    height: number,
    options: { kernel: 'linear' },
  ): {
    raw(): { toBuffer(): Promise<Uint8Array> };
  };
};

async function resize(): Promise<void> {
  const frame = new Image({ width: 1920, height: 1080 });
  frame.data.forEach((_, index, data) => (data[index] = (index * 7) >> 3));
  const small = new Image({ width: 640, height: 360 });
  const ways: Record<string, () => unknown> = {
    resize: () => frame.resize({ into: small }),
    'resize-area': () => frame.resize({ into: small, filter: 'area' }),
    'resize-nearest': () => frame.resize({ into: small, filter: 'nearest' }),
  };
  if (hasPeer('sharp')) {
    const sharp = createRequire(join(root, 'benchmark/package.json'))('sharp') as Sharp;
    const raw = { width: 1920, height: 1080, channels: 3 } as const;
    ways['sharp'] = () =>
      sharp(frame.data, { raw }).resize(640, 360, { kernel: 'linear' }).raw().toBuffer();
  }
  await inTurns(ways);
  frame.release();
  small.release();
}

/** As one writes it. */
function statisticsOf(data: Float32Array | Uint16Array, scale: number): unknown {
  let [min, max, sum, known] = [Infinity, -Infinity, 0, 0];
  for (let index = 0; index < data.length; index++) {
    const depth = data[index]! * scale;
    if (!(depth > 0) || depth === Infinity) continue;
    if (depth < min) min = depth;
    if (depth > max) max = depth;
    sum += depth;
    known += 1;
  }
  return known === 0 ? null : { min, max, mean: sum / known };
}

async function depth(): Promise<void> {
  const metres = new DepthImage(480, 640, 'float32');
  const raw = new DepthImage(480, 640, 'uint16');
  metres.data.forEach(
    (_, index, data) => (data[index] = index % 11 === 0 ? 0 : (index % 977) / 99),
  );
  raw.data.forEach((_, index, data) => (data[index] = index % 11 === 0 ? 0 : index % 9777));
  await inTurns({
    'statistics-float32': () => metres.depthStatistics(),
    'statistics-float32-js': () => statisticsOf(metres.data, 1),
    'statistics-uint16': () => raw.depthStatistics(),
    'statistics-uint16-js': () => statisticsOf(raw.data, 0.001),
  });
  metres.release();
  raw.release();
}

const MEAN = [0.485, 0.456, 0.406] as const;
const STD = [0.229, 0.224, 0.225] as const;

/** As one writes it. */
function normalise(pixels: Uint8Array, tensor: Float32Array): void {
  const plane = pixels.length / 3;
  for (let index = 0; index < plane; index++) {
    tensor[index] = (pixels[index * 3]! / 255 - MEAN[0]) / STD[0];
    tensor[plane + index] = (pixels[index * 3 + 1]! / 255 - MEAN[1]) / STD[1];
    tensor[2 * plane + index] = (pixels[index * 3 + 2]! / 255 - MEAN[2]) / STD[2];
  }
}

async function tensor(): Promise<void> {
  const frame = new Image({ width: 640, height: 640 });
  frame.data.forEach((_, index, data) => (data[index] = (index * 7) >> 3));
  const into = new Float32Array(3 * 640 * 640);
  await inTurns({
    'tensor-input': () => frame.toTensorInput({ mean: MEAN, std: STD, into }),
    'tensor-input-js': () => normalise(frame.data, into),
  });
  frame.release();
}

/** Of a received frame: `data` once more, and the first `data` of a frame on a slot seen before. */
function views(): void {
  const topic = new Topic(Image, 'views');
  topic.send(topic.loan({ width: 640, height: 480 }));
  const frame = topic.tryRecv()!;
  let bytes = frame.data.length;
  // Summed up in a variable of the loop: one outside costs as much again.
  each('data-again', (calls) => {
    let sum = 0;
    for (let call = 0; call < calls; call++) sum += frame.data.length;
    bytes += sum;
  });
  const held = Array.from({ length: 8 }, () => frame.retain());
  each('retain-release', (calls) => {
    for (let call = 0; call < calls; call++) frame.retain().release();
  });
  each('retain-data-release', (calls) => {
    let sum = 0;
    for (let call = 0; call < calls; call++) {
      const again = frame.retain();
      sum += again.data.length;
      again.release();
    }
    bytes += sum;
  });
  figures['data-first'] = figures['retain-data-release']! - figures['retain-release']!;
  if (!Number.isFinite(bytes)) throw new Error('no bytes');
  for (const image of [...held, frame]) image.release();
  topic.close();
}

await convert();
await resize();
await depth();
await tensor();
views();
console.log(JSON.stringify(figures));
