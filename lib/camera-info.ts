/** The camera that took a frame, as `camera_info` of ROS has it: checked, and as it travels. */
import { checkInteger, checkOptions, checkWord, invalid } from './check.js';
import type { CameraWords } from './ext-words.js';

/**
 * How a lens bends directions: `'plumb_bob'` (Brown-Conrady, k1 k2 p1 p2 k3),
 * `'rational_polynomial'` (k1 k2 p1 p2 k3 k4 k5 k6, and more as OpenCV has them),
 * `'equidistant'` (fisheye, k1 k2 k3 k4), `'none'`.
 */
export type DistortionModel = 'none' | 'plumb_bob' | 'rational_polynomial' | 'equidistant';

const models = {
  none: 0,
  plumb_bob: 1,
  rational_polynomial: 2,
  equidistant: 3,
} as const satisfies Record<DistortionModel, number>;
const names = Object.keys(models) as DistortionModel[];

/**
 * Intrinsics of a camera, by the names and in the order of ROS's `sensor_msgs/CameraInfo`; all
 * matrices row by row, lengths in pixels.
 */
export interface CameraInfo {
  /** Pixels in a row of the pictures that the camera was calibrated with. */
  width: number;
  /** Rows of those pictures. */
  height: number;
  distortionModel: DistortionModel;
  /** Distortion coefficients, up to 14, in the order of the model. */
  D: readonly number[];
  /** Intrinsic matrix 3x3: `[fx, 0, cx, 0, fy, cy, 0, 0, 1]`. */
  K: readonly number[];
  /** Rectification 3x3; the unit matrix for a single camera. */
  R: readonly number[];
  /** Projection 3x4 of rectified points. */
  P: readonly number[];
}

/** What `setCameraInfo` takes: the sizes and K, or `fx`, `fy`, `cx`, `cy` instead of K. */
export interface CameraInfoInput {
  width: number;
  height: number;
  K?: ArrayLike<number>;
  fx?: number;
  fy?: number;
  cx?: number;
  cy?: number;
  distortionModel?: DistortionModel;
  D?: ArrayLike<number>;
  R?: ArrayLike<number>;
  P?: ArrayLike<number>;
}

const keys = [
  ...(['width', 'height', 'K', 'fx', 'fy', 'cx', 'cy'] as const),
  ...(['distortionModel', 'D', 'R', 'P'] as const),
] as const;
const UNIT = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const DISTORTION_MAX = 14;

/** What a user says of a camera, checked. */
export function checkCameraInfo(value: unknown, action: string): CameraWords {
  if (value === undefined) throw invalid(action, 'a CameraInfo', value);
  const given = checkOptions(value, keys, action);
  const { distortionModel, D = [], R = UNIT } = given;
  const k = readK(given);
  const [fx = 0, , cx = 0, , fy = 0, cy = 0] = [k[0], k[1], k[2], k[3], k[4], k[5]];
  const { P = [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0] } = given;
  const d = readNumbers(D, 'D', 0, DISTORTION_MAX);
  const model = distortionModel ?? (d.length === 0 ? 'none' : 'plumb_bob');
  return {
    width: checkInteger(given.width, 'width', 1, 2 ** 31 - 1),
    height: checkInteger(given.height, 'height', 1, 2 ** 31 - 1),
    model: models[checkWord(model, 'distortionModel', models)],
    k,
    d,
    r: readNumbers(R, 'R', 9, 9),
    p: readNumbers(P, 'P', 12, 12),
  };
}

/** What a frame says of its camera, as users see it. */
export function cameraInfoOf({ width, height, model, k, d, r, p }: CameraWords): CameraInfo {
  const distortionModel = names[model] ?? 'none';
  return { width, height, distortionModel, D: [...d], K: [...k], R: [...r], P: [...p] };
}

function readK(given: { readonly [key in (typeof keys)[number]]?: unknown }): number[] {
  const { K, fx, fy = fx, cx, cy } = given;
  if (K === undefined) {
    const [a, b, c, d] = readNumbers([fx, fy, cx, cy], 'K, or fx, fy, cx and cy', 4, 4);
    return checkFocal([a!, 0, c!, 0, b!, d!, 0, 0, 1]);
  }
  if (fx !== undefined || cx !== undefined || cy !== undefined) {
    throw invalid('K', 'K or fx, fy, cx and cy, not both', K);
  }
  return checkFocal(readNumbers(K, 'K', 9, 9));
}

function checkFocal(k: number[]): number[] {
  if (k[0]! > 0 && k[4]! > 0) return k;
  throw invalid('K', 'focal lengths above 0', k[0]! > 0 ? k[4] : k[0]);
}

function readNumbers(value: unknown, what: string, least: number, most: number): number[] {
  const count = least === most ? `${least}` : `${least} to ${most}`;
  const expected = `${count} finite numbers`;
  if (!isList(value)) throw invalid(what, expected, value);
  const counted = (length: number): void => {
    if (length < least || length > most) throw invalid(what, expected, `${length} of them`);
  };
  counted(value.length);
  const numbers = Array.from(value);
  // A list can say another length than it has: what counts is what came out of it.
  counted(numbers.length);
  for (const number of numbers) {
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      throw invalid(what, expected, number);
    }
  }
  return numbers as number[];
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
