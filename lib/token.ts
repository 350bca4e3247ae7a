/**
 * Tokens: a frame's name as a short text, which goes wherever text goes. The text itself is made
 * and read by the native side; here is what users hand in, and which hold goes along.
 */
import { checkBoolean, checkOptions, invalid } from './check.js';
import { nameHold, type Lease } from './lease.js';
import { calling, load } from './native.js';

/** What `toToken` can be told. */
export interface TokenOptions {
  /**
   * The hold goes with the token, to whoever calls `fromToken` first: another thread of this
   * process, or this one. Default `false`: the token holds nothing.
   */
  transfer?: boolean;
}

/** The control array names a frame that was sent. */
export const READ = 1;
/** It names one that is still to be sent, whose pixels the library has copied into its slot. */
export const COPIED_LOAN = 3;

/** The token of a frame, and with it the hold where that is asked for. */
export function tokenOf(lease: Lease, options: unknown): string {
  const { transfer = false } = checkOptions(options, ['transfer'], 'toToken');
  const moves = checkBoolean(transfer, 'transfer');
  return nameHold(lease, moves);
}

/** Takes the frame of a token, which the control array names then. `READ`, or it is a loan. */
export function takeToken(kind: number, token: unknown): number {
  if (typeof token !== 'string') throw invalid('fromToken', 'a token, which is a string', token);
  return calling(() => load().fromToken(kind, token));
}
