/** The class behind `PointCloud`, and called so because of what users and V8 make of its name. */
import type { ArrayInterface } from './array-interface.js';
import { checkBytes, checkOptions, invalid } from './check.js';
import type { BytesLike } from './check.js';
import { FieldValues } from './cloud-fields.js';
import { decodeCloud, encodeCloud, probeCloud, type CloudFormat } from './cloud-files.js';
import { cloudInterface } from './cloud-interface.js';
import {
  cloudShapeKeys,
  cloudSizeKeys,
  layoutOf,
  fieldsOfWords,
  readCloud,
  readCloudArguments,
  readLayout,
  saysPoints,
  wantedOf,
  wrongLength,
  type CloudDtype,
  type CloudShape,
  type CloudWanted,
  type PointField,
} from './cloud-shape.js';
import {
  bytesOfCloud,
  checkPoint,
  elementsOf,
  layoutOfLease,
  loanCloud,
  namedFields,
  newCloud,
  slotBytes,
  viewOf,
} from './cloud-slot.js';
import { dtypes, type Bytes, type Dtype, type TypedArray, type TypedArrayOf } from './dtype.js';
import { checkElement, readElement, writeElement } from './element.js';
import {
  Frame,
  FROM_LEASE,
  frameType,
  held,
  inspectedAs,
  LEASE,
  whereabouts,
  type FrameType,
} from './frame.js';
import { gathered } from './from-array.js';
import {
  fillSlot,
  keptView,
  labelToWrite,
  markCopied,
  openView,
  rawBytesOf,
  received,
  type Lease,
} from './lease.js';
import { copyLabel, filled, leaseOfToken } from './saying.js';
import { countOf, foldInto, layoutKeys, readStrided } from './strided.js';
import type { ArrayLayout, Strided } from './strided.js';
import { tokenOf, type TokenOptions } from './token.js';

/** The typed array of a cloud's values; the bytes of all points where they are mixed. */
export type CloudDataOf<D extends CloudDtype> = D extends Dtype ? TypedArrayOf<D> : Bytes;

/** What `JSON.stringify` sees of a cloud: no points; 64-bit numbers as decimal strings. */
export interface CloudJSON {
  type: 'PointCloud';
  points: number;
  width: number;
  height: number;
  dtype: CloudDtype;
  fields: Required<PointField>[];
  pointStep: number;
  nbytes: number;
  frameId: string;
  timestampNs: string;
  sequence: number;
  sentNs: string;
}

/** What `fromArray` takes beside the array. */
export interface CloudArrayOptions extends ArrayLayout {
  /** How many values a point has, or its fields; without it as the array's shape says, or 3. */
  fields?: number | readonly PointField[];
  /** Another type than the array's: `'float32'` for a Float64Array, `'bool'` for bytes. */
  dtype?: Dtype;
  frameId?: string;
  timestampNs?: bigint | number;
}

type AnyCloud = PointCloud<CloudDtype, unknown>;

/** `A` is the type of `data`. */
class PointCloud<D extends CloudDtype = CloudDtype, A = CloudDataOf<D>> extends Frame {
  /** See `PointCloudConstructor`. @internal */
  constructor(first: unknown, second?: unknown, third?: unknown) {
    super(
      first === FROM_LEASE ? (second as Lease) : newCloud(readCloudArguments(first, second, third)),
    );
  }

  /** Number of points. */
  get pointCount(): number {
    const { dim0, dim1 } = held(this);
    return dim0 * dim1;
  }

  /** Number of points, by the name that the constructor has for it. */
  get numPoints(): number {
    return this.pointCount;
  }

  /** Points in a row; all of them where there are no rows. */
  get width(): number {
    return held(this).dim1;
  }

  /** Rows; 1 where there are none. */
  get height(): number {
    return held(this).dim0;
  }

  /** Whether the points stand in rows, as the pixels of a depth image do. */
  get isOrganised(): boolean {
    return held(this).dim0 > 1;
  }

  /** Values of a point, of all fields together. */
  get fieldsPerPoint(): number {
    return held(this).dim2;
  }

  /**
   * The fields by name, as ROS's `PointCloud2` has them. Where only their number was given: x y z
   * for 3, with intensity for 4, with r g b for 6, else f0, f1 and so on.
   */
  get fields(): Required<PointField>[] {
    return namedFields(held(this)).map((field) => ({ ...field }));
  }

  /**
   * Type of one value, by NumPy's name; `'mixed'` where the fields are of several types, or do not
   * fill their point from the front one behind the other.
   */
  get dtype(): D {
    return layoutOfLease(held(this)).dtype as D;
  }

  /** BYTES from one point to the next. */
  get pointStep(): number {
    return held(this).step;
  }

