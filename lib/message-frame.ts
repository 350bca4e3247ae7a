/**
 * The class behind `Message`: bytes of any length in a slot of shared memory, JSON or what its
 * users have agreed on. Called `Message` for the reason that `image-frame.ts` gives.
 */
import { Buffer } from 'node:buffer';
import { checkBytes, checkOptions, invalid, show, type BytesLike } from './check.js';
import { dtypes, type Bytes, type Elements } from './dtype.js';
import { FramelaneError } from './errors.js';
import { extOf, sayExt } from './ext.js';
import {
  Frame,
  FROM_LEASE,
  frameType,
  held,
  inspectedAs,
  LEASE,
  UNBOUND_FRAMES,
  whereabouts,
  type FrameType,
} from './frame.js';
import { type Tally } from './leak.js';
import {
  assertReadable,
  fillSlot,
  keptView,
  markCopied,
  openView,
  rawBytesOf,
  received,
  RELEASED,
  typesOf,
  type Lease,
} from './lease.js';
import { begin, orReleased, takeSlot } from './loan.js';
import { UNBOUND } from './native.js';
import { copyLabel, filled, leaseOfToken } from './saying.js';
import { tokenOf, type TokenOptions } from './token.js';

/** What a new message is to be, checked. */
interface Wanted {
  bytes: number;
  /** `'json'`, another name, or none. */
  format: string | null;
  frameId: unknown;
  timestampNs: unknown;
}

/** What `toJSON` of a message gives. */
export interface MessageJSON {
  type: 'Message';
  format: string | null;
  nbytes: number;
  frameId: string;
  timestampNs: string;
  sequence: number;
  sentNs: string;
}

/** How a descriptor says that the bytes are JSON; 0: something else. */
const JSON_CODE = 1;
const FORMAT_MAX = 63;
/** A descriptor keeps 32 bits. */
const BYTES_MAX = 2 ** 32 - 1;
const BYTE: Elements = { itemBytes: 1, array: dtypes.uint8.array };
/** Frame ids have the same rule. */
const unprintable = /\p{Surrogate}|\p{Control}/u;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const labelKeys = ['frameId', 'timestampNs'] as const;
const bytesKeys = ['format', ...labelKeys] as const;
const loanKeys = ['bytes', ...bytesKeys] as const;

/** `B` is the type of `bytes`. */
class Message<B = Bytes> extends Frame {
  /** See `MessageConstructor`. @internal */
  constructor(first: unknown, second?: unknown) {
    super(first === FROM_LEASE ? (second as Lease) : refuseNew(first));
  }

  /**
   * What the bytes are: `'json'`, or the name that the sender has given; `null` where it gave
   * none.
   */
  get format(): string | null {
    return formatOf(held(this));
  }

  /** How many bytes the message has; 0 is possible. */
  get byteLength(): number {
    return held(this).dim0;
  }

  /** The same as `byteLength`, by the name that all kinds of frames have for it. */
  get nbytes(): number {
    return held(this).dim0;
  }

  /**
   * The bytes, on the slot itself: no copy. The array is for as long as the message is held; of a
   * received message it is read-only. As for `Image.data`, also what is thrown.
   */
  get bytes(): B {
    const lease = this[LEASE];
    const kept = keptView(lease);
    if (kept !== null) return kept as B;
    return bytesOf(lease) as B;
  }

