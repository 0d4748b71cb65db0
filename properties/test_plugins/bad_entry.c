/* SPDX-License-Identifier: Apache-2.0
 * A plugin whose one entry, or whose loading, is wrong in the way that SOFTMARK_BAD_ENTRY names. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/softmark.h"

static int run(const softmark_args *args) {
  (void)args;
  return 1;
}

static int chosen(const char *what) {
  const char *name = getenv("SOFTMARK_BAD_ENTRY");
  return name && strcmp(name, what) == 0;
}

__attribute__((constructor)) static void load(void) {
  if (chosen("load exits")) _exit(0);
  if (chosen("load aborts")) abort();
  if (chosen("load prints and fails")) {
    fputs("cannot find the licence\n\033[31mred", stderr);
    fflush(stderr);
    _exit(9);
  }
  if (chosen("load closes the channel")) close(3);
  if (chosen("load writes to the channel")) {
    const char junk[64] = "junk";
    if (write(3, junk, sizeof junk) < 0) abort();
  }
  if (chosen("load kills itself")) raise(9);
}

static char long_name[1 << 20];

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  static softmark_kernel entries[2];
  softmark_kernel entry = {"bad",    "", SOFTMARK_SOFTMAX, SOFTMARK_F32, 0, SOFTMARK_MASKED_NAN,
                           INFINITY, run};
  (void)abi_version;
  *count = 1;
  if (chosen("name NULL")) entry.name = NULL;
  if (chosen("name empty")) entry.name = "";
  if (chosen("name slash")) entry.name = "a/b";
  if (chosen("name space")) entry.name = "a b";
  if (chosen("name newline")) entry.name = "a\nb";
  if (chosen("name latin1")) entry.name = "na\xefve";
  if (chosen("name quote")) entry.name = "a'; id; '";
  if (chosen("name glob")) entry.name = "*";
  if (chosen("name dangling")) entry.name = (const char *)(uintptr_t)64;
  if (chosen("name long")) entry.name = memset(long_name, 'a', sizeof long_name - 1);
  if (chosen("op -1")) entry.op = (softmark_op)-1;
  if (chosen("op 99")) entry.op = (softmark_op)99;
  if (chosen("dtype -1")) entry.dtype = (softmark_dtype)-1;
  if (chosen("dtype 99")) entry.dtype = (softmark_dtype)99;
  if (chosen("masked_row 9")) entry.masked_row = (softmark_masked_row)9;
  if (chosen("max_ulp -1")) entry.max_ulp = -1;
  if (chosen("max_ulp nan")) entry.max_ulp = NAN;
  if (chosen("claims 0xff")) entry.claims = 0xff;
  if (chosen("run NULL")) entry.run = NULL;
  if (chosen("summary dangling")) entry.summary = (const char *)(uintptr_t)64;
  if (chosen("count 0")) *count = 0;
  if (chosen("count huge")) *count = (size_t)1 << 60;
  if (chosen("entries NULL")) return NULL;
  if (chosen("entries dangling")) return (const softmark_kernel *)(uintptr_t)64;
  if (chosen("asked exits")) exit(0);
  if (chosen("asked aborts")) abort();
  entries[0] = entries[1] = entry;
  if (chosen("two alike")) *count = 2;
  return entries;
}
