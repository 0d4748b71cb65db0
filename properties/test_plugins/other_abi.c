/* SPDX-License-Identifier: Apache-2.0
 * A plugin built for another ABI version. */
#include "kernels/softmark.h"

const softmark_kernel *softmark_plugin(uint32_t abi_version, size_t *count) {
  (void)abi_version;
  *count = 0;
  return NULL;
}
