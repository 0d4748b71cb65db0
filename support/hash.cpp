// SPDX-License-Identifier: Apache-2.0
#include "support/hash.h"

#include "support/files.h"

namespace softmark {

std::uint64_t hash_of_program() {
  constexpr std::size_t kMostBytes = std::size_t{1} << 30;
  static const std::uint64_t hash = fnv1a(read_file("/proc/self/exe", kMostBytes));
  return hash;
}

}  // namespace softmark
