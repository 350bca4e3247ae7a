/** The error that every part of framelane throws, and its codes. */
import { errorCodes } from './generated/errors.js';

/** A stable name of what went wrong, for programs: `error.code === 'ERR_FRAMELANE_CLOSED'`. */
export type ErrorCode = keyof typeof errorCodes;

/**
 * Everything framelane throws or rejects with, but for the reason of an aborted signal and the
 * errors of a stream that `sendFrom` reads. The text says what failed, what was expected, what was
 * there, and what to do; it may change between releases. The code does not.
 *
 * @example
 * try {
 *   new Image({ width: 0, height: 480 });
 * } catch (error) {
 *   if (error instanceof FramelaneError) console.log(error.code); // ERR_FRAMELANE_INVALID_SIZE
 * }
 */
export class FramelaneError extends Error {
  static {
    this.prototype.name = 'FramelaneError';
  }

  /** What went wrong. */
  readonly code: ErrorCode;

  /** Takes the code, the text, and the error that led to this one where there is one. */
  constructor(code: ErrorCode, text: string, options?: { cause?: unknown }) {
    super(text, options);
    this.code = code;
  }
}

const codeOfNumber = new Map<number, ErrorCode>(
  (Object.keys(errorCodes) as ErrorCode[]).map((code) => [errorCodes[code], code]),
);

/** The code of a number that the native side gave, or `undefined` for one not in the table. */
export function codeFromNumber(number: number): ErrorCode | undefined {
  return codeOfNumber.get(number);
}

/** Whether a value is one of the codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value);
}
