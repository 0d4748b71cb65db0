// SPDX-License-Identifier: Apache-2.0
// What the shapes that fail have in common, in words: a defect of a tail or a block shows in its
// set of lengths.
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
/// and how many of the lengths tried fail. Empty where nothing failed or only one length was tried;
/// no pattern is claimed that a passing shape contradicts.
std::string pattern_of(std::span<const TriedShape> shapes);

/// Sweeps the property once more, for at most `seconds`, and tells the pattern of what fails now
/// beside the smallest case that is known to fail. A kernel that hangs is not asked again.
std::string failing_shapes(KernelSession& session, const Property& property, const Case& smallest,
                           double seconds);

}  // namespace softmark