  /** Bytes of the values; of mixed points all of their bytes. */
  get nbytes(): number {
    const { dtype, values } = layoutOfLease(held(this));
    return dtype === 'mixed' ? this.byteLength : this.pointCount * values * dtypes[dtype].bytes;
  }

  /** Bytes of all points, what may lie between them included. */
  get byteLength(): number {
    return bytesOfCloud(held(this));
  }

  /**
   * Extents as in NumPy: `[points, fieldsPerPoint]`, or `[height, width, fieldsPerPoint]` of an
   * organised cloud. Of mixed points, whose `data` are bytes, the last one is `pointStep`.
   */
  get shape(): number[] {
    const { dim0, dim1 } = held(this);
    const { dtype, values, step } = layoutOfLease(this[LEASE]);
    const last = dtype === 'mixed' ? step : values;
    return dim0 > 1 ? [dim0, dim1, last] : [dim1, last];
  }

  /** For each dimension of `shape`, how many elements of `data` lie from one to the next. */
  get strides(): number[] {
    const { dim0, dim1, step } = held(this);
    const point = step / elementsOf(layoutOfLease(this[LEASE]).dtype).itemBytes;
    return dim0 > 1 ? [dim1 * point, point, 1] : [point, 1];
  }

  /**
   * The values of all points, as a typed array on the slot itself: no copy; of mixed points their
   * bytes, which `field` gives types. As of `Image.data`: for as long as the frame is held, and
   * read-only once it is received.
   *
   * Throws `ERR_FRAMELANE_RELEASED`, `…_EXTERNAL_MEMORY`, `…_DETACHED_BUFFER`.
   */
  get data(): A {
    const lease = this[LEASE];
    const kept = keptView(lease);
    if (kept !== null) return kept as A;
    const elements = elementsOf(layoutOfLease(lease).dtype);
    return openView(lease, elements, bytesOfCloud(lease)) as A;
  }

  /** The values: `data` as a call, by the name that array libraries use. No copy. */
  toArray(): A {
    return this.data;
  }

  /** Values, shape and strides as plain properties, for array libraries. No copy. */
  toNdarray(): { data: A; shape: number[]; stride: number[]; offset: number } {
    return { data: this.data, shape: this.shape, stride: this.strides, offset: 0 };
  }

  /** As of `Image.arrayInterface`; points of several types are elements with fields (`descr`). */
  get arrayInterface(): ArrayInterface {
    return cloudInterface(this[LEASE]);
  }

  /** Whether a point has three values: x, y and z. */
  isXyz(): boolean {
    return this.fieldsPerPoint === 3;
  }

  /** Whether a point has four values or more, or a field `intensity`. */
  hasIntensity(): boolean {
    return this.fieldsPerPoint >= 4 || hasField(this, 'intensity');
  }

  /** Whether a point has six values or more, or a field `rgb`, `rgba`, `r` or `red`. */
  hasColor(): boolean {
    const names = ['rgb', 'rgba', 'r', 'red'];
    return this.fieldsPerPoint >= 6 || names.some((name) => hasField(this, name));
  }

  /**
   * The values of point `index`, of all fields one behind the other; integers of 64 bits as the
   * nearest numbers, `field` has them exactly.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT`, `ERR_FRAMELANE_RELEASED`.
   */
  pointAt(index: number): number[] {
    const lease = this[LEASE];
    const data = this.data as TypedArray;
    const at = checkPoint(lease, 'pointAt', index);
    const { dtype, step, values } = layoutOfLease(lease);
    if (dtype !== 'mixed') {
      const first = (at * step) / dtypes[dtype].bytes;
      return Array.from({ length: values }, (_, value) => Number(data[first + value]));
    }
    const view = viewOf(data);
    return placesOf(lease, at).map(([place, type]) => Number(readElement(view, type, place)));
  }

  /**
   * Writes the values of point `index`, as many as `fieldsPerPoint`. Gives the cloud back.
   *
   * Throws `ERR_FRAMELANE_INVALID_LENGTH`, `ERR_FRAMELANE_INVALID_ARGUMENT` for what the types
   * cannot hold, `ERR_FRAMELANE_FROZEN`, `ERR_FRAMELANE_RELEASED`; then nothing is written.
   */
  setPoint(index: number, values: ArrayLike<number | bigint>): this {
    const lease = this[LEASE];
    labelToWrite(lease, 'setPoint');
    const at = checkPoint(lease, 'setPoint', index);
    if (!isList(values)) throw invalid('setPoint: values', 'an array of them', values);
    const places = placesOf(lease, at);
    if (values.length !== places.length) {
      throw wrongLength('setPoint', `${places.length} values, one for each field`, values.length);
    }
    const checked = places.map(([, dtype], value) =>
      checkElement(values[value], dtype, `setPoint: values[${value}]`),
    );
    labelToWrite(lease, 'setPoint'); // what was read may have sent the frame
    const view = viewOf(this.data as TypedArray);
    places.forEach(([place, dtype], value) => writeElement(view, dtype, place, checked[value]!));
    return this;
  }

