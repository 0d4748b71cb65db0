// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace softmark {

/// A real number known to lie in `value` and, where `side` is not 0, strictly above (1) or below
/// (-1) the exact number `limit`. A limit that is not a single number is ignored. Without the side
/// it takes 1500 bits to distinguish 1 - exp(-1000) from 1, whose ulp is twice as large, or from a
/// tie.
template <class Number>
struct Sided {
  Number value;
  Number limit = {};
  int side = 0;
};

}  // namespace softmark
