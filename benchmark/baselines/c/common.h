/* What the C baselines share: the clock, cores, shared memory, the middle of many figures. */
#pragma once
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline void die(const char *what) {
  perror(what);
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void sleep_until(uint64_t ns) {
  struct timespec time = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0) continue;
}

/* This process runs on `cpu` only from now on. */
static inline void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) die("sched_setaffinity");
}

/* Memory that processes forked from now on share. */
static inline void *shared(size_t bytes) {
  int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) die("mmap");
  return memory;
}

/* A child that dies with its parent; with `across`, parent on the first core, it on the second. */
static inline pid_t fork_child(int across) {
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (across) pin(child == 0 ? 1 : 0);
  return child;
}

static inline void await_child(pid_t child) {
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) {
    fprintf(stderr, "the other process has failed\n");
    exit(1);
  }
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* The middle of `count` values, which are put in order. */
static inline double median(uint64_t *values, size_t count) {
  qsort(values, count, sizeof *values, compare);
  return (double)values[count / 2];
}

/* The last argument: whether the two processes are to be on different cores. */
static inline int is_across(const char *word) {
  if (strcmp(word, "across") == 0) return 1;
  if (strcmp(word, "free") == 0) return 0;
  fprintf(stderr, "free or across, not %s\n", word);
  exit(2);
}
