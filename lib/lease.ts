/**
 * Who holds what. A lease is one hold on one slot: loaned (ours to write), received (read-only),
 * sent (given away) or released. What all kinds of frames have in common, apart from what users
 * see of it (`frame.ts`).
 */
import { copyToWrite, readSlot, slotWritten, writeBack } from './copy.js';
import type { Elements, TypedArray } from './dtype.js';
import { FramelaneError } from './errors.js';
import {
  DIM0,
  DIM1,
  DIM2,
  GENERATION,
  HOLD,
  kinds,
  PAYLOAD,
  POOL,
  SENT_NS,
  SLOT,
  STEP,
  TYPES,
} from './generated/layout.js';
import { guardSlot, unguard, type Guard } from './guard.js';
import * as hot from './hot.js';
import { checkFrameId, checkTimestamp, Label, readLabel, writeLabel } from './label.js';
import { trace, unwatch, watch, type Tally, type Watch } from './leak.js';
import { calling, COPIES, errorOf, f64, load, u32, views } from './native.js';
import { bytesOfSlot, lastView, viewOn, viewSlot } from './view.js';

/** The slot is ours to write. */
export const LOANED = 0;
/** The slot is somebody's published frame. */
export const RECEIVED = 1;
/** The hold was given away with `send`. */
export const SENT = 2;
/** The hold was given back. */
export const RELEASED = 3;

/** From how many bytes on the native side copies faster, past the caches. */
const STREAMED = 256 * 1024;

/** By code. */
const kindNames = new Map<number, string>(
  Object.entries(kinds).map(([name, code]) => [code, name]),
);

/** What a frame is, in one number: the codes of its kind, its encoding and its element type. */
export function typesOf(kind: keyof typeof kinds, encoding: number, dtype: number): number {
  return kinds[kind] | (encoding << 8) | (dtype << 16);
}

/**
 * One hold on one slot, and what is in it. Has no private fields, for nobody outside sees it: V8
 * does not inline the constructors of a hierarchy that has some, which costs 25 ns a frame. Its
 * fields are as few as may be: five more took a received frame 15 ns.
 */
export class Lease {
  // Numbers stay as they stand in the control array; a bigint is made when it is asked for.
  readonly hold = u32[HOLD]!;
  readonly pool = u32[POOL]!;
  readonly slot = u32[SLOT]!;
  readonly generation = u32[GENERATION]!;
  // Signed, because V8 keeps only numbers below 2^31 without a box.
  readonly sentLow = u32[SENT_NS]! | 0;
  readonly sentHigh = u32[SENT_NS + 1]!;
  /** See `typesOf`. */
  readonly types = u32[TYPES]!;
  // The shape, as the frame's class understands it.
  readonly dim0 = u32[DIM0]!;
  readonly dim1 = u32[DIM1]!;
  readonly dim2 = u32[DIM2]!;
  readonly step = u32[STEP]!;
  /**
   * Bytes from the start of the slot to the first value, where this is only a part of what was
   * loaned or received: it cannot be sent.
   */
  part: number | null = null;
  state: number;
  readonly tally: Tally;
  readonly label: Label | null;
  view: TypedArray | null = null;
  /** Of a frame that is to be released if it is leaked, as long as it is held. */
  watch: Watch | null = null;
  /** With guard: the buffer that `view` is on. */
  guard: Guard | null = null;

  /** Of the frame that the control array names. */
  constructor(state: number, tally: Tally, label: Label | null) {
    this.state = state;
    this.tally = tally;
    this.label = label;
  }

  /** What errors call the frame. */
  get kind(): string {
    return kindNames.get(this.types & 0xff) ?? 'frame';
  }

  /** A code; what it stands for is the frame's class's business. */
  get encoding(): number {
    return (this.types >> 8) & 0xff;
  }

  /** Code of the element type. */
  get dtype(): number {
    return this.types >> 16;
  }

  /** Bytes from the start of the slot to the first value. */
  get offset(): number {
    return this.part ?? 0;
  }
}

/** A lease on the slot that the control array names with its payload, empty and ours. */
export function loaned(tally: Tally): Lease {
  return watched(new Lease(LOANED, tally, new Label(f64[PAYLOAD / 2]!)), trace());
}

