// SPDX-License-Identifier: Apache-2.0
// `sweep worst`: the guided search as a set of its own, kernel after kernel; its results merge as
// those of other sets do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/registry.h"
#include "properties/engine/search.h"
#include "properties/sweeps/sweep.h"
#include "support/json.h"

namespace softmark {

inline constexpr std::string_view kWorstSchema = "softmark.worst";

struct WorstOptions {
  SearchOptions search;
  Shard shard = {0, 1};      // another shard is another seed
  double call_timeout = 10;  // seconds
  std::string corpus;        // a folder that finds are added to; empty: none
};

/// The find of one kernel: what is known where `progress` ends it early (search.h).
Json find_worst(const Kernel& kernel, const WorstOptions& options, const SearchProgress& progress);
/// "softmark.worst": one find a kernel.
Json worst_document(const std::vector<Json>& finds, bool is_complete);

/// The worst of each kernel over all parts. Throws Error(kUnreadable) for what is no result of
/// find_worst.
Json merge_worst(const std::vector<Json>& parts, const std::vector<std::string>& names);

std::string worst_text(const Json& result);

/// Whether a find breaks its kernel's promise, is a crash, or there is none because the kernel
/// refused every row.
bool has_broken_promise(const Json& result);

}  // namespace softmark
