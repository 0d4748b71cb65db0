// SPDX-License-Identifier: Apache-2.0
// One defect breaks several properties: which counterexamples show the same one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "properties/engine/property.h"

namespace softmark {

/// A property that a kernel broke, and its smallest counterexample.
struct BrokenProperty {
  const Property* property;
  std::string verdict;
  Case counterexample;
};

/// For each property whose counterexample needs no attention of its own the name of the property
/// with the simplest counterexample of that cause. Two have one cause where they go wrong in the
/// same way (rows with the same special values; a NaN or an infinity for a finite value; a crash)
/// and the row of the simpler one breaks both or has the same shape, or where the kernel is wrong
/// on every row.
std::map<std::string, std::string> causes_of(KernelSession& session,
                                             const std::vector<BrokenProperty>& broken);

}  // namespace softmark
