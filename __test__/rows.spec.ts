/**
 * Rows of docs/rows.md that are no single method: the complete examples of the documents, with
 * topics in place of nodes, and what they claim of costs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import test from 'ava';
import { DepthImage, Image, PointCloud, Topic } from 'framelane';
import { freshName, freshTopic } from './kit.js';
import { directory } from './process/children.js';

const VGA = { height: 480, width: 640 } as const;
const HD = { height: 1080, width: 1920 } as const;
const UHD = { height: 2160, width: 3840 } as const;

/** The same values every time, which look like noise. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) >> 8);
}

/** The mean of the channels of each pixel, whole, into `grey`. */
function mean(colours: ArrayLike<number>, grey: Uint8Array): void {
  for (let at = 0; at < grey.length; at++) {
    const [r, g, b] = [colours[3 * at] ?? 0, colours[3 * at + 1] ?? 0, colours[3 * at + 2] ?? 0];
    grey[at] = Math.floor((r + g + b) / 3);
  }
}

/** Differences of neighbours in each row, one less than the row has pixels. */
function edges(grey: Uint8Array, width: number, result: Uint8Array): void {
  for (let at = 0; at < result.length; at++) {
    const from = Math.floor(at / (width - 1)) * width + (at % (width - 1));
    result[at] = Math.abs((grey[from + 1] ?? 0) - (grey[from] ?? 0));
  }
}

test('image page: camera and vision through one topic', (t) => {
  const colours = noise(VGA.height * VGA.width * 3);
  const camera = (topic: Topic, stamp: bigint): void => {
    const image = Image.fromBytes(colours, { ...VGA, encoding: 'rgb8' });
    topic.send(image.setFrameId('camera_front').setTimestampNs(stamp));
  };
  const vision = (topic: Topic): number | undefined => {
    using image = topic.tryRecv();
    if (image === null) return undefined;
    t.deepEqual([image.frameId, image.timestampNs], ['camera_front', 1_234_567_890n]);
    const grey = new Uint8Array(image.height * image.width);
    mean(image.data, grey);
    const found = new Uint8Array(image.height * (image.width - 1));
    edges(grey, image.width, found);
    return found.filter((value) => value > 128).length;
  };
  const [writer, reader] = [new Topic(Image), new Topic(Image)];
  t.is(vision(reader), undefined);
  camera(writer, 1_234_567_890n);
  const [grey, found] = [new Uint8Array(VGA.height * VGA.width), new Uint8Array(VGA.height * 639)];
  mean(colours, grey);
  edges(grey, VGA.width, found);
  const expected = found.filter((value) => value > 128).length;
  t.true(expected > 1000);
  t.is(vision(reader), expected);
  writer.close();
  reader.close();
});

test('memory types page: edges from one topic to another', (t) => {
  const [rgb, grey] = [freshTopic(), freshTopic()];
  const colours = noise(VGA.height * VGA.width * 3);
  rgb.send(Image.fromBytes(colours, { ...VGA, encoding: 'rgb8' }));
  using image = rgb.tryRecv();
  if (image === null) return t.fail('nothing received');
  const means = new Uint8Array(image.height * image.width);
  mean(image.data, means);
  const result = grey.loan({ height: 480, width: 639, encoding: 'mono8' });
  edges(means, image.width, result.data);
  grey.send(result);
  t.is(grey.stats().copied, 0, 'the result was made where it is');
  using received = grey.tryRecv();
  t.deepEqual([received?.shape, received?.encoding], [[480, 639], 'mono8']);
  const sum = (pixel: number): number =>
    colours.subarray(3 * pixel, 3 * pixel + 3).reduce((a, b) => a + b);
  t.is(received?.data[0], Math.abs(Math.floor(sum(1) / 3) - Math.floor(sum(0) / 3)));
  rgb.close();
  grey.close();
});

test('memory types page: send, receive and look at the size', (t) => {
  const topic = freshTopic();
  topic.send(Image.fromBytes(new Uint8Array(480 * 640 * 3), { ...VGA, encoding: 'rgb8' }));
  using received = topic.tryRecv();
  t.is(`Received ${received?.width}x${received?.height} image`, 'Received 640x480 image');
  t.deepEqual(received?.shape, [480, 640, 3]);
  topic.close();
});

