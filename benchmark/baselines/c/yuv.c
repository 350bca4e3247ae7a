/*
 * `yuv WIDTH HEIGHT SLOTS COUNT`: libyuv from Y U Y V to red, green, blue, into each of SLOTS places
 * in turn, whole pictures and strips that fit the cache, by the two ways that it has. Prints the
 * p50 of a picture in microseconds by the quickest of the four.
 */
#include "common.h"
#include <libyuv.h>

#define STRIP 16

static uint8_t *between;

/* Through 32-bit pixels. */
static void by_argb(const uint8_t *from, uint8_t *to, int width, int rows) {
  YUY2ToARGB(from, width * 2, between, width * 4, width, rows);
  ARGBToRAW(between, width * 4, to, width * 3, width, rows);
}

/* Through planes. */
static void by_planes(const uint8_t *from, uint8_t *to, int width, int rows) {
  uint8_t *u = between + (size_t)width * rows, *v = u + (size_t)width / 2 * rows;
  YUY2ToI422(from, width * 2, between, width, u, width / 2, v, width / 2, width, rows);
  I422ToRGB24Matrix(between, width, v, width / 2, u, width / 2, to, width * 3,
                    &kYvuI601Constants, width, rows);
}

typedef void (*Way)(const uint8_t *, uint8_t *, int, int);

int main(int argc, char **words) {
  if (argc != 5) {
    fprintf(stderr, "usage: yuv WIDTH HEIGHT SLOTS COUNT\n");
    return 2;
  }
  int width = atoi(words[1]), height = atoi(words[2]);
  size_t slots = strtoull(words[3], NULL, 10), count = strtoull(words[4], NULL, 10);
  size_t from_bytes = (size_t)width * height * 2, to_bytes = (size_t)width * height * 3;
  uint8_t *source = malloc(from_bytes), *memory = shared(to_bytes * slots);
  uint64_t *times = malloc(count * sizeof *times);
  between = malloc((size_t)width * height * 4);
  if (source == NULL || times == NULL || between == NULL) die("malloc");
  for (size_t index = 0; index < from_bytes; index++) source[index] = (uint8_t)(index * 7 >> 3);
  memset(memory, 1, to_bytes * slots);
  Way ways[] = {by_argb, by_planes};
  double best = 1e30;
  for (size_t way = 0; way < 4; way++) {
    int rows = way < 2 ? height : STRIP;
    for (size_t index = 0; index < count; index++) {
      uint8_t *to = memory + index % slots * to_bytes;
      uint64_t start = now_ns();
      for (int y = 0; y < height; y += rows) {
        int left = height - y < rows ? height - y : rows;
        ways[way % 2](source + (size_t)y * width * 2, to + (size_t)y * width * 3, width, left);
      }
      times[index] = now_ns() - start;
    }
    double p50 = median(times, count);
    if (p50 < best) best = p50;
  }
  printf("{\"libyuv\":%.1f}\n", best / 1000);
  return 0;
}
