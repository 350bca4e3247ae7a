/** What crosses to the native side of an ext block; its own words there, see `crates/node`. */

/** A camera: `k` and `r` have 9 numbers, `p` 12, `d` up to 14. */
export interface CameraWords {
  width: number;
  height: number;
  /** A code. */
  model: number;
  k: number[];
  d: number[];
  r: number[];
  p: number[];
}

/** A field of a point. */
export interface FieldWords {
  name: string;
  offset: number;
  /** A code. */
  dtype: number;
  count: number;
}

/** What an ext block says. */
export interface ExtWords {
  camera?: CameraWords | undefined;
  fields?: FieldWords[] | undefined;
  metadata?: string | undefined;
}
