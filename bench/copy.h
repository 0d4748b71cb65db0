// SPDX-License-Identifier: Apache-2.0
// The ceiling: memcpy, in a kernel's clothes so that it is timed by the same path.
#pragma once

#include "kernels/softmark.h"

namespace softmark::bench {

/// Copies args->cols bytes from x to y on args->threads threads, each a contiguous share that starts on a cache line.
int copy_bytes(const softmark_args* args);

}  // namespace softmark::bench
