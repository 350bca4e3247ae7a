/** What a point cloud is to be: the arguments of everything that makes one, checked. */
import { checkBoolean, checkInteger, checkOptions, checkWord, invalid, show } from './check.js';
import { dtypes, type Dtype } from './dtype.js';
import { FramelaneError } from './errors.js';
import type { FieldWords } from './ext-words.js';

/** Values of one name in each point, as ROS's `PointField`. */
export interface PointField {
  /** 1 to 16 bytes of UTF-8 without spaces, unique in its cloud: `'x'`, `'intensity'`. */
  name: string;
  /**
   * Bytes from the start of the point; without it behind the field before, at a multiple of the
   * size of its type.
   */
  offset?: number;
  /** Type of the values; without it that of the cloud. */
  dtype?: Dtype;
  /** How many values, 1 to 255; 1 without it. */
  count?: number;
}

/** Type of a cloud's values; `'mixed'` where its fields are not all of one, or not in a row. */
export type CloudDtype = Dtype | 'mixed';

/** How points lie in memory. */
export interface CloudLayout {
  /** Values of a point, of all fields together. */
  readonly values: number;
  readonly dtype: CloudDtype;
  /** Bytes from one point to the next. */
  readonly step: number;
  /** `null`: they have the names that go with their number. */
  readonly fields: readonly Required<PointField>[] | null;
}

/** What `prepare` takes: how many points, in rows or not, and what a point is. */
export interface CloudSize<D extends Dtype = Dtype> {
  /** Points of a cloud without rows. */
  points?: number;
  /** The same by the name that the documents have. */
  numPoints?: number;
  /** Points in a row, of an organised cloud. */
  width?: number;
  /** Rows, of an organised cloud. */
  height?: number;
  /** How many values a point has, 1 to 65,535, or its fields; 3 without it. */
  fields?: number | readonly PointField[];
  /** The number by the name that the documents have. */
  fieldsPerPoint?: number;
  /** Type of the values; `'float32'` without it. */
  dtype?: D;
  /** Bytes from one point to the next; without it what the fields take. */
  pointStep?: number;
}

/** What `loan` takes. */
export interface CloudShape<D extends Dtype = Dtype> extends CloudSize<D> {
  /** See `PointCloud.setFrameId`. */
  frameId?: string;
  /** See `PointCloud.setTimestampNs`. */
  timestampNs?: bigint | number;
}

/** What `new PointCloud` takes. */
export interface CloudOptions<D extends Dtype = Dtype> extends CloudShape<D> {
  /** Leave what is in the slot, which may be an older cloud, instead of zeros. */
  uninitialized?: boolean;
}

const pointKeys = ['points', 'numPoints', 'width', 'height'] as const;
const layoutKeys = ['fields', 'fieldsPerPoint', 'dtype', 'pointStep'] as const;
export const cloudSizeKeys = [...pointKeys, ...layoutKeys] as const;
export const cloudShapeKeys = [...cloudSizeKeys, 'frameId', 'timestampNs'] as const;
const optionKeys = [...cloudShapeKeys, 'uninitialized'] as const;

/** Options that were looked through for unknown ones. */
export type CloudGiven = { readonly [key in (typeof cloudShapeKeys)[number]]?: unknown };

/** What is made, checked. */
export interface CloudWanted extends CloudLayout {
  readonly height: number;
  readonly width: number;
  readonly bytes: number;
  readonly frameId: unknown;
  readonly timestampNs: unknown;
  readonly zeroed: boolean;
}

const SIDE_MAX = 2 ** 31 - 1;
const STEP_MAX = 2 ** 32 - 1;
const BYTES_MAX = 2 ** 48 - 1;
const FIELDS_MAX = 255;
const NAME_MAX = 16;
/** Values of a point where only their number is given: each of them gets a name. */
const VALUES_MAX = 65_535;

const usual: Record<number, readonly string[]> = {
  3: ['x', 'y', 'z'],
  4: ['x', 'y', 'z', 'intensity'],
  6: ['x', 'y', 'z', 'r', 'g', 'b'],
};

/** What the constructor was given, in either of its forms. */
export function readCloudArguments(first: unknown, second: unknown, third: unknown): CloudWanted {
  if (typeof first === 'object' || first === undefined) {
    const options = checkOptions(first, optionKeys, 'PointCloud');
    const { uninitialized = false } = options;
    return readCloud(options, !checkBoolean(uninitialized, 'uninitialized'));
  }
  return readCloud({ points: first, fields: second, dtype: third }, true);
}

