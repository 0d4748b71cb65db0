// SPDX-License-Identifier: Apache-2.0
// How accurate a kernel is, told apart by the kind of row: ulp statistics over seeded rows of one
// family each.
#pragma once

#include "properties/engine/property.h"

namespace softmark {

/// Entries of the document's "accuracy" section for this kernel, one a family of finite logits, and
/// "all" first.
Json measure_accuracy(KernelSession& session, std::uint64_t seed);

/// The same over rows that the user gave (domain "logits").
Json measure_accuracy_on(KernelSession& session, const Case& rows, std::string_view domain);

}  // namespace softmark