  /**
   * The values of one field over all points, on the slot itself: no copy.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` where there is no such field, `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * const intensity = cloud.field('intensity');
   * for (let i = 0; i < intensity.length; i++) sum += intensity.get(i);
   */
  field<T extends Dtype = D extends Dtype ? D : Dtype>(name: string): FieldValues<T> {
    const fields = namedFields(held(this));
    const field = fields.find((one) => one.name === name);
    if (field !== undefined) return new FieldValues<T>(this, field);
    const known = fields.slice(0, 20).map((one) => `'${one.name}'`);
    throw invalid(
      'field',
      known.length === 0 ? 'a cloud with named fields' : known.join(' or '),
      name,
    );
  }

  /** The cloud's name; see `Image.toToken`. */
  toToken(options?: TokenOptions): string {
    return tokenOf(this[LEASE], options);
  }

  /** A private copy that can be written and sent; fields, frame id and time are kept. */
  clone(): PointCloud<D> {
    const lease = this[LEASE];
    const { frameId, timestampNs } = this;
    const { dim0, dim1 } = lease;
    const wanted = wantedOf(layoutOfLease(lease), dim0, dim1, { frameId, timestampNs });
    const bytes = rawBytesOf(lease, wanted.bytes);
    return filled(cloudOf<D>(newCloud(wanted)), (copy) => {
      fillSlot(copy[LEASE], bytes);
      markCopied(copy[LEASE]);
      copyLabel(lease, copy[LEASE]);
    });
  }

  /**
   * The cloud as a PCD or PLY file, binary unless `ascii` is `true`, made off the event loop. The
   * frame may be released meanwhile; it must not be written.
   *
   * Rejects with `ERR_FRAMELANE_CODEC` for what a format cannot hold: bool values, in PLY also
   * integers of 64 bits; `ERR_FRAMELANE_INVALID_ARGUMENT`, `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * await writeFile('scan.pcd', await cloud.encode('pcd'));
   */
  async encode(format: CloudFormat, options?: { ascii?: boolean }): Promise<Bytes> {
    return encodeCloud(this[LEASE], namedFields(held(this)), format, options);
  }

  /** Metadata only. */
  toJSON(): CloudJSON {
    const { pointCount: points, width, height, dtype, fields, pointStep, nbytes, frameId } = this;
    return {
      ...({ type: 'PointCloud', points, width, height, dtype, fields, pointStep, nbytes } as const),
      frameId,
      timestampNs: String(this.timestampNs),
      sequence: this.sequence,
      sentNs: String(this.sentNs),
    };
  }

  /** See `PointCloudConstructor`. */
  static fromArray(array: unknown, options?: CloudArrayOptions): AnyCloud {
    const { source, wanted } = readPoints(array, checkOptions(options, arrayKeys, 'fromArray'));
    return gathered(cloudOf(newCloud(wanted)), source);
  }

  /** See `PointCloudConstructor`. */
  static fromBytes(bytes: BytesLike, shape: CloudShape): AnyCloud {
    const source = checkBytes(bytes, 'fromBytes');
    const given = checkOptions(shape, cloudShapeKeys, 'fromBytes');
    const { step } = readLayout(given);
    const points = saysPoints(given) ? undefined : source.length / step;
    if (points !== undefined && (points === 0 || !Number.isInteger(points))) {
      const expected = `a multiple of ${step} bytes, those of a point`;
      throw wrongLength('fromBytes', expected, source.length);
    }
    const wanted = readCloud(points === undefined ? given : { ...given, points });
    if (source.length !== wanted.bytes) {
      const expected = `${wanted.bytes} bytes, for ${wanted.height * wanted.width} points`;
      throw wrongLength('fromBytes', expected, source.length);
    }
    return filled(cloudOf(newCloud(wanted)), (cloud) => {
      fillSlot(cloud[LEASE], source);
      markCopied(cloud[LEASE]);
    });
  }

  /** See `PointCloudConstructor`. */
  static decode(bytes: BytesLike): AnyCloud {
    const given = checkBytes(bytes, 'decode');
    // Another thread may write to shared bytes while they are read: the decoder gets a copy.
    const source = given.buffer instanceof ArrayBuffer ? given : given.slice();
    const words = probeCloud(source);
    const { height, width, step } = words;
    const layout = layoutOf(fieldsOfWords(words.fields, step), step);
    return filled(cloudOf(newCloud(wantedOf(layout, height, width, {}))), (cloud) =>
      decodeCloud(source, cloud[LEASE], words),
    );
  }

