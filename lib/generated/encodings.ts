// Made by `npm run generate` from crates/layout. Do not edit.

/** Element types: NumPy's name, code, bytes, typed array. */
export const dtypes = {
  uint8: { code: 1, bytes: 1, array: Uint8Array },
  int8: { code: 2, bytes: 1, array: Int8Array },
  uint16: { code: 3, bytes: 2, array: Uint16Array },
  int16: { code: 4, bytes: 2, array: Int16Array },
  uint32: { code: 5, bytes: 4, array: Uint32Array },
  int32: { code: 6, bytes: 4, array: Int32Array },
  uint64: { code: 7, bytes: 8, array: BigUint64Array },
  int64: { code: 8, bytes: 8, array: BigInt64Array },
  float32: { code: 10, bytes: 4, array: Float32Array },
  float64: { code: 11, bytes: 8, array: Float64Array },
  bool: { code: 12, bytes: 1, array: Uint8Array },
} as const;

/** Pixel formats in the order of their codes. */
export const encodings = {
  mono8: {
    code: 0,
    channels: 1,
    bytesPerPixel: 1,
    dtype: 'uint8',
    widthMultiple: 1,
  },
  mono16: {
    code: 1,
    channels: 1,
    bytesPerPixel: 2,
    dtype: 'uint16',
    widthMultiple: 1,
  },
  rgb8: {
    code: 2,
    channels: 3,
    bytesPerPixel: 3,
    dtype: 'uint8',
    widthMultiple: 1,
  },
  bgr8: {
    code: 3,
    channels: 3,
    bytesPerPixel: 3,
    dtype: 'uint8',
    widthMultiple: 1,
  },
  rgba8: {
    code: 4,
    channels: 4,
    bytesPerPixel: 4,
    dtype: 'uint8',
    widthMultiple: 1,
  },
  bgra8: {
    code: 5,
    channels: 4,
    bytesPerPixel: 4,
    dtype: 'uint8',
    widthMultiple: 1,
  },
  yuv422: {
    code: 6,
    channels: 2,
    bytesPerPixel: 2,
    dtype: 'uint8',
    widthMultiple: 2,
  },
  mono32f: {
    code: 7,
    channels: 1,
    bytesPerPixel: 4,
    dtype: 'float32',
    widthMultiple: 1,
  },
  rgb32f: {
    code: 8,
    channels: 3,
    bytesPerPixel: 12,
    dtype: 'float32',
    widthMultiple: 1,
  },
  bayer_rggb8: {
    code: 9,
    channels: 1,
    bytesPerPixel: 1,
    dtype: 'uint8',
    widthMultiple: 1,
  },
  depth16: {
    code: 10,
    channels: 1,
    bytesPerPixel: 2,
    dtype: 'uint16',
    widthMultiple: 1,
  },
} as const;
