// SPDX-License-Identifier: Apache-2.0
// What the failing shapes have in common, as text: a defect in a tail or a block shows in the set
// of failing lengths.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "properties/engine/property.h"

namespace softmark {

struct TriedShape {
  std::size_t rows, cols;
  bool failed;
};

/// "cols >= 513", "cols % 8 == 7 from 15 on", "cols is 2^k + 1 from 1025 on", "2 rows and more",
/// and how many of the tried lengths fail. Empty where nothing failed or fewer than three lengths
/// were tried. A pattern is reported only if no passing shape contradicts it and at least three
/// lengths on each side support it.
std::string pattern_of(std::span<const TriedShape> shapes);

/// "cols % 16 != 0", "cols >= 129", "2 rows and more": what all failing shapes and no other shape
/// has; empty where there is no such pattern.
std::string exact_pattern_of(std::span<const TriedShape> shapes);

/// Sweeps the property once more, for at most `seconds`, and returns the pattern of the failing
/// shapes, of these and of those tried before. Ends at the first hang.
std::string failing_shapes(KernelSession& session, const Property& property,
                           std::vector<TriedShape> before, double seconds);

}  // namespace softmark
