/**
 * Rust writes and Node.js reads, and the reverse: every type of frame, every encoding, every field.
 * The program on the other side is `crates/framelane/examples/conform`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  DepthImage,
  Image,
  Message,
  PointCloud,
  Topic,
  type CameraInfo,
  type ReceivedDepthImage,
  type ReceivedImage,
  type ReceivedMessage,
  type ReceivedPointCloud,
} from 'framelane';
import { rustExample, topicName } from '../process/children.js';
import {
  boxes,
  cameraOf,
  clouds,
  encodings,
  HEIGHT,
  messages,
  pattern,
  planesOf,
  POINTS,
  rowsOf,
  stampOf,
  WIDTH,
  yuvOf,
} from './cases.js';

type Kind = 'image' | 'depth' | 'cloud' | 'message';
type AnyFrame = ReceivedImage | ReceivedDepthImage | ReceivedPointCloud | ReceivedMessage;

const options = { depth: 64, history: 64, maxHeld: 64 };
let built: Promise<string> | undefined;
const program = (): Promise<string> => (built ??= rustExample('framelane', 'conform'));

async function conform(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await program(), args, { timeout: 60_000 });
  return stdout;
}

test.before('the program is built', async (t) => {
  t.timeout(600_000);
  await program();
});

/** The frames that Rust has sent on this topic. */
async function written<F>(t: ExecutionContext, kind: Kind, topic: Topic<never>): Promise<F[]> {
  t.teardown(() => topic.close());
  await conform('write', kind, topic.name);
  const frames: F[] = [];
  for (let frame = topic.tryRecv(); frame !== null; frame = topic.tryRecv()) {
    t.teardown(() => (frame as AnyFrame)[Symbol.dispose]());
    frames.push(frame as F);
  }
  return frames;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesIn = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** What every frame says of itself. */
function checkLabel(t: ExecutionContext, frame: AnyFrame, number: number): void {
  t.is(frame.frameId, `rust ${number} é`);
  t.is(frame.timestampNs, stampOf(number));
  t.is(frame.sequence, number);
  const ago = Number(process.hrtime.bigint() - frame.sentNs);
  t.true(ago > 0 && ago < 60e9, `${ago} ns`);
}

test('Rust writes images of every encoding, Node.js reads them', async (t) => {
  const topic = new Topic(Image, topicName('images'), options);
  const images = await written<ReceivedImage>(t, 'image', topic as Topic<never>);
  t.is(images.length, encodings.length);
  for (const [number, row] of encodings.entries()) {
    const [name, channels, itemBytes, dtype] = row;
    const image = images[number]!;
    checkLabel(t, image, number);
    const { width, height, encoding, step, shape, strides } = image;
    t.deepEqual([encoding, width, height, image.dtype], [name, WIDTH, HEIGHT, dtype]);
    const planes = planesOf(row);
    const bytes = planes.reduce((sum, [, , , , size]) => sum + size!, 0);
    t.is(step, planes[0]![3]);
    t.is(hex(bytesIn(image.data)), hex(pattern(number, bytes)), name);
    const flat = planes.length > 1;
    const extents = channels === 1 ? [HEIGHT, WIDTH] : [HEIGHT, WIDTH, channels];
    t.deepEqual(shape, flat ? [(HEIGHT * 3) / 2, WIDTH] : extents);
    const line = step / itemBytes;
    t.deepEqual(strides, flat || channels === 1 ? [line, 1] : [line, channels, 1]);
    t.deepEqual(
      image.planes.map((plane) => [
        plane.width,
        plane.height,
        plane.channels,
        plane.step,
        plane.data.byteLength,
      ]),
      planes,
    );
    t.deepEqual(image.cameraInfo, number % 2 === 0 ? cameraOf(number) : null);
    const { yuvMatrix = null, yuvRange = null } = yuvOf(number);
    t.deepEqual([image.yuvMatrix, image.yuvRange], [yuvMatrix, yuvRange], name);
  }
});

test('Rust writes depth images of both types, Node.js reads them', async (t) => {
  const topic = new Topic(DepthImage, topicName('depths'), options);
  const frames = await written<ReceivedDepthImage>(t, 'depth', topic as Topic<never>);
  const [metres, raw] = frames as [ReceivedDepthImage, ReceivedDepthImage];
  t.is(frames.length, 2);
  for (const [number, frame] of [metres, raw].entries()) {
    checkLabel(t, frame, number);
    t.deepEqual([frame.width, frame.height], [WIDTH, HEIGHT]);
    t.is(frame.getDepth(5, 3), 1.25);
  }
  t.deepEqual([metres.dtype, metres.depthScale, metres.step], ['float32', 1, 24]);
  t.true(metres.data.subarray(0, 23).every(Number.isNaN));
  t.deepEqual(metres.cameraInfo, cameraOf(0));
  t.deepEqual([raw.dtype, raw.depthScale, raw.step], ['uint16', 0.25, 12]);
  t.is(raw.data[23], 5000);
  t.is(hex(bytesIn(raw.data).subarray(0, 46)), hex(pattern(1, 46)));
  t.is(raw.cameraInfo, null);
});

test('Rust writes point clouds of every type, Node.js reads them', async (t) => {
  const topic = new Topic(PointCloud, topicName('clouds'), options);
  const frames = await written<ReceivedPointCloud>(t, 'cloud', topic as Topic<never>);
  t.is(frames.length, clouds.length);
  for (const [number, { dtype, values, step, fields }] of clouds.entries()) {
    const cloud = frames[number]!;
    checkLabel(t, cloud, number);
    const [width, height] = [POINTS, rowsOf(number)];
    t.deepEqual([cloud.width, cloud.height, cloud.isOrganised], [width, height, height > 1]);
    t.deepEqual([cloud.dtype, cloud.fieldsPerPoint, cloud.pointStep], [dtype, values, step]);
    t.deepEqual(cloud.fields, fields);
    t.is(hex(bytesIn(cloud.data)), hex(pattern(number, width * height * step)));
  }
});

test('Rust writes messages, Node.js reads them', async (t) => {
  const topic = new Topic(Message, topicName('messages'), options);
  const frames = await written<ReceivedMessage>(t, 'message', topic as Topic<never>);
  t.is(frames.length, messages.length + 1);
  const [first, ...others] = frames as [ReceivedMessage, ...ReceivedMessage[]];
  checkLabel(t, first, 0);
  t.deepEqual([first.format, first.json()], ['json', boxes]);
  for (const [index, [length, format]] of messages.entries()) {
    const message = others[index]!;
    checkLabel(t, message, index + 1);
    t.deepEqual([message.format, message.byteLength], [format, length]);
    t.is(hex(message.bytes), hex(pattern(index + 1, length)));
  }
});

/** What Rust says that it sees; as `json.rs` of the program writes it. */
interface Seen {
  frameId: string;
  timestampNs: string;
  sequence: number;
  sentNs: string;
  missed: number;
  data: string;
  [key: string]: unknown;
}

/** Has Rust read so many frames of a topic; what all frames have is checked here. */
async function readBack(
  t: ExecutionContext,
  kind: Kind,
  name: string,
  sent: bigint[],
): Promise<Seen[]> {
  const stdout = await conform('read', kind, name, String(sent.length));
  const lines = stdout.trim().split('\n');
  t.is(lines.length, sent.length);
  return lines.map((line, number) => {
    const { frameId, timestampNs, sequence, sentNs, missed, ...rest } = JSON.parse(line) as Seen;
    t.deepEqual([frameId, timestampNs], [`node ${number} é`, String(stampOf(number))]);
    t.deepEqual([sequence, missed, sentNs], [number, 0, String(sent[number])]);
    return rest as Seen;
  });
}

const labelOf = (number: number) => ({ frameId: `node ${number} é`, timestampNs: stampOf(number) });

const cameraSeen = ({ distortionModel, ...rest }: CameraInfo): object => {
  return { ...rest, model: distortionModel === 'plumb_bob' ? 1 : 0 };
};

/** Sends, and gives when that was. */
function send<F extends { sentNs: bigint }>(topic: { send(frame: F): void }, frame: F): bigint {
  topic.send(frame);
  return frame.sentNs;
}

test('Node.js writes images of every encoding, Rust reads them', async (t) => {
  const topic = new Topic(Image, topicName('images'), options);
  t.teardown(() => topic.close());
  const sent = encodings.map((row, number) => {
    const bytes = planesOf(row).reduce((sum, [, , , , size]) => sum + size!, 0);
    const shape = { width: WIDTH, height: HEIGHT, encoding: row[0], ...labelOf(number) };
    const image = Image.fromBytes(pattern(number, bytes), { ...shape, ...yuvOf(number) });
    if (number % 2 === 0) image.setCameraInfo(cameraOf(number));
    return send(topic, image);
  });
  const number = sent.length;
  const padded = topic.loan({
    ...labelOf(number),
    width: 2,
    height: 2,
    encoding: 'rgb8',
    step: 16,
  });
  padded.data.set(pattern(number, 22));
  sent.push(send(topic, padded));
  const seen = await readBack(t, 'image', topic.name, sent);
  for (const [index, row] of encodings.entries()) {
    const planes = planesOf(row);
    const bytes = planes.reduce((sum, [, , , , size]) => sum + size!, 0);
    const { yuvMatrix = null, yuvRange = null } = yuvOf(index);
    t.deepEqual(seen[index] as object, {
      data: hex(pattern(index, bytes)),
      width: WIDTH,
      height: HEIGHT,
      encoding: row[0],
      step: planes[0]![3],
      planes,
      camera: index % 2 === 0 ? cameraSeen(cameraOf(index)) : null,
      yuvMatrix,
      yuvRange,
    });
  }
  const { data, step, planes } = seen[number]!;
  t.deepEqual([data, step, planes], [hex(pattern(number, 22)), 16, [[2, 2, 3, 16, 22]]]);
});

test('Node.js writes depth images of both types, Rust reads them', async (t) => {
  const topic = new Topic(DepthImage, topicName('depths'), options);
  t.teardown(() => topic.close());
  const size = { width: WIDTH, height: HEIGHT };
  const metres = new DepthImage({ ...size, ...labelOf(0) }).setDepth(5, 3, 1.25);
  metres.setCameraInfo(cameraOf(0));
  const raw = new DepthImage({ ...size, dtype: 'uint16', depthScale: 0.25, ...labelOf(1) });
  raw.setDepth(5, 3, 1.25);
  const images = [hex(bytesIn(metres.data)), hex(bytesIn(raw.data))];
  const sent = [send(topic, metres), send(topic, raw)];
  const seen = await readBack(t, 'depth', topic.name, sent);
  const common = { ...size, corners: [null, 1.25] };
  t.deepEqual(seen as object[], [
    {
      ...common,
      data: images[0],
      encoding: 'mono32f',
      step: 24,
      planes: [[6, 4, 1, 24, 96]],
      camera: cameraSeen(cameraOf(0)),
      raw: false,
      depthScale: 1,
    },
    {
      ...common,
      data: images[1],
      encoding: 'depth16',
      step: 12,
      planes: [[6, 4, 1, 12, 48]],
      camera: null,
      raw: true,
      depthScale: 0.25,
    },
  ]);
});

test('Node.js writes point clouds of every type, Rust reads them', async (t) => {
  const topic = new Topic(PointCloud, topicName('clouds'), options);
  t.teardown(() => topic.close());
  const sent = clouds.map(({ dtype, values, step, fields, usual }, number) => {
    const points = { width: POINTS, height: rowsOf(number), pointStep: step };
    const layout = dtype !== 'mixed' && usual ? { fields: values, dtype } : { fields: [...fields] };
    const bytes = pattern(number, points.width * points.height * step);
    return send(topic, PointCloud.fromBytes(bytes, { ...points, ...layout, ...labelOf(number) }));
  });
  const seen = await readBack(t, 'cloud', topic.name, sent);
  for (const [number, { dtype, values, step, fields }] of clouds.entries()) {
    const { last, ...rest } = seen[number]!;
    const [width, height] = [POINTS, rowsOf(number)];
    const data = pattern(number, width * height * step);
    t.deepEqual(rest as object, {
      data: hex(data),
      width,
      height,
      dtype: dtype === 'mixed' ? null : dtype,
      values,
      step,
      fields: fields.map((field) => [field.name, field.offset, field.dtype, field.count]),
    });
    const floats = fields.some((field) => field.name === 'x' && field.dtype === 'float32');
    const at = (width * height - 1) * step;
    const point = floats ? [0, 4, 8].map((offset) => data.readFloatLE(at + offset)) : undefined;
    t.deepEqual((last as number[] | null)?.map(Math.fround), point);
  }
});

test('Node.js writes messages, Rust reads them', async (t) => {
  const topic = new Topic(Message, topicName('messages'), options);
  t.teardown(() => topic.close());
  const sent = [send(topic, Message.json(boxes, labelOf(0)))];
  for (const [index, [length, format]] of messages.entries()) {
    const label = { ...labelOf(index + 1), ...(format === null ? {} : { format }) };
    sent.push(send(topic, Message.bytes(pattern(index + 1, length), label)));
  }
  const seen = await readBack(t, 'message', topic.name, sent);
  const text = JSON.stringify(boxes);
  t.deepEqual(seen as object[], [
    { data: hex(Buffer.from(text)), format: 'json', text },
    ...messages.map(([length, format], index) => ({
      data: hex(pattern(index + 1, length)),
      format,
      text: null,
    })),
  ]);
});