  /**
   * The value of a message of JSON: a new one at each call, which may be kept and changed. `T` is
   * what the caller takes it for; it is not checked.
   *
   * Throws `ERR_FRAMELANE_INVALID_ENCODING` for a message that is something else,
   * `ERR_FRAMELANE_CODEC` where its bytes are no JSON, `ERR_FRAMELANE_RELEASED`.
   *
   * @example
   * const boxes = message.json<Box[]>();
   */
  json<T = unknown>(): T {
    const lease = this[LEASE];
    assertReadable(lease);
    if (lease.encoding !== JSON_CODE) throw notJson(lease);
    const text = textOf(lease, 'json');
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw broken(lease, 'json', 'JSON', cause);
    }
  }

  /**
   * The bytes as text, which is UTF-8, whatever the format.
   *
   * Throws `ERR_FRAMELANE_CODEC` where they are none, `ERR_FRAMELANE_RELEASED`.
   */
  text(): string {
    return textOf(this[LEASE], 'text');
  }

  /** The message's name, as `Image.toToken` gives one. `Message.fromToken` reads it. */
  toToken(options?: TokenOptions): string {
    return tokenOf(this[LEASE], options);
  }

  /** A private copy that can be written and sent; frame id, time and format are kept. */
  clone(): Message {
    const from = this[LEASE];
    assertReadable(from);
    const { frameId, timestampNs } = this;
    const wanted = { bytes: from.dim0, format: null, frameId, timestampNs };
    const lease = newMessage(UNBOUND, UNBOUND_FRAMES, wanted, from.encoding);
    return filled(new Message(FROM_LEASE, lease), () => {
      fill(lease, bytesToRead(from));
      copyLabel(from, lease);
    });
  }

  /** Metadata only. */
  toJSON(): MessageJSON {
    const { format, nbytes, frameId, timestampNs, sequence, sentNs } = this;
    const [stamp, sent] = [String(timestampNs), String(sentNs)];
    return { type: 'Message', format, nbytes, frameId, timestampNs: stamp, sequence, sentNs: sent };
  }

  /** See `MessageConstructor`. */
  static json(value: unknown, options?: object): Message {
    const { frameId, timestampNs } = checkOptions(options, labelKeys, 'json');
    const text = stringOf(value);
    const bytes = checkLength(Buffer.byteLength(text), 'json');
    const lease = newMessage(UNBOUND, UNBOUND_FRAMES, {
      bytes,
      format: 'json',
      frameId,
      timestampNs,
    });
    return filled(new Message(FROM_LEASE, lease), () => {
      const target = rawBytesOf(lease, bytes);
      Buffer.from(target.buffer, target.byteOffset, bytes).write(text);
      markCopied(lease);
    });
  }

  /** See `MessageConstructor`. */
  static bytes(bytes: BytesLike, options?: object): Message {
    const source = checkBytes(bytes, 'bytes');
    const { length } = source;
    const given = checkOptions(options, bytesKeys, 'bytes');
    const { frameId, timestampNs } = given;
    const format = checkFormat(given.format);
    // Reading the options may have run code of the user that resized the memory.
    if (source.length !== length) throw resized(length, source.length);
    const wanted = { bytes: checkLength(length, 'bytes'), format, frameId, timestampNs };
    const lease = newMessage(UNBOUND, UNBOUND_FRAMES, wanted);
    return filled(new Message(FROM_LEASE, lease), () => fill(lease, source));
  }

  /** See `MessageConstructor`. */
  static fromToken(token: string): Message<unknown> {
    return new Message(FROM_LEASE, leaseOfToken('Message', token));
  }

  /** How topics deal with messages. */
  static readonly [frameType]: FrameType<Message, Wanted> = {
    name: 'Message',
    sizeKeys: ['bytes'],
    loanKeys,
    read: readMessage,
    bytesFor: ({ bytes }) => bytes,
    bytesOf: (lease) => lease.dim0,
    take: newMessage,
    make: (lease) => new Message(FROM_LEASE, lease),
    receive: (tally) => new Message(FROM_LEASE, received(tally)),
    owns: isMessage,
  };

  static {
    inspectedAs(this.prototype, inspectMessage);
  }
}

function resized(before: number, now: number): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_LENGTH',
    `bytes: expected ${before} bytes as at the start of the call, got ${now}; the buffer was ` +
      'resized while the options were read',
  );
}

function isMessage(value: unknown): value is Message {
  return value instanceof Message && LEASE in value;
}

function refuseNew(got: unknown): never {
  throw invalid('Message', 'to be made by Message.json(value) or Message.bytes(bytes)', got);
}

/** A message from known options. */
function readMessage(given: { readonly [key in (typeof loanKeys)[number]]?: unknown }): Wanted {
  const { bytes, format, frameId, timestampNs } = given;
  return { bytes: checkLength(bytes, 'bytes'), format: checkFormat(format), frameId, timestampNs };
}

