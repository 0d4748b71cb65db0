// SPDX-License-Identifier: Apache-2.0
// The inputs of a workload: the op's arrays in the element type, made once and shared with every
// child process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "bench/workload.h"
#include "kernels/softmark.h"

namespace softmark::bench {

inline constexpr std::size_t kLine = 64;  // bytes of a cache line

/// Sizes in bytes of one problem's arrays, and the offsets of the inputs in the shared file, which
/// are multiples of kLine.
struct Layout {
  std::size_t x_bytes, g_bytes, labels_bytes, y_bytes;
  std::size_t g_offset, labels_offset, file_bytes;

  /// Bytes that a kernel must at least move: every input read once, the output written once.
  std::size_t moved() const { return x_bytes + g_bytes + labels_bytes + y_bytes; }
};
/// Throws Error(kUsage) where the op's output on this shape cannot be addressed (a Jacobian of a
/// wide row).
Layout layout_of(softmark_op op, softmark_dtype dtype, std::size_t rows, std::size_t cols);

/// A sealed memory file that holds x, g and labels as `layout_of` places them. x is what the op
/// takes: logits, or their softmax, log-softmax or sigmoid by a plain float64 evaluation rounded to
/// the type. g is N(0,1), labels are uniform.
class SharedInputs {
 public:
  SharedInputs(softmark_op op, softmark_dtype dtype, const Workload& workload, std::uint64_t seed);
  ~SharedInputs();
  SharedInputs(const SharedInputs&) = delete;
  SharedInputs& operator=(const SharedInputs&) = delete;

  int fd() const { return fd_; }

 private:
  int fd_;
};

/// The inputs of each op and type on a workload, made when first used. Keeps a reference to the
/// workload.
class InputsCache {
 public:
  InputsCache(const Workload& workload, std::uint64_t seed) : workload_(workload), seed_(seed) {}
  int fd(softmark_op op, softmark_dtype dtype);

 private:
  const Workload& workload_;
  std::uint64_t seed_;
  std::map<std::pair<softmark_op, softmark_dtype>, std::unique_ptr<SharedInputs>> made_;
};

}  // namespace softmark::bench
