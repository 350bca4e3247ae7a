/*
 * `wake futex|poll 60hz|hot COUNT free|across`: one process sleeps until the other wakes it, and
 * prints the p50, in microseconds, from right before the store (or the write into a pipe) to the
 * first line that runs after the sleep.
 *
 * - futex: FUTEX_WAIT on a word; poll: poll() on a pipe, and a read.
 * - 60hz: every 1/60 s on an absolute schedule; hot: as soon as the other has answered in the
 *   same way, so that each sleeps while the other runs.
 */
#include "common.h"
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>

enum { WARM_UP = 1000, SETTLE = 15, PERIOD_NS = 16666667, WARM_UP_PERIOD_NS = 1000000 };

/* One direction. */
struct way {
  _Alignas(64) _Atomic uint32_t word;
  uint64_t stamp;
  _Alignas(64) int ends[2];
};

static int by_futex;

static void ring(struct way *way) {
  if (!by_futex) {
    uint64_t stamp = now_ns();
    if (write(way->ends[1], &stamp, sizeof stamp) != sizeof stamp) die("write");
    return;
  }
  way->stamp = now_ns();
  atomic_fetch_add_explicit(&way->word, 1, memory_order_release);
  syscall(SYS_futex, &way->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Sleeps until the `number`th ring, counted from 1; gives what passed since then. */
static uint64_t await_ring(struct way *way, uint32_t number) {
  if (by_futex) {
    /* It may be further already where this process did not get a core for a while. */
    while ((int32_t)(atomic_load_explicit(&way->word, memory_order_acquire) - number) < 0)
      syscall(SYS_futex, &way->word, FUTEX_WAIT, number - 1, NULL, NULL, 0);
    return now_ns() - way->stamp;
  }
  struct pollfd wanted = {way->ends[0], POLLIN, 0};
  while (poll(&wanted, 1, -1) != 1) continue;
  uint64_t now = now_ns(), stamp;
  if (read(way->ends[0], &stamp, sizeof stamp) != sizeof stamp) die("read");
  return now - stamp;
}

static void sleeper(struct way *ways, uint64_t *times, uint32_t count, int hot) {
  for (uint32_t number = 1; number <= WARM_UP + SETTLE + count; number++) {
    uint64_t time = await_ring(&ways[0], number);
    if (number > WARM_UP + SETTLE) times[number - WARM_UP - SETTLE - 1] = time;
    if (hot) ring(&ways[1]);
  }
}

static void waker(struct way *ways, uint32_t count, int hot) {
  uint64_t due = now_ns() + 50 * WARM_UP_PERIOD_NS;
  for (uint32_t number = 1; number <= WARM_UP + SETTLE + count; number++) {
    if (!hot) {
      sleep_until(due);
      due += number < WARM_UP ? WARM_UP_PERIOD_NS : PERIOD_NS;
    }
    ring(&ways[0]);
    if (hot) await_ring(&ways[1], number);
  }
}

int main(int argc, char **words) {
  if (argc != 5) {
    fprintf(stderr, "usage: wake futex|poll 60hz|hot COUNT free|across\n");
    return 2;
  }
  by_futex = strcmp(words[1], "futex") == 0;
  int hot = strcmp(words[2], "hot") == 0;
  uint32_t count = (uint32_t)strtoul(words[3], NULL, 10);
  struct way *ways = shared(2 * sizeof *ways);
  uint64_t *times = shared(count * sizeof *times);
  if (pipe(ways[0].ends) != 0 || pipe(ways[1].ends) != 0) die("pipe");
  pid_t child = fork_child(is_across(words[4]));
  if (child == 0) {
    sleeper(ways, times, count, hot);
    _exit(0);
  }
  waker(ways, count, hot);
  await_child(child);
  printf("{\"p50\":%.2f}\n", median(times, count) / 1000);
  return 0;
}
