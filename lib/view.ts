/**
 * Views on slots. One external buffer per slot is made at the first use and kept, with the last
 * typed array on it: making them for each frame costs microseconds and brings collections. Where
 * the runtime allows no such buffers, what is read is copied.
 */
import type { Elements, TypedArray } from './dtype.js';
import {
  FRAME_ID_MAX,
  HEADER_COLOUR,
  HEADER_DEPTH_SCALE,
  HEADER_EXT,
  HEADER_FRAME_ID,
  HEADER_FRAME_ID_LEN,
  HEADER_SEQUENCE,
  HEADER_STAMP_NS,
  SLOT_HEADER_BYTES,
} from './generated/layout.js';
import { calling, COPIES, load, views } from './native.js';

/** What is kept for a slot. */
interface SlotView {
  buffer: ArrayBuffer | SharedArrayBuffer;
  /** The last view, and the shape it was made for. */
  view: TypedArray | null;
  types: number;
  dim0: number;
  dim1: number;
  step: number;
}

/** Where a frame is, and its shape; a lease is one. */
export interface Shaped {
  readonly pool: number;
  readonly slot: number;
  /** Kind, encoding and element type in one number. */
  readonly types: number;
  readonly dim0: number;
  readonly dim1: number;
  readonly step: number;
  /** Bytes from the start of the slot to the first value, if it is only a part of a frame. */
  readonly part: number | null;
}

/** What is kept for the headers of a pool's slots. */
interface HeaderView {
  bytes: Uint8Array;
  numbers: DataView;
}

// By pool, then by slot: both are small and dense.
const slotViews: ((SlotView | undefined)[] | undefined)[] = [];
const headerViews: (HeaderView | undefined)[] = [];
const utf8 = new TextDecoder();

function slotView(pool: number, slot: number): SlotView {
  const slots = slotViews[pool] ?? newPool(pool);
  const kept = slots[slot];
  // Length 0: somebody has transferred the buffer away, and the slot needs another.
  if (kept !== undefined && kept.buffer.byteLength !== 0) return kept;
  const buffer = calling(() => load().slotBuffer(pool, slot));
  return (slots[slot] = { buffer, view: null, types: 0, dim0: 0, dim1: 0, step: 0 });
}

/** A pool seen for the first time: also the time to forget those that are gone. */
function newPool(pool: number): (SlotView | undefined)[] {
  for (const gone of calling(() => load().retiredPools())) {
    slotViews[gone] = undefined;
    headerViews[gone] = undefined;
  }
  return (slotViews[pool] ??= []);
}

/** The kept view on the values of a whole frame, or `null` where there is none for its shape. */
export function lastView(shaped: Shaped): TypedArray | null {
  const last = slotViews[shaped.pool]?.[shaped.slot];
  if (last === undefined || last.view === null) return null;
  const same =
    last.types === shaped.types &&
    last.dim0 === shaped.dim0 &&
    last.dim1 === shaped.dim1 &&
    last.step === shaped.step;
  // Length 0: somebody has transferred the buffer away. Asked of the view, which V8 inlines.
  return same && last.view.length !== 0 ? last.view : null;
}

/** The values of a frame: `byteLength` bytes from `pool`, as a typed array; kept if it is whole. */
export function viewSlot(
  pool: number,
  { slot, types, dim0, dim1, step, part }: Shaped,
  elements: Elements,
  byteLength: number,
): TypedArray {
  const kept = slotView(pool, slot);
  if (part !== null) return viewOn(kept.buffer, elements, byteLength, part);
  kept.view = viewOn(kept.buffer, elements, byteLength, 0);
  kept.types = types;
  kept.dim0 = dim0;
  kept.dim1 = dim1;
  kept.step = step;
  return kept.view;
}

/** Bytes of a buffer as a typed array. */
export function viewOn(
  buffer: ArrayBuffer | SharedArrayBuffer,
  { array, itemBytes }: Elements,
  byteLength: number,
  offset: number,
): TypedArray {
  // Shared memory does not show in the type of `data`: it would in every signature of users.
  return new array(buffer as ArrayBuffer, offset, Math.floor(byteLength / itemBytes));
}

/** `byteLength` bytes of a slot. */
export function bytesOfSlot(
  pool: number,
  slot: number,
  byteLength: number,
  offset: number,
): Uint8Array {
  return new Uint8Array(slotView(pool, slot).buffer, offset, byteLength);
}

/** The last header read, where there are copies only. */
let copied: HeaderView | undefined;

function headersOn(buffer: ArrayBuffer): HeaderView {
  return { bytes: new Uint8Array(buffer), numbers: new DataView(buffer) };
}

/** Where the header of a slot stands; its place there is `headerAt`. */
function headerView(pool: number, slot: number): HeaderView {
  if (views.memory === COPIES) {
    const { bytes } = (copied ??= headersOn(new ArrayBuffer(SLOT_HEADER_BYTES)));
    calling(() => load().readHeader(pool, slot, bytes));
    return copied;
  }
  return (headerViews[pool] ??= headersOn(calling(() => load().headerBuffer(pool))));
}

function headerAt(slot: number): number {
  return views.memory === COPIES ? 0 : slot * SLOT_HEADER_BYTES;
}

/** The time stamp in a slot's header, nanoseconds since the epoch. */
export function headerStamp(pool: number, slot: number): bigint {
  return headerView(pool, slot).numbers.getBigInt64(headerAt(slot) + HEADER_STAMP_NS, true);
}

/** The sequence number in a slot's header. */
export function headerSequence(pool: number, slot: number): number {
  const at = headerAt(slot) + HEADER_SEQUENCE;
  return Number(headerView(pool, slot).numbers.getBigUint64(at, true));
}

/** The frame id in a slot's header. */
export function headerFrameId(pool: number, slot: number): string {
  const { bytes } = headerView(pool, slot);
  const at = headerAt(slot);
  const length = Math.min(bytes[at + HEADER_FRAME_ID_LEN] ?? 0, FRAME_ID_MAX);
  const start = at + HEADER_FRAME_ID;
  return length === 0 ? '' : utf8.decode(bytes.subarray(start, start + length));
}

/** The colours in a slot's header: matrix, and range above 8 bits. */
export function headerColour(pool: number, slot: number): number {
  return headerView(pool, slot).numbers.getUint16(headerAt(slot) + HEADER_COLOUR, true);
}

/** Millimetres a raw unit of depth, in a slot's header. */
export function headerDepthScale(pool: number, slot: number): number {
  return headerView(pool, slot).numbers.getFloat32(headerAt(slot) + HEADER_DEPTH_SCALE, true);
}

/** Bytes from the start of a slot to its ext block, in its header; 0: there is none. */
export function headerExt(pool: number, slot: number): number {
  return headerView(pool, slot).numbers.getUint32(headerAt(slot) + HEADER_EXT, true);
}
