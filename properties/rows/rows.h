// SPDX-License-Identifier: Apache-2.0
// Families of rows that expose softmax defects: seeded, portable, every value representable in the
// type.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/case.h"
#include "kernels/softmark.h"
#include "support/random.h"

namespace softmark {

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
  finite_mask,
  outlier,
  nan,
  infinite,
  all_masked
};

struct FamilyInfo {
  std::string_view name, meaning;
};
const FamilyInfo& info(Family family);

/// Every family without NaN and +inf (masked columns included); then those with NaN, +inf or
/// nothing but -inf. In a type without infinities its largest values stand for them.
std::span<const Family> finite_families();
std::span<const Family> special_families();

std::vector<double> make_logits(Family family, softmark_dtype dtype, std::size_t cols, Rng& rng);

/// A whole case of an op: logits of the family, or for the vector-Jacobian products their
/// probabilities (log-probabilities, sigmoids), rounded to the type; non-uniform cotangents; labels
/// spread over the columns.
Case make_case(softmark_op op, softmark_dtype dtype, Family family, std::size_t rows,
               std::size_t cols, Rng& rng);

}  // namespace softmark