  /** See `PointCloudConstructor`. */
  static fromToken(token: string): AnyCloud {
    return cloudOf(leaseOfToken('PointCloud', token));
  }

  /** How topics deal with clouds. */
  static readonly [frameType]: FrameType<PointCloud, CloudWanted> = {
    name: 'PointCloud',
    sizeKeys: cloudSizeKeys,
    loanKeys: cloudShapeKeys,
    read: readCloud,
    bytesFor: slotBytes,
    bytesOf: bytesOfCloud,
    take: loanCloud,
    make: cloudOf,
    receive: (tally) => new PointCloud(FROM_LEASE, received(tally)),
    owns: isCloud,
  };

  static {
    inspectedAs(this.prototype, inspectCloud);
  }
}

/** Whether a value is a cloud. */
export function isCloud(value: unknown): value is AnyCloud {
  return value instanceof PointCloud && LEASE in value;
}

/** A cloud with this lease. */
export function cloudOf<D extends CloudDtype>(lease: Lease): PointCloud<D> {
  return new PointCloud<D>(FROM_LEASE, lease);
}

function hasField(cloud: AnyCloud, name: string): boolean {
  return namedFields(held(cloud)).some((field) => field.name === name);
}

/** Byte and type of each value of a point. */
function placesOf(lease: Lease, index: number): [place: number, dtype: Dtype][] {
  const start = index * lease.step;
  return namedFields(lease).flatMap(({ offset, dtype, count }) =>
    Array.from({ length: count }, (_, value): [number, Dtype] => [
      start + offset + value * dtypes[dtype].bytes,
      dtype,
    ]),
  );
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

const arrayKeys = ['fields', 'dtype', 'frameId', 'timestampNs', ...layoutKeys] as const;

/** An array of points, and the cloud that takes it. */
function readPoints(
  array: unknown,
  given: { readonly [key in keyof CloudArrayOptions]?: unknown },
): { source: Strided; wanted: CloudWanted } {
  const { strides, order } = given;
  const source = readStrided(array, 'fromArray', { strides, order });
  const { shape } = source;
  if (shape.length < 1 || shape.length > 3) {
    const expected = '[points, fields] or [height, width, fields]';
    throw invalid('fromArray: shape', expected, `${shape.length} dimensions`);
  }
  const flat = shape.length === 1;
  const dtype = typeFor(source.dtype, given.dtype);
  const fields = given.fields ?? (flat ? 3 : shape.at(-1));
  const layout = readLayout({ fields, dtype });
  const { values } = layout;
  if (layout.dtype === 'mixed' || layout.step !== values * dtypes[dtype].bytes) {
    throw invalid('fields', `fields of ${dtype} only; for others there is fromBytes`, 'others');
  }
  const count = countOf(source);
  if (flat ? count % values !== 0 : shape.at(-1) !== values) {
    const expected = flat ? `a multiple of ${values} values` : `${values} values a point`;
    throw wrongLength('fromArray', expected, flat ? count : shape.at(-1));
  }
  const [height, width] = shape.length === 3 ? [shape[0]!, shape[1]!] : [1, count / values];
  if (count === 0) throw wrongLength('fromArray', 'a point at least', 0);
  const points = flat ? foldInto(source, [width, values], order) : source;
  return { source: points, wanted: wantedOf(layout, height, width, given) };
}

/** The type of a cloud made of values of another one: only where nobody can mean anything else. */
function typeFor(own: Dtype, wanted: unknown): Dtype {
  if (wanted === undefined || wanted === own) return own;
  if (own === 'float64' && wanted === 'float32') return 'float32';
  if (own === 'uint8' && wanted === 'bool') return 'bool';
  const known = own === 'float64' ? "'float64' or 'float32'" : `'${own}'`;
  throw invalid('dtype', `${known}, of an array of ${own}; convert the array before`, wanted);
}

/** One line, never points. The prototype itself can be inspected too. */
function inspectCloud(this: unknown): string {
  if (!isCloud(this)) return 'PointCloud {}';
  const { dim0, dim1 } = this[LEASE];
  const size = dim0 > 1 ? `${dim1}x${dim0}` : `${dim1}`;
  return `PointCloud ${size} points ${fieldText(this)}${whereabouts(this)}`;
}

/** Names of the fields; nothing of a frame that is gone. */
function fieldText(cloud: AnyCloud): string {
  if (cloud.released) return '';
  const names = namedFields(cloud[LEASE], 13).map(({ name }) => name);
  const shown = names.length > 12 ? [...names.slice(0, 12), '…'] : names;
  return `${shown.join(' ')} `;
}

export { PointCloud as CloudFrame };
