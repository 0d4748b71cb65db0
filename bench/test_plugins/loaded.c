// SPDX-License-Identifier: Apache-2.0
// A kernel that accepts calls only in a copy of the process that loaded it; loading it starts a
// thread where $STARTS_A_THREAD is set.
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernels/softmark.h"

static pid_t loaded_in;

static void* wait(void* nothing) {
  pause();
  return nothing;
}

__attribute__((constructor)) static void loaded(void) {
  pthread_t thread;
  loaded_in = getpid();
  if (getenv("STARTS_A_THREAD")) pthread_create(&thread, NULL, wait, NULL);
}

static int run(const softmark_args* args) {
  if (getpid() == loaded_in) return 7;
  float* y = args->y;
  for (size_t i = 0; i < args->rows * args->cols; ++i) y[i] = 0.5F;
  return 0;
}

static const softmark_kernel kKernels[] = {
    {"copied", "half", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN, INFINITY, run},
};

const softmark_kernel* softmark_plugin(uint32_t abi_version, size_t* count) {
  *count = sizeof kKernels / sizeof *kKernels;
  return abi_version == SOFTMARK_ABI_VERSION ? kKernels : NULL;
}
