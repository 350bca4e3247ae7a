/*
 * `spin COUNT free|across`: two processes that never sleep. Prints in nanoseconds
 * - oneWay: p50 from right before the store into a cache line to having seen it and read the
 *   clock; the other process answers in the same way, so that one line is on its way at a time;
 * - line: a round trip of that, without clocks, the median of batches;
 * - ring: a round trip of 64-byte descriptors through a ring in each direction, the same.
 * COUNT is a multiple of 1000.
 */
#include "common.h"

enum { WARM_UP = 20000, CELLS = 64, BATCH = 1000 };

struct line {
  _Alignas(64) _Atomic uint64_t number;
  uint64_t stamp;
};

/* A cell is full once it has the number of its position, counted from 1. */
struct cell {
  _Alignas(64) _Atomic uint64_t number;
  uint64_t words[7];
};

struct memory {
  struct line there, back;
  struct cell out[CELLS], in[CELLS];
};

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static inline void await(_Atomic uint64_t *number, uint64_t wanted) {
  while (atomic_load_explicit(number, memory_order_acquire) != wanted) relax();
}

static inline void put(struct line *line, uint64_t number, int stamped) {
  if (stamped) line->stamp = now_ns();
  atomic_store_explicit(&line->number, number, memory_order_release);
}

static inline void push(struct cell *ring, uint64_t number, const uint64_t *words) {
  struct cell *cell = &ring[number % CELLS];
  memcpy(cell->words, words, sizeof cell->words);
  atomic_store_explicit(&cell->number, number, memory_order_release);
}

static inline void pop(struct cell *ring, uint64_t number, uint64_t *words) {
  struct cell *cell = &ring[number % CELLS];
  await(&cell->number, number);
  memcpy(words, cell->words, sizeof cell->words);
}

/* The other side answers whatever comes. */
static void answer(struct memory *memory, uint64_t *times, uint64_t count) {
  uint64_t total = WARM_UP + count, number = 0, words[7];
  for (uint64_t index = 0; index < total; index++) {
    await(&memory->there.number, ++number);
    uint64_t time = now_ns() - memory->there.stamp;
    if (index >= WARM_UP) times[index - WARM_UP] = time;
    put(&memory->back, number, 1);
  }
  for (uint64_t index = 0; index < total; index++) {
    await(&memory->there.number, ++number);
    put(&memory->back, number, 0);
  }
  for (uint64_t index = 1; index <= total; index++) {
    pop(memory->out, index, words);
    push(memory->in, index, words);
  }
}

/* Round trips whose time is taken together: either process may lose its core for a while. */
static void note(uint64_t *batches, uint64_t done, uint64_t *start) {
  if (done < WARM_UP || (done - WARM_UP) % BATCH != 0) return;
  uint64_t now = now_ns();
  if (done > WARM_UP) batches[(done - WARM_UP) / BATCH - 1] = now - *start;
  *start = now;
}

static void ask(struct memory *memory, uint64_t *number, uint64_t count, uint64_t *batches) {
  uint64_t start = 0;
  for (uint64_t done = 0; done < WARM_UP + count; done++) {
    if (batches != NULL) note(batches, done, &start);
    put(&memory->there, ++*number, batches == NULL);
    await(&memory->back.number, *number);
  }
  if (batches != NULL) note(batches, WARM_UP + count, &start);
}

static void ask_by_ring(struct memory *memory, uint64_t count, uint64_t *batches) {
  uint64_t start = 0, words[7] = {0}, got[7];
  for (uint64_t index = 1; index <= WARM_UP + count; index++) {
    note(batches, index - 1, &start);
    words[0] = index;
    push(memory->out, index, words);
    pop(memory->in, index, got);
    if (got[0] != index) {
      fprintf(stderr, "descriptor %lu instead of %lu\n", (unsigned long)got[0], (unsigned long)index);
      exit(1);
    }
  }
  note(batches, WARM_UP + count, &start);
}

int main(int argc, char **words) {
  if (argc != 3) {
    fprintf(stderr, "usage: spin COUNT free|across\n");
    return 2;
  }
  uint64_t count = strtoull(words[1], NULL, 10), number = 0;
  struct memory *memory = shared(sizeof *memory);
  uint64_t *times = shared(count * sizeof *times);
  pid_t child = fork_child(is_across(words[2]));
  if (child == 0) {
    answer(memory, times, count);
    _exit(0);
  }
  uint64_t *batches = shared(count / BATCH * sizeof *batches);
  ask(memory, &number, count, NULL);
  ask(memory, &number, count, batches);
  double line = median(batches, count / BATCH) / BATCH;
  ask_by_ring(memory, count, batches);
  double ring = median(batches, count / BATCH) / BATCH;
  await_child(child);
  printf("{\"oneWay\":%.0f,\"line\":%.1f,\"ring\":%.1f}\n", median(times, count), line, ring);
  return 0;
}
