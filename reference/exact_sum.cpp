// SPDX-License-Identifier: Apache-2.0
#include "reference/exact_sum.h"

#include <cmath>
#include <cstddef>
#include <utility>

namespace softmark {
namespace {

struct TwoSum {
  double sum, rest;  // sum + rest is a + b exactly
};

TwoSum two_sum(double a, double b) {
  if (std::fabs(a) < std::fabs(b)) std::swap(a, b);
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

}  // namespace

ExactSum& ExactSum::operator+=(double term) {
  if (!parts_.empty() && std::isinf(parts_.back())) return *this;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const TwoSum two = two_sum(term, parts_[i]);
    if (two.rest != 0) parts_[kept++] = two.rest;
    term = two.sum;
  }
  if (std::isinf(term)) kept = 0;
  parts_.resize(kept);
  if (term != 0) parts_.push_back(term);
  return *this;
}

ExactSum& ExactSum::operator+=(const ExactSum& other) {
  const std::vector<double> parts = other.parts_;  // other may be this one
  for (const double part : parts) *this += part;
  return *this;
}

double ExactSum::rounded() const {
  if (parts_.empty()) return 0;
  std::size_t i = parts_.size() - 1;
  TwoSum two = {parts_[i], 0};
  while (i > 0 && two.rest == 0) two = two_sum(two.sum, parts_[--i]);
  // A tie was rounded to even without regard for the parts below it.
  const bool is_pushed = i > 0 && std::signbit(two.rest) == std::signbit(parts_[i - 1]);
  const double up = two.sum + 2 * two.rest;
  return is_pushed && up - two.sum == 2 * two.rest ? up : two.sum;
}

}  // namespace softmark
