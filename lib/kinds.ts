/** What the types of topics depend on: how frames of each class are loaned and received. */
import type { CloudFrame, PointCloud, ReceivedPointCloud } from './cloud.js';
import type { CloudDtype, CloudShape, CloudSize } from './cloud-shape.js';
import type { DepthFrame, DepthImage, ReceivedDepthImage } from './depth.js';
import type { DepthDtype, DepthShape, DepthSize } from './depth-shape.js';
import type { Dtype } from './dtype.js';
import type { Encoding } from './encoding.js';
import type { Image, ImageFrame, ReceivedImage } from './image.js';
import type {
  Message,
  MessageFrame,
  MessageShape,
  MessageSize,
  ReceivedMessage,
} from './message.js';
import type { ImageSize, LoanShape, Rgb8 } from './shape.js';

/** A frame as a topic hands it out: read-only. */
export type Received<T> =
  T extends ImageFrame<infer E, unknown>
    ? ReceivedImage<E>
    : T extends DepthFrame<infer D, unknown>
      ? ReceivedDepthImage<D>
      : T extends CloudFrame<infer D, unknown>
        ? ReceivedPointCloud<D>
        : T extends MessageFrame<unknown>
          ? ReceivedMessage
          : never;

/** `loan` of a topic of images. */
export interface LoanImage {
  (options: Rgb8<LoanShape>): Image<'rgb8'>;
  <E extends Encoding>(options: LoanShape<E>): Image<E>;
}

/** `loan` of a topic of messages. */
export type LoanMessage = (options: MessageShape) => Message;

/** `loan` of a topic of depth images. */
export type LoanDepth = <D extends DepthDtype = 'float32'>(options: DepthShape<D>) => DepthImage<D>;

/** `loan` of a topic of point clouds. */
export interface LoanCloud {
  <D extends Dtype = 'float32'>(options: CloudShape<D> & { fields?: number }): PointCloud<D>;
  (options: CloudShape): PointCloud;
}

/** `loan` of a topic of such frames. */
export type LoanOf<T> =
  T extends ImageFrame<Encoding, unknown>
    ? LoanImage
    : T extends DepthFrame<DepthDtype, unknown>
      ? LoanDepth
      : T extends CloudFrame<CloudDtype, unknown>
        ? LoanCloud
        : T extends MessageFrame<unknown>
          ? LoanMessage
          : never;

/** What `prepare` of a topic of such frames takes. */
export type SizeOf<T> =
  T extends ImageFrame<Encoding, unknown>
    ? ImageSize
    : T extends DepthFrame<DepthDtype, unknown>
      ? DepthSize
      : T extends CloudFrame<CloudDtype, unknown>
        ? CloudSize
        : T extends MessageFrame<unknown>
          ? MessageSize
          : never;
