// SPDX-License-Identifier: Apache-2.0
// The errors of a chunk's outputs, and the order of them.
#pragma once

#include <vector>

#include "properties/sweeps/sweep.h"
#include "properties/sweeps/sweep_chunk.h"

namespace softmark {

/// Adds chunk after chunk, in the order of the set, to a result.
class SweepErrors {
 public:
  /// `masked_row` and `saturates`: as the entry of the kernel declares.
  SweepErrors(SweepResult& result, softmark_masked_row masked_row, bool saturates)
      : result_(result), masked_row_(masked_row), saturates_(saturates) {}
  void add(const SweepChunk& chunk);

 private:
  std::vector<Exact> exact_outputs(const SweepChunk& chunk, std::size_t input) const;
  void add_one_by_one(const SweepChunk& chunk);
  void add_in_bulk(const SweepChunk& chunk);
  void add_exactly(const SweepChunk& chunk, std::size_t output);
  void keep_worst(const SweepChunk& chunk, std::size_t output, double error, double want);
  void count_steps_down(const SweepChunk& chunk);

  SweepResult& result_;
  softmark_masked_row masked_row_;
  bool saturates_;
  std::vector<float> a_, b_, magnitudes_;  // buffers, kept from chunk to chunk
  std::vector<double> errors_;
};

}  // namespace softmark
