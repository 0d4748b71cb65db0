// SPDX-License-Identifier: Apache-2.0
// Intervals of any precision (MPFI through Boost.Multiprecision), the functions that the formulas
// need, and the result that an interval decides. Include it in few files: its headers compile
// slowly.
#pragma once

#include <boost/multiprecision/mpfi.hpp>
#include <optional>

#include "reference/reference.h"
#include "reference/sided.h"

namespace softmark {

using Interval = boost::multiprecision::number<boost::multiprecision::mpfi_float_backend<0>,
                                               boost::multiprecision::et_off>;

/// Makes `bits` (at least) the precision of every Interval that this thread makes while it lives.
class PrecisionScope {
 public:
  explicit PrecisionScope(long bits);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  unsigned before_;
};

/// The rounding and the residual, where the enclosure leaves one rounding, one binade and 2^-20
/// ulp.
std::optional<Exact> certify(const Sided<Interval>& number, softmark_dtype dtype);

Interval exp_of(const Interval& t);
Interval log1p_of(const Interval& value);
int sign_of(const Interval& value);
/// inf * value: by IEEE NaN where the value is 0; anything where its sign is not known.
Interval infinite_times(const Interval& value);

/// [0, 2^exponent]: all that need be known of a number too small to matter.
Interval up_to_power(long exponent);

}  // namespace softmark
