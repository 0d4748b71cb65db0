/* SPDX-License-Identifier: Apache-2.0
 * A library whose initialiser aborts the process. */
#include <stdlib.h>

#include "kernels/softmark.h"

__attribute__((constructor)) static void crash(void) { abort(); }

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  (void)abi_version;
  *count = 0;
  return NULL;
}
