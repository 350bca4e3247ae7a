/** One field of all points of a cloud, on the slot itself: no copy. */
import { checkInteger } from './check.js';
import type { PointField } from './cloud-shape.js';
import { dtypes, type Dtype, type TypedArray, type TypedArrayOf } from './dtype.js';
import { checkElement, readElement, writeElement, type ElementOf } from './element.js';
import { LEASE, type Frame } from './frame.js';
import { labelToWrite } from './lease.js';

/** What of a cloud is used here. */
interface Points extends Frame {
  readonly data: unknown;
  readonly pointCount: number;
  readonly pointStep: number;
}

/** The values of one field; made by `PointCloud.field`. */
export class FieldValues<D extends Dtype = Dtype> implements Iterable<ElementOf<D>> {
  readonly name: string;
  /** Type of the values, by NumPy's name. */
  readonly dtype: D;
  /** Values of each point, in general 1. */
  readonly count: number;
  /** Values of all points. */
  readonly length: number;
  /** BYTES from one point to the next. */
  readonly strideBytes: number;
  /**
   * How many elements of `data` lie from one point to the next; `null` where the field does not
   * lie at multiples of its size, and `data` is `null` then.
   */
  readonly stride: number | null;
  private readonly cloud: Points;
  private readonly offset: number;
  // What was made of `cloud.data` last; another one there needs others.
  private source: unknown = null;
  private values: TypedArray | null = null;
  private view: DataView | null = null;

  /** @internal */
  constructor(cloud: Points, { name, dtype, offset, count }: Required<PointField>) {
    const { bytes } = dtypes[dtype];
    const { pointCount, pointStep } = cloud;
    this.name = name;
    this.dtype = dtype as D;
    this.count = count;
    this.length = pointCount * count;
    this.strideBytes = pointStep;
    this.stride = offset % bytes === 0 && pointStep % bytes === 0 ? pointStep / bytes : null;
    this.cloud = cloud;
    this.offset = offset;
  }

  /**
   * From the first value to the last, with what lies between: value `k` of point `i` is
   * `data[i * stride + k]`. No copy, and for as long as the cloud is held. `null` where `stride`
   * is.
   *
   * Throws `ERR_FRAMELANE_RELEASED`.
   */
  get data(): TypedArrayOf<D> | null {
    this.look();
    return this.values as TypedArrayOf<D> | null;
  }

  /**
   * A value, of point `index` where each has one; a bigint of integers of 64 bits.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT`, `ERR_FRAMELANE_RELEASED`.
   */
  get(index: number): ElementOf<D> {
    this.look();
    this.check(index, 'get');
    return this.read(index) as ElementOf<D>;
  }

  /**
   * Writes a value. Gives the field back.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for what the type cannot hold, `ERR_FRAMELANE_FROZEN`
   * where the cloud was received or sent, `ERR_FRAMELANE_RELEASED`.
   */
  set(index: number, value: ElementOf<D>): this {
    labelToWrite(this.cloud[LEASE], 'set');
    this.look();
    this.check(index, 'set');
    const checked = checkElement(value, this.dtype, `set: a value of ${this.name}`);
    if (this.values === null) writeElement(this.view!, this.dtype, this.byteOf(index), checked);
    else (this.values as { [index: number]: number | bigint })[this.indexOf(index)] = checked;
    return this;
  }

  /** All values, in order. */
  *[Symbol.iterator](): IterableIterator<ElementOf<D>> {
    for (let index = 0; index < this.length; index++) {
      this.look();
      yield this.read(index) as ElementOf<D>;
    }
  }

  private read(index: number): number | bigint {
    if (this.values !== null) return this.values[this.indexOf(index)]!;
    return readElement(this.view!, this.dtype, this.byteOf(index));
  }

  private indexOf(index: number): number {
    const { count } = this;
    const point = count === 1 ? index : Math.floor(index / count);
    return point * this.stride! + (index - point * count);
  }

  private byteOf(index: number): number {
    const point = Math.floor(index / this.count);
    return point * this.strideBytes + (index - point * this.count) * dtypes[this.dtype].bytes;
  }

  private check(index: unknown, action: string): void {
    const inside = typeof index === 'number' && index >= 0 && index < this.length;
    if (!inside || !Number.isInteger(index)) {
      checkInteger(index, `${action}: index`, 0, this.length - 1);
    }
  }

  /** Sees to it that the arrays are those of the cloud as it is now. */
  private look(): void {
    const source = this.cloud.data as TypedArray;
    if (source === this.source) return;
    const { array, bytes } = dtypes[this.dtype];
    const points = this.length / this.count;
    const start = source.byteOffset + this.offset;
    const length = (points - 1) * this.strideBytes + this.count * bytes;
    const buffer = source.buffer as ArrayBuffer;
    if (this.stride === null) this.view = new DataView(buffer, start, length);
    else this.values = new array(buffer, start, length / bytes);
    this.source = source;
  }
}
