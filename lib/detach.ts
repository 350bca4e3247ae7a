/** The runtime's own way to detach a buffer, for the native side. */

const text = 'function transfer() { [native code] }';
const { transfer } = ArrayBuffer.prototype as { transfer?: () => void };

/**
 * `ArrayBuffer.prototype.transfer` where the runtime has one that nobody has replaced: the native
 * side calls it where it must not meet code of users.
 */
export const ownTransfer =
  typeof transfer === 'function' && Function.prototype.toString.call(transfer) === text
    ? transfer
    : undefined;