/** A cloud from known options. */
export function readCloud(given: CloudGiven, zeroed = false): CloudWanted {
  const { height, width } = readPoints(given);
  return wantedOf(readLayout(given), height, width, given, zeroed);
}

/** What such a cloud takes. */
export function wantedOf(
  layout: CloudLayout,
  height: number,
  width: number,
  { frameId, timestampNs }: CloudGiven,
  zeroed = false,
): CloudWanted {
  const bytes = height * width * layout.step;
  if (bytes > BYTES_MAX) {
    throw badSize(
      `points: ${height * width} points of ${layout.step} bytes take about ${bytes} bytes, ` +
        `at most ${BYTES_MAX} are possible`,
    );
  }
  const { values, dtype, step, fields } = layout;
  return { values, dtype, step, fields, height, width, bytes, frameId, timestampNs, zeroed };
}

function badSize(text: string): FramelaneError {
  return new FramelaneError('ERR_FRAMELANE_INVALID_SIZE', text);
}

/** A number of points, or of rows. */
export function checkCount(value: unknown, what: string): number {
  if (typeof value !== 'number') throw invalid(what, 'a number of points', value);
  if (!Number.isInteger(value) || value < 1 || value > SIDE_MAX) {
    throw badSize(`${what}: expected a whole number from 1 to ${SIDE_MAX}, got ${value}`);
  }
  return value;
}

/** Whether options say how many points there are. */
export function saysPoints(given: CloudGiven): boolean {
  return pointKeys.some((key) => given[key] !== undefined);
}

function readPoints({ points, numPoints = points, width, height }: CloudGiven): {
  height: number;
  width: number;
} {
  if (points !== undefined && !Object.is(points, numPoints)) {
    throw invalid('points', 'points or numPoints, which are the same, not both', points);
  }
  if (width === undefined && height === undefined) {
    return { height: 1, width: checkCount(numPoints, 'points') };
  }
  if (numPoints !== undefined) {
    throw invalid('points', 'either points, or width and height', numPoints);
  }
  return { height: checkCount(height, 'height'), width: checkCount(width, 'width') };
}

/** What a point is, from known options. */
export function readLayout(given: CloudGiven): CloudLayout {
  const { fieldsPerPoint, fields = fieldsPerPoint ?? 3, dtype = 'float32', pointStep } = given;
  if (fieldsPerPoint !== undefined && !Object.is(fieldsPerPoint, fields)) {
    throw invalid('fields', 'fields or fieldsPerPoint, which are the same, not both', fields);
  }
  const type = checkWord(dtype, 'dtype', dtypes);
  if (Array.isArray(fields)) return layoutOf(placeFields(fields, type), pointStep);
  const values = checkInteger(fields, 'fields', 1, VALUES_MAX);
  const { bytes } = dtypes[type];
  const step = checkStep(values * bytes, pointStep);
  if (step % bytes !== 0) {
    throw invalid('pointStep', `a multiple of ${bytes}, the size of ${type}`, pointStep);
  }
  return { values, dtype: type, step, fields: null };
}

function checkStep(least: number, given: unknown): number {
  if (given !== undefined) return checkInteger(given, 'pointStep', least, STEP_MAX);
  if (least <= STEP_MAX) return least;
  throw badSize(`fields: a point would take ${least} bytes, at most ${STEP_MAX} are possible`);
}

/** Fields with all that was left out. */
function placeFields(given: readonly unknown[], dtype: Dtype): Required<PointField>[] {
  if (given.length < 1 || given.length > FIELDS_MAX) {
    throw invalid('fields', `1 to ${FIELDS_MAX} fields`, given.length);
  }
  const names = new Set<string>();
  let end = 0;
  return given.map((one, index) => {
    const what = `fields[${index}]`;
    if (one === undefined) throw invalid(what, 'a field: { name, offset?, dtype?, count? }', one);
    const field = checkOptions(one, ['name', 'offset', 'dtype', 'count'], what);
    const name = checkName(field.name, `${what}.name`, names);
    const type = checkWord(field.dtype ?? dtype, `${what}.dtype`, dtypes);
    const { bytes } = dtypes[type];
    const count = checkInteger(field.count ?? 1, `${what}.count`, 1, 255);
    const next = Math.ceil(end / bytes) * bytes;
    const offset = checkInteger(field.offset ?? next, `${what}.offset`, 0, STEP_MAX);
    end = offset + bytes * count;
    return { name, offset, dtype: type, count };
  });
}

