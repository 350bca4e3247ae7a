/**
 * What is published on `node:diagnostics_channel`: frames missed, frames leaked, processes that
 * died, topics whose files were removed. Nothing is done for a channel nobody subscribes to.
 */
import { channel } from 'node:diagnostics_channel';
import type { FramelaneError } from './errors.js';
import { NOTICES } from './generated/layout.js';
import { errorOf, load, u32 } from './native.js';

/** On `framelane:lapped`: a frame was received, and those before it were gone. */
export interface LappedEvent {
  readonly topic: string;
  /** Frames of the same publisher that this subscriber was too slow for. */
  readonly missed: number;
}

/** On `framelane:leak`: the garbage collector has found a frame that was not released. */
export interface LeakEvent {
  /** `null`: a frame made by `new Image`, `fromBytes`, `decode` or `clone`. */
  readonly topic: string | null;
  /** Where it was made or received; only with `NODE_DEBUG=framelane`. */
  readonly stack?: string;
}

/**
 * On `framelane:peer-died`: a process has ended without closing what it had open: it was killed,
 * it crashed, or it called `process.exit()`.
 */
export interface PeerDiedEvent {
  readonly pid: number;
  /** What the kernel called it. */
  readonly process: string;
  /** The topic or queue it sent or waited on; left out for one that only held frames. */
  readonly topic?: string;
}

/** On `framelane:topic-removed`: somebody has removed a topic's file. */
export interface TopicRemovedEvent {
  readonly topic: string;
}

const lapped = channel('framelane:lapped');
const leak = channel('framelane:leak');
const peerDied = channel('framelane:peer-died');
const removed = channel('framelane:topic-removed');

/** The error behind a negative result of a hot function that was called for a topic. */
export function topicError(topic: string, status: number): FramelaneError {
  const error = errorOf(status);
  if (error.code === 'ERR_FRAMELANE_TOPIC_REMOVED' && removed.hasSubscribers) {
    removed.publish({ topic } satisfies TopicRemovedEvent);
  }
  return error;
}

/** Tells that a received frame was the first after some that were missed. */
export function tellLapped(topic: string, missed: number): void {
  if (!lapped.hasSubscribers) return;
  // Later, for whoever listens may call the topic that is about to hand the frame out.
  queueMicrotask(() => lapped.publish({ topic, missed } satisfies LappedEvent));
}

/** Tells that a leaked frame was found. */
export function tellLeak(topic: string | null, stack: string | null): void {
  if (!leak.hasSubscribers) return;
  const event: LeakEvent = stack === null ? { topic } : { topic, stack };
  leak.publish(event);
}

/** Tells of the processes that were found dead since the last call. */
export function tellDeaths(): void {
  if (u32[NOTICES] !== 0) takeDeaths();
}

function takeDeaths(): void {
  u32[NOTICES] = 0;
  // Taken in any case: who subscribes later is not told of what was before.
  const deaths = load().takeNotices();
  if (!peerDied.hasSubscribers) return;
  queueMicrotask(() => {
    for (const { pid, process, topic } of deaths) {
      const event: PeerDiedEvent = topic === undefined ? { pid, process } : { pid, process, topic };
      peerDied.publish(event);
    }
  });
}
