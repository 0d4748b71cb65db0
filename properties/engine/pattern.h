// SPDX-License-Identifier: Apache-2.0
// What the failing shapes have in common, as text: a defect in a tail or a block shows in the set
// of failing lengths.
#pragma once

#include <span>
#include <string>

#include "properties/engine/property.h"

namespace softmark {

struct TriedShape {
  std::size_t rows, cols;
  bool failed;
};

/// "cols >= 513", "cols % 8 == 7 from 15 on", "cols is 2^k + 1 from 1025 on", "2 rows and more",
/// and how many of the tried lengths fail. Empty where nothing failed or only one length was tried.
/// A pattern is reported only if no passing shape contradicts it.
std::string pattern_of(std::span<const TriedShape> shapes);

/// Sweeps the property once more, for at most `seconds`, and returns the pattern of the failing
/// shapes, including the smallest case known to fail. Ends at the first hang.
std::string failing_shapes(KernelSession& session, const Property& property, const Case& smallest,
                           double seconds);

}  // namespace softmark
