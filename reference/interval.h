// SPDX-License-Identifier: Apache-2.0
// Intervals of any precision (MPFI through Boost.Multiprecision) and the decision that an interval allows.
// Included by few files only: the headers behind it are slow to compile.
#pragma once

#include <boost/multiprecision/mpfi.hpp>
#include <optional>

#include "reference/reference.h"

namespace softmark {

using Interval = boost::multiprecision::number<boost::multiprecision::mpfi_float_backend<0>, boost::multiprecision::et_off>;

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

/// A real number known to lie in `value` and, where `side` is not 0, strictly above (1) or below (-1) `limit`, which
/// counts only where it is a point: one number, exactly. Without the side, e.g. 1 - exp(-1000) would be told from 1
/// (whose ulp is twice as large), or from a tie, with 1500 bits only.
struct Enclosed {
  Interval value;
  Interval limit = 0;
  int side = 0;
};

/// The rounding and the residual, where the enclosure leaves one rounding, one binade and 2^-20 ulp.
std::optional<Exact> certify(const Enclosed& enclosed, softmark_dtype dtype);

/// [0, 2^exponent]: all that need be known of a number too small to matter.
Interval up_to_power(long exponent);

}  // namespace softmark
