/** Depths as points and as statistics: what is asked of the native side, and checked before. */
import type { CameraWords } from './ext-words.js';
import { invalid } from './check.js';
import { FramelaneError } from './errors.js';
import { extOf } from './ext.js';
import { checkCameraInfo } from './camera-info.js';
import type { Lease } from './lease.js';

/** Least, greatest and mean depth in metres; also a list of the three in this order. */
export interface DepthStatistics extends Iterable<number> {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** The statistics as users see them; a list too, but not by its keys. */
export function statisticsOf(min: number, max: number, mean: number): DepthStatistics {
  const iterator = { value: () => [min, max, mean].values(), enumerable: false };
  return Object.defineProperty({ min, max, mean } as DepthStatistics, Symbol.iterator, iterator);
}

/** The camera that took depths: the one given, else that of the frame. */
export function cameraFor(lease: Lease, given: unknown): CameraWords {
  const camera =
    given === undefined ? extOf(lease).camera : checkCameraInfo(given, 'toPointCloud');
  if (camera === undefined || camera === null) {
    throw invalid(
      'toPointCloud: cameraInfo',
      'the camera that took the frame, because the frame does not say: toPointCloud({ width, ' +
        'height, fx, fy, cx, cy }), or setCameraInfo before it is sent',
      given,
    );
  }
  const { dim0, dim1 } = lease;
  if (camera.width !== dim1 || camera.height !== dim0) {
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_SIZE',
      `toPointCloud: the camera was calibrated with ${camera.width}x${camera.height} pixels, the ` +
        `depth image has ${dim1}x${dim0}; pass a cameraInfo scaled to its size`,
    );
  }
  return camera;
}
