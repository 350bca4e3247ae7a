/** `Message`, as users see it. */
import type { BytesLike } from './check.js';
import type { Bytes } from './dtype.js';
import type { FrameClass } from './frame.js';
import { MessageFrame, type MessageJSON } from './message-frame.js';

/**
 * Small structured data beside the frames, the boxes that a detector has found for instance: JSON,
 * or bytes of any format, on the same topics and by the same rules as images. Made here to be
 * written and sent, or received to be read; whoever has one gives it back.
 *
 * Errors that every member throws after `release()`: `ERR_FRAMELANE_RELEASED`, but for `released`
 * and `[Symbol.dispose]`. After `send` the metadata stay readable.
 */
export interface Message extends MessageFrame<Bytes> {}

/**
 * A message as a topic hands it out: read-only, because others read the same memory. What could
 * write is missing here and throws `ERR_FRAMELANE_FROZEN`; `clone()` gives a copy to change.
 */
export interface ReceivedMessage extends MessageFrame<Readonly<Bytes>> {
  readonly setFrameId: never;
  readonly setTimestampNs: never;
}

/** What every new message can be told. */
export interface MessageLabel {
  /** See `Message.setFrameId`. */
  frameId?: string;
  /** See `Message.setTimestampNs`; that of the frame that the message is about, for `pair`. */
  timestampNs?: bigint | number;
}

/** What `Message.bytes` takes. */
export interface MessageOptions extends MessageLabel {
  /** What the bytes are, 1 to 63 bytes of UTF-8 such as `'cbor'`; `'json'`: see `json()`. */
  format?: string;
}

/** What `prepare` of a topic of messages takes. */
export interface MessageSize {
  /** How many bytes, 0 to 4,294,967,295. */
  bytes: number;
}

/** What `loan` of a topic of messages takes. */
export interface MessageShape extends MessageSize, MessageOptions {}

/** Makes messages. */
export interface MessageConstructor extends FrameClass<Message> {
  readonly prototype: Message;

  /**
   * A message of a value as `JSON.stringify` writes it: what JSON has no form for becomes what it
   * becomes there, members that are `undefined` are left out and `NaN` is `null`. UTF-8, written
   * once, straight into the slot.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT` for `undefined`, a function or a symbol, and for a
   * value with a cycle or a bigint in it; `…_NO_SPACE`, `…_POOL_EXHAUSTED`, `…_TOO_MANY_HELD`.
   *
   * @example
   * const { timestampNs } = image;
   * detections.send(Message.json([{ label: 'cup', x: 12, y: 30 }], { timestampNs }));
   */
  json(value: unknown, options?: MessageLabel): Message;

  /**
   * A message with a copy of these bytes, none of them is fine. One copy, straight into the slot;
   * `topic.loan({ bytes })` needs none.
   *
   * Throws `ERR_FRAMELANE_INVALID_ARGUMENT`, `…_DETACHED_BUFFER`, `…_INVALID_SIZE` above
   * 4,294,967,295 bytes, `…_NO_SPACE`, `…_POOL_EXHAUSTED`, `…_TOO_MANY_HELD`.
   *
   * @example
   * poses.send(Message.bytes(encode(pose), { format: 'cbor' }));
   */
  bytes(bytes: BytesLike, options?: MessageOptions): Message;

  /** The message that a token names, see `Image.fromToken`, also for what is thrown. */
  fromToken(token: string): ReceivedMessage;
}

export const Message = MessageFrame as unknown as MessageConstructor;

export type { MessageFrame, MessageJSON };
