/** Depths as points and as statistics: checked here, worked out by the native side. */
import { checkCameraInfo } from './camera-info.js';
import { checkBoolean, checkOptions, invalid } from './check.js';
import { cloudOf, isCloud, type CloudFrame } from './cloud-frame.js';
import { usualFields, wantedOf, type CloudLayout } from './cloud-shape.js';
import { bytesOfCloud, layoutOfLease, namedFields, newCloud } from './cloud-slot.js';
import type { CameraWords } from './ext-words.js';
import { rowOfCode } from './encoding.js';
import { FramelaneError } from './errors.js';
import { extOf } from './ext.js';
import { LEASE } from './frame.js';
import { ImageFrame } from './image-frame.js';
import { holdToWrite, slotFilled, type Lease } from './lease.js';
import { calling, load, type Place } from './native.js';
import { placeToRead } from './place.js';
import { depthScaleOf, filled } from './saying.js';

/** Least, greatest and mean depth in metres; also a list of the three in this order. */
export interface DepthStatistics extends Iterable<number> {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** What `toPointCloud` can be told. */
export interface ToPointCloudOptions {
  /**
   * One point for each pixel, in the same rows, NaN where no depth is known. Without it only
   * points with a known depth.
   */
  organised?: boolean;
  /** A picture of the same size and view: rgb8, bgr8, rgba8 or bgra8. */
  colour?: object;
  /** Write into this cloud, which is on loan and has exactly these points and fields. */
  into?: object;
}

/** Whether a frame's values are raw units, not metres. */
export function isRaw({ encoding }: Lease): boolean {
  return rowOfCode(encoding).dtype === 'uint16';
}

/** The statistics of a frame; `null` where no depth is known. */
export function statisticsOf(lease: Lease): DepthStatistics | null {
  const [place, scale] = [placeToRead(lease), depthScaleOf(lease)];
  const found = calling(() => load().depthStatistics(place, scale));
  if (found === null) return null;
  const raw = isRaw(lease);
  // The native side has them in 32 bits; of raw units the exact values are known.
  const exact = (metres: number): number =>
    raw ? (Math.round((metres * 1000) / scale) * scale) / 1000 : metres;
  const [min, max, mean] = [exact(found[0]!), exact(found[1]!), found[2]!];
  const iterator = { value: () => [min, max, mean].values(), enumerable: false };
  return Object.defineProperty({ min, max, mean }, Symbol.iterator, iterator) as DepthStatistics;
}

const COLOURED = ['x', 'y', 'z', 'rgb'];

function layoutFor(coloured: boolean): CloudLayout {
  if (!coloured) return { values: 3, dtype: 'float32', step: 12, fields: null };
  const fields = usualFields(4, 'float32').map((field, index) => ({
    ...field,
    name: COLOURED[index]!,
  }));
  return { values: 4, dtype: 'float32', step: 16, fields };
}

/** The points of a depth image. */
export function pointsOf(
  lease: Lease,
  cameraInfo: unknown,
  options: unknown,
  label: { frameId: string; timestampNs: bigint },
): CloudFrame<'float32'> {
  const keys = ['organised', 'colour', 'into'] as const;
  const given = checkOptions(options, keys, 'toPointCloud');
  const organised = checkBoolean(given.organised ?? false, 'organised');
  const from = placeToRead(lease);
  const camera = cameraFor(lease, cameraInfo);
  const colour = given.colour === undefined ? undefined : colourPlace(given.colour);
  const { dim0: height, dim1: width } = lease;
  const points = organised ? height * width : calling(() => load().knownDepths(from));
  if (points === 0) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_SIZE',
      'toPointCloud: no pixel has a known depth, and a cloud has a point at least; ask ' +
        'depthStatistics() before, or take { organised: true }',
    );
  }
  const size: [number, number] = organised ? [height, width] : [1, points];
  const layout = layoutFor(colour !== undefined);
  const work: Work = { lease, from, camera, colour, organised };
  if (given.into !== undefined) return fillCloud(checkTarget(given.into, layout, size), work);
  return filled(cloudOf<'float32'>(newCloud(wantedOf(layout, ...size, label))), (cloud) =>
    fillCloud(cloud, work),
  );
}

interface Work {
  readonly lease: Lease;
  readonly from: Place;
  readonly camera: CameraWords;
  readonly colour: Place | undefined;
  readonly organised: boolean;
}

function fillCloud(cloud: CloudFrame<'float32'>, work: Work): CloudFrame<'float32'> {
  const { camera, organised, colour, from } = work;
  const { k } = camera;
  const scale = depthScaleOf(work.lease);
  const how = { scale, fx: k[0]!, fy: k[4]!, cx: k[2]!, cy: k[5]!, organised };
  const into = holdToWrite(cloud[LEASE], 'toPointCloud');
  const bytes = bytesOfCloud(cloud[LEASE]);
  calling(() => load().depthToPoints(from, colour, how, into, bytes));
  slotFilled(cloud[LEASE]);
  return cloud;
}

/** The camera that took depths: the one given, else that of the frame. */
function cameraFor(lease: Lease, given: unknown): CameraWords {
  const camera = given === undefined ? extOf(lease).camera : checkCameraInfo(given, 'toPointCloud');
  if (camera === undefined || camera === null) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ARGUMENT',
      'toPointCloud: expected the camera that took the depths, because the frame does not say: ' +
        'toPointCloud({ width, height, fx, fy, cx, cy }), or setCameraInfo before it is sent',
    );
  }
  const { dim0, dim1 } = lease;
  if (camera.width === dim1 && camera.height === dim0) return camera;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_SIZE',
    `toPointCloud: the camera was calibrated with ${camera.width}x${camera.height} pixels, the ` +
      `depth image has ${dim1}x${dim0}; pass a cameraInfo scaled to its size`,
  );
}

function colourPlace(colour: unknown): Place {
  if (!(colour instanceof ImageFrame && LEASE in colour))
    throw invalid('colour', 'an Image', colour);
  return placeToRead((colour as ImageFrame)[LEASE]);
}

function checkTarget(
  into: unknown,
  layout: CloudLayout,
  [height, width]: [number, number],
): CloudFrame<'float32'> {
  if (!isCloud(into)) throw invalid('into', 'a PointCloud', into);
  const lease = into[LEASE];
  holdToWrite(lease, 'toPointCloud');
  const own = layoutOfLease(lease);
  if (own.dtype !== layout.dtype || own.step !== layout.step || own.values !== layout.values) {
    const names = layout.values === 4 ? 'x, y, z and rgb' : 'x, y and z';
    const has = namedFields(lease).map(({ name, dtype }) => `${name} ${dtype}`);
    throw invalid('into', `a cloud of ${names} as float32`, `a cloud of ${has.join(', ')}`);
  }
  if (lease.dim0 !== height || lease.dim1 !== width) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_SIZE',
      `into: expected ${width}x${height} points, got ${lease.dim1}x${lease.dim0}; without ` +
        '`organised` there are as many as pixels with a known depth',
    );
  }
  return into as CloudFrame<'float32'>;
}
