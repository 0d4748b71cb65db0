// SPDX-License-Identifier: Apache-2.0
// A sweep in ranges, which may be gone through in any order, by any process: their results join to
// that of the whole sweep, bit for bit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "properties/sweeps/sweep.h"

namespace softmark {

class SweptRanges {
 public:
  explicit SweptRanges(const Sweep& sweep) : sweep_(sweep) {}

  /// What is not yet done, in ranges of at most `most` inputs, in order.
  std::vector<SweepRange> missing(std::uint64_t most) const;
  /// The result of a range that was missing, or of its start, where it ended early.
  void add(SweepResult result);
  std::uint64_t inputs() const;
  /// In the order of the set. Where a range failed, what comes after it is left out: a sweep that
  /// goes through the set whole ends there too.
  SweepResult joined() const;

 private:
  const Sweep& sweep_;
  std::map<std::uint64_t, SweepResult> results_;  // by where they begin; neighbours are joined
};

/// How many inputs a piece should have, so that each of `workers` gets enough of them to end when
/// the others do.
std::uint64_t inputs_of_piece(std::uint64_t inputs, int workers);

/// A range's result between processes, and in a journal: without any loss.
std::string range_message(const SweepResult& result);
SweepResult range_of_message(const std::string& message);

}  // namespace softmark
