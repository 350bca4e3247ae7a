/** Statistics: medians, because single figures of a busy machine say little. */

/** The value below which the fraction `part` of `values` lies; `values` must not be empty. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  if (value === undefined) throw new Error('quantile: no values');
  return value;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const half = values.length / 2;
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  if (low === undefined || high === undefined) throw new Error('median: no values');
  return (low + high) / 2;
}

/** `values` in random order. */
export function shuffled<T>(values: readonly T[]): T[] {
  const keyed = values.map((value) => ({ value, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}

/** Four digits: more are noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
