// SPDX-License-Identifier: Apache-2.0
// Rows in which softmax defects hide, by family; seeded, portable, every value one of the type.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/case.h"
#include "kernels/softmark.h"

namespace softmark {

/// A counter-free generator whose numbers are the same everywhere (SplitMix64, Steele, Lea and
/// Flood 2014).
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  double uniform();  // [0, 1)
  double uniform(double low, double high);
  double normal();                   // N(0, 1)
  std::size_t below(std::size_t n);  // 0 .. n-1

 private:
  std::uint64_t state_;
};

enum class Family {
  normal,
  wide,
  flat,
  equal,
  peaked,
  offset,
  subnormal,
  cutoff,
  reduction,
  ties,
  grid,
  zeros,
  tiny,
  large,
  masked,
  ascending,
  descending,
  swamping,
  nan,
  infinite,
  all_masked
};

struct FamilyInfo {
  std::string_view name, meaning;
};
const FamilyInfo& info(Family family);

/// Every family of finite logits (masked -inf entries included); then those with NaN, +inf or
/// nothing unmasked. In a type without infinities its largest values stand for them.
std::span<const Family> finite_families();
std::span<const Family> special_families();

std::vector<double> make_logits(Family family, softmark_dtype dtype, std::size_t cols, Rng& rng);

/// A whole case of an op: logits of the family, or for the vector-Jacobian products the
/// probabilities (log-probabilities, sigmoids) that they give, rounded to the type; non-uniform
/// cotangents; labels spread over the columns.
Case make_case(softmark_op op, softmark_dtype dtype, Family family, std::size_t rows,
               std::size_t cols, Rng& rng);

}  // namespace softmark
