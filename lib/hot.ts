/**
 * The calls made for each frame. Nothing crosses the boundary but words of the control array: a
 * call that takes and gives nothing costs 10 ns, each number as an argument 8 more. Arguments are
 * unsigned 32-bit and unchecked; a negative answer is minus the number of an error.
 */
import {
  BYTES,
  GIVE,
  HOLD,
  NEWEST,
  NO_HOLD,
  SPIN_US,
  STATUS,
  TIMEOUT_MS,
  TOPIC,
} from './generated/layout.js';
import { f64, i32, raw, u32 } from './native.js';

/** What `send` answers where a frame of ours was published. */
export const PUBLISHED = 0;

/** Takes an empty slot; topic `UNBOUND` for none. 0. */
export function loan(topic: number, bytes: number): number {
  u32[TOPIC] = topic;
  f64[BYTES / 2] = bytes;
  raw.loan();
  return i32[STATUS]!;
}

/**
 * Publishes what the control array describes and uses the hold up: `PUBLISHED`, or 1 where there
 * was no room and it was dropped. 2: a received frame was sent on, its hold stays.
 */
export function send(topic: number, hold: number): number {
  u32[TOPIC] = topic;
  u32[HOLD] = hold;
  raw.send();
  return i32[STATUS]!;
}

/** 1: there is room for a frame of so many bytes; 0: the doorbell rings when there may be. */
export function room(topic: number, bytes: number): number {
  u32[TOPIC] = topic;
  f64[BYTES / 2] = bytes;
  raw.room();
  return i32[STATUS]!;
}

/**
 * Gives the hold `give` back, unless it is `NO_HOLD`, and takes the next frame: 1, and it stands
 * in the control array, or 0 where none comes within `spinUs`. `newest` 1 passes over older ones.
 */
export function next(topic: number, newest: 0 | 1, give: number, spinUs: number): number {
  u32[TOPIC] = topic;
  u32[NEWEST] = newest;
  u32[GIVE] = give;
  u32[SPIN_US] = spinUs;
  raw.next();
  return i32[STATUS]!;
}

/** Like `next`, but the newest frame, received before or not; nothing moves on. */
export function latest(topic: number): number {
  u32[TOPIC] = topic;
  raw.latest();
  return i32[STATUS]!;
}

/** Another hold on the same slot, put into the control array: 1. */
export function retain(hold: number): number {
  u32[HOLD] = hold;
  raw.retain();
  return i32[STATUS]!;
}

/** 1, or 0 where there was nothing to release. */
export function release(hold: number): number {
  u32[HOLD] = hold;
  raw.release();
  return i32[STATUS]!;
}

/** Done with a frame of a queue; 0: it was another consumer's by now. */
export function ack(hold: number): number {
  u32[HOLD] = hold;
  raw.ack();
  return i32[STATUS]!;
}

/** 1: a frame is there, do not wait; 0: the next one rings. */
export function sleep(topic: number): number {
  u32[TOPIC] = topic;
  raw.sleep();
  return i32[STATUS]!;
}

/** Not waiting any more. */
export function awake(topic: number): void {
  u32[TOPIC] = topic;
  raw.awake();
}

/** Blocks this thread until there may be a frame, for a tenth of a second at most: 0. */
export function block(topic: number, timeoutMs: number): number {
  u32[TOPIC] = topic;
  u32[TIMEOUT_MS] = timeoutMs;
  raw.block();
  return i32[STATUS]!;
}

export { NO_HOLD };
