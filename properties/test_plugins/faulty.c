/* SPDX-License-Identifier: Apache-2.0
 * Kernels that crash, hang or misbehave on a row that holds a NaN (a few: on long rows), and are
 * right otherwise. */
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/softmark.h"

static int has_nan(const softmark_args *a) {
  for (size_t r = 0; r < a->rows; ++r)
    for (size_t c = 0; c < a->cols; ++c)
      if (isnan(((const float *)a->x)[r * a->x_stride + c])) return 1;
  return 0;
}

static int softmax(const softmark_args *a) {
  for (size_t r = 0; r < a->rows; ++r) {
    const float *x = (const float *)a->x + r * a->x_stride;
    float *y = (float *)a->y + r * a->y_stride;
    float max = -INFINITY;
    double sum = 0;
    for (size_t c = 0; c < a->cols; ++c) max = x[c] > max ? x[c] : max;
    for (size_t c = 0; c < a->cols; ++c) sum += exp((double)x[c] - max);
    for (size_t c = 0; c < a->cols; ++c) y[c] = (float)(exp((double)x[c] - max) / sum);
  }
  return 0;
}

static int segfault(const softmark_args *a) {
  /* Both volatile, or the compiler removes the invalid write. */
  volatile int *volatile nowhere = NULL;
  if (has_nan(a)) *nowhere = 1;
  return softmax(a);
}
static int aborts(const softmark_args *a) {
  if (has_nan(a)) abort();
  return softmax(a);
}
static int exits(const softmark_args *a) {
  if (has_nan(a)) exit(0);
  return softmax(a);
}
static int hangs(const softmark_args *a) {
  while (has_nan(a)) pause();
  return softmax(a);
}

/* Handles one row per call, and misses a NaN at a place that a sweep tests in batches only. */
static int overlooks_nan_in_its_one_row(const softmark_args *a) {
  if (a->rows > 1) return 1;
  const int status = softmax(a);
  if (a->cols == 53 && isnan(((const float *)a->x)[49]))
    for (size_t k = 0; k < a->cols; ++k) ((float *)a->y)[k] = 0;
  return status;
}
static int hangs_on_long_rows(const softmark_args *a) {
  while (a->cols > 100000) pause();
  return softmax(a);
}

static int smashes_stack(const softmark_args *a) {
  char small[16];
  /* Volatile, or the compiler concludes that the loop ends in time. */
  volatile char *volatile from = small;
  for (size_t i = 0, most = has_nan(a) ? 1 << 16 : 16; i < most; ++i) from[i] = (char)i;
  return softmax(a);
}
static int overflows_stack(const softmark_args *a) {
  volatile char large[1 << 16];
  large[0] = 1;
  return has_nan(a) ? overflows_stack(a) + large[0] : softmax(a);
}
static int closes_descriptors(const softmark_args *a) {
  for (int fd = 0; has_nan(a) && fd < 256; ++fd) close(fd);
  return softmax(a);
}
static int blocks_signals_and_hangs(const softmark_args *a) {
  sigset_t all;
  sigfillset(&all);
  if (has_nan(a)) sigprocmask(SIG_BLOCK, &all, NULL);
  while (has_nan(a)) pause();
  return softmax(a);
}
/* A grandchild in a session of its own that holds every pipe open: the parent must not wait for it
 * and must end it. */
static int leaves_daemon(const softmark_args *a) {
  if (has_nan(a) && fork() == 0) {
    setsid();
    if (fork() == 0) sleep(3600);
    _exit(0);
  }
  return softmax(a);
}
static int leaves_daemon_and_dies(const softmark_args *a) {
  leaves_daemon(a);
  if (has_nan(a)) abort();
  return 0;
}
static int floods_output(const softmark_args *a) {
  for (int i = 0; has_nan(a) && i < 10000; ++i)
    if (write(1, "{\"section\":\"properties\"}\n", 26) < 0) return 1;
  return softmax(a);
}
static int hoards_memory(const softmark_args *a) {
  for (size_t chunk = (size_t)64 << 20; has_nan(a);) memset(malloc(chunk), 1, chunk);
  return softmax(a);
}
static int kills_parent(const softmark_args *a) {
  if (has_nan(a)) kill(getppid(), SIGKILL);
  return softmax(a);
}
static int kills_itself(const softmark_args *a) {
  if (has_nan(a)) raise(SIGKILL);
  return softmax(a);
}
/* Writes to the worker's channel. */
static int answers_for_itself(const softmark_args *a) {
  const char lie[64] = {0};
  if (has_nan(a) && write(3, lie, sizeof lie) < 0) return 1;
  return softmax(a);
}

#define KERNEL(name, run)                                                                        \
  {                                                                                              \
    name, "faulty on purpose", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY, \
        run                                                                                      \
  }

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  static const softmark_kernel kernels[] = {KERNEL("segfault", segfault),
                                            KERNEL("abort", aborts),
                                            KERNEL("exit", exits),
                                            KERNEL("hang", hangs),
                                            KERNEL("hang_on_long_rows", hangs_on_long_rows),
                                            KERNEL("one_row", overlooks_nan_in_its_one_row),
                                            KERNEL("stack_smash", smashes_stack),
                                            KERNEL("stack_overflow", overflows_stack),
                                            KERNEL("closed_descriptors", closes_descriptors),
                                            KERNEL("blocked_signals", blocks_signals_and_hangs),
                                            KERNEL("daemon", leaves_daemon),
                                            KERNEL("daemon_and_abort", leaves_daemon_and_dies),
                                            KERNEL("flood", floods_output),
                                            KERNEL("hoard", hoards_memory),
                                            KERNEL("kill_parent", kills_parent),
                                            KERNEL("kill_itself", kills_itself),
                                            KERNEL("false_answer", answers_for_itself)};
  if (abi_version != SOFTMARK_ABI_VERSION) return NULL;
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}
