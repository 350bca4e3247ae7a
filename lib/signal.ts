/** What a call that waits can be given: a signal, and a time. */
import { invalid } from './check.js';
import type { AbortSignalLike } from './line.js';

/** Longest time that a timer takes. */
const TIMEOUT_MAX = 2 ** 31 - 1;

/** Something that can say that a wait is to end. */
export function checkSignal(value: unknown): AbortSignalLike {
  const signal = value as AbortSignalLike | null;
  if (typeof signal === 'object' && typeof signal?.addEventListener === 'function') return signal;
  throw invalid('signal', 'an AbortSignal', value);
}

/** Milliseconds that a timer can count. */
export function checkTimeout(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= TIMEOUT_MAX) return value;
  throw invalid('timeoutMs', `milliseconds from 0 to ${TIMEOUT_MAX}`, value);
}