function checkName(name: unknown, what: string, names: Set<string>): string {
  const expected = `1 to ${NAME_MAX} bytes of UTF-8 without spaces`;
  if (typeof name !== 'string' || name === '' || /[\s\p{Cc}\p{Surrogate}]/u.test(name)) {
    throw invalid(what, expected, name);
  }
  if (Buffer.byteLength(name) > NAME_MAX) throw invalid(what, expected, name);
  if (names.has(name)) throw invalid(what, 'a name that no other field has', name);
  names.add(name);
  return name;
}

/** How points of such fields lie; without a step filled up to a multiple of the largest type. */
export function layoutOf(fields: readonly Required<PointField>[], pointStep: unknown): CloudLayout {
  const ends = fields.map(({ offset, dtype, count }) => offset + dtypes[dtype].bytes * count);
  const largest = Math.max(...fields.map(({ dtype }) => dtypes[dtype].bytes));
  const end = Math.max(...ends);
  const step = checkStep(
    pointStep === undefined ? Math.ceil(end / largest) * largest : end,
    pointStep,
  );
  const values = fields.reduce((sum, { count }) => sum + count, 0);
  const [{ dtype }] = fields as [Required<PointField>];
  const inRow = fields.every(
    (field, index) => field.dtype === dtype && field.offset === (index === 0 ? 0 : ends[index - 1]),
  );
  const plain = inRow && step % dtypes[dtype].bytes === 0;
  const usualOnes = plain && sameNames(fields, usualFields(values, dtype));
  return { values, dtype: plain ? dtype : 'mixed', step, fields: usualOnes ? null : fields };
}

function sameNames(
  a: readonly Required<PointField>[],
  b: readonly Required<PointField>[],
): boolean {
  return a.length === b.length && a.every(({ name }, index) => name === b[index]!.name);
}

/**
 * Fields that go with a number of values of one type: x, y, z, and what comes behind; `most` of
 * them. A number that nobody here could give stands in a damaged frame: its values have no names.
 */
export function usualFields(
  values: number,
  dtype: Dtype,
  most: number = VALUES_MAX,
): Required<PointField>[] {
  if (values > VALUES_MAX) return [];
  const length = Math.min(values, most);
  const names = usual[values]?.slice(0, most) ?? Array.from({ length }, (_, index) => `f${index}`);
  const { bytes } = dtypes[dtype];
  return names.map((name, index) => ({ name, offset: index * bytes, dtype, count: 1 }));
}

const dtypeNames = Object.keys(dtypes) as Dtype[];
const nameOfCode = new Map<number, Dtype>(dtypeNames.map((name) => [dtypes[name].code, name]));

/** The type of a code that stands in shared memory. */
export function dtypeOfCode(code: number): CloudDtype {
  const name = code === 0 ? 'mixed' : nameOfCode.get(code);
  if (name !== undefined) return name;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `the cloud's values are of the type with the code ${code}, which JavaScript has no array ` +
      'for; have it sent with another type',
  );
}

/** Fields as they travel. */
export function fieldWords(fields: readonly Required<PointField>[]): FieldWords[] {
  return fields.map(({ name, offset, dtype, count }) => {
    return { name, offset, dtype: dtypes[dtype].code, count };
  });
}

/** The fields that a frame says it has; none where they are not what they should be. */
export function fieldsOfWords(words: readonly FieldWords[], step: number): Required<PointField>[] {
  const fields = words.map(({ name, offset, dtype: code, count }) => {
    const dtype = nameOfCode.get(code);
    if (dtype === undefined || offset + dtypes[dtype].bytes * count > step) return null;
    return { name, offset, dtype, count };
  });
  return fields.every((field) => field !== null) ? fields : [];
}

/** Says what was wrong with a number of values. */
export function wrongLength(what: string, expected: string, got: unknown): FramelaneError {
  const text = `${what}: expected ${expected}, got ${show(got)}`;
  return new FramelaneError('ERR_FRAMELANE_INVALID_LENGTH', text);
}
