/** Element types: the generated table with types derived from it. */
import { dtypes } from './generated/encodings.js';

export { dtypes };

/** NumPy's name of an element type. */
export type Dtype = keyof typeof dtypes;

/** The typed array whose elements are of this type. */
export type TypedArrayOf<D extends Dtype> = InstanceType<(typeof dtypes)[D]['array']>;

/** Any of the typed arrays. */
export type TypedArray = TypedArrayOf<Dtype>;

/** What a view needs to know of its values. */
export interface Elements {
  /** Bytes of one value. */
  readonly itemBytes: number;
  readonly array: new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
}

/** Bytes in memory of their own. */
export type Bytes = TypedArrayOf<'uint8'>;