test('memory types page: a model gets the picture itself', (t) => {
  const camera = freshTopic();
  const colours = noise(VGA.height * VGA.width * 3);
  const image = Image.fromBytes(colours, { ...VGA, encoding: 'rgb8' });
  camera.send(image.setFrameId('camera_front'));
  using received = camera.tryRecv();
  t.is(received?.frameId, 'camera_front');
  // What a model takes: values, their type and their shape, all of the slot itself.
  t.deepEqual([received?.dtype, received?.shape], ['uint8', [480, 640, 3]]);
  t.deepEqual(received?.data, colours);
  t.is(camera.stats().copied, 1, 'the copy that brought the picture in');
  camera.close();
});

test('both pages: pixels of an image', (t) => {
  const colours = noise(VGA.height * VGA.width * 3);
  using image = Image.fromBytes(colours, { ...VGA, encoding: 'rgb8' });
  const place = (240 * 640 + 320) * 3;
  t.deepEqual(image.pixel(320, 240), [...colours.subarray(place, place + 3)]);
  image.setPixel(320, 240, [255, 0, 0]);
  colours.set([255, 0, 0], place);
  t.deepEqual(image.pixel(320, 240), [255, 0, 0]);
  t.deepEqual(image.data, colours, 'and no other pixel');
  const region = image.roi(100, 100, 200, 200);
  t.is(region.length, 200 * 200 * 3);
  for (let y = 0; y < 200; y++) {
    const start = ((100 + y) * 640 + 100) * 3;
    const row = region.subarray(y * 600, (y + 1) * 600);
    t.is(Buffer.compare(row, colours.subarray(start, start + 600)), 0);
  }
  image.fill([0, 0, 0]);
  t.true(
    image.data.every((value) => value === 0),
    'black',
  );
  t.true(
    region.some((value) => value !== 0),
    'a copy',
  );
  const others = noise(colours.length).reverse();
  t.deepEqual(image.copyFrom(others).data, others);
  t.throws(() => image.copyFrom(others.subarray(1)), { code: 'ERR_FRAMELANE_INVALID_LENGTH' });
});

test('memory types page: a cloud and its first point', (t) => {
  const points = Float32Array.from(noise(30_000), (value) => value / 255);
  const topic = new Topic(PointCloud, freshName());
  t.teardown(() => topic.close());
  const made = PointCloud.fromArray({ data: points, shape: [10_000, 3] });
  topic.send(made.setFrameId('lidar_front').setTimestampNs(1_234_567_890));
  using cloud = topic.tryRecv()!;
  t.deepEqual([cloud.pointCount, cloud.fieldsPerPoint, cloud.dtype], [10_000, 3, 'float32']);
  t.deepEqual([cloud.isXyz(), cloud.hasIntensity(), cloud.hasColor()], [true, false, false]);
  t.deepEqual([cloud.frameId, cloud.timestampNs], ['lidar_front', 1_234_567_890n]);
  t.deepEqual(cloud.pointAt(0), [...points.subarray(0, 3)]);
  t.deepEqual(cloud.pointAt(9_999), [...points.subarray(-3)]);
  t.deepEqual(cloud.data as unknown, points);
  t.throws(() => cloud.pointAt(10_000), { code: 'ERR_FRAMELANE_INVALID_ARGUMENT' });
});

test('memory types page: depths and their range', (t) => {
  const metres = Float32Array.from(noise(640 * 480), (value) => 0.5 + value / 64);
  using depth = DepthImage.fromArray(metres, VGA);
  t.is(depth.getDepth(320, 240), metres[240 * 640 + 320]);
  depth.setDepth(100, 100, 1.5);
  t.is(depth.getDepth(100, 100), 1.5);
  metres[100 * 640 + 100] = 1.5;
  t.deepEqual(depth.data, metres, 'and no other depth');
  const { min, max, mean } = depth.depthStatistics()!;
  let sum = 0;
  for (const value of metres) sum += value;
  t.deepEqual([min, max], [0.5, 0.5 + 255 / 64]);
  t.true(Math.abs(mean - sum / metres.length) < 1e-9, `${mean}`);
  using raw = new DepthImage({ ...VGA, dtype: 'uint16' });
  t.is(raw.depthStatistics(), null, 'no depth is known');
  raw.setDepth(100, 100, 1.5);
  t.is(raw.data[100 * 640 + 100], 1500, 'millimetres');
  t.deepEqual({ ...raw.depthStatistics()! }, { min: 1.5, max: 1.5, mean: 1.5 });
});