/** A lease on the frame that the control array names. */
export function received(tally: Tally): Lease {
  return new Lease(RECEIVED, tally, null);
}

/** Another lease on the same slot. */
export function retained(lease: Lease): Lease {
  return retainedAs(lease, lease.types);
}

/** Another lease on the same slot, for a frame of another class or with another encoding. */
export function retainedAs(lease: Lease, types: number): Lease {
  const again = shared(lease, types, lease.dim0, lease.dim1);
  again.part = lease.part;
  return again;
}

/** Another lease on a part of the same slot: rows from a byte on, and what of each row. */
export function partOf(lease: Lease, offset: number, rows: number, columns: number): Lease {
  const part = shared(lease, lease.types, rows, columns);
  part.part = lease.offset + offset;
  return part;
}

function shared(lease: Lease, types: number, dim0: number, dim1: number): Lease {
  assertReadable(lease);
  const status = hot.retain(lease.hold);
  if (status < 0) throw errorOf(status);
  u32[POOL] = lease.pool;
  u32[SLOT] = lease.slot;
  u32[GENERATION] = lease.generation;
  u32[SENT_NS] = lease.sentLow;
  u32[SENT_NS + 1] = lease.sentHigh;
  u32[TYPES] = types;
  u32[DIM0] = dim0;
  u32[DIM1] = dim1;
  u32[DIM2] = lease.dim2;
  u32[STEP] = lease.step;
  return watched(new Lease(lease.state, lease.tally, lease.label), trace());
}

/** Has the frame released if it is leaked; `where` says where it came from. */
export function watched(lease: Lease, where: string | null): Lease {
  lease.watch = watch(lease.tally, lease.hold, where);
  return lease;
}

/** Gives the hold back; a second time is counted, after `send` there is nothing to give back. */
export function release(lease: Lease): void {
  if (lease.state <= RECEIVED) {
    if (hot.release(giveUp(lease)) === 0) lease.tally.extraReleases++;
  } else if (lease.state === RELEASED) {
    lease.tally.extraReleases++;
  }
}

/**
 * Marks a frame as given back and gives its hold, which the caller hands to the native side;
 * `NO_HOLD` where it was released or sent before.
 */
export function giveUp(lease: Lease): number {
  if (lease.state > RECEIVED) return hot.NO_HOLD;
  lease.state = RELEASED;
  lease.view = null;
  endUse(lease);
  return lease.hold;
}

/** Nothing is held any more that could be leaked, and nothing may look at the slot. */
function endUse(lease: Lease): void {
  if (lease.watch !== null) unwatch(lease.watch);
  lease.watch = null;
  if (lease.guard !== null) endGuard(lease, lease.guard);
}

function endGuard({ label }: Lease, guard: Guard): void {
  label?.guards?.delete(guard);
  unguard(guard);
}

/** Throws `ERR_FRAMELANE_RELEASED` for a frame given back. */
export function assertHeld(lease: Lease): void {
  if (lease.state === RELEASED) throw gone(lease);
}

/** Throws `ERR_FRAMELANE_RELEASED` for a frame given back or sent. */
export function assertReadable(lease: Lease): void {
  if (lease.state >= SENT) throw gone(lease);
}

/** The label of a frame that can be written; throws `ERR_FRAMELANE_FROZEN` too. */
export function labelToWrite(lease: Lease, action: string): Label {
  assertHeld(lease);
  const { label } = lease;
  if (label === null || label.sent || lease.state === SENT) {
    throw frozen(lease, action, label !== null);
  }
  return label;
}

/** Names the sensor or coordinate frame. */
export function setFrameId(lease: Lease, frameId: unknown): void {
  labelToWrite(lease, 'setFrameId').frameId = checkFrameId(frameId);
}

/** Says when the frame was taken. */
export function setTimestampNs(lease: Lease, timestampNs: unknown): void {
  const label = labelToWrite(lease, 'setTimestampNs');
  const ns = checkTimestamp(timestampNs);
  label.givenNs = ns === 0n ? null : ns;
}