/** A lease on an empty slot, of a topic or of none, for such a message. */
function newMessage(
  topic: number,
  tally: Tally,
  wanted: Wanted,
  encoding = wanted.format === 'json' ? JSON_CODE : 0,
): Lease {
  const { bytes, format } = wanted;
  const types = typesOf('Message', encoding, dtypes.uint8.code);
  const shape = { types, dim0: bytes, dim1: 0, dim2: 0, step: 0, payload: bytes };
  const lease = begin(takeSlot(topic, tally, bytes, shape), bytes, wanted);
  if (format === null || format === 'json') return lease;
  return orReleased(lease, () => {
    sayExt(lease, 'format', { metadata: JSON.stringify({ format }) });
  });
}

/** A view for users; of no bytes there is none on the slot, whose length would say "detached". */
function bytesOf(lease: Lease): Uint8Array {
  assertReadable(lease);
  if (lease.dim0 === 0) return new Uint8Array(0);
  return openView(lease, BYTE, lease.dim0) as Uint8Array;
}

function bytesToRead(lease: Lease): Uint8Array {
  assertReadable(lease);
  return lease.dim0 === 0 ? new Uint8Array(0) : rawBytesOf(lease, lease.dim0);
}

function fill(lease: Lease, source: Uint8Array): void {
  if (source.length > 0) fillSlot(lease, source);
  markCopied(lease);
}

function textOf(lease: Lease, action: string): string {
  const bytes = bytesToRead(lease);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw broken(lease, action, 'UTF-8', cause);
  }
}

function stringOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : show(cause);
    throw new FramelaneError(
      'ERR_FRAMELANE_INVALID_ARGUMENT',
      `json: expected a value that JSON has, but ${show(value)} has something else: ${why}`,
      { cause },
    );
  }
  if (text === undefined) throw invalid('json', 'a value that JSON has', value);
  return text;
}

function checkFormat(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'string' || value === '' || unprintable.test(value)) {
    throw invalid('format', "a short name such as 'cbor'", value);
  }
  const bytes = Buffer.byteLength(value);
  if (bytes > FORMAT_MAX) {
    throw invalid('format', `at most ${FORMAT_MAX} bytes of UTF-8`, `${bytes} of them`);
  }
  return value;
}

function checkLength(value: unknown, what: string): number {
  if (typeof value !== 'number') throw invalid(what, 'a number of bytes', value);
  if (Number.isInteger(value) && value >= 0 && value <= BYTES_MAX) return value;
  throw new FramelaneError(
    'ERR_FRAMELANE_INVALID_SIZE',
    `${what}: a message has a whole number of bytes from 0 to ${BYTES_MAX}, got ${value}`,
  );
}

function formatOf(lease: Lease): string | null {
  if (lease.encoding === JSON_CODE) return 'json';
  const { metadata } = extOf(lease);
  if (metadata === undefined || metadata === null) return null;
  try {
    const { format } = Object(JSON.parse(metadata)) as { format?: unknown };
    return typeof format === 'string' ? format : null;
  } catch {
    // Another program's, which wrote something else there.
    return null;
  }
}

/** Length and format in words. */
function nature(lease: Lease): string {
  const format = lease.state === RELEASED ? null : formatOf(lease);
  return format === null ? sizeText(lease.dim0) : `${sizeText(lease.dim0)} ${format}`;
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 3);
  return `${(bytes / 1000 ** power).toFixed(1)} ${['', 'kB', 'MB', 'GB'][power]}`;
}

/** One line, never content. The prototype itself can be inspected too. */
function inspectMessage(this: unknown): string {
  if (!isMessage(this)) return 'Message {}';
  return `Message ${nature(this[LEASE])} ${whereabouts(this)}`;
}

function notJson(lease: Lease): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_ENCODING',
    `json: expected a message of JSON, got ${nature(lease)} of another format; ` +
      'read `bytes`, or send it with Message.json()',
  );
}

function broken(lease: Lease, action: string, what: string, cause: unknown): FramelaneError {
  const why = cause instanceof SyntaxError ? `: ${cause.message.slice(0, 100)}` : '';
  return new FramelaneError(
    'ERR_FRAMELANE_CODEC',
    `${action}: this Message, ${nature(lease)}, is no ${what}${why}; ` +
      'its sender must write what its format says',
    { cause },
  );
}

export { Message as MessageFrame };
