/** Everything framelane offers; each name is documented where it is defined. */
export { configure, type Settings } from './lib/config.js';
export type { BytesLike } from './lib/check.js';
export type { Bytes, Dtype, TypedArray, TypedArrayOf } from './lib/dtype.js';
export type { DataOf, DtypeOf, Encoding } from './lib/encoding.js';
export { FramelaneError, type ErrorCode } from './lib/errors.js';
export {
  Image,
  type ImageConstructor,
  type ImageJSON,
  type PictureFormat,
  type ReceivedImage,
} from './lib/image.js';
export type { ImageOptions, ImageShape } from './lib/shape.js';
export {
  Topic,
  type AbortSignalLike,
  type PoolStats,
  type PublisherStats,
  type Received,
  type RecvOptions,
  type SubscriberStats,
  type TopicOptions,
  type TopicStats,
} from './lib/topic.js';
