// SPDX-License-Identifier: Apache-2.0
// In the measuring child: the memory that a kernel is timed on.
#pragma once

#include <cstddef>
#include <string>

#include "bench/inputs.h"
#include "bench/process.h"

namespace softmark::bench {

/// One set of buffers, or many to rotate over, so that each call finds its own set cold.
class Buffers {
 public:
  Buffers(const softmark_args& first, std::size_t count, std::size_t spacing, std::string pages);
  const softmark_args& first() const { return first_; }
  const softmark_args& rotate() {
    if (count_ == 1) return first_;
    next_ += step_;
    if (next_ >= count_) next_ -= count_;
    return point();
  }
  /// The pages that the system gave: "2m", "4k", or "mixed" where only some are large.
  const std::string& pages() const { return pages_; }

 private:
  const softmark_args& point();

  softmark_args first_, at_;
  std::size_t count_, spacing_, step_ = 1, next_ = 0;
  std::string pages_;
};

/// The arrays of a kernel, or the bytes that a ceiling reads and writes.
Layout layout_for(const Replicate& replicate);

/// Maps and touches every page, and fills the inputs of every set. The memory is kept until the
/// process ends. Throws Error(kNotMeasurable) where there is not enough.
Buffers prepare(const Replicate& replicate, const std::byte* inputs);

}  // namespace softmark::bench
