// SPDX-License-Identifier: Apache-2.0
// How accurate a kernel is by kind of row: ulp statistics over seeded rows of one family each.
#pragma once

#include "properties/engine/property.h"

namespace softmark {

/// Entries of the document's "accuracy" section for this kernel: "all" first, then one per family
/// of finite logits. The largest error of "all" is that of these rows and of a guided search for
/// the worst row. Empty where the kernel takes none of the rows.
Json measure_accuracy(KernelSession& session, std::uint64_t seed);

/// The same for rows given by the user (domain "logits").
Json measure_accuracy_on(KernelSession& session, const Case& rows, std::string_view domain);

}  // namespace softmark
