// SPDX-License-Identifier: Apache-2.0
// Consecutive inputs of a sweep: the arrays of one call, and its outputs as numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "properties/sweeps/sweep_set.h"

namespace softmark {

class SweepChunk {
 public:
  explicit SweepChunk(const SweepSet& set) : set_(set) {}

  /// Inputs first .. first + count - 1; the outputs become NaN.
  void fill(std::uint64_t first, std::size_t count);
  /// The call on them. Valid until the next fill; load_outputs() once it has been made.
  softmark_args arguments();
  void load_outputs();

  const SweepSet& set() const { return set_; }
  std::uint64_t first() const { return first_; }
  std::size_t count() const { return count_; }
  std::size_t outputs_each() const;  // of one input
  std::span<const float> x() const { return x_; }
  std::span<const float> y() const { return y_; }
  /// Input `index`, counted within the chunk.
  std::vector<double> row(std::size_t index) const;

 private:
  bool is_f32() const { return set_.dtype == SOFTMARK_F32; }

  const SweepSet& set_;
  std::uint64_t first_ = 0;
  std::size_t count_ = 0;
  std::vector<float> x_, y_;  // what a float32 kernel is called with
  std::vector<unsigned char> narrow_x_,
      narrow_y_;  // what a kernel of a narrower type is called with
};

}  // namespace softmark
