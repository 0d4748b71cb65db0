// SPDX-License-Identifier: Apache-2.0
// A correct softmax whose library starts a thread when it is loaded, which makes all calls: a copy
// of the process has none.
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

#include "kernels/softmark.h"

static sem_t asked, answered;
static const softmark_args* args;

static void softmax(void) {
  for (size_t r = 0; r < args->rows; ++r) {
    const float* x = (const float*)args->x + r * args->x_stride;
    float* y = (float*)args->y + r * args->y_stride;
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < args->cols; ++i) max = x[i] > max ? x[i] : max;
    for (size_t i = 0; i < args->cols; ++i) sum += exp(x[i] - max);
    for (size_t i = 0; i < args->cols; ++i) y[i] = (float)(exp(x[i] - max) / sum);
  }
}

static void* serve(void* unused) {
  for (;;) {
    sem_wait(&asked);
    softmax();
    sem_post(&answered);
  }
  return unused;
}

__attribute__((constructor)) static void load(void) {
  sem_init(&asked, 0, 0);
  sem_init(&answered, 0, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, serve, NULL);
}

static int run(const softmark_args* given) {
  args = given;
  sem_post(&asked);
  sem_wait(&answered);
  return 0;
}

__attribute__((visibility("default"))) const softmark_kernel* softmark_plugin(uint32_t abi_version,
                                                                              size_t* count) {
  static const softmark_kernel all[] = {{"threaded_library", "softmax by the library's thread",
                                         SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN,
                                         INFINITY, run}};
  *count = 1;
  return abi_version == SOFTMARK_ABI_VERSION ? all : NULL;
}
