/**
 * Waiting in the event loop, for all topics of this environment: who waits, the doorbell, the
 * re-check that bounds what a lost ring can cost, and what keeps the process alive meanwhile.
 */
import { tellDeaths } from './events.js';
import { onWake } from './native.js';

/** How long a dead or lost ring can delay a frame, in milliseconds. */
const RECHECK_MS = 100;
/** How long frames may follow each other before timers and sockets have their turn. */
const TURN_MS = 2;
/** Most frames between two looks at the clock. */
const STRIDE_MAX = 16;

/** Something that waits for frames. */
export interface Sleeper {
  /** Hands out what has arrived. Must not throw. */
  drain(): void;
  /** Leaves, if nobody waits any more. Must not throw. */
  rest(): void;
}

const sleepers = new Set<Sleeper>();
let timer: ReturnType<typeof setInterval> | undefined;
let anchors = 0;

/** From now on `sleeper` is drained when the doorbell rings. */
export function addSleeper(sleeper: Sleeper): void {
  sleepers.add(sleeper);
  timer ??= startTimer();
}

/** It no longer waits. */
export function removeSleeper(sleeper: Sleeper): void {
  sleepers.delete(sleeper);
}

/** Keeps the process alive until `dropAnchor` was called as often. */
export function addAnchor(): void {
  anchors++;
  timer ??= startTimer();
  if (anchors === 1) timer.ref();
}

/** Takes one `addAnchor` back. */
export function dropAnchor(): void {
  anchors--;
  if (anchors === 0) timer?.unref();
}

function startTimer(): ReturnType<typeof setInterval> {
  const started = setInterval(recheck, RECHECK_MS);
  if (anchors === 0) started.unref();
  return started;
}

function recheck(): void {
  // Ended here and not with the last wait: between two frames it would only be made again.
  if (sleepers.size === 0 && anchors === 0) {
    clearInterval(timer);
    timer = undefined;
  }
  drainAll();
  for (const sleeper of sleepers) sleeper.rest();
  tellDeaths();
}

function drainAll(): void {
  beginTurn();
  for (const sleeper of sleepers) sleeper.drain();
}

onWake(drainAll);

/** 0: the clock has not been read in this turn. */
let turnStart = 0;
let stride = 1;
let left = 1;

/** The event loop has had its turn. */
export function beginTurn(): void {
  turnStart = 0;
  left = stride;
}

/** Lets timers and sockets have their turn. */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      beginTurn();
      resolve();
    });
  });
}

/**
 * Whether the next frame should wait for the event loop: a consumer that never catches up would
 * otherwise keep timers, sockets and signals out for ever. The clock is read the more seldom the
 * quicker the frames follow each other.
 */
export function turnIsOver(): boolean {
  if (--left > 0) return false;
  const now = performance.now();
  if (turnStart === 0) {
    // A turn is measured from the first look at the clock: one frame alone needs none.
    turnStart = now;
    left = stride;
    return false;
  }
  const took = now - turnStart;
  // Twice as far to the next look, or so near that it comes in time at this pace.
  stride = Math.max(1, Math.min(STRIDE_MAX, stride * 2, Math.floor((stride * TURN_MS) / took)));
  left = stride;
  return took > TURN_MS;
}
