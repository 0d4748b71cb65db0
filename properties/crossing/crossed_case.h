// SPDX-License-Identifier: Apache-2.0
// Calls made from assignments of classes.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "kernels/case.h"
#include "properties/crossing/factors.h"
#include "properties/rows/rows.h"

namespace softmark::crossing {

/// Makes the cases of one kernel. Rows repeat from case to case, so that their exact values are
/// computed once.
class CaseMaker {
 public:
  CaseMaker(const Kernel& kernel, Effort effort)
      : kernel_(kernel),
        most_outputs_(most_outputs(effort)),
        calls_of_two_(effort == Effort::quick ? 3 : 6) {}

  Case make(const Assignment& a);

 private:
  struct Shape {
    std::size_t rows, cols;
  };
  Shape shape_of(const Assignment& a);
  /// An ordinary row: logits, or what the op takes instead.
  const std::vector<double>& row(Kind kind, std::size_t cols, std::size_t variant);
  std::vector<double> cotangents(Cotangent kind, std::size_t cols, std::size_t at, std::size_t row);
  void fill(Case& c, const Assignment& a);
  void fill_cotangents(Case& c, const Assignment& a, std::size_t at);
  void lay_out(Case& c, const Assignment& a);
  void set_padding(Case& c, const Assignment& a);
  void set_caller(Case& c, const Assignment& a);
  std::size_t column_of(Place place, std::size_t cols);
  /// 0, 1, 2, ... for each factor: which number of a class comes next.
  std::size_t turn(std::size_t factor) { return turns_[factor]++; }

  const Kernel& kernel_;
  const std::size_t most_outputs_;
  const int calls_of_two_;  // of each of two callers
  std::map<std::array<std::size_t, 3>, std::vector<double>> rows_;
  std::size_t kept_ = 0;  // values in rows_
  std::array<std::size_t, kFactors> turns_ = {};
};

/// Puts the special values into a row. `at`: their column, or where a run of masks starts or ends.
void make_special(std::vector<double>& row, Special special, std::size_t at, softmark_dtype dtype);

/// What the array leaves out or holds too seldom: calls by two threads, many rows of some
/// length with one bad row, rows past 16 bits with several columns, and at thorough past 2^20
/// columns.
std::vector<Case> single_cases(const Kernel& kernel, Effort effort);

}  // namespace softmark::crossing