test('a send writes 64 bytes and a few words, whatever the size', (t) => {
  for (const size of [{ width: 8, height: 8 }, HD]) {
    const name = freshName();
    const topic = new Topic(Image, name);
    topic.send(topic.loan(size));
    const image = topic.loan(size);
    const ring = (): Buffer => readFileSync(join(directory(), `t.${name}`));
    const before = ring();
    topic.send(image);
    const after = ring();
    const changed = [...after.keys()].filter((at) => after[at] !== before[at]);
    const cells = [...new Set(changed.map((at) => at >> 6))];
    const bytes = (cell: number): number => changed.filter((at) => at >> 6 === cell).length;
    t.true(changed.length > 8, 'the descriptor is seen');
    // One cell is the descriptor; in the others a single word has changed: the head.
    t.is(cells.filter((cell) => bytes(cell) > 8).length, 1);
    t.true(cells.length <= 3, `${cells.length} cells of 64 bytes`);
    topic.close();
  }
});

/** The least of the medians of several rounds, microseconds: what others do meanwhile is not it. */
function fastest(rounds: number, times: number, action: () => void): number {
  const medians = Array.from({ length: rounds }, () => {
    const took = Array.from({ length: times }, () => {
      const begin = performance.now();
      action();
      return performance.now() - begin;
    });
    return took.sort((a, b) => a - b)[times >> 1] ?? 0;
  });
  return Math.min(...medians) * 1000;
}

/** Microseconds from `send` to the received frame, both in this process; as `fastest` does. */
function handOver(size: { width: number; height: number }): number {
  const topic = freshTopic();
  const medians: number[] = [];
  for (let round = 0; round < 8; round++) {
    const took: number[] = [];
    for (let time = 0; time < 200; time++) {
      const image = topic.loan(size);
      const begin = performance.now();
      topic.send(image);
      const received = topic.tryRecv();
      took.push(performance.now() - begin);
      received?.release();
    }
    medians.push(took.sort((a, b) => a - b)[100] ?? 0);
  }
  topic.close();
  return Math.min(...medians) * 1000;
}

test('a hand-over takes less than 10 µs, whatever the size', (t) => {
  const [small, large] = [handOver({ width: 64, height: 64 }), handOver(UHD)];
  t.true(small < 10, `64x64: ${small} µs`);
  t.true(large < 10, `3840x2160: ${large} µs`);
  t.true(large < small * 3, `3840x2160: ${large} µs, 64x64: ${small} µs`);
});

test('a view takes less than 3 µs', (t) => {
  const topic = freshTopic();
  let seen = 0;
  const took: number[] = [];
  for (let n = 0; n < 500; n++) {
    topic.send(topic.loan(HD));
    using received = topic.tryRecv();
    const begin = performance.now();
    seen += received?.data.length ?? 0;
    took.push((performance.now() - begin) * 1000);
  }
  t.is(seen, 500 * HD.height * HD.width * 3);
  const median = took.sort((a, b) => a - b)[250] ?? 0;
  t.true(median < 3, `${median} µs`);
  topic.close();
});

test('to serialise a picture takes a hundred hand-overs, and as much memory again', (t) => {
  using image = new Image(HD);
  const [bytes, copy] = [serialize(image.data), Buffer.alloc(image.nbytes)];
  t.true(bytes.length >= image.nbytes, 'the sender has the picture twice');
  t.true((deserialize(bytes) as Uint8Array).length === image.nbytes, 'and so has the receiver');
  const serial = fastest(5, 5, () => void deserialize(serialize(image.data)));
  const plain = fastest(5, 5, () => void copy.set(image.data));
  const hand = handOver(HD);
  t.true(serial > hand * 100, `serialised ${serial} µs, handed over ${hand} µs`);
  t.true(plain > hand, `copied once ${plain} µs, handed over ${hand} µs`);
});

test('one copy on the way in, none on the way out', (t) => {
  const name = freshName();
  const topics = [1, 2, 3].map(() => new Topic(Image, name));
  const publisher = topics[0] as Topic;
  topics.forEach((topic) => topic.tryRecv());
  publisher.send(Image.fromBytes(new Uint8Array(12), { width: 2, height: 2 }));
  t.is(publisher.stats().copied, 1);
  publisher.send(publisher.loan({ width: 2, height: 2 }));
  t.deepEqual([publisher.stats().sent, publisher.stats().copied], [2, 1]);
  for (let n = 0; n < 2; n++) {
    const frames = topics.map((topic) => topic.tryRecv());
    // A token names a slot and which of its frames: all three look at the same memory.
    t.is(new Set(frames.map((frame) => frame?.toToken())).size, 1);
    t.is(frames[0]?.data.length, 12);
    frames.forEach((frame) => frame?.release());
  }
  const copied = topics.map((topic) => topic.stats().copied);
  t.deepEqual(copied, [1, 0, 0]);
  topics.forEach((topic) => topic.close());
});
