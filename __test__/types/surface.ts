/**
 * What the types promise, checked by compiling this file; `types.spec.ts` compiles it once more
 * as a program would that has nothing but ES2022. Never run.
 */
import {
  configure,
  DepthImage,
  FramelaneError,
  Image,
  Message,
  pair,
  PointCloud,
  Queue,
  Topic,
} from 'framelane';
import type {
  ArrayLayout,
  ByteSource,
  Encoding,
  ErrorCode,
  Job,
  LappedEvent,
  LeakEvent,
  Overflow,
  PeerDiedEvent,
  Pairs,
  PairStats,
  Received,
  ReceivedDepthImage,
  ReceivedImage,
  ReceivedMessage,
  ReceivedPointCloud,
  StridedArray,
  TopicRemovedEvent,
  TokenOptions,
  TopicStats,
} from 'framelane';

/** Compiles only where both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(proof: Same<A, B>): void {
  void proof;
}

type Array8 = InstanceType<typeof Uint8Array>;
type Array16 = InstanceType<typeof Uint16Array>;
type Array32f = InstanceType<typeof Float32Array>;

export function data(): void {
  same<Image<'rgb8'>['data'], Array8>(true);
  same<Image<'yuv422'>['data'], Array8>(true);
  same<Image<'mono16'>['data'], Array16>(true);
  same<Image<'depth16'>['data'], Array16>(true);
  same<Image<'mono32f'>['data'], Array32f>(true);
  same<Image<'rgb32f'>['dtype'], 'float32'>(true);
  same<Image['encoding'], Encoding>(true);
  const bytes: Uint8Array = new Image(2, 2).data;
  bytes[0] = 1;
}

export function construct(size: { width: number; height: number }, encoding: Encoding): void {
  same<Image<'rgb8'>, ReturnType<typeof rgb>>(true);
  function rgb() {
    return new Image(480, 640);
  }
  const grey: Image<'mono8'> = new Image(480, 640, 'mono8');
  const float: Array32f = new Image({ ...size, encoding: 'mono32f' }).data;
  const byDefault: Image<'rgb8'> = new Image(size);
  const any: Image = new Image({ ...size, encoding, frameId: 'left', timestampNs: 1n });
  const raw: Image<'bgr8'> = Image.fromBytes(new ArrayBuffer(12), { ...size, encoding: 'bgr8' });
  const plain: Image<'rgb8'> = Image.fromBytes(float, size);
  const decoded: Image = Image.decode(new DataView(new ArrayBuffer(4)));
  const asked: Image<'rgba8'> = Image.decode(raw.data, { encoding: 'rgba8' });
  const into: Image<'mono8'> = Image.decode(raw.data, { into: grey });
  const file: Promise<Uint8Array> = grey.encode('jpeg', { quality: 90 });
  const copy: Image<'mono8'> = grey.clone().setFrameId('x').setTimestampNs(5).retain();
  // @ts-expect-error no such encoding
  const unknown = new Image(480, 640, 'rgb9');
  // @ts-expect-error height and width are numbers
  const text = new Image('480', '640');
  // @ts-expect-error no such option
  const option = new Image({ ...size, encoding: 'mono8', stepp: 1 });
  // @ts-expect-error no such format
  const format = grey.encode('gif');
  // @ts-expect-error sizes are read-only
  grey.width = 3;
  void [any, byDefault, plain, decoded, asked, into, file, copy, unknown, text, option, format];
}

export function pixels(own: Image<'rgb8'>, any: Image, received: ReceivedImage<'mono16'>): void {
  same<Image<'rgba32f'>['data'], Array32f>(true);
  same<Image<'nv12'>['planes'][number]['data'], Array8>(true);
  const values: number[] = own.pixel(1, 2);
  const value: number = received.at(2, 1, 0);
  const several: number[] = received.at(2, 1);
  const same8: Image<'rgb8'> = own.fill([1, 2, 3]).setPixel(0, 0, Uint8Array.of(1, 2, 3));
  const bytes: Uint8Array = received.roi(0, 0, 1, 1);
  const part: ReceivedImage<'mono16'> = received.crop(0, 0, 1, 1);
  const mine: Image<'rgb8'> = own.crop(0, 0, 1, 1).copyFrom(bytes, { rowStride: 4 });
  same<ReturnType<typeof own.toNdarray>['data'], Array8>(true);
  same<ReturnType<typeof own.toContiguous>['data'], Array8>(true);
  const [address, readonly]: readonly [bigint, boolean] = any.arrayInterface.data;
  const clamped: Uint8ClampedArray = any.toImageData().data;
  const matrix: 'bt601' | 'bt709' | 'bt2020' | null = received.yuvMatrix;
  any.setYuv({ matrix: 'bt709', range: 'full' });
  // @ts-expect-error received frames are read-only
  received.fill([1]);
  // @ts-expect-error received frames are read-only
  received.setPixel(0, 0, 1);
  // @ts-expect-error received frames are read-only
  received.copyFrom(bytes);
  // @ts-expect-error received frames are read-only
  received.setYuv({ range: 'full' });
  // @ts-expect-error received frames are read-only
  received.setCameraInfo({ width: 1, height: 1, fx: 1, fy: 1, cx: 1, cy: 1 });
  // @ts-expect-error received frames are read-only
  received.planes[0]!.data[0] = 1;
  // @ts-expect-error no such matrix to be said
  any.setYuv({ matrix: 'bt2020' });
  // @ts-expect-error x and y are numbers
  own.pixel('1', 2);
  void [values, value, several, same8, part, mine, address, readonly, clamped, matrix];
}

export function arrays(size: { width: number; height: number }, rows: Uint8Array[]): void {
  const inferred: Image = Image.fromArray(new Float32Array(4), size);
  const explicit: Image<'bgr8'> = Image.fromArray(rows[0]!, { ...size, encoding: 'bgr8' });
  const strided: Image = Image.fromArray(rows[0]!, { ...size, strides: [9, 1], order: 'C' });
  const array = { data: rows[0]!, shape: [2, 2], stride: [4, 1], offset: 1 };
  const shaped: Image = Image.fromArray(array);
  const again: Image<'rgb8'> = Image.fromArray(explicit.toNdarray(), { encoding: 'rgb8' });
  const gathered: Image<'mono8'> = Image.fromRows(rows, { encoding: 'mono8', frameId: 'left' });
  const padded: Image<'mono8'> = new Image({ ...size, encoding: 'mono8', step: 64 });
  const yuv: Image<'nv12'> = new Image({ ...size, encoding: 'nv12', yuvMatrix: 'bt709' });
  const layout: ArrayLayout = { order: 'F' };
  const given: StridedArray = { data: rows[0]!, shape: [2, 2] };
  const columns: Image = Image.fromArray(given, layout);
  // @ts-expect-error an array of numbers is no typed array
  const plain = Image.fromArray([1, 2, 3], size);
  // @ts-expect-error a view without a type has no values
  const untyped = Image.fromArray(new DataView(new ArrayBuffer(4)), size);
  // @ts-expect-error no such order
  const order = Image.fromArray(rows[0]!, { ...size, order: 'A' });
  // @ts-expect-error rows have no strides
  const strides = Image.fromRows(rows, { encoding: 'mono8', strides: [1, 1] });
  void [inferred, strided, shaped, again, gathered, padded, yuv, plain, order, strides];
  void [columns, untyped];
  void [columns, untyped];
}

export async function topics(signal: AbortSignal): Promise<void> {
  const topic = new Topic(Image, 'camera.rgb', { depth: 4, history: 0, maxHeld: 8 });
  same<typeof topic, Topic<Image>>(true);
  same<Received<Image>, ReceivedImage>(true);
  const loaned: Image<'mono16'> = topic.loan({ width: 2, height: 2, encoding: 'mono16' });
  topic.send(loaned);
  topic.send(topic.loan({ width: 2, height: 2 }));
  const maybe: ReceivedImage | null = topic.tryRecv() ?? topic.latest();
  const sure: ReceivedImage = await topic.recv({ signal, timeoutMs: 100 });
  const read: Image = sure;
  const longer: ReceivedImage = sure.retain();
  const own: Image = sure.clone();
  const first: number | undefined = sure.data[0];
  // @ts-expect-error received frames are read-only
  sure.data[0] = 1;
  // @ts-expect-error received frames are read-only
  sure.setFrameId('x');
  own.data[0] = 1;
  for await (const image of topic) same<typeof image, ReceivedImage>(true);
  for await (const image of topic.newest()) same<typeof image, ReceivedImage>(true);
  const stats: TopicStats = topic.stats();
  const count: number = stats.lapped + stats.extraReleases + stats.leaked;
  topic.ref().unref().close();
  // @ts-expect-error not a class of frames
  const dates = new Topic(Date, 'dates');
  // @ts-expect-error no such option
  const options = new Topic(Image, 'image', { depthh: 4 });
  // @ts-expect-error not a frame
  topic.send({ width: 2, height: 2 });
  void [maybe, read, longer, first, count, dates, options];
}

export function tokens(received: ReceivedImage, own: Image<'mono8'>, options: TokenOptions): void {
  const token: string = received.toToken();
  const moved: string = own.toToken({ transfer: true });
  const named: ReceivedImage = Image.fromToken(own.toToken(options));
  const mine: Image = Image.fromToken(moved);
  // @ts-expect-error what a token leads to is read-only
  named.data[0] = 1;
  // @ts-expect-error no such option
  const option = own.toToken({ move: true });
  // @ts-expect-error a token is text
  const number = Image.fromToken(1);
  void [token, mine, option, number];
}

export async function modes(signal: AbortSignal, overflow: Overflow): Promise<void> {
  const topic = new Topic(Image, 'lossless', { overflow: 'block' });
  const other = new Topic(Image, 'any', { overflow });
  const sent: Promise<void> = topic.sendWhenReady(new Image(1, 1), { signal, timeoutMs: 5 });
  const made: Promise<void> = topic.prepare({ width: 2, height: 2, encoding: 'mono8' });
  const received = await topic.recv();
  other.send(received);
  await other.sendWhenReady(received.retain());
  const lost: number = topic.stats().dropped + topic.stats().reopened + topic.stats().bellsRefused;
  // @ts-expect-error no such overflow
  const unknown = new Topic(Image, 'lossless', { overflow: 'wait' });
  // @ts-expect-error a size has no frame id
  const named = topic.prepare({ width: 2, height: 2, frameId: 'x' });
  // @ts-expect-error only frames of a queue are acknowledged
  received.ack();
  // @ts-expect-error not a frame
  const wrong = topic.sendWhenReady(1);
  void [sent, made, lost, unknown, named, wrong];
}

export async function queues(signal: AbortSignal): Promise<void> {
  const jobs = new Queue(Image, 'jobs', { ack: 'manual', overflow: 'drop-oldest', depth: 4 });
  same<typeof jobs, Queue<Image, 'manual'>>(true);
  jobs.send(jobs.loan({ width: 2, height: 2, encoding: 'mono8' }));
  for await (const job of jobs) {
    same<typeof job, Job<Image>>(true);
    const done: boolean = job.ack();
    const longer: Job<Image> = job.retain();
    const read: Image = job;
    // @ts-expect-error received frames are read-only
    job.data[0] = 1;
    void [done, longer, read];
  }
  const job: Job<Image> | null = jobs.tryRecv() ?? (await jobs.recv({ signal }));
  const auto = new Queue(Image, 'auto', { maxHeld: 8 });
  same<typeof auto, Queue<Image, 'auto'>>(true);
  for await (const image of auto) same<typeof image, ReceivedImage>(true);
  jobs.send((await auto.recv()).retain());
  auto.ref().unref().close();
  const stats: TopicStats = jobs.stats();
  // @ts-expect-error done with when it is received
  auto.tryRecv()?.ack();
  // @ts-expect-error a queue has a name
  const nameless = new Queue(Image);
  // @ts-expect-error a queue has no history
  const late = new Queue(Image, 'jobs', { history: 1 });
  // @ts-expect-error nor a newest frame for everybody
  const newest = jobs.latest();
  // @ts-expect-error no such way
  const never = new Queue(Image, 'jobs', { ack: 'never' });
  void [job, stats, nameless, late, newest, never];
}

export async function outside(signal: AbortSignal, source: ByteSource): Promise<void> {
  const topic = new Topic(Image, 'film');
  const jobs = new Queue(Image, 'frames');
  const size = { width: 2, height: 2 };
  const options = { ...size, encoding: 'bgr8', frameId: 'film', signal, timeoutMs: 100 } as const;
  const generate = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(12);
  };
  const sent: number = await topic.sendFrom(generate(), options);
  const others: Promise<number>[] = [jobs.sendFrom(source, size)];
  // @ts-expect-error a size is needed
  others.push(topic.sendFrom(source, { signal }));
  // @ts-expect-error the stream says when its frames come
  others.push(topic.sendFrom(source, { ...size, timestampNs: 1n }));
  // @ts-expect-error bytes come one by one, as a stream
  others.push(topic.sendFrom([new Uint8Array(12)], size));
  // @ts-expect-error texts are no bytes
  others.push(topic.sendFrom(texts(), size));
  async function* texts(): AsyncGenerator<string> {
    yield 'text';
  }
  void [sent, others];
}

export async function pairs(signal: AbortSignal): Promise<void> {
  const [left, right] = [new Topic(Image, 'left'), new Topic(Image, 'right')];
  const both = pair(left, right, { toleranceMs: 5, minPeriodMs: 30, queue: 4, signal });
  same<typeof both, Pairs<Image, Image>>(true);
  for await (const [one, other] of both) {
    same<typeof one, ReceivedImage>(true);
    same<typeof other, ReceivedImage>(true);
    // @ts-expect-error received frames are read-only
    one.data[0] = 1;
  }
  const stats: PairStats = both.stats();
  const count: number = stats.paired + stats.unpairedA + stats.unpairedB + stats.waitingA;
  // @ts-expect-error how near is near
  const near = pair(left, right, {});
  // @ts-expect-error the frames of a queue are shared out
  const jobs = pair(left, new Queue(Image, 'jobs'), { toleranceMs: 5 });
  void [count, near, jobs];
}

export async function messages(signal: AbortSignal, image: ReceivedImage): Promise<void> {
  const topic = new Topic(Message, 'detections', { depth: 4 });
  same<typeof topic, Topic<Message>>(true);
  same<Received<Message>, ReceivedMessage>(true);
  const { timestampNs } = image;
  topic.send(Message.json([{ label: 'cup' }], { timestampNs, frameId: 'left' }));
  topic.send(Message.bytes(new ArrayBuffer(4), { format: 'cbor' }));
  const loan: Message = topic.loan({ bytes: 12, format: 'cbor', frameId: 'x', timestampNs: 1 });
  loan.bytes[0] = 1;
  topic.send(loan.setFrameId('y').setTimestampNs(1n));
  await topic.prepare({ bytes: 12 });
  const received: ReceivedMessage = await topic.recv({ signal });
  same<Message['bytes'], Array8>(true);
  const value: unknown = received.json();
  const boxes: { label: string }[] = received.json<{ label: string }[]>();
  const [format, text, length]: [string | null, string, number] = [
    received.format,
    received.text(),
    received.byteLength + received.nbytes,
  ];
  const named: ReceivedMessage = Message.fromToken(received.toToken());
  const own: Message = received.clone();
  for await (const [picture, found] of pair(new Topic(Image), topic, { toleranceMs: 0 })) {
    same<typeof picture, ReceivedImage>(true);
    same<typeof found, ReceivedMessage>(true);
  }
  const jobs = new Queue(Message, 'jobs', { ack: 'manual' });
  const job: Job<Message> | null = jobs.tryRecv();
  // @ts-expect-error received messages are read-only
  received.bytes[0] = 1;
  // @ts-expect-error received messages are read-only
  received.setTimestampNs(1);
  // @ts-expect-error made by json and bytes
  const made = new Message(1);
  // @ts-expect-error JSON has no other format
  const other = Message.json(1, { format: 'cbor' });
  // @ts-expect-error a message has no width
  const wide = topic.loan({ width: 2, height: 2 });
  // @ts-expect-error not a message
  topic.send(image);
  void [value, boxes, format, text, length, named, own, job, made, other, wide];
}

export async function scopes(): Promise<void> {
  await using topic = new Topic(Image);
  using image = topic.tryRecv();
  const disposable: Disposable | null = image;
  void disposable;
}

export function rest(error: unknown): ErrorCode | undefined {
  configure({ dir: '/dev/shm', namespace: 'n', maxBytes: 1, maxHeld: 1, maxLoans: 1 });
  configure({ access: 'shared' });
  // @ts-expect-error no such access
  configure({ access: 'writable' });
  configure({ guard: true, memory: 'copy' });
  // @ts-expect-error no such memory
  configure({ memory: 'heap' });
  void [new Topic(Image, 'g', { guard: true }), new Queue(Image, 'g', { guard: false })];
  // @ts-expect-error no such setting
  configure({ maxByte: 1 });
  return error instanceof FramelaneError ? error.code : undefined;
}

export function events(message: unknown): string {
  const { topic, missed } = message as LappedEvent;
  const { topic: of, stack } = message as LeakEvent;
  const { pid, process, topic: its } = message as PeerDiedEvent;
  const total: number = missed + pid;
  const optional: (string | undefined)[] = [stack, its];
  const none: string | null = of;
  // @ts-expect-error of a frame of no topic there is none
  const always: string = of;
  void [total, optional, none, always];
  return topic + process + (message as TopicRemovedEvent).topic;
}

export async function depths(floats: Float32Array, doubles: Float64Array): Promise<void> {
  same<DepthImage<'uint16'>['data'], Array16>(true);
  same<DepthImage<'float32'>['data'], Array32f>(true);
  const metres: DepthImage<'float32'> = new DepthImage(480, 640);
  const raw: DepthImage<'uint16'> = new DepthImage({ width: 2, height: 2, dtype: 'uint16' });
  const made: DepthImage<'float32'> = DepthImage.fromArray(floats, { width: 2, height: 2 });
  const turned: DepthImage<'float32'> = DepthImage.fromArray(floats, { width: 2, order: 'F' });
  const { min, max, mean } = metres.depthStatistics() ?? { min: 0, max: 0, mean: 0 };
  const image: Image<'depth16'> = raw.asImage();
  const back: DepthImage<'uint16'> = image.asDepth();
  const points: PointCloud<'float32'> = raw.toPointCloud(undefined, { organised: true });
  const topic = new Topic(DepthImage, 'depth');
  const loaned: DepthImage<'uint16'> = topic.loan({ width: 2, height: 2, dtype: 'uint16' });
  const byDefault: DepthImage<'float32'> = topic.loan({ width: 2, height: 2 });
  topic.send(loaned.setDepth(0, 0, 1).setDepthScale(0.5));
  const received = await topic.recv();
  same<typeof received, ReceivedDepthImage>(true);
  const first: number | undefined = received.data[0];
  // @ts-expect-error received frames are read-only
  received.data[0] = 1;
  // @ts-expect-error received frames are read-only
  received.setDepth(0, 0, 1);
  // @ts-expect-error no such type
  const wide = new DepthImage(2, 2, 'float64');
  // @ts-expect-error doubles are rounded only where that is said
  const rounded = DepthImage.fromArray(doubles, { width: 2, height: 2 });
  // @ts-expect-error another kind of frame
  topic.send(image);
  void [made, turned, min, max, mean, back, points, byDefault, first, wide, rounded];
}

export async function clouds(values: Float32Array): Promise<void> {
  const fields = [{ name: 'x' }, { name: 'ring', dtype: 'uint16' }] as const;
  const plain: PointCloud<'float32'> = new PointCloud(100, 4);
  const bytes: PointCloud<'uint8'> = new PointCloud({ points: 2, fields: 3, dtype: 'uint8' });
  const named: PointCloud = new PointCloud({ width: 2, height: 2, fields });
  const made: PointCloud = PointCloud.fromArray(values, { fields: 3 });
  const shaped: PointCloud = PointCloud.fromArray({ data: values, shape: [1, 3] });
  const columns: PointCloud = PointCloud.fromArray(values, { order: 'F' });
  same<(typeof plain)['data'], Array32f>(true);
  const point: number[] = named.setPoint(0, [1, 2]).pointAt(0);
  const x: Array32f | null = plain.field('x').data;
  const file: Promise<Uint8Array> = made.encode('ply', { ascii: true });
  const topic = new Topic(PointCloud, 'lidar');
  const loaned: PointCloud<'float64'> = topic.loan({ points: 2, dtype: 'float64' });
  topic.send(loaned);
  topic.send(topic.loan({ points: 2, fields }));
  const received = await topic.recv();
  same<typeof received, ReceivedPointCloud>(true);
  // @ts-expect-error received frames are read-only
  received.setPoint(0, [1, 2]);
  // @ts-expect-error no such format
  const unknown = made.encode('las');
  // @ts-expect-error no such type
  const half = new PointCloud(2, 3, 'float16');
  // @ts-expect-error a field has a name
  const nameless = new PointCloud({ points: 2, fields: [{ dtype: 'uint8' }] });
  void [bytes, shaped, columns, point, x, file, unknown, half, nameless];
}
