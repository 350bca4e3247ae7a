/*
 * `copy BYTES SLOTS COUNT`: memcpy from one source into shared memory that has been written
 * before. Prints the p50 of a copy in microseconds
 * - rotating: into each of SLOTS places in turn, as a publisher does;
 * - same: always into the same place, which may stay in the cache.
 */
#include "common.h"

int main(int argc, char **words) {
  if (argc != 4) {
    fprintf(stderr, "usage: copy BYTES SLOTS COUNT\n");
    return 2;
  }
  size_t bytes = strtoull(words[1], NULL, 10), slots = strtoull(words[2], NULL, 10);
  size_t count = strtoull(words[3], NULL, 10);
  char *memory = shared(bytes * slots), *source = malloc(bytes);
  uint64_t *rotating = malloc(count * sizeof *rotating), *same = malloc(count * sizeof *same);
  if (source == NULL || rotating == NULL || same == NULL) die("malloc");
  for (size_t index = 0; index < bytes; index++) source[index] = (char)(index * 7);
  memset(memory, 1, bytes * slots);
  for (size_t index = 0; index < count; index++) {
    uint64_t start = now_ns();
    memcpy(memory + index % slots * bytes, source, bytes);
    rotating[index] = now_ns() - start;
  }
  for (size_t index = 0; index < count; index++) {
    uint64_t start = now_ns();
    memcpy(memory, source, bytes);
    same[index] = now_ns() - start;
    /* Somebody may look at it: without this the copies before the last could be left out. */
    __asm__ volatile("" ::"r"(memory) : "memory");
  }
  if (memcmp(memory, source, bytes) != 0) {
    fprintf(stderr, "the copy differs\n");
    return 1;
  }
  double turns = median(rotating, count), one = median(same, count);
  printf("{\"rotating\":%.1f,\"same\":%.1f}\n", turns / 1000, one / 1000);
  return 0;
}
