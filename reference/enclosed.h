// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace softmark {

/// A real number known to lie in `value` and, where `side` is not 0, strictly above (1) or below
/// (-1) `limit`, which counts only where it is one number, exactly. Without the side, e.g. 1 -
/// exp(-1000) would be told from 1 (whose ulp is twice as large), or from a tie, with 1500 bits
/// only.
template <class Number>
struct Enclosed {
  Number value;
  Number limit = {};
  int side = 0;
};

}  // namespace softmark
