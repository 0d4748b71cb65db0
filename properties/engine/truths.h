// SPDX-License-Identifier: Apache-2.0
// Exact values and bounds of the rows that a kernel is tried on. Several properties try the same
// rows, kernels of one op and type too: each is computed once.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "reference/reference.h"
#include "support/shared_table.h"

namespace softmark {

/// The exact outputs of one row and the bound of each.
struct Truth {
  std::span<const Exact> exact;
  std::span<const Bound> bound;
};

/// What is known of a row's results, valid for the same bits: kernels give most rows the same
/// results again and again, which need not be judged anew.
struct JudgedRow {
  std::vector<double> y;
  bool is_within = false;      // its least bounds
  bool keeps_promise = false;  // of its entry
  bool is_plain = false;       // the plainest call gives the same bits
};

/// Of one kernel. What it returns is valid until it is asked for another row.
class Truths {
 public:
  /// `table`: the descriptor of a SharedTable for all kernels of the op and type; -1: none.
  explicit Truths(int table);
  ~Truths();

  std::span<const Exact> exact(const Problem& problem);
  const Truth& with_bounds(const Problem& problem);
  /// The same with least_bounds, until the others are asked for.
  const Truth& with_least_bounds(const Problem& problem);
  /// Of a row's results, the last ones that were asked for.
  JudgedRow& judged(const Problem& problem, std::span<const double> y);

  /// The outputs decided so far, by the tier that decided them; a row that is still known is
  /// counted once.
  const Certificate& certificate() const { return certificate_; }

 private:
  struct Row;
  struct Cache;
  Row& row(const Problem& problem);
  Row& kept_row(const Problem& problem);

  std::unique_ptr<Cache> cache_;
  SharedTable table_;
  Certificate certificate_;
};

}  // namespace softmark