/** The hold, for native calls on its pixels; throws `ERR_FRAMELANE_RELEASED`. */
export function holdOf(lease: Lease): number {
  assertReadable(lease);
  settle(lease);
  return lease.hold;
}

/** The hold of a frame that can be written; throws `ERR_FRAMELANE_FROZEN` too. */
export function holdToWrite(lease: Lease, action: string): number {
  const label = labelToWrite(lease, action);
  if (views.memory === COPIES && (lease.part !== null || label.copy !== null)) {
    // What is not written keeps its values, and they must be where it is written.
    pixelsOf(lease, 0);
    settle(lease);
  }
  return lease.hold;
}

/** A view on a frame's values that is kept, or `null` where there is none. */
export function keptView(lease: Lease): TypedArray | null {
  // Read only where it is needed: all of this takes 3 to 5 ns.
  const { label, view } = lease;
  if (view !== null) {
    // Moved away by somebody: to be made again, or an error.
    if (view.length === 0) return null;
    // A view made before the frame was sent could still write.
    return label !== null && label.sent ? null : view;
  }
  const { state, tally, part } = lease;
  // The rule: a received frame, all of it, and nothing but the slot's own buffer.
  if (state !== RECEIVED || label !== null || !tally.plain || part !== null) return null;
  return (lease.view = lastView(lease));
}

/** Makes that view, keeps it and gives it; throws `ERR_FRAMELANE_RELEASED`. */
export function openView(lease: Lease, elements: Elements, byteLength: number): TypedArray {
  assertReadable(lease);
  const pool = poolToRead(lease);
  if (views.memory === COPIES) return copiedView(lease, elements, byteLength);
  if (lease.tally.guard ?? views.guard) return guardedView(lease, elements, byteLength);
  return (lease.view = viewSlot(pool, lease, elements, byteLength));
}

/** The frame's bytes in its slot; throws `ERR_FRAMELANE_RELEASED`. */
export function rawBytesOf(lease: Lease, byteLength: number): Uint8Array {
  assertReadable(lease);
  const pool = poolToRead(lease);
  if (views.memory === COPIES) return pixelsOf(lease, byteLength);
  return bytesOfSlot(pool, lease.slot, byteLength, lease.offset);
}

/** Copies the pixels of a frame that is not sent yet into its slot. */
export function fillSlot(lease: Lease, source: Uint8Array): void {
  labelToWrite(lease, 'fill');
  const streams = source.length >= STREAMED && source.buffer instanceof ArrayBuffer;
  if (streams && views.memory !== COPIES) {
    calling(() => load().writeSlot(lease.pool, lease.slot, source));
  } else {
    rawBytesOf(lease, source.length).set(source);
  }
}

function poolToRead(lease: Lease): number {
  const { label } = lease;
  if (label?.sent !== true) return lease.pool;
  if (label.readPool < 0) label.readPool = calling(() => load().receivedPool(lease.hold));
  return label.readPool;
}

/** A view on a buffer that ends with the frame. */
function guardedView(lease: Lease, elements: Elements, byteLength: number): TypedArray {
  const { guard: kept, label } = lease;
  if (kept !== null) {
    if (kept.buffer.byteLength > 0 && lease.view !== null) return lease.view;
    endGuard(lease, kept);
  }
  const { offset } = lease;
  const guard = guardSlot(poolToRead(lease), lease.slot, offset + byteLength);
  lease.guard = guard;
  if (label !== null && !label.sent) (label.guards ??= new Set()).add(guard);
  return (lease.view = viewOn(guard.buffer, elements, byteLength, offset));
}

function copiedView(lease: Lease, elements: Elements, byteLength: number): TypedArray {
  const { buffer, byteOffset } = pixelsOf(lease, byteLength);
  if (lease.label === null) lease.tally.copied++;
  else if (lease.view?.buffer === buffer) return lease.view;
  return (lease.view = viewOn(buffer, elements, byteLength, byteOffset));
}

