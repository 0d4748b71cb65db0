// SPDX-License-Identifier: Apache-2.0
// What a ranking comes to: which kernel to use at a shape, and how sure that is.
#pragma once

#include <string>
#include <vector>

#include "reports/view.h"

namespace softmark {

struct Decision {
  const Entry* winner = nullptr;  // null: no kernel that passed was timed
  /// The ranked kernels up to the first that can be distinguished from the fastest, by time, but
  /// the winner: of these and it the one whose largest error is the smallest share of its bound,
  /// or, with equal shares, fewest ulp.
  std::vector<const Entry*> tied;
  const Entry* next = nullptr;  // that first one; null: none
  std::string sentence;         // "Use simd: 0.276 ns per element at ..., error ..."
  std::string sure;             // the interval and its replicates, ties, the next kernel
};

Decision decide(const View& view, const Ranking& ranking);

/// Processes that a measurement was replicated over; 0 where unknown.
std::size_t replicates(const Json& measurement);

}  // namespace softmark
