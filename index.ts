/** Everything framelane offers; each name is documented where it is defined. */
export type { ArrayInterface } from './lib/array-interface.js';
export type { Contiguous, NdarrayLike } from './lib/arrays.js';
export type { CameraInfo, CameraInfoInput, DistortionModel } from './lib/camera-info.js';
export { PointCloud, type PointCloudConstructor, type ReceivedPointCloud } from './lib/cloud.js';
export type { FieldValues } from './lib/cloud-fields.js';
export type { CloudFormat } from './lib/cloud-files.js';
export type { CloudArrayOptions, CloudDataOf, CloudJSON } from './lib/cloud-frame.js';
export type {
  CloudDtype,
  CloudOptions,
  CloudShape,
  CloudSize,
  PointField,
} from './lib/cloud-shape.js';
export { configure, type Settings } from './lib/config.js';
export type { BytesLike } from './lib/check.js';
export type {
  ColorMap,
  ConvertOptions,
  ResizeFilter,
  ResizeOptions,
  TensorInput,
  TensorInputOptions,
  TensorLayout,
} from './lib/convert.js';
export { DepthImage, type DepthImageConstructor, type ReceivedDepthImage } from './lib/depth.js';
export type { DepthArrayOptions, DepthJSON } from './lib/depth-frame.js';
export type { DepthStatistics, ToPointCloudOptions } from './lib/depth-points.js';
export type { DepthDtype, DepthOptions, DepthShape, DepthSize } from './lib/depth-shape.js';
export type { AnyArray, ArrayLayout, StridedArray } from './lib/strided.js';
export type { Bytes, Dtype, TypedArray, TypedArrayOf } from './lib/dtype.js';
export type { DataOf, DtypeOf, Encoding } from './lib/encoding.js';
export type { LappedEvent, LeakEvent, PeerDiedEvent, TopicRemovedEvent } from './lib/events.js';
export { FramelaneError, type ErrorCode } from './lib/errors.js';
export type { FromArrayOptions, FromRowsOptions } from './lib/from-array.js';
export { Image, type ImageConstructor, type ReceivedImage } from './lib/image.js';
export {
  Message,
  type MessageConstructor,
  type MessageJSON,
  type MessageLabel,
  type MessageOptions,
  type MessageShape,
  type MessageSize,
  type ReceivedMessage,
} from './lib/message.js';
export type { PictureFormat } from './lib/picture.js';
export type { PixelValues } from './lib/pixels.js';
export type { Plane } from './lib/planes.js';
export { pair, type PairOptions, type Pairs, type PairStats } from './lib/pair.js';
export type { TokenOptions } from './lib/token.js';
export type { ImageJSON, ImageOptions, ImageShape, ImageSize, LoanShape } from './lib/shape.js';
export { Queue, type Ack, type Job, type QueueOptions } from './lib/queue.js';
export type { AbortSignalLike } from './lib/line.js';
export type { Overflow, WaitOptions } from './lib/channel.js';
export type {
  LoanCloud,
  LoanDepth,
  LoanImage,
  LoanMessage,
  LoanOf,
  Received,
  SizeOf,
} from './lib/kinds.js';
export type { ByteSource, ByteStreamLike, SendFromOptions } from './lib/send-from.js';
export type {
  HolderStats,
  PoolStats,
  PublisherStats,
  SubscriberStats,
  TopicStats,
} from './lib/stats.js';
export { Topic, type TopicOptions } from './lib/topic.js';
export type { ImageDataLike, ToImageDataOptions } from './lib/to-web.js';
export type { YuvMatrix, YuvOptions, YuvRange } from './lib/yuv.js';