/** With memory 'copy': the pixels, to be read, and of a frame not sent yet to be written. */
function pixelsOf(lease: Lease, byteLength: number): Uint8Array {
  const { label, slot, offset } = lease;
  const end = offset + byteLength;
  const pool = poolToRead(lease);
  if (label === null) return readSlot({ pool, slot, byteLength: end }).subarray(offset);
  // Shared by all parts of the frame.
  const place = { pool, slot, byteLength: label.payload };
  if (!label.sent) return copyToWrite(label, place).subarray(offset, end);
  if (label.copy === null || label.copy.length === 0) {
    lease.tally.copied++;
    label.copy = readSlot(place);
  }
  return label.copy.subarray(offset, end);
}

/** With memory 'copy': sees to it that the slot has the pixels. */
function settle({ label, pool, slot }: Lease): void {
  if (label === null || label.sent) return;
  if (writeBack(label, pool, slot)) label.copied = true;
}

/** The slot is out of our hands: nothing here can write to it any more. */
function endViews(label: Label): void {
  label.copy = null;
  label.guards?.forEach(unguard);
  label.guards = null;
}

/** Says that the native side has written the slot's pixels. */
export function slotFilled({ label, pool, slot }: Lease): void {
  if (label !== null) slotWritten(label, pool, slot);
}

/** Says that the library has copied the frame's pixels into its slot. */
export function markCopied({ label }: Lease): void {
  if (label !== null) label.copied = true;
}

/** Done with a frame of a queue; `false`: it was another consumer's by now. */
export function acknowledge(lease: Lease): boolean {
  assertReadable(lease);
  const status = hot.ack(lease.hold);
  if (status < 0) throw errorOf(status);
  return status === 1;
}

/**
 * Publishes a frame and gives its hold away; one received or sent before is sent on, and stays.
 * Negative where that fails: then the frame stays as it was.
 */
export function send(lease: Lease, topic: number, tally: Tally): number {
  assertReadable(lease);
  if (lease.part !== null) throw apart(lease, 'send');
  const { label } = lease;
  if (label === null || label.sent) return hot.send(topic, lease.hold);
  settle(lease);
  writeLabel(label, lease);
  const status = hot.send(topic, lease.hold);
  if (status < 0) return status;
  lease.state = SENT;
  lease.view = null;
  endUse(lease);
  if (status === hot.PUBLISHED) {
    endViews(label);
    readLabel(label);
    if (label.copied) tally.copied++;
  }
  return status;
}

/** A frame's token. With `transfer` the hold goes along, and the frame is released here. */
export function nameHold(lease: Lease, transfer: boolean): string {
  assertReadable(lease);
  if (lease.part !== null) throw apart(lease, 'toToken');
  const { label, hold } = lease;
  if (label !== null && !label.sent) {
    if (!transfer) throw unsent(lease);
    settle(lease);
    writeLabel(label, lease);
  }
  const copied = label !== null && label.copied;
  const token = calling(() => load().toToken(hold, transfer, copied));
  if (transfer) {
    giveUp(lease);
    if (label?.sent === false) endViews(label);
  }
  return token;
}

function gone({ kind, state }: Lease): FramelaneError {
  const how = state === SENT ? 'sent' : 'released';
  const advice =
    how === 'sent'
      ? `send(${kind.toLowerCase()}.retain()) goes on holding it`
      : 'use it before release(), or hold it longer with retain()';
  return new FramelaneError(
    'ERR_FRAMELANE_RELEASED',
    `this ${kind} has been ${how}, its slot may hold another frame by now; ${advice}`,
  );
}

/** Nobody can be sent a part of a frame. */
function apart({ kind }: Lease, action: string): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `${action}: this ${kind} is a part of another one, made by crop(); others would get all of ` +
      'that: pass a copy, clone()',
  );
}

function unsent({ kind }: Lease): FramelaneError {
  const name = kind.toLowerCase();
  return new FramelaneError(
    'ERR_FRAMELANE_INVALID_ARGUMENT',
    `toToken: this ${name} has not been sent, and nobody else may look at it yet; ` +
      `send(${name}.retain()) before, or hand it over: toToken({ transfer: true })`,
  );
}

function frozen({ kind }: Lease, action: string, own: boolean): FramelaneError {
  return new FramelaneError(
    'ERR_FRAMELANE_FROZEN',
    `${action}: this ${kind} was ${own ? 'sent' : 'received'} and others read it; ` +
      'change a copy: clone()',
  );
}
