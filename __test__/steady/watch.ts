/** Watches the process it is in: collections, heap, memory, descriptors, mappings. */
import { readdirSync, readFileSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';

/** What was seen of a process from the end of its warm-up on. */
export interface Report {
  /** Collections of the whole heap, and of the young part of it. */
  majors: number;
  minors: number;
  /** Bytes in use after a full collection, at the beginning and at the end. */
  live: [number, number];
  /** Least bytes in use in each minute, or in each sixth of a shorter run. */
  heap: number[];
  /** Median resident bytes in each of them. */
  rss: number[];
  descriptors: [number, number];
  /** Mappings of files, shared memory among them: the engine maps its own heap as it likes. */
  maps: [number, number];
}

const { NODE_PERFORMANCE_GC_MAJOR: MAJOR, NODE_PERFORMANCE_GC_MINOR: MINOR } = constants;
const FORCED = constants.NODE_PERFORMANCE_GC_FLAGS_FORCED;

/** From `begin` to `end`, `windows` times `windowMs`. */
export class Watch {
  readonly #windowMs: number;
  readonly #heap: number[][] = [];
  readonly #rss: number[][] = [];
  readonly #counts = new Map<number, number>();
  #begin = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #first = { live: 0, descriptors: 0, maps: 0 };
  readonly #observer = new PerformanceObserver((list) => this.#count(list.getEntries()));

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  begin(): void {
    this.#first = look();
    this.#begin = performance.now();
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#timer = setInterval(() => this.#sample(), 250);
  }

  end(): Report {
    clearInterval(this.#timer);
    this.#count(this.#observer.takeRecords());
    this.#observer.disconnect();
    const last = look();
    const { live, descriptors, maps } = this.#first;
    return {
      majors: this.#counts.get(MAJOR) ?? 0,
      minors: this.#counts.get(MINOR) ?? 0,
      live: [live, last.live],
      heap: this.#heap.map((values) => Math.min(...values)),
      rss: this.#rss.map(median),
      descriptors: [descriptors, last.descriptors],
      maps: [maps, last.maps],
    };
  }

  #count(entries: object[]): void {
    for (const entry of entries) {
      const { kind, flags } = (entry as { detail: { kind: number; flags: number } }).detail;
      // Those of `look` are nobody's.
      if ((flags & FORCED) === 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    }
  }

  #sample(): void {
    const window = Math.floor((performance.now() - this.#begin) / this.#windowMs);
    const { heapUsed, rss } = process.memoryUsage();
    (this.#heap[window] ??= []).push(heapUsed);
    (this.#rss[window] ??= []).push(rss);
  }
}

function look(): { live: number; descriptors: number; maps: number } {
  // Twice: what the first one makes unreachable by finalizers is collected by the second.
  for (let time = 0; time < 2; time += 1) globalThis.gc?.();
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return {
    live: process.memoryUsage().heapUsed,
    descriptors: readdirSync('/proc/self/fd').length,
    maps: maps.filter((line) => line.includes('/')).length,
  };
}

/** The middle one of some numbers. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
