/** Something to be done at an even pace. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `work` every `periodMs`, `count` times, on an absolute schedule; where it takes too long,
 * it goes on with the next tick.
 */
export async function paced(
  count: number,
  periodMs: number,
  work: () => void | Promise<void>,
): Promise<void> {
  const start = performance.now();
  let tick = 0;
  for (let done = 0; done < count; done++) {
    tick = Math.max(tick + 1, Math.ceil((performance.now() - start) / periodMs));
    await sleep(start + tick * periodMs - performance.now());
    await work();
  }
}
