/**
 * What `matrix.spec.ts` is made of: wrong values for each kind of argument, and classes of frames
 * with their members, each with right arguments of which one at a time is made wrong.
 */
import type { Image, Topic } from 'framelane';

/** A wrong value with what is wrong about it. */
export type Wrong = readonly [title: string, value: unknown];

/** A kind of argument: a right value, and wrong ones. */
export interface Argument {
  readonly right: unknown;
  readonly wrong: readonly Wrong[];
}

/** A method with its arguments. */
export interface Member {
  readonly name: string;
  readonly args: readonly Argument[];
  /** Changes the frame: refused for one that was received or sent. */
  readonly writes?: boolean;
  /** Can be asked of a frame that was sent. */
  readonly afterSend?: boolean;
}

/** A class of frames: how to make one that can be written, and what can be called. */
export interface Subject {
  readonly name: string;
  readonly make: () => Image;
  readonly topic: () => Topic;
  /** All that a wrong call could change. */
  readonly state: (frame: Image) => unknown;
  /** Methods, and getters that read values. */
  readonly members: readonly Member[];
  /** Getters that take nothing and read what was said of a frame. */
  readonly getters: readonly string[];
}

const types: Wrong[] = [
  ['undefined', undefined],
  ['null', null],
  ['text', '1'],
  ['an object', {}],
  ['an array', [1]],
  ['a bigint', 1n],
  ['true', true],
  ['a function', () => 1],
];

const numbers: Wrong[] = [
  ['NaN', Number.NaN],
  ['a negative number', -1],
  ['a fraction', 0.5],
  ['2^31', 2 ** 31],
  ['2^53', 2 ** 53],
  ['infinity', Infinity],
];

/** A row or column of `count`. */
export function index(count: number): Argument {
  return { right: count - 1, wrong: [...types, ...numbers, ['out of bounds', count]] };
}

/** A number of rows or columns, of which `count` are left. */
export function extent(count: number): Argument {
  return { right: count, wrong: [...types, ...numbers, ['0', 0], ['one too many', count + 1]] };
}

/** Values of a pixel of an integer type up to `most`. */
export function values(right: readonly number[], most: number): Argument {
  const [, ...fewer] = right;
  const odd: Wrong[] = [...numbers, ['too large', most + 1], ['text', '1'], ['a bigint', 1n]];
  const inside = odd.map(([title, value]): Wrong => [`${title} among them`, [...fewer, value]]);
  const hole: unknown[] = [...right];
  delete hole[0];
  return {
    right,
    wrong: [
      ...types.filter(([title]) => title !== 'an array'),
      ...inside,
      ['none', []],
      ['too few', fewer],
      ['too many', [...right, 0]],
      ['a hole', hole],
      ['a DataView', new DataView(new ArrayBuffer(right.length))],
      ['a bigint array', new BigUint64Array(right.length)],
      ['just a number', right[0]],
    ],
  };
}

/** So many bytes. */
export function bytes(length: number): Argument {
  const gone = new ArrayBuffer(length);
  structuredClone(gone, { transfer: [gone] });
  return {
    right: new Uint8Array(length).fill(9),
    wrong: [
      ...types,
      ['a number', length],
      ['none', new Uint8Array(0)],
      ['one too few', new Uint8Array(length - 1)],
      ['one too many', new Uint8Array(length + 1)],
      ['as many values of another type', new Float32Array(length)],
      ['a detached buffer', gone],
    ],
  };
}

/** An options object: right values, and for each option wrong ones. May be left out. */
export function options(
  right: Readonly<Record<string, unknown>>,
  wrong: Readonly<Record<string, readonly Wrong[]>>,
): Argument {
  const one = Object.entries(wrong).flatMap(([key, list]) =>
    list
      .filter(([, value]) => value !== undefined)
      .map(([title, value]): Wrong => [`${key}: ${title}`, { ...right, [key]: value }]),
  );
  const whole: Wrong[] = [
    ['null', null],
    ['a number', 1],
    ['text', 'x'],
    ['an array', []],
    ['an unknown option', { ...right, unknown: 1 }],
  ];
  return { right, wrong: [...whole, ...one] };
}

/** One of some words. */
export function word(right: string): Argument {
  return {
    right,
    wrong: [...types, ['another word', 'x'], ['a number', 1], ['__proto__', '__proto__']],
  };
}

/** Wrong values of a word, for `options`. */
export const noWord: readonly Wrong[] = word('x').wrong.filter(([title]) => title !== 'undefined');
/** Wrong values of a whole number above 0, for `options`. */
export const noNumber: readonly Wrong[] = [
  ...types.filter(([title]) => title !== 'undefined'),
  ...numbers,
  ['0', 0],
];

export const frameId: Argument = {
  right: 'left',
  wrong: [
    ...types.filter(([title]) => title !== 'text'),
    ['a number', 1],
    ['64 bytes', 'x'.repeat(64)],
    ['NUL', 'a\0'],
    ['half a character', '\ud83d'],
  ],
};

export const timestampNs: Argument = {
  right: 5n,
  wrong: [
    ...types.filter(([title]) => title !== 'a bigint'),
    ...numbers.filter(([title]) => title !== '2^31'),
    ['-1n', -1n],
    ['2^63', 2n ** 63n],
  ],
};

const camera = { width: 8, height: 6, fx: 5, fy: 5, cx: 4, cy: 3 };

export const cameraInfo: Argument = {
  right: camera,
  wrong: [
    ...types,
    ['a number', 1],
    ['no sizes', { fx: 1, fy: 1, cx: 1, cy: 1 }],
    ['a focal length of 0', { ...camera, fx: 0 }],
    ['NaN', { ...camera, cx: Number.NaN }],
    ['a short K', { width: 8, height: 6, K: [1, 2] }],
    ['a long D', { ...camera, D: new Float64Array(15) }],
    ['an unknown model', { ...camera, distortionModel: 'x' }],
    ['an unknown option', { ...camera, unknown: 1 }],
  ],
};
