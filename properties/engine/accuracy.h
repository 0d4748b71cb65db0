// SPDX-License-Identifier: Apache-2.0
// How accurate a kernel is by kind of row: ulp statistics over seeded rows of one family each.
#pragma once

#include "properties/engine/property.h"

namespace softmark {

/// Whether the output's bound is no wider than that of results in which nothing cancels: rounding
/// errors of a row of n, and what exp and log add, are some multiple of n + 16 ulp. Where a result
/// is far smaller than what it is computed from, its bound in ulp is larger by as much.
bool is_well_conditioned(const Bound& bound, const Exact& exact, std::size_t cols,
                         softmark_dtype dtype);

/// Entries of the document's "accuracy" section for this kernel: "all" first, then one per family
/// of finite logits. The largest error of "all" is that of these rows and of a guided search for
/// the worst row. Empty where the kernel takes none of the rows.
Json measure_accuracy(KernelSession& session, std::uint64_t seed);

/// The same for rows given by the user (domain "logits").
Json measure_accuracy_on(KernelSession& session, const Case& rows, std::string_view domain);

}  // namespace softmark
