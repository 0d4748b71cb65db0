// SPDX-License-Identifier: Apache-2.0
#include "bench/copy.h"

#include <algorithm>
#include <cstring>

namespace softmark::bench {

int copy_bytes(const softmark_args* args) {
  const std::size_t bytes = args->cols;
  if (args->threads <= 1) {
    std::memcpy(args->y, args->x, bytes);
    return 0;
  }
  const std::size_t threads = static_cast<std::size_t>(args->threads);
  const std::size_t share = ((bytes + threads - 1) / threads + 63) / 64 * 64;
#pragma omp parallel for num_threads(args->threads) schedule(static, 1)
  for (std::size_t part = 0; part < threads; ++part) {
    const std::size_t begin = std::min(bytes, part * share), end = std::min(bytes, begin + share);
    std::memcpy(static_cast<char*>(args->y) + begin, static_cast<const char*>(args->x) + begin, end - begin);
  }
  return 0;
}

}  // namespace softmark::bench
